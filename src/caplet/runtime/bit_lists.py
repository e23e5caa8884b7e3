"""Lists of Bool, whose elements are bits, and of Void, whose elements are nothing.

Knows how bits lie in bytes. Does not know what all lists do (`lists.py`).
"""

from __future__ import annotations

from typing import Any

from caplet.runtime.buffers import BITS, buffer_or_none, bytes_of_bits, plain_format
from caplet.runtime.lists import List
from caplet.wire.sizes import BIT, VOID

__all__ = ["BoolList", "VoidList"]


class VoidList(List):
    """A list of Void."""

    __slots__ = ()

    def item(self, index: int) -> Any:
        """Return None."""
        return None

    def put(self, index: int, value: Any) -> None:
        """Take None."""
        if value is not None:
            raise self.kind.mismatch(value, self.title)

    def move(self, capacity: int) -> None:
        """Move to a place for `capacity` elements."""
        assert self._holder is not None
        self._arena.init_list(self, self._holder, self._position, VOID, capacity)  # type: ignore[attr-defined]


class BoolList(List):
    """A list of Bool."""

    __slots__ = ()

    def item(self, index: int) -> Any:
        """Return the truth value at `index`."""
        return self._segment.u8s[self._start + (index >> 3)] >> (index & 7) & 1 != 0

    def export(self) -> list[Any]:
        """Return the truth values."""
        self._charge_bits()
        return list(self)

    def to_bytes(self) -> bytes:
        """Return the truth values as bytes, 0 or 1 for each; `numpy.frombuffer(..., bool)` makes an array of them."""
        first = self._start
        packed = self._segment.view[first : first + ((self._length + 7) >> 3)]
        return b"".join([BITS[byte] for byte in packed])[: self._length]

    def takes_buffer(self, values: Any) -> bool:
        """Tell whether the values are a buffer of truth values."""
        view = buffer_or_none(values)
        return view is not None and view.ndim == 1 and plain_format(view) == "?"

    def put_buffer(self, first: int, count: int, values: Any) -> bool:
        """Write truth values from element `first`, the first of its byte, on in one go."""
        if first & 7 or not self.takes_buffer(values) or len(values) != count:
            return False
        # What follows the last whole byte is written bit by bit, so that its neighbours stay.
        source = bytes(values)
        whole = count & ~7
        self._segment.put_bytes(self._start + (first >> 3), bytes_of_bits(source[:whole]))
        for at in range(whole, count):
            self.put(first + at, source[at] != 0)
        return True

    def put(self, index: int, value: Any) -> None:
        """Write a truth value."""
        if type(value).__name__ not in ("bool", "bool_"):
            raise self.kind.mismatch(value, self.title)
        at = self._start + (index >> 3)
        mask = 1 << (index & 7)
        old = self._segment.u8s[at]
        self._segment.u8s[at] = old | mask if value else old & ~mask & 0xFF

    def move(self, capacity: int) -> None:
        """Move to a place for `capacity` elements."""
        old = bytes(self._segment.view[self._start : self._start + ((self._length + 7) >> 3)])
        assert self._holder is not None
        self._arena.init_list(self, self._holder, self._position, BIT, capacity)  # type: ignore[attr-defined]
        self._segment.put_bytes(self._start, old)
