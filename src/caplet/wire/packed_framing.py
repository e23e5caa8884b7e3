"""Packed messages on a stream of which only pieces arrive.

Knows how packed bytes are cut into messages, in bounded memory. Does not know sockets; whole sources are read by `streams.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.wire.framing import Framer, frame
from caplet.wire.packing import Unpacker, pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.limits import Limits
    from caplet.wire.buffers import Buffer, Segments
    from caplet.wire.message import MessageReader

__all__ = ["PackedFramer"]

# Packed bytes are unpacked so many at a time: they may become a thousand times as many, and the limits are asked in between.
_STEP_BYTES = 4096


class PackedFramer:
    """Cuts messages out of packed bytes as they arrive, and packs those that leave; stands in the place of a `Framer`.

    Args:
        limits: bounds for each message, unpacked; None for the defaults.
    """

    __slots__ = ("_framer", "_unpacker")

    def __init__(self, limits: Limits | None = None) -> None:
        self._framer = Framer(limits)
        self._unpacker = Unpacker()

    @property
    def pending_bytes(self) -> int:
        """How many bytes of a message that is not whole yet have arrived, unpacked where they could be."""
        return self._framer.pending_bytes + self._unpacker.pending_bytes

    def feed(self, chunk: Buffer) -> list[MessageReader]:
        """Take more bytes and return the messages that they complete.

        Args:
            chunk: packed bytes in the order of the stream.

        Raises:
            DecodeError: a message is larger than the limits allow; nothing can be read from the stream any more.
        """
        view = memoryview(chunk)
        messages: list[MessageReader] = []
        for start in range(0, len(view), _STEP_BYTES):
            messages += self._framer.feed(self._unpacker.feed(view[start : start + _STEP_BYTES]))
        return messages

    def room(self) -> memoryview | None:
        """Return None: packed bytes must be fed."""
        return None

    def filled(self, size: int) -> list[MessageReader]:
        """Never called, because there is no room."""
        raise NotImplementedError("packed bytes are fed")

    def frame(self, messages: Sequence[Segments]) -> list[memoryview | bytes]:
        """Return the buffers to write for messages in order.

        Args:
            messages: the segments of each. Table and segments are packed by themselves, as the C++ library does.
        """
        return [b"".join([pack(piece) for segments in messages for piece in frame(segments)])]
