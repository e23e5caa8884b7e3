"""The same number of bytes there and back by asyncio alone, with no protocol: what the loop and the machine cost."""

from __future__ import annotations

import asyncio

from bench.peers.latency import us_per_call
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
    """Sends one block and waits until all of it is back."""

    def __init__(self) -> None:
        self.missing = 0
        self.back: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing == 0 and self.back is not None:
            self.back.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if self.back is not None and not self.back.done():
            self.back.set_exception(error or ConnectionError("the mirror is gone"))

    def call(self, block: bytes) -> asyncio.Future[None]:
        self.missing = len(block)
        self.back = asyncio.get_running_loop().create_future()
        self.transport.write(block)
        return self.back


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Mirror, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(port: int) -> float:
    transport, caller = await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port)
    block = bytes(_BYTES)
    try:
        return await us_per_call(lambda: caller.call(block))
    finally:
        transport.close()


if __name__ == "__main__":
    contestant_main(serve, measure)
