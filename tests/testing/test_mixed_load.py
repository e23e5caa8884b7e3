"""A short run of the program that makes mixed load between two processes."""

from __future__ import annotations

import random

import pytest
from fuzz.measuring import LOOPS
from fuzz.mixed import run_mixed
from fuzz.mixed_load import WORKS


@pytest.mark.parametrize("loop", LOOPS)
def test_mixed_load_between_two_processes_leaves_nothing_behind_on_either_side(loop: str) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201
    report = run_mixed(2, lambda done: done >= 60, seed, loop, clients=4)
    assert report.wrong == []
    assert len(report.clients) == len(report.servers) == 3
    assert sum(report.outcomes.values()) >= 120
    assert {name for name, _ in report.outcomes} >= {work.__name__ for work in WORKS[:3]}
