"""What exports, imports and connections of pycapnp take."""

from __future__ import annotations

import os
from typing import Any

import capnp

from bench.memory import grown_bytes
from bench.peers.pycapnp_object import connect, run, serve_objects
from bench.processes import SCHEMAS, contestant_main

schema = capnp.load(str(SCHEMAS / "memory.capnp"))


class ObjectServer(schema.Objects.Server):
    async def make(self, **_: Any) -> ObjectServer:
        return ObjectServer()

    async def process(self, **_: Any) -> int:
        return os.getpid()


async def serve() -> None:
    await serve_objects(ObjectServer)


async def measure(port: int, what: str) -> float:
    _connection, objects = await connect(port, schema.Objects)
    server = (await objects.process()).id

    async def make_object() -> Any:
        return (await objects.make()).object

    async def make_connection() -> Any:
        more = await connect(port, schema.Objects)
        await more[1].process()
        return more

    return await grown_bytes(
        os.getpid() if what == "import" else server, what, make_connection if what == "connection" else make_object
    )


if __name__ == "__main__":
    contestant_main(serve, measure, run)
