"""A relay between the two ends of a connection that passes bytes on as badly as a network may: one at a time, late, or not at all.

Knows byte streams over TCP and Unix sockets. Does not know what travels.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from caplet.aio.addresses import parse_address

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Relay"]

_TINY_BUFFER_BYTES = 4096
_READ_BYTES = 64 * 1024


class Relay:
    """A relay; `async with` ends it.

    Args:
        chunk_bytes: how many bytes are passed on at a time; None for as many as there are.
        cut_after_bytes: after so many bytes in both directions together, both connections are ended; None for never.
        pauses: whether the loop goes around several times between two chunks.
        tiny_buffers: whether the system's buffers are as small as can be.
    """

    def __init__(
        self,
        chunk_bytes: int | None = None,
        cut_after_bytes: int | None = None,
        pauses: bool = False,
        tiny_buffers: bool = False,
    ) -> None:
        self.passed_bytes = 0
        self._chunk_bytes = chunk_bytes
        self._cut_after_bytes = cut_after_bytes
        self._pauses = pauses
        self._tiny_buffers = tiny_buffers
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def to(self, address: str) -> str:
        """Listen, and pass on to `address` what comes.

        Args:
            address: where the server listens, of any kind that has a host, or unix.

        Returns:
            The address for the client, of the same kind.
        """
        target = parse_address(address)

        async def on_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if target.has_host:
                far_reader, far_writer = await asyncio.open_connection(target.host, target.port)
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(target.name)
            self._writers += [writer, far_writer]
            for one in (writer, far_writer):
                self._make_tiny(one)
            for source, sink in ((reader, far_writer), (far_reader, writer)):
                task = asyncio.ensure_future(self._pass_on(source, sink))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        if target.has_host:
            server = await asyncio.start_server(on_client, "127.0.0.1", 0, limit=_TINY_BUFFER_BYTES)
            port = server.sockets[0].getsockname()[1]
            self._servers.append(server)
            return f"{target.kind}://127.0.0.1:{port}{target.name}"
        path = f"{target.name}.relay{len(self._servers)}"
        self._servers.append(await asyncio.start_unix_server(on_client, path, limit=_TINY_BUFFER_BYTES))
        return f"unix:{path}"

    def _make_tiny(self, writer: asyncio.StreamWriter) -> None:
        """Take the system's buffers away."""
        if self._tiny_buffers:
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _TINY_BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _TINY_BUFFER_BYTES)
        writer.transport.set_write_buffer_limits(_TINY_BUFFER_BYTES)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass bytes on in one direction, to their end."""
        with contextlib.suppress(OSError):
            while data := await source.read(self._chunk_bytes or _READ_BYTES):
                if self._cut_after_bytes is not None:
                    data = data[: self._cut_after_bytes - self.passed_bytes]
                self.passed_bytes += len(data)
                sink.write(data)
                await sink.drain()
                if self.passed_bytes == self._cut_after_bytes:
                    self.cut()
                    return
                for _ in range(3 if self._pauses else 0):
                    await asyncio.sleep(0)
            if sink.can_write_eof():
                sink.write_eof()

    def cut(self) -> None:
        """End every connection, behind what was passed on."""
        for writer in self._writers:
            writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cut()
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()
