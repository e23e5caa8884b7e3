"""What exports, imports and connections of Caplet take."""

from __future__ import annotations

import os
from typing import Any

import caplet
from bench.memory import grown_bytes
from bench.peers.caplet_object import serve_object
from bench.processes import SCHEMAS, contestant_main

schema = caplet.load(SCHEMAS / "memory.capnp")


class ObjectServer(schema.Objects.Server):
    async def make(self) -> ObjectServer:
        return ObjectServer()

    async def process(self) -> int:
        return os.getpid()


async def serve() -> None:
    await serve_object(ObjectServer())


async def measure(port: int, what: str) -> float:
    address = f"tcp://127.0.0.1:{port}"
    async with caplet.connect(address) as connection:
        objects: Any = connection.bootstrap(schema.Objects)
        server = (await objects.process()).id

        async def make_object() -> Any:
            return (await objects.make()).object

        async def make_connection() -> Any:
            more = await caplet.connect(address)
            other: Any = more.bootstrap(schema.Objects)
            await other.process()
            return more, other

        return await grown_bytes(
            os.getpid() if what == "import" else server, what, make_connection if what == "connection" else make_object
        )


if __name__ == "__main__":
    contestant_main(serve, measure)
