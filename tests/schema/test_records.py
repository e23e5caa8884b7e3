"""Records behave as frozen dataclasses do."""

from __future__ import annotations

import copy
import pickle

import pytest

from caplet.schema.model import ANY_POINTER, EnumType, FileNode, ListType, StructType, TypeKind, Value
from caplet.schema.records import record, replace


@record
class Point:
    """A point."""

    x: int
    y: int = 5


@record
class Point3(Point):
    """One more."""

    z: int = 7


def test_attributes_are_given_by_position_or_name_with_defaults() -> None:
    assert (Point(1).x, Point(1).y, Point(x=1, y=2).y) == (1, 5, 2)
    assert repr(Point3(1, z=3)) == "Point3(x=1, y=5, z=3)"
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_records_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="cannot be changed"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x
    with pytest.raises(AttributeError):
        point.other = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_equality_and_hash_are_by_class_and_content() -> None:
    assert Point(1) == Point(1, 5)
    assert hash(Point(1)) == hash(Point(1, 5))
    assert Point(1) != Point(2)
    assert Point3(1) != Point(1)
    assert StructType(1) != EnumType(1)
    assert FileNode() == FileNode()


def test_records_are_copied_replaced_and_pickled() -> None:
    point = Point3(1, 2, 3)
    assert replace(point, y=9) == Point3(1, 9, 3)
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert pickle.loads(pickle.dumps(Value(TypeKind.INT8, 1))) == Value(TypeKind.INT8, 1)
    assert pickle.loads(pickle.dumps(ListType(ANY_POINTER))) == ListType(ANY_POINTER)


def test_values_are_equal_when_their_encodings_are() -> None:
    nan = Value(TypeKind.FLOAT64, float("nan"))
    assert nan == Value(TypeKind.FLOAT64, float("nan"))
    assert hash(nan) == hash(Value(TypeKind.FLOAT64, float("nan")))
    assert Value(TypeKind.FLOAT64, 0.0) != Value(TypeKind.FLOAT64, -0.0)
    assert Value(TypeKind.INT8, 1) != Value(TypeKind.INT16, 1)
    assert Value(TypeKind.TEXT, "") != Value(TypeKind.TEXT)
