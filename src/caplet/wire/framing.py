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
    from caplet.wire.buffers import Buffer

__all__ = ["Framer", "frame", "frame_header", "read_table"]


def frame_header(segment_words: Sequence[int]) -> bytes:
    """Return the segment table for segments of these sizes.

    Args:
        segment_words: the size of each segment in words; at least one.

    Returns:
        The table, padded to a whole word.
    """
    count = len(segment_words)
    numbers = [count - 1, *segment_words]
    if count % 2 == 0:
        numbers.append(0)
    return b"".join([number.to_bytes(4, "little") for number in numbers])


def frame(segments: Sequence[memoryview]) -> list[memoryview | bytes]:
    """Return the buffers to write for one message: its table, then its segments, not copied."""
    if len(segments) == 1:
        # The plain case: the count is zero, and the table is one word.
        return [(segments[0].nbytes >> 3 << 32).to_bytes(8, "little"), segments[0]]
    header: list[memoryview | bytes] = [frame_header([segment.nbytes >> 3 for segment in segments])]
    header.extend(segments)
    return header


def read_table(view: memoryview, start: int, limits: Limits, in_place: bool = False) -> tuple[list[int], int] | None:
    """Read the segment table at byte `start`.

    Args:
        view: bytes, as far as they are there.
        limits: bounds for the number of segments and the size of the message.
        in_place: whether the message is there already, so that no room is made for it, whatever its size.

    Returns:
        The words of each segment and the byte offset of the first; None when the table is not whole yet.

    Raises:
        DecodeError: more segments or words than the limits allow.
    """
    available = len(view) - start
    if available < 4:
        return None
    count = int.from_bytes(view[start : start + 4], "little") + 1
    if count > limits.segments:
        raise DecodeError(
            f"a message of {count} segments; the limit is {limits.segments}; a larger Limits(segments=...) reads it"
        )
    table_bytes = (count + 2) // 2 * 8
    known = min(available // 4 - 1, count)
    sizes = [int.from_bytes(view[start + 4 * i : start + 4 * i + 4], "little") for i in range(1, known + 1)]
    total = sum(sizes)
    if total > limits.traversal_words and not in_place:
        raise DecodeError(
            f"a message of at least {total} words; the limit is {limits.traversal_words}; "
            "a larger Limits(traversal_words=...) reads it"
        )
    if available < table_bytes:
        return None
    return sizes, start + table_bytes


class Framer:
    """Cuts messages out of bytes as they arrive.

    Args:
        limits: bounds for each message; None for the defaults.
    """

    __slots__ = ("_limits", "_needed", "_pending")

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = DEFAULT_LIMITS if limits is None else limits
        self._pending = bytearray()
        self._needed = 0

    @property
    def pending_bytes(self) -> int:
        """How many bytes of a message that is not whole yet have arrived."""
        return len(self._pending)

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
        if self._pending:
            self._pending += chunk
            if len(self._pending) < self._needed:
                return []
            view = memoryview(bytes(self._pending))
            self._pending = bytearray()
        else:
            view = memoryview(chunk)
        messages: list[MessageReader] = []
        start = 0
        while True:
            end = self.cut(view, start, messages)
            if end == start:
                break
            start = end
        if start < len(view):
            self._pending += view[start:]
        return messages

    def cut(self, view: memoryview, start: int, messages: list[MessageReader]) -> int:
        """Take one message that begins at byte `start`, when it is whole, and return where the next one begins."""
        if len(view) - start >= 8:
            # The plain case, one segment that is all there, without lists of sizes.
            first = int.from_bytes(view[start : start + 8], "little")
            end = start + 8 + (first >> 32 << 3)
            if first & 0xFFFFFFFF == 0 and end <= len(view) and first >> 32 <= self._limits.traversal_words:
                messages.append(MessageReader((view[start + 8 : end],), self._limits))
                return end
        table = read_table(view, start, self._limits)
        if table is None:
            self._needed = 0
            return start
        sizes, at = table
        end = at + (sum(sizes) << 3)
        if end > len(view):
            self._needed = end - start
            return start
        segments: list[memoryview] = []
        for words in sizes:
            segments.append(view[at : at + (words << 3)])
            at += words << 3
        messages.append(MessageReader(segments, self._limits))
        return end
