"""A registry of schema nodes: by id, by file, by name inside a scope.

Knows how nodes refer to each other: children, superclasses, brands. It does not know where nodes come from (text,
packages, requests, peers): whoever has nodes adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from caplet.errors import SchemaError
from caplet.schema.ids import IMPLICIT_SCOPE
from caplet.schema.model import (
    EMPTY_BRAND,
    AnyPointerType,
    Brand,
    BrandScope,
    EnumType,
    FileNode,
    Group,
    ImplicitParameterType,
    InterfaceNode,
    InterfaceType,
    ListType,
    Node,
    ParameterType,
    SourceInfo,
    StructNode,
    StructType,
    Type,
)
from caplet.schema.records import replace

__all__ = ["Registry", "apply_brand", "apply_brand_to_brand"]


class Registry:
    """Schema nodes that belong together.

    A node may be added whole, or as a function that makes it when it is first asked for (`add_lazy`), so that loading
    a module costs only the nodes in use.

    Of two versions of a declaration that fit together the registry has the newer one; two that do not are refused.

    Attributes:
        replaced: nodes that took the place of an older version, by id, until somebody takes them out.
    """

    __slots__ = ("_children", "_files", "_lazy", "_lazy_source_info", "_linked", "_nodes", "_source_info", "replaced")

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes: dict[int, Node] = {}
        self._lazy: dict[int, Callable[[], Node]] = {}
        self._linked: list[Registry] = []
        self._files: dict[str, int] = {}
        self._children: dict[int, dict[str, int]] = {}
        self._source_info: dict[int, SourceInfo] = {}
        self._lazy_source_info: dict[int, Callable[[], SourceInfo]] = {}
        self.replaced: dict[int, Node] = {}
        for node in nodes:
            self.add(node)

    def add(self, node: Node, *, renames: bool = False) -> None:
        """Adds a node; the same content twice is fine, also when the files have different names.

        Args:
            node: the node.
            renames: whether its version may differ in what only programs see, as names and constants: those present stay.

        Raises:
            SchemaError: a version of it is present that it does not fit to; the registry stays as it was.
        """
        self._put_merged(node, self._merged(self.get_or_none(node.id), node, self, renames))

    def _merged(self, present: Node | None, node: Node, other: Registry, renames: bool) -> Node:
        """Returns what there is to keep of two versions of a node; `other` has the types of the second."""
        if present is None or present is node or present == _placed_as(node, present):
            return present or node
        from caplet.schema.evolution import merge_nodes  # needs registries

        return merge_nodes(present, node, self, other, renames=renames)

    def _put_merged(self, node: Node, kept: Node) -> None:
        """Adds what was kept of a node and the version of it that is present."""
        present = self._nodes.get(kept.id)
        if present is not kept:
            if present is not None:
                self.replaced[kept.id] = kept
            self.put(kept)
        if isinstance(node.body, FileNode):
            self._files.setdefault(node.display_name, node.id)

    def put(self, node: Node) -> None:
        """Adds a node, in the place of another one with its id if there is one."""
        self._nodes[node.id] = node
        self._lazy.pop(node.id, None)
        self._children.pop(node.id, None)
        if isinstance(node.body, FileNode):
            self._files.setdefault(node.display_name, node.id)

    def add_lazy(self, node_id: int, make: Callable[[], Node]) -> None:
        """Announces a node that `make` will make when it is asked for; ignored when the id is present already."""
        if node_id not in self._nodes:
            self._lazy.setdefault(node_id, make)

    def merge_lazy(self, node_id: int, make: Callable[[], Node]) -> None:
        """Announces a node as `add_lazy` does; when the id is present already, the two versions must fit together.

        Raises:
            SchemaError: they do not; when neither was asked for yet, whoever asks first is told.
        """
        earlier = self._lazy.get(node_id)
        if earlier is not None:
            self._lazy[node_id] = partial(self._both, earlier, make)
        elif node_id in self._nodes:
            self.add(make())
        else:
            self._lazy[node_id] = make

    def _both(self, one: Callable[[], Node], other: Callable[[], Node]) -> Node:
        """Makes two versions of a node into one."""
        return self._merged(one(), other(), self, False)

    def add_file(self, filename: str, file_id: int) -> None:
        """Gives a file node a name under which `file` finds it (the same file may have several)."""
        self._files[filename] = file_id

    def add_source_info(self, source_info: SourceInfo) -> None:
        """Adds the documentation of a node."""
        self._source_info[source_info.id] = source_info

    def add_lazy_source_info(self, node_id: int, make: Callable[[], SourceInfo]) -> None:
        """Announces the documentation of a node, which `make` makes when it is asked for."""
        if node_id not in self._source_info:
            self._lazy_source_info.setdefault(node_id, make)

    def update(self, other: Registry) -> None:
        """Adds everything that `other` has.

        Raises:
            SchemaError: the two have versions of a declaration that do not fit together; this registry stays as it was.
        """
        merged = [(node, self._merged(self.get_or_none(node.id), node, other, False)) for node in other._nodes.values()]
        for node, kept in merged:
            self._put_merged(node, kept)
        if other._lazy or other._linked:
            # Making one of these nodes may make more of them, which then are in the other registry.
            self.link(other)
            for node_id in other._lazy:
                self.add_lazy(node_id, partial(other.get, node_id))
        for filename, file_id in other._files.items():
            self._files.setdefault(filename, file_id)
        self._source_info.update(other._source_info)
        for node_id, make_info in other._lazy_source_info.items():
            self.add_lazy_source_info(node_id, make_info)

    def link(self, other: Registry) -> None:
        """Lets nodes that are not here be found in another registry."""
        self._linked.append(other)

    def get(self, node_id: int) -> Node:
        """Returns the node with the id.

        Raises:
            SchemaError: there is none.
        """
        node = self._nodes.get(node_id)
        if node is None:
            node = self.get_or_none(node_id)
            if node is None:
                raise SchemaError(f"no schema with the id {node_id:#018x} is loaded")
        return node

    def get_or_none(self, node_id: int) -> Node | None:
        """Returns the node with the id, or `None`."""
        node = self._nodes.get(node_id)
        if node is None:
            make = self._lazy.pop(node_id, None)
            if make is None:
                return self._from_linked(node_id)
            try:
                node = make()
            except BaseException:
                # The next one who asks shall hear the reason too.
                self._lazy[node_id] = make
                raise
            self._nodes[node_id] = node
        return node

    def _from_linked(self, node_id: int) -> Node | None:
        """Looks for a node that another registry has made since its nodes were taken over: a group, for example."""
        for other in self._linked:
            node = other.get_or_none(node_id)
            if node is not None:
                self._nodes[node_id] = node
                return node
        return None

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes or node_id in self._lazy

    def __iter__(self) -> Iterator[Node]:
        """All nodes, in the order in which they were added."""
        for node_id in list(self._lazy):
            self.get(node_id)
        return iter(list(self._nodes.values()))

    def __len__(self) -> int:
        return len(self._nodes) + len(self._lazy)

    @property
    def files(self) -> dict[str, int]:
        """The ids of the files by name."""
        return dict(self._files)

    def file(self, filename: str) -> Node:
        """Returns the node of a file by its name.

        Raises:
            SchemaError: no such file is loaded.
        """
        file_id = self._files.get(filename)
        if file_id is None:
            raise SchemaError(f"no schema file {filename!r} is loaded")
        return self.get(file_id)

    def file_of(self, node_id: int) -> Node:
        """Returns the node of the file in which a node is declared."""
        node = self.get(node_id)
        while node.scope_id:
            node = self.get(node.scope_id)
        return node

    def child_or_none(self, node_id: int, name: str) -> Node | None:
        """Returns the declaration `name` directly inside a node (no groups), or `None`."""
        children = self._children.get(node_id)
        if children is None:
            children = {nested.name: nested.id for nested in self.get(node_id).nested_nodes}
            self._children[node_id] = children
        child_id = children.get(name)
        return None if child_id is None else self.get(child_id)

    def find(self, node_id: int, path: str) -> Node:
        """Returns the declaration at a dotted path (`"Outer.Inner"`) inside a node.

        Raises:
            SchemaError: a part of the path does not exist.
        """
        node = self.get(node_id)
        for name in path.split(".") if path else ():
            child = self.child_or_none(node.id, name)
            if child is None:
                raise SchemaError(f"{node.display_name} declares nothing named {name!r}")
            node = child
        return node

    def groups(self, node_id: int) -> Iterator[Node]:
        """The group nodes directly inside a struct or group node, in field order."""
        body = self.get(node_id).body
        if isinstance(body, StructNode):
            for field in body.fields:
                if isinstance(field.body, Group):
                    yield self.get(field.body.type_id)

    def superclasses(self, interface_id: int) -> Iterator[tuple[Node, Brand]]:
        """Walks an interface and everything it extends, depth first in declared order, each node once.

        The brand given with each node is seen from `interface_id`: parameters are substituted on the way.
        """
        seen: set[int] = set()
        stack: list[tuple[int, Brand]] = [(interface_id, EMPTY_BRAND)]
        while stack:
            node_id, brand = stack.pop()
            if node_id in seen:
                continue
            seen.add(node_id)
            node = self.get(node_id)
            yield node, brand
            if isinstance(node.body, InterfaceNode):
                inherit = node_id == interface_id
                stack.extend(
                    (parent.id, parent.brand if inherit else apply_brand_to_brand(parent.brand, brand))
                    for parent in reversed(node.body.superclasses)
                )

    def source_info(self, node_id: int) -> SourceInfo | None:
        """Returns the documentation of a node, or `None` when it is not known."""
        found = self._source_info.get(node_id)
        if found is None:
            make = self._lazy_source_info.pop(node_id, None)
            if make is not None:
                found = self._source_info[node_id] = make()
            else:
                known = (other.source_info(node_id) for other in self._linked)
                found = next((info for info in known if info is not None), None)
        return found


def _placed_as(node: Node, other: Node) -> Node:
    """Returns a node as if it stood where another one does: names of files and places in them do not count."""
    return replace(
        node,
        display_name=other.display_name,
        display_name_prefix_length=other.display_name_prefix_length,
        start_byte=other.start_byte,
        end_byte=other.end_byte,
    )


def apply_brand(type_: Type, brand: Brand) -> Type:
    """Substitutes generic parameters: the type as seen by a user who bound the parameters with `brand`.

    A parameter whose scope the brand does not list, or leaves unbound, becomes AnyPointer. The scope `IMPLICIT_SCOPE` binds the implicit parameters of
    the method at hand.
    """
    if isinstance(type_, ImplicitParameterType):
        bound = next((scope.bindings for scope in brand.scopes if scope.scope_id == IMPLICIT_SCOPE), None)
        return type_ if bound is None else bound[type_.parameter_index] or AnyPointerType()
    if isinstance(type_, ParameterType):
        for scope in brand.scopes:
            if scope.scope_id == type_.scope_id:
                if scope.bindings is None:
                    return type_
                if type_.parameter_index < len(scope.bindings):
                    return scope.bindings[type_.parameter_index] or AnyPointerType()
        return AnyPointerType()
    if isinstance(type_, ListType):
        return ListType(apply_brand(type_.element, brand))
    if isinstance(type_, StructType):
        return StructType(type_.type_id, apply_brand_to_brand(type_.brand, brand))
    if isinstance(type_, InterfaceType):
        return InterfaceType(type_.type_id, apply_brand_to_brand(type_.brand, brand))
    if isinstance(type_, EnumType):
        return EnumType(type_.type_id, apply_brand_to_brand(type_.brand, brand))
    return type_


def apply_brand_to_brand(inner: Brand, outer: Brand) -> Brand:
    """Substitutes the parameters that `inner` mentions, and its inherited scopes, by the bindings of `outer`."""
    if not inner.scopes:
        return inner
    scopes: list[BrandScope] = []
    for scope in inner.scopes:
        if scope.bindings is None:
            found = next((candidate for candidate in outer.scopes if candidate.scope_id == scope.scope_id), None)
            if found is not None:
                scopes.append(found)
        else:
            bindings = tuple(
                None if binding is None else _unbound_as_none(apply_brand(binding, outer)) for binding in scope.bindings
            )
            scopes.append(BrandScope(scope.scope_id, bindings))
    return Brand(tuple(scopes))


def _unbound_as_none(type_: Type) -> Type | None:
    return None if type_ == AnyPointerType() else type_
