"""A server of Caplet with one object."""

from __future__ import annotations

from typing import Any

import caplet

__all__ = ["serve_object"]


async def serve_object(served: Any) -> None:
    """Listen at a free port, print it, and serve an object to everybody."""
    async with caplet.serve("tcp://127.0.0.1:0", served) as server:
        print(server.address.rpartition(":")[2], flush=True)
        await server.serve_forever()
