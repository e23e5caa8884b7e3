"""Messages of schema.capnp to nodes, by fixed offsets.

Knows where each field of schema.capnp lies, so that no classes made from that schema are needed. Offsets are in bytes
from the start of the data section (bits for truth values), pointers by index. Whether the nodes make sense is checked
elsewhere; only what no node can be made of is refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from caplet.errors import SchemaError
from caplet.schema.model import (
    EMPTY_BRAND,
    PRIMITIVES,
    Annotation,
    AnnotationNode,
    AnnotationTargets,
    AnyPointerConstraint,
    AnyPointerType,
    Brand,
    BrandScope,
    CapnpVersion,
    CodeGeneratorRequest,
    ConstNode,
    ElementSize,
    Enumerant,
    EnumNode,
    EnumType,
    Field,
    FileNode,
    Group,
    Identifier,
    ImplicitParameterType,
    Import,
    InterfaceNode,
    InterfaceType,
    ListType,
    MemberInfo,
    Method,
    NestedNode,
    Node,
    NodeBody,
    ParameterType,
    RequestedFile,
    Slot,
    SourceInfo,
    StructNode,
    StructType,
    Superclass,
    Type,
    TypeKind,
    Value,
)
from caplet.wire.message import MessageBuilder
from caplet.wire.untyped import AnyPointer, AnyStruct

__all__ = ["read_node", "read_request", "read_source_info"]

Item = TypeVar("Item")
_NO_DISCRIMINANT: Final = 0xFFFF
_TARGETS_BYTE: Final = 14
_TARGETS_MASK: Final = int(AnnotationTargets.ALL)


def read_request(source: AnyStruct) -> CodeGeneratorRequest:
    """Reads a CodeGeneratorRequest.

    Raises:
        DecodeError: the message is not well-formed.
        SchemaError: a union member is not known.
    """
    version = source.struct(2)
    return CodeGeneratorRequest(
        nodes=_items(source, 0, read_node),
        requested_files=_items(source, 1, _read_requested_file),
        source_info=_items(source, 3, read_source_info),
        capnp_version=CapnpVersion(version.u16(0), version.u8(2), version.u8(3)) if source.has(2) else None,
    )


def read_node(source: AnyStruct) -> Node:
    """Reads a Node.

    Raises:
        DecodeError: the message is not well-formed.
        SchemaError: a union member is not known.
    """
    return Node(
        id=source.u64(0),
        display_name=source.text(0),
        display_name_prefix_length=source.u32(8),
        scope_id=source.u64(16),
        body=_read_body(source),
        parameters=_items(source, 5, _read_name),
        is_generic=source.boolean(288),
        nested_nodes=_items(source, 1, _read_nested_node),
        annotations=_items(source, 2, _read_annotation),
        start_byte=source.u32(40),
        end_byte=source.u32(44),
    )


def read_source_info(source: AnyStruct) -> SourceInfo:
    """Reads a Node.SourceInfo."""
    return SourceInfo(
        id=source.u64(0),
        doc_comment=_text_or_none(source, 0),
        members=_items(source, 1, lambda member: MemberInfo(_text_or_none(member, 0))),
        start_byte=source.u32(8),
        end_byte=source.u32(12),
    )


def _items(source: AnyStruct, index: int, read: Callable[[AnyStruct], Item]) -> tuple[Item, ...]:
    if not source.has(index):
        return ()
    items = source.list(index)
    return tuple([read(items.struct(number)) for number in range(len(items))])


def _text_or_none(source: AnyStruct, index: int) -> str | None:
    return source.text(index) if source.has(index) else None


def _read_name(source: AnyStruct) -> str:
    return source.text(0)


def _read_nested_node(source: AnyStruct) -> NestedNode:
    return NestedNode(source.text(0), source.u64(0))


def _read_body(source: AnyStruct) -> NodeBody:
    tag = source.u16(12)
    if tag == 0:
        return FileNode()
    if tag == 1:
        return StructNode(
            data_word_count=source.u16(14),
            pointer_count=source.u16(24),
            preferred_list_encoding=_element_size(source.u16(26)),
            is_group=source.boolean(224),
            discriminant_count=source.u16(30),
            discriminant_offset=source.u32(32),
            fields=_items(source, 3, _read_field),
        )
    if tag == 2:
        return EnumNode(_items(source, 3, _read_enumerant))
    if tag == 3:
        return InterfaceNode(_items(source, 3, _read_method), _items(source, 4, _read_superclass))
    if tag == 4:
        return ConstNode(_read_type(source.struct(3)), _read_value(source.struct(4)))
    if tag == 5:
        targets = source.u16(_TARGETS_BYTE) & _TARGETS_MASK
        return AnnotationNode(_read_type(source.struct(3)), AnnotationTargets(targets))
    raise SchemaError(f"a node of an unknown kind ({tag}): {source.text(0)}")


def _element_size(number: int) -> ElementSize:
    if number > ElementSize.INLINE_COMPOSITE:
        raise SchemaError(f"an unknown list encoding ({number})")
    return ElementSize(number)


def _read_field(source: AnyStruct) -> Field:
    tag = source.u16(8)
    body: Slot | Group
    if tag == 0:
        body = Slot(source.u32(4), _read_type(source.struct(2)), _read_value(source.struct(3)), source.boolean(128))
    elif tag == 1:
        body = Group(source.u64(16))
    else:
        raise SchemaError(f"a field of an unknown kind ({tag}): {source.text(0)}")
    return Field(
        name=source.text(0),
        code_order=source.u16(0),
        body=body,
        discriminant_value=source.u16(2, _NO_DISCRIMINANT),
        ordinal=source.u16(12) if source.u16(10) == 1 else None,
        annotations=_items(source, 1, _read_annotation),
    )


def _read_enumerant(source: AnyStruct) -> Enumerant:
    return Enumerant(source.text(0), source.u16(0), _items(source, 1, _read_annotation))


def _read_superclass(source: AnyStruct) -> Superclass:
    return Superclass(source.u64(0), _read_brand(source, 0))


def _read_method(source: AnyStruct) -> Method:
    return Method(
        name=source.text(0),
        code_order=source.u16(0),
        param_struct_type=source.u64(8),
        result_struct_type=source.u64(16),
        param_brand=_read_brand(source, 2),
        result_brand=_read_brand(source, 3),
        implicit_parameters=_items(source, 4, _read_name),
        annotations=_items(source, 1, _read_annotation),
    )


def _read_type(source: AnyStruct) -> Type:
    tag = source.u16(0)
    if tag <= TypeKind.DATA:
        return PRIMITIVES[TypeKind(tag)]
    if tag == TypeKind.LIST:
        return ListType(_read_type(source.struct(0)))
    if tag == TypeKind.ENUM:
        return EnumType(source.u64(8), _read_brand(source, 0))
    if tag == TypeKind.STRUCT:
        return StructType(source.u64(8), _read_brand(source, 0))
    if tag == TypeKind.INTERFACE:
        return InterfaceType(source.u64(8), _read_brand(source, 0))
    if tag == TypeKind.ANY_POINTER:
        return _read_any_pointer(source)
    raise SchemaError(f"a type of an unknown kind ({tag})")


def _read_any_pointer(source: AnyStruct) -> Type:
    tag, number = source.u16(8), source.u16(10)
    if tag == 0 and number <= AnyPointerConstraint.CAPABILITY:
        return AnyPointerType(AnyPointerConstraint(number))
    if tag == 1:
        return ParameterType(source.u64(16), number)
    if tag == 2:
        return ImplicitParameterType(number)
    raise SchemaError(f"a pointer type of an unknown kind ({tag}, {number})")


def _read_brand(source: AnyStruct, index: int) -> Brand:
    scopes = _items(source.struct(index), 0, _read_brand_scope) if source.has(index) else ()
    return Brand(scopes) if scopes else EMPTY_BRAND


def _read_brand_scope(source: AnyStruct) -> BrandScope:
    tag = source.u16(8)
    if tag == 0:
        return BrandScope(source.u64(0), _items(source, 0, _read_binding))
    if tag == 1:
        return BrandScope(source.u64(0), None)
    raise SchemaError(f"a brand scope of an unknown kind ({tag})")


def _read_binding(source: AnyStruct) -> Type | None:
    tag = source.u16(0)
    if tag == 0:
        return None
    if tag == 1:
        return _read_type(source.struct(0))
    raise SchemaError(f"a binding of an unknown kind ({tag})")


def _read_annotation(source: AnyStruct) -> Annotation:
    return Annotation(source.u64(0), _read_value(source.struct(0)), _read_brand(source, 1))


def _read_value(source: AnyStruct) -> Value:
    tag = source.u16(0)
    if tag > TypeKind.ANY_POINTER:
        raise SchemaError(f"a value of an unknown kind ({tag})")
    kind = TypeKind(tag)
    read = _VALUE_READERS.get(kind)
    if read is not None:
        return Value(kind, read(source))
    if kind in (TypeKind.VOID, TypeKind.INTERFACE) or not source.has(0):
        return Value(kind)
    if kind == TypeKind.TEXT:
        return Value(kind, source.text(0))
    if kind == TypeKind.DATA:
        return Value(kind, source.blob(0))
    return Value(kind, _flat_copy(source.pointer(0)))


_VALUE_READERS: Final[dict[TypeKind, Callable[[AnyStruct], bool | int | float]]] = {
    TypeKind.BOOL: lambda source: source.boolean(16),
    TypeKind.INT8: lambda source: source.i8(2),
    TypeKind.INT16: lambda source: source.i16(2),
    TypeKind.INT32: lambda source: source.i32(4),
    TypeKind.INT64: lambda source: source.i64(8),
    TypeKind.UINT8: lambda source: source.u8(2),
    TypeKind.UINT16: lambda source: source.u16(2),
    TypeKind.UINT32: lambda source: source.u32(4),
    TypeKind.UINT64: lambda source: source.u64(8),
    TypeKind.FLOAT32: lambda source: source.f32(4),
    TypeKind.FLOAT64: lambda source: source.f64(8),
    TypeKind.ENUM: lambda source: source.u16(2),
}


def _flat_copy(source: AnyPointer) -> bytes:
    """Copies what a pointer leads to into a message of one segment."""
    message = MessageBuilder()
    message.root.set(source)
    segments = message.output()
    if len(segments) > 1:
        message = MessageBuilder(first_segment_words=message.total_words + 1)
        message.root.set(source)
        segments = message.output()
    return bytes(segments[0])


def _read_requested_file(source: AnyStruct) -> RequestedFile:
    return RequestedFile(
        id=source.u64(0),
        filename=source.text(0),
        imports=_items(source, 1, lambda found: Import(found.u64(0), found.text(0))),
        identifiers=_items(source.struct(2), 0, _read_identifier) if source.has(2) else None,
    )


def _read_identifier(source: AnyStruct) -> Identifier:
    ordinal = source.u16(18) if source.u16(16) == 1 else None
    return Identifier(source.u32(0), source.u32(4), source.u64(8), ordinal)
