"""The other forms of a struct: canonical, text and JSON.

Knows which part of the library makes each form. It is imported when one of them is first asked for, so that plain messages need none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.notation import format_json, format_text, parse_json, parse_text
from caplet.wire.canonical import canonicalize
from caplet.wire.untyped import AnyStruct

if TYPE_CHECKING:
    from caplet.runtime.structs import Struct

__all__ = ["as_canonical", "as_json", "as_text", "of_json", "of_text"]


def untyped(obj: Struct) -> AnyStruct:
    """Return a struct's place, to be read without its class."""
    found = AnyStruct()
    reading = obj.as_reader()
    found._arena = reading._arena
    found._segment = reading._segment
    found._data = reading._data
    found._data_bytes = reading._data_bytes
    found._pointers = reading._pointers
    found._pointer_count = reading._pointer_count
    found._depth = reading._depth
    return found


def as_canonical(obj: Struct) -> bytes:
    """Return the one segment of the canonical message."""
    return canonicalize(untyped(obj))


def as_text(obj: Struct, pretty: bool) -> str:
    """Return the struct in text form."""
    return format_text(obj._plan.registry, obj._schema_type, untyped(obj), pretty=pretty)


def of_text(cls: type[Struct], text: str) -> Any:
    """Return a builder of what a text describes."""
    return cls.from_segments([parse_text(cls._plan.registry, cls._schema_type, text)]).as_builder()


def as_json(obj: Struct, pretty: bool) -> str:
    """Return the struct as JSON."""
    return format_json(obj._plan.registry, obj._schema_type, untyped(obj), pretty=pretty)


def of_json(cls: type[Struct], text: str | bytes) -> Any:
    """Return a builder of what a JSON text describes."""
    return cls.from_segments([parse_json(cls._plan.registry, cls._schema_type, text)]).as_builder()
