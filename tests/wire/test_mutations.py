"""A short run of the program that damages messages."""

from __future__ import annotations

from fuzz.mutations import run
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 30))
def test_damaged_messages_are_read_or_refused_and_nothing_else(seed: int) -> None:
    outcomes = run(80, seed)
    assert sum(outcomes.values()) == 80 * 8


def test_the_program_reads_and_refuses_in_every_way() -> None:
    outcomes = run(200, 1)
    for use in ("typed", "untyped", "to_dict", "==", "copy", "canonical", "packed", "text"):
        assert outcomes[f"{use}: read"] > 0
        assert outcomes[f"{use}: refused"] > 0
