"""How names of a schema become names in Python."""

from __future__ import annotations

import pytest

from caplet.runtime.names import enumerant_names, field_names, method_names, snake_case


@pytest.mark.parametrize(
    ("schema", "python"),
    [("name", "name"), ("someThing", "some_thing"), ("parseURLNow", "parse_url_now"), ("x2y", "x2y"), ("aB", "a_b")],
)
def test_camel_case_becomes_snake_case(schema: str, python: str) -> None:
    assert snake_case(schema) == python


def test_fields_get_an_underscore_where_python_or_our_classes_need_the_name() -> None:
    names = field_names(["class", "toDict", "hasThing", "initThing", "plain", "which"])
    assert list(names.values()) == ["class_", "to_dict_", "has_thing_", "init_thing_", "plain", "which_"]


def test_of_two_names_that_become_the_same_the_later_one_gets_the_underscore() -> None:
    assert field_names(["someURL", "someUrl"]) == {"someURL": "some_url", "someUrl": "some_url_"}
    assert method_names(["doIt", "doIT", "close"]) == {"doIt": "do_it", "doIT": "do_it_", "close": "close_"}
    assert enumerant_names(["lightBlue", "lightBLUE"]) == ["LIGHT_BLUE", "LIGHT_BLUE_"]
