"""Buffers that programs give: what is one, and what lies in it.

Knows formats of the buffer protocol and truth values as bits and as bytes. Does not know lists.
"""

from __future__ import annotations

from typing import Any

__all__ = ["BITS", "buffer_or_none", "bytes_of_bits", "copy_buffer", "plain_format"]

# The bits of each byte as eight bytes, the way back, and what counts as true.
BITS = [bytes(byte >> bit & 1 for bit in range(8)) for byte in range(256)]
_BYTES = {bits: byte for byte, bits in enumerate(BITS)}
_NATIVE = frozenset("bBhHiIqQfd?")
_TRUTH = bytes([0] + [1] * 255)


def bytes_of_bits(truths: bytes) -> bytes:
    """Return truth values, one in each byte and a multiple of eight of them, as bits."""
    source = truths.translate(_TRUTH)
    return bytes([_BYTES[source[at : at + 8]] for at in range(0, len(source), 8)])


def buffer_or_none(value: object) -> memoryview | None:
    """Return `value` as a buffer, None when it is none."""
    try:
        return memoryview(value)  # type: ignore[arg-type]
    except (TypeError, BufferError):
        return None


def plain_format(view: memoryview) -> str:
    """Return a buffer's format as the letter of a number of this size and byte order; another text when it is none."""
    letter = view.format.lstrip("@=<")
    if letter in ("l", "n"):
        return "q" if view.itemsize == 8 else "i"
    if letter in ("L", "N"):
        return "Q" if view.itemsize == 8 else "I"
    return letter


def copy_buffer(view: memoryview) -> memoryview:
    """Return a copy of a buffer of numbers; the buffer itself when its format is not one of this machine's."""
    letter = plain_format(view)
    if letter not in _NATIVE:
        return view
    cast: Any = memoryview(bytes(view)).cast
    copied: memoryview = cast(letter)
    return copied
