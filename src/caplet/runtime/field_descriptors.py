"""From a field of a schema to its descriptor: which kind of attribute a class has for it, where its value lies, and what its default is.

Knows each kind of field. Does not know classes: how values of a type are read and written is asked of the factory (`factory.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.runtime.fields import INT_FIELDS, BoolField, EnumField, Field, FloatField, VoidField
from caplet.runtime.kinds import BoolKind, EnumKind, FloatKind, IntKind, Kind, PointerKind, TextKind, VoidKind
from caplet.runtime.plans import GroupField, StructField, StructKind
from caplet.runtime.pointer_fields import PointerField, TextField
from caplet.schema.model import Brand, Group, Type, TypeKind, Value
from caplet.schema.registry import apply_brand
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.schema.model import Field as FieldNode

__all__ = ["make_field"]


def make_field(
    field: FieldNode, brand: Brand, kind_of: Callable[[Type], Kind], group_of: Callable[[int, Brand], StructKind]
) -> Field:
    """Make the descriptor of a field.

    Args:
        field: the field.
        brand: what the parameters of its struct are bound to.
        kind_of: returns how values of a type are read and written.
        group_of: returns how a group is, of its id and brand.

    Raises:
        SchemaError: a type that it needs is not there.
    """
    if isinstance(field.body, Group):
        return GroupField(group_of(field.body.type_id, brand))
    slot = field.body
    kind = kind_of(apply_brand(slot.type, brand))
    content = slot.default.content
    if isinstance(kind, VoidKind):
        return VoidField()
    if isinstance(kind, BoolKind):
        return BoolField(slot.offset, bool(content))
    if isinstance(kind, IntKind):
        return INT_FIELDS[kind.code](kind, slot.offset * kind.width, int(content or 0))
    if isinstance(kind, FloatKind):
        return FloatField(kind, slot.offset * kind.width, float(content or 0.0))
    if isinstance(kind, EnumKind):
        return EnumField(kind, slot.offset * 2, int(content or 0))
    assert isinstance(kind, PointerKind)
    default = default_message(kind, slot.default)
    if isinstance(kind, TextKind):
        return TextField(kind, slot.offset, default)
    if isinstance(kind, StructKind):
        return StructField(kind, slot.offset, default)
    return PointerField(kind, slot.offset, default)


def default_message(kind: PointerKind, default: Value) -> bytes | None:
    """Return a pointer field's default as a flat message, None when the type's own default holds."""
    content = default.content
    if not content:
        return None
    # A parameter that is bound to Text has the default of an AnyPointer, which is a message already.
    if default.kind in (TypeKind.TEXT, TypeKind.DATA):
        message = MessageBuilder()
        kind.store(message, message.segments[0], 0, content, "default")
        return message.segments[0].blob(0, message.segments[0].used << 3)
    return content if isinstance(content, bytes) else None
