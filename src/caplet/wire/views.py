"""Where a struct or a list lies in a message: the slots that every reader and builder class shares.

Knows the slots and nothing about how they are filled (`arena.py`) or what they mean to a user (`untyped.py`, and the typed classes
above this layer). Slot names start with an underscore because generated classes inherit them beside fields named by users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.wire.segment import EMPTY_SEGMENT

if TYPE_CHECKING:
    from caplet.wire.arena import Arena
    from caplet.wire.segment import Segment

__all__ = ["ListBuilder", "ListReader", "StructBuilder", "StructReader"]


class StructReader:
    """A place where a struct lies; a new one lies nowhere and reads as all defaults.

    Slots: `_arena` the message; `_segment` the segment; `_data` byte offset of the data section; `_data_bytes` its size;
    `_pointers` word position of the pointer section; `_pointer_count` its size; `_depth` how many pointers deep may still be read.
    """

    __slots__ = ("_arena", "_data", "_data_bytes", "_depth", "_pointer_count", "_pointers", "_segment")

    _arena: Arena
    _segment: Segment
    _data: int
    _data_bytes: int
    _pointers: int
    _pointer_count: int
    _depth: int

    def __init__(self) -> None:
        self._arena = None  # type: ignore[assignment]  # nothing lies there, so nothing is ever followed
        self._segment = EMPTY_SEGMENT
        self._data = 0
        self._data_bytes = 0
        self._pointers = 0
        self._pointer_count = 0
        self._depth = 0

    def _charge_at_least(self, words: int) -> None:
        """Charge what the struct costs beyond its own words to whoever makes something of every field, also of those that it is too small for.

        Args:
            words: what it is to cost, whatever its size.

        Raises:
            DecodeError: the budget is used up.
        """
        missing = words - (self._data_bytes >> 3) - self._pointer_count
        if missing > 0 and self._arena is not None:  # pyright: ignore[reportUnnecessaryComparison]
            self._arena.charge(missing)


class StructBuilder(StructReader):
    """A struct in a message that is being built; its memory may be written."""

    __slots__ = ()


class ListReader:
    """A place where a list lies; a new one lies nowhere and is empty.

    Slots: `_arena`, `_segment`, `_depth` as for structs; `_start` byte offset of the first element; `_length` elements; `_step_bits` from
    one element to the next; `_data_bytes` and `_pointer_count` of one element seen as a struct; `_size` the element size code that the
    list has on the wire (0 void, 1 bit, 2 to 5 one to eight bytes, 6 pointer, 7 struct).
    """

    __slots__ = (
        "_arena",
        "_data_bytes",
        "_depth",
        "_length",
        "_pointer_count",
        "_segment",
        "_size",
        "_start",
        "_step_bits",
    )

    _arena: Arena
    _segment: Segment
    _start: int
    _length: int
    _step_bits: int
    _data_bytes: int
    _pointer_count: int
    _depth: int
    _size: int

    def __init__(self) -> None:
        self._arena = None  # type: ignore[assignment]  # nothing lies there, so nothing is ever followed
        self._segment = EMPTY_SEGMENT
        self._start = 0
        self._length = 0
        self._step_bits = 0
        self._data_bytes = 0
        self._pointer_count = 0
        self._depth = 0
        self._size = 0

    def __len__(self) -> int:
        return self._length

    def _charge_bits(self) -> None:
        """Charge what the bits of a list cost whoever makes a value of each: a word for eight.

        Raises:
            DecodeError: the budget is used up.
        """
        if self._arena is not None:  # pyright: ignore[reportUnnecessaryComparison]
            self._arena.charge(self._length >> 3)


class ListBuilder(ListReader):
    """A list in a message that is being built; its memory may be written."""

    __slots__ = ()
