"""The element size codes of list pointers, how many data bits an element of each has, and other numbers of the encoding.

Compiled modules declare those that they use in loops as machine numbers; a literal beyond 31 bits would be an object to them.
"""

from __future__ import annotations

__all__ = [
    "BIT",
    "BYTE",
    "COMPOSITE",
    "DATA_BITS",
    "EIGHT_BYTES",
    "EMPTY_STRUCT",
    "FOUR_BYTES",
    "HIGH_HALF",
    "LOW_HALF",
    "MAX_LIST_ELEMENTS",
    "MAX_SEGMENT_WORDS",
    "POINTER",
    "TWO_BYTES",
    "UNLIMITED_DEPTH",
    "UNLIMITED_WORDS",
    "VOID",
    "WORD",
]

VOID = 0
BIT = 1
BYTE = 2
TWO_BYTES = 3
FOUR_BYTES = 4
EIGHT_BYTES = 5
POINTER = 6
COMPOSITE = 7

DATA_BITS = (0, 1, 8, 16, 32, 64, 0, 0)

LOW_HALF = 0xFFFFFFFF  # the halves of a word
HIGH_HALF = 0xFFFFFFFF00000000
WORD = 0xFFFFFFFFFFFFFFFF
EMPTY_STRUCT = 0xFFFFFFFC
"""The pointer to a struct without size, which is found just before its pointer's end: offset -1."""

MAX_SEGMENT_WORDS = 1 << 28
MAX_LIST_ELEMENTS = (1 << 29) - 1

UNLIMITED_WORDS = 1 << 62
"""The traversal budget of what is our own."""
UNLIMITED_DEPTH = 1 << 30
"""The nesting limit of what is our own."""
