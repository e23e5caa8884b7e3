"""Fields of struct classes: descriptors that read and write at constant places.

Knows offsets, defaults and union tags. Does not know what kinds of values are (`kinds.py`).

A field is shared by the reader class and the builder class. Reading a member of a union that is not the active one is an error; writing it,
or touching a struct, list or group of it in a builder, makes it the active one.
"""

from __future__ import annotations

import struct as packing
from typing import TYPE_CHECKING, Any

from caplet.errors import BuildError, InactiveMemberError
from caplet.wire.views import StructBuilder, StructReader

if TYPE_CHECKING:
    from caplet.runtime.kinds import EnumKind, FloatKind, IntKind

__all__ = [
    "INT_FIELDS",
    "BoolField",
    "EnumField",
    "Field",
    "FieldBuilder",
    "FloatField",
    "IntField",
    "VoidField",
]


COMPILED = not __file__.endswith(".py")


class Field:
    """One field of a struct class.

    Slots: `name` in Python and `schema_name`; `where` for error texts; `tag` its number in its union, -1 outside of one; `tag_index` where
    the union's tag is, in 16-bit units.
    """

    __slots__ = ("name", "schema_name", "tag", "tag_index", "union", "where")

    name: str
    schema_name: str
    where: str
    tag: int
    tag_index: int
    union: tuple[str, ...]

    def place(self, name: str, schema_name: str, where: str, tag: int, tag_index: int, union: tuple[str, ...]) -> None:
        """Say what the field is called and which union it belongs to.

        Args:
            name: its name in Python.
            schema_name: its name in the schema.
            where: class and name, for error texts.
            tag: its number in its union; -1 outside of one.
            tag_index: where the union's tag is, in 16-bit units of the data section.
            union: the union's members by number.
        """
        self.name = name
        self.schema_name = schema_name
        self.where = where
        self.tag = tag
        self.tag_index = tag_index
        self.union = union

    def __get__(self, obj: Any, owner: Any) -> Any:
        if obj is None:
            return self
        return self.read(obj)

    def __set__(self, obj: Any, value: Any) -> None:
        self.assign(obj, value)

    def __delete__(self, obj: Any) -> None:
        raise AttributeError(f"{self.where} cannot be deleted; clear({self.name!r}) sets it back to its default")

    def assign(self, obj: StructReader, value: object) -> None:
        """Set the field in `obj`.

        Raises:
            AttributeError: `obj` is a reader.
        """
        if not isinstance(obj, StructBuilder):
            raise AttributeError(
                f"{self.where} cannot be set: readers are immutable; as_builder() gives a copy that can be changed"
            )
        self.write(obj, value)

    def read(self, obj: StructReader) -> object:
        """Return the field's value in `obj`."""
        raise NotImplementedError

    def write(self, obj: StructReader, value: object) -> None:
        """Set the field in `obj`, which is a builder."""
        raise NotImplementedError

    def export(self, obj: StructReader) -> object:
        """Return the field's value in a reader as plain Python."""
        return self.read(obj)

    def is_set(self, obj: StructReader) -> bool:
        """Tell whether a pointer field is not null; other fields always are set."""
        return True

    def clear(self, obj: StructReader) -> None:
        """Set the field back to its default."""
        raise NotImplementedError

    # --- unions -------------------------------------------------------------------------------------------------------------------

    def current_tag(self, obj: StructReader) -> int:
        """Return the number of the active member of the field's union."""
        offset = self.tag_index << 1
        if offset + 2 > obj._data_bytes:
            return 0
        return obj._segment.u16s[(obj._data + offset) >> 1]

    def inactive(self, obj: StructReader) -> InactiveMemberError:
        """Return the error for reading a member that is not the active one."""
        tag = self.current_tag(obj)
        active = (
            repr(self.union[tag]) if tag < len(self.union) else f"one that this schema does not know (number {tag})"
        )
        return InactiveMemberError(f"{self.where} is not the active member of its union; the active one is {active}")

    def activate(self, obj: StructReader) -> None:
        """Make this field the active member of its union in a builder; nothing to do for a field outside of one."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            offset = self.tag_index << 1
            if offset + 2 > obj._data_bytes:
                raise self.too_small(obj)
            obj._segment.u16s[(obj._data + offset) >> 1] = self.tag
            self.clear(obj)

    def too_small(self, obj: StructReader) -> BuildError:
        """Return the error for a struct whose sections do not hold the field."""
        return BuildError(
            f"{self.where} lies outside its struct of {obj._data_bytes} bytes and {obj._pointer_count} pointers"
        )


class FieldBuilder(StructBuilder):
    """A builder whose attributes are fields; setting one that is none of them says so."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if COMPILED:
            set_attribute(self, name, value)  # type: ignore[name-defined]  # noqa: F821  (fields.pxd)
            return
        try:
            object.__setattr__(self, name, value)
        except AttributeError as error:
            self._refuse(name, error)

    def _refuse(self, name: str, error: AttributeError) -> None:
        """Raise the error for setting an attribute: what a field said, or that there is none of that name.

        Raises:
            AttributeError: always.
        """
        if hasattr(type(self), name):
            raise error
        raise AttributeError(self._unknown(name)) from error

    def _unknown(self, name: str) -> str:
        """Return what is wrong with a name that is no field."""
        generated: Any = self
        return str(generated._plan.no_field(name))


class VoidField(Field):
    """A field of type Void; in a union it is set by naming it."""

    __slots__ = ()

    def read(self, obj: StructReader) -> object:
        """Return None."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        return None

    def write(self, obj: StructReader, value: object) -> None:
        """Take None, or True for those who write `unemployed=True`."""
        if value is not None and value is not True and value != ():
            raise TypeError(f"{self.where}: expected None, not {type(value).__name__} ({value!r:.60})")
        if self.tag >= 0:
            self.activate(obj)

    def clear(self, obj: StructReader) -> None:
        """Nothing to do."""


class BoolField(Field):
    """A field of type Bool.

    Args:
        bit: its bit in the data section.
        default: its default.
    """

    __slots__ = ("bit", "default")

    def __init__(self, bit: int, default: bool) -> None:
        self.bit = bit
        self.default = default

    def read(self, obj: StructReader) -> object:
        """Return the truth value."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.bit >> 3 >= obj._data_bytes:
            return self.default
        return (obj._segment.u8s[obj._data + (self.bit >> 3)] >> (self.bit & 7) & 1 != 0) != self.default

    def write(self, obj: StructReader, value: object) -> None:
        """Set the truth value."""
        if value is not True and value is not False:
            if type(value).__name__ not in ("bool", "bool_"):
                raise TypeError(f"{self.where}: expected Bool, not {type(value).__name__} ({value!r:.60})")
            value = bool(value)
        if self.tag >= 0:
            self.activate(obj)
        self.put(obj, value != self.default)

    def put(self, obj: StructReader, bit: bool) -> None:
        """Write the bit as it stands."""
        if self.bit >> 3 >= obj._data_bytes:
            raise self.too_small(obj)
        at = obj._data + (self.bit >> 3)
        mask = 1 << (self.bit & 7)
        old = obj._segment.u8s[at]
        obj._segment.u8s[at] = old | mask if bit else old & ~mask & 0xFF

    def clear(self, obj: StructReader) -> None:
        """Set the default."""
        self.put(obj, False)


class IntField(Field):
    """A field of an integer type.

    Args:
        kind: the type.
        offset: its byte offset in the data section.
        default: its default; stored values are xor it.
    """

    __slots__ = ("default", "end", "kind", "offset", "stored")

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        self.kind = kind
        self.offset = offset
        self.end = offset + kind.width
        self.default = default
        self.stored = kind.checked(default, "default")

    def write(self, obj: StructReader, value: object) -> None:
        """Set the number."""
        number = self.kind.checked(value, self.where)
        if self.tag >= 0:
            self.activate(obj)
        if self.end > obj._data_bytes:
            raise self.too_small(obj)
        self.kind.put(obj._segment, obj._data + self.offset, number ^ self.stored)

    def clear(self, obj: StructReader) -> None:
        """Set the default."""
        if self.end > obj._data_bytes:
            raise self.too_small(obj)
        self.kind.put(obj._segment, obj._data + self.offset, 0)


class UInt8Field(IntField):
    """A field of type UInt8."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.u8s[obj._data + self.offset] ^ self.mask


class UInt16Field(IntField):
    """A field of type UInt16."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.u16s[(obj._data + self.offset) >> 1] ^ self.mask


class UInt32Field(IntField):
    """A field of type UInt32."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.u32s[(obj._data + self.offset) >> 2] ^ self.mask


class UInt64Field(IntField):
    """A field of type UInt64."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.u64s[(obj._data + self.offset) >> 3] ^ self.mask


class Int8Field(IntField):
    """A field of type Int8."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.i8s[obj._data + self.offset] ^ self.mask


class Int16Field(IntField):
    """A field of type Int16."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.i16s[(obj._data + self.offset) >> 1] ^ self.mask


class Int32Field(IntField):
    """A field of type Int32."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.i32s[(obj._data + self.offset) >> 2] ^ self.mask


class Int64Field(IntField):
    """A field of type Int64."""

    __slots__ = ("mask",)

    def __init__(self, kind: IntKind, offset: int, default: int) -> None:
        IntField.__init__(self, kind, offset, default)
        self.mask = default

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        return obj._segment.i64s[(obj._data + self.offset) >> 3] ^ self.mask


INT_FIELDS: dict[str, type[IntField]] = {
    "B": UInt8Field,
    "H": UInt16Field,
    "I": UInt32Field,
    "Q": UInt64Field,
    "b": Int8Field,
    "h": Int16Field,
    "i": Int32Field,
    "q": Int64Field,
}


class FloatField(Field):
    """A field of type Float32 or Float64.

    Args:
        kind: the type.
        offset: its byte offset in the data section.
        default: its default; the stored bits are xor its bits.
    """

    __slots__ = ("default", "end", "kind", "mask", "offset", "wide")

    def __init__(self, kind: FloatKind, offset: int, default: float) -> None:
        self.kind = kind
        self.offset = offset
        self.end = offset + kind.width
        self.default = default
        self.wide = kind.width == 8
        self.mask = self.bits_of(default)

    def bits_of(self, number: float) -> int:
        """Return the bits of `number` in the field's width."""
        return int.from_bytes(packing.pack("<d" if self.wide else "<f", number), "little")

    def read(self, obj: StructReader) -> object:
        """Return the number."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.default
        if self.mask:
            return self.read_masked(obj)
        if self.wide:
            return obj._segment.f64s[(obj._data + self.offset) >> 3]
        return obj._segment.f32s[(obj._data + self.offset) >> 2]

    def read_masked(self, obj: StructReader) -> float:
        """Return a number whose default is not zero."""
        at = obj._data + self.offset
        raw = obj._segment.u64s[at >> 3] if self.wide else obj._segment.u32s[at >> 2]
        width = 8 if self.wide else 4
        number: float = packing.unpack("<d" if self.wide else "<f", (raw ^ self.mask).to_bytes(width, "little"))[0]
        return number

    def write(self, obj: StructReader, value: object) -> None:
        """Set the number."""
        number = self.kind.checked(value, self.where)
        if self.tag >= 0:
            self.activate(obj)
        if self.end > obj._data_bytes:
            raise self.too_small(obj)
        at = obj._data + self.offset
        if self.mask:
            bits = self.bits_of(number) ^ self.mask
            if self.wide:
                obj._segment.u64s[at >> 3] = bits
            else:
                obj._segment.u32s[at >> 2] = bits
        elif self.wide:
            obj._segment.f64s[at >> 3] = number
        else:
            self.kind.store(obj._segment, at, number, self.where)

    def clear(self, obj: StructReader) -> None:
        """Set the default."""
        if self.end > obj._data_bytes:
            raise self.too_small(obj)
        obj._segment.zero(obj._data + self.offset, self.end - self.offset)


class EnumField(Field):
    """A field of an enum type.

    Args:
        kind: the type.
        offset: its byte offset in the data section.
        default: the number of its default; stored numbers are xor it.
    """

    __slots__ = ("default", "end", "kind", "offset")

    def __init__(self, kind: EnumKind, offset: int, default: int) -> None:
        self.kind = kind
        self.offset = offset
        self.end = offset + 2
        self.default = default

    def read(self, obj: StructReader) -> object:
        """Return the enumerant."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.end > obj._data_bytes:
            return self.kind.member(self.default)
        return self.kind.member(obj._segment.u16s[(obj._data + self.offset) >> 1] ^ self.default)

    def export(self, obj: StructReader) -> object:
        """Return the enumerant's name in the schema, its number when the schema does not know it."""
        if self.end > obj._data_bytes:
            return self.kind.export_number(self.default)
        return self.kind.export_number(obj._segment.u16s[(obj._data + self.offset) >> 1] ^ self.default)

    def write(self, obj: StructReader, value: object) -> None:
        """Set the enumerant, given as member, name or number."""
        number = self.kind.number(value, self.where)
        if self.tag >= 0:
            self.activate(obj)
        if self.end > obj._data_bytes:
            raise self.too_small(obj)
        obj._segment.u16s[(obj._data + self.offset) >> 1] = number ^ self.default

    def clear(self, obj: StructReader) -> None:
        """Set the default."""
        if self.end > obj._data_bytes:
            raise self.too_small(obj)
        obj._segment.u16s[(obj._data + self.offset) >> 1] = 0
