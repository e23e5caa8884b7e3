"""The fuzzer finds nothing in the core, and finds each fault that is put into it."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys

import pytest

from caplet.testing.faults import (
    Hasty,
    LosesFinishes,
    LosesReleases,
    LosesResolves,
    NoEmbargo,
    NoFreeze,
    Porous,
    TellsAtOnce,
)
from caplet.testing.fuzz import Fuzz, random_steps
from caplet.testing.reproduction import failure_of, kind_of, run_or_explain, shortened

STEPS = 100


@pytest.mark.parametrize("vats", [2, 3, 4])
@pytest.mark.parametrize("cuts", [False, True])
def test_random_runs_do_what_the_oracle_says(vats, cuts):
    first = int(os.environ.get("CAPLET_FUZZ_SEED", random.randrange(1 << 30)))
    print(f"seeds from {first}; CAPLET_FUZZ_SEED={first} repeats them")  # noqa: T201
    for seed in range(first, first + int(os.environ.get("CAPLET_FUZZ_RUNS", "12"))):
        run_or_explain(vats, random_steps(seed, STEPS, cuts))


@pytest.mark.parametrize("vats", [2, 3])
@pytest.mark.parametrize("cuts", [False, True])
def test_what_is_taken_through_membranes_is_reached_in_order_all_the_same(vats, cuts):
    first = int(os.environ.get("CAPLET_FUZZ_SEED", random.randrange(1 << 30)))
    print(f"seeds from {first}; CAPLET_FUZZ_SEED={first} repeats them")  # noqa: T201
    for seed in range(first, first + int(os.environ.get("CAPLET_FUZZ_RUNS", "8"))):
        run_or_explain(vats, random_steps(seed, STEPS, cuts, membranes=True))


@pytest.mark.parametrize(("fault", "what"), [(Porous, "leak"), (Hasty, "wrong order"), (TellsAtOnce, "wrong order")])
def test_a_fault_of_membranes_is_found_within_20000_steps(fault, what):
    for seed in range(20_000 // STEPS):
        try:
            Fuzz(2, membrane_class=fault).run(random_steps(seed, STEPS, membranes=True))
        except AssertionError as error:
            found = str(error)
            break
    else:
        found = "it was not found out"
    assert what in found


def test_a_circle_of_answers_through_a_tail_call_lasts_until_the_connection_ends():
    fuzz = Fuzz(2)
    fuzz.run(random_steps(701889, 200, True))
    assert fuzz.circles == 1


@pytest.mark.parametrize("fault", [NoEmbargo, NoFreeze, LosesReleases, LosesFinishes])
def test_a_fault_is_found_within_20000_steps(fault):
    assert failing_steps(fault)


def test_a_promise_of_which_nothing_more_is_heard_is_found_within_20000_steps():
    """Where its calls go is right all the same: what tells is that it is a promise for ever."""
    assert failing_steps(LosesResolves, 3)


def failing_steps(fault, vats=2):
    """Return a run that finds a fault, within 20,000 steps."""
    for seed in range(20_000 // STEPS):
        steps = random_steps(seed, STEPS)
        if failure_of(vats, steps, fault) is not None:
            return steps
    return pytest.fail(f"{fault.__name__} was not found out")


def test_a_failing_run_prints_itself_as_a_test_that_fails_the_same_way(tmp_path):
    steps = failing_steps(NoEmbargo)
    with pytest.raises(AssertionError) as caught:
        run_or_explain(2, steps, NoEmbargo)
    [text] = caught.value.__notes__
    assert text.count("\n            (") < len(steps) / 2
    (tmp_path / "test_found.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_found.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed" in done.stdout
    assert kind_of(caught.value) in re.sub(r"\d+", "#", done.stdout)


def test_a_run_that_does_not_fail_is_not_shortened():
    steps = random_steps(1, 20)
    assert shortened(2, steps) == steps
