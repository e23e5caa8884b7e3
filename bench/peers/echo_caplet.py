"""Echo calls by Caplet."""

from __future__ import annotations

from typing import Any

import caplet
from bench.peers.caplet_object import serve_object
from bench.peers.latency import measured
from bench.processes import SCHEMAS, contestant_main

echo = caplet.load(SCHEMAS / "echo.capnp")


class EchoServer(echo.Echo.Server):
    async def echo(self, x: int, s: str) -> tuple[int, str]:
        return x, s

    async def next(self) -> EchoServer:
        return self


async def serve() -> None:
    await serve_object(EchoServer())


async def measure(port: int, work: str) -> float:
    async with caplet.connect(f"tcp://127.0.0.1:{port}") as connection:
        client: Any = connection.bootstrap(echo.Echo)
        result = await client.echo(x=7, s="hello")
        if (result.x, result.s) != (7, "hello"):
            raise RuntimeError(f"the echo is wrong: {result}")

        def chain(depth: int) -> Any:
            last = client
            for _ in range(depth):
                last = last.next().echo
            return last.echo(x=7, s="hello")

        return await measured(work, lambda: client.echo(x=7, s="hello"), chain)


if __name__ == "__main__":
    contestant_main(serve, measure)
