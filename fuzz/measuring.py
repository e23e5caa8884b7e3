"""What a process has and what it complains about, for the programs that look for leaks.

Knows the system's view of a process, the collector's of its objects, and where complaints go. Does not know what is done meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

import caplet

__all__ = ["LOOPS", "Complaints", "Sample", "come_to_rest", "resident_bytes", "take_sample", "unsettled"]

try:
    import uvloop
except ImportError:
    LOOPS = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

PAGE_BYTES = resource.getpagesize()
# Longer than anybody waits for a last word.
REST_S = 15.0


def resident_bytes(pid: int | str = "self") -> int:
    """Return how much memory a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


class Sample(NamedTuple):
    """What a process has while nothing is under way.

    Attributes:
        resident_bytes: its memory, as the system sees it.
        blocks: how many pieces of memory Python's objects have.
        objects: how many objects the collector of cycles knows.
        descriptors: what it has open.
        tasks: what its loop has to do.
    """

    resident_bytes: int
    blocks: int
    objects: int
    descriptors: int
    tasks: int


def take_sample() -> Sample:
    """Return what this process has, when cycles are gone and the system has back what the allocator keeps for later."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # only the C library of GNU has it
        ctypes.CDLL(None).malloc_trim(0)
    return Sample(
        resident_bytes(),
        sys.getallocatedblocks(),
        len(gc.get_objects()),
        len(os.listdir("/proc/self/fd")),
        len(asyncio.all_tasks()),
    )


async def come_to_rest(first: Sample | None) -> None:
    """Let what is closing come to its end, such as the goodbyes of TLS: until there is no more than at first, or some seconds are over."""
    end_s = time.monotonic() + REST_S
    while (  # noqa: ASYNC110  (nothing tells of it)
        first is not None
        and time.monotonic() < end_s
        and (len(os.listdir("/proc/self/fd")) > first.descriptors or len(asyncio.all_tasks()) > first.tasks)
    ):
        await asyncio.sleep(0)


def unsettled(connections: list[caplet.Connection]) -> list[caplet.Connection]:
    """Return those of some connections that have ended whose tables are not empty."""
    for connection in connections:
        connection._link.connection.check()
    return [connection for connection in connections if not connection._link.connection.is_idle]


def is_write_to_cut_stream(record: logging.LogRecord) -> bool:
    """Tell whether a record is uvloop's about what is written in the round in which a TLS stream is cut: it lets nobody ask whether it was."""
    return record.name == "asyncio" and record.getMessage() == "SSL connection is closed"


class Complaints(logging.Handler):
    """Collects, inside `with`, what is logged as a warning or worse, warnings, and errors that Python can tell nobody.

    Args:
        expected: what the run brings about on purpose: names to count it by, and functions that tell whether a record is of that kind.
    """

    def __init__(self, expected: dict[str, Callable[[logging.LogRecord], bool]]) -> None:
        super().__init__(logging.WARNING)
        self.expected = Counter[str]()
        self.texts: list[str] = []
        self._kinds = expected
        self._warnings = warnings.catch_warnings(action="error")

    def __enter__(self) -> Self:
        """Hear of everything from now on; every warning is an error."""
        root = logging.getLogger()
        # Alone: the record of an object that ends between two lines of a program has no line number, for which others have no format.
        self._others, root.handlers = root.handlers, [self]
        self._warnings.__enter__()
        self._hook, sys.unraisablehook = sys.unraisablehook, self.hear_of_unraisable
        return self

    def __exit__(self, *_: object) -> None:
        sys.unraisablehook = self._hook
        self._warnings.__exit__()
        logging.getLogger().handlers = self._others

    def hear_of_unraisable(self, raised: sys.UnraisableHookArgs) -> None:
        """Note an error that could not be raised anywhere."""
        self.texts.append(f"unraisable in {raised.object!r}: {raised.exc_value!r}")

    def expect(self, loop: str) -> Self:
        """Count, too, what a loop says that nobody can prevent."""
        if loop == "uvloop":
            self._kinds["writes to a TLS stream that was cut"] = is_write_to_cut_stream
        return self

    def emit(self, record: logging.LogRecord) -> None:
        """Count what is expected, note the rest."""
        for name, matches in self._kinds.items():
            if matches(record):
                self.expected[name] += 1
                return
        self.texts.append(f"{record.name} {record.levelname}: {self.format(record)}")
