"""How many connections are set up in a second, and what each takes in the server while all are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.memory import resident_bytes

__all__ = ["measured_connections"]

WARM_UP = 100  # these make room that later ones fill, and do not count
COUNT = 1000
_TOGETHER = 50  # set up at the same time; more than a server's backlog would measure the retries of TCP


async def opened(open_one: Callable[[], Awaitable[object]], count: int) -> list[object]:
    """Return so many connections, all of them open."""
    connections: list[object] = []
    while len(connections) < count:
        some = min(_TOGETHER, count - len(connections))
        connections += await asyncio.gather(*(open_one() for _ in range(some)))
    return connections


async def measured_connections(figure: str, server: int, open_one: Callable[[], Awaitable[object]]) -> float:
    """Open 1,000 connections and return the figure of a row: the "rate" in set-ups a second, or the "memory" of the server for each, in bytes.

    Args:
        figure: "rate" or "memory".
        server: the server's process.
        open_one: makes a connection on which one call was answered; it stays open while the result is kept.
    """
    kept = await opened(open_one, WARM_UP)
    before_bytes = resident_bytes(server)
    start_s = time.perf_counter()
    kept += await opened(open_one, COUNT)
    taken_s = time.perf_counter() - start_s
    if figure == "rate":
        return COUNT / taken_s
    return (resident_bytes(server) - before_bytes) / COUNT
