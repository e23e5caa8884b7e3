"""Lists and columns as buffers and arrays: what shares memory, what is written in one go, and how long a view may be used."""

from __future__ import annotations

import array
import gc
import sys
from typing import Any

import pytest

from caplet.orphans import new_orphan
from caplet.runtime import lists as lists_module
from caplet.wire.message import MessageBuilder

EXPORTS = pytest.mark.skipif(
    sys.version_info < (3, 12) and lists_module.__file__.endswith(".py"),
    reason="a plain class cannot export a buffer before Python 3.12",
)


@EXPORTS
def test_a_list_of_numbers_is_a_buffer(shapes: Any) -> None:
    made = shapes.Lists(ints=[1, -2, 3], doubles=[0.5], colors=["green"], bytes=b"ab")
    view = memoryview(made.ints)
    assert (view.format, view.shape, view.strides, view.readonly) == ("i", (3,), (4,), False)
    view[1] = 20
    assert list(made.ints) == [1, 20, 3]
    reader = shapes.Lists.from_bytes(made.to_bytes())
    assert memoryview(reader.ints).readonly
    assert memoryview(reader.doubles).tolist() == [0.5]
    assert memoryview(reader.colors).tolist() == [1]
    assert bytes(reader.bytes) == b"ab"
    assert b"".join([reader.bytes, reader.bytes]) == b"abab"
    with pytest.raises((TypeError, BufferError)):
        memoryview(reader.ints)[0] = 5
    for other in (made.texts, made.points, made.bools, made.voids):
        with pytest.raises(TypeError):
            memoryview(other)


@EXPORTS
def test_numbers_with_gaps_between_them_are_no_buffer(shapes: Any) -> None:
    message = MessageBuilder()
    root = message.root.init_struct(0, 13)
    root.init_struct_list(12, 2, 1, 1).struct(1).set_u32(0, 7)
    reader = shapes.Lists.from_segments(message.output())
    assert list(reader.ints) == [0, 7]
    with pytest.raises(BufferError, match="side by side"):
        memoryview(reader.ints)
    with pytest.raises(ValueError, match="side by side"):
        reader.ints.view()
    numpy = pytest.importorskip("numpy")
    assert numpy.asarray(reader.ints).tolist() == [0, 7]


def test_what_a_view_shows_outlives_its_list_and_message(shapes: Any) -> None:
    made = shapes.Lists(ints=range(10))
    view = made.ints.view()
    column = shapes.Lists(points=[(1, 2), (3, 4)]).points.column("y")
    del made
    gc.collect()
    assert view.tolist() == list(range(10))
    assert column.tolist() == [2, 4]


def test_a_view_keeps_the_buffer_of_a_reader_open(shapes: Any) -> None:
    data = bytearray(shapes.Lists(ints=range(10)).to_bytes())
    view = shapes.Lists.from_bytes(data).ints.view()
    gc.collect()
    with pytest.raises(BufferError):
        data.append(0)
    with pytest.raises(BufferError):
        data.clear()
    view.release()
    gc.collect()
    data.append(0)


def test_a_view_of_a_list_that_moves_stays_at_the_old_place_which_is_zeroed(shapes: Any) -> None:
    made = shapes.Lists(ints=[1, 2, 3])
    view = made.ints.view()
    made.texts = ["in the way"]
    items = made.ints
    items.extend(range(100))
    assert view.tolist() == [0, 0, 0]
    view[0] = 5  # harms nothing
    assert list(made.ints)[:4] == [1, 2, 3, 0]
    reader = shapes.Lists.from_bytes(made.to_bytes())
    assert list(reader.ints) == [1, 2, 3, *range(100)]


# --- writing ------------------------------------------------------------------------------------------------------------------------------

BUFFERS = {
    "array": lambda: array.array("i", range(20)),
    "memoryview": lambda: memoryview(array.array("i", range(20))),
    "read-only": lambda: memoryview(array.array("i", range(20))).toreadonly(),
    "strided": lambda: memoryview(array.array("i", [number // 2 for number in range(40)]))[::2],
    "bytes of other numbers": lambda: bytes(range(20)),
    "bytearray": lambda: bytearray(range(20)),
    "wider": lambda: array.array("q", range(20)),
    "narrower": lambda: array.array("H", range(20)),
    "floats that are none": lambda: range(20),
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_buffers_are_assigned_inserted_and_added(shapes: Any, kind: str) -> None:
    value = BUFFERS[kind]()
    if isinstance(value, bytes):
        made = shapes.Lists(bytes=value)
        made.bytes[3:7] = value[3:7]
        made.bytes.extend(value)
        assert list(made.bytes) == [*range(20)] * 2
        with pytest.raises(TypeError):
            made.ints = value
        return
    made = shapes.Lists(ints=value)
    assert list(made.ints) == list(range(20))
    made.ints = [0] * 20
    made.ints[:] = value
    made.ints[5:10] = value[5:10]
    made.ints[0:20:2] = value[::2]
    items = made.ints
    items.extend(value)
    assert list(made.ints) == [*range(20), *range(20)]


def test_a_buffer_of_the_same_numbers_is_written_without_looking_at_each(
    shapes: Any,
) -> None:
    counted: list[int] = []

    class Counted(array.array):  # type: ignore[type-arg]
        def __getitem__(self, index: Any) -> Any:
            counted.append(1)
            return super().__getitem__(index)

        def __iter__(self) -> Any:
            counted.append(1)
            return super().__iter__()

    source = Counted("d", [0.5] * 1000)
    made = shapes.Lists(doubles=source)
    made.doubles[:] = source
    made.doubles.extend(source)
    assert len(made.doubles) == 2000
    assert counted == []


def test_numbers_that_do_not_fit_are_refused_whatever_they_come_in(shapes: Any) -> None:
    with pytest.raises(ValueError, match="does not fit Int16"):
        shapes.Lists(shorts=array.array("i", [1, 70000]))
    with pytest.raises(TypeError):
        shapes.Lists(shorts=array.array("d", [0.5]))
    table = memoryview(array.array("i", range(6))).cast("B").cast("i", (2, 3))
    with pytest.raises(TypeError, match=r"Lists.ints: expected numbers in one dimension, not in 2"):
        shapes.Lists(ints=table)


def test_what_lies_in_the_place_that_is_replaced_can_be_assigned(shapes: Any) -> None:
    made = shapes.Lists(ints=range(5), points=[(1, 2), (3, 4)], texts=["a", "b"], bytes=b"abc", bools=[True, False])
    before = made.to_dict()
    made.ints = made.ints
    made.ints = made.ints.view()
    made.points = made.points
    made.texts = made.texts
    made.bools = made.bools
    made.bytes = made.bytes.view()
    assert made.to_dict() == before
    items = made.ints
    items.extend(items)
    items.extend(items.view())
    assert list(made.ints) == [*range(5)] * 4
    tree = shapes.Tree(value=1, left={"value": 2, "right": {"value": 3}}, any="text")
    tree.left = tree.left
    tree.left = tree.left.right
    assert tree.left.to_dict() == {"value": 3}
    tree.any = tree.any
    assert tree.any.as_(str) == "text"
    tree.left = tree
    assert tree.left.left.value == 3
    tree.any = tree.left
    tree.any = tree.any.as_(shapes.Tree).left
    assert tree.any.as_(shapes.Tree).to_dict() == {"value": 3}
    assert shapes.Tree.from_bytes(tree.to_bytes()) == tree


# --- truth values ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 64, 1001])
def test_truth_values_are_converted_on_request_both_ways(shapes: Any, length: int) -> None:
    values = [number % 3 == 0 for number in range(length)]
    made = shapes.Lists(bools=values)
    packed = made.bools.to_bytes()
    assert packed == bytes(values)
    again = shapes.Lists(bools=memoryview(packed).cast("?"))
    assert list(again.bools) == values
    again.bools[:] = memoryview(packed).cast("?")
    again.bools.extend(memoryview(packed).cast("?"))
    assert list(again.bools) == values * 2
    if length > 1:
        again.bools[1:length] = memoryview(bytes(length - 1)).cast("?")
        assert list(again.bools) == [values[0], *[False] * (length - 1), *values]


def test_truth_values_go_to_numpy_and_back(shapes: Any) -> None:
    numpy = pytest.importorskip("numpy")
    values = numpy.arange(1001) % 3 == 0
    made = shapes.Lists(bools=values)
    assert (numpy.frombuffer(made.bools.to_bytes(), bool) == values).all()


# --- columns --------------------------------------------------------------------------------------------------------------------------------


def test_a_column_is_a_strided_view(shapes: Any) -> None:
    made = shapes.Lists(points=[(number, -number) for number in range(5)])
    column = made.points.column("y")
    view = column.view()
    assert (view.format, view.strides, view.readonly) == ("i", (8,), False)
    assert (column[1], column[-1], column[1:3], len(column), list(column)) == (-1, -4, [-1, -2], 5, [0, -1, -2, -3, -4])
    view[2] = 77
    assert made.points[2].y == 77
    reader = shapes.Lists.from_bytes(made.to_bytes())
    assert reader.points.column("y").view().readonly
    assert shapes.Lists().points.column("x").tolist() == []
    with pytest.raises(IndexError):
        column[5]


def test_a_column_that_cannot_be_seen_in_place_says_why_and_is_collected_on_request(shapes: Any) -> None:
    orphan = new_orphan(shapes.Tree(), list[shapes.Defaults], 2)
    defaults = orphan.get()
    defaults[:] = [{"i32": 5}, {"flag": False}]
    with pytest.raises(ValueError, match="has a default that is not zero"):
        defaults.column("i32")
    with pytest.raises(ValueError, match="is a Bool"):
        defaults.column("flag")
    with pytest.raises(ValueError, match="is no number"):
        defaults.column("text")
    with pytest.raises(ValueError, match="is no number"):
        defaults.column("text", copy=True)
    with pytest.raises(AttributeError, match="no field 'i33'"):
        defaults.column("i33", copy=True)
    assert defaults.column("i32", copy=True).tolist() == [5, -50000]
    assert defaults.column("flag", copy=True).tolist() == [True, False]
    assert defaults.column("color", copy=True).tolist() == [1, 1]
    assert defaults.column("u64", copy=True).tolist() == [2**64 - 1] * 2
    assert defaults.column("f64", copy=True).tolist() == [-2.25] * 2
    numpy = pytest.importorskip("numpy")
    assert numpy.asarray(defaults.column("flag", copy=True)).dtype == bool
    assert numpy.asarray(defaults.column("f32", copy=True)).tolist() == [0.5, 0.5]


def test_a_column_outside_of_what_an_older_program_wrote_is_collected_as_defaults(shapes: Any) -> None:
    message = MessageBuilder()
    root = message.root.init_struct(0, 13)
    items = root.pointer(9).init_list(4, 3)
    items.set_u32(1, 7)
    points = shapes.Lists.from_segments(message.output()).points
    with pytest.raises(ValueError, match="lies outside of these elements"):
        points.column("y")
    assert points.column("y", copy=True).tolist() == [0, 0, 0]
    assert points.column("x").tolist() == [0, 7, 0]


def test_a_union_member_is_collected_when_it_is_active_everywhere(shapes: Any) -> None:
    orphan = new_orphan(shapes.Tree(), list[shapes.Shape], 2)
    items = orphan.get()
    items[0].square = 2.0
    items[1].square = 3.0
    with pytest.raises(ValueError, match="is a member of a union"):
        items.column("square")
    assert items.column("square", copy=True).tolist() == [2.0, 3.0]
    items[1].circle = 1.0
    with pytest.raises(ValueError, match="is not the active member"):
        items.column("square", copy=True)


def test_numpy_arrays_of_every_kind_are_written_and_read(shapes: Any) -> None:
    numpy = pytest.importorskip("numpy")
    for name, dtype in [
        ("bytes", "u1"),
        ("shorts", "i2"),
        ("longs", "u8"),
        ("doubles", "f8"),
        ("floats", "f4"),
        ("ints", "i4"),
    ]:
        for kind in (dtype, "i8", ">i4", "f8", "u1"):
            source = numpy.arange(5).astype(kind)
            if dtype[0] != "f" and kind[0] == "f":
                continue
            made = shapes.Lists(**{name: source})
            found = numpy.asarray(getattr(made, name))
            assert found.dtype == numpy.dtype(dtype)
            assert found.tolist() == [0, 1, 2, 3, 4]
        assert list(getattr(shapes.Lists(**{name: numpy.arange(9).astype(dtype)[::2]}), name)) == [0, 2, 4, 6, 8]
    made = shapes.Lists(ints=[5])
    for kind in ("<i4", ">i4", "i8"):
        made.ints = numpy.arange(3).astype(kind)
        made.ints.extend(numpy.arange(3).astype(kind))
        assert list(made.ints) == [0, 1, 2, 0, 1, 2]
    column = numpy.asarray(shapes.Lists(points=[(1, 2)] * 3).points.column("y"))
    assert column.sum() == 6
