"""The types of whatever memory a message may be read from (`bytes`, `bytearray`, `memoryview`, `mmap`, arrays), and of what is written of one.

Python 3.12 has `collections.abc.Buffer`; before it type checkers know the same thing by this name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import array
    import mmap
    from collections.abc import Sequence

__all__ = ["Buffer", "Segments"]

Buffer: TypeAlias = "bytes | bytearray | memoryview | mmap.mmap | array.array[int] | array.array[float]"

# The segments of a message that is written: copies of short ones, views of long ones.
Segments: TypeAlias = "Sequence[memoryview | bytes]"
