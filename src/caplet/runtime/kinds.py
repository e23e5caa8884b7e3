"""What stands behind a pointer, or in a list element, of each type: how it is read, and how a program's value is written.

Knows one class for each kind of type but structs (`plans.py`) and lists (`lists.py`). Does not know fields (`fields.py`).

Scalar kinds read and write a number at a byte offset of a segment. Pointer kinds read and write behind a pointer word. Reading gives a
builder where `writable` is true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.runtime import references
from caplet.wire.sizes import BIT, BYTE, EIGHT_BYTES, FOUR_BYTES, LOW_HALF, POINTER, TWO_BYTES, VOID, WORD
from caplet.wire.untyped import AnyPointer
from caplet.wire.untyped_builder import AnyPointerBuilder

if TYPE_CHECKING:
    from caplet.wire.arena import Arena
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment

__all__ = [
    "AnyPointerKind",
    "BoolKind",
    "DataKind",
    "EnumKind",
    "FloatKind",
    "IntKind",
    "InterfaceKind",
    "Kind",
    "PointerKind",
    "ScalarKind",
    "TextKind",
    "VoidKind",
]

_SIZE_OF_BITS = {8: BYTE, 16: TWO_BYTES, 32: FOUR_BYTES, 64: EIGHT_BYTES}


class Kind:
    """A type, as far as reading and writing its values goes.

    Slots: `name` as in a schema; `size` the element size code of a list of it.
    """

    __slots__ = ("name", "size")

    name: str
    size: int

    def export(self, value: object) -> object:
        """Return an element of a list of this type as plain Python."""
        return value

    def mismatch(self, value: object, where: str) -> TypeError:
        """Return the error for a value of the wrong type at `where`."""
        return TypeError(f"{where}: expected {self.name}, not {type(value).__name__} ({value!r:.60})")


# --- scalars ------------------------------------------------------------------------------------------------------------------------


class ScalarKind(Kind):
    """A type whose values lie in the data section.

    Slots: `width` in bytes; `code` the format letter of `struct` and the buffer protocol.
    """

    __slots__ = ("code", "width")

    width: int
    code: str

    def load(self, segment: Segment, offset: int) -> object:
        """Return the value at byte `offset`."""
        raise NotImplementedError

    def store(self, segment: Segment, offset: int, value: object, where: str) -> None:
        """Write `value` at byte `offset`; `where` is for errors."""
        raise NotImplementedError


class VoidKind(ScalarKind):
    """Void: always None."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name = "Void"
        self.size = VOID
        self.width = 0
        self.code = ""

    def load(self, segment: Segment, offset: int) -> object:
        """Return None."""
        return None

    def store(self, segment: Segment, offset: int, value: object, where: str) -> None:
        """Take None, or True for those who write `unemployed=True`."""
        if value is not None and value is not True and value != ():
            raise self.mismatch(value, where)


class BoolKind(ScalarKind):
    """Bool, one bit; lists and fields address it by bit and use the name and the check."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name = "Bool"
        self.size = BIT
        self.width = 0
        self.code = "?"


class IntKind(ScalarKind):
    """An integer of 8 to 64 bits.

    Args:
        bits: its width.
        signed: whether it has a sign.
    """

    __slots__ = ("high", "low", "maximum", "minimum", "number", "wide")

    def __init__(self, bits: int, signed: bool) -> None:
        self.name = f"Int{bits}" if signed else f"UInt{bits}"
        self.size = _SIZE_OF_BITS[bits]
        self.width = bits // 8
        self.wide = bits == 64 and not signed
        self.minimum = -(1 << bits - 1) if signed else 0
        self.maximum = (1 << bits - 1) - 1 if signed else (1 << bits) - 1
        # The same bounds as machine numbers; UInt64 has no upper bound among those.
        self.low = self.minimum
        self.high = (1 << 63) - 1 if self.wide else self.maximum
        letter = {8: "b", 16: "h", 32: "i", 64: "q"}[bits]
        self.code = letter if signed else letter.upper()
        self.number = bits if signed else bits + 1

    def load(self, segment: Segment, offset: int) -> object:
        """Return the number at byte `offset`."""
        number = self.number
        if number == 33:
            return segment.u32s[offset >> 2]
        if number == 32:
            return segment.i32s[offset >> 2]
        if number == 65:
            return segment.u64s[offset >> 3]
        if number == 64:
            return segment.i64s[offset >> 3]
        if number == 17:
            return segment.u16s[offset >> 1]
        if number == 16:
            return segment.i16s[offset >> 1]
        if number == 9:
            return segment.u8s[offset]
        return segment.i8s[offset]

    def store(self, segment: Segment, offset: int, value: object, where: str) -> None:
        """Write a number at byte `offset`."""
        self.put(segment, offset, self.checked(value, where))

    def put(self, segment: Segment, offset: int, number: int) -> None:
        """Write a number that fits at byte `offset`; UInt64 as the signed number with the same bits."""
        width = self.width
        if width == 4:
            segment.u32s[offset >> 2] = number & LOW_HALF
        elif width == 8:
            segment.u64s[offset >> 3] = number & WORD
        elif width == 2:
            segment.u16s[offset >> 1] = number & 0xFFFF
        else:
            segment.u8s[offset] = number & 0xFF

    def checked(self, value: Any, where: str) -> int:
        """Return `value` as an integer that fits; UInt64 as the signed number with the same bits.

        Raises:
            TypeError: it is no integer.
            ValueError: it does not fit.
        """
        if type(value) is not int:
            if value is True or value is False:
                raise self.mismatch(value, where)
            try:
                value = value.__index__()
            except AttributeError:
                raise self.mismatch(value, where) from None
        if self.wide and value > self.high:
            if value <= self.maximum:
                return value - (1 << 64)  # type: ignore[no-any-return]
        else:
            try:
                number: int = value
                if self.low <= number <= self.high:
                    return number
            except OverflowError:  # compiled, a number that no machine number holds
                pass
        raise ValueError(f"{where}: {value} does not fit {self.name} ({self.minimum} to {self.maximum})")


class FloatKind(ScalarKind):
    """A float of 32 or 64 bits.

    Args:
        bits: its width.
    """

    __slots__ = ("bits",)

    def __init__(self, bits: int) -> None:
        self.name = f"Float{bits}"
        self.size = _SIZE_OF_BITS[bits]
        self.width = bits // 8
        self.bits = bits
        self.code = "f" if bits == 32 else "d"

    def load(self, segment: Segment, offset: int) -> object:
        """Return the number at byte `offset`."""
        if self.bits == 32:
            return segment.f32s[offset >> 2]
        return segment.f64s[offset >> 3]

    def store(self, segment: Segment, offset: int, value: object, where: str) -> None:
        """Write a number at byte `offset`."""
        number = self.checked(value, where)
        if self.bits == 32:
            segment.f32s[offset >> 2] = number
        else:
            segment.f64s[offset >> 3] = number

    def checked(self, value: Any, where: str) -> float:
        """Return `value` as a float.

        Raises:
            TypeError: it is no number.
            ValueError: it is an integer that no float can hold.
        """
        if type(value) is float:
            return value
        if isinstance(value, str | bytes):
            raise self.mismatch(value, where)
        try:
            return float(value)
        except TypeError:
            raise self.mismatch(value, where) from None
        except OverflowError:
            raise ValueError(f"{where}: {value!r:.40} does not fit {self.name}") from None


class EnumKind(ScalarKind):
    """An enum.

    Args:
        enum: its class.
    """

    __slots__ = ("enum", "members", "numbers", "schema_names")

    def __init__(self, enum: type[Any]) -> None:
        self.name = enum.__qualname__
        self.size = TWO_BYTES
        self.width = 2
        self.code = "H"
        self.enum = enum
        self.members = enum._by_number()
        self.numbers: dict[str, int] = {}
        self.schema_names: tuple[str, ...] = enum._schema_names

    def load(self, segment: Segment, offset: int) -> object:
        """Return the enumerant whose number is at byte `offset`."""
        return self.member(segment.u16s[offset >> 1])

    def member(self, number: int) -> object:
        """Return the enumerant with this number; numbers that the schema does not know are kept."""
        members = self.members
        if number < len(members):
            return members[number]
        return self.enum._unknown(number)

    def store(self, segment: Segment, offset: int, value: object, where: str) -> None:
        """Write an enumerant's number at byte `offset`."""
        segment.u16s[offset >> 1] = self.number(value, where)

    def export(self, value: Any) -> object:
        """Return the enumerant's name in the schema, its number when the schema does not know it."""
        return self.export_number(int(value))

    def export_number(self, number: int) -> object:
        """Return the name in the schema of the enumerant with this number, the number itself when it has none."""
        return self.schema_names[number] if number < len(self.schema_names) else number

    def number(self, value: object, where: str) -> int:
        """Return the number of an enumerant given as member, name or number.

        Raises:
            TypeError: it is something else.
            ValueError: there is no enumerant of this name, or the number does not fit.
        """
        if type(value) is self.enum:
            return value  # type: ignore[return-value]
        if isinstance(value, str):
            found = self.numbers.get(value)
            if found is None:
                found = self.numbers[value] = self.enum._number_of(value, where)
            return found
        if isinstance(value, int) and not isinstance(value, bool):
            if 0 <= value <= 0xFFFF:
                return int(value)
            raise ValueError(f"{where}: {value} is no number of an enumerant (0 to 65535)")
        raise self.mismatch(value, where)


# --- pointers -----------------------------------------------------------------------------------------------------------------------


class PointerKind(Kind):
    """A type whose values lie behind a pointer."""

    __slots__ = ()

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return what the pointer at word `position` leads to; the type's own default for null.

        Args:
            depth: how many pointers deep may still be read.
            writable: whether to give something that can be written.
        """
        raise NotImplementedError

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: object, where: str) -> None:
        """Make the pointer at word `position` lead to `value`; `where` is for errors."""
        raise NotImplementedError

    def export_at(self, arena: Arena, segment: Segment, position: int, depth: int) -> object:
        """Return what the pointer at word `position` leads to as plain Python."""
        return self.load(arena, segment, position, depth, False)


class TextKind(PointerKind):
    """Text: str."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name = "Text"
        self.size = POINTER

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return the text."""
        found = arena.text(segment, position)
        return "" if found is None else found

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: object, where: str) -> None:
        """Write a text."""
        if not isinstance(value, str):
            raise self.mismatch(value, where)
        try:
            arena.set_text(segment, position, value if type(value) is str else str.__str__(value))
        except UnicodeEncodeError as error:
            at = error.start
            raise ValueError(f"{where}: no text that UTF-8 can hold: a lone surrogate at index {at}") from None


class DataKind(PointerKind):
    """Data: bytes."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name = "Data"
        self.size = POINTER

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return a copy of the data."""
        found = arena.blob(segment, position)
        return b"" if found is None else found

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: Any, where: str) -> None:
        """Write any contiguous buffer: a copy of it, or, of a message filled by reference, long bytes themselves."""
        if type(value) is bytes:
            arena.set_bytes(segment, position, value)
            return
        try:
            source = memoryview(value)
        except TypeError:
            raise self.mismatch(value, where) from None
        if segment.u64s[position]:
            source = memoryview(bytes(source))  # it may lie in what is replaced, which is zeroed
        start = arena.new_bytes(segment, position, source.nbytes)
        arena.target.put_bytes(start, source)


class InterfaceKind(PointerKind):
    """A capability.

    Args:
        client: the client class of its interface.
    """

    __slots__ = ("client",)

    def __init__(self, client: type[Any]) -> None:
        self.name = client.__qualname__
        self.size = POINTER
        self.client = client

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return a client, None for null."""
        found = pointer_at(arena, segment, position, depth).capability()
        return None if found is None else self.client(found)

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: object, where: str) -> None:
        """Write a reference to a client's object or to a Server object; None is null."""
        try:
            capability = references.as_capability(value, self.client)
        except TypeError as error:
            raise TypeError(f"{where}: {error}") from None
        if capability is None:
            arena.clear(segment, position)
        else:
            arena.set_capability(segment, position, capability)


class AnyPointerKind(PointerKind):
    """AnyPointer, and type parameters that are not bound.

    Args:
        name: as in a schema.
        write: writes a typed value behind an untyped pointer.
    """

    __slots__ = ("write",)

    def __init__(self, name: str, write: Any) -> None:
        self.name = name
        self.size = POINTER
        self.write = write

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return the pointer itself."""
        if writable:
            return AnyPointerBuilder(arena, segment, position)  # type: ignore[arg-type]
        return pointer_at(arena, segment, position, depth)

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: object, where: str) -> None:
        """Write a copy of whatever a pointer can lead to."""
        self.write(AnyPointerBuilder(arena, segment, position), value, where)


def pointer_at(arena: Arena, segment: Segment, position: int, depth: int) -> AnyPointer:
    """Return the pointer at word `position` as an untyped one."""
    pointer = AnyPointer()
    pointer._arena = arena
    pointer._segment = segment
    pointer._position = position
    pointer._depth = depth
    return pointer
