"""Names given on the command line: types and constants of a schema file.

Knows how a name is resolved inside a file. The language itself is the compiler's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from caplet.compiler import CompiledFile, compile_file
from caplet.compiler.diagnostics import Reporter
from caplet.compiler.expressions import ExpressionParser, ParseFailure
from caplet.compiler.imports import Importer
from caplet.compiler.lexer import lex
from caplet.compiler.members import MemberInfo
from caplet.compiler.modules import Module, World
from caplet.compiler.scope import Reference, Scope, Variable
from caplet.compiler.source import Source
from caplet.compiler.translate import Translator
from caplet.compiler.tree import DeclarationKind, Expression, Member
from caplet.compiler.values import Constant, ValueCompiler
from caplet.errors import CompileError
from caplet.schema.model import Brand, StructType, TypeKind, Value
from caplet.schema.registry import Registry, apply_brand
from caplet.tools.problems import UsageError

__all__ = ["SchemaNames"]


class SchemaNames:
    """A schema file whose declarations are looked up by name.

    Args:
        path: the file.
        import_path: directories for absolute imports.
        standard_import: whether the standard places are searched too.

    Raises:
        UsageError: there is no such file.
        CompileError: it does not compile.
    """

    def __init__(self, path: str, import_path: Sequence[str], standard_import: bool) -> None:
        if not Path(path).is_file():
            raise UsageError(f"{path}: no such file")
        self.compiled: CompiledFile = compile_file(path, import_path, standard_import=standard_import, require_id=False)
        importer = Importer(import_path, standard_import)
        self.world = World(importer, False)
        file = importer.open(path)
        module = self.world.load(file) if file is not None else None
        if module is None:
            raise UsageError(f"{path}: no such file")
        self.module: Module = module
        self.translator = Translator(self.world)

    @property
    def registry(self) -> Registry:
        """The nodes of the file and of what it imports."""
        return self.compiled.registry

    def struct(self, name: str) -> StructType:
        """Return the struct type with a name, which may have type arguments.

        Raises:
            UsageError: there is none.
        """
        expression = self.parse(name, name)
        found = self.translator.type_of(self.module.root, expression)
        self.refuse_problems(name)
        if not isinstance(found, StructType):
            raise UsageError(f"{name}: Type is not a struct.")
        return found

    def constant(self, name: str) -> Constant:
        """Return a constant, the default of a field, or a part of one.

        Args:
            name: as in `Outer.someConstant.someList[4].field`.

        Raises:
            UsageError: there is none.
        """
        found = _Values(self.translator, self.module.root).refer(self.parse("." + name.lstrip("."), name))
        self.refuse_problems(name)
        if not isinstance(found, Constant):
            raise UsageError(f"{name}: '{name}' cannot be evaluated.")
        return found

    def parse(self, text: str, shown: str) -> Expression:
        """Return a name as an expression."""
        source = Source(shown, text + ";")
        self.module.source = source
        reporter = Reporter()
        statements = lex(source, reporter)
        tokens = statements[0].tokens if len(statements) == 1 and not reporter.failed else []
        parser = ExpressionParser(source, reporter, tokens, len(text))
        try:
            expression = parser.expression()
            parser.end_tokens("the end of the name")
        except ParseFailure as failure:
            raise UsageError(f"{shown}: {failure}") from None
        return expression

    def refuse_problems(self, shown: str) -> None:
        """Raise what was reported about a name."""
        try:
            self.world.reporter.raise_if_failed()
        except CompileError as error:
            raise UsageError(f"{shown}: {error.diagnostics[0].message}") from None


class _Values(ValueCompiler):
    """Finds constants, and the defaults of fields by the name of the field."""

    __slots__ = ()

    def refer(self, expression: Expression) -> Constant | Reference | Variable | None:
        """Resolve a name; a field of a struct stands for its default value."""
        if isinstance(expression, Member):
            parent = self.refer(expression.parent)
            target = parent.target if isinstance(parent, Reference) else None
            if (
                isinstance(parent, Reference)
                and isinstance(target, Scope)
                and target.kind == DeclarationKind.STRUCT
                and expression.name.text not in target.children
            ):
                return self.default(parent, target, expression)
        return super().refer(expression)

    def default(self, parent: Reference, target: Scope, expression: Member) -> Constant | None:
        """Return the default value of a field."""
        members = self.translator.members(target.id)
        member = members.root.find(expression.name.text) if members is not None else None
        if member is None:
            self.error(expression, f"'{target.declaration.name.text}' has no field named '{expression.name.text}'")
            return None
        return self.default_of(member, self.translator.brand(parent.level, self.scope, expression))

    def default_of(self, member: MemberInfo, brand: Brand) -> Constant:
        """Return what a field or group is in a struct in which nothing is set."""
        if not member.is_field:
            return _GroupDefault(StructType(member.id, brand), Value(TypeKind.STRUCT), member)
        return Constant(apply_brand(member.type, brand), self.translator.field_default(member))

    def field(self, parent: Constant, expression: Member) -> Constant | None:
        """Return a field of a constant struct, or the default of one in a group of a struct type."""
        if not isinstance(parent, _GroupDefault):
            return super().field(parent, expression)
        assert isinstance(parent.type, StructType)
        member = self.member(parent, expression)
        return self.default_of(member, parent.type.brand) if member is not None else None


class _GroupDefault(Constant):
    """A group of a struct type: its fields stand for their defaults, inside of unions too."""

    __slots__ = ()
