"""A short run of the soak program."""

from __future__ import annotations

import random

from fuzz.soak import soak


def test_cancellations_and_disconnects_leave_nothing_behind():
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201
    report = soak(1500, seed)
    assert report.left_over == []
    assert sum(report.outcomes.values()) >= 1500
    assert report.outcomes["cancelled"] > 0
    assert report.outcomes["answered"] > 0
