"""The element size codes of list pointers, and how many data bits an element of each has."""

from __future__ import annotations

__all__ = ["BIT", "BYTE", "COMPOSITE", "DATA_BITS", "EIGHT_BYTES", "FOUR_BYTES", "POINTER", "TWO_BYTES", "VOID"]

VOID = 0
BIT = 1
BYTE = 2
TWO_BYTES = 3
FOUR_BYTES = 4
EIGHT_BYTES = 5
POINTER = 6
COMPOSITE = 7

DATA_BITS = (0, 1, 8, 16, 32, 64, 0, 0)
