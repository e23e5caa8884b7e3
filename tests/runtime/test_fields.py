"""Fields: what reading and writing one gives."""

from __future__ import annotations

import math
from typing import Any

import pytest

LIMITS = [
    ("i8", -(2**7), 2**7 - 1),
    ("i16", -(2**15), 2**15 - 1),
    ("i32", -(2**31), 2**31 - 1),
    ("i64", -(2**63), 2**63 - 1),
    ("u8", 0, 2**8 - 1),
    ("u16", 0, 2**16 - 1),
    ("u32", 0, 2**32 - 1),
    ("u64", 0, 2**64 - 1),
]


@pytest.mark.parametrize(("name", "low", "high"), LIMITS)
@pytest.mark.parametrize("kind", ["Numbers", "Defaults"])
def test_integers_hold_their_whole_range_and_nothing_beyond(
    shapes: Any, kind: str, name: str, low: int, high: int
) -> None:
    made = getattr(shapes, kind)()
    for number in (low, high, 0, 1):
        setattr(made, name, number)
        assert getattr(made, name) == number
        assert getattr(type(made).from_bytes(made.to_bytes()), name) == number
    for number in (low - 1, high + 1, 2**80, -(2**80)):
        with pytest.raises(ValueError, match=rf"{kind}\.{name}: .* does not fit"):
            setattr(made, name, number)


def test_integers_refuse_what_is_no_integer(shapes: Any) -> None:
    made = shapes.Numbers()
    for value in ("1", 1.5, None, b"1", True):
        with pytest.raises(TypeError, match=r"Numbers\.u32: expected UInt32, not"):
            made.u32 = value


def test_floats_take_numbers_and_keep_nan_and_infinity(shapes: Any) -> None:
    made = shapes.Numbers(f32=1, f64=2.5)
    assert (made.f32, made.f64) == (1.0, 2.5)
    made.f64 = math.inf
    made.f32 = math.nan
    assert made.f64 == math.inf
    assert math.isnan(made.f32)
    with pytest.raises(TypeError, match=r"Numbers\.f64: expected Float64, not str"):
        made.f64 = "1.0"


def test_fields_that_nobody_set_read_as_their_defaults(shapes: Any) -> None:
    reader = shapes.Defaults.from_segments([bytes(8)])
    for made in (reader, shapes.Defaults().as_reader()):
        assert (made.i8, made.i16, made.i32, made.i64) == (-5, -500, -50000, -5000000000)
        assert (made.u8, made.u16, made.u32, made.u64) == (5, 500, 50000, 2**64 - 1)
        assert (made.f32, made.f64, made.flag) == (0.5, -2.25, True)
        assert (made.text, made.data, made.color) == ("given", b"\x01\x02", shapes.Color.GREEN)
        assert list(made.list) == [1, -2, 3]
        assert (made.point.x, made.point.y) == (3, 4)
        assert not made.has_text


def test_a_default_of_a_builder_can_be_changed_and_stays_as_it_was_elsewhere(shapes: Any) -> None:
    made = shapes.Defaults()
    made.point.x = 10
    made.list[0] = 7
    assert (made.point.x, made.point.y, list(made.list)) == (10, 4, [7, -2, 3])
    assert shapes.Defaults().as_reader().point.x == 3


def test_text_and_data_are_str_and_bytes(shapes: Any) -> None:
    made = shapes.Defaults(text="grüße", data=bytearray(b"ab"))
    reader = shapes.Defaults.from_bytes(made.to_bytes())
    assert (reader.text, reader.data) == ("grüße", b"ab")
    with pytest.raises(TypeError, match=r"Defaults\.text: expected Text, not bytes"):
        made.text = b"x"
    with pytest.raises(TypeError, match=r"Defaults\.data: expected Data, not str"):
        made.data = "x"


def test_text_with_a_lone_surrogate_is_refused_by_the_name_of_its_field(shapes: Any) -> None:
    made = shapes.Defaults(text="before")
    for write in (lambda: setattr(made, "text", "ab\ud800"), lambda: shapes.Defaults(text="ab\ud800")):
        with pytest.raises(
            ValueError, match=r"Defaults\.text: no text that UTF-8 can hold: a lone surrogate at index 2"
        ):
            write()
    assert made.text == "before"


class Name(str):
    """A text of a class of its own."""

    __slots__ = ()


@pytest.mark.parametrize("first", ["", "a", "abcdefg", "abcdefgh", "a" * 9000, "grüße", Name("ab")])
@pytest.mark.parametrize("second", ["", "b", "b" * 7, "b" * 9000, "süß", Name("bc")])
def test_text_of_any_length_is_written_and_replaced(shapes: Any, first: str, second: str) -> None:
    made = shapes.Defaults(text=first)
    assert shapes.Defaults.from_bytes(made.to_bytes()).text == first
    made.text = second
    reader = shapes.Defaults.from_bytes(made.to_bytes())
    assert (made.text, reader.text, type(reader.text)) == (second, second, str)
    if len(first) == 9000 and len(second) < 9000:
        assert b"aaaa" not in made.to_bytes()


def test_none_makes_a_pointer_field_null(shapes: Any) -> None:
    made = shapes.Defaults(text="x")
    assert made.has_text
    made.text = None
    assert not made.has_text
    assert made.text == "given"


def test_enum_fields_take_members_names_and_numbers_and_keep_unknown_numbers(shapes: Any) -> None:
    made = shapes.Defaults()
    for value in (shapes.Color.LIGHT_BLUE, "lightBlue", "LIGHT_BLUE", "light_blue", 2):
        made.color = value
        assert made.color is shapes.Color.LIGHT_BLUE
    made.color = 77
    assert made.color == 77
    assert made.color.name == "UNKNOWN_77"
    assert made.to_dict()["color"] == 77
    assert made.copy().color == 77
    with pytest.raises(
        ValueError, match=r"Defaults\.color: Color has no enumerant 'lightBlu'; did you mean LIGHT_BLUE"
    ):
        made.color = "lightBlu"
    with pytest.raises(TypeError, match=r"Defaults\.color: expected Color, not float"):
        made.color = 1.0


def test_unknown_names_are_errors_that_name_the_nearest(shapes: Any) -> None:
    made = shapes.Defaults()
    with pytest.raises(AttributeError, match=r"Defaults has no field 'colour'; did you mean color"):
        _ = made.colour
    with pytest.raises(AttributeError, match=r"Defaults has no field 'colour'; did you mean color"):
        _ = made.as_reader().colour
    with pytest.raises(AttributeError, match=r"Defaults has no field 'colour'; did you mean color"):
        made.colour = 1
    with pytest.raises(AttributeError, match=r"Defaults has no field 'colour'; did you mean color"):
        shapes.Defaults(colour=1)
    assert not hasattr(made, "colour")
    assert not hasattr(made, "__array_struct__")


def test_readers_cannot_be_changed(shapes: Any) -> None:
    reader = shapes.Defaults(i8=1).as_reader()
    for name in ("i8", "f64", "flag", "text", "color", "list", "point"):
        with pytest.raises(AttributeError, match=f"Defaults.{name} cannot be set: readers are immutable"):
            setattr(reader, name, {"i8": 1, "f64": 1.0, "flag": True, "color": 1}.get(name))
    with pytest.raises(AttributeError, match="readers are immutable"):
        reader.clear()
    with pytest.raises(TypeError, match="readers are immutable"):
        reader.list[0] = 5
    with pytest.raises(AttributeError):
        reader.init_list(3)


def test_a_null_struct_of_a_builder_is_made_when_it_is_first_touched(shapes: Any) -> None:
    tree = shapes.Tree()
    assert tree.as_reader().left.left.left.value == 0
    assert not tree.has_left
    tree.left.right.value = 5
    assert tree.has_left
    assert tree.left.right.value == 5
    assert repr(tree) == "Tree(value=0, left=Tree(value=0, right=Tree(value=5)))"


def test_showing_comparing_and_taking_apart_a_builder_makes_nothing(shapes: Any) -> None:
    tree = shapes.Tree(value=1)
    before = tree.to_bytes()
    assert repr(tree) == "Tree(value=1)"
    assert tree == shapes.Tree(value=1)
    assert tree.to_dict() == {"value": 1}
    assert tree.to_bytes() == before


def test_names_that_python_or_our_classes_need_get_an_underscore(shapes: Any) -> None:
    made = shapes.Names(class_=1, from_=2, to_dict_=3, which_=4, some_url_thing="u", has_thing_=5, self=6, schema=7)
    assert (made.class_, made.from_, made.to_dict_, made.which_, made.has_thing_) == (1, 2, 3, 4, 5)
    assert (made.self, made.schema, made.some_url_thing) == (6, 7, "u")
    assert shapes.Names.from_dict({"class": 9, "someURLThing": "x", "copy_": "c"}).to_dict()["class_"] == 9


def test_fields_are_written_by_schema_name_in_dicts(shapes: Any) -> None:
    assert shapes.Names.from_dict({"toDict": 4}).to_dict_ == 4


def test_any_pointers_take_whatever_a_pointer_can_lead_to(shapes: Any) -> None:
    tree = shapes.Tree()
    tree.any = "text"
    assert tree.any.as_reader().text() == "text"
    tree.any = shapes.Point(x=1, y=2)
    assert shapes.Point._open(tree.as_reader().any).y == 2
    tree.any = b"raw"
    assert tree.as_reader().any.blob() == b"raw"
    with pytest.raises(TypeError, match=r"Tree\.any: expected something that a pointer can lead to, not dict"):
        tree.any = {}


def test_a_field_cannot_be_deleted_and_says_what_can_be_done(shapes: Any) -> None:
    tree = shapes.Tree(value=1)
    with pytest.raises(
        AttributeError, match=r"Tree\.value cannot be deleted; clear\('value'\) sets it back to its default"
    ):
        del tree.value
    assert tree.value == 1


def test_a_struct_without_a_union_says_so(shapes: Any) -> None:
    with pytest.raises(AttributeError, match="Tree has no union, and so no member that is the active one"):
        _ = shapes.Tree().which
