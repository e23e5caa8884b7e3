"""JSON with a program's own forms of types and fields."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.errors import NotationError
from caplet.json_codec import JsonCodec, JsonHandler

SCHEMA = """@0xd1c5a5d0f7a0b3e1;
struct Date { year @0 :Int16; month @1 :UInt8; day @2 :UInt8; }
enum Color { red @0; green @1; }
interface Thing {}
struct Person {
  born @0 :Date;
  days @1 :List(Date);
  seen @2 :UInt32;
  color @3 :Color;
  colors @4 :List(Color);
  photo @5 :Data;
  thing @6 :Thing;
  job :group { since @7 :Int32; title @8 :Text; }
  name @9 :Text;
}
"""
DATES = JsonHandler(lambda value: f"{value.year:04}-{value.month:02}-{value.day:02}", lambda text: _date(text))
HEX = JsonHandler(bytes.hex, bytes.fromhex)


def _date(text: str) -> dict[str, int]:
    found = date.fromisoformat(text)
    return {"year": found.year, "month": found.month, "day": found.day}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("json") / "person.capnp"
    path.write_text(SCHEMA)
    return caplet.load(str(path))


def both_ways(codec: JsonCodec, struct: Any, text: str) -> None:
    assert codec.encode(struct) == text
    again = codec.decode(type(struct.as_reader()), text)
    assert again == struct
    assert codec.encode(again) == text


def test_a_handler_of_a_struct_stands_for_it_in_fields_and_lists(schema: Any) -> None:
    codec = JsonCodec(handlers={schema.Date: DATES}, skip_defaults=True)
    person = schema.Person(born=(1815, 12, 10), days=[(1999, 1, 2), (2024, 2, 29)])
    both_ways(codec, person, '{"born":"1815-12-10","days":["1999-01-02","2024-02-29"],"job":{}}')


def test_enums_text_and_data_have_handlers(schema: Any) -> None:
    colors = JsonHandler(lambda color: int(color) * 10, lambda number: number // 10)
    names = JsonHandler(str.upper, str.lower)
    codec = JsonCodec(handlers={schema.Color: colors, bytes: HEX, str: names}, skip_defaults=True)
    person = schema.Person(color="green", colors=["red", "green"], photo=b"\xff\x00", name="ada")
    both_ways(codec, person, '{"color":10,"colors":[0,10],"photo":"ff00","job":{},"name":"ADA"}')


def test_fields_have_handlers_also_in_groups(schema: Any) -> None:
    seen = JsonHandler(
        lambda days: date.fromordinal(days).isoformat(), lambda text: date.fromisoformat(text).toordinal()
    )
    since = JsonHandler(lambda year: {"year": year}, lambda value: value["year"])
    codec = JsonCodec(handlers={(schema.Person, "seen"): seen, (schema.Person.Job, "since"): since}, skip_defaults=True)
    person = schema.Person(seen=700000, job={"since": 1843})
    both_ways(codec, person, '{"seen":"1917-07-15","job":{"since":{"year":1843}}}')


def test_a_handler_gives_capabilities_a_form(schema: Any) -> None:
    class ThingServer(schema.Thing.Server):  # type: ignore[misc,name-defined]
        pass

    thing = ThingServer()
    handler = JsonHandler(lambda client: "a thing", lambda name: thing if name == "a thing" else None)
    codec = JsonCodec(handlers={schema.Thing: handler}, skip_defaults=True)
    assert codec.encode(schema.Person(thing=thing)) == '{"thing":"a thing","job":{}}'
    assert codec.decode(schema.Person, '{"thing": "a thing"}').thing is not None


def test_what_handlers_raise_and_return_is_told_with_the_path(schema: Any) -> None:
    codec = JsonCodec(handlers={schema.Date: DATES, (schema.Person, "seen"): JsonHandler(lambda _: object(), int)})
    with pytest.raises(NotationError, match=r"^\$\.days\[1\]: ValueError: "):
        codec.decode(schema.Person, '{"days": ["2024-01-01", "yesterday"]}')
    with pytest.raises(NotationError, match=r"^\$\.seen: TypeError: "):
        codec.decode(schema.Person, '{"seen": null}')
    with pytest.raises(NotationError, match=r"^\$\.seen: a handler returned object, which has no form in JSON"):
        codec.encode(schema.Person())


def test_options_decide_layout_defaults_and_unknown_members(schema: Any) -> None:
    person = schema.Person(name="Ada", job={"title": "x" * 60})
    assert JsonCodec(skip_defaults=True).encode(person) == '{"job":{"title":"' + "x" * 60 + '"},"name":"Ada"}'
    assert JsonCodec(pretty=True).encode(person) == person.to_json(pretty=True)
    with pytest.raises(NotationError, match=r"^\$\.nmae: the schema has no such member"):
        JsonCodec(reject_unknown=True).decode(schema.Person, '{"nmae": "Ada"}')


def test_a_key_that_is_no_type_and_no_field_is_refused(schema: Any) -> None:
    for key in (int, 5, (schema.Person, "nothing"), (schema.Color, "red"), list[str]):
        with pytest.raises(TypeError):
            JsonCodec(handlers={key: HEX})
