"""How much room values take: those of the data section in bits, elements of lists as the wire says it.

Knows numbers for kinds of types. Does not know how structs are laid out.
"""

from __future__ import annotations

from typing import Final

from caplet.schema.model import ElementSize, Type, TypeKind

__all__ = ["DATA_BITS", "ELEMENT_SIZES", "NUMBER_FORMATS", "data_bits", "is_pointer"]

DATA_BITS: Final[dict[TypeKind, int]] = {
    TypeKind.VOID: 0,
    TypeKind.BOOL: 1,
    TypeKind.INT8: 8,
    TypeKind.UINT8: 8,
    TypeKind.INT16: 16,
    TypeKind.UINT16: 16,
    TypeKind.ENUM: 16,
    TypeKind.INT32: 32,
    TypeKind.UINT32: 32,
    TypeKind.FLOAT32: 32,
    TypeKind.INT64: 64,
    TypeKind.UINT64: 64,
    TypeKind.FLOAT64: 64,
}
"""The kinds whose values lie in the data section, with their width; all others lie behind pointers."""

_ELEMENT_SIZES_OF_BITS: Final = {
    0: ElementSize.EMPTY,
    1: ElementSize.BIT,
    8: ElementSize.BYTE,
    16: ElementSize.TWO_BYTES,
    32: ElementSize.FOUR_BYTES,
    64: ElementSize.EIGHT_BYTES,
}

ELEMENT_SIZES: Final[dict[TypeKind, int]] = {
    kind: int(_ELEMENT_SIZES_OF_BITS[bits]) for kind, bits in DATA_BITS.items()
}
"""The size code of a list of such values."""

NUMBER_FORMATS: Final[dict[TypeKind, str]] = {
    TypeKind.INT8: "<b",
    TypeKind.UINT8: "<B",
    TypeKind.INT16: "<h",
    TypeKind.UINT16: "<H",
    TypeKind.ENUM: "<H",
    TypeKind.INT32: "<i",
    TypeKind.UINT32: "<I",
    TypeKind.FLOAT32: "<f",
    TypeKind.INT64: "<q",
    TypeKind.UINT64: "<Q",
    TypeKind.FLOAT64: "<d",
}
"""How `struct` packs a number of each kind."""


def is_pointer(type_: Type) -> bool:
    """Returns whether values of the type lie behind a pointer."""
    return type_.kind not in DATA_BITS


def data_bits(type_: Type) -> int:
    """Returns how many bits a value of the type takes in a data section; 0 for pointers and Void."""
    return DATA_BITS.get(type_.kind, 0)
