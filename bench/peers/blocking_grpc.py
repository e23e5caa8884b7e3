"""Blocking Echo calls by gRPC's synchronous form, on both sides."""

from __future__ import annotations

from concurrent import futures
from typing import Any

import grpc

from bench.peers.blocking import measured_blocking
from bench.peers.echo_grpc import ECHO, Message
from bench.processes import blocking_main


def echo(request: Any, context: Any) -> Any:
    return Message(x=request.x, s=request.s)


def serve() -> None:
    server = grpc.server(futures.ThreadPoolExecutor())
    server.add_generic_rpc_handlers((ECHO.handler(echo),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def measure(port: int) -> float:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = ECHO.of(channel)

        def call(x: int, s: str) -> tuple[int, str]:
            result = stub(Message(x=x, s=s))
            return result.x, result.s

        return measured_blocking(call)


if __name__ == "__main__":
    blocking_main(serve, measure)
