"""Whether a node that came from a stranger makes sense by itself.

Knows the rules that every compiler obeys: names, ordinals, places inside the sections, discriminants, values that fit
their types. Nothing here looks at other nodes: that they fit to each other is checked in `links.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from caplet.errors import DecodeError, SchemaError
from caplet.limits import Limits
from caplet.schema.model import (
    Annotation,
    AnnotationNode,
    AnyPointerConstraint,
    AnyPointerType,
    Brand,
    ConstNode,
    EnumNode,
    Field,
    Group,
    InterfaceNode,
    ListType,
    NamedType,
    Node,
    ParameterType,
    StructNode,
    Type,
    TypeKind,
    Value,
)
from caplet.schema.type_sizes import data_bits, is_pointer
from caplet.wire.message import MessageReader

__all__ = ["validate_node"]

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_VALUE_LIMITS: Final = Limits(traversal_words=1 << 20, nesting=64)


def validate_node(node: Node) -> None:
    """Checks a node.

    Raises:
        SchemaError: with what is wrong, and in which declaration.
    """
    shown = node.display_name or f"{node.id:#018x}"
    if node.id >> 63 != 1:
        raise SchemaError(f"{shown}: {node.id:#x} is not an id, since its highest bit is not set")
    if node.display_name_prefix_length > len(node.display_name.encode("utf-8", "surrogatepass")):
        raise SchemaError(f"{shown}: the length of the display name's prefix is beyond its end")
    if "\0" in node.display_name:
        raise SchemaError(f"{shown!r}: a zero byte in the name")
    _check_names(shown, [nested.name for nested in node.nested_nodes], "declarations")
    _check_names(shown, node.parameters, "generic parameters")
    body = node.body
    if isinstance(body, StructNode):
        _check_struct(shown, body)
    elif isinstance(body, EnumNode):
        _check_members(shown, [(item.name, item.code_order) for item in body.enumerants], "enumerants")
        for enumerant in body.enumerants:
            _check_annotations(f"{shown}.{enumerant.name}", enumerant.annotations)
    elif isinstance(body, InterfaceNode):
        _check_interface(shown, body)
    elif isinstance(body, ConstNode):
        _check_value(f"{shown}: the constant", body.type, body.value)
    elif isinstance(body, AnnotationNode):
        _check_type(shown, body.type)
    _check_annotations(shown, node.annotations)


def _check_names(shown: str, names: Sequence[str], what: str) -> None:
    if len(set(names)) != len(names):
        raise SchemaError(f"{shown}: two of its {what} have the same name")
    for name in names:
        if not _NAME.fullmatch(name):
            raise SchemaError(f"{shown}: {name!r:.60} cannot be the name of one of its {what}")


def _check_members(shown: str, members: Sequence[tuple[str, int]], what: str) -> None:
    """Checks that names differ and that code orders are the numbers from 0."""
    _check_names(shown, [name for name, _ in members], what)
    if sorted(code_order for _, code_order in members) != list(range(len(members))):
        raise SchemaError(f"{shown}: the places of its {what} in the text are not the numbers from 0")


def _check_interface(shown: str, body: InterfaceNode) -> None:
    _check_members(shown, [(item.name, item.code_order) for item in body.methods], "methods")
    for superclass in body.superclasses:
        _check_brand(shown, superclass.brand)
    for method in body.methods:
        _check_names(f"{shown}.{method.name}", method.implicit_parameters, "implicit parameters")
        _check_brand(f"{shown}.{method.name}", method.param_brand)
        _check_brand(f"{shown}.{method.name}", method.result_brand)
        _check_annotations(f"{shown}.{method.name}", method.annotations)


def _check_annotations(shown: str, annotations: Sequence[Annotation]) -> None:
    for annotation in annotations:
        _check_content(f"{shown}: the annotation {annotation.id:#018x}", annotation.value)


# -- structs ------------------------------------------------------------------------------------------------------------


def _check_struct(shown: str, body: StructNode) -> None:
    _check_members(shown, [(field.name, field.code_order) for field in body.fields], "fields")
    _check_discriminants(shown, body)
    last = -1
    for field in body.fields:
        if field.ordinal is not None:
            if field.ordinal <= last:
                raise SchemaError(f"{shown}: its fields are not sorted by ordinal")
            last = field.ordinal
        _check_field(f"{shown}.{field.name}", field, body)
        _check_annotations(f"{shown}.{field.name}", field.annotations)


def _check_discriminants(shown: str, body: StructNode) -> None:
    values = [field.discriminant_value for field in body.fields if field.in_union]
    if len(values) != body.discriminant_count:
        raise SchemaError(
            f"{shown}: {len(values)} fields are in its union, which is said to have {body.discriminant_count}"
        )
    if values and (body.discriminant_offset + 1) * 16 > body.data_word_count * 64:
        raise SchemaError(f"{shown}: the discriminant of its union lies outside of the data section")
    if sorted(values) != list(range(len(values))):
        raise SchemaError(f"{shown}: the discriminants of its union are not the numbers from 0")
    if len(values) == 1:
        raise SchemaError(f"{shown}: its union has only one member")


def _check_field(shown: str, field: Field, body: StructNode) -> None:
    slot = field.body
    if isinstance(slot, Group):
        if slot.type_id >> 63 != 1:
            raise SchemaError(f"{shown}: {slot.type_id:#x} is not the id of a group")
        return
    if is_pointer(slot.type):
        if slot.offset >= body.pointer_count:
            raise SchemaError(f"{shown}: pointer {slot.offset} lies outside of a section of {body.pointer_count}")
    elif (slot.offset + 1) * data_bits(slot.type) > body.data_word_count * 64:
        raise SchemaError(f"{shown}: it lies outside of a data section of {body.data_word_count} words")
    _check_value(shown, slot.type, slot.default)


# -- types and values ---------------------------------------------------------------------------------------------------


def _check_type(shown: str, type_: Type) -> None:
    while isinstance(type_, ListType):
        type_ = type_.element
        if isinstance(type_, ParameterType) or (
            isinstance(type_, AnyPointerType)
            and type_.constraint in (AnyPointerConstraint.ANY_KIND, AnyPointerConstraint.STRUCT)
        ):
            raise SchemaError(f"{shown}: a list whose elements have no known size")
    if isinstance(type_, NamedType):
        _check_brand(shown, type_.brand)


def _check_brand(shown: str, brand: Brand) -> None:
    """Checks that parameters are bound to types whose values lie behind pointers."""
    for scope in brand.scopes:
        for binding in scope.bindings or ():
            if binding is not None:
                if not is_pointer(binding):
                    raise SchemaError(f"{shown}: a parameter is bound to {binding.kind.name}, which is no pointer type")
                _check_type(shown, binding)


def _check_value(shown: str, type_: Type, value: Value) -> None:
    """Checks that a value is of the kind that its type needs, and in its range."""
    _check_type(shown, type_)
    if value.kind != type_.kind:
        raise SchemaError(f"{shown}: a value of kind {value.kind.name} where {type_.kind.name} is needed")
    _check_content(shown, value)
    content = value.content
    if not isinstance(content, bytes) or value.kind == TypeKind.DATA:
        return
    found = MessageReader([content], _VALUE_LIMITS).root.kind
    wanted = {TypeKind.STRUCT: "struct", TypeKind.LIST: "list"}.get(value.kind)
    if wanted is not None and found != wanted:
        raise SchemaError(f"{shown}: a pointer to a {found} where a {wanted} is needed")


def _check_content(shown: str, value: Value) -> None:
    """Checks that the message of a pointer value is one."""
    content = value.content
    if isinstance(content, bytes) and value.kind != TypeKind.DATA:
        try:
            found = MessageReader([content], _VALUE_LIMITS).root.kind
        except DecodeError as error:
            raise SchemaError(f"{shown}: its value is not a message: {error}") from error
        if found == "capability":
            raise SchemaError(f"{shown}: a capability cannot be a value")
