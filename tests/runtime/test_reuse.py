"""Readers, builders, lists and memory that are used again: nothing of what they were is left, and nobody who still holds one notices."""

from __future__ import annotations

from typing import Any

import pytest


def test_structs_that_are_used_again_say_only_what_their_new_place_says(shapes: Any) -> None:
    for round_number in range(3):
        trees = [shapes.Tree(value=number, left={"value": number + 1}) for number in range(200)]
        held = [tree.left.as_reader() for tree in trees]
        del trees
        assert [reader.value for reader in held] == [number + 1 for number in range(200)], round_number
        del held
    assert shapes.Tree().value == 0


def test_memory_that_is_used_again_holds_nothing_of_the_message_before(shapes: Any) -> None:
    clean = shapes.Tree().to_bytes()
    for _ in range(20):
        before = shapes.Tree(value=-1, left={"value": -1}, children=[{"value": -1}] * 20)
        assert b"\xff" in before.to_bytes()
        del before
        assert shapes.Tree().to_bytes() == clean


def test_a_view_keeps_the_memory_of_a_message_that_is_gone(shapes: Any) -> None:
    tree = shapes.Tree(children=[{"value": 7}] * 3)
    view = memoryview(tree.children.column("value").view())
    del tree
    others = [shapes.Tree(value=-1, children=[{"value": -1}] * 3) for _ in range(20)]
    assert view.tolist() == [7, 7, 7]
    del others


def test_a_dict_nested_too_deep_is_refused_at_once(shapes: Any) -> None:
    values: dict[str, Any] = {"no such field": 1}
    for _ in range(2000):
        values = {"left": values}
    with pytest.raises(RecursionError):
        shapes.Tree.from_dict(values)
    assert shapes.Tree.from_dict({"left": {"value": 3}}).left.value == 3
