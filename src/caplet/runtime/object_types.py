"""Types as programs name them, and untyped places seen as those types.

Knows `str`, `bytes`, `list[...]`, classes made from schemas, and fields that stand for their types. Does not know how values of a type are read and
written (`kinds.py`).
"""

from __future__ import annotations

from typing import Any, get_args, get_origin

from caplet.runtime.fields import Field
from caplet.runtime.kinds import (
    BoolKind,
    DataKind,
    EnumKind,
    FloatKind,
    InterfaceKind,
    Kind,
    PointerKind,
    TextKind,
    VoidKind,
)
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.plans import StructKind
from caplet.runtime.pointer_fields import PointerField
from caplet.runtime.references import Reference
from caplet.wire.message import MessageReader
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct
from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["DATA", "TEXT", "object_kind", "see_as"]

TEXT = TextKind()
DATA = DataKind()


def object_kind(type_: Any) -> PointerKind:
    """Return how objects of a type are read and written.

    Raises:
        TypeError: objects of that type do not stand behind pointers.
    """
    if isinstance(type_, PointerField):
        return type_.kind
    if type_ is str:
        return TEXT
    if type_ is bytes:
        return DATA
    if get_origin(type_) is list:
        (element,) = get_args(type_)
        return ListKind(_element_kind(element))
    if isinstance(type_, type):
        plan = getattr(type_, "_plan", None)
        if isinstance(plan, StructKind):
            return plan
        if issubclass(type_, Reference):
            return InterfaceKind(type_)
    raise TypeError(
        f"{type_!r:.60} is no class of a struct or interface, str, bytes, list[...] of these, or field of such a type"
    )


def _element_kind(element: Any) -> Kind:
    """Return how elements of a list type are read and written."""
    if element is bool:
        return BoolKind()
    if element is float:
        return FloatKind(64)
    if element is None:
        return VoidKind()
    if isinstance(element, type) and hasattr(element, "_by_number"):
        return EnumKind(element)
    if isinstance(element, Field) and not isinstance(element, PointerField) and hasattr(element, "kind"):
        return element.kind  # type: ignore[no-any-return]
    return object_kind(element)


def see_as(place: Any, type_: Any) -> Any:
    """Return an untyped place as what a type makes of it.

    Args:
        place: an AnyPointer, AnyPointerBuilder, AnyStruct or AnyList.
        type_: the type.

    Raises:
        DecodeError: something else is there.
        TypeError: it is no type of such a place.
    """
    kind = object_kind(type_)
    if isinstance(place, AnyPointer):
        if place.is_null:
            nothing = MessageReader([bytes(8)])
            return kind.load(nothing, nothing.segments[0], 0, nothing.nesting, False)
        return kind.load(place._arena, place._segment, place._position, place._depth, False)
    if isinstance(place, AnyPointerBuilder):
        return kind.load(place._arena, place._segment, place._position, place._arena.nesting, True)
    if isinstance(place, AnyStruct) and isinstance(kind, StructKind):
        return kind.view(place, False)
    if isinstance(place, AnyList) and isinstance(kind, ListKind):
        return kind.view(place)
    raise TypeError(f"{place!r} is no {kind.name}")
