"""The other forms of a struct: canonical, text and JSON.

Knows which part of the library makes each form. It is imported when one of them is first asked for, so that plain messages need none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from caplet.errors import BuildError, NotationError
from caplet.notation import format_text, parse_text
from caplet.notation.json_forms import JsonForm, JsonInput, JsonOutput
from caplet.notation.json_plan import JsonPlans
from caplet.notation.json_values import read_json
from caplet.runtime.conversions import converted
from caplet.wire.canonical import canonicalize
from caplet.wire.message import MessageBuilder
from caplet.wire.untyped import AnyPointer, AnyStruct

if TYPE_CHECKING:
    from caplet.runtime.structs import Struct

__all__ = ["as_canonical", "as_json", "as_text", "of_json", "of_text", "same_place"]


def untyped(obj: Struct) -> AnyStruct:
    """Return a struct's place, to be read without its class."""
    return AnyStruct().lie_at(obj.as_reader())


def same_place(pointer: AnyPointer) -> AnyPointer:
    """Return a pointer that nobody else holds, at the same place; one that is not null."""
    made = AnyPointer()
    made._arena = pointer._arena
    made._segment = pointer._segment
    made._position = pointer._position
    made._depth = pointer._depth
    return made


def as_canonical(obj: Struct) -> bytes:
    """Return the one segment of the canonical message."""
    return canonicalize(untyped(obj))


def as_text(obj: Struct, pretty: bool) -> str:
    """Return the struct in text form."""
    plan = obj._plan
    return converted(untyped(obj), lambda place: format_text(plan.registry, obj._schema_type, place, pretty=pretty))


def of_text(cls: type[Struct], text: str) -> Any:
    """Return a builder of what a text describes."""
    return cls.from_segments([parse_text(cls._plan.registry, cls._schema_type, text)]).as_builder()


def as_json(obj: Struct, pretty: bool) -> str:
    """Return the struct as JSON."""
    form = _json_form(type(obj))
    return converted(untyped(obj), lambda place: form.encode_struct(JsonOutput(pretty, False), place, 0, False))


def of_json(cls: type[Struct], text: str | bytes) -> Any:
    """Return a builder of what a JSON text describes."""
    message = MessageBuilder()
    try:
        _json_form(cls).decode(_FORGIVING, message.root, read_json(text), 0)
    except BuildError as error:
        raise NotationError(str(error)) from None
    return cls._plan.open_or_init(message, message.segments[0], 0)


_FORGIVING: Final = JsonInput(False)


def _json_form(cls: type[Struct]) -> JsonForm:
    """Return a class's form in JSON; it is made once."""
    plan = cls._plan
    found: JsonForm | None = plan.json
    if found is None:
        found = plan.json = JsonPlans(plan.registry).form(cls._schema_type)
    return found
