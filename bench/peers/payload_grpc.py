"""Calls with results of many bytes by grpc.aio, in the messages that come with protobuf."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import BytesValue

from bench.peers.grpc_method import Method, serve_method
from bench.peers.payload import CONTENT_BYTES, measured_payload
from bench.processes import contestant_main

FETCH = Method("bench.Payload", "fetch", Empty, BytesValue)
CONTENT = b"x" * CONTENT_BYTES


async def answer(request: Any, context: Any) -> Any:
    return BytesValue(value=CONTENT)


async def serve() -> None:
    await serve_method(FETCH, answer)


async def measure(port: int, work: str) -> float:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = FETCH.of(channel)

        async def fetch() -> int:
            return len((await call(Empty())).value)

        return await measured_payload(work, fetch)


if __name__ == "__main__":
    contestant_main(serve, measure)
