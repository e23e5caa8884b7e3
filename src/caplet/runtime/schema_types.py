"""Types of a schema as programs look at them.

Knows what a type is called in the schema's language and in Python. Does not know declarations (`reflection.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.schema.model import (
    AnyPointerConstraint,
    AnyPointerType,
    ImplicitParameterType,
    ListType,
    NamedType,
    ParameterType,
    Type,
    TypeKind,
)
from caplet.schema.type_names import ANY_POINTER_NAMES, PRIMITIVE_NAMES
from caplet.schema.type_sizes import is_pointer
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct

if TYPE_CHECKING:
    from caplet.runtime.factory import ClassFactory
    from caplet.runtime.reflection import Schema

__all__ = ["SchemaType"]

_ANY = {
    AnyPointerConstraint.ANY_KIND: AnyPointer,
    AnyPointerConstraint.STRUCT: AnyStruct,
    AnyPointerConstraint.LIST: AnyList,
}
_SIMPLE: dict[TypeKind, Any] = {
    TypeKind.VOID: None,
    TypeKind.BOOL: bool,
    TypeKind.FLOAT32: float,
    TypeKind.FLOAT64: float,
    TypeKind.TEXT: str,
    TypeKind.DATA: bytes,
}


class SchemaType:
    """The type of a field, constant or annotation."""

    __slots__ = ("_factory", "model")

    def __init__(self, factory: ClassFactory, model: Type) -> None:
        self._factory = factory
        self.model = model

    @property
    def kind(self) -> str:
        """What it is: `void`, `bool`, `int8` to `uint64`, `float32`, `float64`, `text`, `data`, `list`, `enum`, `struct`, `interface` or `any_pointer`."""
        return self.model.kind.name.lower()

    @property
    def is_pointer(self) -> bool:
        """Whether its values lie behind pointers, so that a field of it can be null."""
        return is_pointer(self.model)

    @property
    def element(self) -> SchemaType | None:
        """The type of a list's elements, None for other types."""
        return SchemaType(self._factory, self.model.element) if isinstance(self.model, ListType) else None

    @property
    def schema(self) -> Schema | None:
        """The declaration of an enum, struct or interface, None for other types.

        Raises:
            SchemaError: it is not loaded.
        """
        from caplet.runtime.reflection import schema_of_node

        if not isinstance(self.model, NamedType):
            return None
        return schema_of_node(self._factory, self._factory.registry.get(self.model.type_id), self.model.brand)

    @property
    def python_type(self) -> Any:
        """What its values are in Python: a class, `list[...]`, or None for Void."""
        model = self.model
        if isinstance(model, ListType):
            return list[SchemaType(self._factory, model.element).python_type]  # type: ignore[misc]
        if isinstance(model, NamedType):
            return self._factory.class_of(model.type_id, model.brand)
        if isinstance(model, AnyPointerType) and model.constraint is AnyPointerConstraint.CAPABILITY:
            from caplet.runtime.clients import Client

            return Client
        if model.kind is TypeKind.ANY_POINTER:
            return _ANY[model.constraint] if isinstance(model, AnyPointerType) else AnyPointer
        return _SIMPLE.get(model.kind, int)

    def __str__(self) -> str:
        """The type as it is written in a schema."""
        return type_text(self._factory, self.model)

    def __repr__(self) -> str:
        return f"<type {self}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SchemaType):
            return NotImplemented
        return self._factory is other._factory and self.model == other.model

    def __hash__(self) -> int:
        return hash(self.model)


def type_text(factory: ClassFactory, model: Type) -> str:
    """Return a type as it is written in a schema."""
    if isinstance(model, ListType):
        return f"List({type_text(factory, model.element)})"
    if isinstance(model, NamedType):
        node = factory.registry.get_or_none(model.type_id)
        name = f"{model.type_id:#018x}" if node is None else node.display_name.partition(":")[2]
        bindings = [
            "AnyPointer" if binding is None else type_text(factory, binding)
            for scope in model.brand.scopes
            for binding in scope.bindings or ()
        ]
        return f"{name}({', '.join(bindings)})" if bindings else name
    if isinstance(model, ParameterType):
        node = factory.registry.get_or_none(model.scope_id)
        if node is not None and model.parameter_index < len(node.parameters):
            return node.parameters[model.parameter_index]
    if isinstance(model, AnyPointerType):
        return ANY_POINTER_NAMES[model.constraint]
    if isinstance(model, ImplicitParameterType | ParameterType):
        return "AnyPointer"
    return PRIMITIVE_NAMES[model.kind]
