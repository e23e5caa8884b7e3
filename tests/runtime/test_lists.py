"""Lists: sequences, growth, buffers."""

from __future__ import annotations

import array
import random
from collections.abc import Sequence
from typing import Any

import pytest

NUMBERS = {
    "bools": [True, False, True, True, False, False, True, False, True],
    "bytes": [0, 255, 7],
    "shorts": [-32768, 32767, 0],
    "longs": [0, 2**64 - 1],
    "doubles": [0.5, -1.25],
    "floats": [0.5, -1.25],
    "texts": ["a", "", "ü"],
    "datas": [b"", b"\x00\xff"],
    "voids": [None, None],
    "ints": [1, -2, 3, -4],
    "nested": [[1], [], [2, 3]],
}


@pytest.mark.parametrize("name", NUMBERS)
def test_lists_of_every_kind_come_back_as_they_were_set(shapes: Any, name: str) -> None:
    wanted = NUMBERS[name]
    made = shapes.Lists(**{name: wanted})
    reader = shapes.Lists.from_bytes(made.to_bytes())
    for items in (getattr(made, name), getattr(reader, name)):
        assert len(items) == len(wanted)
        assert items == wanted
        assert [items[at] for at in range(len(wanted))] == wanted
        assert items[-1] == wanted[-1]
        assert items[1:] == wanted[1:]
        assert items[::-1] == wanted[::-1]
        assert list(reversed(items)) == wanted[::-1]
        assert wanted[0] in items
        assert items.index(wanted[-1]) == wanted.index(wanted[-1])
        assert items.count(wanted[0]) == wanted.count(wanted[0])
        assert isinstance(items, Sequence)
        for index in (len(wanted), -len(wanted) - 1, 2**40):
            with pytest.raises(IndexError):
                _ = items[index]
    assert reader.to_dict()[name] == wanted
    assert shapes.Lists.from_dict(reader.to_dict()) == reader


@pytest.mark.parametrize("name", NUMBERS)
def test_lists_grow_by_append_and_extend(shapes: Any, name: str) -> None:
    wanted = NUMBERS[name]
    made = shapes.Lists()
    items = getattr(made, name)
    assert len(items) == 0
    for value in wanted:
        items.append(value)
    items.extend(wanted)
    assert items == wanted * 2
    assert getattr(shapes.Lists.from_bytes(made.to_bytes()), name) == wanted * 2


def test_many_appends_cost_room_in_proportion(shapes: Any) -> None:
    made = shapes.Lists()
    items = made.points
    for number in range(2000):
        items.append({"x": number, "y": -number})
    assert [point.x for point in items] == list(range(2000))
    assert len(made.to_bytes()) < 2000 * 8 * 4
    texts = made.texts
    for number in range(500):
        texts.append(f"text {number}")
    assert texts[499] == "text 499"
    assert made.copy() == made


def test_lists_of_structs_take_mappings_sequences_and_structs(shapes: Any) -> None:
    made = shapes.Lists(points=[{"x": 1, "y": 2}, (3, 4), shapes.Point(x=5, y=6), shapes.Point(x=7).as_reader()])
    assert [(point.x, point.y) for point in made.points] == [(1, 2), (3, 4), (5, 6), (7, 0)]
    made.points[1] = {"y": 9}
    assert (made.points[1].x, made.points[1].y) == (0, 9)
    made.points[0].x = 11
    assert made.as_reader().points[0].x == 11
    with pytest.raises(TypeError, match=r"Lists\.points: expected Point, not Numbers"):
        made.points = [shapes.Numbers()]


def test_enumerants_in_lists_come_back_as_members(shapes: Any) -> None:
    made = shapes.Lists(colors=["red", shapes.Color.GREEN, 9])
    assert list(made.colors) == [shapes.Color.RED, shapes.Color.GREEN, 9]
    assert made.to_dict() == {"colors": ["red", "green", 9]}


def test_a_wrong_element_is_an_error_that_names_the_field(shapes: Any) -> None:
    with pytest.raises(TypeError, match=r"Lists\.ints: expected Int32, not str \('x'\)"):
        shapes.Lists(ints=[1, "x"])
    with pytest.raises(ValueError, match=r"Lists\.bytes: 256 does not fit UInt8"):
        shapes.Lists(bytes=[256])
    with pytest.raises(TypeError, match=r"Lists\.texts: expected List\(Text\), not str"):
        shapes.Lists(texts="abc")
    with pytest.raises(TypeError, match=r"Lists\.ints: expected List\(Int32\), not int"):
        shapes.Lists(ints=5)


def test_a_list_is_set_from_another_list_of_its_type_only(shapes: Any) -> None:
    one = shapes.Lists(ints=[1, 2, 3], texts=["a"])
    two = shapes.Lists(ints=one.ints, texts=one.as_reader().texts)
    assert (list(two.ints), list(two.texts)) == ([1, 2, 3], ["a"])
    with pytest.raises(TypeError, match=r"expected List\(Int32\), not a List\(Text\)"):
        two.ints = one.texts


def test_slices_are_assigned_without_changing_the_length(shapes: Any) -> None:
    made = shapes.Lists(ints=[1, 2, 3, 4])
    made.ints[1:3] = [20, 30]
    assert list(made.ints) == [1, 20, 30, 4]
    with pytest.raises(ValueError, match="lists do not change their length by slices"):
        made.ints[1:3] = [5]


def test_buffers_are_written_in_one_go_and_views_share_the_memory(shapes: Any) -> None:
    made = shapes.Lists(
        doubles=array.array("d", [0.5, 1.5]), bytes=b"\x01\x02", shorts=memoryview(array.array("h", [-1]))
    )
    assert (list(made.doubles), list(made.bytes), list(made.shorts)) == ([0.5, 1.5], [1, 2], [-1])
    view = made.doubles.view()
    view[0] = 9.0
    assert made.doubles[0] == 9.0
    reader = shapes.Lists.from_bytes(made.to_bytes())
    assert reader.doubles.view().readonly
    assert reader.doubles.view().tolist() == [9.0, 1.5]
    made.ints = array.array("b", [1, 2])
    assert list(made.ints) == [1, 2]


def test_numpy_sees_lists_and_columns_in_place(shapes: Any) -> None:
    numpy = pytest.importorskip("numpy")
    made = shapes.Lists(ints=numpy.arange(5, dtype="i4"), points=[(number, -number) for number in range(4)])
    reader = shapes.Lists.from_bytes(made.to_bytes())
    seen = numpy.asarray(reader.ints)
    assert seen.dtype == numpy.int32
    assert seen.tolist() == [0, 1, 2, 3, 4]
    assert not seen.flags.writeable
    assert numpy.shares_memory(seen, numpy.asarray(reader.ints))
    numpy.asarray(made.ints)[2] = 50
    assert made.ints[2] == 50
    column = numpy.asarray(reader.points.column("y"))
    assert column.tolist() == [0, -1, -2, -3]
    assert column.strides == (8,)
    with pytest.raises(AttributeError, match="Point has no field 'z'"):
        reader.points.column("z")


def test_random_lists_survive_growth_in_any_order(shapes: Any) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  (shown when the test fails)
    choose = random.Random(seed)
    made = shapes.Lists()
    wanted: dict[str, list[Any]] = {"ints": [], "texts": [], "points": [], "bools": []}
    for step in range(400):
        name = choose.choice(list(wanted))
        value: Any = {
            "ints": step,
            "texts": "x" * choose.randrange(20),
            "points": {"x": step, "y": 1},
            "bools": choose.random() < 0.5,
        }[name]
        getattr(made, name).append(value)
        wanted[name].append(value)
    assert made.to_dict() == {name: values for name, values in wanted.items() if values}
    assert shapes.Lists.from_bytes(made.to_bytes()).to_dict() == made.to_dict()


def test_long_lists_are_shown_short(shapes: Any) -> None:
    made = shapes.Lists(ints=range(1000))
    assert repr(made.ints).endswith(", 19, ... 980 more]")
    assert len(repr(made)) < 1100


def test_lists_have_no_hash(shapes: Any) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(shapes.Lists().ints)
