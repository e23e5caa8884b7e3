"""Every message of every connection in one file, when the environment variable `CAPLET_TRACE` names one.

Knows when the file is opened and that a line is written whole. What stands in a line is `caplet.rpc.tracing`'s.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, TextIO

from caplet.rpc.tracing import JsonTrace

if TYPE_CHECKING:
    from caplet.rpc.connection import Connection

__all__ = ["VARIABLE", "trace_to_file", "traces_to_file"]

VARIABLE = "CAPLET_TRACE"

# What tells the connections of this process apart: several may lead to one address.
_numbers = count(1)

_log = logging.getLogger("caplet.trace")


def traces_to_file() -> bool:
    """Tell whether the environment names a file."""
    return bool(os.environ.get(VARIABLE))


def trace_to_file(connection: Connection) -> None:
    """Let a connection write its messages to the file that the environment names; nothing when it names none."""
    path = os.environ.get(VARIABLE)
    if path:
        output = _opened(path, os.getpid())
        if output is not None:
            about = {"process": os.getpid(), "connection": next(_numbers), "peer": str(connection.peer)}
            connection.tracer = JsonTrace(connection, output, about)


@cache
def _opened(path: str, process_id: int) -> TextIO | None:
    """Return the file, opened once in each process; several may write to one file, a line at a time."""
    try:
        return open(path, "a", buffering=1, encoding="utf-8")
    except OSError as error:
        _log.error("%s=%s cannot be written: %s", VARIABLE, path, error)
        return None
