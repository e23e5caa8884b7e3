"""Many connections of Caplet."""

from __future__ import annotations

from typing import Any

import caplet
from bench.peers.connections import measured_connections
from bench.peers.memory_caplet import schema, serve
from bench.processes import contestant_main


async def measure(port: int, figure: str) -> float:
    async def open_one() -> tuple[Any, Any, int]:
        connection = await caplet.connect(f"tcp://127.0.0.1:{port}")
        objects: Any = connection.bootstrap(schema.Objects)
        return connection, objects, (await objects.process()).id

    first = await open_one()
    return await measured_connections(figure, first[2], open_one)


if __name__ == "__main__":
    contestant_main(serve, measure)
