"""Fields without a type: set, compared, and seen as types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet import DecodeError
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.untyped import AnyList, AnyStruct

schema: Any = caplet.load(Path(__file__).with_name("untyped.capnp"))


def holding(value: Any) -> Any:
    """Return a reader of a message with `value` in its untyped field."""
    return schema.Any.from_bytes(schema.Any(any=value).to_bytes())


@pytest.mark.parametrize("form", ["reader", "builder"])
def test_pointers_are_seen_as_types_W15(form: str, shapes: Any) -> None:
    def pointer(value: Any) -> Any:
        return holding(value).any if form == "reader" else schema.Any(any=value).any

    assert pointer(schema.Point(x=3)).as_(schema.Point).x == 3
    assert pointer("text").as_(str) == "text"
    assert pointer(b"data").as_(bytes) == b"data"
    lists = shapes.Lists(
        bools=[True],
        doubles=[0.5],
        texts=["a"],
        datas=[b"b"],
        points=[(1, 2)],
        nested=[[1]],
        colors=["green"],
        shorts=[-1],
    )
    assert list(pointer(lists.bools).as_(list[bool])) == [True]
    assert list(pointer(lists.doubles).as_(list[float])) == [0.5]
    assert list(pointer(lists.texts).as_(list[str])) == ["a"]
    assert list(pointer(lists.datas).as_(list[bytes])) == [b"b"]
    assert pointer(lists.points).as_(list[schema.Point])[0].y == 2
    assert list(pointer(lists.colors).as_(list[schema.Color])) == [schema.Color.GREEN]
    assert list(pointer(lists.shorts).as_(shapes.Lists.shorts)) == [-1]
    assert [list(inner) for inner in pointer(lists.nested).as_(shapes.Lists.nested)] == [[1]]
    with pytest.raises(DecodeError, match="expected a struct pointer, found a list pointer"):
        pointer("text").as_(schema.Point)
    with pytest.raises(DecodeError, match="expected a list pointer"):
        pointer(schema.Point()).as_(str)
    with pytest.raises(TypeError, match="is no class of a struct"):
        pointer("text").as_(int)


def test_null_pointers_are_seen_as_what_is_empty() -> None:
    pointer = schema.Any.from_bytes(schema.Any().to_bytes()).any
    assert pointer.is_null
    assert pointer.as_(schema.Point).x == 0
    assert (pointer.as_(str), pointer.as_(bytes), list(pointer.as_(list[str])), pointer.as_(schema.Thing)) == (
        "",
        b"",
        [],
        None,
    )
    assert isinstance(pointer.as_(AnyStruct), AnyStruct)
    assert isinstance(pointer.as_(AnyList), AnyList)
    made = schema.Any()
    made.any.as_(schema.Longer).title = "made when it is touched"
    assert made.as_reader().any.as_(schema.Longer).title == "made when it is touched"
    made.any.as_(schema.Longer).z = 4
    assert made.any.as_(schema.Longer).to_dict() == {"x": 0, "y": 0, "z": 4, "title": "made when it is touched"}


def test_a_struct_of_an_older_schema_grows_in_place_when_it_is_written_as_a_newer_one_W18() -> None:
    made = schema.Any(any=schema.Point(x=1, y=2))
    made.any.as_(schema.Longer).z = 3
    assert made.any.as_(schema.Longer).to_dict() == {"x": 1, "y": 2, "z": 3}


def test_structs_and_lists_are_seen_as_types() -> None:
    struct = holding(schema.Longer(x=1, title="t")).any.struct()
    assert struct.as_(schema.Longer).title == "t"
    assert struct.as_(AnyStruct) is struct
    made = schema.Any(any="text")
    items = made.as_reader().any.list()
    assert items.as_(AnyList) is items
    with pytest.raises(TypeError, match="is no Point"):
        items.as_(schema.Point)
    with pytest.raises(TypeError, match="is no List"):
        struct.as_(list[str])
    with pytest.raises(DecodeError, match="expected elements of 64 bits, found 8"):
        items.as_(list[float])
    assert AnyStruct().as_(schema.Point).x == 0
    assert list(AnyList().as_(list[str])) == []


def test_fields_for_any_struct_and_any_list_take_those() -> None:
    made = schema.Any()
    made.struct = schema.Point(x=5)
    made.list = schema.Any(any=b"12").any
    assert made.struct.as_(schema.Point).x == 5
    made.struct = holding(schema.Longer(x=6)).any.struct()
    made.list = holding("text").any.list()
    reader = schema.Any.from_bytes(made.to_bytes())
    assert reader.struct.as_(schema.Longer).x == 6
    assert reader.list.as_(str) == "text"
    made.struct = None
    assert not made.has_struct
    for value in ("text", 5, holding("text").any, [1, 2]):
        with pytest.raises(TypeError, match="expected a struct"):
            made.struct = value
    for value in (schema.Point(), 5, holding(schema.Point()).any, [1, 2]):
        with pytest.raises(TypeError, match="expected a list"):
            made.list = value


def test_a_struct_of_numbers_only_is_read_as_bytes_W14() -> None:
    struct = holding(schema.Point(x=1, y=-1)).any.struct()
    assert (struct.data, struct.data_bytes, struct.pointer_count) == (b"\1\0\0\0\xff\xff\xff\xff", 8, 0)
    assert AnyStruct().data == b""


# --- equality -----------------------------------------------------------------------------------------------------------------------------


def test_structs_are_equal_when_they_differ_by_what_says_nothing_only_W15() -> None:
    short, long = holding(schema.Point(x=1)).any, holding(schema.Longer(x=1)).any
    assert short == long
    assert short.struct() == long.struct()
    assert short != holding(schema.Longer(x=1, z=1)).any
    assert (
        short != holding(schema.Longer(x=1, title="")).any
    )  # a pointer that is there is another thing than one that is not
    assert holding(schema.Longer(title="a")).any == holding(schema.Longer(title="a")).any
    assert holding(schema.Longer(title="a")).any != holding(schema.Longer(title="b")).any
    assert holding(schema.Any(any=schema.Any(name="x"))).any == schema.Any(any=schema.Any(any=schema.Any(name="x"))).any
    assert AnyStruct() == AnyStruct()
    assert short.struct() != "struct"


def test_lists_are_equal_when_their_elements_are_W15(shapes: Any) -> None:
    first = shapes.Lists(
        bools=[True] * 9,
        ints=[1, 2],
        texts=["a"],
        points=[(1, 2), (3, 4)],
        nested=[[1], [2]],
        voids=[None] * 3,
        doubles=[float("nan")],
    )
    other = {
        "bools": [True] * 8 + [False],
        "ints": [1, 3],
        "texts": ["b"],
        "points": [(1, 2), (3, 5)],
        "nested": [[1], [3]],
    }
    for name in first.to_dict():
        one, two = holding(getattr(first, name)).any, schema.Any(any=getattr(first, name)).any
        assert one == two
        assert one.list() == two.as_reader().list()
        assert two == one
        if name in other:
            changed = shapes.Lists(**{name: other[name]})
            assert one != holding(getattr(changed, name)).any
    assert holding("a").any != holding("ab").any
    assert holding("a").any != holding(schema.Point()).any
    assert holding(b"a\0").any == holding("a").any  # a text is its bytes and a NUL
    shorter, longer = shapes.Lists(points=[(1, 2)] * 3), schema.Any()
    assert holding(shorter.points).any != holding(shapes.Lists(points=[(1, 2)] * 2).points).any
    assert longer.any == schema.Any().any


def test_bits_behind_the_last_element_do_not_count() -> None:
    def bits(last: int) -> Any:
        return MessageReader([(1 | 1 << 32 | 3 << 35).to_bytes(8, "little") + bytes([last]) + bytes(7)]).root

    assert bits(0b101) == bits(0b11101)
    assert bits(0b101) != bits(0b11100)


def test_lists_of_structs_of_different_sizes_are_equal_by_element() -> None:
    one, two = MessageBuilder(), MessageBuilder()
    small, large = one.root.init_struct_list(2, 1, 0), two.root.init_struct_list(2, 2, 1)
    small.struct(1).set_u32(0, 7)
    large.struct(1).set_u32(0, 7)
    assert one.root == two.root
    large.struct(0).set_u32(8, 1)
    assert one.root != two.root


def test_capabilities_are_equal_when_they_are_one_object() -> None:
    class Thing(schema.Thing.Server):
        pass

    server = Thing()
    one, two = schema.Any(any=server), schema.Any(any=server)
    assert one.any == one.any
    assert one.any != schema.Any(any=Thing()).any
    assert (one.any == two.any) is (one.any.capability() is two.any.capability())


def test_structs_with_untyped_fields_are_equal_when_these_are() -> None:
    assert holding(schema.Point(x=1)) == schema.Any(any=schema.Point(x=1))
    assert holding(schema.Point(x=1)) != schema.Any(any=schema.Point(x=2))


def test_comparing_is_bound_by_the_limits_and_does_not_recurse() -> None:
    deep = MessageBuilder()
    at = deep.root.init_struct(0, 1)
    for _ in range(5000):
        at = at.init_struct(0, 0, 1)
    assert deep.root == deep.root
    reader = MessageReader(deep.output()).root
    with pytest.raises(DecodeError, match="nested deeper"):
        assert reader == deep.root.as_reader()
    loop = MessageReader([bytes.fromhex("fcffffff00000100" * 1)]).root
    with pytest.raises(DecodeError):
        assert loop == MessageReader([bytes.fromhex("fcffffff00000100")]).root


def test_untyped_places_have_no_hash_and_a_short_text() -> None:
    pointer = holding("text").any
    for place in (pointer, pointer.list(), AnyStruct(), schema.Any().any):
        with pytest.raises(TypeError, match="unhashable"):
            hash(place)
    assert repr(pointer) == "<pointer: list>"
    assert repr(pointer.list()) == "<list of 5 elements of size code 2>"
    assert repr(schema.Any().any) == "<pointer: null>"
    assert repr(holding(schema.Point()).any.struct()) == "<struct of 8 bytes and 0 pointers>"
    broken = MessageReader([(2 | 99 << 32).to_bytes(8, "little")]).root
    assert "far pointer to segment 99" in repr(broken)


def test_numbers_of_lists_are_read_at_every_width() -> None:
    message = MessageBuilder()
    items = message.root.init_list(5, 1)
    items.set_u64(0, 0xFFFF_FFFF_8000_8081)
    found = message.root.as_reader().list()
    assert (found.u8(0), found.i8(0), found.u16(0), found.i16(0)) == (0x81, -0x7F, 0x8081, -0x7F7F)
    assert (found.u32(0), found.i32(0), found.i64(0)) == (0x80008081, 0x80008081 - 2**32, 0xFFFF_FFFF_8000_8081 - 2**64)
    items.set_u64(0, 0x3FF0_0000_3F80_0000)
    assert found.f32(0) == 1.0
    items.set_u64(0, 0x3FF0_0000_0000_0000)
    assert found.f64(0) == 1.0


def test_the_bits_of_nans_are_kept_W19(shapes: Any) -> None:
    quiet_32, quiet_64 = 0x7FC1_2345, 0xFFF8_0000_1234_5678
    signalling_32, signalling_64 = 0x7F81_2345, 0x7FF0_0000_1234_5678
    for bits_32, bits_64 in ((quiet_32, quiet_64), (signalling_32, signalling_64)):
        lists = shapes.Lists(floats=[0.0] * 2, doubles=[0.0] * 2)
        memoryview(lists.floats.view()).cast("B").cast("I")[1] = bits_32
        memoryview(lists.doubles.view()).cast("B").cast("Q")[1] = bits_64
        for made in (
            lists.copy(),
            shapes.Lists(floats=lists.floats, doubles=lists.doubles),
            shapes.Lists.from_bytes(lists.to_bytes()),
        ):
            assert memoryview(made.floats.view()).cast("B").cast("I")[1] == bits_32
            assert memoryview(made.doubles.view()).cast("B").cast("Q")[1] == bits_64
            assert schema.Any(any=made.floats).any == schema.Any(any=lists.floats).any
    # Through a Python float, too, as far as it is quiet.
    lists = shapes.Lists(doubles=[0.0], floats=[0.0])
    memoryview(lists.doubles.view()).cast("B").cast("Q")[0] = quiet_64
    memoryview(lists.floats.view()).cast("B").cast("I")[0] = quiet_32
    again = shapes.Lists.from_dict(lists.to_dict())
    assert memoryview(again.doubles.view()).cast("B").cast("Q")[0] == quiet_64
    assert memoryview(again.floats.view()).cast("B").cast("I")[0] == quiet_32
