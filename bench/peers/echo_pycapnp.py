"""Echo calls by pycapnp."""

from __future__ import annotations

from typing import Any

import capnp

from bench.peers.latency import measured
from bench.peers.pycapnp_object import connect, run, serve_objects
from bench.processes import SCHEMAS, contestant_main

echo = capnp.load(str(SCHEMAS / "echo.capnp"))


class EchoServer(echo.Echo.Server):
    async def echo(self, x: int, s: str, _context: Any, **_: Any) -> None:
        _context.results.x = x
        _context.results.s = s

    async def next(self, _context: Any, **_: Any) -> None:
        _context.results.echo = self


async def serve() -> None:
    await serve_objects(EchoServer)


async def measure(port: int, work: str) -> float:
    _connection, client = await connect(port, echo.Echo)
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
    contestant_main(serve, measure, run)
