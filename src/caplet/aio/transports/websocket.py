"""Messages over WebSockets: one binary frame a message, as the C++ implementation does it.

Knows when the `websockets` library is asked, which speaks the protocol, and what belongs between it and the loop's transports. Does not know
addresses or the RPC protocol.

Frames are never compressed: what a peer might send compressed could grow without bound, and messages are packed where size counts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from caplet.aio.peers import Peer, peer_of_stream
from caplet.aio.transports.base import HIGH_WATER_BYTES, LOW_WATER_BYTES, NOBODY
from caplet.aio.transports.stream import REFUSED_UNHEARD, open_stream, write_buffers
from caplet.aio.transports.websocket_frames import NORMAL, SUBPROTOCOL_NAME, TEXT_FRAME, WRONG_KIND, message_of_frame
from caplet.aio.transports.windows import stream_buffer_bytes
from caplet.errors import DecodeError

try:
    from websockets.client import ClientProtocol
    from websockets.exceptions import NegotiationError
    from websockets.frames import Frame, Opcode
    from websockets.http11 import Request, Response
    from websockets.protocol import State
    from websockets.server import ServerProtocol
    from websockets.typing import Origin, Subprotocol
    from websockets.uri import parse_uri
except ImportError as missing:
    raise ImportError("WebSockets need the websockets library: pip install caplet[websocket]") from missing

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence

    from caplet.aio.addresses import Address
    from caplet.aio.arrivals import Arrivals
    from caplet.aio.options import StreamOptions
    from caplet.aio.transports.base import Accept, Receiver
    from caplet.wire.buffers import Segments
    from caplet.wire.message import MessageReader

__all__ = ["SUBPROTOCOL", "WebSocketTransport", "open_websocket", "websocket_server"]

SUBPROTOCOL = Subprotocol(SUBPROTOCOL_NAME)

# Room for segment tables beside what the limits say about messages.
_TABLE_BYTES = 4096
_HANDSHAKE_S = 15.0
_LAST_WORD_S = 10.0


class WebSocketTransport(asyncio.Protocol):
    """A transport over one WebSocket.

    Args:
        protocol: what speaks WebSocket, of our side.
        accept: called once when the handshake is done; returns who receives the messages.
        options: choices about the stream.
        kind: ws or wss.
        path: of a server, the path that clients must ask for; of a client "".
        opened: the address by which it was opened; "" when it came in.
        arrivals: of a server, is told of it until it is open.
    """

    def __init__(
        self,
        protocol: ClientProtocol | ServerProtocol,
        accept: Accept,
        options: StreamOptions,
        kind: str,
        path: str = "",
        opened: str = "",
        arrivals: Arrivals | None = None,
    ) -> None:
        self._protocol = protocol
        self._accept = accept
        self._framing = options.make_framing()
        self._kind = kind
        self._path = path
        self._opened = opened
        self._arrivals = arrivals
        self._stream: asyncio.Transport | None = None
        self._receiver: Receiver = NOBODY
        self._parts: list[bytes | bytearray] = []
        self._heard = False
        # Whether it was ended before it was open.
        self._given_up = False
        self._close_code = NORMAL
        self._close_reason = ""
        self._error: BaseException | None = None
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        timeout_s = None if arrivals is None else arrivals.timeout_s
        handshake_s = _HANDSHAKE_S if timeout_s is None else min(_HANDSHAKE_S, timeout_s)
        self._deadline: asyncio.TimerHandle = loop.call_later(handshake_s, self.abort)
        self.peer = Peer(opened or "nobody")

    # --- what the loop calls --------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that the stream is open; a client asks for the WebSocket."""
        stream = cast("asyncio.Transport", transport)  # uvloop's are none by their class
        if self._given_up:
            stream.abort()
            return
        self._stream = stream
        if self._arrivals is not None:
            self._arrivals.enter(self, self.abort)
        stream.set_write_buffer_limits(HIGH_WATER_BYTES, LOW_WATER_BYTES)
        if isinstance(self._protocol, ClientProtocol):
            self._protocol.send_request(self._protocol.connect())
            self._write()

    def data_received(self, data: bytes) -> None:
        """Take bytes off the stream."""
        self._heard = True
        self._protocol.receive_data(data)
        self._take_events()

    def eof_received(self) -> bool:
        """Hear that the peer ended its side of the stream."""
        self._protocol.receive_eof()
        self._take_events()
        return False

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear that the stream is gone."""
        self._deadline.cancel()
        self._stream = None
        if self._arrivals is not None:
            self._arrivals.leave(self)
        error = self._error or exc
        if not self.opened.done():
            refusal = self._protocol.handshake_exc or error
            if self._kind == "wss" and self._opened and not self._heard and exc is None:
                refusal = ConnectionAbortedError(REFUSED_UNHEARD)
            self.opened.set_exception(ConnectionError(str(refusal or "it ended before the handshake was done")))
            # A server has nobody who waits for this.
            self.opened.exception()
        self._tell_lost(error)

    def pause_writing(self) -> None:
        """Hear that the loop's buffer is full."""
        self._receiver.on_writable(False)

    def resume_writing(self) -> None:
        """Hear that the loop's buffer has room again."""
        self._receiver.on_writable(True)

    # --- events ---------------------------------------------------------------------------------------------------------------------

    def _take_events(self) -> None:
        """Do what follows from what has come."""
        messages: list[MessageReader] = []
        try:
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._answer(event)
                elif isinstance(event, Response):
                    if self._protocol.handshake_exc is None:
                        self._begin(None)
                else:
                    self._take_frame(event, messages)
        except DecodeError as error:
            self._give(messages)
            self._error = error.with_traceback(None)  # whose frames hold this transport
            self._close_code = WRONG_KIND
            self._close_reason = str(error)[:100]
            self._tell_lost(error)
        else:
            self._give(messages)
        self._write()
        failure = self._protocol.parser_exc
        if failure is not None:
            broken = f"{self.peer} broke the WebSocket protocol: {failure}"
            if isinstance(failure, EOFError):
                broken = f"{self.peer} ended the stream without closing the WebSocket"
            self._error = self._error or ConnectionError(broken)
            self._tell_lost(self._error)
        elif self._protocol.state is State.CLOSING and self._protocol.close_rcvd is not None:
            self._tell_lost(self._error)
        if self._protocol.close_expected():
            self._end_in_time()

    def _answer(self, request: Request) -> None:
        """Accept the request of a client, or refuse it."""
        protocol = self._protocol
        assert isinstance(protocol, ServerProtocol)
        if request.path.partition("?")[0] != self._path:
            protocol.send_response(protocol.reject(404, f"There is nothing here; the service is at {self._path}.\n"))
            return
        response = protocol.accept(request)
        protocol.send_response(response)
        if response.status_code == 101:
            self._begin(protocol.origin)

    def _begin(self, origin: str | None) -> None:
        """The WebSocket is open."""
        stream = self._stream
        assert stream is not None
        self._deadline.cancel()
        extra = {name: stream.get_extra_info(name) for name in ("peername", "socket", "ssl_object")}
        self.peer = peer_of_stream(extra, self._kind, self._opened, origin)
        # The answer to the request comes before everything that the receiver sends.
        self._write()
        self._receiver = self._accept(self)
        if not self.opened.done():
            self.opened.set_result(None)

    def _take_frame(self, frame: Frame, messages: list[MessageReader]) -> None:
        """Take one frame; a message may come in several.

        Raises:
            DecodeError: it is a text frame, or does not hold exactly one message.
        """
        if frame.opcode is Opcode.TEXT:
            raise DecodeError(TEXT_FRAME)
        if frame.opcode not in (Opcode.BINARY, Opcode.CONT) or self._receiver is NOBODY:
            return
        self._parts.append(bytes(frame.data) if isinstance(frame.data, memoryview) else frame.data)
        if not frame.fin:
            return
        parts, self._parts = self._parts, []
        messages.append(message_of_frame(self._framing, parts[0] if len(parts) == 1 else b"".join(parts)))

    def _give(self, messages: list[MessageReader]) -> None:
        """Give messages to the receiver."""
        if messages:
            self._receiver.receive_messages(messages)

    def _tell_lost(self, error: BaseException | None) -> None:
        """Tell the receiver, once, and let go of it."""
        receiver, self._receiver = self._receiver, NOBODY
        receiver.on_lost(error)

    # --- what a transport is --------------------------------------------------------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the system."""
        return 0 if self._stream is None else self._stream.get_write_buffer_size()

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return stream_buffer_bytes(self._stream)

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages, each as one frame; descriptors are left out."""
        if self._stream is None or self._protocol.state is not State.OPEN:
            return
        for segments in messages:
            self._protocol.send_binary(b"".join(self._framing.frame((segments,))))
        self._write()

    def _write(self) -> None:
        """Write what the protocol has to send."""
        stream = self._stream
        if stream is None:
            return
        chunks = self._protocol.data_to_send()
        ending = b"" in chunks
        if chunks and not stream.is_closing():
            # Not by writelines: in some releases of Python 3.12 and 3.13 that never tells that the buffer is full.
            write_buffers(stream, [chunk for chunk in chunks if chunk])
        if ending:
            stream.close()

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`."""
        if self._stream is not None and self._stream.is_reading():
            self._stream.pause_reading()

    def resume_reading(self) -> None:
        """Receive again."""
        if self._stream is not None and not self._stream.is_closing():
            self._stream.resume_reading()

    def close(self) -> None:
        """Send what is unsent, then close the WebSocket and wait for the peer to do the same."""
        if self._stream is None or self._stream.is_closing():
            return
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(self._close_code, self._close_reason)
            self._write()
        self.resume_reading()
        self._end_in_time()

    def _end_in_time(self) -> None:
        """Let the peer close the stream, but not take for ever to do so."""
        self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(_LAST_WORD_S, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        if self._stream is not None:
            self._stream.abort()
        else:
            self._given_up = True
            self._deadline.cancel()

    @property
    def is_open(self) -> bool:
        """Whether the stream is open."""
        return self._stream is not None


# --- opening ---------------------------------------------------------------------------------------------------------------------------


async def open_websocket(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, address: Address, accept: Accept, options: StreamOptions
) -> None:
    """Make a WebSocket of a connected socket.

    Args:
        loop: the running loop.
        sock: the socket; owned.
        address: where it is connected to.
        accept: called with the transport.
        options: choices about the stream.

    Raises:
        ConnectionError: the server does not want it.
        OSError: the connection failed, or a certificate was refused.
    """
    tls = None
    if address.kind == "wss":
        import ssl

        tls = options.tls or ssl.create_default_context()

    def make_transport() -> WebSocketTransport:
        protocol = ClientProtocol(
            parse_uri(str(address)), subprotocols=[SUBPROTOCOL], max_size=largest_frame_bytes(options)
        )
        return WebSocketTransport(protocol, accept, options, address.kind, opened=str(address))

    transport = await open_stream(loop, make_transport, sock, tls, options.server_hostname or address.host)
    try:
        await transport.opened
    except BaseException:
        transport.abort()
        raise


def websocket_server(
    accept: Accept, address: Address, options: StreamOptions, arrivals: Arrivals
) -> Callable[[], WebSocketTransport]:
    """Return what makes the transport of each connection that comes in.

    Args:
        accept: called with the transport when the handshake is done.
        address: where the server listens.
        options: choices about the streams.
        arrivals: is told of each until it is open.
    """
    origins = None if options.origins is None else [*(Origin(origin) for origin in options.origins), None]

    def make_transport() -> WebSocketTransport:
        protocol = ServerProtocol(
            origins=origins, select_subprotocol=select_subprotocol, max_size=largest_frame_bytes(options)
        )
        path = address.name.partition("?")[0]
        return WebSocketTransport(protocol, accept, options, address.kind, path, arrivals=arrivals)

    return make_transport


def select_subprotocol(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return the subprotocol to speak; clients that name none get none.

    Raises:
        NegotiationError: the client names others only.
    """
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    if offered:
        raise NegotiationError(f"invalid subprotocol; expected {SUBPROTOCOL}")
    return None


def largest_frame_bytes(options: StreamOptions) -> int:
    """Return how large a frame may be."""
    return (options.limits.traversal_words << 3) + _TABLE_BYTES
