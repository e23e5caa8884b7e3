"""Values to the bytes of messages, and fields of constant messages back to values.

Knows how each type of value is written with the wire layer. Whether a value fits its type was checked before.
"""

from __future__ import annotations

import struct
from typing import Final, Protocol

from caplet.compiler.members import MemberInfo, StructMembers
from caplet.schema.codec import one_segment
from caplet.schema.model import ListType, StructType, Type, TypeKind, Value
from caplet.schema.records import record
from caplet.schema.type_sizes import ELEMENT_SIZES, NUMBER_FORMATS
from caplet.wire.message import MessageReader
from caplet.wire.untyped import AnyPointer, AnyStruct
from caplet.wire.untyped_builder import AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

__all__ = [
    "GroupValue",
    "ListValue",
    "StructValue",
    "Structs",
    "Written",
    "copied_message",
    "flat_message",
    "is_active",
    "read_element",
    "read_field",
]


@record
class ListValue:
    """A list literal, its elements evaluated."""

    type: ListType
    items: list[Written]


@record
class StructValue:
    """A struct literal: fields, in the order of the text, with their values."""

    type: StructType
    fields: list[tuple[MemberInfo, Written]]


@record
class GroupValue:
    """The part of a struct literal that belongs to a group."""

    fields: list[tuple[MemberInfo, Written]]


Written = Value | ListValue | StructValue | GroupValue


class Structs(Protocol):
    """Whoever knows the members of structs and the defaults of their fields."""

    def members(self, struct_id: int) -> StructMembers | None:
        """Returns the members of a struct."""
        ...

    def field_default(self, member: MemberInfo) -> Value:
        """Returns the default value of a field."""
        ...


_POINTER: Final = 6


def flat_message(structs: Structs, type_: Type, value: Written) -> bytes:
    """Returns the words of a one-segment message whose root is the value.

    The objects are in the order in which a reader meets them, not in that of the text, so that equal values are equal
    bytes.
    """
    written = one_segment(lambda root: _Writer(structs).pointer(root, value))
    return one_segment(lambda root: root.set(MessageReader([written]).root))


def copied_message(source: AnyPointer | AnyStruct) -> bytes:
    """Returns the words of a one-segment message whose root is a copy of what a pointer leads to."""
    return one_segment(lambda root: root.set(source))


class _Writer:
    """Writes values behind pointers and into structs."""

    __slots__ = ("structs",)

    def __init__(self, structs: Structs) -> None:
        self.structs = structs

    def pointer(self, target: AnyPointerBuilder, value: Written) -> None:
        """Writes a value of a pointer type."""
        if isinstance(value, ListValue):
            self.list(target, value)
        elif isinstance(value, StructValue):
            self.struct(self.new_struct(target, value.type), value.fields)
        elif isinstance(value, Value):
            content = value.content
            if value.kind == TypeKind.TEXT and isinstance(content, str):
                target.set_text(content)
            elif value.kind == TypeKind.DATA and isinstance(content, bytes):
                target.set_blob(content)
            elif isinstance(content, bytes):
                target.set(MessageReader([content]).root)

    def new_struct(self, target: AnyPointerBuilder, type_: StructType) -> AnyStructBuilder:
        members = self.structs.members(type_.type_id)
        assert members is not None
        return target.init_struct(members.space.data_words, members.space.pointers)

    def struct(self, target: AnyStructBuilder, fields: list[tuple[MemberInfo, Written]]) -> None:
        """Writes the fields of a struct or group, and the discriminants of its unions."""
        for member, value in fields:
            if isinstance(value, GroupValue):
                _clear(target, member)
                self.struct(target, value.fields)
                continue
            _set_discriminant(target, member)
            if member.type.kind == TypeKind.BOOL:
                assert isinstance(value, Value)
                default = self.structs.field_default(member).content
                target.set_boolean(member.offset, bool(value.content), bool(default))
            elif member.type.kind in NUMBER_FORMATS:
                assert isinstance(value, Value)
                default = _bits(member.type.kind, self.structs.field_default(member).content)
                _set_number(target, member.type.kind, member.offset, _bits(member.type.kind, value.content) ^ default)
            elif member.type.kind != TypeKind.VOID:
                self.pointer(target.pointer(member.offset), value)

    def list(self, target: AnyPointerBuilder, value: ListValue) -> None:
        """Writes a list."""
        element = value.type.element
        length = len(value.items)
        if isinstance(element, StructType):
            members = self.structs.members(element.type_id)
            assert members is not None
            made = target.init_struct_list(length, members.space.data_words, members.space.pointers)
            for index, item in enumerate(value.items):
                self.struct_element(made.struct(index), item)
            return
        size = ELEMENT_SIZES.get(element.kind, _POINTER)
        made = target.init_list(size, length)
        for index, item in enumerate(value.items):
            if size == _POINTER:
                self.pointer(made.pointer(index), item)
            elif isinstance(item, Value):
                _set_element(made, element.kind, index, item)

    def struct_element(self, target: AnyStructBuilder, item: Written) -> None:
        if isinstance(item, StructValue):
            self.struct(target, item.fields)
        elif isinstance(item, Value) and isinstance(item.content, bytes):
            source = MessageReader([item.content]).root.struct()
            for offset in range(0, source.data_bytes, 8):
                target.set_u64(offset, source.u64(offset))
            for index in range(source.pointer_count):
                if source.has(index):
                    target.pointer(index).set(source.pointer(index))


def _set_discriminant(target: AnyStructBuilder, member: MemberInfo) -> None:
    """Makes a member the active one of its union."""
    if member.in_union and member.parent is not None and member.parent.union is not None:
        offset = member.parent.union.discriminant
        assert offset is not None
        target.set_u16(offset * 2, member.discriminant)


def _clear(target: AnyStructBuilder, member: MemberInfo) -> None:
    """Makes a member active and zero; a literal that names several members of a union starts anew with each group."""
    _set_discriminant(target, member)
    kind = member.type.kind
    if not member.is_field:
        for child in member.children:
            if not child.in_union or child.discriminant == 0:
                _clear(target, child)
    elif kind == TypeKind.BOOL:
        target.set_boolean(member.offset, False)
    elif kind in NUMBER_FORMATS:
        _set_number(target, kind, member.offset, 0)
    elif kind != TypeKind.VOID:
        target.clear(member.offset)


def _bits(kind: TypeKind, content: object) -> int:
    """Returns a number as the unsigned integer that stands for it on the wire."""
    return int.from_bytes(struct.pack(NUMBER_FORMATS[kind], content), "little")


def _number(kind: TypeKind, bits: int) -> int | float:
    """Returns the number for which an unsigned integer stands on the wire."""
    layout = NUMBER_FORMATS[kind]
    number: int | float = struct.unpack(layout, bits.to_bytes(struct.calcsize(layout), "little"))[0]
    return number


def _set_number(target: AnyStructBuilder, kind: TypeKind, offset: int, bits: int) -> None:
    width = struct.calcsize(NUMBER_FORMATS[kind])
    setters = {1: target.set_u8, 2: target.set_u16, 4: target.set_u32, 8: target.set_u64}
    setters[width](offset * width, bits)


def _set_element(target: AnyListBuilder, kind: TypeKind, index: int, item: Value) -> None:
    if kind == TypeKind.BOOL:
        target.set_boolean(index, bool(item.content))
    elif kind in NUMBER_FORMATS:
        setters = {1: target.set_u8, 2: target.set_u16, 4: target.set_u32, 8: target.set_u64}
        setters[struct.calcsize(NUMBER_FORMATS[kind])](index, _bits(kind, item.content))


# -- reading parts of constants -----------------------------------------------------------------------------------------


def is_active(member: MemberInfo, content: bytes | None) -> bool:
    """Returns whether a constant struct holds a member: inside a union only the active one is there."""
    if not member.in_union or member.parent is None or member.parent.union is None:
        return True
    offset = member.parent.union.discriminant
    if content is None or offset is None:
        return member.discriminant == 0
    return MessageReader([content]).root.struct().u16(offset * 2) == member.discriminant


def read_field(structs: Structs, member: MemberInfo, type_: Type, content: bytes | None) -> Value:
    """Returns the value of a field of a constant struct; `content` is the struct's message, None for a null one."""
    default = structs.field_default(member)
    if content is None:
        return default
    source = MessageReader([content]).root.struct()
    kind = type_.kind
    if kind == TypeKind.VOID:
        return Value(kind)
    if kind == TypeKind.BOOL:
        return Value(kind, source.boolean(member.offset, bool(default.content)))
    if kind in NUMBER_FORMATS:
        width = struct.calcsize(NUMBER_FORMATS[kind])
        getters = {1: source.u8, 2: source.u16, 4: source.u32, 8: source.u64}
        return Value(kind, _number(kind, getters[width](member.offset * width) ^ _bits(kind, default.content)))
    if not source.has(member.offset):
        return Value(kind) if default.kind != kind else default
    return _pointer_value(kind, source.pointer(member.offset))


def read_element(type_: Type, content: bytes, index: int) -> Value:
    """Returns an element of a constant list; `content` is the list's message."""
    source = MessageReader([content]).root.list()
    kind = type_.kind
    if kind == TypeKind.VOID:
        return Value(kind)
    if kind == TypeKind.BOOL:
        return Value(kind, source.boolean(index))
    if kind in NUMBER_FORMATS:
        getters = {1: source.u8, 2: source.u16, 4: source.u32, 8: source.u64}
        return Value(kind, _number(kind, getters[struct.calcsize(NUMBER_FORMATS[kind])](index)))
    if kind == TypeKind.STRUCT:
        return Value(kind, copied_message(source.struct(index)))
    return _pointer_value(kind, source.pointer(index))


def _pointer_value(kind: TypeKind, source: AnyPointer) -> Value:
    if source.is_null or kind == TypeKind.INTERFACE:
        return Value(kind)
    if kind == TypeKind.TEXT:
        return Value(kind, source.text())
    if kind == TypeKind.DATA:
        return Value(kind, source.blob())
    return Value(kind, copied_message(source))
