"""Statements to declarations: the grammar of the schema language.

Knows what may stand where. A statement that does not parse is reported once and skipped, so that one run finds many
problems. It does not know what names mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from caplet.compiler.diagnostics import Reporter
from caplet.compiler.expressions import ExpressionParser, ParseFailure
from caplet.compiler.lexer import Statement, Token, TokenKind, lex
from caplet.compiler.source import Source
from caplet.compiler.tree import (
    AnnotationUse,
    Declaration,
    DeclarationKind,
    Name,
    Ordinal,
    Param,
    ParamList,
    RelativeName,
)
from caplet.schema.model import AnnotationTargets

__all__ = ["parse"]

_TARGETS: Final = {
    "file": AnnotationTargets.FILE,
    "const": AnnotationTargets.CONST,
    "enum": AnnotationTargets.ENUM,
    "enumerant": AnnotationTargets.ENUMERANT,
    "struct": AnnotationTargets.STRUCT,
    "field": AnnotationTargets.FIELD,
    "union": AnnotationTargets.UNION,
    "group": AnnotationTargets.GROUP,
    "interface": AnnotationTargets.INTERFACE,
    "method": AnnotationTargets.METHOD,
    "param": AnnotationTargets.PARAM,
    "annotation": AnnotationTargets.ANNOTATION,
}
_DECLARATION_WORDS: Final = ("struct", "enum", "interface", "const", "annotation", "using")
_LARGEST_ORDINAL: Final = 65534
_SMALLEST_ID: Final = 1 << 63
_BLOCK_KINDS: Final = {
    DeclarationKind.STRUCT,
    DeclarationKind.UNION,
    DeclarationKind.GROUP,
    DeclarationKind.ENUM,
    DeclarationKind.INTERFACE,
}


def parse(source: Source, reporter: Reporter) -> Declaration:
    """Parses a schema file.

    Returns:
        The file as a declaration whose `nested` are its declarations; without `uid` when the text gives no id. What
        could not be parsed is reported and left out.
    """
    file = Declaration(DeclarationKind.FILE, Name("", 0, 0), 0, len(source.text))
    for statement in lex(source, reporter):
        parser = _StatementParser(source, reporter, statement)
        parser.run(parser.file_level, file)
    return file


class _StatementParser(ExpressionParser):
    """Parses one statement and, through new parsers, its block."""

    __slots__ = ("statement",)

    def __init__(self, source: Source, reporter: Reporter, statement: Statement) -> None:
        super().__init__(source, reporter, statement.tokens, statement.end)
        self.statement = statement

    def run(self, level: Callable[[Declaration], None], parent: Declaration) -> None:
        """Parses the statement as a part of `parent`; a failure is reported and makes the parent incomplete."""
        if any(token.kind == TokenKind.BAD for token in self.tokens):
            parent.incomplete = True
            return
        try:
            level(parent)
        except ParseFailure as failure:
            parent.incomplete = True
            self.reporter.error(self.source, failure.start, failure.end, str(failure))

    # -- levels -------------------------------------------------------------------------------------------------------

    def file_level(self, file: Declaration) -> None:
        if self.at_operator("@"):
            file_id = self.uid()
            self.end_line()
            if file.uid is not None:
                self.reporter.error(
                    self.source, file_id.start, file_id.end, "the file has an id already; keep only one of the two"
                )
            else:
                file.uid = file_id
                file.doc_comment = self.statement.doc_comment
        elif self.at_operator("$"):
            file.annotations.append(self.annotation_use())
            self.end_line()
        else:
            file.nested.append(
                self.generic(
                    "a declaration (struct, enum, interface, const, annotation, using), '@id' or '$annotation'"
                )
            )

    def struct_level(self, parent: Declaration) -> None:
        first, second = self.peek(), self.peek(1)
        if first is None:
            raise self.failure("expected a field, union, group or declaration before this")
        if first.kind == TokenKind.IDENTIFIER and second is not None and second.kind == TokenKind.OPERATOR:
            parent.nested.append(self.member())
        elif first.text == "union" and second is None:
            self.index += 1
            declaration = self.declaration(DeclarationKind.UNION, Name("", first.start, first.end))
            parent.nested.append(self.finish(declaration))
        else:
            expected = "a field ('name @0 :Type'), union, group or declaration"
            parent.nested.append(self.generic(expected, member_hint="add its number, as in 'name @0 :Type'"))

    def enum_level(self, parent: Declaration) -> None:
        name = self.name("an enumerant ('name @0')")
        declaration = self.declaration(DeclarationKind.ENUMERANT, name)
        if self.peek() is not None and name.text in _DECLARATION_WORDS and not self.at_operator("@"):
            raise self.failure(
                "an enum holds only enumerants ('name @0'); move this declaration out of it", self.tokens[0]
            )
        declaration.ordinal = self.ordinal("an enumerant needs its number: 'name @0'")
        declaration.annotations = self.annotations()
        parent.nested.append(self.finish(declaration))

    def interface_level(self, parent: Declaration) -> None:
        first, second = self.peek(), self.peek(1)
        if first is not None and first.kind == TokenKind.IDENTIFIER and second is not None and second.text == "@":
            parent.nested.append(self.method())
        else:
            expected = "a method ('name @0 (parameters) -> (results)') or declaration"
            parent.nested.append(
                self.generic(expected, member_hint="add its number, as in 'name @0 (parameters) -> (results)'")
            )

    # -- declarations -------------------------------------------------------------------------------------------------

    def generic(self, expected: str, member_hint: str = "") -> Declaration:
        """Parses a declaration that starts with a keyword."""
        keywords: dict[str, Callable[[], Declaration]] = {
            "struct": self.struct,
            "enum": self.enum,
            "interface": self.interface,
            "const": self.const,
            "annotation": self.annotation_declaration,
            "using": self.using,
        }
        first = self.peek()
        if first is None or first.kind != TokenKind.IDENTIFIER:
            raise self.failure(f"expected {expected}")
        parse_rest = keywords.get(first.text)
        if parse_rest is None:
            hint = self.reporter.suggestion(first.text, keywords)
            if member_hint and not hint:
                raise self.failure(f"'{first.text}' is not followed by '@'; {member_hint}", first)
            raise self.failure(f"expected {expected}, not '{first.text}'{hint}", first)
        self.index += 1
        return self.finish(parse_rest())

    def declaration(self, kind: DeclarationKind, name: Name) -> Declaration:
        return Declaration(kind, name, self.statement.start, self.statement.end, doc_comment=self.statement.doc_comment)

    def finish(self, declaration: Declaration) -> Declaration:
        """Checks that the statement ends here and parses its block."""
        block = self.statement.block
        if declaration.kind not in _BLOCK_KINDS:
            self.end_line()
            return declaration
        self.end_tokens("'{'")
        if block is None:
            word = declaration.kind.value
            self.reporter.error(
                self.source,
                self.statement.end - 1,
                self.statement.end,
                f"expected a block '{{ … }}' with the members of the {word}, not ';'",
            )
            declaration.incomplete = True
            return declaration
        for statement in block:
            parser = _StatementParser(self.source, self.reporter, statement)
            if declaration.kind == DeclarationKind.ENUM:
                parser.run(parser.enum_level, declaration)
            elif declaration.kind == DeclarationKind.INTERFACE:
                parser.run(parser.interface_level, declaration)
            else:
                parser.run(parser.struct_level, declaration)
            declaration.incomplete = declaration.incomplete or any(
                member.incomplete and member.kind in (DeclarationKind.UNION, DeclarationKind.GROUP)
                for member in declaration.nested[-1:]
            )
        return declaration

    def end_line(self) -> None:
        """Expects the end of a statement that has no block."""
        self.end_tokens("';'")
        if self.statement.block is not None:
            self.reporter.error(
                self.source,
                self.statement.open_at,
                self.statement.open_at + 1,
                "this statement takes no block; end it with ';'",
            )

    def struct(self) -> Declaration:
        declaration = self.declaration(DeclarationKind.STRUCT, self.name("the struct's name"))
        declaration.uid = self.optional_uid()
        declaration.parameters = self.generic_parameters("(")
        declaration.annotations = self.annotations()
        return declaration

    def enum(self) -> Declaration:
        declaration = self.declaration(DeclarationKind.ENUM, self.name("the enum's name"))
        declaration.uid = self.optional_uid()
        declaration.annotations = self.annotations()
        return declaration

    def interface(self) -> Declaration:
        declaration = self.declaration(DeclarationKind.INTERFACE, self.name("the interface's name"))
        declaration.uid = self.optional_uid()
        declaration.parameters = self.generic_parameters("(")
        token = self.peek()
        if token is not None and token.kind == TokenKind.IDENTIFIER and token.text == "extends":
            self.index += 1
            self.open("(", "a list of interfaces, as in 'extends(Base)'")
            declaration.superclasses = self.items(")", self.expression)
        declaration.annotations = self.annotations()
        return declaration

    def const(self) -> Declaration:
        declaration = self.declaration(DeclarationKind.CONST, self.name("the constant's name"))
        declaration.uid = self.optional_uid()
        self.operator(":", "':' and the constant's type")
        declaration.type = self.expression()
        self.operator("=", "'=' and the constant's value")
        declaration.value = self.expression()
        declaration.annotations = self.annotations()
        return declaration

    def annotation_declaration(self) -> Declaration:
        declaration = self.declaration(DeclarationKind.ANNOTATION, self.name("the annotation's name"))
        declaration.uid = self.optional_uid()
        self.open("(", "what the annotation applies to, as in '(struct, field)' or '(*)'")
        targets = self.items(")", self.annotation_target)
        for token in targets:
            declaration.targets |= self.check_target(token, declaration.targets, len(targets))
        self.operator(":", "':' and the annotation's type")
        declaration.type = self.expression()
        declaration.annotations = self.annotations()
        return declaration

    def annotation_target(self) -> Token:
        token = self.peek()
        if token is None or not (token.kind == TokenKind.IDENTIFIER or token.text == "*"):
            raise self.failure("expected an annotation target: " + ", ".join(_TARGETS) + " or *")
        self.index += 1
        return token

    def check_target(self, token: Token, present: int, count: int) -> int:
        if token.text == "*":
            if count > 1:
                self.reporter.error(
                    self.source, token.start, token.end, "'*' means every target; remove it, or remove the others"
                )
            return AnnotationTargets.ALL
        target = _TARGETS.get(token.text)
        if target is None:
            self.reporter.error(
                self.source,
                token.start,
                token.end,
                f"'{token.text}' is not an annotation target{self.reporter.suggestion(token.text, _TARGETS)}"
                f" (targets are {', '.join(_TARGETS)} and *)",
            )
            return 0
        if present & target and present != AnnotationTargets.ALL:
            self.reporter.error(self.source, token.start, token.end, f"'{token.text}' is listed twice; remove one")
        return target

    def using(self) -> Declaration:
        first, second = self.peek(), self.peek(1)
        name: Name | None = None
        if first is not None and first.kind == TokenKind.IDENTIFIER and second is not None and second.text == "=":
            name = Name(first.text, first.start, first.end)
            self.index += 2
        target = self.expression()
        if name is None:
            name = self.last_name(target)
            if name is None:
                raise ParseFailure(target.start, target.end, "'using' needs a name for this: 'using Name = …'")
        declaration = self.declaration(DeclarationKind.USING, name)
        declaration.target = target
        return declaration

    # -- members of structs and interfaces ------------------------------------------------------------------------------

    def member(self) -> Declaration:
        """Parses a field, named union or group."""
        name = self.name("a name")
        if self.at_operator(":"):
            word = self.peek(1)
            if word is not None and word.kind == TokenKind.IDENTIFIER and word.text in ("union", "group"):
                self.index += 2
                kind = DeclarationKind.UNION if word.text == "union" else DeclarationKind.GROUP
                declaration = self.declaration(kind, name)
                declaration.annotations = self.annotations()
                return self.finish(declaration)
            raise self.failure(f"'{name.text}' needs its number before the type: '{name.text} @0 :Type'")
        ordinal = self.ordinal(f"'{name.text}' needs its number and type: '{name.text} @0 :Type'")
        union = self.retroactive_union(name, ordinal)
        if union is not None:
            return union
        declaration = self.declaration(DeclarationKind.FIELD, name)
        declaration.ordinal = ordinal
        self.operator(":", "':' and the field's type")
        declaration.type = self.expression()
        if self.at_operator("="):
            self.index += 1
            declaration.value = self.expression()
        declaration.annotations = self.annotations()
        return self.finish(declaration)

    def retroactive_union(self, name: Name, ordinal: Ordinal) -> Declaration | None:
        """Parses the rest of `name @0! :union`, or returns `None` when something else follows."""
        start = self.index
        exclaimed = self.at_operator("!")
        self.index += exclaimed
        colon = self.at_operator(":")
        self.index += colon
        word = self.peek()
        if word is None or word.kind != TokenKind.IDENTIFIER or word.text != "union":
            if exclaimed:
                raise self.failure("expected ':union' after '!'")
            self.index = start
            return None
        self.index += 1
        if not exclaimed:
            self.reporter.error(
                self.source,
                ordinal.start,
                ordinal.end,
                f"a union needs no number; remove '@{ordinal.value}', or write '@{ordinal.value}! :union' if fields of an "
                "existing struct became a union and the number must stay",
            )
        if not colon:
            self.reporter.error(self.source, word.start, word.end, "expected ':' before 'union'")
        declaration = self.declaration(DeclarationKind.UNION, name)
        declaration.ordinal = ordinal
        declaration.annotations = self.annotations()
        return self.finish(declaration)

    def method(self) -> Declaration:
        name = self.name("a method name")
        declaration = self.declaration(DeclarationKind.METHOD, name)
        declaration.ordinal = self.ordinal(f"'{name.text}' needs its number: '{name.text} @0 (…)'")
        declaration.parameters = self.generic_parameters("[")
        if self.at_operator(":"):
            raise self.failure("an interface has methods, not fields; expected '(' and the parameters")
        declaration.params = self.param_list("the parameters: '(name :Type, …)' or a struct type")
        if self.at_operator("->"):
            self.index += 1
            declaration.results = self.param_list("the results: '(name :Type, …)', a struct type or 'stream'", True)
        declaration.annotations = self.annotations()
        return self.finish(declaration)

    def param_list(self, expected: str, results: bool = False) -> ParamList:
        token = self.peek()
        if token is None:
            raise self.failure(f"expected {expected}")
        if token.kind == TokenKind.OPEN and token.text == "(":
            self.index += 1
            params = self.items(")", self.param)
            return ParamList(token.start, self.previous_end(), params=params)
        expression = self.expression()
        if results and isinstance(expression, RelativeName) and expression.name == "stream":
            return ParamList(expression.start, expression.end, stream=True)
        return ParamList(expression.start, expression.end, type=expression)

    def param(self) -> Param:
        name = self.name("a parameter ('name :Type')")
        self.operator(":", f"':' and the type of '{name.text}'")
        param_type = self.expression()
        default = None
        if self.at_operator("="):
            self.index += 1
            default = self.expression()
        annotations = self.annotations()
        return Param(name, param_type, default, annotations, name.start, self.previous_end())

    # -- small pieces ---------------------------------------------------------------------------------------------------

    def annotations(self) -> list[AnnotationUse]:
        uses: list[AnnotationUse] = []
        while self.at_operator("$"):
            uses.append(self.annotation_use())
        return uses

    def generic_parameters(self, bracket: str) -> list[Name]:
        token = self.peek()
        if token is None or token.kind != TokenKind.OPEN or token.text != bracket:
            return []
        self.index += 1
        return self.items(")" if bracket == "(" else "]", lambda: self.name("the name of a type parameter"))

    def optional_uid(self) -> Ordinal | None:
        return self.uid() if self.at_operator("@") else None

    def uid(self) -> Ordinal:
        self.index += 1
        found = self.integer("an id, as in '@0x9eb32e19f86ee174'")
        if found.value < _SMALLEST_ID:
            self.reporter.error(
                self.source,
                found.start,
                found.end,
                "this is not a valid id: the highest of its 64 bits must be set; `caplet id` makes one",
            )
        return found

    def ordinal(self, missing: str) -> Ordinal:
        self.operator("@", "'@' and a number", missing)
        found = self.integer("a number after '@'")
        if found.value > _LARGEST_ORDINAL:
            raise self.failure(f"a number after '@' must be at most {_LARGEST_ORDINAL}", self.tokens[self.index - 1])
        return found
