"""The fuzzer finds nothing in the core, and finds each fault that is put into it."""

from __future__ import annotations

import os
import random

import pytest

from caplet.testing.faults import LosesReleases, NoEmbargo, NoFreeze
from caplet.testing.fuzz import Fuzz, random_steps

STEPS = 100


def run(seed, vats, connection_class=None, cuts=False):
    fuzz = Fuzz(vats) if connection_class is None else Fuzz(vats, connection_class)
    steps = random_steps(seed, STEPS, cuts)
    try:
        fuzz.run(steps)
    except AssertionError as error:
        error.add_note(f"the run, as a test:\n    Fuzz({vats}).run(random_steps({seed}, {STEPS}, {cuts}))")
        raise


@pytest.mark.parametrize("vats", [2, 3, 4])
@pytest.mark.parametrize("cuts", [False, True])
def test_random_runs_do_what_the_oracle_says(vats, cuts):
    first = int(os.environ.get("CAPLET_FUZZ_SEED", random.randrange(1 << 30)))
    print(f"seeds from {first}; CAPLET_FUZZ_SEED={first} repeats them")  # noqa: T201
    for seed in range(first, first + int(os.environ.get("CAPLET_FUZZ_RUNS", "12"))):
        run(seed, vats, cuts=cuts)


@pytest.mark.parametrize("fault", [NoEmbargo, NoFreeze, LosesReleases])
def test_a_fault_is_found_within_20000_steps(fault):
    for seed in range(20_000 // STEPS):
        try:
            run(seed, 2, fault)
        except AssertionError:
            return
    pytest.fail(f"{fault.__name__} was not found out")
