"""Expressions to values of a type: literals, constants, embedded files.

Knows which literal fits which type and where constants come from. How a value becomes bytes is `encoding`'s; where
fields lie is asked from the translator.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from caplet.compiler.encoding import (
    GroupValue,
    ListValue,
    StructValue,
    Written,
    copied_message,
    flat_message,
    is_active,
    read_element,
    read_field,
)
from caplet.compiler.members import MemberInfo
from caplet.compiler.scope import Reference, Resolver, Scope, Variable
from caplet.compiler.tree import (
    AbsoluteName,
    Application,
    Binary,
    DeclarationKind,
    Embed,
    Expression,
    Float,
    ImportPath,
    Index,
    Integer,
    ListLiteral,
    Member,
    RelativeName,
    String,
    Tuple,
    TupleItem,
    describe,
)
from caplet.errors import DecodeError
from caplet.schema.model import (
    AnyPointerConstraint,
    AnyPointerType,
    EnumType,
    ImplicitParameterType,
    ListType,
    NamedType,
    ParameterType,
    StructType,
    Type,
    TypeKind,
    Value,
)
from caplet.schema.registry import apply_brand
from caplet.schema.type_names import PRIMITIVE_NAMES
from caplet.wire.framing import Framer
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from caplet.compiler.translate import Translator

__all__ = ["Constant", "ValueCompiler"]

INTEGER_RANGES: Final = {
    TypeKind.INT8: (-(2**7), 2**7 - 1),
    TypeKind.INT16: (-(2**15), 2**15 - 1),
    TypeKind.INT32: (-(2**31), 2**31 - 1),
    TypeKind.INT64: (-(2**63), 2**63 - 1),
    TypeKind.UINT8: (0, 2**8 - 1),
    TypeKind.UINT16: (0, 2**16 - 1),
    TypeKind.UINT32: (0, 2**32 - 1),
    TypeKind.UINT64: (0, 2**64 - 1),
}
_FLOAT_KINDS: Final = (TypeKind.FLOAT32, TypeKind.FLOAT64)
_WORDS: Final[dict[str, tuple[TypeKind, bool | float | None]]] = {
    "void": (TypeKind.VOID, None),
    "true": (TypeKind.BOOL, True),
    "false": (TypeKind.BOOL, False),
    "nan": (TypeKind.FLOAT64, float("nan")),
    "inf": (TypeKind.FLOAT64, float("inf")),
}
_NAME_EXPRESSIONS: Final = (RelativeName, AbsoluteName, Member, Application, ImportPath, Index)
_MOST_COPIED_BYTES: Final = 1 << 26
_MESSAGE_WEIGHT: Final = 16  # Structs and lists take that much longer to copy, byte for byte.


class Constant:
    """The type and value of a constant, or of a part of one.

    A group has the value of the struct around it, and `group` says which part of that it is.
    """

    __slots__ = ("group", "type", "value")

    def __init__(self, type_: Type, value: Value, group: MemberInfo | None = None) -> None:
        self.type = type_
        self.value = value
        self.group = group


class ValueCompiler:
    """Compiles the value expressions that stand in one scope."""

    __slots__ = ("resolver", "scope", "translator")

    def __init__(self, translator: Translator, scope: Scope) -> None:
        self.translator = translator
        self.scope = scope
        self.resolver = Resolver(scope)

    def error(self, expression: Expression, message: str) -> None:
        """Reports a problem with an expression."""
        self.scope.module.error(expression.start, expression.end, message)

    def compile(self, expression: Expression, type_: Type) -> Value | None:
        """Returns the value of an expression as a value of a type, or None after reporting why it is not one."""
        written = self.evaluate(expression, type_)
        if written is None or isinstance(written, Value):
            return self.as_kind(written, type_)
        return Value(type_.kind, flat_message(self.translator, type_, written))

    def as_kind(self, value: Value | None, type_: Type) -> Value | None:
        """Wraps text, data and structs as a message when the type is AnyPointer."""
        if value is None or value.kind == type_.kind or type_.kind != TypeKind.ANY_POINTER:
            return value
        return Value(TypeKind.ANY_POINTER, flat_message(self.translator, type_, value))

    # -- literals -------------------------------------------------------------------------------------------------------

    def evaluate(self, expression: Expression, type_: Type) -> Written | None:
        """Returns the value in a form from which bytes can be made."""
        if isinstance(type_, (ParameterType, ImplicitParameterType)):
            self.error(
                expression, "a value cannot be given here: the type is a generic parameter, which is not bound yet"
            )
            return None
        if isinstance(expression, _NAME_EXPRESSIONS):
            return self.named(expression, type_)
        if isinstance(expression, Embed):
            return self.embedded(expression, type_)
        if isinstance(expression, Tuple) and isinstance(type_, StructType):
            return self.struct(expression.items, type_)
        if isinstance(expression, ListLiteral) and isinstance(type_, ListType):
            items = [self.evaluate(item, type_.element) for item in expression.items]
            return ListValue(type_, [item for item in items if item is not None])
        literal = self.scalar(expression, type_, True)
        if literal is not None:
            return literal
        return self.wrapped(expression, type_)

    def scalar(self, expression: Expression, type_: Type, report: bool) -> Value | None:
        """Returns the value of a number, string or data literal, or None when it does not fit the type."""
        kind = type_.kind
        if isinstance(expression, Integer):
            if kind in INTEGER_RANGES:
                return self.integer(expression, kind, report)
            if kind in _FLOAT_KINDS:
                return Value(kind, rounded(kind, float(expression.value)))
        elif isinstance(expression, Float):
            if kind in _FLOAT_KINDS:
                return Value(kind, rounded(kind, expression.value))
        elif isinstance(expression, String):
            if kind == TypeKind.DATA:
                return Value(kind, expression.value)
            if kind == TypeKind.TEXT or _takes_any(type_):
                return self.text(expression, expression.value)
        elif isinstance(expression, Binary) and kind == TypeKind.DATA:
            return Value(kind, expression.value)
        return None

    def integer(self, expression: Integer, kind: TypeKind, report: bool) -> Value | None:
        low, high = INTEGER_RANGES[kind]
        if low <= expression.value <= high:
            return Value(kind, expression.value)
        if not report:
            return None
        self.error(
            expression, f"{expression.value} does not fit into {PRIMITIVE_NAMES[kind]}, which holds {low} to {high}"
        )
        return Value(kind, low if expression.value < low else high)

    def text(self, expression: Expression, content: bytes) -> Value | None:
        try:
            return Value(TypeKind.TEXT, content.decode())
        except UnicodeDecodeError as error:
            self.error(
                expression,
                f"Text must be UTF-8, and the byte 0x{content[error.start]:02x} in it is not; use Data for other bytes",
            )
            return Value(TypeKind.TEXT, "")

    def wrapped(self, expression: Expression, type_: Type) -> Written | None:
        """Takes a value that is not a tuple as the first field of a struct; reports a mismatch otherwise."""
        if isinstance(type_, StructType):
            first = self.first_field(type_)
            if first is not None and not isinstance(expression, Tuple):
                field_type = apply_brand(first.type, type_.brand)
                value = self.first_value(expression, field_type)
                if value is not None:
                    return StructValue(type_, [(first, value)])
        self.mismatch(expression, type_)
        return None

    def first_field(self, type_: StructType) -> MemberInfo | None:
        members = self.translator.members(type_.type_id)
        if members is None or not members.root.children or not members.root.children[0].is_field:
            return None
        return members.root.children[0]

    def first_value(self, expression: Expression, type_: Type) -> Written | None:
        if isinstance(expression, ListLiteral) and isinstance(type_, ListType):
            return self.evaluate(expression, type_)
        return self.scalar(expression, type_, False)

    def mismatch(self, expression: Expression, type_: Type) -> None:
        found = describe(expression)
        if isinstance(expression, (Integer, Float)):
            found = f"the number {found}"
        hint = ""
        if type_.kind == TypeKind.BOOL:
            hint = "; write true or false"
        elif isinstance(type_, EnumType):
            hint = "; write the name of an enumerant"
        elif isinstance(type_, StructType):
            hint = "; write (field = value, …)"
        elif isinstance(type_, ListType):
            hint = "; write [element, …]"
        elif type_.kind == TypeKind.TEXT:
            hint = '; write "…"'
        elif type_.kind == TypeKind.INTERFACE:
            hint = "; a capability has no literal"
        self.error(expression, f"expected a value of type {self.translator.type_name(type_)}, not {found}{hint}")

    def struct(self, items: Iterable[TupleItem], type_: StructType) -> StructValue | None:
        members = self.translator.members(type_.type_id)
        if members is None:
            return None
        value = StructValue(type_, [])
        self.fill(items, members.root, type_, value.fields)
        return value

    def fill(
        self,
        items: Iterable[TupleItem],
        parent: MemberInfo,
        type_: StructType,
        fields: list[tuple[MemberInfo, Written]],
    ) -> None:
        """Evaluates the assignments of a tuple for the fields of a struct or group."""
        for item in items:
            if item.name is None:
                self.error(item.value, "expected 'field = value'; the fields of a struct are given by name")
                continue
            member = parent.find(item.name.text)
            if member is None:
                names = (child.name for child in parent.children)
                self.scope.module.error(
                    item.name.start,
                    item.name.end,
                    f"{self.translator.type_name(type_)} has no field named '{item.name.text}'{self.resolver.suggestion(item.name.text, names)}",
                )
            elif member.is_field:
                if member.ordinal is not None:
                    self.scope.module.note_use(item.name.start, item.name.end, parent.id, member.ordinal.value)
                value = self.evaluate(item.value, apply_brand(member.type, type_.brand))
                if value is not None:
                    fields.append((member, value))
            else:
                group = GroupValue([])
                if isinstance(item.value, Tuple):
                    self.fill(item.value.items, member, type_, group.fields)
                else:
                    self.group_shorthand(item.value, member, type_, group)
                fields.append((member, group))

    def group_shorthand(self, expression: Expression, member: MemberInfo, type_: StructType, group: GroupValue) -> None:
        """Takes a value that is not a tuple as the first field of a group."""
        first = member.children[0] if member.children else None
        if first is not None and first.is_field:
            value = self.first_value(expression, apply_brand(first.type, type_.brand))
            if value is not None:
                group.fields.append((first, value))
                return
        self.error(expression, f"'{member.name}' is a group; write '{member.name} = (field = value, …)'")

    # -- names ----------------------------------------------------------------------------------------------------------

    def named(self, expression: Expression, type_: Type) -> Written | None:
        if isinstance(expression, RelativeName):
            if isinstance(type_, EnumType):
                number = self.enumerant(type_, expression.name)
                if number is not None:
                    self.scope.module.note_use(expression.start, expression.end, type_.type_id, number)
                    return Value(TypeKind.ENUM, number)
                if not self.is_visible(expression.name):
                    self.unknown_enumerant(expression, type_)
                    return None
            elif expression.name in _WORDS:
                return self.word(expression, type_)
        found = self.refer(expression)
        if found is None:
            return None
        if not isinstance(found, Constant):
            self.error(expression, f"'{describe(expression)}' is not a constant, so that it has no value")
            return None
        if isinstance(expression, RelativeName):
            self.unqualified(expression)
        return self.from_constant(expression, found, type_)

    def word(self, expression: RelativeName, type_: Type) -> Written | None:
        kind, content = _WORDS[expression.name]
        target = type_
        fields: MemberInfo | None = None
        if isinstance(type_, StructType):
            fields = self.first_field(type_)
            target = apply_brand(fields.type, type_.brand) if fields is not None else type_
        if target.kind != kind and not (kind == TypeKind.FLOAT64 and target.kind == TypeKind.FLOAT32):
            self.mismatch(expression, type_)
            return None
        value = Value(target.kind, content)
        if isinstance(type_, StructType) and fields is not None:
            return StructValue(type_, [(fields, value)])
        return value

    def enumerant(self, type_: EnumType, name: str) -> int | None:
        scope = self.translator.world.scopes.get(type_.type_id)
        return None if scope is None else scope.enumerants.get(name)

    def is_visible(self, name: str) -> bool:
        """Whether a name is declared in this scope or one around it."""
        scope: Scope | None = self.scope
        while scope is not None and name not in scope.children:
            scope = scope.parent
        return scope is not None

    def unknown_enumerant(self, expression: RelativeName, type_: EnumType) -> None:
        scope = self.translator.world.scopes.get(type_.type_id)
        names = [] if scope is None else list(scope.enumerants)
        hint = self.resolver.suggestion(expression.name, names) or (f"; it has {', '.join(names[:8])}" if names else "")
        self.error(expression, f"'{expression.name}' is not an enumerant of {self.translator.type_name(type_)}{hint}")

    def unqualified(self, expression: RelativeName) -> None:
        scope: Scope | None = self.scope
        while scope is not None and expression.name not in scope.children:
            scope = scope.parent
        if scope is not None:
            qualifier = scope.declaration.name.text
            self.error(
                expression,
                f"the name of a constant must be qualified, so that it is not mistaken for an enumerant: "
                f"write '{qualifier}.{expression.name}'",
            )

    def refer(self, expression: Expression) -> Constant | Reference | Variable | None:
        """Resolves a name to a constant or a part of one, or to another declaration."""
        if isinstance(expression, Index):
            parent = self.refer(expression.parent)
            return None if parent is None else self.element(parent, expression)
        if isinstance(expression, Member):
            parent = self.refer(expression.parent)
            if isinstance(parent, Constant):
                return self.field(parent, expression)
            if not isinstance(parent, Reference):
                if parent is not None:
                    self.error(expression, "a generic parameter has no members")
                return None
            resolved = self.resolver.member_of(parent, expression.name, f"'{describe(expression.parent)}'")
        else:
            resolved = self.resolver.resolve(expression)
        if (
            isinstance(resolved, Reference)
            and isinstance(resolved.target, Scope)
            and resolved.target.kind == DeclarationKind.CONST
        ):
            return self.translator.constant(resolved, self.scope, expression)
        return resolved

    def field(self, parent: Constant, expression: Member) -> Constant | None:
        """Returns a field or group of a constant struct."""
        member = self.member(parent, expression)
        if member is None:
            return None
        content = parent.value.content
        assert isinstance(parent.type, StructType)
        assert content is None or isinstance(content, bytes)
        if not is_active(member, content):
            self.error(expression, f"'{member.name}' is not the active member of its union in this value")
            return None
        if not member.is_field:
            return Constant(StructType(member.id, parent.type.brand), parent.value, member)
        type_ = apply_brand(member.type, parent.type.brand)
        return Constant(type_, read_field(self.translator, member, type_, content))

    def member(self, parent: Constant, expression: Member) -> MemberInfo | None:
        """Returns what a name means in a constant struct or group."""
        body = parent.group
        if body is None and isinstance(parent.type, StructType):
            members = self.translator.members(parent.type.type_id)
            body = members.root if members is not None else None
        if body is None:
            self.error(expression.parent, f"'{describe(expression.parent)}' is not a struct, so that it has no fields")
            return None
        member = body.find(expression.name.text)
        if member is None:
            names = (child.name for child in body.children)
            shown = self.translator.type_name(parent.type) if parent.group is None else f"the group '{body.name}'"
            self.scope.module.error(
                expression.name.start,
                expression.name.end,
                f"{shown} has no field named '{expression.name.text}'{self.resolver.suggestion(expression.name.text, names)}",
            )
        return member

    def element(self, parent: Constant | Reference | Variable, expression: Index) -> Constant | None:
        """Returns an element of a constant list."""
        if not isinstance(parent, Constant) or not isinstance(parent.type, ListType):
            self.error(
                expression.parent, f"'{describe(expression.parent)}' is not a constant list, so that it has no elements"
            )
            return None
        content = parent.value.content
        assert content is None or isinstance(content, bytes)
        length = 0 if content is None else len(MessageReader([content]).root.list())
        if content is None or expression.index >= length:
            self.error(expression, f"the list has {length} elements, so that there is no element {expression.index}")
            return None
        return Constant(parent.type.element, read_element(parent.type.element, content, expression.index))

    def from_constant(self, expression: Expression, constant: Constant, type_: Type) -> Written | None:
        """Checks that a constant fits the expected type."""
        if constant.group is not None:
            self.error(
                expression, f"'{describe(expression)}' is a group, which is no value by itself; name a field of it"
            )
            return None
        source, value = constant.type, constant.value
        content = value.content
        if isinstance(content, (bytes, str)) and not self.count_copy(expression, value.kind, len(content)):
            return None
        if source.kind in INTEGER_RANGES and isinstance(content, int):
            literal = Integer(expression.start, expression.end, content)
            fitting = self.scalar(literal, type_, True)
            return fitting if fitting is not None else self.mismatch_constant(expression, constant, type_)
        if source.kind in _FLOAT_KINDS and type_.kind in _FLOAT_KINDS and isinstance(content, float):
            return Value(type_.kind, rounded(type_.kind, content))
        if _constant_fits(source, type_):
            return value
        return self.mismatch_constant(expression, constant, type_)

    def count_copy(self, expression: Expression, kind: TypeKind, size_bytes: int) -> bool:
        """Returns whether a constant may be copied; what doubles at each of a few dozen steps would fill any memory."""
        world = self.translator.world
        before = world.copied_bytes
        world.copied_bytes += size_bytes if kind in (TypeKind.TEXT, TypeKind.DATA) else size_bytes * _MESSAGE_WEIGHT
        if before <= _MOST_COPIED_BYTES < world.copied_bytes:
            self.error(
                expression,
                f"the constants copied into others up to here are too large: more than {_MOST_COPIED_BYTES >> 20} MiB of text and "
                f"data, or {_MOST_COPIED_BYTES // _MESSAGE_WEIGHT >> 20} MiB of structs and lists; keep such values outside of the schema",
            )
        return world.copied_bytes <= _MOST_COPIED_BYTES

    def mismatch_constant(self, expression: Expression, constant: Constant, type_: Type) -> Written | None:
        if isinstance(type_, StructType):
            first = self.first_field(type_)
            if first is not None and _constant_fits(constant.type, apply_brand(first.type, type_.brand)):
                return StructValue(type_, [(first, constant.value)])
        self.error(
            expression,
            f"expected a value of type {self.translator.type_name(type_)}, but '{describe(expression)}' is of type "
            f"{self.translator.type_name(constant.type)}",
        )
        return None

    # -- embedded files -------------------------------------------------------------------------------------------------

    def embedded(self, expression: Embed, type_: Type) -> Value | None:
        data = self.scope.module.read_embed(expression)
        if data is None:
            return None
        if type_.kind == TypeKind.DATA:
            return Value(TypeKind.DATA, data)
        if type_.kind == TypeKind.TEXT:
            return self.text(expression, data)
        if not isinstance(type_, StructType):
            self.error(expression, "an embedded file gives Text, Data or a struct, and another type is expected here")
            return None
        try:
            messages = Framer().feed(data)
            if not messages or messages[0].root.kind != "struct":
                raise DecodeError("it does not hold a whole message with a struct")
            return Value(TypeKind.STRUCT, copied_message(messages[0].root))
        except DecodeError as error:
            self.error(expression, f'"{expression.path}" is not a Cap\'n Proto message: {error}')
            return None


def rounded(kind: TypeKind, value: float) -> float:
    """Rounds a number to what its type can hold; what is too large becomes infinite."""
    if kind == TypeKind.FLOAT64:
        return value
    try:
        result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return result


def _takes_any(type_: Type) -> bool:
    return isinstance(type_, AnyPointerType) and type_.constraint == AnyPointerConstraint.ANY_KIND


def _constant_fits(source: Type, target: Type) -> bool:
    if isinstance(target, AnyPointerType):
        if isinstance(source, ListType):
            return target.constraint in (AnyPointerConstraint.ANY_KIND, AnyPointerConstraint.LIST)
        if isinstance(source, StructType):
            return target.constraint in (AnyPointerConstraint.ANY_KIND, AnyPointerConstraint.STRUCT)
        return source == target or (_takes_any(target) and source.kind in (TypeKind.TEXT, TypeKind.DATA))
    if isinstance(source, NamedType) and isinstance(target, NamedType) and source.kind == TypeKind.ENUM:
        return source.type_id == target.type_id
    return source == target
