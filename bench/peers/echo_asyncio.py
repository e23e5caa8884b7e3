"""The same number of bytes there and back by asyncio alone, with no protocol: what the loop and the machine cost."""

from __future__ import annotations

import asyncio
from collections import deque

from bench.peers.latency import measured
from bench.processes import contestant_main

# The framed size of the Call of an Echo, as the C++ library writes it.
_BYTES = 136


class Mirror(asyncio.Protocol):
    """Sends back what it gets, as it comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Caller(asyncio.Protocol):
    """Sends blocks and waits for each until it is back."""

    def __init__(self) -> None:
        self.came = 0
        self.waiting: deque[asyncio.Future[None]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.came += len(data)
        while self.came >= _BYTES:
            self.came -= _BYTES
            self.waiting.popleft().set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        for back in self.waiting:
            if not back.done():
                back.set_exception(error or ConnectionError("the mirror is gone"))

    def call(self, block: bytes) -> asyncio.Future[None]:
        back = asyncio.get_running_loop().create_future()
        self.waiting.append(back)
        self.transport.write(block)
        return back


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Mirror, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(port: int, work: str) -> float:
    transport, caller = await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port)
    block = bytes(_BYTES)
    try:
        return await measured(work, lambda: caller.call(block))
    finally:
        transport.close()


if __name__ == "__main__":
    contestant_main(serve, measure)
