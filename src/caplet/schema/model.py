"""Schemas as frozen data: one class for each struct of schema.capnp.

Knows the shape of a schema node and nothing else: not how nodes are encoded (codec), found (registry), compiled
from text (compiler) or turned into Python classes (runtime). Every object here is immutable, comparable and
hashable, so that schemas can be shared between threads and used as keys.

Names follow schema.capnp in snake_case. A union becomes a class for each member (`Node.body`, `Field.body`, `Type`),
a nullable pointer becomes `None`, a list a tuple.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag
from typing import Final

from caplet.schema.records import record

__all__ = [
    "ANY_POINTER",
    "DATA",
    "EMPTY_BRAND",
    "NO_DISCRIMINANT",
    "PRIMITIVES",
    "TEXT",
    "VOID",
    "Annotation",
    "AnnotationNode",
    "AnnotationTargets",
    "AnyPointerConstraint",
    "AnyPointerType",
    "Brand",
    "BrandScope",
    "CapnpVersion",
    "CodeGeneratorRequest",
    "ConstNode",
    "ElementSize",
    "EnumNode",
    "EnumType",
    "Enumerant",
    "Field",
    "FileNode",
    "Group",
    "Identifier",
    "ImplicitParameterType",
    "Import",
    "InterfaceNode",
    "InterfaceType",
    "ListType",
    "MemberInfo",
    "Method",
    "NamedType",
    "NestedNode",
    "Node",
    "NodeBody",
    "ParameterType",
    "PrimitiveType",
    "RequestedFile",
    "Slot",
    "SourceInfo",
    "StructNode",
    "StructType",
    "Superclass",
    "Type",
    "TypeKind",
    "Value",
]

NO_DISCRIMINANT: Final = 0xFFFF
"""`Field.discriminant_value` of a field that is not in a union."""


class TypeKind(IntEnum):
    """The discriminant of schema.capnp's Type and Value, with the same numbers."""

    VOID = 0
    BOOL = 1
    INT8 = 2
    INT16 = 3
    INT32 = 4
    INT64 = 5
    UINT8 = 6
    UINT16 = 7
    UINT32 = 8
    UINT64 = 9
    FLOAT32 = 10
    FLOAT64 = 11
    TEXT = 12
    DATA = 13
    LIST = 14
    ENUM = 15
    STRUCT = 16
    INTERFACE = 17
    ANY_POINTER = 18


class ElementSize(IntEnum):
    """How the elements of a list are encoded, with the numbers of the wire."""

    EMPTY = 0
    BIT = 1
    BYTE = 2
    TWO_BYTES = 3
    FOUR_BYTES = 4
    EIGHT_BYTES = 5
    POINTER = 6
    INLINE_COMPOSITE = 7


class AnyPointerConstraint(IntEnum):
    """What an unconstrained `AnyPointer` may point at (Type.anyPointer.unconstrained)."""

    ANY_KIND = 0
    STRUCT = 1
    LIST = 2
    CAPABILITY = 3


class AnnotationTargets(IntFlag):
    """Where an annotation may be put; the bits are in the order of schema.capnp's `targets…` fields."""

    NONE = 0
    FILE = 1 << 0
    CONST = 1 << 1
    ENUM = 1 << 2
    ENUMERANT = 1 << 3
    STRUCT = 1 << 4
    FIELD = 1 << 5
    UNION = 1 << 6
    GROUP = 1 << 7
    INTERFACE = 1 << 8
    METHOD = 1 << 9
    PARAM = 1 << 10
    ANNOTATION = 1 << 11
    ALL = (1 << 12) - 1


# ---------------------------------------------------------------------------------------------------------------------
# Types


@record
class Type:
    """The base of every type; `kind` says which subclass it is."""

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.VOID


@record
class PrimitiveType(Type):
    """A type without parameters: Void, Bool, the numbers, Text and Data. Take them from `PRIMITIVES`."""

    primitive: TypeKind

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return self.primitive


@record
class ListType(Type):
    """`List(element)`."""

    element: Type

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.LIST


@record
class BrandScope:
    """What one scope's generic parameters are bound to.

    `bindings` has one entry for each parameter of the scope, `None` for a parameter left unbound (AnyPointer). When
    `bindings` itself is `None`, the scope inherits the bindings of the place where the type is used.
    """

    scope_id: int
    bindings: tuple[Type | None, ...] | None


@record
class Brand:
    """Bindings for the generic parameters of a type and of the scopes around it; a scope not listed is unbound."""

    scopes: tuple[BrandScope, ...] = ()


EMPTY_BRAND: Final = Brand()
"""The brand of a type that binds nothing."""


@record
class NamedType(Type):
    """The base of the types that refer to a node."""

    type_id: int
    brand: Brand = EMPTY_BRAND


@record
class EnumType(NamedType):
    """An enum."""

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.ENUM


@record
class StructType(NamedType):
    """A struct."""

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.STRUCT


@record
class InterfaceType(NamedType):
    """A capability of an interface."""

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.INTERFACE


@record
class AnyPointerType(Type):
    """AnyPointer, AnyStruct, AnyList or Capability, by `constraint`."""

    constraint: AnyPointerConstraint = AnyPointerConstraint.ANY_KIND

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.ANY_POINTER


@record
class ParameterType(Type):
    """A generic parameter: number `parameter_index` of the node `scope_id`."""

    scope_id: int
    parameter_index: int

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.ANY_POINTER


@record
class ImplicitParameterType(Type):
    """An implicit generic parameter of the method in whose parameters or results it stands."""

    parameter_index: int

    @property
    def kind(self) -> TypeKind:
        """The kind, as in schema.capnp."""
        return TypeKind.ANY_POINTER


PRIMITIVES: Final[dict[TypeKind, PrimitiveType]] = {
    kind: PrimitiveType(kind) for kind in TypeKind if kind <= TypeKind.DATA
}
"""The one object for each type without parameters."""

VOID: Final = PRIMITIVES[TypeKind.VOID]
TEXT: Final = PRIMITIVES[TypeKind.TEXT]
DATA: Final = PRIMITIVES[TypeKind.DATA]
ANY_POINTER: Final = AnyPointerType()


# ---------------------------------------------------------------------------------------------------------------------
# Values and annotations


@record
class Value:
    """A default value, constant or annotation value.

    `content` by `kind`: VOID and INTERFACE `None`; BOOL `bool`; the integers and ENUM `int`; the floats `float`;
    TEXT `str`; DATA `bytes`; LIST, STRUCT and ANY_POINTER a self-contained single-segment message as `bytes` (the
    words of the segment, the root pointer first). A null pointer is `None` for all pointer kinds.
    """

    kind: TypeKind
    content: bool | int | float | str | bytes | None = None

    def __eq__(self, other: object) -> bool:
        """Whether both have the same encoding: NaN equals NaN, and 0.0 is not -0.0."""
        if not isinstance(other, Value):
            return NotImplemented
        return self.kind == other.kind and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.kind, self._key()))

    def _key(self) -> bool | int | str | bytes | None:
        return struct.pack("<d", self.content) if isinstance(self.content, float) else self.content


@record
class Annotation:
    """An annotation applied to something: the annotation node's id, its brand, and the value."""

    id: int
    value: Value
    brand: Brand = EMPTY_BRAND


# ---------------------------------------------------------------------------------------------------------------------
# Members of nodes


@record
class NestedNode:
    """A named declaration inside a node."""

    name: str
    id: int


@record
class Slot:
    """An ordinary field: where it lies and what it is.

    `offset` is in units of the field's own size: bits for Bool, bytes for 8 bits, 16-bit units ...; for pointer types
    the index of the pointer; 0 for Void.
    """

    offset: int
    type: Type
    default: Value
    had_explicit_default: bool = False


@record
class Group:
    """A group or named union: a struct node that shares the sections of its parent."""

    type_id: int


@record
class Field:
    """A member of a struct: `body` is a Slot or a Group.

    `discriminant_value` is `NO_DISCRIMINANT` outside of unions; `ordinal` is `None` for groups without `@n`;
    `code_order` is the position in the schema text.
    """

    name: str
    code_order: int
    body: Slot | Group
    discriminant_value: int = NO_DISCRIMINANT
    ordinal: int | None = None
    annotations: tuple[Annotation, ...] = ()

    @property
    def in_union(self) -> bool:
        """Whether the field is a member of the struct's unnamed union (or of a named union's group)."""
        return self.discriminant_value != NO_DISCRIMINANT


@record
class Enumerant:
    """A member of an enum; its number is its position in `EnumNode.enumerants`."""

    name: str
    code_order: int
    annotations: tuple[Annotation, ...] = ()


@record
class Method:
    """A method; its number is its position in `InterfaceNode.methods`."""

    name: str
    code_order: int
    param_struct_type: int
    result_struct_type: int
    param_brand: Brand = EMPTY_BRAND
    result_brand: Brand = EMPTY_BRAND
    implicit_parameters: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()


@record
class Superclass:
    """An interface that another one extends."""

    id: int
    brand: Brand = EMPTY_BRAND


# ---------------------------------------------------------------------------------------------------------------------
# Nodes


@record
class FileNode:
    """The body of a file's node: it only has nested nodes and annotations."""


@record
class StructNode:
    """A struct, group or named union.

    `fields` are sorted by ordinal. `discriminant_offset` is in 16-bit units from the start of the data section and
    has a meaning when `discriminant_count` is not 0.
    """

    data_word_count: int
    pointer_count: int
    preferred_list_encoding: ElementSize
    is_group: bool
    discriminant_count: int
    discriminant_offset: int
    fields: tuple[Field, ...]


@record
class EnumNode:
    """An enum; `enumerants` are sorted by ordinal."""

    enumerants: tuple[Enumerant, ...]


@record
class InterfaceNode:
    """An interface; `methods` are sorted by ordinal."""

    methods: tuple[Method, ...]
    superclasses: tuple[Superclass, ...] = ()


@record
class ConstNode:
    """A constant."""

    type: Type
    value: Value


@record
class AnnotationNode:
    """The declaration of an annotation."""

    type: Type
    targets: AnnotationTargets


NodeBody = FileNode | StructNode | EnumNode | InterfaceNode | ConstNode | AnnotationNode


@record
class Node:
    """One declaration of a schema: `body` says what it declares.

    `display_name` is the file's name, a colon and the dotted path (`a.capnp:Outer.Inner`);
    `name` is the declared name alone (the prefix length counts bytes). `scope_id` is the id of the node around it, 0 for
    a file. `parameters` are the names of its own generic parameters; `is_generic` also counts those of the scopes around
    it. The byte positions in the file are 0 when they are not known.
    """

    id: int
    display_name: str
    display_name_prefix_length: int
    scope_id: int
    body: NodeBody
    parameters: tuple[str, ...] = ()
    is_generic: bool = False
    nested_nodes: tuple[NestedNode, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    start_byte: int = 0
    end_byte: int = 0

    @property
    def name(self) -> str:
        """The declared name alone, without the file and the scopes around it."""
        if self.display_name.isascii():
            return self.display_name[self.display_name_prefix_length :]
        return self.display_name.encode()[self.display_name_prefix_length :].decode("utf-8", "replace")


# ---------------------------------------------------------------------------------------------------------------------
# What a compiler tells besides the nodes


@record
class MemberInfo:
    """The documentation of a field, enumerant or method."""

    doc_comment: str | None = None


@record
class SourceInfo:
    """The documentation of a node and its members; `members` are in the order of the body's tuple.

    The byte positions in the file are 0 when they are not known.
    """

    id: int
    doc_comment: str | None = None
    members: tuple[MemberInfo, ...] = ()
    start_byte: int = 0
    end_byte: int = 0


@record
class Import:
    """A file imported by another one: its id, and its name as the text writes it."""

    id: int
    name: str


@record
class Identifier:
    """A name in the text of a file and what it refers to: a node, or the member `member_ordinal` of a node."""

    start_byte: int
    end_byte: int
    type_id: int
    member_ordinal: int | None = None


@record
class RequestedFile:
    """A file for which code is to be generated."""

    id: int
    filename: str
    imports: tuple[Import, ...] = ()
    identifiers: tuple[Identifier, ...] | None = None


@record
class CapnpVersion:
    """The version of the compiler that made a request."""

    major: int
    minor: int
    micro: int


@record
class CodeGeneratorRequest:
    """Everything that a compiler hands to a code generator."""

    nodes: tuple[Node, ...]
    requested_files: tuple[RequestedFile, ...]
    source_info: tuple[SourceInfo, ...] = ()
    capnp_version: CapnpVersion | None = None
