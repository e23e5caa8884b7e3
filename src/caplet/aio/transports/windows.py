"""How many bytes of a stream of calls may be unanswered: as many as the system takes before it makes the sender wait.

Knows sockets, and the loop's transports over them. Does not know streams of calls, nor who counts their bytes.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol

from caplet.rpc.window import DEFAULT_WINDOW_BYTES

if TYPE_CHECKING:
    import asyncio

__all__ = ["send_buffer_bytes", "stream_buffer_bytes"]


class _Tells(Protocol):
    """What is asked of a socket; the loops' own stand-ins for sockets have it too."""

    def getsockopt(self, level: int, option: int, /) -> int:
        """Return an option."""
        ...


def send_buffer_bytes(sock: _Tells | None) -> int:
    """Return the size of a socket's send buffer, which the system may change at any time; the default window when it does not tell."""
    if sock is None:
        return DEFAULT_WINDOW_BYTES
    try:
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) or DEFAULT_WINDOW_BYTES
    except OSError:
        return DEFAULT_WINDOW_BYTES


def stream_buffer_bytes(stream: asyncio.BaseTransport | None) -> int:
    """Return the size of the send buffer of the socket below a loop's transport; the default window when there is no socket."""
    sock: _Tells | None = None if stream is None else stream.get_extra_info("socket")
    return send_buffer_bytes(sock)
