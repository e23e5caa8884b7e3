"""Many connections of grpc.aio: channels that share nothing, in the messages that come with protobuf."""

from __future__ import annotations

import os
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import UInt64Value

from bench.peers.connections import measured_connections
from bench.peers.grpc_method import Method, serve_method
from bench.processes import contestant_main

PROCESS = Method("bench.Objects", "process", Empty, UInt64Value)
# Else all channels to one address are one connection.
_OPTIONS = [("grpc.use_local_subchannel_pool", 1)]


async def process(request: Any, context: Any) -> Any:
    return UInt64Value(value=os.getpid())


async def serve() -> None:
    await serve_method(PROCESS, process)


async def measure(port: int, figure: str) -> float:
    async def open_one() -> tuple[Any, int]:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", _OPTIONS)
        return channel, (await PROCESS.of(channel)(Empty())).value

    first = await open_one()
    return await measured_connections(figure, first[1], open_one)


if __name__ == "__main__":
    contestant_main(serve, measure)
