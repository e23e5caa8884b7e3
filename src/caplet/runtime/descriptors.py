"""File descriptors that came with references to objects.

Knows whose they are. Does not know how they travel.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from caplet.runtime.toolkit import when_resolved

if TYPE_CHECKING:
    from caplet.runtime.clients import Client

__all__ = ["duplicate_fd"]


async def duplicate_fd(client: Client) -> int | None:
    """Return a copy of the file descriptor that travelled with an object, once it is known which object it is.

    The copy belongs to the caller, who closes it: `os.fdopen(fd)` and `socket.socket(fileno=fd)` do so with what they return. What
    came over the connection is closed with the last reference to the object.

    Args:
        client: a reference to the object.

    Returns:
        A new descriptor; None when none came with the object, or the limits left no room for it.

    Raises:
        RpcError: the reference was broken.
        OSError: this program has no room for a descriptor.
    """
    resolved = await when_resolved(client)
    fd = resolved._capability.current().fd
    return None if fd is None else os.dup(fd)
