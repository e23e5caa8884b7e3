"""Messages over any asyncio stream transport: TCP, Unix sockets, and whatever else the loop offers as one.

Knows framing over a byte stream and the loop's transports. Does not know addresses or the RPC protocol.

Many messages are cut out of one read, and all that one turn sends leaves in one write.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from caplet.errors import DecodeError
from caplet.wire.framing import Framer

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.aio.transports.base import Receiver
    from caplet.limits import Limits
    from caplet.wire.buffers import Buffer

__all__ = ["StreamTransport"]


class StreamTransport(asyncio.Protocol):
    """A transport over one byte stream.

    Args:
        accept: called once when the stream is open; returns who receives its messages.
        limits: bounds for each message.
    """

    def __init__(self, accept: Callable[[StreamTransport], Receiver], limits: Limits) -> None:
        self._accept: Callable[[StreamTransport], Receiver] | None = accept
        self._framer = Framer(limits)
        self._stream: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._error: BaseException | None = None
        self.peer_name = "nobody"

    # --- what the loop calls ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that the stream is open."""
        assert isinstance(transport, asyncio.Transport)
        self._stream = transport
        self.peer_name = _name_of_peer(transport)
        accept, self._accept = self._accept, None  # it may lead back to this transport
        assert accept is not None
        self._receiver = accept(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes off the stream."""
        receiver = self._receiver
        if receiver is None or self._error is not None:
            return
        try:
            messages = self._framer.feed(data)
        except DecodeError as error:
            self.fail(error)
            return
        if messages:
            receiver.receive_messages(messages)

    def eof_received(self) -> bool:
        """Hear that the peer ended its side of the stream; ours ends too."""
        if self._framer.pending_bytes and self._error is None:
            self._error = ConnectionResetError(
                f"{self.peer_name} ended the stream in the middle of a message ({self._framer.pending_bytes} bytes of it came)"
            )
        return False

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear that the stream is gone."""
        receiver, self._receiver = self._receiver, None
        self._stream = self._accept = None
        if receiver is not None:
            receiver.on_lost(self._error or exc)

    def pause_writing(self) -> None:
        """Hear that the loop's buffer is full."""
        if self._receiver is not None:
            self._receiver.on_writable(False)

    def resume_writing(self) -> None:
        """Hear that the loop's buffer has room again."""
        if self._receiver is not None:
            self._receiver.on_writable(True)

    # --- what a transport is --------------------------------------------------------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the system."""
        return 0 if self._stream is None else self._stream.get_write_buffer_size()

    def send(self, buffers: list[Buffer]) -> None:
        """Send the pieces of one or more frames in one write."""
        stream = self._stream
        if stream is None or stream.is_closing():
            return
        if len(buffers) == 1:
            stream.write(memoryview(buffers[0]))
        else:
            stream.writelines([memoryview(buffer) for buffer in buffers])

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`."""
        if self._stream is not None and self._stream.is_reading():
            self._stream.pause_reading()

    def resume_reading(self) -> None:
        """Receive again."""
        if self._stream is not None and not self._stream.is_closing():
            self._stream.resume_reading()

    def close(self) -> None:
        """Send what is unsent, then end the connection."""
        if self._stream is not None:
            self._stream.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._stream is not None:
            self._stream.abort()

    def fail(self, error: BaseException) -> None:
        """Stop understanding this stream; the receiver hears why at once and may still send a last word."""
        self._error = error
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_lost(error)


def _name_of_peer(transport: asyncio.Transport) -> str:
    """Return who is at the other end, as text."""
    sock = transport.get_extra_info("socket")
    peer = transport.get_extra_info("peername")
    family = None if sock is None else sock.family
    if family == socket.AF_INET and peer:
        return f"tcp://{peer[0]}:{peer[1]}"
    if family == socket.AF_INET6 and peer:
        return f"tcp://[{peer[0]}]:{peer[1]}"
    if isinstance(peer, str) and peer:
        return f"unix:{peer}"
    return "the peer"
