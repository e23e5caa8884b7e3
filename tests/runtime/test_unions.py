"""Unions and groups: which member is active, and what touching one does."""

from __future__ import annotations

from typing import Any

import pytest

from caplet.errors import InactiveMemberError

MEMBERS = {
    "circle": 1.5,
    "square": 2.5,
    "nothing": None,
    "label": "text",
    "at": {"x": 1, "y": 2},
    "box": {"width": 3, "height": 4, "title": "t"},
    "corners": [{"x": 5, "y": 6}],
}


@pytest.mark.parametrize("first", MEMBERS)
@pytest.mark.parametrize("second", MEMBERS)
def test_setting_a_member_makes_it_the_active_one_whatever_was_before_W18(shapes: Any, first: str, second: str) -> None:
    made = shapes.Shape(name="s", **{first: MEMBERS[first]})
    assert made.which == first
    setattr(made, second, MEMBERS[second])
    reader = shapes.Shape.from_bytes(made.to_bytes())
    assert made.which == reader.which == second
    assert reader.to_dict() == {"name": "s", second: MEMBERS[second], "style": {"plain": None}}
    assert shapes.Shape.from_dict(reader.to_dict()) == reader


@pytest.mark.parametrize("first", MEMBERS)
def test_a_group_that_becomes_active_starts_from_its_defaults(shapes: Any, first: str) -> None:
    made = shapes.Shape(**{first: MEMBERS[first]})
    if first != "box":
        assert made.box.to_dict() == {"width": 0, "height": 0}


def test_touching_a_struct_list_or_group_of_a_builder_makes_it_active(shapes: Any) -> None:
    made = shapes.Shape(circle=1.0)
    made.at.x = 5
    assert made.which == "at"
    made.box.width = 7
    assert (made.which, made.box.width, made.box.height) == ("box", 7, 0)
    made.corners.append({"x": 1})
    assert (made.which, len(made.corners)) == ("corners", 1)
    made.init_corners(3)
    assert len(made.corners) == 3
    made.init_box()
    assert (made.which, made.box.width) == ("box", 0)


def test_reading_a_member_that_is_not_active_is_an_error_that_names_the_active_one(shapes: Any) -> None:
    reader = shapes.Shape(square=2.0).as_reader()
    for name in MEMBERS:
        if name != "square":
            with pytest.raises(
                InactiveMemberError, match=rf"Shape\.{name} is not the active member .* 'square'"
            ) as info:
                getattr(reader, name)
            assert isinstance(info.value, ValueError)
            assert not hasattr(reader, name)
            if name not in ("circle", "nothing", "box"):
                assert not getattr(reader, f"has_{name}")


def test_match_finds_the_active_member(shapes: Any) -> None:
    found = []
    for name, value in MEMBERS.items():
        reader = shapes.Shape(**{name: value}).as_reader()
        match reader:
            case shapes.Shape(circle=radius):
                found.append(("circle", radius))
            case shapes.Shape(label=text):
                found.append(("label", text))
            case shapes.Shape(box=shapes.Shape.Box(width=width, height=height)):
                found.append(("box", (width, height)))
        match reader.which:
            case "at" | "corners" | "nothing" | "square":
                found.append((str(reader.which), None))
            case _:
                pass
    assert found == [
        ("circle", 1.5),
        ("square", None),
        ("nothing", None),
        ("label", "text"),
        ("at", None),
        ("box", (3, 4)),
        ("corners", None),
    ]


def test_a_member_that_the_schema_does_not_know_is_told_and_kept(shapes: Any) -> None:
    made = shapes.Shape(name="new", label="unknown to the old schema")
    old = shapes.OldShape.from_bytes(made.to_bytes())
    assert old.which not in ("circle", "square")
    assert str(old.which) == "unknown member 3"
    assert {old.which: 1}
    assert old.to_dict() == {"name": "new"}
    assert "new" in repr(old)
    with pytest.raises(InactiveMemberError, match="one that this schema does not know"):
        _ = old.circle
    again = shapes.Shape.from_bytes(old.as_builder().to_bytes())
    assert (again.which, again.label) == ("label", "unknown to the old schema")


def test_which_is_text_that_can_be_a_key_and_cannot_be_set(shapes: Any) -> None:
    made = shapes.Shape(at={"x": 1})
    assert {"at": 5}[made.which] == 5
    with pytest.raises(AttributeError, match="set a member instead"):
        made.which = "circle"
    with pytest.raises(AttributeError, match="Point has no union"):
        _ = shapes.Point().which


def test_named_unions_are_groups_with_a_which_of_their_own(shapes: Any) -> None:
    made = shapes.Shape(style={"dashed": 3})
    assert (made.style.which, made.style.dashed) == ("dashed", 3)
    made.style.plain = None
    assert made.style.which == "plain"
    made.style = {"dashed": 4}
    other = shapes.Shape(style=made.style)
    assert other.style.dashed == 4


def test_clearing_brings_back_the_first_member(shapes: Any) -> None:
    made = shapes.Shape(name="x", box={"width": 3, "title": "t"}, style={"dashed": 1})
    made.clear()
    assert made == shapes.Shape()
    assert made.which == "circle"
    made.name = "y"
    made.box.title = "t"
    made.clear("box")
    assert made.to_dict() == {"name": "y", "box": {"width": 0, "height": 0}, "style": {"plain": None}}
    with pytest.raises(AttributeError, match="Shape has no field 'boxx'"):
        made.clear("boxx")
