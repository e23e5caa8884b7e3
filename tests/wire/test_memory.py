"""What messages leave behind when nobody needs them any more: nothing."""

from __future__ import annotations

import random

from fuzz.memory import run


def test_messages_that_are_over_leave_no_objects_and_no_cycles() -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201
    growth = run(1000, seed)
    assert growth.in_cycles == 0
    assert growth.objects[-1] <= growth.objects[0] + 20
