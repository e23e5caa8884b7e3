"""Who is at the other end of a connection, as far as the network vouches for it.

Knows what sockets, certificates and WebSocket requests tell about a peer. Does not know what a program makes of it.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

__all__ = ["Certificate", "Credentials", "Peer", "peer_at", "peer_of_socket"]

# What `ssl.SSLSocket.getpeercert` returns.
Certificate: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The process at the other end of a Unix socket, as the system knew it when the connection was made."""

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a connection. As text it is its address.

    Args:
        address: where it is; of a client that has no address of its own, what kind of connection it came by.
        credentials: its process, user and group, on Unix sockets where the system tells.
        certificate: the contents of its certificate, by TLS, when it showed one that was verified.
        certificate_der: that certificate as bytes.
        origin: the web page that it came from, as a browser says it, by WebSocket.
    """

    address: str
    credentials: Credentials | None = None
    certificate: Certificate | None = None
    certificate_der: bytes | None = None
    origin: str | None = None

    @property
    def name(self) -> str | None:
        """The name that its certificate vouches for: the first DNS name, else the common name; None without a certificate."""
        if self.certificate is None:
            return None
        for kind, value in cast("tuple[tuple[str, str], ...]", self.certificate.get("subjectAltName", ())):
            if kind == "DNS":
                return value
        subject = cast("tuple[tuple[tuple[str, str], ...], ...]", self.certificate.get("subject", ()))
        return next((value for part in subject for kind, value in part if kind == "commonName"), None)

    def __str__(self) -> str:
        return self.address


def address_of(name: object, family: int, kind: str = "tcp") -> str:
    """Return a socket's name as an address of ours; "" when it has none.

    Args:
        name: as `getpeername` or `getsockname` gives it.
        family: the family of the socket.
        kind: what stands in front of a host: tcp, tls, ws or wss.
    """
    if family in (socket.AF_INET, socket.AF_INET6) and isinstance(name, tuple) and name:
        parts = cast("tuple[str, int]", name)
        host = f"[{parts[0]}]" if family == socket.AF_INET6 else parts[0]
        return f"{kind}://{host}:{parts[1]}"
    if isinstance(name, str) and name:
        return f"unix:{name}"
    if isinstance(name, bytes) and name.startswith(b"\0"):
        return f"unix-abstract:{name[1:].decode(errors='replace')}"
    return ""


def peer_of_socket(sock: socket.socket, family: int, opened: str = "") -> Peer:
    """Return who is at the other end of a connected socket.

    Args:
        sock: the socket.
        family: its family.
        opened: the address by which it was opened; "" when it came in.
    """
    address = opened
    if not address:
        try:
            address = address_of(sock.getpeername(), family)
        except OSError:
            address = ""
    unix = family == getattr(socket, "AF_UNIX", None)
    return Peer(address or ("unix:" if unix else "the peer"), _credentials(sock) if unix else None)


@lru_cache(maxsize=64)
def peer_at(address: str) -> Peer:
    """Return a peer of which no more is known than where it is: the same one for all connections to it.

    Args:
        address: the address by which a connection was opened.
    """
    return Peer(address)


def peer_of_stream(extra: Mapping[str, object], kind: str, opened: str, origin: str | None = None) -> Peer:
    """Return who is at the other end of an asyncio transport.

    Args:
        extra: what the transport tells by `get_extra_info`: peername, socket, ssl_object.
        kind: what stands in front of its host: tcp, tls, ws or wss.
        opened: the address by which it was opened; "" when it came in.
        origin: the web page that it came from.
    """
    sock = cast("socket.socket | None", extra.get("socket"))
    address = opened or (address_of(extra.get("peername"), sock.family, kind) if sock is not None else "")
    tls = cast("ssl.SSLObject | None", extra.get("ssl_object"))
    certificate = tls.getpeercert() if tls is not None else None
    return Peer(
        address or str(extra.get("peername") or "the peer"),
        None,
        certificate or None,
        tls.getpeercert(binary_form=True) if tls is not None and certificate else None,
        origin,
    )


def _credentials(sock: socket.socket) -> Credentials | None:
    """Return what the system knows about the process at the other end of a Unix socket."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    layout = struct.Struct("3i")
    try:
        return Credentials(*layout.unpack(sock.getsockopt(socket.SOL_SOCKET, option, layout.size)))
    except OSError:
        return None
