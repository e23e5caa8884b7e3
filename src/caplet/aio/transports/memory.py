"""Connections inside one process: `memory:name` addresses.

Knows who listens under which name, and how two ends are tied together. Messages are handed over as they are, in a later turn of the loop as a
network would, and nothing long is copied.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from caplet.aio.peers import Peer
from caplet.aio.transports.base import HIGH_WATER_BYTES, LOW_WATER_BYTES
from caplet.aio.transports.sockets import close_descriptors, copy_descriptors
from caplet.errors import DecodeError
from caplet.rpc.window import DEFAULT_WINDOW_BYTES
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caplet.aio.transports.base import Accept, Receiver
    from caplet.limits import Limits
    from caplet.wire.buffers import Segments

__all__ = ["MemoryListener", "MemoryTransport", "connect_memory", "join_memory"]

_listeners: dict[str, MemoryListener] = {}


class Parcel:
    """A message on its way."""

    __slots__ = ("fds", "segments", "size")

    def __init__(self, segments: Segments, fds: list[int]) -> None:
        self.segments = segments
        self.fds = fds
        self.size = sum(len(segment) for segment in segments)


class MemoryTransport:
    """One end of a connection whose other end is in this process and loop.

    Args:
        loop: the loop that both ends live in.
        limits: bounds for each message that arrives.
        address: what the other end is called.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits, address: str) -> None:
        self.peer = Peer(address)
        self._loop = loop
        self._limits = limits
        self._other: MemoryTransport | None = None
        self._receiver: Receiver | None = None
        self._inbox: deque[Parcel | None] = deque()
        self._inbox_bytes = 0
        self._reading = True
        self._closing = False
        self._full = False
        self._lost = False
        self._scheduled = False

    # --- what a transport is --------------------------------------------------------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        """How many bytes the other end has not taken yet."""
        return 0 if self._other is None else self._other._inbox_bytes

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return DEFAULT_WINDOW_BYTES

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages."""
        other = self._other
        if other is None or self._closing or other._lost:
            return
        for place, segments in enumerate(messages):
            parcel = Parcel(segments, copy_descriptors(fds.get(place, ())) if fds else [])
            other._inbox.append(parcel)
            other._inbox_bytes += parcel.size
        other._schedule()
        if other._inbox_bytes > HIGH_WATER_BYTES and not self._full:
            self._full = True
            self._tell_writable(False)

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`."""
        self._reading = False

    def resume_reading(self) -> None:
        """Receive again."""
        self._reading = True
        self._schedule()

    def close(self) -> None:
        """End the connection behind what was sent."""
        if not self._closing:
            self._closing = True
            if self._other is not None:
                self._other._inbox.append(None)
                self._other._schedule()
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        """End the connection; what the other end has not taken is lost."""
        other = self._other
        if other is not None and not self._closing:
            other._forget_inbox()
        self.close()

    # --- between the ends -----------------------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        """Take what has arrived in a later turn of the loop."""
        if not self._scheduled and self._reading:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        """Give what has arrived to the receiver."""
        self._scheduled = False
        if not self._reading or self._lost or self._receiver is None:
            return
        messages: list[MessageReader] = []
        fds: dict[int, list[int]] = {}
        ended = False
        error: DecodeError | None = None
        while self._inbox and not ended and error is None:
            parcel = self._inbox.popleft()
            if parcel is None:
                ended = True
                continue
            self._inbox_bytes -= parcel.size
            if parcel.fds:
                limit = self._limits.message_fds
                close_descriptors(parcel.fds[limit:])
                fds[len(messages)] = parcel.fds[:limit]
            try:
                messages.append(self._open(parcel))
            except DecodeError as refusal:
                close_descriptors(fds.pop(len(messages), []))
                error = refusal.with_traceback(None)  # whose frames hold it
        self._tell_room()
        if messages:
            self._receiver.receive_messages(messages, fds or None)
        if ended or error is not None:
            self._lose(error)

    def _open(self, parcel: Parcel) -> MessageReader:
        """Return a message that has arrived.

        Raises:
            DecodeError: it is larger than the limits allow.
        """
        limits = self._limits
        if parcel.size >> 3 > limits.traversal_words:
            raise DecodeError(f"a message of {parcel.size >> 3} words; the limit is {limits.traversal_words}")
        if len(parcel.segments) > limits.segments:
            raise DecodeError(f"a message of {len(parcel.segments)} segments; the limit is {limits.segments}")
        return MessageReader(parcel.segments, limits)

    def _tell_room(self) -> None:
        """Let the other end know that there is room again."""
        other = self._other
        if other is not None and other._full and self._inbox_bytes <= LOW_WATER_BYTES:
            other._full = False
            other._tell_writable(True)

    def _tell_writable(self, writable: bool) -> None:
        """Tell the receiver that this end is full, or has room."""
        if self._receiver is not None and not self._lost:
            self._receiver.on_writable(writable)

    def _lose(self, error: BaseException | None) -> None:
        """Tell the receiver that nothing more comes; a last word may still be sent when it is the other end that closed."""
        if self._closing:
            self._other = None
        self._forget_inbox()
        if not self._lost:
            self._lost = True
            receiver, self._receiver = self._receiver, None
            if receiver is not None:
                receiver.on_lost(error)

    def _forget_inbox(self) -> None:
        """Let go of what nobody takes any more."""
        for parcel in self._inbox:
            if parcel is not None:
                close_descriptors(parcel.fds)
        self._inbox.clear()
        self._inbox_bytes = 0


def join_memory(
    loop: asyncio.AbstractEventLoop, near: tuple[Accept, Limits], far: tuple[Accept, Limits], address: str
) -> None:
    """Make a connection.

    Args:
        loop: where both ends live.
        near: who receives at one end, and its limits.
        far: who receives at the other end, and its limits; told first.
        address: what each end calls the other.
    """
    one, other = MemoryTransport(loop, near[1], address), MemoryTransport(loop, far[1], address)
    one._other, other._other = other, one
    other._receiver = far[0](other)
    one._receiver = near[0](one)
    one._schedule()
    other._schedule()


class MemoryListener:
    """Somebody who listens at `memory:name`.

    Args:
        name: what follows `memory:`.
        accept: called with each transport that comes in.
        limits: bounds for messages that come in.

    Raises:
        OSError: somebody listens there already.
    """

    def __init__(self, name: str, accept: Accept, limits: Limits) -> None:
        if name in _listeners:
            raise OSError(f"memory:{name} is in use already")
        self._name = name
        self._accept = accept
        self._limits = limits
        self.loop = asyncio.get_running_loop()
        _listeners[name] = self

    def connect(self, accept: Accept, limits: Limits) -> None:
        """Make a connection to a client."""
        join_memory(self.loop, (accept, limits), (self._accept, self._limits), f"memory:{self._name}")

    def close(self) -> None:
        """Stop listening; connections that were made go on."""
        if _listeners.get(self._name) is self:
            del _listeners[self._name]


def connect_memory(name: str, accept: Accept, limits: Limits) -> None:
    """Connect to whoever listens at `memory:name`.

    Raises:
        ConnectionRefusedError: nobody does, in this process and loop.
    """
    listener = _listeners.get(name)
    if listener is None or listener.loop.is_closed():
        raise ConnectionRefusedError(f"nobody listens at memory:{name}")
    if listener.loop is not asyncio.get_running_loop():
        raise ConnectionRefusedError(f"memory:{name} is served by another event loop")
    listener.connect(accept, limits)
