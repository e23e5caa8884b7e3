"""Messages over a StreamReader and a StreamWriter, which may belong to different pipes: standard input and output, a child program's.

Knows asyncio's stream objects. Does not know where they came from or the RPC protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from caplet.aio.peers import Peer
from caplet.aio.transports.base import HIGH_WATER_BYTES, NOBODY
from caplet.aio.transports.stream import write_buffers
from caplet.aio.transports.windows import stream_buffer_bytes
from caplet.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caplet.aio.transports.base import Accept, Framing, Receiver
    from caplet.wire.buffers import Segments

__all__ = ["PairTransport"]

_READ_BYTES = 64 * 1024
_LAST_WORD_S = 10.0
# When a peer takes nothing more, its last word is waited for so long.
_FAREWELL_S = 1.0


class PairTransport:
    """A transport over a reader and a writer, which it owns.

    Args:
        reader: where the peer's bytes come from.
        writer: where ours go.
        accept: called at once; returns who receives the messages.
        framing: how messages lie in the streams.
        name: what the peer is called.
        source: what feeds the reader, when it is not what the writer writes to; closed at the end.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        accept: Accept,
        framing: Framing,
        name: str,
        source: asyncio.ReadTransport | None = None,
    ) -> None:
        self.peer = Peer(name)
        self._reader = reader
        self._writer = writer
        self._framing = framing
        self._source = source
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._closing = False
        self._lost = False
        self._draining: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._receiver: Receiver = accept(self)
        self._pump = asyncio.ensure_future(self._read_all())
        self._watch = asyncio.ensure_future(self._watch_writer())

    # --- reading --------------------------------------------------------------------------------------------------------------------

    async def _read_all(self) -> None:
        """Give what comes to the receiver, to the end."""
        error: BaseException | None = None
        try:
            while True:
                data = await self._reader.read(_READ_BYTES)
                if not data:
                    break
                await self._may_read.wait()
                if self._lost:
                    # Nobody listens, and the peer must get rid of it to end.
                    continue
                messages = self._framing.feed(data)
                if messages:
                    self._receiver.receive_messages(messages)
            missing = self._framing.pending_bytes
            if missing:
                error = ConnectionResetError(
                    f"{self.peer} ended the stream in the middle of a message ({missing} bytes of it came)"
                )
        except (OSError, DecodeError) as failure:
            error = failure.with_traceback(None)  # whose frames hold it
        self._tell_lost(error)

    def _tell_lost(self, error: BaseException | None) -> None:
        """Tell the receiver, once."""
        if not self._lost:
            self._lost = True
            receiver, self._receiver = self._receiver, NOBODY
            receiver.on_lost(error)

    async def _watch_writer(self) -> None:
        """Notice that the peer takes nothing more, when that is not the end of what comes from it: two pipes end one by one."""
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        if not self._closing and not self._lost:
            await asyncio.wait([self._pump], timeout=_FAREWELL_S)
            self._tell_lost(BrokenPipeError(f"{self.peer} takes nothing more"))

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`; one read more may be on its way."""
        self._may_read.clear()

    def resume_reading(self) -> None:
        """Receive again."""
        self._may_read.set()

    # --- writing --------------------------------------------------------------------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the system."""
        return self._writer.transport.get_write_buffer_size()

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return stream_buffer_bytes(self._writer.transport)

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages; descriptors are left out."""
        if self._closing or self._writer.transport.is_closing():
            return
        write_buffers(self._writer.transport, self._framing.frame(messages))
        if self._draining is None and self.unsent_bytes > HIGH_WATER_BYTES and not self._lost:
            self._receiver.on_writable(False)
            self._draining = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        """Wait until there is room again."""
        try:
            await self._writer.drain()
        except OSError:
            return
        self._draining = None
        if not self._lost:
            self._receiver.on_writable(True)

    # --- the end --------------------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Send what is unsent, then end the connection."""
        if not self._closing:
            self._closing = True
            self._writer.close()
            self._ending = asyncio.ensure_future(self._end())

    def abort(self) -> None:
        """End the connection at once."""
        self._cut()
        self.close()

    def _cut(self) -> None:
        """Throw away what is unsent, and what TLS waits for."""
        stream = self._writer.transport
        # A pipe of asyncio bears to be ended once: when it is closing and has nothing to write, its end is on its way, or over.
        ends = stream.is_closing() and not stream.get_write_buffer_size()
        if not ends or stream.get_extra_info("ssl_object") is not None:
            stream.abort()

    async def _end(self) -> None:
        """Give up reading when everything is written, and tell the receiver."""
        try:
            async with asyncio.timeout(_LAST_WORD_S if self._lost else None):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._cut()
        if self._source is not None:
            self._source.close()
        self.resume_reading()
        if self._draining is not None:
            self._draining.cancel()
        self._tell_lost(None)
