"""How long a small statement takes, in the processor's time: other work of the machine does not count."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable

__all__ = ["ns_per_run"]

_COPIES = 100  # of the statement in the loop, so that the loop itself costs next to nothing
_ENOUGH_S = 0.05


def ns_per_run(statement: str, **names: object) -> Callable[[], float]:
    """Return a measure of one run of a statement, in nanoseconds.

    Args:
        statement: what is timed; it finds `names` as local variables, as code in a function would.
    """
    setup = "; ".join(f"{name} = _names[{name!r}]" for name in names)
    timer = timeit.Timer("\n".join([statement] * _COPIES), setup, timer=time.process_time, globals={"_names": names})
    loops = 1
    while (taken_s := timer.timeit(loops)) < _ENOUGH_S:
        loops = max(loops * 2, int(loops * _ENOUGH_S / taken_s))
    return lambda: timer.timeit(loops) / loops / _COPIES * 1e9
