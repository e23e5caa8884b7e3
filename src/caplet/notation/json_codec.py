"""JSON in both directions, given a schema; the annotations of json.capnp are honoured.

Knows the options. Which type has which form is in `json_plan`, the forms are in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from caplet.compiler.encoding import copied_message
from caplet.errors import BuildError, NotationError
from caplet.notation.json_forms import JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers import NumberForm
from caplet.notation.json_plan import FieldHandler, JsonPlans, TypeKey
from caplet.notation.json_values import Json, read_json
from caplet.notation.reading import default_pointer
from caplet.schema.model import Type, Value
from caplet.schema.registry import Registry
from caplet.wire.message import MessageBuilder
from caplet.wire.untyped import AnyPointer, AnyStruct
from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["JsonCodec", "format_json", "parse_json"]


class JsonCodec:
    """Writes and reads values of one registry as JSON.

    Args:
        registry: the schemas.
        pretty: whether to break lines and to put spaces between items.
        skip_defaults: whether members with default values are left out.
        reject_unknown: whether members that the schema does not have are errors; otherwise they are ignored.
        types: as for `JsonPlans`.
        fields: as for `JsonPlans`.
    """

    __slots__ = ("_plans", "_pretty", "_reject_unknown", "_skip_defaults")

    def __init__(
        self,
        registry: Registry,
        *,
        pretty: bool = False,
        skip_defaults: bool = False,
        reject_unknown: bool = False,
        types: Mapping[TypeKey, Callable[[Type, int, int], JsonForm]] | None = None,
        fields: Mapping[tuple[int, int], FieldHandler] | None = None,
    ) -> None:
        self._plans = JsonPlans(registry, types, fields)
        self._pretty = pretty
        self._skip_defaults = skip_defaults
        self._reject_unknown = reject_unknown

    def encode(self, type_: Type, value: AnyPointer | AnyStruct, *, pretty: bool | None = None) -> str:
        """Return a value as JSON.

        Args:
            type_: the type of the value.
            value: a struct, or a pointer to a value of the type.
            pretty: whether it takes several lines; None for what the codec was made with.

        Raises:
            NotationError: it holds something that has no form in JSON; the text names the path to it.
            DecodeError: the message is malformed.
        """
        out = JsonOutput(self._pretty if pretty is None else pretty, self._skip_defaults)
        form = self._plans.form(type_)
        if isinstance(value, AnyStruct):
            return form.encode_struct(out, value, 0, False)
        return form.encode(out, value, None, 0, False)

    def encode_value(self, type_: Type, value: Value) -> str:
        """Return a constant or default value as JSON."""
        form = self._plans.form(type_)
        if isinstance(form, NumberForm):
            return form.text(value.content)
        content = value.content if isinstance(value.content, (str, bytes)) else None
        out = JsonOutput(self._pretty, self._skip_defaults)
        return form.encode(out, default_pointer(value), content, 0, False)

    def decode(self, type_: Type, text: str | bytes) -> bytes:
        """Return the words of a one-segment message with the value that a JSON text describes; the root pointer comes first.

        Args:
            type_: the type of the value.
            text: one JSON value.

        Raises:
            NotationError: it is not JSON, or does not fit the type; the text names the path to the place.
        """
        message = MessageBuilder()
        self.decode_into(type_, text, message.root)
        return copied_message(message.root.as_reader())

    def decode_into(self, type_: Type, text: str | bytes, target: AnyPointerBuilder) -> None:
        """Make a pointer lead to the value that a JSON text describes; arguments and errors are those of `decode`."""
        self.build(type_, read_json(text), target)

    def build(self, type_: Type, source: Json, target: AnyPointerBuilder) -> None:
        """Make a pointer lead to the value that JSON describes which was read already; errors are those of `decode`."""
        form = self._plans.form(type_)
        if form.is_number:
            raise NotationError("a number or truth value by itself is no message")
        try:
            form.decode(JsonInput(self._reject_unknown), target, source, 0)
        except BuildError as error:
            raise NotationError(str(error)) from None


def format_json(registry: Registry, type_: Type, value: AnyPointer | AnyStruct, *, pretty: bool = True) -> str:
    """Return a value as JSON, as `capnp convert binary:json` prints it; for many values make one `JsonCodec`."""
    return JsonCodec(registry, pretty=pretty).encode(type_, value)


def parse_json(registry: Registry, type_: Type, text: str | bytes) -> bytes:
    """Return the words of a one-segment message with the value that a JSON text describes."""
    return JsonCodec(registry).decode(type_, text)
