"""Echo calls by pycapnp."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import capnp

from bench.peers.latency import measured
from bench.processes import contestant_main

echo = capnp.load(str(Path(__file__).parent.parent / "schemas" / "echo.capnp"))


class EchoServer(echo.Echo.Server):
    async def echo(self, x: int, s: str, _context: Any, **_: Any) -> None:
        _context.results.x = x
        _context.results.s = s

    async def next(self, _context: Any, **_: Any) -> None:
        _context.results.echo = self


async def on_connection(stream: Any) -> None:
    await capnp.TwoPartyServer(stream, bootstrap=EchoServer()).on_disconnect()


async def serve() -> None:
    server = await capnp.AsyncIoStream.create_server(on_connection, "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


async def measure(port: int, work: str) -> float:
    stream = await capnp.AsyncIoStream.create_connection("127.0.0.1", port)
    client = capnp.TwoPartyClient(stream).bootstrap().cast_as(echo.Echo)
    result = await client.echo(7, "hello")
    if (result.x, result.s) != (7, "hello"):
        raise RuntimeError(f"the echo is wrong: {result}")

    def chain(depth: int) -> Any:
        last = client
        for _ in range(depth):
            last = last.next().echo
        return last.echo(7, "hello")

    return await measured(work, lambda: client.echo(7, "hello"), chain)


if __name__ == "__main__":
    contestant_main(serve, measure, lambda work: asyncio.run(capnp.run(work)))
