"""The standard schemas: their sources, and their nodes without running the compiler.

Knows the schemas that every implementation of the protocol shares. Nothing is decoded before it is asked for.
"""

from __future__ import annotations

from functools import lru_cache

from caplet.schema.codec import flat_from_text, load_flat_request
from caplet.schema.registry import Registry

__all__ = ["standard_blob", "standard_registry"]


@lru_cache(maxsize=1)
def standard_registry() -> Registry:
    """Returns the registry of the standard schemas; `file("capnp/rpc.capnp")` finds one. It is shared: add nothing."""
    from caplet.std.blobs import BLOBS

    registry = Registry()
    for path in BLOBS:
        load_flat_request(standard_blob(path), registry)
    return registry


def standard_blob(path: str) -> bytes:
    """Returns a standard schema as a flat code generator request, without what it imports.

    Args:
        path: the path by which it is imported, without the leading slash.
    """
    from caplet.std.blobs import BLOBS

    return flat_from_text(BLOBS[path])
