"""The type of whatever memory a message may be read from: `bytes`, `bytearray`, `memoryview`, `mmap`, arrays.

Python 3.12 has `collections.abc.Buffer`; before it type checkers know the same thing by this name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import array
    import mmap

__all__ = ["Buffer"]

Buffer: TypeAlias = "bytes | bytearray | memoryview | mmap.mmap | array.array[int] | array.array[float]"
