"""JSON in both directions, given a schema; the annotations of json.capnp are honoured.

Knows the options. Printing and reading are in the modules beside this one.
"""

from __future__ import annotations

from caplet.compiler.source import Source
from caplet.errors import NotationError
from caplet.notation.building import NotationBuilder
from caplet.notation.json_decode import JsonReader, read_json
from caplet.notation.json_encode import JsonPrinter
from caplet.notation.json_plan import JsonPlans
from caplet.schema.model import Type, Value
from caplet.schema.registry import Registry
from caplet.wire.untyped import AnyPointer, AnyStruct

__all__ = ["JsonCodec", "format_json", "parse_json"]


class JsonCodec:
    """Writes and reads values of one registry as JSON.

    Args:
        registry: the schemas.
        pretty: whether to break lines and to put spaces between items.
        skip_defaults: whether members with default values are left out.
        reject_unknown: whether members that the schema does not have are errors; otherwise they are ignored.
    """

    __slots__ = ("_plans", "_printer", "_reader")

    def __init__(
        self, registry: Registry, *, pretty: bool = False, skip_defaults: bool = False, reject_unknown: bool = False
    ) -> None:
        self._plans = JsonPlans(registry)
        self._printer = JsonPrinter(self._plans, pretty, skip_defaults)
        self._reader = JsonReader(self._plans, NotationBuilder(registry, Source("<json>", "")), reject_unknown)

    def encode(self, type_: Type, value: AnyPointer | AnyStruct) -> str:
        """Return a value as JSON.

        Args:
            type_: the type of the value.
            value: a struct, or a pointer to a value of the type.

        Raises:
            NotationError: it holds something that has no form in JSON; the text names the path to it.
            DecodeError: the message is malformed.
        """
        try:
            return self._printer.format(type_, value)
        finally:
            self._printer.broken = False

    def encode_value(self, type_: Type, value: Value) -> str:
        """Return a constant or default value as JSON."""
        return self._printer.format_value(type_, value)

    def decode(self, type_: Type, text: str | bytes) -> bytes:
        """Return the words of a one-segment message with the value that a JSON text describes; the root pointer comes first.

        Args:
            type_: the type of the value.
            text: one JSON value.

        Raises:
            NotationError: it is not JSON, or does not fit the type; the text names the path to the place.
        """
        if isinstance(text, bytes):
            try:
                text = text.decode()
            except UnicodeDecodeError as error:
                raise NotationError(f"JSON must be UTF-8, and byte {error.start} is not") from None
        return self._reader.builder.flat(type_, self._reader.value(read_json(text), type_))


def format_json(registry: Registry, type_: Type, value: AnyPointer | AnyStruct, *, pretty: bool = True) -> str:
    """Return a value as JSON, as `capnp convert binary:json` prints it; for many values make one `JsonCodec`."""
    return JsonCodec(registry, pretty=pretty).encode(type_, value)


def parse_json(registry: Registry, type_: Type, text: str | bytes) -> bytes:
    """Return the words of a one-segment message with the value that a JSON text describes."""
    return JsonCodec(registry).decode(type_, text)
