"""Many connections of grpc.aio: channels that share nothing, in the messages that come with protobuf."""

from __future__ import annotations

import os
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import UInt64Value

from bench.peers.connections import measured_connections
from bench.processes import contestant_main

_SERVICE = "bench.Objects"
# Else all channels to one address are one connection.
_OPTIONS = [("grpc.use_local_subchannel_pool", 1)]


async def process(request: Any, context: Any) -> Any:
    return UInt64Value(value=os.getpid())


async def serve() -> None:
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(process, Empty.FromString, UInt64Value.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"process": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


async def measure(port: int, figure: str) -> float:
    async def open_one() -> tuple[Any, int]:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", _OPTIONS)
        call: Any = channel.unary_unary(f"/{_SERVICE}/process", Empty.SerializeToString, UInt64Value.FromString)
        return channel, (await call(Empty())).value

    first = await open_one()
    return await measured_connections(figure, first[1], open_one)


if __name__ == "__main__":
    contestant_main(serve, measure)
