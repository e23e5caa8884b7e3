"""The program that looks for references which are counted too often or too seldom: a short run of it, and that it finds them."""

from __future__ import annotations

import asyncio
import ctypes
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import pytest
from fuzz.references import TIMES, Shared, drifts

import caplet
from caplet.rpc import decode
from caplet.wire.framing import Framer

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 10
kept: list[object] = []
# From Python 3.13 on nobody counts the references of compiled classes.
UNCOUNTED = sys.version_info >= (3, 13) and not isinstance(Framer.feed, FunctionType)
THINGS = [caplet.RpcError, decode.read_path, *([] if UNCOUNTED else [Framer])]


@pytest.fixture(scope="module")
def shared() -> Shared:
    return Shared()


def drifts_of(shared: Shared, work: Callable[[], object]) -> dict[str, tuple[int, ...]]:
    async def run() -> None:
        for _ in range(ROUNDS):
            work()

    return asyncio.run(drifts(shared, run, ROUNDS))


def test_work_of_every_kind_leaves_the_references_of_what_is_shared_as_they_were() -> None:
    # In a process of its own: what is logged is kept for pytest.
    seed = random.randrange(1 << 30)
    command = [sys.executable, "-m", "fuzz.references", "--rounds", "4", "--seed", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"seed {seed};")


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_reference_that_is_counted_wrongly_is_found(shared: Shared, thing: object, sign: int) -> None:
    once, back = (ctypes.pythonapi.Py_IncRef, ctypes.pythonapi.Py_DecRef)[::sign]
    faults = (TIMES + 1) * ROUNDS
    kept.extend([thing] * faults)
    held = ctypes.py_object(thing)
    try:
        found = drifts_of(shared, lambda: once(held))
    finally:
        for _ in range(faults):
            back(held)
        kept.clear()
    assert list(found.values()) == [(sign * ROUNDS,) * TIMES]


def test_objects_that_are_kept_are_found(shared: Shared) -> None:
    try:
        assert "objects" in drifts_of(shared, lambda: kept.append([]))
    finally:
        kept.clear()


def test_work_that_keeps_nothing_does_not_drift(shared: Shared) -> None:
    assert drifts_of(shared, lambda: caplet.Limits(segments=7)) == {}
