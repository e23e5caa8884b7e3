"""Messages over a WebSocket that an ASGI server speaks: an application is given frames, and gives frames.

Knows the events of an ASGI WebSocket connection. Does not know sockets, servers or the RPC protocol.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

from caplet.aio.transports.base import HIGH_WATER_BYTES, LOW_WATER_BYTES, NOBODY
from caplet.aio.transports.websocket_frames import NORMAL, TEXT_FRAME, WRONG_KIND, message_of_frame
from caplet.errors import DecodeError
from caplet.rpc.window import DEFAULT_WINDOW_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence

    from caplet.aio.options import StreamOptions
    from caplet.aio.peers import Peer
    from caplet.aio.transports.base import Receiver
    from caplet.wire.buffers import Segments

__all__ = ["AsgiTransport", "Event", "Receive", "Send"]

# As the ASGI specification types them: what an event holds depends on its type.
Event: TypeAlias = "MutableMapping[str, Any]"
Receive: TypeAlias = "Callable[[], Awaitable[Event]]"
Send: TypeAlias = "Callable[[Event], Awaitable[None]]"


class AsgiTransport:
    """A transport over one WebSocket that was accepted; `run` carries the messages until it ends.

    Args:
        receive: gives the next event.
        send: takes an event.
        peer: who is at the other end.
        options: choices about the stream.
    """

    def __init__(self, receive: Receive, send: Send, peer: Peer, options: StreamOptions) -> None:
        self.peer = peer
        self._receive = receive
        self._send = send
        self._framing = options.make_framing()
        self._receiver: Receiver = NOBODY
        self._outbox: deque[bytes] = deque()
        self._outbox_bytes = 0
        self._full = False
        self._closing = False
        self._error: DecodeError | None = None
        self._writer: asyncio.Task[None] | None = None
        self._something_to_do = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()

    async def run(self, receiver: Receiver) -> None:
        """Carry messages until either side ends the connection.

        Args:
            receiver: who takes what is received.
        """
        self._receiver = receiver
        reader = asyncio.create_task(self._read())
        writer = self._writer = asyncio.create_task(self._write())
        failure: BaseException | None = None
        try:
            await asyncio.wait([reader, writer], return_when=asyncio.FIRST_COMPLETED)
            # Whoever ended it, a last word may be on its way out; the peer's server ends a send that cannot succeed.
            if not writer.done():
                self._tell_lost(self._error)
                self.close()
                await asyncio.wait([writer])
            failure = None if writer.cancelled() else writer.exception()
        finally:
            self._writer = None
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
            self._closing = True
            self._forget_outbox()
            self._tell_lost(self._error or failure)

    async def _read(self) -> None:
        """Take frames until the peer ends the connection or sends something else."""
        while True:
            event = await self._receive()
            if event["type"] != "websocket.receive":
                return
            await self._reading.wait()
            frame = event.get("bytes")
            try:
                if frame is None:
                    raise DecodeError(TEXT_FRAME)
                message = message_of_frame(self._framing, frame)
            except DecodeError as error:
                self._error = error.with_traceback(None)  # whose frames hold this transport
                return
            self._receiver.receive_messages([message])

    async def _write(self) -> None:
        """Send frames until this side ends the connection."""
        while self._outbox or not self._closing:
            if not self._outbox:
                self._something_to_do.clear()
                await self._something_to_do.wait()
                continue
            frame = self._outbox.popleft()
            await self._send({"type": "websocket.send", "bytes": frame})
            self._outbox_bytes -= len(frame)
            if self._full and self._outbox_bytes <= LOW_WATER_BYTES:
                self._full = False
                self._receiver.on_writable(True)
        code, reason = (NORMAL, "") if self._error is None else (WRONG_KIND, str(self._error)[:100])
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def _tell_lost(self, error: BaseException | None) -> None:
        """Tell the receiver, once, and let go of it."""
        receiver, self._receiver = self._receiver, NOBODY
        receiver.on_lost(error)

    def _forget_outbox(self) -> None:
        """Let go of what is not sent."""
        self._outbox.clear()
        self._outbox_bytes = 0

    # --- what a transport is --------------------------------------------------------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the server."""
        return self._outbox_bytes

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return DEFAULT_WINDOW_BYTES

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages, each as one frame; descriptors are left out."""
        if self._closing:
            return
        for segments in messages:
            frame = b"".join(self._framing.frame((segments,)))
            self._outbox.append(frame)
            self._outbox_bytes += len(frame)
        self._something_to_do.set()
        if not self._full and self._outbox_bytes > HIGH_WATER_BYTES:
            self._full = True
            self._receiver.on_writable(False)

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`."""
        self._reading.clear()

    def resume_reading(self) -> None:
        """Receive again."""
        self._reading.set()

    def close(self) -> None:
        """Send what is unsent, then end the connection."""
        self._closing = True
        self._something_to_do.set()

    def abort(self) -> None:
        """End the connection; what is unsent is lost."""
        self._forget_outbox()
        self.close()
        if self._writer is not None:
            self._writer.cancel()
