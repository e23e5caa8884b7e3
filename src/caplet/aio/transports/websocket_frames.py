"""What messages look like on a WebSocket, whoever speaks its protocol: one binary frame a message.

Knows the subprotocol's name, the codes of the close frame and what a frame must hold. Does not know sockets or libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import DecodeError

if TYPE_CHECKING:
    from caplet.aio.transports.base import Framing
    from caplet.wire.buffers import Buffer
    from caplet.wire.message import MessageReader

__all__ = ["NORMAL", "SUBPROTOCOL_NAME", "TEXT_FRAME", "WRONG_KIND", "message_of_frame"]

SUBPROTOCOL_NAME = "capnp-rpc"

NORMAL = 1000
WRONG_KIND = 1003

TEXT_FRAME = "a text frame on a WebSocket; messages are sent as binary frames"


def message_of_frame(framing: Framing, frame: Buffer) -> MessageReader:
    """Return the message that a binary frame holds.

    Args:
        framing: of this WebSocket.
        frame: the whole frame.

    Raises:
        DecodeError: it does not hold exactly one message, or one beyond the limits.
    """
    found = framing.feed(memoryview(frame).toreadonly())
    if len(found) != 1 or framing.pending_bytes:
        raise DecodeError("a WebSocket frame that does not hold exactly one message")
    return found[0]
