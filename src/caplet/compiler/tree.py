"""The syntax tree of a schema file.

Knows the shape of the language's sentences; it does not know what names refer to. Positions are character offsets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

__all__ = [
    "AbsoluteName",
    "AnnotationUse",
    "Application",
    "Binary",
    "Declaration",
    "DeclarationKind",
    "Embed",
    "Expression",
    "Float",
    "ImportPath",
    "Index",
    "Integer",
    "ListLiteral",
    "Member",
    "Name",
    "Ordinal",
    "Param",
    "ParamList",
    "RelativeName",
    "String",
    "Tuple",
    "TupleItem",
    "describe",
]


@dataclass(slots=True, eq=False, repr=False)
class Name:
    """An identifier and where it stands."""

    text: str
    start: int
    end: int


@dataclass(slots=True, eq=False, repr=False)
class Ordinal:
    """The number after an `@`: an ordinal or an id."""

    value: int
    start: int
    end: int


@dataclass(slots=True, eq=False, repr=False)
class Expression:
    """The base of types, values and names."""

    start: int
    end: int


@dataclass(slots=True, eq=False, repr=False)
class Integer(Expression):
    """An integer literal, with its sign."""

    value: int


@dataclass(slots=True, eq=False, repr=False)
class Float(Expression):
    """A floating point literal, with its sign."""

    value: float


@dataclass(slots=True, eq=False, repr=False)
class String(Expression):
    """A string literal, or several next to each other, as UTF-8 bytes."""

    value: bytes


@dataclass(slots=True, eq=False, repr=False)
class Binary(Expression):
    """A `0x"…"` literal."""

    value: bytes


@dataclass(slots=True, eq=False, repr=False)
class ListLiteral(Expression):
    """`[a, b]`."""

    items: list[Expression]


@dataclass(slots=True, eq=False, repr=False)
class TupleItem:
    """One element of `(a, name = b)`."""

    name: Name | None
    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Tuple(Expression):
    """`(name = value, …)`."""

    items: list[TupleItem]


@dataclass(slots=True, eq=False, repr=False)
class RelativeName(Expression):
    """A name looked up from the inside out."""

    name: str


@dataclass(slots=True, eq=False, repr=False)
class AbsoluteName(Expression):
    """`.name`, looked up in the file."""

    name: Name


@dataclass(slots=True, eq=False, repr=False)
class ImportPath(Expression):
    """`import "path"`."""

    path: str
    path_start: int


@dataclass(slots=True, eq=False, repr=False)
class Embed(Expression):
    """`embed "path"`."""

    path: str
    path_start: int


@dataclass(slots=True, eq=False, repr=False)
class Application(Expression):
    """`function(parameters)`: a generic type with its parameters."""

    function: Expression
    items: list[TupleItem]


@dataclass(slots=True, eq=False, repr=False)
class Member(Expression):
    """`parent.name`."""

    parent: Expression
    name: Name


@dataclass(slots=True, eq=False, repr=False)
class Index(Expression):
    """`parent[index]`: an element of a constant."""

    parent: Expression
    index: int


@dataclass(slots=True, eq=False, repr=False)
class AnnotationUse:
    """`$name` or `$name(value)`."""

    name: Expression
    value: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Param:
    """One parameter or result of a method."""

    name: Name
    type: Expression
    default: Expression | None
    annotations: list[AnnotationUse]
    start: int
    end: int


@dataclass(slots=True, eq=False, repr=False)
class ParamList:
    """The parameters or results of a method: named ones, or a struct type, or the word `stream`."""

    start: int
    end: int
    params: list[Param] | None = None
    type: Expression | None = None
    stream: bool = False


class DeclarationKind(Enum):
    """What a declaration declares; the values are the words used in diagnostics."""

    FILE = "file"
    USING = "using"
    CONST = "const"
    ENUM = "enum"
    ENUMERANT = "enumerant"
    STRUCT = "struct"
    FIELD = "field"
    UNION = "union"
    GROUP = "group"
    INTERFACE = "interface"
    METHOD = "method"
    ANNOTATION = "annotation"


@dataclass(slots=True, eq=False, repr=False)
class Declaration:
    """One declaration; which attributes have a meaning depends on `kind`.

    `ordinal` is the number of a member, `uid` the id of a node. `type` is the type of a field, constant or
    annotation; `value` the default or the constant; `target` what `using` names. `incomplete` means that a part did not
    parse, so that what is missing needs no second report.
    """

    kind: DeclarationKind
    name: Name
    start: int
    end: int
    ordinal: Ordinal | None = None
    uid: Ordinal | None = None
    parameters: list[Name] = field(default_factory=list[Name])
    annotations: list[AnnotationUse] = field(default_factory=list[AnnotationUse])
    nested: list[Declaration] = field(default_factory=list["Declaration"])
    doc_comment: str | None = None
    type: Expression | None = None
    value: Expression | None = None
    target: Expression | None = None
    superclasses: list[Expression] = field(default_factory=list[Expression])
    params: ParamList | None = None
    results: ParamList | None = None
    targets: int = 0
    incomplete: bool = False


def describe(expression: Expression) -> str:
    """Returns a short text of an expression, as it is written in a schema."""
    if isinstance(expression, RelativeName):
        return expression.name
    if isinstance(expression, AbsoluteName):
        return "." + expression.name.text
    if isinstance(expression, Member):
        return f"{describe(expression.parent)}.{expression.name.text}"
    if isinstance(expression, Index):
        return f"{describe(expression.parent)}[{expression.index}]"
    if isinstance(expression, Application):
        inner = ", ".join(describe(item.value) for item in expression.items)
        return f"{describe(expression.function)}({inner})"
    if isinstance(expression, ImportPath):
        return f'import "{expression.path}"'
    if isinstance(expression, Embed):
        return f'embed "{expression.path}"'
    if isinstance(expression, (Integer, Float)):
        return str(expression.value)
    if isinstance(expression, ListLiteral):
        return "a list"
    if isinstance(expression, Tuple):
        return "a tuple"
    return "a string" if isinstance(expression, String) else "a data literal"
