"""Connections inside one process: `memory:name` addresses.

Knows who listens under which name, and how two stream transports are tied together. What travels is framed bytes, as everywhere else,
so that a program behaves in memory as it does on a network.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from caplet.wire.buffers import Buffer

__all__ = ["MemoryListener", "connect_memory"]

_HIGH_WATER_BYTES = 64 * 1024

_listeners: dict[str, MemoryListener] = {}


class MemoryPipe(asyncio.Transport):
    """One end of a byte stream whose other end is in this process.

    Args:
        protocol: who receives the bytes.
        loop: the loop that both ends live in.
    """

    def __init__(self, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop, name: str) -> None:
        super().__init__({"peername": name})
        self._protocol = protocol
        self._loop = loop
        self._other: MemoryPipe | None = None
        self._inbox: deque[bytes | None] = deque()
        self._inbox_bytes = 0
        self._reading = True
        self._closing = False
        self._lost = False
        self._writer_paused = False
        self._scheduled = False

    def join(self, other: MemoryPipe) -> None:
        """Tie this end to `other`."""
        self._other = other

    # --- what the protocol calls ----------------------------------------------------------------------------------------------------

    def write(self, data: Buffer) -> None:
        """Send bytes to the other end."""
        if self._other is not None and not self._closing:
            self._other.arrive(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Send pieces to the other end as one run of bytes."""
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the other end has not taken yet."""
        return 0 if self._other is None else self._other._inbox_bytes

    def is_reading(self) -> bool:
        """Tell whether bytes are given to the protocol."""
        return self._reading

    def pause_reading(self) -> None:
        """Keep bytes that arrive."""
        self._reading = False

    def resume_reading(self) -> None:
        """Give bytes to the protocol again."""
        self._reading = True
        self.schedule()

    def is_closing(self) -> bool:
        """Tell whether this end was closed."""
        return self._closing

    def close(self) -> None:
        """End the stream behind what was sent."""
        if not self._closing:
            self._closing = True
            if self._other is not None:
                self._other.arrive(None)
            self._loop.call_soon(self.lose)

    def abort(self) -> None:
        """End the stream; in memory nothing that was sent is lost by it."""
        self.close()

    # --- what the other end calls ---------------------------------------------------------------------------------------------------

    def arrive(self, data: bytes | None) -> None:
        """Take bytes, or None for the end of the stream."""
        if self._lost:
            return
        self._inbox.append(data)
        if data is not None:
            self._inbox_bytes += len(data)
            if self._inbox_bytes > _HIGH_WATER_BYTES and self._other is not None and not self._other._writer_paused:
                self._other._writer_paused = True
                self._other._protocol.pause_writing()
        self.schedule()

    def schedule(self) -> None:
        """Deliver in a later turn of the loop, as a network would."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.deliver)

    def deliver(self) -> None:
        """Give what has arrived to the protocol."""
        self._scheduled = False
        while self._inbox and self._reading and not self._lost:
            data = self._inbox.popleft()
            if data is None:
                self._protocol.eof_received()
                self.close()
                return
            self._inbox_bytes -= len(data)
            if not self._closing:
                self._protocol.data_received(data)
        other = self._other
        if other is not None and other._writer_paused and self._inbox_bytes <= _HIGH_WATER_BYTES // 4:
            other._writer_paused = False
            other._protocol.resume_writing()

    def lose(self) -> None:
        """Tell the protocol that the stream is gone."""
        if not self._lost:
            self._lost = True
            self._inbox.clear()
            self._inbox_bytes = 0
            self._protocol.connection_lost(None)
            self._other = None


class MemoryListener:
    """Somebody who listens at `memory:name`.

    Args:
        name: what follows `memory:`.
        make_protocol: makes the protocol of each connection, as `loop.create_server` has it.

    Raises:
        OSError: somebody listens there already.
    """

    def __init__(self, name: str, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        if name in _listeners:
            raise OSError(f"memory:{name} is in use already")
        self._name = name
        self._make_protocol = make_protocol
        self.loop = asyncio.get_running_loop()
        _listeners[name] = self

    def accept(self, client: asyncio.Protocol) -> None:
        """Make a connection to `client`."""
        server = self._make_protocol()
        near = MemoryPipe(client, self.loop, f"memory:{self._name}")
        far = MemoryPipe(server, self.loop, f"memory:{self._name}")
        near.join(far)
        far.join(near)
        server.connection_made(far)
        client.connection_made(near)

    def close(self) -> None:
        """Stop listening; connections that were made go on."""
        if _listeners.get(self._name) is self:
            del _listeners[self._name]


def connect_memory(name: str, client: asyncio.Protocol) -> None:
    """Connect `client` to whoever listens at `memory:name`.

    Raises:
        ConnectionRefusedError: nobody does, in this process and loop.
    """
    listener = _listeners.get(name)
    if listener is None:
        raise ConnectionRefusedError(f"nobody listens at memory:{name}")
    if listener.loop is not asyncio.get_running_loop():
        raise ConnectionRefusedError(f"memory:{name} is served by another event loop")
    listener.accept(client)
