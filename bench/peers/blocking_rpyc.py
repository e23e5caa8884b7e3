"""Blocking Echo calls by RPyC, with the threaded server that it documents first."""

from __future__ import annotations

from typing import Any

import rpyc

from bench.peers.blocking import measured_blocking
from bench.processes import blocking_main


class EchoService(rpyc.Service):
    def exposed_echo(self, x: int, s: str) -> tuple[int, str]:
        return x, s


def serve() -> None:
    server: Any = rpyc.ThreadedServer(EchoService, hostname="127.0.0.1", port=0)
    print(server.port, flush=True)
    server.start()


def measure(port: int) -> float:
    connection: Any = rpyc.connect("127.0.0.1", port)
    try:
        root = connection.root

        def call(x: int, s: str) -> tuple[int, str]:
            # What comes back is a copy: tuples of numbers and texts go by value.
            result: tuple[int, str] = root.echo(x, s)
            return result

        return measured_blocking(call)
    finally:
        connection.close()


if __name__ == "__main__":
    blocking_main(serve, measure)
