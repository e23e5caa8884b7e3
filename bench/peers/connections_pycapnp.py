"""Many connections of pycapnp."""

from __future__ import annotations

from typing import Any

from bench.peers.connections import measured_connections
from bench.peers.memory_pycapnp import schema, serve
from bench.peers.pycapnp_object import connect, run
from bench.processes import contestant_main


async def measure(port: int, figure: str) -> float:
    async def open_one() -> tuple[Any, Any, int]:
        client, objects = await connect(port, schema.Objects)
        return client, objects, (await objects.process()).id

    first = await open_one()
    return await measured_connections(figure, first[2], open_one)


if __name__ == "__main__":
    contestant_main(serve, measure, run)
