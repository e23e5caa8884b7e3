"""How the members of a struct appear in JSON: what the annotations of json.capnp say, gathered once for each struct.

Knows names, flattening, discriminators and the forms of Data. Does not know values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from caplet.errors import SchemaError
from caplet.notation.reading import Shapes
from caplet.schema.model import Annotation, EnumType, Field, Slot, StructNode, StructType, TypeKind
from caplet.schema.registry import Registry
from caplet.wire.message import MessageReader

__all__ = ["Entry", "JsonMember", "JsonPlans", "JsonStruct", "Union"]

_NAME: Final = 0xFA5B1FD61C2E7C3D
_FLATTEN: Final = 0x82D3E852AF0336BF
_DISCRIMINATOR: Final = 0xCFA794E8D19A0162
_BASE64: Final = 0xD7D879450A253E4B
_HEX: Final = 0xF061E22F0AE5C7B5

DataForm = Literal["", "base64", "hex"]


@dataclass(slots=True, eq=False)
class JsonMember:
    """A field or group: its name in JSON, the prefix of its members when it is flattened, the form of Data."""

    index: int
    field: Field
    name: str
    prefix: str | None
    data_form: DataForm
    inner: JsonStruct | None = None


@dataclass(slots=True, eq=False)
class JsonStruct:
    """A struct or group: its members by index; `tag` names the discriminator and `value_name` the value, if they are annotated."""

    node: StructNode
    tag: str | None
    value_name: str | None
    plain: list[JsonMember] = field(default_factory=list["JsonMember"])
    union: list[JsonMember] = field(default_factory=list["JsonMember"])
    table: dict[str, list[Entry]] | None = None

    def active(self, discriminant: int) -> JsonMember | None:
        """Return the member of the union with a discriminant, None when it is not known."""
        for member in self.union:
            if member.field.discriminant_value == discriminant:
                return member
        return None


Union = tuple[tuple[int, ...], JsonStruct]
"""A union that is reached without entering an object: the indexes of the members on the way, and the struct that has it."""


@dataclass(slots=True, eq=False)
class Entry:
    """What a member of a JSON object stands for.

    Args:
        path: the indexes of the flattened members on the way to `owner`.
        owner: the struct or group that has the member.
        member: the member; None for the discriminator of the owner's union, or (`is_value`) for the value of whichever is active.
        choices: the unions on the way, with the member that has to be active.
    """

    path: tuple[int, ...]
    owner: JsonStruct
    member: JsonMember | None
    is_value: bool
    choices: tuple[tuple[Union, JsonMember], ...]


class JsonPlans:
    """Makes the plan of each struct when it is first asked for."""

    __slots__ = ("_names", "_structs", "shapes")

    def __init__(self, registry: Registry) -> None:
        self.shapes = Shapes(registry)
        self._structs: dict[int, JsonStruct] = {}
        self._names: dict[int, tuple[list[str], dict[str, int]]] = {}

    def struct(self, type_id: int) -> JsonStruct:
        """Return the plan of a struct."""
        found = self._structs.get(type_id)
        if found is None:
            annotations = self.shapes.registry.get(type_id).annotations
            found = self._structs[type_id] = self._make(type_id, annotations, None)
            self._fill(found)
        return found

    def enumerants(self, type_: EnumType) -> tuple[list[str], dict[str, int]]:
        """Return the names of an enum in JSON, by number, and the numbers by name."""
        found = self._names.get(type_.type_id)
        if found is None:
            members = self.shapes.enum(type_).enumerants
            names = [_text(member.annotations, _NAME) or member.name for member in members]
            found = self._names[type_.type_id] = names, {name: number for number, name in enumerate(names)}
        return found

    def table(self, plan: JsonStruct) -> dict[str, list[Entry]]:
        """Return what the members of a JSON object stand for, by name."""
        if plan.table is None:
            plan.table = {}
            for name, entry in self._entries(plan, "", (), (), 0):
                plan.table.setdefault(name, []).append(entry)
        return plan.table

    def _make(self, type_id: int, annotations: Sequence[Annotation], union_name: str | None) -> JsonStruct:
        options = _find(annotations, _DISCRIMINATOR)
        tag = value_name = None
        if options is not None and isinstance(options.value.content, bytes):
            root = MessageReader([options.value.content]).root.struct()
            tag = root.text(0) if root.has(0) else union_name
            value_name = root.text(1) if root.has(1) else None
        elif options is not None:
            tag = union_name
        return JsonStruct(self.shapes.shape(type_id).node, tag, value_name)

    def _fill(self, plan: JsonStruct) -> None:
        for index, found in enumerate(plan.node.fields):
            member = self._member(index, found)
            (plan.union if found.in_union else plan.plain).append(member)

    def _member(self, index: int, found: Field) -> JsonMember:
        annotations = found.annotations
        name = _text(annotations, _NAME)
        member = JsonMember(index, found, found.name if name is None else name, None, "")
        flatten = _find(annotations, _FLATTEN)
        if flatten is not None:
            content = flatten.value.content
            member.prefix = MessageReader([content]).root.struct().text(0) if isinstance(content, bytes) else ""
        body = found.body
        if not isinstance(body, Slot):
            member.inner = self._make(body.type_id, annotations, member.name)
            self._fill(member.inner)
        elif flatten is not None and not isinstance(body.type, StructType):
            raise SchemaError(f"only structs, groups and unions can be flattened, and '{found.name}' is none")
        for annotation_id, form in _DATA_FORMS:
            if _find(annotations, annotation_id) is not None:
                if not isinstance(body, Slot) or body.type.kind != TypeKind.DATA:
                    raise SchemaError(f"only Data can be written as {form}, and '{found.name}' is of another type")
                member.data_form = form
        return member

    def _entries(
        self,
        plan: JsonStruct,
        prefix: str,
        path: tuple[int, ...],
        choices: tuple[tuple[Union, JsonMember], ...],
        depth: int,
    ) -> Iterator[tuple[str, Entry]]:
        if depth > _FLATTENED:
            raise SchemaError("a struct is flattened into itself")
        for member in plan.plain:
            yield from self._member_entries(plan, member, prefix, path, choices, depth)
        if plan.tag is not None:
            yield prefix + plan.tag, Entry(path, plan, None, False, choices)
            if plan.value_name is not None:
                yield prefix + plan.value_name, Entry(path, plan, None, True, choices)
        for member in plan.union:
            if plan.tag is None or plan.value_name is None or member.prefix is not None:
                chosen = (*choices, ((path, plan), member))
                yield from self._member_entries(plan, member, prefix, path, chosen, depth)

    def _member_entries(
        self,
        plan: JsonStruct,
        member: JsonMember,
        prefix: str,
        path: tuple[int, ...],
        choices: tuple[tuple[Union, JsonMember], ...],
        depth: int,
    ) -> Iterator[tuple[str, Entry]]:
        if member.prefix is None:
            yield prefix + member.name, Entry(path, plan, member, False, choices)
        else:
            inner = self.inner(member)
            yield from self._entries(inner, prefix + member.prefix, (*path, member.index), choices, depth + 1)

    def inner(self, member: JsonMember) -> JsonStruct:
        """Return the plan of a group, or of the struct that a flattened field holds."""
        if member.inner is None:
            body = member.field.body
            assert isinstance(body, Slot)
            assert isinstance(body.type, StructType)
            member.inner = self.struct(body.type.type_id)
        return member.inner


_DATA_FORMS: Final[tuple[tuple[int, DataForm], ...]] = ((_BASE64, "base64"), (_HEX, "hex"))
_FLATTENED: Final = 64


def _find(annotations: Sequence[Annotation], wanted: int) -> Annotation | None:
    return next((found for found in annotations if found.id == wanted), None)


def _text(annotations: Sequence[Annotation], wanted: int) -> str | None:
    found = _find(annotations, wanted)
    return found.value.content if found is not None and isinstance(found.value.content, str) else None
