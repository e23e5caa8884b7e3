"""Generic types with their parameters bound and unbound."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_bound_parameter_reads_and_writes_as_its_type(shapes: Any) -> None:
    pair = shapes.Pair[str, shapes.Point]
    assert pair is shapes.Pair[str, shapes.Point]
    assert pair.__qualname__ == "Pair[Text, Point]"
    made = pair(first="a", second={"x": 1}, rest=[{"first": "b"}], inner={"value": "c"})
    assert (made.first, made.second.x, made.rest[0].first, made.inner.value) == ("a", 1, "b", "c")
    assert pair.from_bytes(made.to_bytes()) == made
    with pytest.raises(TypeError, match=r"first: expected Text, not int"):
        made.first = 5


def test_fields_of_bound_types_are_of_the_same_classes(shapes: Any) -> None:
    made = shapes.Holder(pair={"first": "x", "second": {"y": 2}}, points={"first": [{"x": 1}], "second": b"d"})
    assert isinstance(made.pair, shapes.Pair[str, shapes.Point])
    assert (made.pair.first, made.points.first[0].x, made.points.second) == ("x", 1, b"d")
    assert isinstance(made.points, shapes.Pair[list[shapes.Point], bytes])
    assert shapes.Pair[str, shapes.Point].Inner(value="v").value == "v"


def test_an_unbound_parameter_is_any_pointer(shapes: Any) -> None:
    made = shapes.Pair(first="text", second=shapes.Point(x=4))
    assert made.as_reader().first.text() == "text"
    assert shapes.Pair[object, object] is shapes.Pair
    half = shapes.Pair[object, str](first=b"raw", second="s")
    assert (half.second, half.as_reader().first.blob()) == ("s", b"raw")


def test_wrong_type_arguments_are_errors(shapes: Any) -> None:
    with pytest.raises(TypeError, match="Pair has the parameters First, Second; 1 types were given"):
        shapes.Pair[str]
    with pytest.raises(TypeError, match="cannot be a type argument"):
        shapes.Pair[int, str]
    with pytest.raises(TypeError, match="cannot be a type argument"):
        shapes.Pair[shapes.Color, str]
    with pytest.raises(TypeError):
        shapes.Point[str]


def test_methods_have_the_bound_types_of_their_params(shapes: Any) -> None:
    (plan,) = shapes.Thing._interface.methods
    made = plan.params(pair={"first": "a", "second": b"b"})
    assert (made.pair.first, made.pair.second) == ("a", b"b")
