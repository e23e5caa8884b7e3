"""Nodes to messages of schema.capnp, by fixed offsets.

Knows where each field of schema.capnp lies; the counterpart of `decode`, with the same numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from caplet.schema.model import (
    Annotation,
    AnnotationNode,
    AnyPointerType,
    Brand,
    BrandScope,
    CodeGeneratorRequest,
    ConstNode,
    Enumerant,
    EnumNode,
    Field,
    Identifier,
    ImplicitParameterType,
    Import,
    InterfaceNode,
    ListType,
    MemberInfo,
    Method,
    NamedType,
    NestedNode,
    Node,
    ParameterType,
    RequestedFile,
    Slot,
    SourceInfo,
    StructNode,
    Superclass,
    Type,
    TypeKind,
    Value,
)
from caplet.schema.type_sizes import NUMBER_FORMATS
from caplet.wire.message import MessageReader
from caplet.wire.untyped_builder import AnyPointerBuilder, AnyStructBuilder

__all__ = ["NODE_SIZE", "write_node", "write_request"]

NODE_SIZE: Final = (6, 6)
"""The words and pointers of a Node."""

Item = TypeVar("Item")
_NO_DISCRIMINANT: Final = 0xFFFF


def write_request(target: AnyPointerBuilder, request: CodeGeneratorRequest) -> None:
    """Writes a CodeGeneratorRequest behind a pointer."""
    made = target.init_struct(0, 4)
    _items(made, 0, request.nodes, *NODE_SIZE, write_node)
    _items(made, 1, request.requested_files, 1, 3, _write_requested_file)
    if request.capnp_version is not None:
        version = made.init_struct(2, 1, 0)
        version.set_u16(0, request.capnp_version.major)
        version.set_u8(2, request.capnp_version.minor)
        version.set_u8(3, request.capnp_version.micro)
    _items(made, 3, request.source_info, 2, 2, _write_source_info)


def write_node(target: AnyStructBuilder, node: Node) -> None:
    """Writes a Node into a struct of `NODE_SIZE`."""
    target.set_u64(0, node.id)
    target.set_text(0, node.display_name)
    target.set_u32(8, node.display_name_prefix_length)
    target.set_u64(16, node.scope_id)
    _items(target, 5, node.parameters, 0, 1, _write_name)
    target.set_boolean(288, node.is_generic)
    _items(target, 1, node.nested_nodes, 1, 1, _write_nested_node)
    _items(target, 2, node.annotations, 1, 2, _write_annotation)
    target.set_u32(40, node.start_byte)
    target.set_u32(44, node.end_byte)
    body = node.body
    if isinstance(body, StructNode):
        _write_struct(target, body)
    elif isinstance(body, EnumNode):
        target.set_u16(12, 2)
        _items(target, 3, body.enumerants, 1, 2, _write_enumerant)
    elif isinstance(body, InterfaceNode):
        target.set_u16(12, 3)
        _items(target, 3, body.methods, 3, 5, _write_method)
        _items(target, 4, body.superclasses, 1, 1, _write_superclass)
    elif isinstance(body, ConstNode):
        target.set_u16(12, 4)
        _write_type(target.init_struct(3, 3, 1), body.type)
        _write_value(target.init_struct(4, 2, 1), body.value)
    elif isinstance(body, AnnotationNode):
        target.set_u16(12, 5)
        _write_type(target.init_struct(3, 3, 1), body.type)
        target.set_u16(14, int(body.targets))


def _items(
    target: AnyStructBuilder,
    index: int,
    items: Sequence[Item],
    data_words: int,
    pointer_count: int,
    write: Callable[[AnyStructBuilder, Item], None],
) -> None:
    """Writes a list of structs; an empty one stays a null pointer."""
    if items:
        made = target.init_struct_list(index, len(items), data_words, pointer_count)
        for number, item in enumerate(items):
            write(made.struct(number), item)


def _write_name(target: AnyStructBuilder, name: str) -> None:
    target.set_text(0, name)


def _write_nested_node(target: AnyStructBuilder, nested: NestedNode) -> None:
    target.set_text(0, nested.name)
    target.set_u64(0, nested.id)


def _write_struct(target: AnyStructBuilder, body: StructNode) -> None:
    target.set_u16(12, 1)
    target.set_u16(14, body.data_word_count)
    target.set_u16(24, body.pointer_count)
    target.set_u16(26, int(body.preferred_list_encoding))
    target.set_boolean(224, body.is_group)
    target.set_u16(30, body.discriminant_count)
    target.set_u32(32, body.discriminant_offset)
    _items(target, 3, body.fields, 3, 4, _write_field)


def _write_field(target: AnyStructBuilder, field: Field) -> None:
    target.set_text(0, field.name)
    target.set_u16(0, field.code_order)
    _items(target, 1, field.annotations, 1, 2, _write_annotation)
    target.set_u16(2, field.discriminant_value, _NO_DISCRIMINANT)
    body = field.body
    if isinstance(body, Slot):
        target.set_u32(4, body.offset)
        _write_type(target.init_struct(2, 3, 1), body.type)
        _write_value(target.init_struct(3, 2, 1), body.default)
        target.set_boolean(128, body.had_explicit_default)
    else:
        target.set_u16(8, 1)
        target.set_u64(16, body.type_id)
    if field.ordinal is not None:
        target.set_u16(10, 1)
        target.set_u16(12, field.ordinal)


def _write_enumerant(target: AnyStructBuilder, enumerant: Enumerant) -> None:
    target.set_text(0, enumerant.name)
    target.set_u16(0, enumerant.code_order)
    _items(target, 1, enumerant.annotations, 1, 2, _write_annotation)


def _write_superclass(target: AnyStructBuilder, superclass: Superclass) -> None:
    target.set_u64(0, superclass.id)
    _write_brand(target, 0, superclass.brand)


def _write_method(target: AnyStructBuilder, method: Method) -> None:
    target.set_text(0, method.name)
    target.set_u16(0, method.code_order)
    target.set_u64(8, method.param_struct_type)
    target.set_u64(16, method.result_struct_type)
    _items(target, 1, method.annotations, 1, 2, _write_annotation)
    _write_brand(target, 2, method.param_brand)
    _write_brand(target, 3, method.result_brand)
    _items(target, 4, method.implicit_parameters, 0, 1, _write_name)


def _write_type(target: AnyStructBuilder, type_: Type) -> None:
    target.set_u16(0, int(type_.kind))
    if isinstance(type_, ListType):
        _write_type(target.init_struct(0, 3, 1), type_.element)
    elif isinstance(type_, NamedType):
        target.set_u64(8, type_.type_id)
        _write_brand(target, 0, type_.brand)
    elif isinstance(type_, AnyPointerType):
        target.set_u16(10, int(type_.constraint))
    elif isinstance(type_, ParameterType):
        target.set_u16(8, 1)
        target.set_u16(10, type_.parameter_index)
        target.set_u64(16, type_.scope_id)
    elif isinstance(type_, ImplicitParameterType):
        target.set_u16(8, 2)
        target.set_u16(10, type_.parameter_index)


def _write_brand(target: AnyStructBuilder, index: int, brand: Brand) -> None:
    if brand.scopes:
        _items(target.init_struct(index, 0, 1), 0, brand.scopes, 2, 1, _write_brand_scope)


def _write_brand_scope(target: AnyStructBuilder, scope: BrandScope) -> None:
    target.set_u64(0, scope.scope_id)
    if scope.bindings is None:
        target.set_u16(8, 1)
    else:
        _items(target, 0, scope.bindings, 1, 1, _write_binding)


def _write_binding(target: AnyStructBuilder, binding: Type | None) -> None:
    if binding is not None:
        target.set_u16(0, 1)
        _write_type(target.init_struct(0, 3, 1), binding)


def _write_annotation(target: AnyStructBuilder, annotation: Annotation) -> None:
    target.set_u64(0, annotation.id)
    _write_value(target.init_struct(0, 2, 1), annotation.value)
    _write_brand(target, 1, annotation.brand)


def _write_value(target: AnyStructBuilder, value: Value) -> None:
    content = value.content
    target.set_u16(0, int(value.kind))
    if value.kind == TypeKind.BOOL:
        target.set_boolean(16, bool(content))
    elif value.kind in NUMBER_FORMATS:
        packed = struct.pack(NUMBER_FORMATS[value.kind], content)
        # It lies where its own width divides the offset, behind the two bytes of the kind.
        start = max(2, len(packed))
        for offset, byte in enumerate(packed):
            target.set_u8(start + offset, byte)
    elif isinstance(content, str):
        target.set_text(0, content)
    elif isinstance(content, bytes):
        if value.kind == TypeKind.DATA:
            target.set_blob(0, content)
        else:
            target.pointer(0).set(MessageReader([content]).root)


def _write_source_info(target: AnyStructBuilder, info: SourceInfo) -> None:
    target.set_u64(0, info.id)
    if info.doc_comment is not None:
        target.set_text(0, info.doc_comment)
    _items(target, 1, info.members, 0, 1, _write_member_info)
    target.set_u32(8, info.start_byte)
    target.set_u32(12, info.end_byte)


def _write_member_info(target: AnyStructBuilder, member: MemberInfo) -> None:
    if member.doc_comment is not None:
        target.set_text(0, member.doc_comment)


def _write_requested_file(target: AnyStructBuilder, file: RequestedFile) -> None:
    target.set_u64(0, file.id)
    target.set_text(0, file.filename)
    _items(target, 1, file.imports, 1, 1, _write_import)
    if file.identifiers is not None:
        _items(target.init_struct(2, 0, 1), 0, file.identifiers, 3, 0, _write_identifier)


def _write_import(target: AnyStructBuilder, imported: Import) -> None:
    target.set_u64(0, imported.id)
    target.set_text(0, imported.name)


def _write_identifier(target: AnyStructBuilder, identifier: Identifier) -> None:
    target.set_u32(0, identifier.start_byte)
    target.set_u32(4, identifier.end_byte)
    target.set_u64(8, identifier.type_id)
    if identifier.member_ordinal is not None:
        target.set_u16(16, 1)
        target.set_u16(18, identifier.member_ordinal)
