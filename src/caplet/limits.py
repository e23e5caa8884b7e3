"""Every limit that protects a program from its peers and from damaged input, with its default.

Knows numbers only; where each is enforced is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "SCHEMA_NESTING", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for reading messages and for one connection.

    Args:
        traversal_words: how many words (8 bytes) the pointers of one message may lead to, repeats counted; also the largest
            message, in words, that a stream accepts (encoding reference, traversal limit).
        nesting: how many pointers deep a message may be read.
        segments: how many segments a message on a stream may have.
    """

    traversal_words: int = 8 * 1024 * 1024
    nesting: int = 64
    segments: int = 511


DEFAULT_LIMITS = Limits()

SCHEMA_NESTING = 64
"""How deep brackets and blocks of a schema text may be nested, and how many parts a dotted name may have."""
