"""Reading without a schema: any pointer, any struct, any list.

Knows how numbers, text, data and pointers are taken out of the places that an arena has found. Does not know field names, defaults of
pointers, or the meaning of capabilities, which are opaque objects of the message's table.

Numbers are named by byte offset and width. An offset past the end of the data section reads as the default, because older writers
have shorter sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from caplet.errors import DecodeError
from caplet.wire.segment import EMPTY_SEGMENT
from caplet.wire.sizes import BIT, COMPOSITE, POINTER, VOID
from caplet.wire.views import ListReader, StructReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.wire.arena import Arena
    from caplet.wire.segment import Segment

__all__ = ["AnyList", "AnyPointer", "AnyStruct", "set_caster"]

PointerKind = Literal["null", "struct", "list", "capability"]


class Caster:
    """How untyped places are seen as types of a schema, which only layers above this one know."""

    __slots__ = ("cast",)

    cast: Callable[[Any, Any], Any] | None

    def __init__(self) -> None:
        self.cast = None

    def see(self, place: Any, type_: Any) -> Any:
        """Return an untyped place as what a type makes of it.

        Raises:
            TypeError: nothing is known of schemas.
        """
        if self.cast is None:
            raise TypeError(f"{type_!r} is no type of a schema")
        return self.cast(place, type_)


CASTER = Caster()


def set_caster(cast: Callable[[Any, Any], Any]) -> None:
    """Say how untyped places are seen as types of a schema.

    Args:
        cast: given an AnyPointer, AnyStruct, AnyList or AnyPointerBuilder, and a type.
    """
    CASTER.cast = cast


class AnyStruct(StructReader):
    """A struct read by offsets; a new one reads as all defaults."""

    __slots__ = ()

    def u8(self, offset: int, default: int = 0) -> int:
        """Return the unsigned byte at byte `offset`, xor `default`."""
        if offset >= self._data_bytes:
            return default
        return self._segment.u8s[self._data + offset] ^ default

    def u16(self, offset: int, default: int = 0) -> int:
        """Return the unsigned 16-bit number at byte `offset`, xor `default`."""
        if offset + 2 > self._data_bytes:
            return default
        return self._segment.u16s[(self._data + offset) >> 1] ^ default

    def u32(self, offset: int, default: int = 0) -> int:
        """Return the unsigned 32-bit number at byte `offset`, xor `default`."""
        if offset + 4 > self._data_bytes:
            return default
        return self._segment.u32s[(self._data + offset) >> 2] ^ default

    def u64(self, offset: int, default: int = 0) -> int:
        """Return the unsigned 64-bit number at byte `offset`, xor `default`."""
        if offset + 8 > self._data_bytes:
            return default
        return self._segment.u64s[(self._data + offset) >> 3] ^ default

    def i8(self, offset: int, default: int = 0) -> int:
        """Return the signed byte at byte `offset`, xor `default`."""
        if offset >= self._data_bytes:
            return default
        return self._segment.i8s[self._data + offset] ^ default

    def i16(self, offset: int, default: int = 0) -> int:
        """Return the signed 16-bit number at byte `offset`, xor `default`."""
        if offset + 2 > self._data_bytes:
            return default
        return self._segment.i16s[(self._data + offset) >> 1] ^ default

    def i32(self, offset: int, default: int = 0) -> int:
        """Return the signed 32-bit number at byte `offset`, xor `default`."""
        if offset + 4 > self._data_bytes:
            return default
        return self._segment.i32s[(self._data + offset) >> 2] ^ default

    def i64(self, offset: int, default: int = 0) -> int:
        """Return the signed 64-bit number at byte `offset`, xor `default`."""
        if offset + 8 > self._data_bytes:
            return default
        return self._segment.i64s[(self._data + offset) >> 3] ^ default

    def f32(self, offset: int) -> float:
        """Return the 32-bit float at byte `offset`, 0.0 by default."""
        if offset + 4 > self._data_bytes:
            return 0.0
        return self._segment.f32s[(self._data + offset) >> 2]

    def f64(self, offset: int) -> float:
        """Return the 64-bit float at byte `offset`, 0.0 by default."""
        if offset + 8 > self._data_bytes:
            return 0.0
        return self._segment.f64s[(self._data + offset) >> 3]

    def boolean(self, bit: int, default: bool = False) -> bool:
        """Return the truth value at bit `bit` of the data section, inverted when `default` is true."""
        if bit >> 3 >= self._data_bytes:
            return default
        return (self._segment.u8s[self._data + (bit >> 3)] >> (bit & 7) & 1 != 0) != default

    def has(self, index: int) -> bool:
        """Tell whether pointer `index` is there and not null."""
        return index < self._pointer_count and self._segment.u64s[self._pointers + index] != 0

    def pointer(self, index: int) -> AnyPointer:
        """Return pointer `index`; one past the end of the section is null."""
        if index >= self._pointer_count:
            return AnyPointer()
        found = AnyPointer.__new__(AnyPointer)
        found._arena = self._arena
        found._segment = self._segment
        found._position = self._pointers + index
        found._depth = self._depth
        return found

    def struct(self, index: int) -> AnyStruct:
        """Return the struct that pointer `index` leads to; null reads as a struct of defaults."""
        found = AnyStruct.__new__(AnyStruct)
        if index < self._pointer_count and self._arena.open_struct(
            found, self._segment, self._pointers + index, self._depth
        ):
            return found
        return AnyStruct()

    def list(self, index: int) -> AnyList:
        """Return the list that pointer `index` leads to; null reads as an empty list."""
        found = AnyList.__new__(AnyList)
        if index < self._pointer_count and self._arena.open_list(
            found, self._segment, self._pointers + index, self._depth, VOID
        ):
            return found
        return AnyList()

    def text(self, index: int, default: str = "") -> str:
        """Return the text that pointer `index` leads to, or `default` for null."""
        if index >= self._pointer_count:
            return default
        found = self._arena.text(self._segment, self._pointers + index)
        return default if found is None else found

    def blob(self, index: int, default: bytes = b"") -> bytes:
        """Return the data that pointer `index` leads to, or `default` for null."""
        if index >= self._pointer_count:
            return default
        found = self._arena.blob(self._segment, self._pointers + index)
        return default if found is None else found

    def lie_at(self, place: StructReader) -> AnyStruct:
        """Move to where another struct lies, and return itself."""
        self._arena = place._arena
        self._segment = place._segment
        self._data = place._data
        self._data_bytes = place._data_bytes
        self._pointers = place._pointers
        self._pointer_count = place._pointer_count
        self._depth = place._depth
        return self

    @property
    def data_bytes(self) -> int:
        """The size of the data section in bytes."""
        return self._data_bytes

    @property
    def pointer_count(self) -> int:
        """How many pointers the pointer section holds."""
        return self._pointer_count

    @property
    def data(self) -> bytes:
        """A copy of the data section; its length tells how much of it the writer knew."""
        return bytes(self._segment.view[self._data : self._data + self._data_bytes])

    def as_(self, type_: Any) -> Any:
        """Return the struct as one of a class made from a schema.

        Args:
            type_: the class.

        Raises:
            TypeError: it is no struct class.
        """
        return self if type_ is AnyStruct else CASTER.see(self, type_)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnyStruct):
            return NotImplemented
        from caplet.wire.equality import same_struct

        return same_struct(self, other)

    __hash__ = None  # type: ignore[assignment]  # two that are equal may lie in memory that changes

    def __repr__(self) -> str:
        return f"<struct of {self._data_bytes} bytes and {self._pointer_count} pointers>"


class AnyPointer:
    """One place where a pointer stands; a new one is null."""

    __slots__ = ("_arena", "_depth", "_position", "_segment")

    _arena: Arena
    _segment: Segment
    _position: int
    _depth: int

    def __init__(self) -> None:
        self._segment = EMPTY_SEGMENT
        self._position = 0
        self._depth = 0

    @property
    def is_null(self) -> bool:
        """Whether the pointer leads nowhere."""
        return self._segment.u64s[self._position] == 0

    @property
    def kind(self) -> PointerKind:
        """What the pointer leads to.

        Raises:
            DecodeError: the pointer is of no kind that exists.
        """
        pointer = self._segment.u64s[self._position]
        if pointer == 0:
            return "null"
        if pointer & 3 == 2:
            _, _, pointer = self._arena.follow_far(self._segment, self._position)
        if pointer & 3 == 0:
            return "struct"
        if pointer & 3 == 1:
            return "list"
        self._arena.capability_index(self._segment, self._position)
        return "capability"

    def struct(self) -> AnyStruct:
        """Return the struct that it leads to; null reads as a struct of defaults."""
        found = AnyStruct.__new__(AnyStruct)
        if self._segment.u64s[self._position] and self._arena.open_struct(
            found, self._segment, self._position, self._depth
        ):
            return found
        return AnyStruct()

    def list(self) -> AnyList:
        """Return the list that it leads to; null reads as an empty list."""
        found = AnyList.__new__(AnyList)
        if self._segment.u64s[self._position] and self._arena.open_list(
            found, self._segment, self._position, self._depth, VOID
        ):
            return found
        return AnyList()

    def text(self, default: str = "") -> str:
        """Return the text that it leads to, or `default` for null."""
        if self.is_null:
            return default
        found = self._arena.text(self._segment, self._position)
        return default if found is None else found

    def blob(self, default: bytes = b"") -> bytes:
        """Return the data that it leads to, or `default` for null."""
        if self.is_null:
            return default
        found = self._arena.blob(self._segment, self._position)
        return default if found is None else found

    def capability_index(self) -> int | None:
        """Return the capability table index that it names, None for null."""
        if self.is_null:
            return None
        return self._arena.capability_index(self._segment, self._position)

    def capability(self) -> object | None:
        """Return the capability that it refers to, None for null.

        Raises:
            DecodeError: the index is outside the message's capability table.
        """
        if self._segment.u64s[self._position] == 0:
            return None
        index = self._arena.capability_index(self._segment, self._position)
        table = self._arena.capabilities
        if index >= len(table):
            raise DecodeError(f"pointer to capability {index} of a table of {len(table)}")
        return table[index]

    def as_reader(self) -> AnyPointer:
        """Return itself, as the pointer of a builder returns a reader."""
        return self

    def as_(self, type_: Any) -> Any:
        """Return what it leads to, as a type.

        Args:
            type_: `str`, `bytes`, `AnyStruct`, `AnyList`, a class of a struct or interface, `list[...]` of one of these, of an enum, of
                `bool` or of `float`; or a field, such as `Person.phones`, for its type.

        Raises:
            DecodeError: it leads to something else.
            TypeError: it is none of these types.
        """
        if type_ is AnyStruct:
            return self.struct()
        if type_ is AnyList:
            return self.list()
        return CASTER.see(self, type_)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnyPointer):
            return NotImplemented
        from caplet.wire.equality import same_pointer

        return same_pointer(self, other)

    __hash__ = None  # type: ignore[assignment]  # two that are equal may lie in memory that changes

    def __repr__(self) -> str:
        try:
            return f"<pointer: {self.kind}>"
        except DecodeError as error:
            return f"<pointer: {error}>"


class AnyList(ListReader):
    """A list read without a schema; a new one is empty. Indexes must be in range."""

    __slots__ = ()

    @property
    def element_size(self) -> int:
        """The element size code on the wire: 0 void, 1 bit, 2 to 5 one to eight bytes, 6 pointer, 7 struct."""
        return self._size

    def check_index(self, index: int) -> None:
        """Refuse an index that is not in the list.

        Raises:
            IndexError: it is not.
        """
        if index < 0 or index >= self._length:
            raise IndexError(f"index {index} of a list of {self._length}")

    def offset(self, index: int, width: int) -> int:
        """Return the byte offset of the number of `width` bytes in element `index`."""
        self.check_index(index)
        if self._data_bytes < width:
            raise DecodeError(f"elements of {self._data_bytes} bytes do not hold a number of {width}")
        return self._start + (index * self._step_bits >> 3)

    def u8(self, index: int) -> int:
        """Return the unsigned byte that element `index` is, or begins with."""
        return self._segment.u8s[self.offset(index, 1)]

    def u16(self, index: int) -> int:
        """Return the unsigned 16-bit number that element `index` is, or begins with."""
        return self._segment.u16s[self.offset(index, 2) >> 1]

    def u32(self, index: int) -> int:
        """Return the unsigned 32-bit number that element `index` is, or begins with."""
        return self._segment.u32s[self.offset(index, 4) >> 2]

    def u64(self, index: int) -> int:
        """Return the unsigned 64-bit number that element `index` is, or begins with."""
        return self._segment.u64s[self.offset(index, 8) >> 3]

    def i8(self, index: int) -> int:
        """Return the signed byte that element `index` is, or begins with."""
        return self._segment.i8s[self.offset(index, 1)]

    def i16(self, index: int) -> int:
        """Return the signed 16-bit number that element `index` is, or begins with."""
        return self._segment.i16s[self.offset(index, 2) >> 1]

    def i32(self, index: int) -> int:
        """Return the signed 32-bit number that element `index` is, or begins with."""
        return self._segment.i32s[self.offset(index, 4) >> 2]

    def i64(self, index: int) -> int:
        """Return the signed 64-bit number that element `index` is, or begins with."""
        return self._segment.i64s[self.offset(index, 8) >> 3]

    def f32(self, index: int) -> float:
        """Return the 32-bit float that element `index` is, or begins with."""
        return self._segment.f32s[self.offset(index, 4) >> 2]

    def f64(self, index: int) -> float:
        """Return the 64-bit float that element `index` is, or begins with."""
        return self._segment.f64s[self.offset(index, 8) >> 3]

    def boolean(self, index: int) -> bool:
        """Return the truth value that element `index` is."""
        self.check_index(index)
        if self._size != BIT:
            raise DecodeError("a list of bits can be read only from a list of bits")
        return self._segment.u8s[self._start + (index >> 3)] >> (index & 7) & 1 != 0

    def struct(self, index: int) -> AnyStruct:
        """Return element `index` as a struct; a primitive or pointer element is seen as a struct of that one field."""
        self.check_index(index)
        if self._size == BIT:
            raise DecodeError("a list of bits cannot be read as structs")
        found = AnyStruct.__new__(AnyStruct)
        start = self._start + (index * self._step_bits >> 3)
        found._arena = self._arena
        found._segment = self._segment
        found._data = start
        found._data_bytes = self._data_bytes
        found._pointers = (start + self._data_bytes) >> 3
        found._pointer_count = self._pointer_count
        found._depth = self._depth - 1
        if self._depth <= 0:
            raise DecodeError("message is nested deeper than the nesting limit; a larger Limits(nesting=...) reads it")
        return found

    def pointer(self, index: int) -> AnyPointer:
        """Return the pointer that element `index` is, or that its pointer section begins with."""
        self.check_index(index)
        if self._pointer_count == 0:
            raise DecodeError("the elements of this list hold no pointers")
        found = AnyPointer.__new__(AnyPointer)
        found._arena = self._arena
        found._segment = self._segment
        found._position = (self._start + (index * self._step_bits >> 3) + self._data_bytes) >> 3
        found._depth = self._depth
        return found

    @property
    def holds_pointers(self) -> bool:
        """Whether each element is a pointer, or a struct with pointers."""
        return self._size == POINTER or (self._size == COMPOSITE and self._pointer_count > 0)

    def as_(self, type_: Any) -> Any:
        """Return the list as one of a type.

        Args:
            type_: `list[...]`, or a field, such as `Person.phones`, for its type.

        Raises:
            DecodeError: the elements cannot be read as that type.
            TypeError: it is no list type.
        """
        return self if type_ is AnyList else CASTER.see(self, type_)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnyList):
            return NotImplemented
        from caplet.wire.equality import same_list

        return same_list(self, other)

    __hash__ = None  # type: ignore[assignment]  # two that are equal may lie in memory that changes

    def __repr__(self) -> str:
        return f"<list of {self._length} elements of size code {self._size}>"
