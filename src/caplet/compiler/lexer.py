"""Schema text to statements made of tokens.

Knows characters, literals, comments and brackets. It does not know the grammar: a statement is whatever stands before
a semicolon or a block. Nothing here recurses, so that no text can exhaust the stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from caplet.compiler.diagnostics import Reporter
from caplet.compiler.source import Source
from caplet.limits import SCHEMA_NESTING

__all__ = ["Statement", "Token", "TokenKind", "lex"]


class TokenKind(IntEnum):
    """What a token is."""

    IDENTIFIER = 0
    STRING = 1
    BINARY = 2
    INTEGER = 3
    FLOAT = 4
    OPERATOR = 5
    OPEN = 6
    CLOSE = 7
    COMMA = 8
    BAD = 9


class Token(NamedTuple):
    """A token; `text` is the text of names, operators and brackets, `value` that of literals."""

    kind: TokenKind
    text: str
    value: int | float | bytes
    start: int
    end: int


@dataclass(slots=True, eq=False, repr=False)
class Statement:
    """Tokens up to a semicolon (`block` is None) or a block, with the comment that documents them."""

    tokens: list[Token]
    start: int
    end: int = 0
    doc_comment: str | None = None
    block: list[Statement] | None = None
    open_at: int = 0


_TOKEN: Final = re.compile(
    r"""
    (?P<space>(?:[ \t\n\v\f\r]+|\#[^\n]*)+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<binary>0x"[^"\n]*(?:\n[^"\n]*)*"?)
  | (?P<number>[0-9](?:[eE][+-]|[0-9A-Za-z_.])*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"?)
  | (?P<raw>`[^\r\n]*(?:\r\n|\n|\r|\Z))
  | (?P<operator>[!$%&*+\-./:<=>?@^|~]+)
  | (?P<open>[(\[])
  | (?P<close>[)\]])
  | (?P<comma>,)
  | (?P<end>[;{}])
  | (?P<bad>[^\x00-\x7f]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DOC_COMMENT: Final = re.compile(r"[ \t\v\f]*(?:\n|\r\n?)?((?:[ \t\v\f]*\#[^\n]*(?:\n|\Z))+)")
_DOC_LINE: Final = re.compile(r"[ \t\v\f]*\# ?([^\n]*)")
_INTEGER: Final = re.compile(r"0x[0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")
_FLOAT: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_ESCAPE: Final = re.compile(r"\\(?:([abfnrtv'\"\\?])|x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {
    "a": 7,
    "b": 8,
    "f": 12,
    "n": 10,
    "r": 13,
    "t": 9,
    "v": 11,
    "'": 39,
    '"': 34,
    "\\": 92,
    "?": 63,
}
_HEX_PAIRS: Final = re.compile(r"(?:[ \t\n\v\f\r]*[0-9a-fA-F]{2})*[ \t\n\v\f\r]*")
_CLOSING: Final = {"(": ")", "[": "]"}
_LARGEST_INTEGER: Final = 2**64 - 1


def lex(source: Source, reporter: Reporter) -> list[Statement]:
    """Splits a text into its top-level statements; problems are reported and skipped."""
    return _Lexer(source, reporter).run()


class _Lexer:
    __slots__ = ("blocks", "brackets", "current", "doc_target", "overflow", "reporter", "source", "tokens", "top")

    def __init__(self, source: Source, reporter: Reporter) -> None:
        self.source = source
        self.reporter = reporter
        self.top: list[Statement] = []
        self.blocks: list[Statement] = []
        self.brackets: list[Token] = []
        self.tokens: list[Token] = []
        self.overflow = False

    def run(self) -> list[Statement]:
        text = self.source.text
        match = _TOKEN.match
        tokens = self.tokens
        position, length = 0, len(text)
        name_kind = TokenKind.IDENTIFIER
        operator_kind = TokenKind.OPERATOR
        while position < length and not self.overflow:
            found = match(text, position)
            assert found is not None
            end = found.end()
            group = found.lastgroup
            if group == "name":
                tokens.append(Token(name_kind, found.group(), 0, position, end))
            elif group == "operator":
                tokens.append(Token(operator_kind, found.group(), 0, position, end))
            elif group == "end":
                end = self.end_statement(text[position], position)
                tokens = self.tokens
            elif group != "space":
                self.other(str(group), found.group(), position, end)
            position = end
        if not self.overflow:
            self.finish()
        return self.top

    def other(self, group: str, text: str, start: int, end: int) -> None:
        """Takes a literal, bracket, comma or unknown character."""
        if group == "number":
            self.number(text, start, end)
        elif group == "string":
            self.string(text, start, end)
        elif group == "raw":
            value = text[1:].rstrip("\r\n").encode() + b"\n"
            self.tokens.append(Token(TokenKind.STRING, "", value, start, end))
        elif group == "binary":
            self.binary(text, start, end)
        elif group == "comma":
            self.tokens.append(Token(TokenKind.COMMA, ",", 0, start, end))
        elif group == "open":
            token = Token(TokenKind.OPEN, text, 0, start, end)
            self.tokens.append(token)
            self.brackets.append(token)
            if len(self.brackets) + len(self.blocks) > SCHEMA_NESTING:
                self.too_deep(start, end)
        elif group == "close":
            self.close_bracket(text, start, end)
        else:
            shown = f"'{text[0]}'" if text[0].isprintable() else f"U+{ord(text[0]):04X}"
            self.bad(
                start, start + 1, f"the character {shown} has no meaning here; only strings and comments may contain it"
            )

    def close_bracket(self, text: str, start: int, end: int) -> None:
        if not self.brackets:
            self.bad(start, end, f"'{text}' closes nothing; remove it, or add the opening bracket")
            return
        opened = self.brackets.pop()
        if _CLOSING[opened.text] != text:
            line, column = self.source.location(opened.start)
            self.bad(
                start,
                end,
                f"'{text}' does not match the '{opened.text}' opened at {line}:{column}; "
                f"expected '{_CLOSING[opened.text]}'",
            )
            return
        self.tokens.append(Token(TokenKind.CLOSE, text, 0, start, end))

    def bad(self, start: int, end: int, message: str) -> None:
        """Reports a problem; the token in its place makes the parser skip the statement without a second report."""
        self.reporter.error(self.source, start, end, message)
        self.tokens.append(Token(TokenKind.BAD, "", 0, start, end))

    def number(self, text: str, start: int, end: int) -> None:
        if _INTEGER.fullmatch(text):
            if text.startswith("0x"):
                value = int(text, 16)
            elif len(text) > 40 and not text.startswith("0"):
                value = _LARGEST_INTEGER + 1
            else:
                value = int(text, 8 if text.startswith("0") else 10)
            if value > _LARGEST_INTEGER:
                self.bad(start, end, "this integer does not fit into 64 bits")
            else:
                self.tokens.append(Token(TokenKind.INTEGER, text, value, start, end))
        elif _FLOAT.fullmatch(text) and not (text[0] == "0" and text.isdigit()):
            self.tokens.append(Token(TokenKind.FLOAT, text, float(text), start, end))
        elif text.isdigit():
            self.bad(start, end, "a number that starts with 0 is octal and takes only the digits 0 to 7")
        else:
            self.bad(start, end, f"'{text[:40]}' is not a number; write for example 12, 0x1F, 1.5 or 2e10")

    def string(self, text: str, start: int, end: int) -> None:
        if len(text) < 2 or not text.endswith('"') or _ends_escaped(text):
            self.bad(
                start, min(end, start + 1), "this string is not closed on its line; add '\"', or write a newline as \\n"
            )
            return
        inner = text[1:-1]
        if "\\" not in inner:
            self.tokens.append(Token(TokenKind.STRING, "", inner.encode(), start, end))
            return
        parts: list[bytes] = []
        position = 0
        for escape in _ESCAPE.finditer(inner):
            parts.append(inner[position : escape.start()].encode())
            simple, hexadecimal, octal, wrong = escape.groups()
            if wrong is not None:
                at = start + 1 + escape.start()
                self.bad(
                    at,
                    at + 2,
                    f"unknown escape sequence '\\{wrong}'; use \\n, \\t, \\\", \\\\, \\xHH or up to three octal digits",
                )
                return
            number = _SIMPLE_ESCAPES[simple] if simple else int(hexadecimal, 16) if hexadecimal else int(octal, 8) & 255
            parts.append(bytes((number,)))
            position = escape.end()
        parts.append(inner[position:].encode())
        self.tokens.append(Token(TokenKind.STRING, "", b"".join(parts), start, end))

    def binary(self, text: str, start: int, end: int) -> None:
        inner = text[3:-1]
        if len(text) < 4 or not text.endswith('"'):
            self.bad(start, start + 3, "this data literal is not closed; add '\"'")
        elif not inner.strip() or not _HEX_PAIRS.fullmatch(inner):
            self.bad(start, end, 'a data literal holds one or more pairs of hexadecimal digits, as in 0x"a1 40 33"')
        else:
            value = bytes.fromhex(inner.replace("\v", " ").replace("\f", " "))
            self.tokens.append(Token(TokenKind.BINARY, "", value, start, end))

    def end_statement(self, mark: str, position: int) -> int:
        """Takes `;`, `{` or `}`; returns where to go on."""
        if self.brackets:
            opened = self.brackets[0]
            self.brackets.clear()
            self.bad(
                opened.start,
                opened.end,
                f"this '{opened.text}' is not closed before the '{mark}'; add '{_CLOSING[opened.text]}'",
            )
        if mark == "}":
            return self.close_block(position)
        tokens = self.tokens
        self.tokens = []
        start = tokens[0].start if tokens else position
        statement = Statement(tokens, start, position + 1)
        (self.blocks[-1].block if self.blocks else self.top).append(statement)  # type: ignore[union-attr]
        doc = self.doc_comment(position + 1)
        if doc is not None:
            statement.doc_comment = doc[0]
        if mark == "{":
            statement.block = []
            statement.open_at = position
            self.blocks.append(statement)
            if len(self.blocks) > SCHEMA_NESTING:
                self.too_deep(position, position + 1)
        return doc[1] if doc is not None else position + 1

    def close_block(self, position: int) -> int:
        if self.tokens:
            last = self.tokens[-1]
            if not any(token.kind == TokenKind.BAD for token in self.tokens):
                self.reporter.error(self.source, last.end - 1, last.end, "expected ';' after this, before the '}'")
            self.tokens = []
        if not self.blocks:
            self.reporter.error(self.source, position, position + 1, "'}' closes nothing; remove it, or add the '{'")
            return position + 1
        statement = self.blocks.pop()
        statement.end = position + 1
        doc = self.doc_comment(position + 1)
        if doc is None:
            return position + 1
        if statement.doc_comment is None:
            statement.doc_comment = doc[0]
        return doc[1]

    def doc_comment(self, position: int) -> tuple[str, int] | None:
        """Returns the comment that starts on this line or the next one, and where it ends."""
        found = _DOC_COMMENT.match(self.source.text, position)
        if found is None:
            return None
        lines = (line for line in found.group(1).split("\n"))
        texts = [match.group(1) + "\n" for match in map(_DOC_LINE.match, lines) if match is not None]
        return "".join(texts), found.end()

    def too_deep(self, start: int, end: int) -> None:
        self.overflow = True
        self.reporter.error(
            self.source, start, end, f"brackets and blocks are nested more than {SCHEMA_NESTING} deep; split this up"
        )

    def finish(self) -> None:
        """Reports what is left open at the end of the text."""
        if self.brackets:
            opened = self.brackets[0]
            self.reporter.error(
                self.source,
                opened.start,
                opened.end,
                f"this '{opened.text}' is never closed; add '{_CLOSING[opened.text]}'",
            )
        elif self.tokens and not any(token.kind == TokenKind.BAD for token in self.tokens):
            last = self.tokens[-1]
            self.reporter.error(
                self.source, last.end - 1, last.end, "expected ';' or a '{' block after this; the file ends here"
            )
        for statement in self.blocks:
            statement.end = len(self.source.text)
            self.reporter.error(
                self.source, statement.open_at, statement.open_at + 1, "this '{' is never closed; add '}'"
            )


def _ends_escaped(text: str) -> bool:
    """Whether the last quotation mark belongs to an escape sequence, so that the string is open."""
    backslashes = len(text) - 1 - len(text[:-1].rstrip("\\"))
    return backslashes % 2 == 1
