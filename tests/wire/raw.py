"""Messages written word by word, for tests that need them wrong."""

from __future__ import annotations

import struct

from caplet.limits import Limits
from caplet.wire.message import MessageReader
from caplet.wire.untyped import AnyPointer

BYTE, TWO_BYTES, FOUR_BYTES, EIGHT_BYTES, POINTER, COMPOSITE = 2, 3, 4, 5, 6, 7


def struct_pointer(offset: int, data_words: int, pointer_count: int) -> int:
    return (offset & 0x3FFFFFFF) << 2 | data_words << 32 | pointer_count << 48


def list_pointer(offset: int, size: int, count: int) -> int:
    return 1 | (offset & 0x3FFFFFFF) << 2 | size << 32 | count << 35


def far_pointer(segment: int, position: int, double: bool = False) -> int:
    return 2 | (4 if double else 0) | position << 3 | segment << 32


def capability_pointer(index: int) -> int:
    return 3 | index << 32


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


def root(*segments: bytes, limits: Limits | None = None) -> AnyPointer:
    """Return the root pointer of a message with these segments."""
    return MessageReader(list(segments), limits).root


def text_word(text: str) -> int:
    return int.from_bytes(text.encode().ljust(8, b"\0"), "little")
