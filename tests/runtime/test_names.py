"""How names of a schema become names in Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caplet.errors import SchemaError
from caplet.runtime.names import (
    PYTHON_NAME_ID,
    declared_name,
    enumerant_names,
    field_names,
    method_names,
    snake_case,
)
from caplet.schema.model import Annotation, Enumerant, TypeKind, Value


def named(*names: str) -> Iterator[Enumerant]:
    return (Enumerant(name, number) for number, name in enumerate(names))


def renamed(name: str, python: str) -> Enumerant:
    return Enumerant(name, 0, (Annotation(PYTHON_NAME_ID, Value(TypeKind.TEXT, python)),))


@pytest.mark.parametrize(
    ("schema", "python"),
    [("name", "name"), ("someThing", "some_thing"), ("parseURLNow", "parse_url_now"), ("x2y", "x2y"), ("aB", "a_b")],
)
def test_camel_case_becomes_snake_case(schema: str, python: str) -> None:
    assert snake_case(schema) == python


def test_fields_get_an_underscore_where_python_or_our_classes_need_the_name() -> None:
    names = field_names(named("class", "toDict", "hasThing", "initThing", "plain", "which"))
    assert list(names.values()) == ["class_", "to_dict_", "has_thing_", "init_thing_", "plain", "which_"]


def test_of_two_names_that_become_the_same_the_later_one_gets_the_underscore() -> None:
    assert field_names(named("someURL", "someUrl")) == {"someURL": "some_url", "someUrl": "some_url_"}
    assert method_names(named("doIt", "doIT", "close")) == {"doIt": "do_it", "doIT": "do_it_", "close": "close_"}
    assert enumerant_names(named("lightBlue", "lightBLUE")) == ["LIGHT_BLUE", "LIGHT_BLUE_"]


def test_the_annotation_gives_another_name_which_still_makes_room_for_ours() -> None:
    assert field_names([renamed("a", "someName"), renamed("b", "which")]) == {"a": "someName", "b": "which_"}
    assert method_names([renamed("a", "b"), *named("b")]) == {"a": "b", "b": "b_"}
    assert enumerant_names([renamed("a", "Mixed"), *named("b")]) == ["Mixed", "B"]
    assert [declared_name(item) for item in (renamed("A", "Other"), *named("None", "Plain"))] == [
        "Other",
        "None_",
        "Plain",
    ]


@pytest.mark.parametrize("name", ["", "a b", "1a", "x: int\nimport os", "_plan", "__init__"])
def test_what_could_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match="no name that Python could use"):
        field_names([renamed("a", name)])


def test_no_name_begins_with_an_underscore() -> None:
    assert list(field_names(named("_plan", "__init__", "__")).values()) == ["plan", "init", "x"]
