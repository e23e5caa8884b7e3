"""Messages on a stream: the segment table in front of each, and how messages are cut out of arriving bytes.

Knows the framing and its limits. Does not know sockets or files.

A frame is a table of 32-bit numbers (how many segments less one, then the words of each), padded to a word, then the segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import DecodeError
from caplet.limits import DEFAULT_LIMITS
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.limits import Limits
    from caplet.wire.buffers import Buffer, Segments

__all__ = ["Framer", "frame", "frame_header", "read_table"]

COMPILED = not __file__.endswith(".py")

# A message that is not whole gets this much memory at first, or what it needs if that is less; more when that is full. Uncompiled, the
# memory is cleared, so that it is taken in earnest: a peer that tells of a long message and sends nothing of it must cost little.
FIRST_ROOM_BYTES = (1 << 20 if COMPILED else 1 << 16) + (1 << 14)

# More segments than this are told of by bytes that are something else.
MOST_LIKELY_SEGMENTS = 1 << 16

# Memory that large messages were gathered in, oldest first: that of one which nobody looks at any more is used for the next one, because the
# system takes longer to give new memory than to fill it. It is kept for all connections together, and for messages of these sizes.
KEPT_ROOMS = 4
SMALLEST_KEPT_BYTES = 64 * 1024
LARGEST_KEPT_BYTES = (1 << 21) + (1 << 15)
_kept: list[bytearray] = []


def take_room(size: int) -> bytearray:
    """Return memory of at least `size` bytes, not cleared, that nobody looks at."""
    for _ in range(len(_kept)):
        # Taken out before it is looked at: other threads may be looking for memory too.
        try:
            room = _kept.pop(0)
        except IndexError:
            break
        if size <= len(room) <= 2 * size and not is_seen(room):
            return room
        _kept.append(room)
    return new_room(size) if COMPILED else bytearray(size)  # type: ignore[name-defined]  # noqa: F821  (framing.pxd)


def is_seen(room: bytearray) -> bool:
    """Tell whether somebody looks at memory: then its size may not be changed, which Python watches over."""
    try:
        room.pop()
    except BufferError:
        return True
    room.append(0)
    return False


def keep_room(room: bytearray) -> None:
    """Remember memory that a message was gathered in, which may be looked at still."""
    if SMALLEST_KEPT_BYTES <= len(room) <= LARGEST_KEPT_BYTES:
        if len(_kept) >= KEPT_ROOMS:
            del _kept[:1]
        _kept.append(room)


def frame_header(segment_words: Sequence[int]) -> bytes:
    """Return the segment table for segments of these sizes.

    Args:
        segment_words: the size of each segment in words; at least one.

    Returns:
        The table, padded to a whole word.
    """
    # As one long number: there are few segments.
    table = len(segment_words) - 1
    bits = 32
    for words in segment_words:
        table |= words << bits
        bits += 32
    return table.to_bytes((bits + 63 >> 6) << 3, "little")


def first_word(data: bytes | memoryview, start: int) -> int:
    """Return the word at byte `start`: the segment table of a message of one segment, in the plain case."""
    if COMPILED:
        return word_at(data, start)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (framing.pxd)
    return int.from_bytes(data[start : start + 8], "little")


def number_at(data: bytes | memoryview, start: int) -> int:
    """Return the 32-bit number at byte `start`."""
    if COMPILED:
        return half_at(data, start)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (framing.pxd)
    return int.from_bytes(data[start : start + 4], "little")


def frame(segments: Segments) -> list[memoryview | bytes]:
    """Return the buffers to write for one message: its table, then its segments, not copied."""
    if len(segments) == 1:
        # The plain case: the count is zero, and the table is one word.
        table = len(segments[0]) >> 3 << 32
        return [word_of(table) if COMPILED else table.to_bytes(8, "little"), segments[0]]  # type: ignore[name-defined]  # noqa: F821  (framing.pxd)
    header: list[memoryview | bytes] = [frame_header([len(segment) >> 3 for segment in segments])]
    header.extend(segments)
    return header


def read_table(
    data: bytes | memoryview, start: int, limits: Limits, in_place: bool = False
) -> tuple[list[int], int] | None:
    """Read the segment table at byte `start`.

    Args:
        data: bytes, as far as they are there; a view is one of contiguous bytes.
        limits: bounds for the number of segments and the size of the message.
        in_place: whether the message is there already, so that no room is made for it, whatever its size.

    Returns:
        The words of each segment and the byte offset of the first; None when the table is not whole yet.

    Raises:
        DecodeError: more segments or words than the limits allow.
    """
    available = len(data) - start
    if available < 4:
        return None
    count = number_at(data, start) + 1
    if count > limits.segments:
        hint = (
            "a larger Limits(segments=...) reads it"
            if count <= MOST_LIKELY_SEGMENTS
            else "these bytes are no message, or a packed one"
        )
        raise DecodeError(f"a message of {count} segments; the limit is {limits.segments}; {hint}")
    table_bytes = (count + 2) // 2 * 8
    known = min(available // 4 - 1, count)
    sizes: list[int] = []
    total = 0
    for number in range(1, known + 1):
        words = number_at(data, start + 4 * number)
        sizes.append(words)
        total += words
    if total > limits.traversal_words and not in_place:
        raise DecodeError(
            f"a message of at least {total} words; the limit is {limits.traversal_words}; "
            "a larger Limits(traversal_words=...) reads it"
        )
    if available < table_bytes:
        return None
    return sizes, start + table_bytes


class Framer:
    """Cuts messages out of bytes as they arrive, and frames those that leave.

    A message that is not whole yet is gathered in memory of its own, which grows with what has arrived and not with what the peer announced.

    Args:
        limits: bounds for each message; None for the defaults.
    """

    __slots__ = ("_body", "_have", "_limits", "_most_words", "_needed", "_size", "_table")

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = DEFAULT_LIMITS if limits is None else limits
        self._most_words = self._limits.traversal_words
        # The beginning of a segment table, which does not say yet how long its message is.
        self._table = b""
        # A message whose size is known: how many bytes it has, for how many there is memory, how many of them are there.
        self._body: bytearray | None = None
        self._needed = 0
        self._size = 0
        self._have = 0

    @property
    def pending_bytes(self) -> int:
        """How many bytes of a message that is not whole yet have arrived."""
        return len(self._table) + self._have

    def feed(self, chunk: Buffer) -> list[MessageReader]:
        """Take more bytes and return the messages that they complete.

        Args:
            chunk: bytes in the order of the stream; kept, not copied, by the messages that lie wholly in it, so an immutable
                object must be passed, or one that is never written again.

        Returns:
            Zero or more messages, in order.

        Raises:
            DecodeError: the stream is not one of messages within the limits; nothing can be read from it any more.
        """
        messages: list[MessageReader] = []
        start = 0
        data = chunk if type(chunk) is bytes else memoryview(chunk).cast("B")
        if self._body is not None:
            start = self.gather(memoryview(data), 0, messages)
        elif self._table:
            data = self._table + data
            self._table = b""
        while self._body is None:
            start = self.cut_plain(data, start, messages)
            if start == len(data):
                break
            end = self.cut(data, start, messages)
            if end == start:
                self._table = bytes(data[start:])
                break
            start = end
        return messages

    def cut_plain(self, data: bytes | memoryview, start: int, messages: list[MessageReader]) -> int:
        """Take the messages of one segment each that lie whole behind byte `start`, as most do, and return where they end."""
        size = len(data)
        while size - start >= 16:
            table = first_word(data, start)
            words = table >> 32
            end = start + 8 + (words << 3)
            if table & 0xFFFFFFFF or not words or end > size or words > self._most_words:
                break
            message = MessageReader.__new__(MessageReader)
            if COMPILED:
                see_words(message, data, start + 8, words, self._limits)  # type: ignore[name-defined]  # noqa: F821  (framing.pxd)
            else:
                message.open((memoryview(data)[start + 8 : end],), self._limits)
            messages.append(message)
            start = end
        return start

    def cut(self, data: bytes | memoryview, start: int, messages: list[MessageReader]) -> int:
        """Take one message that begins at byte `start`, or the beginning of one, and return where the next one begins."""
        table = read_table(data, start, self._limits)
        if table is None:
            return start
        sizes, at = table
        end = at + (sum(sizes) << 3)
        if end > len(data):
            self._needed = end - start
            self._have = 0
            self._size = min(self._needed, max(FIRST_ROOM_BYTES, 2 * (len(data) - start)))
            self._body = take_room(self._size)
            return self.gather(memoryview(data), start, messages)
        self.split(data, sizes, at, messages)
        return end

    def split(self, data: bytes | memoryview, sizes: list[int], at: int, messages: list[MessageReader]) -> None:
        """Make a message of the segments that begin at byte `at`."""
        message = MessageReader.__new__(MessageReader)
        if COMPILED and sizes[0]:
            see_segments(message, data, at, sizes, self._limits)  # type: ignore[name-defined]  # noqa: F821  (framing.pxd)
        else:
            segments: list[memoryview] = []
            for words in sizes:
                segments.append(memoryview(data)[at : at + (words << 3)])
                at += words << 3
            message.open(segments, self._limits)
        messages.append(message)

    # --- messages that come in pieces -----------------------------------------------------------------------------------------------

    def gather(self, view: memoryview, start: int, messages: list[MessageReader]) -> int:
        """Copy what belongs to the message that is not whole, and return where the next one begins."""
        while start < len(view) and self._body is not None:
            self.enlarge()
            size = min(self._size - self._have, len(view) - start)
            memoryview(self._body)[self._have : self._have + size] = view[start : start + size]
            start += size
            self.advance(size, messages)
        return start

    def room(self) -> memoryview | None:
        """Return where the next bytes of the stream may be written, when a message is being gathered; None when bytes must be fed.

        Whoever writes there says so by `filled`, and has let go of the view when it asks for the next one.
        """
        if self._body is None:
            return None
        self.enlarge()
        return memoryview(self._body)[self._have : self._size]

    def enlarge(self) -> None:
        """Make room for more of the message when what there was is full."""
        if self._have == self._size:
            self._size = min(self._needed, 2 * self._size)
            body = self._body
            assert body is not None
            missing = self._size - len(body)
            if missing > 0:
                body += bytes(missing)

    def filled(self, size: int) -> list[MessageReader]:
        """Take note of bytes that were written into `room()`, and return the message that they complete.

        Args:
            size: how many.
        """
        messages: list[MessageReader] = []
        self.advance(size, messages)
        return messages

    def advance(self, size: int, messages: list[MessageReader]) -> None:
        """Count bytes of the message that is gathered, and make it when it is whole."""
        body = self._body
        assert body is not None
        self._have += size
        if self._have == self._needed:
            view = memoryview(body)[: self._needed].toreadonly()
            self._body = None
            keep_room(body)
            self._have = 0
            table = read_table(view, 0, self._limits)
            assert table is not None
            self.split(view, table[0], table[1], messages)

    # --- sending --------------------------------------------------------------------------------------------------------------------

    def frame(self, messages: Sequence[Segments]) -> list[memoryview | bytes]:
        """Return the buffers to write for messages in order; nothing is copied.

        Args:
            messages: the segments of each.
        """
        buffers: list[memoryview | bytes] = []
        for segments in messages:
            buffers += frame(segments)
        return buffers
