"""One message, as a whole: its segments, its root pointer and its capability table.

Knows how a message is opened from segments and handed out as segments. Does not know how segments travel (`framing.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import DecodeError
from caplet.limits import DEFAULT_LIMITS
from caplet.wire.arena import Arena
from caplet.wire.builder import BuilderArena
from caplet.wire.segment import Segment
from caplet.wire.untyped import AnyPointer
from caplet.wire.untyped_builder import AnyPointerBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.limits import Limits
    from caplet.wire.buffers import Buffer

__all__ = ["MessageBuilder", "MessageReader"]


class MessageReader(Arena):
    """A message that is read in place.

    Args:
        segments: the memory of each segment, in order; not copied, and kept alive by every reader of it.
        limits: bounds for reading; None for the defaults.

    Raises:
        DecodeError: there is no segment, or the first one has no room for the root pointer.
    """

    __slots__ = ()

    def __init__(self, segments: Sequence[Buffer], limits: Limits | None = None) -> None:
        self.open(segments, DEFAULT_LIMITS if limits is None else limits)

    def open(self, segments: Sequence[Buffer], limits: Limits) -> None:
        """Look at the segments; the arguments are those of the class."""
        made: list[Segment] = []
        for buffer in segments:
            segment = Segment.__new__(Segment)
            segment.open(buffer, len(made), -1)
            made.append(segment)
        first = made[0] if made else None
        if first is None or first.words == 0:
            raise DecodeError("a message without a root pointer: its first segment is empty")
        self.start_reading(made, limits)

    @property
    def root(self) -> AnyPointer:
        """The root pointer."""
        root = AnyPointer()
        root._arena = self
        root._segment = self.segments[0]
        root._position = 0
        root._depth = self.nesting
        return root


class MessageBuilder(BuilderArena):
    """A message that is built in place.

    Args:
        first_segment_words: size of the first segment in words; a message that fits in it is one run of bytes.
        grow: whether later segments are as large as all before them together; otherwise each has the size of the first.
    """

    __slots__ = ()

    @property
    def root(self) -> AnyPointerBuilder:
        """The root pointer."""
        return AnyPointerBuilder(self, self.segments[0], 0)

    def output(self) -> list[memoryview]:
        """Return the used words of every segment, over the memory of the message itself."""
        return [segment.content() for segment in self.segments]

    @property
    def total_words(self) -> int:
        """How many words the message has in all its segments."""
        return self.count_words()

    def count_words(self) -> int:
        """Return how many words the message has in all its segments; compiled, it is called without a look-up."""
        words = 0
        for segment in self.segments:
            words += segment.used
        return words
