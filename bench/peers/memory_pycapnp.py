"""What exports, imports and connections of pycapnp take."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import capnp

from bench.memory import grown_bytes
from bench.processes import contestant_main

schema = capnp.load(str(Path(__file__).parent.parent / "schemas" / "memory.capnp"))


class ObjectServer(schema.Objects.Server):
    async def make(self, **_: Any) -> ObjectServer:
        return ObjectServer()

    async def process(self, **_: Any) -> int:
        return os.getpid()


async def on_connection(stream: Any) -> None:
    await capnp.TwoPartyServer(stream, bootstrap=ObjectServer()).on_disconnect()


async def serve() -> None:
    server = await capnp.AsyncIoStream.create_server(on_connection, "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


async def connect(port: int) -> Any:
    stream = await capnp.AsyncIoStream.create_connection("127.0.0.1", port)
    client = capnp.TwoPartyClient(stream)
    return client, client.bootstrap().cast_as(schema.Objects)


async def measure(port: int, what: str) -> float:
    _, objects = await connect(port)
    server = (await objects.process()).id

    async def make_object() -> Any:
        return (await objects.make()).object

    async def make_connection() -> Any:
        more = await connect(port)
        await more[1].process()
        return more

    return await grown_bytes(
        os.getpid() if what == "import" else server, what, make_connection if what == "connection" else make_object
    )


if __name__ == "__main__":
    contestant_main(serve, measure, lambda work: asyncio.run(capnp.run(work)))
