"""Echo calls by grpc.aio; protobuf's classes are made from a descriptor, so that no protoc is needed."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from bench.peers.grpc_method import Method, serve_method
from bench.peers.latency import measured
from bench.processes import contestant_main


def make_message() -> Any:
    """Return the class of params and results."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="bench/echo.proto", package="bench", syntax="proto3")
    message = file.message_type.add(name="Message")
    message.field.add(name="x", number=1, label=field.LABEL_OPTIONAL, type=field.TYPE_UINT32)
    message.field.add(name="s", number=2, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Message"))


Message = make_message()
ECHO = Method("bench.Echo", "echo", Message, Message)


async def echo(request: Any, context: Any) -> Any:
    return Message(x=request.x, s=request.s)


async def serve() -> None:
    await serve_method(ECHO, echo)


async def measure(port: int, work: str) -> float:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = ECHO.of(channel)
        result = await call(Message(x=7, s="hello"))
        if (result.x, result.s) != (7, "hello"):
            raise RuntimeError(f"the echo is wrong: {result}")
        return await measured(work, lambda: call(Message(x=7, s="hello")))


if __name__ == "__main__":
    contestant_main(serve, measure)
