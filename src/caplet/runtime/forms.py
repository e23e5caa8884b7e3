"""The forms in which a struct travels: framed bytes, segments, files.

Knows how a root struct is taken out of a message and put into one. Does not know how segments are laid out on a stream (`wire.framing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.errors import TruncatedError
from caplet.limits import DEFAULT_LIMITS
from caplet.runtime.plans import StructKind
from caplet.wire.arena import Arena
from caplet.wire.builder import DEFAULT_FIRST_SEGMENT_WORDS, BuilderArena
from caplet.wire.copying import copy_struct
from caplet.wire.framing import frame, read_table
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.segment import Segment
from caplet.wire.streams import BufferSource, frame_packed, open_source, read_message, write_all
from caplet.wire.untyped import AnyPointer
from caplet.wire.views import StructReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from caplet.limits import Limits
    from caplet.wire.buffers import Buffer
    from caplet.wire.streams import FileSource, SocketSource, Source, Target

__all__ = [
    "MessageStream",
    "frame_struct",
    "new_root",
    "open_framed",
    "open_next",
    "open_packed",
    "open_segments",
    "own_message",
    "pack_struct",
    "write_struct",
]

COMPILED = not __file__.endswith(".py")


def new_root(plan: StructKind, made: StructReader) -> None:
    """Make `made` the root struct of a new message."""
    message = MessageBuilder.__new__(MessageBuilder)
    message.start(DEFAULT_FIRST_SEGMENT_WORDS, True)
    message.init_struct(made, message.newest, 0, plan.data_words, plan.pointer_count)


def open_framed(plan: StructKind, data: Buffer, limits: Limits | None) -> StructReader:
    """Return the root of a message that lies in a buffer; what follows the message is not looked at.

    Raises:
        TruncatedError: the buffer ends inside the message.
        DecodeError: it has more segments than the limits allow; how much of it may be read is asked when it is.
    """
    if limits is None:
        limits = DEFAULT_LIMITS
    if COMPILED:
        # The plain case, one segment that fills the buffer or less, without views and lists of sizes.
        segment = Segment.__new__(Segment)
        words = see_framed(segment, data)  # type: ignore[name-defined]  # noqa: F821  (segment.pxd)
        if words > 0:
            message = MessageReader.__new__(MessageReader)
            message.start_reading([segment], limits)
            if words <= message.budget:
                return open_root(plan, message)
    view = memoryview(data)
    if view.ndim != 1 or view.itemsize != 1 or not view.c_contiguous:
        view = view.cast("B")
    size = view.nbytes
    table = read_table(view, 0, limits, True)
    if table is None:
        raise TruncatedError(f"{size} bytes hold no whole segment table")
    sizes, at = table
    segments: list[memoryview] = []
    for words in sizes:
        segments.append(view[at : at + (words << 3)])
        at += words << 3
    if at > size:
        raise TruncatedError(f"the segment table tells of {at} bytes; there are {size}")
    return open_root(plan, MessageReader(segments, limits))


def open_segments(plan: StructKind, segments: Sequence[Buffer], limits: Limits | None) -> StructReader:
    """Return the root of a message whose segments lie in buffers of their own."""
    return open_root(plan, MessageReader(segments, limits))


def open_root(plan: StructKind, message: Arena) -> StructReader:
    """Return the root struct of a message; null reads as defaults."""
    found = plan.new(False)
    segment: Segment = message.segments[0]
    if message.open_struct(found, segment, 0, message.nesting):
        return found
    return plan.nowhere()


def own_message(obj: StructReader) -> BuilderArena:
    """Return a message whose root `obj` is: its own when it is the root of one that is being built, a copy otherwise."""
    arena: Any = obj._arena
    if isinstance(arena, BuilderArena):
        first: Segment = arena.segments[0]
        if first is obj._segment and obj._data == 8:
            # The root pointer of a message that was built here leads to the word behind it, and says these sizes.
            data_words = obj._data_bytes >> 3
            pointer_count = obj._pointer_count
            if first.u64s[0] == data_words << 32 | pointer_count << 48:
                return arena
        if is_far_root(arena, first, obj):
            return arena
    message = MessageBuilder()
    copy_struct(message, message.newest, 0, obj)
    return message


def is_far_root(arena: BuilderArena, first: Segment, obj: StructReader) -> bool:
    """Tell whether `obj` is the root, not where roots usually lie: the first segment is small, or the root was replaced."""
    pointer = AnyPointer()
    pointer._arena = arena
    pointer._segment = first
    pointer._depth = 1
    if pointer.kind != "struct":
        return False
    root = pointer.struct()
    sizes = (root._data_bytes, root._pointer_count)
    return root._segment is obj._segment and root._data == obj._data and sizes == (obj._data_bytes, obj._pointer_count)


def frame_struct(obj: StructReader) -> bytes:
    """Return a message whose root `obj` is, with its segment table."""
    message = own_message(obj)
    segments = message.segments
    if len(segments) == 1:
        segment: Segment = segments[0]
        if COMPILED:
            return frame_single(segment)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (forms.pxd)
        return b"".join((bytes(4), segment.used.to_bytes(4, "little"), segment.view[: segment.used << 3]))
    return b"".join(frame([segment.content() for segment in segments]))


def open_next(
    plan: StructKind, source: BufferSource | FileSource | SocketSource, limits: Limits | None, packed: bool
) -> StructReader | None:
    """Return the root of the next message of a source, None at its end.

    Raises:
        TruncatedError: the source ends inside the message.
        DecodeError: the message is larger than the limits allow.
    """
    message = read_message(source, limits, packed)
    return None if message is None else open_root(plan, message)


def open_packed(plan: StructKind, data: Buffer, limits: Limits | None) -> StructReader:
    """Return the root of a packed message that lies in a buffer; no more is unpacked than the message's table tells and the limits allow.

    Raises:
        TruncatedError: the buffer ends inside the message.
        DecodeError: the message is larger than the limits allow.
    """
    found = open_next(plan, BufferSource(memoryview(data)), limits, True)
    if found is None:
        raise TruncatedError("the packed bytes hold no whole segment table")
    return found


class MessageStream:
    """Yields the roots of the messages of a source, one by one, each read when it is asked for.

    Args:
        plan: the type of the roots.
        source: a file, a socket or a buffer.
        limits: bounds for each message; None for the defaults.
        packed: whether the messages are packed.
    """

    __slots__ = ("limits", "packed", "plan", "source")

    def __init__(self, plan: StructKind, source: Source, limits: Limits | None, packed: bool) -> None:
        self.plan = plan
        self.source = open_source(source)
        self.limits = limits
        self.packed = packed

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        found = open_next(self.plan, self.source, self.limits, self.packed)
        if found is None:
            raise StopIteration
        return found


def write_struct(obj: StructReader, target: Target, packed: bool) -> None:
    """Write a message whose root `obj` is to a file, a socket or a buffer."""
    write_all(target, pack_struct(obj) if packed else frame_struct(obj))


def pack_struct(obj: StructReader) -> bytes:
    """Return a message whose root `obj` is, with its segment table, packed."""
    return frame_packed([segment.content() for segment in own_message(obj).segments])
