"""The standard schemas: their sources, and their nodes without running the compiler.

Knows the schemas that every implementation of the protocol shares. Nothing is decoded before it is asked for.
"""

from __future__ import annotations

from base64 import b64decode
from functools import lru_cache

from caplet.schema.codec import load_flat_request
from caplet.schema.registry import Registry
from caplet.std.blobs import BLOBS

__all__ = ["standard_registry"]


@lru_cache(maxsize=1)
def standard_registry() -> Registry:
    """Returns the registry of the standard schemas; `file("capnp/rpc.capnp")` finds one. It is shared: add nothing."""
    registry = Registry()
    for blob in BLOBS.values():
        load_flat_request(b64decode(blob), registry)
    return registry
