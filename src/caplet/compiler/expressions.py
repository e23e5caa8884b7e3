"""Tokens to expressions: types, values, names and the values of annotations.

Knows literals, names, lists, tuples and their suffixes; the declarations around them are the parser's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from caplet.compiler.diagnostics import Reporter
from caplet.compiler.lexer import Token, TokenKind
from caplet.compiler.source import Source
from caplet.compiler.tree import (
    AbsoluteName,
    AnnotationUse,
    Application,
    Binary,
    Embed,
    Expression,
    Float,
    ImportPath,
    Index,
    Integer,
    ListLiteral,
    Member,
    Name,
    Ordinal,
    RelativeName,
    String,
    Tuple,
    TupleItem,
)
from caplet.limits import SCHEMA_NESTING

__all__ = ["ExpressionParser", "ParseFailure"]

Item = TypeVar("Item")


class ParseFailure(Exception):
    """A statement that does not parse: where, and what was expected."""

    def __init__(self, start: int, end: int, message: str) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class ExpressionParser:
    """A position in a list of tokens, and the grammar of expressions."""

    __slots__ = ("end", "index", "reporter", "source", "tokens")

    def __init__(self, source: Source, reporter: Reporter, tokens: list[Token], end: int) -> None:
        self.source = source
        self.reporter = reporter
        self.tokens = tokens
        self.index = 0
        self.end = end

    # -- tokens -------------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token | None:
        index = self.index + ahead
        return self.tokens[index] if index < len(self.tokens) else None

    def previous_end(self) -> int:
        return self.tokens[self.index - 1].end if self.index else self.end

    def failure(self, message: str, token: Token | None = None) -> ParseFailure:
        """Makes the failure to raise at a token, or at the present position."""
        token = token or self.peek()
        if token is None:
            return ParseFailure(max(self.end - 1, 0), self.end, message)
        return ParseFailure(token.start, token.end, message)

    def expected(self, what: str) -> NoReturn:
        token = self.peek()
        if token is None:
            raise self.failure(f"expected {what}, but the statement ends here")
        shown = token.text or {
            TokenKind.STRING: "a string",
            TokenKind.BINARY: "a data literal",
        }.get(token.kind, "this")
        shown = shown if token.kind in (TokenKind.STRING, TokenKind.BINARY) else f"'{shown}'"
        hint = ""
        if token.kind == TokenKind.OPERATOR and len(token.text) > 1 and token.text != "->":
            hint = "; put spaces between the signs that do not belong together"
        raise self.failure(f"expected {what}, not {shown}{hint}")

    def at_operator(self, text: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == TokenKind.OPERATOR and token.text == text

    def operator(self, text: str, what: str, missing: str | None = None) -> None:
        if not self.at_operator(text):
            token = self.peek()
            if missing is not None and (token is None or token.kind != TokenKind.OPERATOR):
                raise self.failure(missing)
            self.expected(what)
        self.index += 1

    def open(self, bracket: str, what: str) -> None:
        token = self.peek()
        if token is None or token.kind != TokenKind.OPEN or token.text != bracket:
            self.expected(what)
        self.index += 1

    def name(self, what: str) -> Name:
        token = self.peek()
        if token is None or token.kind != TokenKind.IDENTIFIER:
            self.expected(what)
        self.index += 1
        return Name(token.text, token.start, token.end)

    def integer(self, what: str) -> Ordinal:
        token = self.peek()
        if token is None or token.kind != TokenKind.INTEGER:
            self.expected(what)
        assert isinstance(token.value, int)
        self.index += 1
        return Ordinal(token.value, token.start, token.end)

    def end_tokens(self, what: str) -> None:
        if self.index < len(self.tokens):
            if self.index and "\n" in self.source.text[self.previous_end() : self.tokens[self.index].start]:
                last = self.tokens[self.index - 1]
                raise ParseFailure(last.end - 1, last.end, f"expected {what} after this, before the next line")
            self.expected(what)

    def items(self, close: str, parse_item: Callable[[], Item]) -> list[Item]:
        """Parses items up to the closing bracket; a comma after the last one is fine."""
        found: list[Item] = []
        while True:
            token = self.peek()
            if token is not None and token.kind == TokenKind.CLOSE:
                self.index += 1
                return found
            found.append(parse_item())
            token = self.peek()
            if token is not None and token.kind == TokenKind.COMMA:
                self.index += 1
            elif token is None or token.kind != TokenKind.CLOSE:
                self.expected(f"',' or '{close}'")

    # -- expressions ----------------------------------------------------------------------------------------------------

    def expression(self) -> Expression:
        """Parses an expression with its suffixes (`.member` and `(parameters)`)."""
        expression = self.base_expression()
        suffixes = 0
        while True:
            token = self.peek()
            if token is None:
                return expression
            if token.kind == TokenKind.OPERATOR and token.text == ".":
                self.index += 1
                name = self.name("a name after '.'")
                expression = Member(expression.start, name.end, expression, name)
            elif token.kind == TokenKind.OPEN and token.text == "(":
                self.index += 1
                items = self.items(")", self.tuple_item)
                expression = Application(expression.start, self.previous_end(), expression, items)
            elif token.kind == TokenKind.OPEN and isinstance(expression, (AbsoluteName, Member, Index)):
                expression = self.element(expression)
            else:
                return expression
            suffixes += 1
            if suffixes > SCHEMA_NESTING:
                raise self.failure(f"this expression has more than {SCHEMA_NESTING} parts", token)

    def element(self, parent: Expression) -> Expression:
        """Parses `[index]` behind the name of a constant."""
        self.index += 1
        index = self.integer("the index of an element")
        token = self.peek()
        if token is None or token.kind != TokenKind.CLOSE:
            self.expected("']'")
        self.index += 1
        return Index(parent.start, token.end, parent, index.value)

    def base_expression(self) -> Expression:
        token = self.peek()
        if token is None:
            self.expected("a type, name or value")
        self.index += 1
        kind, value = token.kind, token.value
        if kind == TokenKind.IDENTIFIER:
            return self.named(token)
        if kind == TokenKind.INTEGER and isinstance(value, int):
            return Integer(token.start, token.end, value)
        if kind == TokenKind.FLOAT and isinstance(value, float):
            return Float(token.start, token.end, value)
        if kind == TokenKind.STRING:
            return self.string(token)
        if kind == TokenKind.BINARY and isinstance(value, bytes):
            return Binary(token.start, token.end, value)
        if kind == TokenKind.OPEN:
            return self.bracketed(token)
        if kind == TokenKind.OPERATOR and token.text == "-":
            return self.negative(token)
        if kind == TokenKind.OPERATOR and token.text == ".":
            name = self.name("a name after '.'")
            return AbsoluteName(token.start, name.end, name)
        self.index -= 1
        self.expected("a type, name or value")

    def named(self, token: Token) -> Expression:
        following = self.peek()
        if token.text in ("import", "embed") and following is not None and following.kind == TokenKind.STRING:
            assert isinstance(following.value, bytes)
            self.index += 1
            try:
                path = following.value.decode()
            except UnicodeDecodeError:
                raise self.failure("a file name must be UTF-8 text", following) from None
            node = ImportPath if token.text == "import" else Embed
            return node(token.start, following.end, path, following.start)
        return RelativeName(token.start, token.end, token.text)

    def string(self, token: Token) -> Expression:
        """Joins string literals that stand next to each other."""
        assert isinstance(token.value, bytes)
        parts = [token.value]
        following = self.peek()
        while following is not None and following.kind == TokenKind.STRING and isinstance(following.value, bytes):
            parts.append(following.value)
            self.index += 1
            following = self.peek()
        return String(token.start, self.previous_end(), b"".join(parts))

    def bracketed(self, token: Token) -> Expression:
        if token.text == "[":
            values = self.items("]", self.expression)
            return ListLiteral(token.start, self.previous_end(), values)
        items = self.items(")", self.tuple_item)
        if len(items) == 1 and items[0].name is None:
            return items[0].value
        return Tuple(token.start, self.previous_end(), items)

    def negative(self, minus: Token) -> Expression:
        token = self.peek()
        if token is not None:
            self.index += 1
            if token.kind == TokenKind.INTEGER and isinstance(token.value, int):
                return Integer(token.start, token.end, -token.value)
            if token.kind == TokenKind.FLOAT and isinstance(token.value, float):
                return Float(token.start, token.end, -token.value)
            if token.kind == TokenKind.IDENTIFIER and token.text == "inf":
                return Float(minus.start, token.end, float("-inf"))
            self.index -= 1
        self.expected("a number or 'inf' after '-'")

    def tuple_item(self) -> TupleItem:
        first, second = self.peek(), self.peek(1)
        name: Name | None = None
        if (
            first is not None
            and first.kind == TokenKind.IDENTIFIER
            and second is not None
            and second.kind == TokenKind.OPERATOR
            and second.text == "="
        ):
            name = Name(first.text, first.start, first.end)
            self.index += 2
        return TupleItem(name, self.expression())

    def annotation_use(self) -> AnnotationUse:
        """Parses `$name` or `$name(value)`."""
        self.index += 1
        expression = self.expression()
        if not isinstance(expression, Application):
            return AnnotationUse(expression, None)
        items = expression.items
        value: Expression
        if len(items) == 1 and items[0].name is None:
            value = items[0].value
        else:
            value = Tuple(expression.function.end, expression.end, items)
        return AnnotationUse(expression.function, value)

    def last_name(self, expression: Expression) -> Name | None:
        """Returns the name that `using` without `=` declares."""
        return expression.name if isinstance(expression, Member) else None
