"""How ids of declarations are derived from the id of the scope around them, and the ids that mean something to everybody.

Knows the recipes, which every compiler must share, since ids are on the wire; nothing else.
"""

from __future__ import annotations

import hashlib
import os

__all__ = ["IMPLICIT_SCOPE", "STREAM_RESULT_ID", "child_id", "group_id", "method_struct_id", "random_id"]

# The result struct of methods that are declared `-> stream` (stream.capnp, StreamResult).
STREAM_RESULT_ID = 0x995F9A3377C0B16E
# Stands in brands for the method at hand, whose implicit parameters belong to no node.
IMPLICIT_SCOPE = 0

_HIGHEST_BIT = 1 << 63


def _derive(content: bytes) -> int:
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") | _HIGHEST_BIT


def child_id(parent_id: int, name: str) -> int:
    """Returns the id of a declaration without one of its own, from its scope's id and its name."""
    return _derive(parent_id.to_bytes(8, "little") + name.encode())


def group_id(parent_id: int, index: int) -> int:
    """Returns the id of a group, from its struct's id and its index among the struct's fields."""
    return _derive(parent_id.to_bytes(8, "little") + index.to_bytes(2, "little"))


def method_struct_id(interface_id: int, ordinal: int, results: bool) -> int:
    """Returns the id of the struct made of a method's parameters, or of its results."""
    return _derive(interface_id.to_bytes(8, "little") + ordinal.to_bytes(2, "little") + bytes((results,)))


def random_id() -> int:
    """Returns a new id for a file: 64 random bits, the highest of them set."""
    return int.from_bytes(os.urandom(8), "big") | _HIGHEST_BIT
