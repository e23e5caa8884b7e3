"""One call after another."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

__all__ = ["us_per_call"]

_WARM_UP = 200
_CALLS = 2000


async def us_per_call(call: Callable[[], Awaitable[object]]) -> float:
    """Return the mean time of a call in microseconds, after some that are not counted."""
    for _ in range(_WARM_UP):
        await call()
    start_s = time.perf_counter()
    for _ in range(_CALLS):
        await call()
    return (time.perf_counter() - start_s) / _CALLS * 1e6
