"""What the types that need no declaration are called in the language of schemas.

Knows their names. Does not know declarations, nor lists.
"""

from __future__ import annotations

from typing import Final

from caplet.schema.model import AnyPointerConstraint, TypeKind

__all__ = ["ANY_POINTER_NAMES", "PRIMITIVE_NAMES"]

PRIMITIVE_NAMES: Final[dict[TypeKind, str]] = {
    TypeKind.VOID: "Void",
    TypeKind.BOOL: "Bool",
    TypeKind.INT8: "Int8",
    TypeKind.INT16: "Int16",
    TypeKind.INT32: "Int32",
    TypeKind.INT64: "Int64",
    TypeKind.UINT8: "UInt8",
    TypeKind.UINT16: "UInt16",
    TypeKind.UINT32: "UInt32",
    TypeKind.UINT64: "UInt64",
    TypeKind.FLOAT32: "Float32",
    TypeKind.FLOAT64: "Float64",
    TypeKind.TEXT: "Text",
    TypeKind.DATA: "Data",
}
ANY_POINTER_NAMES: Final[dict[AnyPointerConstraint, str]] = {
    AnyPointerConstraint.ANY_KIND: "AnyPointer",
    AnyPointerConstraint.STRUCT: "AnyStruct",
    AnyPointerConstraint.LIST: "AnyList",
    AnyPointerConstraint.CAPABILITY: "Capability",
}
