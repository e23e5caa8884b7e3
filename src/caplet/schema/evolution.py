"""What changed between two versions of a schema, and which of the changes break something.

Knows the rules of schema evolution: what may be added, what must stay where it is. It compares nodes with the same id
and does not care where they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

from caplet.errors import SchemaError
from caplet.schema.links import check_links
from caplet.schema.model import (
    NO_DISCRIMINANT,
    AnnotationNode,
    AnyPointerType,
    ConstNode,
    EnumNode,
    Field,
    FileNode,
    Group,
    ImplicitParameterType,
    InterfaceNode,
    ListType,
    NamedType,
    Node,
    ParameterType,
    Slot,
    StructNode,
    StructType,
    Type,
    TypeKind,
)
from caplet.schema.records import record, replace
from caplet.schema.registry import Registry
from caplet.schema.type_sizes import is_pointer
from caplet.schema.validation import validate_node

__all__ = ["Change", "Effect", "add_strangers", "breaking_changes", "compare_nodes", "merge_nodes"]


class Effect(IntEnum):
    """What a change does to programs that use the other version."""

    ADDED = 0
    """The new version has more; nothing breaks."""
    SOURCE = 1
    """Messages stay readable; source code that uses the old name or type may need a change."""
    REMOVED = 2
    """The old version has more: what was added with time is gone."""
    WIRE = 3
    """Messages of one version are misread by the other."""


@record
class Change:
    """One change.

    Args:
        path: the declaration and member that changed.
        rule: the name of the rule that it falls under.
        message: what changed.
        effect: what that does.
    """

    path: str
    rule: str
    message: str
    effect: Effect

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}: {self.message}"


def breaking_changes(
    old: Registry, old_file: int, new: Registry, new_file: int, *, at_least: Effect = Effect.REMOVED
) -> Iterator[Change]:
    """Compares a file with its new version, declaration by declaration.

    Args:
        old: the registry of the old version.
        old_file: the id of the file's node in it.
        new: the registry of the new version.
        new_file: the id of the file's node in it.
        at_least: the least effect that counts; by default what breaks something on the wire.

    Returns:
        The changes, in the order of the old text.
    """
    if old_file != new_file:
        message = f"{old_file:#018x} became {new_file:#018x}; ids of declarations without their own come from it"
        yield Change(old.get(old_file).display_name, "file-id-changed", message, Effect.REMOVED)
        return
    moved = {node.id for node in _declared(new, new_file)}
    for node in _declared(old, old_file):
        shown = _path(node)
        if node.id not in moved and new.get_or_none(node.id) is None:
            message = f"{node.name} with the id {node.id:#018x} is gone; a declaration keeps its id when it is renamed or moved"
            yield Change(shown, "declaration-removed", message, Effect.REMOVED)
            continue
        for change in compare_nodes(node, new.get(node.id), old, new):
            if change.effect >= at_least:
                yield change


def _declared(registry: Registry, node_id: int) -> Iterator[Node]:
    """The declarations inside a file or declaration, in the order of the text; the structs of parameter lists too."""
    node = registry.get(node_id)
    if not isinstance(node.body, FileNode):
        yield node
    if isinstance(node.body, InterfaceNode):
        for method in node.body.methods:
            for struct_id in (method.param_struct_type, method.result_struct_type):
                found = registry.get_or_none(struct_id)
                if found is not None and found.scope_id == 0 and not isinstance(found.body, FileNode):
                    yield found
    yield from registry.groups(node_id)
    for nested in node.nested_nodes:
        yield from _declared(registry, nested.id)


def add_strangers(registry: Registry, nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Adds nodes that came from somewhere else, for example from a peer.

    Args:
        registry: where the nodes go; of two versions that fit together it keeps the newer one.
        nodes: the nodes, in any order.

    Returns:
        The nodes that the registry has now, in the same order.

    Raises:
        SchemaError: a node makes no sense, the nodes do not fit to each other, or one contradicts what the registry has; then none is added.
    """
    for node in nodes:
        validate_node(node)
    trial = Registry()
    trial.link(registry)
    for node in nodes:
        trial.add(node, renames=True)
    kept = [trial.get(node.id) for node in nodes]
    check_links(trial, kept)
    for node in kept:
        registry.add(node, renames=True)
    return tuple(registry.get(node.id) for node in nodes)


def merge_nodes(
    present: Node,
    other: Node,
    old_registry: Registry | None = None,
    new_registry: Registry | None = None,
    *,
    renames: bool = True,
) -> Node:
    """Returns what there is to keep of two versions of a node: the newer one, with what is declared in either.

    Args:
        present: the version whose names stay.
        other: the other version.
        old_registry: where the types of the first are, if they are known.
        new_registry: where the types of the second are, if they are known.
        renames: whether they may differ in what only programs see, such as names and constants.

    Raises:
        SchemaError: neither can replace the other.
    """
    changes = list(compare_nodes(present, other, old_registry, new_registry))
    worst = next((change for change in changes if change.effect == Effect.WIRE), None)
    added = next((change for change in changes if change.effect == Effect.ADDED), None)
    removed = next((change for change in changes if change.effect == Effect.REMOVED), None)
    if worst is None and not renames:
        worst = next((change for change in changes if change.effect == Effect.SOURCE), None)
    if worst is not None:
        raise SchemaError(f"two versions of {present.display_name} cannot be used together: {worst}")
    if added is not None and removed is not None:
        raise SchemaError(
            f"two versions of {present.display_name} cannot be used together, since each lacks something that the other has: {removed}; {added}"
        )
    newer = other if added is not None else present
    nested = {child.id: child for child in (*present.nested_nodes, *other.nested_nodes)}
    if len({child.name for child in nested.values()}) < len(nested):
        raise SchemaError(f"two versions of {present.display_name} declare different things under one name")
    known = {child.id for child in newer.nested_nodes}
    missing = tuple(child for child in nested.values() if child.id not in known)
    if newer is present and not missing:
        return present
    return replace(
        newer,
        display_name=present.display_name,
        display_name_prefix_length=present.display_name_prefix_length,
        scope_id=present.scope_id,
        nested_nodes=newer.nested_nodes + missing,
    )


def compare_nodes(
    old: Node, new: Node, old_registry: Registry | None = None, new_registry: Registry | None = None
) -> Iterator[Change]:
    """Compares two versions of a node.

    Args:
        old: the older one, supposedly.
        new: the newer one.
        old_registry: where the old version's types are, if they are known.
        new_registry: where the new version's types are, if they are known.

    Returns:
        All changes.
    """
    comparison = _Comparison(_path(old), old_registry, new_registry)
    if old.id != new.id:
        yield comparison.change("id-changed", f"{old.id:#018x} became {new.id:#018x}", Effect.WIRE)
        return
    if old.name != new.name:
        yield comparison.change("renamed", f"'{old.name}' became '{new.name}'", Effect.SOURCE)
    if type(old.body) is not type(new.body):
        kinds = [type(body).__name__.removesuffix("Node").lower() for body in (old.body, new.body)]
        yield comparison.change("kind-changed", f"the {kinds[0]} became a {kinds[1]}", Effect.WIRE)
        return
    yield from comparison.bodies(old, new)


def _path(node: Node) -> str:
    return node.display_name.partition(":")[2] or node.display_name


class _Comparison:
    """The comparison of one node with its other version."""

    __slots__ = ("new_registry", "old_registry", "path")

    def __init__(self, path: str, old_registry: Registry | None, new_registry: Registry | None) -> None:
        self.path = path
        self.old_registry = old_registry
        self.new_registry = new_registry

    def change(self, rule: str, message: str, effect: Effect, member: str = "") -> Change:
        return Change(f"{self.path}.{member}" if member else self.path, rule, message, effect)

    def bodies(self, old: Node, new: Node) -> Iterator[Change]:
        before, after = old.body, new.body
        if isinstance(before, StructNode) and isinstance(after, StructNode):
            yield from self.structs(before, after)
        elif isinstance(before, EnumNode) and isinstance(after, EnumNode):
            names = [item.name for item in before.enumerants], [item.name for item in after.enumerants]
            yield from self.named("enumerant", *names)
        elif isinstance(before, InterfaceNode) and isinstance(after, InterfaceNode):
            yield from self.interfaces(before, after)
        elif isinstance(before, ConstNode) and isinstance(after, ConstNode) and before != after:
            yield self.change("constant-changed", "the constant has another type or value", Effect.SOURCE)
        elif isinstance(before, AnnotationNode) and isinstance(after, AnnotationNode) and before != after:
            yield self.change("annotation-changed", "the annotation has another type or other targets", Effect.SOURCE)

    def named(self, what: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
        """Compares lists of members that are known by their position."""
        for number, (old, new) in enumerate(zip(before, after, strict=False)):
            if old == new:
                continue
            if old in after and new in before:
                message = f"@{number} is now '{new}': numbers of members must stay"
                yield self.change(f"{what}-renumbered", message, Effect.WIRE, old)
            else:
                yield self.change(f"{what}-renamed", f"'{old}' became '{new}'", Effect.SOURCE, old)
        for name in before[len(after) :]:
            yield self.change(f"{what}-removed", f"the {what} is gone", Effect.REMOVED, name)
        for name in after[len(before) :]:
            yield self.change(f"{what}-added", f"the {what} is new", Effect.ADDED, name)

    # -- structs ------------------------------------------------------------------------------------------------------

    def structs(self, before: StructNode, after: StructNode) -> Iterator[Change]:
        sizes = (after.data_word_count - before.data_word_count, after.pointer_count - before.pointer_count)
        if max(sizes) > 0:
            yield self.change("struct-grew", "the struct is larger", Effect.ADDED)
        if min(sizes) < 0:
            yield self.change("struct-shrank", "the struct is smaller", Effect.REMOVED)
        if before.is_group != after.is_group:
            yield self.change("kind-changed", "a struct became a group, or a group a struct", Effect.WIRE)
        both = before.discriminant_count and after.discriminant_count
        if both and before.discriminant_offset != after.discriminant_offset:
            yield self.change("union-moved", "the discriminant of the union lies elsewhere", Effect.WIRE)
        yield from self.fields(before, after)

    def fields(self, before: StructNode, after: StructNode) -> Iterator[Change]:
        """Matches fields by their position, which never changes; the names show what was meant."""
        for old, new in zip(before.fields, after.fields, strict=False):
            yield from self.field(old, new)
        for field in before.fields[len(after.fields) :]:
            yield self.change("field-removed", "the field is gone; keep it, and rename it", Effect.REMOVED, field.name)
        for field in after.fields[len(before.fields) :]:
            yield self.change("field-added", "the field is new", Effect.ADDED, field.name)

    def field(self, old: Field, new: Field) -> Iterator[Change]:
        if old.name != new.name:
            yield self.change("field-renamed", f"'{old.name}' became '{new.name}'", Effect.SOURCE, old.name)
        yield from self.discriminants(old, new)
        before, after = old.body, new.body
        if isinstance(before, Slot) and isinstance(after, Slot):
            yield from self.slots(old.name, before, after)
        elif isinstance(before, Group) and isinstance(after, Group):
            if before.type_id != after.type_id:
                yield self.change("group-changed", "the group has another id", Effect.WIRE, old.name)
        elif isinstance(before, Slot) and isinstance(after, Group) and self.became_group(before, after):
            yield self.change("field-became-group", "the field is now the first one of a group", Effect.ADDED, old.name)
        else:
            yield self.change("field-became-group", "a field became a group, or a group a field", Effect.WIRE, old.name)

    def discriminants(self, old: Field, new: Field) -> Iterator[Change]:
        before, after = old.discriminant_value, new.discriminant_value
        if before == after:
            return
        if before == NO_DISCRIMINANT and after == 0:
            yield self.change(
                "field-joined-union", "the field is now the first member of a union", Effect.ADDED, old.name
            )
        elif before == NO_DISCRIMINANT or after == NO_DISCRIMINANT:
            yield self.change("union-changed", "the field moved into or out of a union", Effect.WIRE, old.name)
        else:
            yield self.change("union-changed", "the field has another discriminant", Effect.WIRE, old.name)

    def became_group(self, before: Slot, after: Group) -> bool:
        node = self.new_registry.get_or_none(after.type_id) if self.new_registry is not None else None
        if node is None or not isinstance(node.body, StructNode) or not node.body.fields:
            return False
        first = node.body.fields[0].body
        return isinstance(first, Slot) and first.offset == before.offset and first.type == before.type

    def slots(self, name: str, before: Slot, after: Slot) -> Iterator[Change]:
        if before.offset != after.offset or is_pointer(before.type) != is_pointer(after.type):
            yield self.change("field-moved", "the field lies elsewhere in the struct", Effect.WIRE, name)
        effect = self.types(before.type, after.type)
        if effect is not None:
            yield self.change("type-changed", "the field has another type", effect, name)
        elif before.default != after.default and not (
            is_pointer(before.type) and before.default.content == after.default.content
        ):
            # The default is xored into what is on the wire, and stands in for null pointers.
            yield self.change("default-changed", "the field has another default value", Effect.WIRE, name)

    # -- types --------------------------------------------------------------------------------------------------------

    def types(self, before: Type, after: Type) -> Effect | None:
        """Returns what the change of a type does; None when nothing changed."""
        if before == after:
            return None
        if isinstance(before, NamedType) and isinstance(after, NamedType) and before.kind == after.kind:
            # Other bindings of generic parameters look the same on the wire.
            return Effect.SOURCE if before.type_id == after.type_id else Effect.WIRE
        open_types = (AnyPointerType, ParameterType, ImplicitParameterType)
        if (
            is_pointer(before)
            and is_pointer(after)
            and (isinstance(before, open_types) or isinstance(after, open_types))
        ):
            return Effect.SOURCE
        kinds = (before.kind, after.kind)
        if kinds == (TypeKind.TEXT, TypeKind.DATA) or self.is_bytes(before, after) or self.is_bytes(after, before):
            return Effect.SOURCE
        if isinstance(before, ListType) and isinstance(after, ListType):
            if isinstance(after.element, StructType) and self.first_field_is(after.element, before.element):
                return Effect.ADDED
            return self.types(before.element, after.element)
        return Effect.WIRE

    @staticmethod
    def is_bytes(one: Type, other: Type) -> bool:
        """Whether a list of bytes became Data or the other way round."""
        return isinstance(one, ListType) and one.element.kind == TypeKind.UINT8 and other.kind == TypeKind.DATA

    def first_field_is(self, struct: StructType, type_: Type) -> bool:
        """Whether the first field of a struct has a type and place that a list of that type can be read with."""
        node = self.new_registry.get_or_none(struct.type_id) if self.new_registry is not None else None
        if node is None or not isinstance(node.body, StructNode) or not node.body.fields or type_.kind == TypeKind.BOOL:
            return False
        first = node.body.fields[0].body
        return isinstance(first, Slot) and first.offset == 0 and first.type == type_

    # -- interfaces ---------------------------------------------------------------------------------------------------

    def interfaces(self, before: InterfaceNode, after: InterfaceNode) -> Iterator[Change]:
        old_parents = {parent.id for parent in before.superclasses}
        new_parents = {parent.id for parent in after.superclasses}
        for parent in sorted(old_parents - new_parents):
            yield self.change("superclass-removed", f"{parent:#018x} is no longer extended", Effect.REMOVED)
        for parent in sorted(new_parents - old_parents):
            yield self.change("superclass-added", f"{parent:#018x} is extended", Effect.ADDED)
        yield from self.named("method", [item.name for item in before.methods], [item.name for item in after.methods])
        for old, new in zip(before.methods, after.methods, strict=False):
            if old.param_struct_type != new.param_struct_type:
                yield self.change("parameters-changed", "the parameters are another struct", Effect.WIRE, old.name)
            if old.result_struct_type != new.result_struct_type:
                yield self.change("results-changed", "the results are another struct", Effect.WIRE, old.name)
