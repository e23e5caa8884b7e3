"""The text form: values as the literals of the schema language, printed as the C++ library prints them, and read back.

Knows layout and escapes. Literals are parsed and evaluated by the compiler's own code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from caplet.compiler.expressions import ExpressionParser, ParseFailure
from caplet.compiler.lexer import Token, TokenKind, lex
from caplet.compiler.source import Source, decode_source
from caplet.compiler.tree import Expression
from caplet.errors import CompileError, NotationError
from caplet.notation.building import Literals, NotationBuilder
from caplet.notation.reading import (
    Shapes,
    active_field,
    default_pointer,
    double_text,
    element,
    float_text,
    slot_number,
    slot_pointer,
)
from caplet.schema.model import EnumType, Field, Group, ListType, Slot, StructType, Type, TypeKind, Value
from caplet.schema.registry import Registry
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct

__all__ = ["TextPrinter", "format_text", "parse_text", "parse_texts"]

_END: Final = "\n;"
_INLINE_VALUE: Final = 24
_INLINE_RECORD: Final = 64


class _Mode(Enum):
    """What stands before a value: nothing, or `name = `."""

    BARE = 0
    PREFIXED = 1


def format_text(registry: Registry, type_: Type, value: AnyPointer | AnyStruct, *, pretty: bool = True) -> str:
    """Return a value in text form, as `capnp convert binary:text` prints it.

    Args:
        registry: the schemas.
        type_: the type of the value.
        value: a struct, or a pointer to a value of the type.
        pretty: whether long values take several lines.

    Raises:
        DecodeError: the message is malformed.
        NotationError: the value is nested too deeply.
        SchemaError: a type is not in the registry.
    """
    return TextPrinter(registry).format(type_, value, pretty)


class TextPrinter:
    """Prints values of one registry."""

    __slots__ = ("shapes",)

    def __init__(self, registry: Registry) -> None:
        self.shapes = Shapes(registry)

    def format(self, type_: Type, value: AnyPointer | AnyStruct, pretty: bool = True) -> str:
        """Return a value in text form; arguments and errors are those of `format_text`."""
        amount = int(pretty)
        try:
            if isinstance(value, AnyPointer):
                return self.pointer(value, type_, None, amount, _Mode.BARE)
            return self.struct(value, type_, amount, _Mode.BARE)
        except RecursionError:
            # Only what is being built can be as deep as that.
            raise NotationError("the value is nested too deeply") from None

    def format_value(self, type_: Type, value: Value, pretty: bool = True) -> str:
        """Return a constant or default value in text form."""
        if value.kind == TypeKind.INTERFACE:
            return "<external capability>"
        if value.kind in (TypeKind.TEXT, TypeKind.DATA, TypeKind.LIST, TypeKind.STRUCT, TypeKind.ANY_POINTER):
            return self.pointer(default_pointer(value), type_, value, int(pretty), _Mode.BARE)
        content = value.content
        assert content is None or isinstance(content, (bool, int, float))
        return self.number(content, type_)

    def number(self, value: bool | float | None, type_: Type) -> str:
        """Return a value of the data section."""
        kind = type_.kind
        if kind == TypeKind.VOID:
            return "void"
        if kind == TypeKind.BOOL:
            return "true" if value else "false"
        if isinstance(type_, EnumType):
            enumerants = self.shapes.enum(type_).enumerants
            number = int(value or 0)
            return enumerants[number].name if number < len(enumerants) else f"({number})"
        if isinstance(value, float):
            return float_text(value) if kind == TypeKind.FLOAT32 else double_text(value)
        return str(value)

    def pointer(self, source: AnyPointer, type_: Type, default: Value | None, amount: int, mode: _Mode) -> str:
        """Return what a pointer leads to; `default` is the text or data that a null one stands for."""
        kind = type_.kind
        content = default.content if default is not None else None
        if kind == TypeKind.TEXT:
            return quoted(source.text(content if isinstance(content, str) else ""))
        if kind == TypeKind.DATA:
            return quoted_bytes(source.blob(content if isinstance(content, bytes) else b""))
        if isinstance(type_, ListType):
            return self.sequence(source.list(), type_.element, amount, mode)
        if kind == TypeKind.STRUCT:
            return self.struct(source.struct(), type_, amount, mode)
        return "<external capability>" if kind == TypeKind.INTERFACE else "<opaque pointer>"

    def sequence(self, source: AnyList, type_: Type, amount: int, mode: _Mode) -> str:
        """Return a list."""
        inner = amount + 1 if amount else 0
        length = len(source)
        if type_.kind == TypeKind.STRUCT:
            items = [self.struct(source.struct(i), type_, inner, _Mode.BARE) for i in range(length)]
        elif type_.kind in _POINTERS:
            items = [self.pointer(source.pointer(i), type_, None, inner, _Mode.BARE) for i in range(length)]
        else:
            if type_.kind == TypeKind.BOOL:
                source._charge_bits()
            items = [self.number(element(source, type_.kind, i), type_) for i in range(length)]
        return f"[{_delimit(items, amount, mode, False)}]"

    def struct(self, source: AnyStruct, type_: Type, amount: int, mode: _Mode, group: int | None = None) -> str:
        """Return a struct, or with `group` a group of it."""
        assert isinstance(type_, StructType)
        if group is None:
            source._charge_at_least(self.shapes.shape(type_.type_id).weight)
        inner = amount + 1 if amount else 0
        items = [
            f"{field.name} = {self.field(source, field, type_, inner)}"
            for field in self.present(source, type_, type_.type_id if group is None else group)
        ]
        return f"({_delimit(items, amount, mode, True)})"

    def present(self, source: AnyStruct, type_: StructType, type_id: int) -> Iterator[Field]:
        """Return the fields of a struct, or of a group of it, to print: all but null pointers, and the active union member at its place."""
        shape = self.shapes.shape(type_id)
        active = active_field(shape, source)
        if active is not None and active[1].discriminant_value == 0 and not _has(source, active[1]):
            active = None
        for index, field in shape.plain:
            if active is not None and active[0] < index:
                yield active[1]
                active = None
            if _has(source, field):
                yield field
        if active is not None:
            yield active[1]

    def field(self, source: AnyStruct, field: Field, type_: Type, amount: int) -> str:
        """Return the value of a field."""
        body = field.body
        if isinstance(body, Group):
            return self.struct(source, type_, amount, _Mode.PREFIXED, body.type_id)
        if body.type.kind not in _POINTERS:
            return self.number(slot_number(source, body), body.type)
        field_type = self.shapes.field_type(field, type_)
        return self.pointer(slot_pointer(source, body), field_type, body.default, amount, _Mode.PREFIXED)


_POINTERS: Final = (
    TypeKind.TEXT,
    TypeKind.DATA,
    TypeKind.LIST,
    TypeKind.STRUCT,
    TypeKind.INTERFACE,
    TypeKind.ANY_POINTER,
)


def _has(source: AnyStruct, field: Field) -> bool:
    """Whether a field is to be printed: everything but null pointers."""
    body = field.body
    return not isinstance(body, Slot) or body.type.kind not in _POINTERS or source.has(body.offset)


def _delimit(items: list[str], amount: int, mode: _Mode, is_record: bool) -> str:
    """Join the items of a list or struct, on one line where they fit."""
    if not amount or _fits(items, is_record):
        return ", ".join(items)
    line = "\n" + "  " * amount
    return (" " if mode is _Mode.BARE else line) + ("," + line).join(items) + " "


def _fits(items: list[str], is_record: bool) -> bool:
    sizes = [len(item.encode()) for item in items]
    if any(size > _INLINE_VALUE or "\n" in item for size, item in zip(sizes, items, strict=True)):
        return False
    return not is_record or sum(sizes) <= _INLINE_RECORD


# -- escapes ------------------------------------------------------------------------------------------------------------

_ESCAPES: Final = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
    34: '\\"',
    39: "\\'",
    92: "\\\\",
}
_SPECIAL: Final = re.compile("[\\x00-\\x1f\"'\\\\\\x7f]")
_SPECIAL_BYTES: Final = re.compile("[\\x00-\\x1f\"'\\\\\\x7f-\\xff]")


def quoted(text: str) -> str:
    """Return text as a string literal."""
    return '"' + _SPECIAL.sub(_escape, text) + '"'


def quoted_bytes(content: bytes) -> str:
    """Return bytes as a string literal."""
    return '"' + _SPECIAL_BYTES.sub(_escape, content.decode("latin-1")) + '"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return _ESCAPES.get(code) or f"\\{code:03o}"


# -- reading ------------------------------------------------------------------------------------------------------------


def parse_text(registry: Registry, type_: Type, text: str | bytes, filename: str = "<text>") -> bytes:
    """Return the words of a one-segment message with the value that a text describes; the root pointer comes first.

    Args:
        registry: the schemas.
        type_: the type of the value.
        text: one literal of the schema language.
        filename: the name of the text in diagnostics.

    Raises:
        CompileError: it is not one literal of the type; with place and reason.
    """
    messages = list(parse_texts(registry, type_, text, filename))
    if len(messages) != 1:
        source = _source(filename, text)
        raise CompileError([source.diagnostic(0, 1, f"expected one value, and the text holds {len(messages)}")])
    return messages[0]


def parse_texts(registry: Registry, type_: Type, text: str | bytes, filename: str = "<text>") -> Iterator[bytes]:
    """Return the messages that a text of several literals describes, each when it is asked for.

    The arguments and errors are those of `parse_text`; a text that does not parse as a whole fails before the first message.
    """
    source = _source(filename, text)
    builder = NotationBuilder(registry, source)
    reporter = builder.world.reporter
    statements = lex(source, reporter)
    literals = Literals(builder)
    reporter.raise_if_failed()
    tokens: list[Token] = []
    for statement in statements:
        tokens += statement.tokens
    if len(statements) > 1 or any(statement.block is not None for statement in statements):
        place = statements[0].end
        raise CompileError([source.diagnostic(place - 1, place, "a value holds no ';' and no '{'")])
    parser = ExpressionParser(source, reporter, tokens, len(source.text) - len(_END))
    while parser.peek() is not None:
        yield _message(builder, literals, type_, _expression(parser))


def _expression(parser: ExpressionParser) -> Expression:
    token = parser.peek()
    try:
        # A value in brackets ends with its bracket: what follows it is the next value and not a suffix.
        if token is not None and token.kind == TokenKind.OPEN:
            return parser.base_expression()
        return parser.expression()
    except ParseFailure as failure:
        raise CompileError([parser.source.diagnostic(failure.start, failure.end, str(failure))]) from None


def _message(builder: NotationBuilder, literals: Literals, type_: Type, expression: Expression) -> bytes:
    value = literals.evaluate(expression, type_)
    builder.world.reporter.raise_if_failed()
    assert value is not None
    return builder.flat(type_, value)


def _source(filename: str, text: str | bytes) -> Source:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    source, problem = decode_source(filename, data)
    if source is None:
        raise CompileError([problem] if problem is not None else [])
    # The lexer knows files, where a semicolon ends each statement.
    return Source(filename, source.text + _END, source.mark_bytes)
