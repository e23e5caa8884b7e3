"""Blocking Echo calls by Caplet; the server is the one that asynchronous calls have."""

from __future__ import annotations

import asyncio
from typing import Any

import caplet.blocking
from bench.peers.blocking import measured_blocking
from bench.peers.echo_caplet import echo, serve
from bench.processes import blocking_main


def measure(port: int) -> float:
    with caplet.blocking.connect(f"tcp://127.0.0.1:{port}") as connection:
        client: Any = connection.bootstrap(echo.Echo)

        def call(x: int, s: str) -> tuple[int, str]:
            result = client.echo(x=x, s=s).wait()
            return result.x, result.s

        return measured_blocking(call)


if __name__ == "__main__":
    blocking_main(lambda: asyncio.run(serve()), measure)
