"""The messages of levels 3 and 4, which hand capabilities and calls over between three parties.

Knows that a vat of level 1 sends them back as unimplemented, as every message it does not know, so that their sender falls back to what it can
do without them (rpc.capnp, "Levels of RPC"). Capabilities that a third party hosts are used by their vine (`descriptor.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import ProtocolError
from caplet.rpc import encode

if TYPE_CHECKING:
    from caplet.rpc.connection import Connection
    from caplet.wire.message import MessageReader

__all__ = ["receive_unknown"]


def receive_unknown(connection: Connection, message: MessageReader) -> None:
    """Send a message of a kind that this vat does not do back, so that the peer knows.

    Raises:
        ProtocolError: it is too large for that.
    """
    # A copy need not be larger than the message; one that leads to the same place again and again would be.
    words = sum(segment.words for segment in message.segments)
    message.budget = min(message.budget, words)
    copy = encode.unimplemented(message)
    error = connection.refusal(copy)
    if error is not None:
        raise ProtocolError(f"an unknown message too large to send back: {error}")
    connection.send(copy)
