"""How calls are made: one after another, many at a time, or each on the promised result of the one before."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

__all__ = ["measured", "us_per_call", "us_per_call_in_flight"]

_WARM_UP = 200
_CALLS = 2000
_CHAINS = 100
_DEPTH = 20


async def us_per_call(call: Callable[[], Awaitable[object]], calls: int = _CALLS, warm_up: int = _WARM_UP) -> float:
    """Return the mean time of a call in microseconds, after some that are not counted."""
    for _ in range(warm_up):
        await call()
    start_s = time.perf_counter()
    for _ in range(calls):
        await call()
    return (time.perf_counter() - start_s) / calls * 1e6


async def us_per_call_in_flight(call: Callable[[], Awaitable[object]], in_flight: int) -> float:
    """Return the mean time of a call in microseconds when `in_flight` of them are sent together, again and again."""
    await us_per_call(call, 1)
    rounds = max(1, 10_000 // in_flight)
    start_s = time.perf_counter()
    for _ in range(rounds):
        under_way = [call() for _ in range(in_flight)]
        for one in under_way:
            await one
    return (time.perf_counter() - start_s) / (rounds * in_flight) * 1e6


async def measured(
    work: str, call: Callable[[], Awaitable[object]], chain: Callable[[int], Awaitable[object]] | None = None
) -> float:
    """Do the work of a row, and return its figure in microseconds.

    Args:
        work: "one" after another, "chain" of pipelined calls, or how many calls are in flight.
        call: makes one call.
        chain: makes as many calls as it is told, each on the promised result of the one before, and one on the last.
    """
    if work == "one":
        return await us_per_call(call)
    if work == "chain":
        assert chain is not None
        return await us_per_call(lambda: chain(_DEPTH), _CHAINS, 5)
    return await us_per_call_in_flight(call, int(work))
