"""Whether nodes that came from strangers fit to each other.

Knows what a reference of one node to another one may lead to: scopes, groups, types, superclasses, the structs of methods, annotations. A reference
to a node that is not there is no mistake here; it is one when that node is needed. Nodes by themselves are checked in `validation.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caplet.errors import SchemaError
from caplet.schema.model import (
    Annotation,
    AnnotationNode,
    Brand,
    ConstNode,
    EnumNode,
    EnumType,
    Group,
    InterfaceNode,
    InterfaceType,
    ListType,
    NamedType,
    Node,
    NodeBody,
    StructNode,
    StructType,
    Type,
)
from caplet.schema.registry import Registry, apply_brand

__all__ = ["check_links"]

_BODIES: dict[type[NamedType], type[NodeBody]] = {
    EnumType: EnumNode,
    StructType: StructNode,
    InterfaceType: InterfaceNode,
}
_WORDS: dict[type[NodeBody], str] = {
    AnnotationNode: "an annotation",
    EnumNode: "an enum",
    InterfaceNode: "an interface",
    StructNode: "a struct",
}


def check_links(registry: Registry, nodes: Iterable[Node]) -> None:
    """Checks what nodes say about each other.

    Args:
        registry: where the nodes are, with those that were there before.
        nodes: the nodes to check.

    Raises:
        SchemaError: a node refers to one of the wrong kind, or to itself in a circle.
    """
    for node in nodes:
        check = _Links(registry, node)
        check.scopes()
        check.body(node.body)
        check.annotations(node.annotations, "")


class _Links:
    """The references of one node."""

    __slots__ = ("node", "registry", "shown")

    def __init__(self, registry: Registry, node: Node) -> None:
        self.registry = registry
        self.node = node
        self.shown = node.display_name or f"{node.id:#018x}"

    def scopes(self) -> None:
        """Checks that the scopes around a node end somewhere."""
        seen = {self.node.id}
        around = self.registry.get_or_none(self.node.scope_id)
        while around is not None:
            if around.id in seen:
                raise SchemaError(f"{self.shown} is declared inside of itself")
            seen.add(around.id)
            around = self.registry.get_or_none(around.scope_id)

    def body(self, body: NodeBody) -> None:
        """Checks what is declared."""
        if isinstance(body, StructNode):
            for field in body.fields:
                if isinstance(field.body, Group):
                    self.group(field.name, field.body.type_id, body)
                else:
                    self.named_type(field.body.type, f".{field.name}")
                self.annotations(field.annotations, f".{field.name}")
        elif isinstance(body, EnumNode):
            for enumerant in body.enumerants:
                self.annotations(enumerant.annotations, f".{enumerant.name}")
        elif isinstance(body, InterfaceNode):
            self.interface(body)
        elif isinstance(body, ConstNode | AnnotationNode):
            self.named_type(body.type, "")

    def group(self, name: str, group_id: int, body: StructNode) -> None:
        """Checks that a group is one, of this struct, and lies inside of it."""
        group = self.expect(group_id, StructNode, f".{name}")
        if group is None or not isinstance(group.body, StructNode):
            return
        if not group.body.is_group or group.scope_id != self.node.id:
            raise SchemaError(f"{self.shown}.{name}: {group.display_name} is no group of this struct")
        if group.body.data_word_count > body.data_word_count or group.body.pointer_count > body.pointer_count:
            raise SchemaError(f"{self.shown}.{name}: the group is larger than the struct around it")

    def interface(self, body: InterfaceNode) -> None:
        """Checks an interface."""
        for superclass in body.superclasses:
            self.expect(superclass.id, InterfaceNode, "")
            self.brand(superclass.brand, "")
        if self.node.id in self.ancestors(body):
            raise SchemaError(f"{self.shown} extends itself")
        for method in body.methods:
            for struct_id, brand in (
                (method.param_struct_type, method.param_brand),
                (method.result_struct_type, method.result_brand),
            ):
                self.expect(struct_id, StructNode, f".{method.name}")
                self.brand(brand, f".{method.name}")
            self.annotations(method.annotations, f".{method.name}")

    def ancestors(self, body: InterfaceNode) -> set[int]:
        """Returns the ids of all interfaces that one extends."""
        found: set[int] = set()
        waiting = [superclass.id for superclass in body.superclasses]
        while waiting:
            interface_id = waiting.pop()
            if interface_id not in found:
                found.add(interface_id)
                node = self.registry.get_or_none(interface_id)
                if node is not None and isinstance(node.body, InterfaceNode):
                    waiting += [superclass.id for superclass in node.body.superclasses]
        return found

    def annotations(self, annotations: Iterable[Annotation], where: str) -> None:
        """Checks that what is applied are annotations, with values of their types."""
        for annotation in annotations:
            node = self.expect(annotation.id, AnnotationNode, where)
            self.brand(annotation.brand, where)
            if node is not None and isinstance(node.body, AnnotationNode):
                wanted = apply_brand(node.body.type, annotation.brand).kind
                if annotation.value.kind != wanted:
                    raise SchemaError(
                        f"{self.shown}{where}: {node.display_name} takes a value of kind {wanted.name}, not {annotation.value.kind.name}"
                    )

    def named_type(self, type_: Type, where: str) -> None:
        """Checks that the nodes that a type names are of its kind."""
        for named in _named_types(type_):
            self.expect(named.type_id, _BODIES[type(named)], where)

    def brand(self, brand: Brand, where: str) -> None:
        """Checks the types that parameters are bound to."""
        for scope in brand.scopes:
            for binding in scope.bindings or ():
                if binding is not None:
                    self.named_type(binding, where)

    def expect(self, node_id: int, body: type[NodeBody], where: str) -> Node | None:
        """Returns a node, None when it is not there.

        Raises:
            SchemaError: it is of another kind.
        """
        node = self.registry.get_or_none(node_id)
        if node is not None and not isinstance(node.body, body):
            raise SchemaError(f"{self.shown}{where}: {node.display_name} is not {_WORDS[body]}, which is needed there")
        return node


def _named_types(type_: Type) -> Iterator[NamedType]:
    """Yields the types with names that a type consists of."""
    waiting: list[Type] = [type_]
    while waiting:
        found = waiting.pop()
        while isinstance(found, ListType):
            found = found.element
        if isinstance(found, NamedType):
            yield found
            for scope in found.brand.scopes:
                waiting += [binding for binding in scope.bindings or () if binding is not None]
