"""JSON with a say in how it looks: options, and a program's own forms of types and fields.

Knows how a program's functions are called with values of generated classes. The JSON itself is the notation's. These are not methods, because a field of
a user may have any name that a method would take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from caplet.errors import BuildError, NotationError
from caplet.notation.json_forms import JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers import HandledNumberForm
from caplet.notation.json_plan import JsonPlans
from caplet.notation.json_pointers import HandledForm
from caplet.notation.json_structs import HandledStructForm
from caplet.notation.json_values import read_json
from caplet.runtime.conversions import converted
from caplet.runtime.kinds import EnumKind
from caplet.runtime.notations import same_place, untyped
from caplet.runtime.object_types import object_kind
from caplet.runtime.plans import StructKind
from caplet.schema.model import StructNode, TypeKind
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from caplet.notation.json_values import Json
    from caplet.runtime.fields import Field
    from caplet.runtime.structs import Struct
    from caplet.schema.model import Type
    from caplet.wire.untyped import AnyPointer, AnyStruct
    from caplet.wire.untyped_builder import AnyPointerBuilder, AnyStructBuilder

__all__ = ["JsonCodec", "JsonHandler"]

StructType = TypeVar("StructType", bound="Struct")
FormMaker = Callable[["Type", int, int], JsonForm]


@dataclass(frozen=True, slots=True)
class JsonHandler:
    """A program's own form of a type or field.

    Args:
        encode: given a value as it is read, returns what Python's `json` module can write.
        decode: given what Python's `json` module reads, returns a value as it can be assigned.
    """

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


class JsonCodec:
    """Writes and reads structs as JSON.

    Args:
        pretty: whether long values take several lines.
        skip_defaults: whether members with default values are left out.
        reject_unknown: whether members that the schema does not have are errors; otherwise they are ignored.
        handlers: a program's own forms. Keys are classes of structs, enums and interfaces, `str` and `bytes`; or a field, as a pair of a struct's
            or group's class and the field's name.

    Raises:
        TypeError: a key is none of these.
    """

    __slots__ = ("_fields", "_forms", "_input", "_plans", "_pretty", "_skip_defaults", "_types")

    def __init__(
        self,
        *,
        pretty: bool = False,
        skip_defaults: bool = False,
        reject_unknown: bool = False,
        handlers: Mapping[Any, JsonHandler] | None = None,
    ) -> None:
        self._pretty = pretty
        self._skip_defaults = skip_defaults
        self._input = JsonInput(reject_unknown)
        self._types: dict[TypeKind | int, FormMaker] = {}
        self._fields: dict[tuple[int, int], _FieldHandler] = {}
        self._plans: dict[int, JsonPlans] = {}
        self._forms: dict[StructKind, JsonForm] = {}
        for key, handler in (handlers or {}).items():
            if isinstance(key, tuple):
                place, found = _field_handler(key, handler)  # pyright: ignore[reportUnknownArgumentType]
                self._fields[place] = found
            else:
                type_key, make = _type_handler(key, handler)
                self._types[type_key] = make

    def encode(self, struct: Struct) -> str:
        """Return a struct as JSON.

        Raises:
            NotationError: it holds something that has no form in JSON; the text names the path to it.
            DecodeError: the message is malformed, or leads to the same content many times.
        """
        form = self.form(type(struct))
        out = JsonOutput(self._pretty, self._skip_defaults)
        return converted(untyped(struct), lambda place: form.encode_struct(out, place, 0, False))

    def encode_pointer(self, cls: type[Struct], source: AnyPointer) -> str:
        """Return the struct that an untyped pointer leads to as JSON; errors are those of `encode`."""
        form = self.form(cls)
        out = JsonOutput(self._pretty, self._skip_defaults)
        if source.is_null:
            return form.encode(out, source, None, 0, False)
        return converted(same_place(source), lambda place: form.encode(out, place, None, 0, False))

    def decode(self, cls: type[StructType], text: str | bytes) -> Any:
        """Return a builder of what a JSON text describes.

        Args:
            cls: the class of the struct.
            text: a JSON object.

        Raises:
            NotationError: it is not JSON, or does not fit; the text names the path to the place.
        """
        message = MessageBuilder()
        self.build(cls, read_json(text), message.root)
        return cls._plan.open_or_init(message, message.segments[0], 0)

    def build(self, cls: type[Struct], source: Json, target: AnyPointerBuilder) -> None:
        """Make a pointer lead to a new struct of what JSON describes that was read already; errors are those of `decode`."""
        try:
            self.form(cls).decode(self._input, target, source, 0)
        except BuildError as error:
            raise NotationError(str(error)) from None

    def form(self, cls: type[Struct]) -> JsonForm:
        """Return the form of a struct class; it is made once."""
        plan = cls._plan
        found = self._forms.get(plan)
        if found is None:
            plans = self._plans.get(id(plan.registry))
            if plans is None:
                plans = self._plans[id(plan.registry)] = JsonPlans(plan.registry, self._types, self._fields)
            found = self._forms[plan] = plans.form(cls._schema_type)
        return found


class _FieldHandler:
    """A program's own form of one field.

    Args:
        plan: the struct that has it.
        field: the field.
        handler: the program's functions.
    """

    __slots__ = ("_field", "_handler", "_plan")

    def __init__(self, plan: StructKind, field: Field, handler: JsonHandler) -> None:
        self._plan = plan
        self._field = field
        self._handler = handler

    def write(self, source: AnyStruct) -> object:
        """Return plain Python for the field of a struct."""
        return _call(self._handler.encode, self._field.read(self._plan.view(source, False)))

    def read(self, target: AnyStructBuilder, source: object) -> None:
        """Set the field of a struct from plain Python."""
        value = _call(self._handler.decode, source)
        _call(lambda given: self._field.write(self._plan.view(target, True), given), value)


def _field_handler(key: tuple[Any, ...], handler: JsonHandler) -> tuple[tuple[int, int], _FieldHandler]:
    """Return where a field stands, and its handler."""
    plan = getattr(key[0], "_plan", None)
    field = plan.by_name.get(key[1]) if isinstance(plan, StructKind) and len(key) == 2 else None
    if field is None or not isinstance(plan, StructKind):
        raise TypeError(f"{key!r:.80} is no pair of a struct class and the name of a field of it")
    body = plan.registry.get(plan.type_id).body
    assert isinstance(body, StructNode)
    index = next(index for index, found in enumerate(body.fields) if found.name == field.schema_name)
    return (plan.type_id, index), _FieldHandler(plan, field, handler)


def _type_handler(key: Any, handler: JsonHandler) -> tuple[TypeKind | int, FormMaker]:
    """Return how a type is found, and what makes its form."""
    if isinstance(key, type) and hasattr(key, "_by_number"):
        enum: Any = key
        kind = EnumKind(enum)

        def read_enum(source: object) -> int:
            number: int = _call(lambda value: kind.number(value, enum.__qualname__), _call(handler.decode, source))
            return number

        def write_enum(number: int) -> object:
            return _call(handler.encode, kind.member(number))

        return enum._schema_type.type_id, lambda type_, words, pointers: HandledNumberForm(
            TypeKind.ENUM, write_enum, read_enum
        )
    pointer_kind = object_kind(key)
    if isinstance(pointer_kind, StructKind):
        return pointer_kind.type_id, lambda type_, words, pointers: _struct_form(pointer_kind, words, pointers, handler)

    def write(source: AnyPointer, default: object) -> object:
        missing = default is not None and source.is_null
        return _call(handler.encode, default if missing else source.as_(key))

    def read(target: AnyPointerBuilder, source: object) -> None:
        value = _call(handler.decode, source)
        _call(
            lambda given: pointer_kind.store(
                target._arena, target._segment, target._position, given, pointer_kind.name
            ),
            value,
        )

    if key is str or key is bytes:
        return TypeKind.TEXT if key is str else TypeKind.DATA, lambda type_, words, pointers: HandledForm(write, read)
    if not isinstance(key, type):
        raise TypeError(f"{key!r:.60} cannot have a handler of its own; give one for each field")
    interface: Any = key
    return interface._interface.id, lambda type_, words, pointers: HandledForm(write, read)


def _struct_form(kind: StructKind, words: int, pointers: int, handler: JsonHandler) -> JsonForm:
    """Return the form of a struct that a program handles."""

    def write(source: AnyStruct) -> object:
        return _call(handler.encode, kind.view(source, False))

    def read(target: AnyStructBuilder, source: object) -> None:
        value = _call(handler.decode, source)
        _call(lambda given: kind.take(kind.view(target, True), given, kind.name), value)

    return HandledStructForm(kind.name, words, pointers, write, read)


def _call(function: Callable[[Any], Any], value: object) -> Any:
    """Call a program's function; what it raises about a value becomes an error with a path."""
    try:
        return function(value)
    except NotationError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise NotationError(f"{type(error).__name__}: {error}") from error
