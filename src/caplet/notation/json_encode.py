"""Values to JSON, as the C++ library's codec writes them.

Knows layout, numbers and strings of JSON. Which member has which name is the plan's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from caplet.errors import NotationError
from caplet.notation.json_plan import JsonMember, JsonPlans, JsonStruct
from caplet.notation.reading import default_pointer, double_text, element, slot_number, slot_pointer, weight_of
from caplet.schema.model import EnumType, ListType, Slot, StructType, Type, TypeKind, Value
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct

__all__ = ["JsonPrinter"]

_LONG_ITEM: Final = 50
_WIDE: Final = (TypeKind.INT64, TypeKind.UINT64)
_POINTERS: Final = (
    TypeKind.TEXT,
    TypeKind.DATA,
    TypeKind.LIST,
    TypeKind.STRUCT,
    TypeKind.INTERFACE,
    TypeKind.ANY_POINTER,
)
_SPECIAL: Final = {"inf": '"Infinity"', "-inf": '"-Infinity"', "nan": '"NaN"'}


class _Entry(NamedTuple):
    """A member of a JSON object: its name, and the struct that has its value; with `is_tag` the value is the member's name."""

    name: str
    source: AnyStruct
    member: JsonMember
    type: StructType
    is_tag: bool


class JsonPrinter:
    """Prints values of one registry.

    Args:
        plans: the registry's structs.
        pretty: whether to break lines and to put spaces between items.
        skip_defaults: whether members with their default values are left out.
    """

    __slots__ = ("broken", "colon", "plans", "pretty", "skip_defaults")

    def __init__(self, plans: JsonPlans, pretty: bool, skip_defaults: bool) -> None:
        self.plans = plans
        self.pretty = pretty
        self.skip_defaults = skip_defaults
        self.colon = ": " if pretty else ":"
        self.broken = False

    def format(self, type_: Type, value: AnyPointer | AnyStruct) -> str:
        """Return a struct, or what a pointer leads to."""
        if isinstance(value, AnyPointer):
            return self.pointer(value, type_, None, "", 0, False)
        assert isinstance(type_, StructType)
        return self.struct(value, self.plans.struct(type_.type_id), type_, 0, False)

    def format_value(self, type_: Type, value: Value) -> str:
        """Return a constant or default value."""
        if type_.kind in _POINTERS:
            return self.pointer(default_pointer(value), type_, value, "", 0, False)
        assert value.content is None or isinstance(value.content, (bool, int, float))
        return self.number(value.content, type_)

    def number(self, value: bool | float | None, type_: Type) -> str:
        """Return a value of the data section."""
        if value is None:
            return "null"
        kind = type_.kind
        if kind == TypeKind.BOOL:
            return "true" if value else "false"
        if isinstance(type_, EnumType):
            names, _ = self.plans.enumerants(type_)
            return encode_basestring(names[int(value)]) if value < len(names) else str(value)
        if isinstance(value, float):
            text = double_text(value)
            return _SPECIAL.get(text, text)
        return f'"{value}"' if kind in _WIDE else str(value)

    def pointer(
        self, source: AnyPointer, type_: Type, default: Value | None, form: str, indent: int, prefixed: bool
    ) -> str:
        """Return what a pointer leads to."""
        kind = type_.kind
        content = default.content if default is not None else None
        if kind == TypeKind.TEXT:
            return encode_basestring(source.text(content if isinstance(content, str) else ""))
        if kind == TypeKind.DATA:
            return self.data(source.blob(content if isinstance(content, bytes) else b""), form, indent, prefixed)
        if isinstance(type_, ListType):
            return self.array(source.list(), type_.element, indent, prefixed)
        if isinstance(type_, StructType):
            return self.struct(source.struct(), self.plans.struct(type_.type_id), type_, indent, prefixed)
        word = "capabilities" if kind == TypeKind.INTERFACE else "AnyPointer"
        raise NotationError(f"{word} have no form in JSON")

    def data(self, content: bytes, form: str, indent: int, prefixed: bool) -> str:
        """Return data: numbers, unless an annotation wants a string."""
        if form:
            return '"' + (b64encode(content).decode() if form == "base64" else content.hex()) + '"'
        return f"[{self.join([str(byte) for byte in content], False, indent, prefixed)}]"

    def array(self, source: AnyList, type_: Type, indent: int, prefixed: bool) -> str:
        """Return a list."""
        outside, self.broken = self.broken, False
        deeper = indent + (len(source) > 1)
        if isinstance(type_, StructType):
            plan = self.plans.struct(type_.type_id)
            items = [self.struct(source.struct(i), plan, type_, deeper, False) for i in range(len(source))]
        elif type_.kind in _POINTERS:
            items = [self.pointer(source.pointer(i), type_, None, "", deeper, False) for i in range(len(source))]
        else:
            if type_.kind == TypeKind.BOOL:
                source._charge_bits()
            items = [self.number(element(source, type_.kind, i), type_) for i in range(len(source))]
        inside, self.broken = self.broken, outside
        return f"[{self.join(items, inside, indent, prefixed)}]"

    def struct(self, source: AnyStruct, plan: JsonStruct, type_: StructType, indent: int, prefixed: bool) -> str:
        """Return a struct or group."""
        source._charge_at_least(weight_of(plan.node))
        outside, self.broken = self.broken, False
        entries = list(self.entries(source, plan, type_, ""))
        deeper = indent + (len(entries) > 1)
        items = [f"{encode_basestring(entry.name)}{self.colon}{self.entry_value(entry, deeper)}" for entry in entries]
        inside, self.broken = self.broken, outside
        return "{" + self.join(items, inside, indent, prefixed) + "}"

    def entries(self, source: AnyStruct, plan: JsonStruct, type_: StructType, prefix: str) -> Iterator[_Entry]:
        """Return the members of an object: those outside of the union first, then the discriminator and the active one."""
        for member in plan.plain:
            if self.has(source, member):
                yield from self.member(source, member, member.name, type_, prefix)
        if not plan.union:
            return
        active = plan.active(source.u16(plan.node.discriminant_offset * 2))
        if active is None:
            return
        name = active.name
        if plan.tag is not None:
            yield _Entry(prefix + plan.tag, source, active, type_, True)
            if plan.value_name is not None:
                name = plan.value_name
            body = active.field.body
            if isinstance(body, Slot) and body.type.kind == TypeKind.VOID:
                return
        if self.skip_defaults and active.field.discriminant_value == 0 and not self.has(source, active):
            return
        yield from self.member(source, active, name, type_, prefix)

    def has(self, source: AnyStruct, member: JsonMember) -> bool:
        """Whether a member is to be written: no null pointers, and no defaults when they are to be left out."""
        body = member.field.body
        if not isinstance(body, Slot):
            return True
        if body.type.kind in _POINTERS:
            return source.has(body.offset)
        return not self.skip_defaults or Value(body.type.kind, slot_number(source, body)) != body.default

    def member(
        self, source: AnyStruct, member: JsonMember, name: str, type_: StructType, prefix: str
    ) -> Iterator[_Entry]:
        """Return a member of an object, or those of a flattened one."""
        if member.prefix is None:
            yield _Entry(prefix + name, source, member, type_, False)
            return
        body = member.field.body
        if isinstance(body, Slot):
            inner_type = self.plans.shapes.field_type(member.field, type_)
            assert isinstance(inner_type, StructType)
            source, type_ = slot_pointer(source, body).struct(), inner_type
        yield from self.entries(source, self.plans.inner(member), type_, prefix + member.prefix)

    def entry_value(self, entry: _Entry, indent: int) -> str:
        """Return the value of a member of an object."""
        member, source = entry.member, entry.source
        if entry.is_tag:
            return encode_basestring(member.name)
        body = member.field.body
        try:
            if not isinstance(body, Slot):
                return self.struct(source, self.plans.inner(member), entry.type, indent, True)
            if body.type.kind not in _POINTERS:
                return self.number(slot_number(source, body), body.type)
            type_ = self.plans.shapes.field_type(member.field, entry.type)
            return self.pointer(slot_pointer(source, body), type_, body.default, member.data_form, indent, True)
        except NotationError as error:
            raise error.inside("." + entry.name) from None

    def join(self, items: list[str], broken: bool, indent: int, prefixed: bool) -> str:
        """Join the items of a list or object, on one line where they are short."""
        if not self.pretty:
            return ",".join(items)
        if len(items) < 2 or not (broken or any(_is_long(item) for item in items)):
            if broken:
                self.broken = True
            return ", ".join(items)
        self.broken = True
        line = "\n" + "  " * (indent + 1)
        return (line if prefixed else " ") + ("," + line).join(items) + " "


def _is_long(item: str) -> bool:
    return len(item) > _LONG_ITEM or (not item.isascii() and len(item.encode()) > _LONG_ITEM)
