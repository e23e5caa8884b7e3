"""The forms of what lies in the data section: numbers, truth values, Void and enums.

Knows which JSON value stands for which value, and how values are taken out of structs and lists and put into them.
"""

from __future__ import annotations

import struct as packing
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from caplet.compiler.values import INTEGER_RANGES, rounded
from caplet.errors import NotationError
from caplet.notation.json_forms import JsonForm, JsonOutput, float_form
from caplet.notation.json_values import as_float, as_integer, mismatch, plain, shown
from caplet.schema.model import TypeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.notation.json_values import Json
    from caplet.wire.untyped import AnyList, AnyStruct
    from caplet.wire.untyped_builder import AnyListBuilder, AnyStructBuilder

__all__ = ["EnumForm", "HandledNumberForm", "NumberForm", "bits_of"]

# Codes of the kinds of numbers, for short ways between them and the memory.
VOID = 0
BOOL = 1
INT8 = 2
INT16 = 3
INT32 = 4
INT64 = 5
UINT8 = 6
UINT16 = 7
UINT32 = 8
UINT64 = 9
FLOAT32 = 10
FLOAT64 = 11
ENUM = 15


class NumberForm(JsonForm):
    """A type whose values lie in the data section: Void, Bool, integers and floats.

    Args:
        kind: the type.
    """

    __slots__ = ("code", "high", "low", "wide")

    def __init__(self, kind: TypeKind) -> None:
        JsonForm.__init__(self)
        self.is_number = True
        self.code = int(kind)
        self.wide = kind in (TypeKind.INT64, TypeKind.UINT64)
        self.low, self.high = INTEGER_RANGES.get(TypeKind.UINT16 if kind == TypeKind.ENUM else kind, (0, 0))

    def text(self, value: Any) -> str:
        """Return a value as JSON."""
        if self.code == BOOL:
            return "true" if value else "false"
        if self.wide:
            return f'"{value}"'
        if self.code == VOID:
            return "null"
        if self.code in (FLOAT32, FLOAT64):
            return float_form(value)
        return str(value)

    def number(self, source: Json) -> Any:
        """Return the value that a JSON value describes.

        Raises:
            NotationError: it does not fit.
        """
        if self.code == BOOL:
            if source is not True and source is not False:
                raise mismatch("true or false", source)
            return source
        if self.code == VOID:
            return None
        if self.code in (FLOAT32, FLOAT64):
            value = source if type(source) is float else as_float(source)
            return value if self.code == FLOAT64 else rounded(TypeKind.FLOAT32, value)
        if type(source) is int and self.low <= source <= self.high:
            return source
        return as_integer(source, self.low, self.high)

    # --- in structs ---------------------------------------------------------------------------------------------------

    def get(self, source: AnyStruct, offset: int, mask: int) -> Any:
        """Return the value at an offset, in units of its own size; `mask` is the default, of a float the bits of it."""
        code = self.code
        if code in (UINT16, ENUM):
            return source.u16(offset << 1, mask)
        if code == UINT32:
            return source.u32(offset << 2, mask)
        if code == INT32:
            return source.i32(offset << 2, mask)
        if code == FLOAT64:
            return source.f64(offset << 3) if mask == 0 else float_of(source.u64(offset << 3, mask), 8)
        if code == BOOL:
            return source.boolean(offset, mask != 0)
        if code == INT64:
            return source.i64(offset << 3, mask)
        if code == UINT64:
            return source.u64(offset << 3, mask)
        if code == UINT8:
            return source.u8(offset, mask)
        if code == INT8:
            return source.i8(offset, mask)
        if code == INT16:
            return source.i16(offset << 1, mask)
        if code == FLOAT32:
            return source.f32(offset << 2) if mask == 0 else float_of(source.u32(offset << 2, mask), 4)
        return None

    def is_default(self, source: AnyStruct, offset: int) -> bool:
        """Tell whether the value at an offset is the default."""
        code = self.code
        if code == BOOL:
            return not source.boolean(offset)
        if code in (UINT8, INT8):
            return source.u8(offset) == 0
        if code in (UINT16, INT16, ENUM):
            return source.u16(offset << 1) == 0
        if code in (UINT32, INT32, FLOAT32):
            return source.u32(offset << 2) == 0
        return code == VOID or source.u64(offset << 3) == 0

    def put(self, target: AnyStructBuilder, offset: int, mask: int, value: Any) -> None:
        """Write a value at an offset; the arguments are those of `get`."""
        code = self.code
        if code == VOID:
            return
        if code == BOOL:
            target.set_boolean(offset, value, mask != 0)
        elif code in (UINT16, INT16, ENUM):
            target.set_u16(offset << 1, (value ^ mask) & 0xFFFF)
        elif code in (UINT32, INT32):
            target.set_u32(offset << 2, (value ^ mask) & 0xFFFFFFFF)
        elif code in (UINT64, INT64):
            target.set_u64(offset << 3, (value ^ mask) & 0xFFFFFFFFFFFFFFFF)
        elif code in (UINT8, INT8):
            target.set_u8(offset, (value ^ mask) & 0xFF)
        elif code == FLOAT64:
            if mask == 0:
                target.set_f64(offset << 3, value)
            else:
                target.set_u64(offset << 3, bits_of(value, 8), mask)
        elif mask == 0:
            target.set_f32(offset << 2, value)
        else:
            target.set_u32(offset << 2, bits_of(value, 4), mask)

    # --- in lists -----------------------------------------------------------------------------------------------------

    def element(self, source: AnyList, index: int) -> Any:
        """Return an element of a list."""
        code = self.code
        if code == VOID:
            return None
        if code == BOOL:
            return source.boolean(index)
        if code in (UINT16, ENUM):
            return source.u16(index)
        if code == UINT32:
            return source.u32(index)
        if code == INT32:
            return source.i32(index)
        if code == FLOAT64:
            return source.f64(index)
        if code == INT64:
            return source.i64(index)
        if code == UINT64:
            return source.u64(index)
        if code == UINT8:
            return source.u8(index)
        if code == INT8:
            return source.i8(index)
        return source.i16(index) if code == INT16 else source.f32(index)

    def put_element(self, target: AnyListBuilder, index: int, value: Any) -> None:
        """Write an element of a list."""
        code = self.code
        if code == VOID:
            return
        if code == BOOL:
            target.set_boolean(index, value)
        elif code in (UINT8, INT8):
            target.set_u8(index, value & 0xFF)
        elif code in (UINT16, INT16, ENUM):
            target.set_u16(index, value & 0xFFFF)
        elif code in (UINT32, INT32):
            target.set_u32(index, value & 0xFFFFFFFF)
        elif code == FLOAT32:
            target.set_u32(index, bits_of(value, 4))
        elif code == FLOAT64:
            target.set_u64(index, bits_of(value, 8))
        else:
            target.set_u64(index, value & 0xFFFFFFFFFFFFFFFF)


class EnumForm(NumberForm):
    """An enum: the name of an enumerant, or the number of one that the schema does not know.

    Args:
        title: the enum's name.
        names: the names of its enumerants in JSON, by number.
    """

    __slots__ = ("names", "numbers", "quoted", "title")

    quoted: list[str]

    def __init__(self, title: str, names: list[str]) -> None:
        NumberForm.__init__(self, TypeKind.ENUM)
        self.title = title
        self.names = names
        self.quoted = [str(encode_basestring(name)) for name in names]
        self.numbers = {name: number for number, name in enumerate(names)}

    def text(self, value: Any) -> str:
        """Return the name."""
        number: int = value
        return self.quoted[number] if number < len(self.quoted) else str(number)

    def number(self, source: Json) -> Any:
        """Return the number that a name or number stands for."""
        if type(source) is not str:
            return as_integer(source, self.low, self.high)
        found = self.numbers.get(source)
        if found is None:
            known = ", ".join(self.names[:8])
            raise NotationError(f"{shown(source)} is not an enumerant of {self.title}; it has {known}")
        return found


class HandledNumberForm(NumberForm):
    """A type of the data section for which a program has its own form.

    Args:
        kind: the type.
        write: returns plain Python for a value.
        read: returns the value for plain Python.
    """

    __slots__ = ("read", "write")

    def __init__(self, kind: TypeKind, write: Callable[[Any], Any], read: Callable[[Any], Any]) -> None:
        NumberForm.__init__(self, kind)
        self.write = write
        self.read = read

    def text(self, value: Any) -> str:
        """Return what the program makes of a value."""
        return JsonOutput(False, False).plain(self.write(value), 0, False)

    def number(self, source: Json) -> Any:
        """Let the program make a value."""
        return NumberForm.number(self, self.read(plain(source)))


def bits_of(value: float, width: int) -> int:
    """Return the bits of a float of so many bytes."""
    return int.from_bytes(packing.pack("<d" if width == 8 else "<f", value), "little")


def float_of(bits: int, width: int) -> float:
    """Return the float of so many bytes that has these bits."""
    number: float = packing.unpack("<d" if width == 8 else "<f", bits.to_bytes(width, "little"))[0]
    return number
