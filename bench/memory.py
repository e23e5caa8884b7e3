"""How much memory one more thing takes in a process: the growth of what the system counts as resident, over many of them.

A contestant is a module run like those of `processes.py`, whose client makes the things and prints the bytes that each took, in the server or,
for imports, in itself.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import over_loopback
from bench.row import Measure

__all__ = ["grown_bytes", "in_fresh_processes", "resident_bytes"]

_PAGE_BYTES = 4096
# How many things of each kind are made; the first ones, which make room that later ones fill, do not count.
COUNTS = {"export": (500, 2000), "import": (500, 2000), "connection": (100, 1000)}


def resident_bytes(process_id: int) -> int:
    """Return how much memory a process has, as the system counts it."""
    return int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


async def grown_bytes(process_id: int, what: str, make: Callable[[], Awaitable[object]]) -> float:
    """Return by how many bytes a process grew for each thing that was made.

    Args:
        process_id: the process.
        what: "export", "import" or "connection".
        make: makes one, whose result is kept.
    """
    first, count = COUNTS[what]
    kept = [await make() for _ in range(first)]
    before = resident_bytes(process_id)
    kept += [await make() for _ in range(count)]
    return (resident_bytes(process_id) - before) / count


@contextmanager
def in_fresh_processes(module: str, what: str, needs: str | None = None) -> Iterator[Measure]:
    """Measure in a fresh server and client each time: what was freed before would hide what is needed.

    Args:
        module: the contestant.
        what: given to the client after the port; of things that take memory, "export" (in the server), "import" (in the client) or
            "connection" (in the server).
        needs: the package without which the contestant cannot run.

    Raises:
        ImportError: that package is not installed.
    """
    if needs is not None and importlib.util.find_spec(needs) is None:
        raise ImportError(f"{needs} is not installed")

    def measure() -> float:
        with over_loopback(module, what) as once:
            return once()

    yield measure
