"""How calls are made by programs without an event loop: one after another, in one thread."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["measured_blocking"]

_WARM_UP = 200
_CALLS = 2000


def measured_blocking(call: Callable[[int, str], tuple[int, str]]) -> float:
    """Return the mean time of a call in microseconds.

    Args:
        call: makes one call, waits for the answer and returns what it says.
    """
    if (answer := call(7, "hello")) != (7, "hello"):
        raise RuntimeError(f"the echo is wrong: {answer}")
    for _ in range(_WARM_UP):
        call(7, "hello")
    start_s = time.perf_counter()
    for _ in range(_CALLS):
        call(7, "hello")
    return (time.perf_counter() - start_s) / _CALLS * 1e6
