"""What is the same for every connection that one `connect` or `serve` makes.

Knows the choices that users have about streams. Does not know how streams are opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caplet.limits import DEFAULT_LIMITS, Limits
from caplet.wire.framing import Framer
from caplet.wire.packed_framing import PackedFramer

if TYPE_CHECKING:
    import ssl

    from caplet.aio.transports.base import Framing

__all__ = ["StreamOptions"]


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Choices about streams.

    Args:
        limits: bounds for messages and for each connection.
        packed: whether messages travel packed, which saves a slow network bytes and costs time; both sides must say so.
        tls: certificates and rules for tls:// and wss://; None for the system's, which a server cannot do with.
        server_hostname: the name that the server's certificate must have; None for the host of the address.
        origins: web pages whose scripts may connect to a WebSocket server, as `https://host`; None for all.
    """

    limits: Limits = field(default=DEFAULT_LIMITS)
    packed: bool = False
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None
    origins: tuple[str, ...] | None = None

    def make_framing(self) -> Framing:
        """Return the framing of one stream."""
        return PackedFramer(self.limits) if self.packed else Framer(self.limits)
