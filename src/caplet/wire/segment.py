"""One segment: a run of 8-byte words, seen at every width without a copy.

Knows how to look at a buffer as numbers of each width, as bytes and as text. Does not know pointers, messages or limits: whoever
calls has checked the bounds.

The typed views (`u8s` … `f64s`) are C pointers when compiled and casts of one memoryview, made on first use, when not; indexing
them reads the same in both. They are native-endian, which is why big-endian hosts are refused.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caplet.wire.buffers import Buffer

__all__ = ["EMPTY_SEGMENT", "Segment"]

if sys.byteorder != "little":
    raise ImportError("caplet reads message memory in place and supports little-endian machines only")

COMPILED = not __file__.endswith(".py")

_FORMATS = {
    "u8s": "B",
    "i8s": "b",
    "u16s": "H",
    "i16s": "h",
    "u32s": "I",
    "i32s": "i",
    "u64s": "Q",
    "i64s": "q",
    "f32s": "f",
    "f64s": "d",
}


class Segment:
    """A run of words that belongs to one message.

    Args:
        buffer: the memory; trailing bytes that do not fill a word are left out.
        segment_id: its number in the message, for far pointers and error texts.
        used: how many words of it are in use; a segment that is read is used to its end.

    A segment that is `fixed` is somebody else's memory within a message that is built, and is never written.
    """

    __slots__ = (
        "_view",
        "f32s",
        "f64s",
        "fixed",
        "i8s",
        "i16s",
        "i32s",
        "i64s",
        "id",
        "u8s",
        "u16s",
        "u32s",
        "u64s",
        "used",
        "words",
    )

    id: int
    fixed: bool
    used: int
    words: int
    _view: memoryview
    u8s: memoryview
    i8s: memoryview
    u16s: memoryview
    i16s: memoryview
    u32s: memoryview
    i32s: memoryview
    u64s: memoryview
    i64s: memoryview
    f32s: memoryview[float]
    f64s: memoryview[float]

    def __init__(self, buffer: Buffer, segment_id: int = 0, used: int = -1) -> None:
        self.open(buffer, segment_id, used)

    def open(self, buffer: Buffer, segment_id: int, used: int) -> None:
        """Look at a buffer; the arguments are those of the class."""
        if COMPILED:
            words = see_buffer(self, buffer)  # type: ignore[name-defined]  # noqa: F821  (inline in segment.pxd)
        else:
            view = memoryview(buffer)
            size = view.nbytes
            if view.ndim != 1 or view.itemsize != 1 or size & 7 or not view.c_contiguous:
                view = view.cast("B")[: size & ~7]
            self._view = view
            words = size >> 3
        self.id = segment_id
        self.fixed = False
        self.words = words
        self.used = words if used < 0 else used

    def allocate(self, words: int, segment_id: int, used: int) -> None:
        """Take new memory of `words` zeros; the other arguments are those of the class."""
        self.open(zeros(words << 3) if COMPILED else bytearray(words << 3), segment_id, used)  # type: ignore[name-defined]  # noqa: F821  (segment.pxd)

    def __dealloc__(self) -> None:
        """Compiled, let go of the buffer, which was held in place."""
        if COMPILED:
            let_go(self)  # type: ignore[name-defined]  # noqa: F821  (segment.pxd)

    @property
    def view(self) -> memoryview:
        """The segment's memory as bytes."""
        made = self._view
        return self.make_view() if COMPILED and made is None else made  # pyright: ignore[reportUnnecessaryComparison]

    def make_view(self) -> memoryview:
        """Make the view, which nobody needs who only reads; uncompiled, it is there from the start."""
        start = seen_from(self)  # type: ignore[name-defined]  # noqa: F821  (segment.pxd)
        view = memoryview(self.source).cast("B")
        self._view = view[start : start + (self.words << 3)]
        return self._view

    def refer(self, content: memoryview, segment_id: int) -> None:
        """Look at somebody else's memory, contiguous bytes of any number; the last word counts as filled up with zeros."""
        self.open(content, segment_id, -1)
        self.fixed = True
        self._view = content.cast("B").toreadonly()
        self.words = self.used = (self._view.nbytes + 7) >> 3

    def content(self) -> memoryview:
        """Return the words in use, over the memory itself; a copy only of somebody else's memory that does not fill its last word."""
        found = self.view[: self.used << 3]
        missing = (self.used << 3) - found.nbytes
        return memoryview(bytes(found) + bytes(missing)) if missing else found

    def __getattr__(self, name: str) -> Any:
        """Make a typed view on its first use; compiled, all of them are there from the start."""
        try:
            item_format = _FORMATS[name]
        except KeyError:
            raise AttributeError(f"'Segment' object has no attribute {name!r}") from None
        view: Any = self._view.cast("B")
        if item_format != "B":
            view = view.cast(item_format)
        setattr(self, name, view)
        return view

    def blob(self, start: int, length: int) -> bytes:
        """Return a copy of `length` bytes from byte `start`."""
        if COMPILED:
            return self.u8s[start : start + length]  # type: ignore[return-value]  # what a pointer points at is copied
        return bytes(self.u8s[start : start + length])

    def text(self, start: int, length: int) -> str:
        """Return `length` bytes from byte `start` as text.

        Raises:
            UnicodeDecodeError: the bytes are not UTF-8.
        """
        if COMPILED:
            return decode_utf8(self, start, length)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (segment.pxd)
        return str(self.u8s[start : start + length], "utf-8")

    def put_bytes(self, start: int, content: Buffer) -> None:
        """Write `content` (bytes or any contiguous buffer) from byte `start` on."""
        if COMPILED and type(content) is bytes:
            copy_bytes(self, start, content)  # type: ignore[name-defined]  # noqa: F821  (segment.pxd)
            return
        source = memoryview(content)
        if source.ndim != 1 or source.itemsize != 1 or source.format != "B":
            source = source.cast("B")
        self.view[start : start + source.nbytes] = source

    def zero(self, start: int, length: int) -> None:
        """Overwrite `length` bytes from byte `start` with zeros; somebody else's memory is left alone."""
        if self.fixed:
            return
        if COMPILED:
            fill_zeros(self, start, length)  # type: ignore[name-defined]  # noqa: F821  (segment.pxd)
        elif length > 0:
            self.view[start : start + length] = bytes(length)


EMPTY_SEGMENT = Segment(bytes(8))
