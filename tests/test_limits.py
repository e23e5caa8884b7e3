"""Bounds are whole numbers that are not below zero; those that bound nothing are held as what every number of the machine can hold."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

import caplet
from caplet.limits import LARGEST, LARGEST_NESTING

registry = caplet.SchemaRegistry()
Note = registry.load_text("@0x9e6a1c5f3b7d2084; struct Note { text @0 :Text; numbers @1 :List(UInt8); }").Note


@pytest.mark.parametrize("value", ["5", 5.0, None, True])
def test_a_bound_that_is_no_integer_is_refused_by_its_name(value: object) -> None:
    text = f"Limits(traversal_words=...) expects an integer, not {type(value).__name__} ({value!r})"
    with pytest.raises(TypeError, match=re.escape(text)):
        caplet.Limits(traversal_words=value)  # type: ignore[arg-type]


def test_a_bound_below_zero_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=re.escape("Limits(held_fds=-1): a bound cannot be below zero")):
        caplet.Limits(held_fds=-1)


@pytest.mark.parametrize("name", caplet.Limits.__slots__)
@pytest.mark.parametrize("bits", [31, 32, 63, 64, 70])
def test_a_bound_that_bounds_nothing_is_held_as_a_number_that_fits(name: str, bits: int) -> None:
    limits = caplet.Limits(**{name: (1 << bits) - 1})
    most = LARGEST_NESTING if name == "nesting" else LARGEST
    assert getattr(limits, name) == min((1 << bits) - 1, most)
    assert copy.copy(limits) == limits == pickle.loads(pickle.dumps(limits))
    message = Note(text="x", numbers=[1])
    read = [Note.from_bytes(message.to_bytes(), limits), Note.from_packed(message.to_packed(), limits)]
    assert [(one.text, list(one.numbers)) for one in read] == [("x", [1])] * 2
