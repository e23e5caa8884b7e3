"""Messages over any asyncio stream transport: TLS, pipes, what a program has opened itself, and TCP on loops that do not watch sockets.

Knows framing over a byte stream and the loop's transports. Does not know addresses or the RPC protocol.

Many messages are cut out of one read, and all that one turn sends leaves in one write. The loop writes the bytes of a message that is longer than
one read where the message will lie, if it can.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, cast

from caplet.aio.peers import Peer, peer_of_stream
from caplet.aio.transports.base import HIGH_WATER_BYTES, LOW_WATER_BYTES
from caplet.aio.transports.windows import stream_buffer_bytes
from caplet.errors import DecodeError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from caplet.aio.transports.base import Accept, Framing, Receiver
    from caplet.aio.transports.websocket import WebSocketTransport
    from caplet.wire.buffers import Segments

    LoopTransport = TypeVar("LoopTransport", bound="StreamTransport | WebSocketTransport")

__all__ = ["REFUSED_UNHEARD", "StreamTransport", "open_stream", "write_buffers"]

_READ_BYTES = 64 * 1024
# Below this, copying pieces into one is cheaper than handing each to the loop.
_JOIN_BYTES = 16 * 1024
_LAST_WORD_S = 10.0
# What a peer goes on sending that broke the rules is thrown away up to so much, so that its end does not overtake our last word.
_DRAIN_BYTES = 1024 * 1024

# Servers check certificates when their clients take TLS for open already, and asyncio's do not say what is wrong with them.
REFUSED_UNHEARD = "it was closed before a word came, as servers do that refuse the certificate of a client, or want one where there is none"


class StreamTransport(asyncio.BufferedProtocol):
    """A transport over one byte stream.

    Args:
        accept: called once when the stream is open; returns who receives its messages.
        framing: how messages lie in the stream.
        kind: what stands in front of the peer's host in its address: tcp or tls.
        opened: the address by which the stream was opened; "" when it came in.
    """

    # Where the loop writes what is no long message. All streams share it: the loop fills it and hands it over in one go.
    _shared = memoryview(bytearray(_READ_BYTES))

    def __init__(self, accept: Accept, framing: Framing, kind: str = "tcp", opened: str = "") -> None:
        self._accept: Accept | None = accept
        self._framing = framing
        self._kind = kind
        self._opened = opened
        self._stream: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._room: memoryview | None = None
        self._heard = False
        self._error: BaseException | None = None
        self._last_word: asyncio.TimerHandle | None = None
        # Whether the peer broke the rules; how much of what it sends is still thrown away; whether nothing more is written to it.
        self._refused = False
        self._drain_bytes = _DRAIN_BYTES
        self._ended = False
        # Whether this side ended it.
        self._closed = False
        self.peer = Peer(opened or "nobody")

    # --- what the loop calls ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that the stream is open."""
        if self._closed:
            # It was given up in the meantime.
            cast("asyncio.Transport", transport).abort()
            return
        stream = self._stream = cast("asyncio.Transport", transport)  # uvloop's are none by their class
        stream.set_write_buffer_limits(HIGH_WATER_BYTES, LOW_WATER_BYTES)
        extra = {name: transport.get_extra_info(name) for name in ("peername", "socket", "ssl_object")}
        self.peer = peer_of_stream(extra, self._kind, self._opened)
        accept, self._accept = self._accept, None  # it may lead back to this transport
        assert accept is not None
        self._receiver = accept(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where the next bytes of the stream go."""
        self._room = self._framing.room()
        return self._shared if self._room is None else self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes off the stream."""
        room, self._room = self._room, None
        self._heard = True
        receiver = self._receiver
        if receiver is None:
            self._discard(nbytes)
            return
        try:
            if room is None:
                messages = self._framing.feed(bytes(self._shared[:nbytes]))
            else:
                messages = self._framing.filled(nbytes)
        except DecodeError as error:
            self._receiver = None
            self._refused = True
            receiver.on_lost(error)
            return
        if messages:
            receiver.receive_messages(messages)

    def _discard(self, nbytes: int) -> None:
        """Throw away what nobody wants; a peer that does not end must not be listened to for ever."""
        self._drain_bytes -= nbytes
        if self._ended and self._drain_bytes < 0:
            self.abort()

    def eof_received(self) -> bool:
        """Hear that the peer ended its side of the stream; ours goes on until it is closed."""
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return False
        missing = self._framing.pending_bytes
        if missing:
            self._error = ConnectionResetError(
                f"{self.peer} ended the stream in the middle of a message ({missing} bytes of it came)"
            )
        receiver.on_lost(self._error or self._refusal())
        return self._stream is not None and not self._stream.is_closing() and self._kind != "tls"

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear that the stream is gone."""
        receiver, self._receiver = self._receiver, None
        self._stream = self._accept = None
        if self._last_word is not None:
            self._last_word.cancel()
        if receiver is not None:
            receiver.on_lost(self._error or exc or self._refusal())

    def _refusal(self) -> ConnectionError | None:
        """Return what it means that the peer ended the stream without a word; None when that means nothing."""
        client = self._kind == "tls" and self._opened != ""
        return ConnectionAbortedError(REFUSED_UNHEARD) if client and not self._heard and not self._closed else None

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

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return stream_buffer_bytes(self._stream)

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages; descriptors are left out."""
        stream = self._stream
        if stream is not None and not stream.is_closing() and not self._ended:
            write_buffers(stream, self._framing.frame(messages))

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
        self._closed = True
        stream = self._stream
        if stream is None or stream.is_closing() or self._ended:
            return
        if self._refused and stream.can_write_eof():
            # Bytes that nobody read would make the system reset the connection, and the peer lose our last word.
            self._ended = True
            stream.write_eof()
            self.resume_reading()
        else:
            stream.close()
        if self._receiver is None and self._last_word is None:
            # Whoever received heard of the end already, and will not wait for it.
            self._last_word = asyncio.get_running_loop().call_later(_LAST_WORD_S, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        self._closed = True
        if self._stream is not None:
            self._stream.abort()

    @property
    def is_open(self) -> bool:
        """Whether the stream is open."""
        return self._stream is not None


async def open_stream(
    loop: asyncio.AbstractEventLoop,
    make_transport: Callable[[], LoopTransport],
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    hostname: str,
) -> LoopTransport:
    """Open a stream over a connected socket; when that fails or is given up, nothing stays open.

    Args:
        loop: the running loop.
        make_transport: makes the transport that stands upon the loop's.
        sock: the socket; owned.
        tls: the rules for TLS; None for none.
        hostname: the name that the certificate must have.

    Raises:
        OSError: the connection failed, or a certificate was refused.
    """
    transport = make_transport()
    server_hostname = None if tls is None else hostname
    try:
        if isinstance(loop, asyncio.BaseEventLoop):
            await loop.create_connection(lambda: transport, sock=sock, ssl=tls, server_hostname=server_hostname)
        else:
            await _open_to_its_end(loop, transport, sock, tls, server_hostname)
    except BaseException:
        transport.abort()
        # Once it is open the socket is the loop's: closed under that, its number would soon be that of another connection.
        if not transport.is_open:
            sock.close()
        raise
    return transport


async def _open_to_its_end(
    loop: asyncio.AbstractEventLoop,
    transport: StreamTransport | WebSocketTransport,
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    hostname: str | None,
) -> None:
    """Open a stream on uvloop, where opening must not be cancelled: in the moment in which it succeeds, nobody would hear of the stream's end."""
    given = sock.dup()

    def make_protocol() -> StreamTransport | WebSocketTransport:
        # The loop takes over its number. When the connection ends in the moment in which it opens it does not tell the socket, which would close
        # that number again, when it is that of another connection.
        loop.call_soon(given.detach)
        return transport

    opening: asyncio.Task[object] = loop.create_task(
        loop.create_connection(make_protocol, sock=given, ssl=tls, server_hostname=hostname)
    )
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        if transport.is_open:
            transport.close()
        else:
            # Cut, it fails soon, or opens and ends.
            transport.abort()
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        await asyncio.wait([opening])
        if not opening.cancelled():
            opening.exception()
        raise
    except RuntimeError as error:
        raise ConnectionResetError("the connection ended in the moment in which it opened") from error
    finally:
        sock.close()


def write_buffers(stream: asyncio.WriteTransport, buffers: list[memoryview | bytes]) -> None:
    """Write pieces to a loop's transport, small ones as one, large ones without a copy of ours; not to one whose peer is gone."""
    for piece in join_small(buffers):
        # The loop warns whoever goes on writing.
        if not is_over(stream):
            stream.write(piece)


def is_over(stream: asyncio.WriteTransport) -> bool:
    """Tell whether what is written to a loop's transport goes nowhere."""
    if stream.is_closing():
        return True
    # The TLS of Python 3.11 hears only when the loop has gone around that the transport below it has failed.
    below: asyncio.Transport | None = getattr(getattr(stream, "_ssl_protocol", None), "_transport", None)
    return below is not None and below.is_closing()


def join_small(buffers: list[memoryview | bytes]) -> list[memoryview | bytes]:
    """Return the same bytes with small pieces that follow each other as one."""
    pieces: list[memoryview | bytes] = []
    small: list[memoryview | bytes] = []
    for buffer in buffers:
        if len(buffer) >= _JOIN_BYTES:
            if small:
                pieces.append(small[0] if len(small) == 1 else b"".join(small))
                small = []
            pieces.append(buffer)
        else:
            small.append(buffer)
    if small:
        pieces.append(small[0] if len(small) == 1 else b"".join(small))
    return pieces
