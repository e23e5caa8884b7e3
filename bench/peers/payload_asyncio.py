"""Many bytes by asyncio alone, with no protocol: what the loop and the machine cost.

The first byte that a client sends says what it wants: "s", to be acknowledged one byte for each chunk that comes, or "f", to be answered with
a mebibyte for each byte that comes.
"""

from __future__ import annotations

import asyncio

from bench.peers.payload import CHUNK_BYTES, CONTENT_BYTES, measured_payload
from bench.processes import contestant_main

_STREAM, _FETCH = b"s", b"f"
CONTENT = b"x" * CONTENT_BYTES


class Answering(asyncio.Protocol):
    """The server's side of a connection."""

    def __init__(self) -> None:
        self.wanted = b""
        self.came = 0  # of a chunk that is not whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        came = len(data)
        if not self.wanted:
            self.wanted = data[:1]
            came -= 1
        if self.wanted == _FETCH:
            for _ in range(came):
                self.transport.write(CONTENT)
            return
        chunks, self.came = divmod(self.came + came, CHUNK_BYTES)
        if chunks:
            self.transport.write(_STREAM * chunks)


class Asking(asyncio.Protocol):
    """The client's side: waits for bytes, and for room to write."""

    def __init__(self) -> None:
        self.came = 0
        self.expected = 0
        self.waiting: asyncio.Future[None] | None = None
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.came += len(data)
        if self.expected and self.came >= self.expected:
            self.wake()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.wake()

    def connection_lost(self, error: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionError("the server is gone"))

    def wake(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    async def wait(self) -> None:
        self.waiting = asyncio.get_running_loop().create_future()
        await self.waiting

    async def write(self, data: bytes) -> None:
        """Write, and wait until there is room for more."""
        self.transport.write(data)
        while self.paused:
            await self.wait()

    async def take(self, count: int) -> int:
        """Wait until so many bytes came, and return how many came."""
        self.expected = count
        while self.came < count:
            await self.wait()
        self.expected = 0
        came, self.came = self.came, 0
        return came


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(port: int, work: str) -> float:
    transport, asking = await asyncio.get_running_loop().create_connection(Asking, "127.0.0.1", port)
    written = 0

    async def write(chunk: bytes) -> None:
        nonlocal written
        written += 1
        await asking.write(chunk)

    async def end() -> int:
        nonlocal written
        count, written = written, 0
        return await asking.take(count) * CHUNK_BYTES

    async def fetch() -> int:
        await asking.write(_FETCH)
        return await asking.take(CONTENT_BYTES)

    try:
        await asking.write(_STREAM if work == "stream" else _FETCH)
        return await measured_payload(work, fetch, write, end)
    finally:
        transport.close()


if __name__ == "__main__":
    contestant_main(serve, measure)
