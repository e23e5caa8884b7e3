"""A run of the fuzzer that failed, as a test that anybody can run.

Knows how a run is made shorter while it fails the same way, and how it is written down. Does not know what the steps do.
"""

from __future__ import annotations

import re

from caplet.rpc.connection import Connection
from caplet.testing.fuzz import Fuzz, Step

__all__ = ["as_test", "failure_of", "run_or_explain", "shortened"]

ATTEMPTS = 300


def failure_of(vats: int, steps: list[Step], connection_class: type[Connection] = Connection) -> str | None:
    """Return what a run fails with, numbers left out, None when it does not fail.

    Args:
        vats: how many vats.
        steps: the run.
        connection_class: a class to use for connections.
    """
    try:
        Fuzz(vats, connection_class).run(steps)
    except AssertionError as error:
        return kind_of(error)
    return None


def kind_of(error: AssertionError) -> str:
    """Return the first line of a failure, with a mark for each number."""
    return re.sub(r"\d+", "#", str(error).split("\n", 1)[0])


def shortened(
    vats: int, steps: list[Step], connection_class: type[Connection] = Connection, attempts: int = ATTEMPTS
) -> list[Step]:
    """Return a part of a run that fails the same way; the run itself when it does not fail, or nothing can be left out.

    Args:
        vats: how many vats.
        steps: the run.
        connection_class: a class to use for connections.
        attempts: how many runs may be tried.
    """
    wanted = failure_of(vats, steps, connection_class)
    if wanted is None:
        return steps
    size = len(steps) // 2
    while size and attempts:
        position = 0
        while position < len(steps) and attempts:
            attempts -= 1
            fewer = steps[:position] + steps[position + size :]
            if failure_of(vats, fewer, connection_class) == wanted:
                steps = fewer
            else:
                position += size
        size //= 2
    return steps


def as_test(vats: int, steps: list[Step], connection_class: type[Connection] = Connection) -> str:
    """Return the text of a test module that makes a run.

    Args:
        vats: how many vats.
        steps: the run.
        connection_class: a class to use for connections.
    """
    lines = ["from caplet.testing.fuzz import Fuzz"]
    arguments = str(vats)
    if connection_class is not Connection:
        lines.insert(0, f"from {connection_class.__module__} import {connection_class.__name__}")
        arguments += f", {connection_class.__name__}"
    lines += ["", "", "def test_found_by_the_fuzzer():", f"    Fuzz({arguments}).run(", "        ["]
    lines += [f'            ("{move}", {first}, {second}, {third}),' for move, first, second, third in steps]
    return "\n".join([*lines, "        ]", "    )", ""])


def run_or_explain(vats: int, steps: list[Step], connection_class: type[Connection] = Connection) -> None:
    """Make a run; when it fails, the error has a note with a short run that fails the same way, as a test.

    Args:
        vats: how many vats.
        steps: the run.
        connection_class: a class to use for connections.

    Raises:
        AssertionError: what happened is not what the oracle says.
    """
    try:
        Fuzz(vats, connection_class).run(steps)
    except AssertionError as error:
        error.add_note(as_test(vats, shortened(vats, steps, connection_class), connection_class))
        raise
