"""What exports, imports and connections of Caplet take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import caplet
from bench.memory import grown_bytes
from bench.processes import contestant_main

schema = caplet.load(Path(__file__).parent.parent / "schemas" / "memory.capnp")


class ObjectServer(schema.Objects.Server):
    async def make(self) -> ObjectServer:
        return ObjectServer()

    async def process(self) -> int:
        return os.getpid()


async def serve() -> None:
    async with caplet.serve("tcp://127.0.0.1:0", ObjectServer()) as server:
        print(server.address.rpartition(":")[2], flush=True)
        await server.serve_forever()


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
