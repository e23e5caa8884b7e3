"""Calls with results of many bytes by grpc.aio, in the messages that come with protobuf."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import BytesValue

from bench.peers.payload import CONTENT_BYTES, measured_payload
from bench.processes import contestant_main

_SERVICE = "bench.Payload"
CONTENT = b"x" * CONTENT_BYTES


async def answer(request: Any, context: Any) -> Any:
    return BytesValue(value=CONTENT)


async def serve() -> None:
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(answer, Empty.FromString, BytesValue.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"fetch": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


async def measure(port: int, work: str) -> float:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Any = channel.unary_unary(f"/{_SERVICE}/fetch", Empty.SerializeToString, BytesValue.FromString)

        async def fetch() -> int:
            return len((await call(Empty())).value)

        return await measured_payload(work, fetch)


if __name__ == "__main__":
    contestant_main(serve, measure)
