"""What names mean: scopes, aliases, generic parameters and their bindings.

Knows lookup from the inside out, members, `using`, imports and brands. It does not know the contents of structs or
values; whoever translates those asks here what an expression refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from caplet.compiler.tree import (
    AbsoluteName,
    Application,
    Declaration,
    DeclarationKind,
    Expression,
    ImportPath,
    Member,
    Name,
    RelativeName,
    describe,
)
from caplet.schema.model import PRIMITIVES, AnyPointerType, Type
from caplet.schema.records import record
from caplet.schema.type_names import ANY_POINTER_NAMES, PRIMITIVE_NAMES

if TYPE_CHECKING:
    from caplet.compiler.modules import Module

__all__ = [
    "BUILTINS",
    "NO_IMPLICITS",
    "Alias",
    "Builtin",
    "Implicits",
    "Level",
    "Reference",
    "Resolved",
    "Resolver",
    "Scope",
    "Variable",
]


_NAMES_ELSEWHERE: Final = {
    "any": "AnyPointer",
    "boolean": "Bool",
    "bytes": "Data",
    "double": "Float64",
    "int": "Int32",
    "object": "AnyPointer",
    "str": "Text",
    "string": "Text",
    "uint": "UInt32",
}
"""What people write who come from other languages, in lower case, and the type they mean."""


@record
class Builtin:
    """A type that is always visible; `type` is None for List."""

    id: int
    name: str
    type: Type | None

    @property
    def parameter_count(self) -> int:
        """How many generic parameters it takes."""
        return 1 if self.type is None else 0


_NAMES: Final[dict[str, Type | None]] = {
    **{name: PRIMITIVES[kind] for kind, name in PRIMITIVE_NAMES.items()},
    "List": None,
    **{name: AnyPointerType(constraint) for constraint, name in ANY_POINTER_NAMES.items()},
}
BUILTINS: Final = {name: Builtin(number, name, type_) for number, (name, type_) in enumerate(_NAMES.items(), 1)}
_LIST: Final = BUILTINS["List"]
_POINTER_BUILTINS: Final = {"Text", "Data", "List", "AnyPointer"}


@record
class Variable:
    """A generic parameter that is not bound; scope 0 means an implicit parameter of the method at hand."""

    scope_id: int
    index: int


@record
class Level:
    """The bindings of one scope's parameters, and those of the scopes around it.

    `inherited` means: whatever the place of use has; otherwise `bindings` hold, and when they are empty nothing is bound.
    """

    scope_id: int
    parameter_count: int
    inherited: bool
    bindings: tuple[Resolved, ...]
    parent: Level | None

    def find(self, scope_id: int) -> Level | None:
        """Returns the level of a scope, from here outwards."""
        level: Level | None = self
        while level is not None and level.scope_id != scope_id:
            level = level.parent
        return level

    def __iter__(self) -> Iterator[Level]:
        level: Level | None = self
        while level is not None:
            yield level
            level = level.parent


@record
class Reference:
    """A declaration with bindings for generic parameters."""

    target: Scope | Builtin
    level: Level


Resolved = Reference | Variable


@record
class Implicits:
    """The implicit parameters of a method, as seen from its parameters and results.

    `scope_id` is 0 in the method itself, and the id of the parameter struct inside of it.
    """

    scope_id: int
    names: tuple[str, ...]


NO_IMPLICITS: Final = Implicits(0, ())


class Scope:
    """A declaration that becomes a node, and the names declared directly inside it."""

    __slots__ = (
        "_enumerants",
        "children",
        "declaration",
        "display_name",
        "id",
        "level",
        "module",
        "nested",
        "parameters",
        "parent",
        "prefix",
    )

    def __init__(self, module: Module, declaration: Declaration, parent: Scope | None, node_id: int) -> None:
        self.module = module
        self.declaration = declaration
        self.parent = parent
        self.id = node_id
        name = declaration.name.text
        if parent is None:
            self.display_name = module.file.display_name
            self.prefix = max(self.display_name.rfind("."), self.display_name.rfind(":")) + 1
        else:
            lead = parent.display_name + ("." if parent.parent is not None else ":")
            self.display_name = lead + name
            self.prefix = len(lead)
        self.parameters = [parameter.text for parameter in declaration.parameters]
        self.children: dict[str, Scope | Alias] = {}
        self.nested: list[Scope] = []
        self._enumerants: dict[str, int] | None = None
        parent_level = parent.level if parent is not None else None
        self.level: Level = Level(node_id, len(self.parameters), True, (), parent_level)

    @property
    def kind(self) -> DeclarationKind:
        """What is declared."""
        return self.declaration.kind

    @property
    def enumerants(self) -> dict[str, int]:
        """The numbers of the enumerants declared here, by their names."""
        if self._enumerants is None:
            self._enumerants = {
                member.name.text: member.ordinal.value
                for member in self.declaration.nested
                if member.kind == DeclarationKind.ENUMERANT and member.ordinal is not None
            }
        return self._enumerants

    @property
    def is_generic(self) -> bool:
        """Whether this scope or one around it has parameters."""
        return any(level.parameter_count for level in self.level)


class Alias:
    """A `using` declaration; `state` is 0 before, 1 while and 2 after it was resolved."""

    __slots__ = ("declaration", "parent", "resolved", "state")

    def __init__(self, declaration: Declaration, parent: Scope) -> None:
        self.declaration = declaration
        self.parent = parent
        self.state = 0
        self.resolved: Resolved | None = None


class Resolver:
    """Resolves the expressions that stand in one scope."""

    __slots__ = ("implicits", "scope")

    def __init__(self, scope: Scope, implicits: Implicits = NO_IMPLICITS) -> None:
        self.scope = scope
        self.implicits = implicits

    def error(self, start: int, end: int, message: str) -> None:
        """Reports a problem in the file of the scope."""
        self.scope.module.error(start, end, message)

    def resolve(self, expression: Expression) -> Resolved | None:
        """Returns what an expression names, or None after reporting what is wrong with it."""
        if isinstance(expression, RelativeName):
            return self.relative(expression)
        if isinstance(expression, AbsoluteName):
            root = self.scope.module.root
            return self.member_of(Reference(root, root.level), expression.name, "this file")
        if isinstance(expression, ImportPath):
            module = self.scope.module.import_module(expression)
            if module is None:
                return None
            self.scope.module.note_use(expression.start, expression.end, module.root.id)
            return Reference(module.root, module.root.level)
        if isinstance(expression, Application):
            return self.application(expression)
        if isinstance(expression, Member):
            parent = self.resolve(expression.parent)
            if parent is None:
                return None
            if isinstance(parent, Variable):
                self.error(expression.name.start, expression.name.end, "a generic parameter has no members")
                return None
            return self.member_of(parent, expression.name, f"'{describe(expression.parent)}'")
        self.error(expression.start, expression.end, f"expected a name, not {describe(expression)}")
        return None

    def relative(self, expression: RelativeName) -> Resolved | None:
        name = expression.name
        if name in self.implicits.names:
            return Variable(self.implicits.scope_id, self.implicits.names.index(name))
        scope: Scope | None = self.scope
        while scope is not None:
            child = scope.children.get(name)
            if child is not None:
                return self.entered(child, self.scope.level, expression)
            if name in scope.parameters:
                return substitute(Variable(scope.id, scope.parameters.index(name)), self.scope.level)
            scope = scope.parent
        builtin = BUILTINS.get(name)
        if builtin is not None:
            return Reference(builtin, Level(builtin.id, builtin.parameter_count, False, (), None))
        hint = self.suggestion(name, self.visible_names())
        if not hint and name.lower() in _NAMES_ELSEWHERE:
            hint = f"; did you mean '{_NAMES_ELSEWHERE[name.lower()]}'?"
        self.error(expression.start, expression.end, f"'{name}' is not defined{hint}")
        return None

    def suggestion(self, name: str, known: Iterable[str]) -> str:
        return self.scope.module.world.reporter.suggestion(name, known)

    def visible_names(self) -> Iterator[str]:
        """All names that can be used here without a dot."""
        yield from BUILTINS
        yield from self.implicits.names
        scope: Scope | None = self.scope
        while scope is not None:
            yield from scope.children
            yield from scope.parameters
            scope = scope.parent

    def member_of(self, parent: Reference, name: Name, shown: str) -> Resolved | None:
        children = parent.target.children if isinstance(parent.target, Scope) else {}
        child = children.get(name.text)
        if child is None:
            hint = self.suggestion(name.text, children)
            if isinstance(parent.target, Scope) and name.text in parent.target.enumerants:
                hint = f"; an enumerant is written without the name of its enum: '{name.text}'"
            self.error(name.start, name.end, f"{shown} declares nothing named '{name.text}'{hint}")
            return None
        return self.entered(child, parent.level, name)

    def entered(self, child: Scope | Alias, level: Level, name: Name | Expression) -> Resolved | None:
        """Returns a child, named at a place in the text, as seen from a place with the bindings of `level`."""
        if isinstance(child, Scope):
            self.scope.module.note_use(name.start, name.end, child.id)
            parent = level.find(child.parent.id) if child.parent is not None else None
            return Reference(child, Level(child.id, len(child.parameters), False, (), parent))
        resolved = resolve_alias(child)
        if resolved is None:
            return None
        if isinstance(resolved, Reference) and isinstance(resolved.target, Scope):
            self.scope.module.note_use(name.start, name.end, resolved.target.id)
        around = level.find(child.parent.id)
        return resolved if around is None else substitute(resolved, around)

    def application(self, expression: Application) -> Resolved | None:
        function = self.resolve(expression.function)
        bindings: list[Resolved] = []
        failed = function is None
        for item in expression.items:
            if item.name is not None:
                self.error(
                    item.name.start, item.name.end, "type parameters are given by position; remove the name and '='"
                )
                failed = True
            binding = self.resolve(item.value)
            if binding is None:
                failed = True
            else:
                failed = not self.check_binding(function, binding, item.value) or failed
                bindings.append(binding)
        if failed or function is None:
            return None
        return self.apply(function, tuple(bindings), expression)

    def apply(self, function: Resolved, bindings: tuple[Resolved, ...], expression: Application) -> Resolved | None:
        shown = describe(expression.function)
        if isinstance(function, Variable):
            self.error(expression.start, expression.end, f"'{shown}' is itself a generic parameter and takes none")
            return None
        level = function.level
        if level.bindings:
            self.error(
                expression.start, expression.end, f"the parameters of '{shown}' are bound already; remove this list"
            )
            return None
        if len(bindings) != level.parameter_count:
            count = level.parameter_count
            wanted = "no generic parameters" if count == 0 else f"{count} generic parameter{'s' if count > 1 else ''}"
            self.error(expression.start, expression.end, f"'{shown}' takes {wanted}, but {len(bindings)} given")
            return None
        return Reference(function.target, Level(level.scope_id, level.parameter_count, False, bindings, level.parent))

    def check_binding(self, function: Resolved | None, binding: Resolved, expression: Expression) -> bool:
        """Checks that a generic parameter is bound to a pointer type; List takes every type."""
        if isinstance(binding, Variable) or (isinstance(function, Reference) and function.target is _LIST):
            return True
        target = binding.target
        if isinstance(target, Builtin):
            fine = target.name in _POINTER_BUILTINS
        else:
            fine = target.kind in (DeclarationKind.STRUCT, DeclarationKind.INTERFACE)
        if not fine:
            self.error(
                expression.start,
                expression.end,
                f"'{describe(expression)}' cannot be bound to a generic parameter: only structs, interfaces, lists, "
                "Text, Data and AnyPointer can; wrap it in a struct",
            )
        return fine


def resolve_alias(alias: Alias) -> Resolved | None:
    """Resolves a `using` declaration, once."""
    if alias.state == 1:
        name = alias.declaration.name
        alias.parent.module.error(
            name.start, name.end, f"'using {name.text}' refers to itself; name a declaration instead"
        )
        return None
    if alias.state == 0:
        alias.state = 1
        assert alias.declaration.target is not None
        alias.resolved = Resolver(alias.parent).resolve(alias.declaration.target)
        alias.state = 2
    return alias.resolved


def substitute(resolved: Resolved, around: Level) -> Resolved:
    """Replaces the generic parameters that `around` binds."""
    if isinstance(resolved, Variable):
        level = around.find(resolved.scope_id)
        if level is None or level.inherited:
            return resolved
        if resolved.index < len(level.bindings):
            return level.bindings[resolved.index]
        any_pointer = BUILTINS["AnyPointer"]
        return Reference(any_pointer, Level(any_pointer.id, 0, False, (), None))
    if all(level.inherited for level in around):
        return resolved
    return Reference(resolved.target, _substitute_level(resolved.level, around))


def _substitute_level(level: Level, around: Level) -> Level:
    parent = None if level.parent is None else _substitute_level(level.parent, around)
    if level.inherited:
        outer = around.find(level.scope_id)
        if outer is not None:
            return Level(level.scope_id, level.parameter_count, outer.inherited, outer.bindings, parent)
        return Level(level.scope_id, level.parameter_count, True, (), parent)
    bindings = tuple(substitute(binding, around) for binding in level.bindings)
    return Level(level.scope_id, level.parameter_count, False, bindings, parent)
