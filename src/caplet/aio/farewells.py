"""Waiting for connections to come to their end.

Knows what somebody waits for who closes a connection or a server gently. Does not know how that comes about: the driver does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caplet.aio.driver import Link

__all__ = ["wait_drained", "wait_lost"]


async def wait_drained(link: Link) -> None:
    """Wait until no call of the peer is under way; calls that arrive meanwhile are served."""
    drained = link.drained = asyncio.get_running_loop().create_future()
    link.check_drained()
    await asyncio.wait([drained, link.lost], return_when=asyncio.FIRST_COMPLETED)


async def wait_lost(link: Link, timeout_s: float) -> None:
    """Wait until a transport has ended; when a peer that does not read keeps it from that, end it by force.

    Args:
        link: the connection that ends.
        timeout_s: how long the peer may take to read what was sent.
    """
    await asyncio.wait([link.lost], timeout=timeout_s)
    if not link.has_ended:
        link.transport.abort()
        await asyncio.wait([link.lost])
