"""Building without a schema: any pointer, any struct, any list, in place.

Knows how numbers, text, data and pointers are put where an arena has made room. Does not know field names or schemas. What was built
is read through `as_reader()`, which sees the same memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.errors import BuildError
from caplet.wire.copying import copy_list, copy_pointer, copy_struct
from caplet.wire.sizes import COMPOSITE, POINTER
from caplet.wire.untyped import CASTER, AnyList, AnyPointer, AnyStruct
from caplet.wire.views import ListBuilder, ListReader, StructBuilder

if TYPE_CHECKING:
    from caplet.wire.buffers import Buffer
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment
    from caplet.wire.views import StructReader

__all__ = ["AnyListBuilder", "AnyPointerBuilder", "AnyStructBuilder"]


class AnyStructBuilder(StructBuilder):
    """A struct written by offsets; every offset must lie inside the sections that it was made with."""

    __slots__ = ()

    _arena: BuilderArena  # pyright: ignore[reportIncompatibleVariableOverride]

    def offset(self, offset: int, width: int) -> int:
        """Return the absolute byte offset of a number of `width` bytes.

        Raises:
            BuildError: it lies outside the data section.
        """
        if offset < 0 or offset + width > self._data_bytes:
            raise BuildError(f"byte {offset} lies outside a data section of {self._data_bytes} bytes")
        return self._data + offset

    def position(self, index: int) -> int:
        """Return the absolute word position of pointer `index`.

        Raises:
            BuildError: it lies outside the pointer section.
        """
        if index < 0 or index >= self._pointer_count:
            raise BuildError(f"pointer {index} lies outside a section of {self._pointer_count}")
        return self._pointers + index

    def set_u8(self, offset: int, value: int, default: int = 0) -> None:
        """Write an unsigned byte at byte `offset`, xor `default`."""
        self._segment.u8s[self.offset(offset, 1)] = value ^ default

    def set_u16(self, offset: int, value: int, default: int = 0) -> None:
        """Write an unsigned 16-bit number at byte `offset`, xor `default`."""
        self._segment.u16s[self.offset(offset, 2) >> 1] = value ^ default

    def set_u32(self, offset: int, value: int, default: int = 0) -> None:
        """Write an unsigned 32-bit number at byte `offset`, xor `default`."""
        self._segment.u32s[self.offset(offset, 4) >> 2] = value ^ default

    def set_u64(self, offset: int, value: int, default: int = 0) -> None:
        """Write an unsigned 64-bit number at byte `offset`, xor `default`."""
        self._segment.u64s[self.offset(offset, 8) >> 3] = value ^ default

    def set_f32(self, offset: int, value: float) -> None:
        """Write a 32-bit float at byte `offset`."""
        self._segment.f32s[self.offset(offset, 4) >> 2] = value

    def set_f64(self, offset: int, value: float) -> None:
        """Write a 64-bit float at byte `offset`."""
        self._segment.f64s[self.offset(offset, 8) >> 3] = value

    def set_boolean(self, bit: int, value: bool, default: bool = False) -> None:
        """Write a truth value at bit `bit` of the data section, inverted when `default` is true."""
        at = self.offset(bit >> 3, 1)
        mask = 1 << (bit & 7)
        old = self._segment.u8s[at]
        self._segment.u8s[at] = old | mask if bool(value) != bool(default) else old & ~mask & 0xFF

    def pointer(self, index: int) -> AnyPointerBuilder:
        """Return pointer `index` for writing."""
        return AnyPointerBuilder(self._arena, self._segment, self.position(index))

    def init_struct(self, index: int, data_words: int, pointer_count: int) -> AnyStructBuilder:
        """Make pointer `index` lead to a new struct and return it."""
        made = AnyStructBuilder.__new__(AnyStructBuilder)
        arena = self._arena
        arena.init_struct(made, self._segment, self.position(index), data_words, pointer_count)
        return made

    def init_struct_list(self, index: int, length: int, data_words: int, pointer_count: int) -> AnyListBuilder:
        """Make pointer `index` lead to a new list of structs and return it."""
        made = AnyListBuilder.__new__(AnyListBuilder)
        arena = self._arena
        arena.init_struct_list(made, self._segment, self.position(index), length, data_words, pointer_count)
        return made

    def set_text(self, index: int, text: str) -> None:
        """Make pointer `index` lead to a copy of `text`."""
        self._arena.set_text(self._segment, self.position(index), text)

    def set_blob(self, index: int, content: Buffer) -> None:
        """Make pointer `index` lead to a copy of `content`."""
        self.pointer(index).set_blob(content)

    def has(self, index: int) -> bool:
        """Tell whether pointer `index` is there and not null."""
        return index < self._pointer_count and self._segment.u64s[self._pointers + index] != 0

    def clear(self, index: int) -> None:
        """Null pointer `index` and zero what it led to."""
        self._arena.clear(self._segment, self.position(index))

    def as_reader(self) -> AnyStruct:
        """Return a reader over the same memory."""
        found = AnyStruct.__new__(AnyStruct)
        found._arena = self._arena
        found._segment = self._segment
        found._data = self._data
        found._data_bytes = self._data_bytes
        found._pointers = self._pointers
        found._pointer_count = self._pointer_count
        found._depth = self._depth
        return found


class AnyPointerBuilder:
    """One place where a pointer stands in a message that is being built."""

    __slots__ = ("_arena", "_position", "_segment")

    def __init__(self, arena: BuilderArena, segment: Segment, position: int) -> None:
        self.open(arena, segment, position)

    def open(self, arena: BuilderArena, segment: Segment, position: int) -> None:
        """Stand at a place; the arguments are those of the class."""
        self._arena = arena
        self._segment = segment
        self._position = position

    @property
    def is_null(self) -> bool:
        """Whether the pointer leads nowhere."""
        return self._segment.u64s[self._position] == 0

    def clear(self) -> None:
        """Null the pointer and zero what it led to."""
        self._arena.clear(self._segment, self._position)

    def init_struct(self, data_words: int, pointer_count: int) -> AnyStructBuilder:
        """Make it lead to a new struct and return that."""
        made = AnyStructBuilder.__new__(AnyStructBuilder)
        self._arena.init_struct(made, self._segment, self._position, data_words, pointer_count)
        return made

    def struct(self, data_words: int, pointer_count: int) -> AnyStructBuilder:
        """Return the struct that it leads to, grown to at least these sizes, or a new one for null."""
        made = AnyStructBuilder.__new__(AnyStructBuilder)
        if not self._arena.writable_struct(made, self._segment, self._position, data_words, pointer_count):
            self._arena.init_struct(made, self._segment, self._position, data_words, pointer_count)
        return made

    def init_list(self, element_size: int, length: int) -> AnyListBuilder:
        """Make it lead to a new list of elements of this size code (structs excepted) and return that."""
        if element_size < 0 or element_size > POINTER:
            raise BuildError(f"{element_size} is no element size code of a list without structs")
        made = AnyListBuilder.__new__(AnyListBuilder)
        self._arena.init_list(made, self._segment, self._position, element_size, length)
        return made

    def init_struct_list(self, length: int, data_words: int, pointer_count: int) -> AnyListBuilder:
        """Make it lead to a new list of structs and return that."""
        made = AnyListBuilder.__new__(AnyListBuilder)
        self._arena.init_struct_list(made, self._segment, self._position, length, data_words, pointer_count)
        return made

    def set_text(self, text: str) -> None:
        """Make it lead to a copy of `text`."""
        self._arena.set_text(self._segment, self._position, text)

    def set_blob(self, content: Buffer) -> None:
        """Make it lead to a copy of `content`, any contiguous buffer."""
        source = memoryview(content)
        start = self._arena.new_bytes(self._segment, self._position, source.nbytes)
        self._arena.target.put_bytes(start, source)

    def set_capability(self, capability: object | None) -> None:
        """Make it refer to `capability`, which joins the message's capability table; None makes it null."""
        if capability is None:
            self.clear()
        else:
            self._arena.set_capability(self._segment, self._position, capability)

    def capability(self) -> object | None:
        """Return the capability that it refers to, None for null."""
        return self.as_reader().capability()

    def set(self, value: AnyPointer | StructReader | ListReader) -> None:
        """Make it lead to a deep copy of `value`; capabilities go along."""
        if isinstance(value, AnyPointer):
            copy_pointer(self._arena, self._segment, self._position, value)
        elif isinstance(value, ListReader):
            copy_list(self._arena, self._segment, self._position, value)
        else:
            copy_struct(self._arena, self._segment, self._position, value)

    def as_(self, type_: Any) -> Any:
        """Return what it leads to as something of a type that can be written; a null struct is made, other nulls are empty.

        Args:
            type_: as for `AnyPointer.as_`, but for `AnyStruct` and `AnyList`, which `struct`, `init_list` and `as_reader` give.

        Raises:
            DecodeError: it leads to something else.
            TypeError: it is none of these types.
        """
        return CASTER.see(self, type_)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AnyPointerBuilder):
            return self.as_reader() == other.as_reader()
        return self.as_reader() == other if isinstance(other, AnyPointer) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what it leads to changes

    def __repr__(self) -> str:
        return repr(self.as_reader())

    def as_reader(self) -> AnyPointer:
        """Return a reader over the same memory."""
        found = AnyPointer.__new__(AnyPointer)
        found._arena = self._arena
        found._segment = self._segment
        found._position = self._position
        found._depth = self._arena.nesting
        return found


class AnyListBuilder(ListBuilder):
    """A list written without a schema. Indexes must be in range."""

    __slots__ = ()

    _arena: BuilderArena  # pyright: ignore[reportIncompatibleVariableOverride]

    def offset(self, index: int, width: int) -> int:
        """Return the byte offset of the number of `width` bytes in element `index`."""
        if index < 0 or index >= self._length:
            raise IndexError(f"index {index} of a list of {self._length}")
        if self._data_bytes < width:
            raise BuildError(f"elements of {self._data_bytes} bytes do not hold a number of {width}")
        return self._start + (index * self._step_bits >> 3)

    def set_u8(self, index: int, value: int) -> None:
        """Write an unsigned byte as element `index`."""
        self._segment.u8s[self.offset(index, 1)] = value

    def set_u16(self, index: int, value: int) -> None:
        """Write an unsigned 16-bit number as element `index`."""
        self._segment.u16s[self.offset(index, 2) >> 1] = value

    def set_u32(self, index: int, value: int) -> None:
        """Write an unsigned 32-bit number as element `index`."""
        self._segment.u32s[self.offset(index, 4) >> 2] = value

    def set_u64(self, index: int, value: int) -> None:
        """Write an unsigned 64-bit number as element `index`."""
        self._segment.u64s[self.offset(index, 8) >> 3] = value

    def set_boolean(self, index: int, value: bool) -> None:
        """Write a truth value as element `index` of a list of bits."""
        if index < 0 or index >= self._length:
            raise IndexError(f"index {index} of a list of {self._length}")
        if self._step_bits != 1:
            raise BuildError("this list is not one of bits")
        at = self._start + (index >> 3)
        mask = 1 << (index & 7)
        old = self._segment.u8s[at]
        self._segment.u8s[at] = old | mask if value else old & ~mask & 0xFF

    def struct(self, index: int) -> AnyStructBuilder:
        """Return element `index` of a list of structs for writing."""
        start = self.offset(index, 0)
        if self._size != COMPOSITE:
            raise BuildError("this list is not one of structs")
        made = AnyStructBuilder.__new__(AnyStructBuilder)
        arena = self._arena
        arena.lay_struct(made, self._segment, start >> 3, self._data_bytes >> 3, self._pointer_count)
        return made

    def pointer(self, index: int) -> AnyPointerBuilder:
        """Return element `index` of a list of pointers for writing."""
        start = self.offset(index, 0)
        if self._pointer_count == 0:
            raise BuildError("the elements of this list hold no pointers")
        return AnyPointerBuilder(self._arena, self._segment, (start + self._data_bytes) >> 3)

    def as_reader(self) -> AnyList:
        """Return a reader over the same memory."""
        found = AnyList.__new__(AnyList)
        found._arena = self._arena
        found._segment = self._segment
        found._start = self._start
        found._length = self._length
        found._step_bits = self._step_bits
        found._data_bytes = self._data_bytes
        found._pointer_count = self._pointer_count
        found._depth = self._depth
        found._size = self._size
        return found
