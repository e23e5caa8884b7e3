"""Generic types: what stands between the brackets of `Map[str, Person]`.

Knows how Python types name schema types, and how a brand is made of them. Does not know how a branded type becomes a class (`factory.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from caplet.schema.model import (
    DATA,
    EMPTY_BRAND,
    PRIMITIVES,
    TEXT,
    Brand,
    BrandScope,
    ListType,
    NamedType,
    Node,
    Type,
    TypeKind,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["brand_name", "brand_of_arguments", "scope_of_arguments", "tidy_brand"]

# How deep bindings may be nested before the rest is left unbound: a type may bind itself ever deeper.
_DEEPEST = 6

_ELEMENTS: dict[object, Type] = {
    str: TEXT,
    bytes: DATA,
    bool: PRIMITIVES[TypeKind.BOOL],
    float: PRIMITIVES[TypeKind.FLOAT64],
    None: PRIMITIVES[TypeKind.VOID],
}


def type_of(argument: Any) -> Type | None:
    """Return the schema type that a Python type stands for, None for one that is left open.

    Args:
        argument: `str` (Text), `bytes` (Data), a class of a schema, `list[...]` of one of these, of `bool` or of `float`;
            `object` leaves the parameter open.

    Raises:
        TypeError: it stands for no type that a parameter can be bound to.
    """
    if argument is object or argument is Any:
        return None
    if argument is str:
        return TEXT
    if argument is bytes:
        return DATA
    if get_origin(argument) is list:
        (element,) = get_args(argument)
        found = _ELEMENTS.get(element) or _class_type(element) or type_of(element)
        if found is not None:
            return ListType(found)
    found = _class_type(argument)
    if found is None or found.kind is TypeKind.ENUM:
        raise TypeError(
            f"{argument!r} cannot be a type argument: expected str, bytes, a struct, an interface or list[...] of these"
        )
    return found


def _class_type(argument: Any) -> Type | None:
    """Return the schema type of a class made from a schema, None for anything else."""
    found = getattr(argument, "_schema_type", None)
    return found if isinstance(found, NamedType) else None


def brand_of_arguments(node: Node, outer: Brand, arguments: object) -> Brand:
    """Return the brand that binds the parameters of `node`.

    Args:
        node: a generic type.
        outer: what the scopes around it are bound to.
        arguments: one Python type, or a tuple of them, for the parameters in order.

    Raises:
        TypeError: there are more or fewer than parameters, or one stands for no type.
    """
    scope = scope_of_arguments(node.id, node.name, node.parameters, arguments)
    others = tuple(entry for entry in outer.scopes if entry.scope_id != node.id)
    return tidy_brand(Brand((scope, *others)))


def scope_of_arguments(scope_id: int, title: str, parameters: tuple[str, ...], arguments: object) -> BrandScope:
    """Return what the parameters of one scope are bound to.

    Args:
        scope_id: the generic type, or `IMPLICIT_SCOPE` for a method.
        title: its name, for errors.
        parameters: the names of its parameters.
        arguments: one Python type, or a tuple of them, in order.

    Raises:
        TypeError: there are more or fewer than parameters, or one stands for no type.
    """
    given: tuple[Any, ...] = arguments if isinstance(arguments, tuple) else (arguments,)  # pyright: ignore
    if len(given) != len(parameters):
        names = f"the parameters {', '.join(parameters)}" if parameters else "no type parameters"
        raise TypeError(f"{title} has {names}; {len(given)} types were given")
    return BrandScope(scope_id, tuple(type_of(argument) for argument in given))


def tidy_brand(brand: Brand) -> Brand:
    """Return the brand without what says nothing, so that equal bindings are equal brands."""
    scopes = tuple(
        scope
        for scope in brand.scopes
        if scope.bindings is not None and any(type_ is not None for type_ in scope.bindings)
    )
    if not scopes or _depth(Brand(scopes)) > _DEEPEST:
        return EMPTY_BRAND
    return Brand(tuple(sorted(scopes, key=lambda scope: scope.scope_id)))


def _depth(brand: Brand) -> int:
    """Return how deep bindings are nested."""
    deepest = 0
    for scope in brand.scopes:
        for binding in scope.bindings or ():
            level = 1
            inner: Type | None = binding
            while isinstance(inner, ListType):
                inner = inner.element
                level += 1
            if isinstance(inner, NamedType):
                level += _depth(inner.brand)
            deepest = max(deepest, level)
    return deepest


def brand_name(brand: Brand, name_of: Callable[[Type], str]) -> str:
    """Return a brand as it is shown behind a class's name, such as `[Text, Person]`.

    Args:
        brand: the brand.
        name_of: returns the name of a type.
    """
    names = [
        "AnyPointer" if binding is None else name_of(binding)
        for scope in brand.scopes
        for binding in scope.bindings or ()
    ]
    return f"[{', '.join(names)}]" if names else ""
