"""Fields and elements of messages, read by their schema nodes.

Knows where the value of a field lies and what its default is, and how a number is written as the C++ library writes it. Does not know
any notation.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from caplet.errors import SchemaError
from caplet.schema.model import EnumNode, EnumType, Field, Slot, StructNode, StructType, Type, TypeKind, Value
from caplet.schema.records import record
from caplet.schema.registry import Registry, apply_brand
from caplet.schema.type_sizes import DATA_BITS
from caplet.wire.message import MessageReader
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct

__all__ = [
    "Shape",
    "Shapes",
    "active_field",
    "default_pointer",
    "double_text",
    "element",
    "float_text",
    "slot_number",
    "slot_pointer",
    "weight_of",
]

Number = bool | int | float | None


@record
class Shape:
    """The fields of a struct or group: those outside of the union and those inside, by index; what one costs to be written out, in words."""

    node: StructNode
    plain: tuple[tuple[int, Field], ...]
    union: tuple[tuple[int, Field], ...]
    weight: int


class Shapes:
    """Finds the fields of structs and the enumerants of enums in a registry, and keeps what it found."""

    __slots__ = ("_enums", "_shapes", "registry")

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._shapes: dict[int, Shape] = {}
        self._enums: dict[int, EnumNode] = {}

    def shape(self, type_id: int) -> Shape:
        """Return the fields of a struct or group.

        Raises:
            SchemaError: it is not in the registry, or no struct.
        """
        found = self._shapes.get(type_id)
        if found is None:
            body = self.registry.get(type_id).body
            if not isinstance(body, StructNode):
                raise SchemaError(f"{self.registry.get(type_id).display_name} is not a struct")
            numbered = tuple(enumerate(body.fields))
            plain = tuple(entry for entry in numbered if not entry[1].in_union)
            union = tuple(entry for entry in numbered if entry[1].in_union)
            found = self._shapes[type_id] = Shape(body, plain, union, weight_of(body))
        return found

    def enum(self, type_: EnumType) -> EnumNode:
        """Return the enumerants of an enum.

        Raises:
            SchemaError: it is not in the registry, or no enum.
        """
        found = self._enums.get(type_.type_id)
        if found is None:
            body = self.registry.get(type_.type_id).body
            if not isinstance(body, EnumNode):
                raise SchemaError(f"{self.registry.get(type_.type_id).display_name} is not an enum")
            found = self._enums[type_.type_id] = body
        return found

    def field_type(self, field: Field, outer: Type) -> Type:
        """Return the type of a field that is not a group, seen by whoever has the struct with the type `outer`."""
        assert isinstance(field.body, Slot)
        return apply_brand(field.body.type, outer.brand) if isinstance(outer, StructType) else field.body.type


def weight_of(node: StructNode) -> int:
    """Return what a struct or group costs to be written out, in words: a message may hold many structs that are smaller than their type."""
    return max(node.data_word_count + node.pointer_count, len(node.fields) >> 2)


def active_field(shape: Shape, source: AnyStruct) -> tuple[int, Field] | None:
    """Return the active member of the union with its index; None when there is no union or the member is not known."""
    if not shape.union:
        return None
    discriminant = source.u16(shape.node.discriminant_offset * 2)
    for entry in shape.union:
        if entry[1].discriminant_value == discriminant:
            return entry
    return None


def slot_number(source: AnyStruct, slot: Slot) -> Number:
    """Return the value of a field that lies in the data section."""
    kind, offset, default = slot.type.kind, slot.offset, slot.default.content
    if kind == TypeKind.BOOL:
        return source.boolean(offset, bool(default))
    if kind == TypeKind.FLOAT32:
        bits = int.from_bytes(struct.pack("<f", default or 0.0), "little")
        number: float = struct.unpack("<f", source.u32(offset * 4, bits).to_bytes(4, "little"))[0]
        return number
    if kind == TypeKind.FLOAT64:
        bits = int.from_bytes(struct.pack("<d", default or 0.0), "little")
        number = struct.unpack("<d", source.u64(offset * 8, bits).to_bytes(8, "little"))[0]
        return number
    if kind == TypeKind.VOID:
        return None
    assert default is None or isinstance(default, int)
    return _integer(source, kind, offset, default or 0)


def _integer(source: AnyStruct, kind: TypeKind, offset: int, default: int) -> int:
    if kind == TypeKind.INT64:
        return source.i64(offset * 8, default)
    if kind == TypeKind.UINT64:
        return source.u64(offset * 8, default)
    if kind == TypeKind.INT32:
        return source.i32(offset * 4, default)
    if kind == TypeKind.UINT32:
        return source.u32(offset * 4, default)
    if kind == TypeKind.INT16:
        return source.i16(offset * 2, default)
    if kind in (TypeKind.UINT16, TypeKind.ENUM):
        return source.u16(offset * 2, default)
    return source.i8(offset, default) if kind == TypeKind.INT8 else source.u8(offset, default)


def slot_pointer(source: AnyStruct, slot: Slot) -> AnyPointer:
    """Return the pointer of a field, or its default when it is null; text and data have theirs in `slot.default`."""
    found = source.pointer(slot.offset)
    return default_pointer(slot.default) if found.is_null else found


_MESSAGES: Final = (TypeKind.LIST, TypeKind.STRUCT, TypeKind.ANY_POINTER)


def default_pointer(value: Value) -> AnyPointer:
    """Return the root pointer of a value that is a message; null for none."""
    content = value.content
    return MessageReader([content]).root if isinstance(content, bytes) and value.kind in _MESSAGES else AnyPointer()


_SIGNED: Final = (TypeKind.INT8, TypeKind.INT16, TypeKind.INT32, TypeKind.INT64)


def element(source: AnyList, kind: TypeKind, index: int) -> Number:
    """Return an element of a list of numbers, truth values or Void."""
    if kind == TypeKind.VOID:
        return None
    if kind == TypeKind.BOOL:
        return source.boolean(index)
    if kind == TypeKind.FLOAT32:
        number: float = struct.unpack("<f", source.u32(index).to_bytes(4, "little"))[0]
        return number
    if kind == TypeKind.FLOAT64:
        number = struct.unpack("<d", source.u64(index).to_bytes(8, "little"))[0]
        return number
    bits = DATA_BITS[kind]
    value = {8: source.u8, 16: source.u16, 32: source.u32, 64: source.u64}[bits](index)
    return value - (1 << bits) if kind in _SIGNED and value >> (bits - 1) else value


def double_text(value: float) -> str:
    """Return a 64-bit number as C++ prints it: 15 digits where they suffice, else 17."""
    return _digits(value, "%.15g", "%.17g", float)


def float_text(value: float) -> str:
    """Return a 32-bit number as C++ prints it: 6 digits where they suffice, else 8."""
    return _digits(value, "%.6g", "%.8g", _single)


def _single(text: str) -> float:
    try:
        number: float = struct.unpack("<f", struct.pack("<f", float(text)))[0]
    except OverflowError:
        return float("inf")
    return number


def _digits(value: float, short: str, long: str, read: Callable[[str], float]) -> str:
    if value != value:
        return "nan"
    text = short % value
    return (text if read(text) == value else long % value).replace("+", "")
