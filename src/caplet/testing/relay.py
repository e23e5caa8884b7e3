"""A relay between the two ends of a connection that passes bytes on as badly as a network may: one at a time, late, or not at all.

Knows byte streams over TCP and Unix sockets, and pipes. Does not know what travels.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import stat
import struct
from typing import TYPE_CHECKING, TypeAlias

from caplet.aio.addresses import parse_address

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Relay"]

_TINY_BUFFER_BYTES = 4096
_READ_BYTES = 64 * 1024
# A socket that is closed with this choice says "reset" and not "end".
_RESET = struct.pack("ii", 1, 0)

_Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Relay:
    """A relay; `async with` ends it.

    Args:
        chunk_bytes: how many bytes are passed on at a time; None for as many as there are.
        pauses: whether the loop goes around several times between two chunks.
        tiny_buffers: whether the system's buffers are as small as can be.
        resets: whether a cut throws away what is on its way, where the system can do that, and is no orderly end.
    """

    def __init__(
        self,
        chunk_bytes: int | None = None,
        pauses: bool = False,
        tiny_buffers: bool = False,
        resets: bool = False,
    ) -> None:
        self.passed_bytes = 0
        # Behind how many bytes, in both directions together, it is cut when it is open; None for never.
        self.cut_after_opening: int | None = None
        self._cut_at_bytes: int | None = None
        self._chunk_bytes = chunk_bytes
        self._pauses = pauses
        self._tiny_buffers = tiny_buffers
        self._resets = resets
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._sources: list[asyncio.BaseTransport] = []

    # --- what it stands between -----------------------------------------------------------------------------------------------------

    async def to(self, address: str) -> str:
        """Listen, and pass on to `address` what comes.

        Args:
            address: where the server listens, of any kind that has a host, or a Unix socket.

        Returns:
            The address for the client, of the same kind.
        """
        target = parse_address(address)
        abstract = "\0" if target.kind == "unix-abstract" else ""

        async def on_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if target.has_host:
                far = await asyncio.open_connection(target.host, target.port)
            else:
                far = await open_unix(abstract + target.name)
            self._join((reader, writer), far)

        if target.has_host:
            server = await asyncio.start_server(on_client, "127.0.0.1", 0, limit=_TINY_BUFFER_BYTES)
            port = server.sockets[0].getsockname()[1]
            self._servers.append(server)
            return f"{target.kind}://127.0.0.1:{port}{target.name}"
        path = f"{target.name}.relay{len(self._servers)}"
        self._servers.append(await asyncio.start_unix_server(on_client, abstract + path, limit=_TINY_BUFFER_BYTES))
        return f"{target.kind}:{path}"

    async def between(self) -> tuple[socket.socket, socket.socket]:
        """Return two sockets: what is sent to one is passed on to the other."""
        near, near_side = socket.socketpair()
        far, far_side = socket.socketpair()
        self._join(
            await asyncio.open_connection(sock=near_side, limit=_TINY_BUFFER_BYTES),
            await asyncio.open_connection(sock=far_side, limit=_TINY_BUFFER_BYTES),
        )
        return near, far

    async def pipes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return two pairs of pipes, to read from and to write to: what is written to one pair can be read from the other."""
        ends: list[tuple[int, int]] = []
        sides: list[_Streams] = []
        for _ in range(2):
            (source, write_end), (read_end, target) = os.pipe(), os.pipe()
            sides.append(await self._open_pipes(read_end, write_end))
            ends.append((source, target))
        self._join(*sides)
        return ends[0], ends[1]

    async def _open_pipes(self, read_end: int, write_end: int) -> _Streams:
        """Return the streams of two pipes."""
        loop = asyncio.get_running_loop()
        if self._tiny_buffers:
            fcntl.fcntl(write_end, getattr(fcntl, "F_SETPIPE_SZ", 1031), _TINY_BUFFER_BYTES)
        reader = asyncio.StreamReader(_TINY_BUFFER_BYTES)
        source, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        self._sources.append(source)
        sink, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(write_end, "wb", 0)
        )
        return reader, asyncio.StreamWriter(sink, protocol, None, loop)

    # --- passing on -----------------------------------------------------------------------------------------------------------------

    def _join(self, near: _Streams, far: _Streams) -> None:
        """Pass on what comes from one to the other."""
        for (reader, _), (_, writer) in ((near, far), (far, near)):
            self._writers.append(writer)
            self._make_tiny(writer)
            task = asyncio.ensure_future(self._pass_on(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _make_tiny(self, writer: asyncio.StreamWriter) -> None:
        """Take the system's buffers away."""
        sock = socket_of(writer)
        if self._tiny_buffers and sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _TINY_BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _TINY_BUFFER_BYTES)
        writer.transport.set_write_buffer_limits(_TINY_BUFFER_BYTES)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass bytes on in one direction, to their end."""
        with contextlib.suppress(OSError):
            while data := await source.read(self._chunk_bytes or _READ_BYTES):
                if self._cut_at_bytes is not None:
                    data = data[: max(0, self._cut_at_bytes - self.passed_bytes)]
                self.passed_bytes += len(data)
                sink.write(data)
                await sink.drain()
                if self._cut_at_bytes is not None and self.passed_bytes >= self._cut_at_bytes:
                    self.cut()
                    return
                for _ in range(3 if self._pauses else 0):
                    await asyncio.sleep(0)
            if not sink.is_closing() and sink.can_write_eof():
                sink.write_eof()

    def cut_after(self, count_bytes: int) -> None:
        """Cut it when so many bytes more have passed, in both directions together."""
        self._cut_at_bytes = self.passed_bytes + count_bytes

    def opened(self) -> int:
        """Hear that what goes before the conversation is over; return how many bytes passed up to now."""
        if self.cut_after_opening is not None:
            self.cut_after(self.cut_after_opening)
        return self.passed_bytes

    def cut(self) -> None:
        """End every connection, behind what was passed on."""
        for writer in self._writers:
            sock = socket_of(writer)
            if self._resets and sock is not None:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
            writer.close()
        for source in self._sources:
            source.close()

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


async def open_unix(path: str) -> _Streams:
    """Connect to a Unix socket, also to one without a file, whose path begins with a zero byte: not every loop does that by itself."""
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, path)
        return await asyncio.open_unix_connection(sock=sock)
    except BaseException:
        sock.close()
        raise


def socket_of(writer: asyncio.StreamWriter) -> socket.socket | None:
    """Return the socket that a writer writes to; None when it is closed, or is none: uvloop shows one for pipes too."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is None or sock.fileno() < 0 or not stat.S_ISSOCK(os.fstat(sock.fileno()).st_mode):
        return None
    return sock
