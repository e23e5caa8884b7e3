"""JSON-RPC over asyncio streams: of a process, a socket, or anything else that has a reader and a writer.

Knows reading, writing and closing. What is said is `caplet.json_rpc`'s.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

from caplet.aio.driver import running_vat
from caplet.errors import DecodeError, Disconnected, ProtocolError, RpcError
from caplet.json_rpc import JsonRpcPeer
from caplet.json_rpc_framing import LineFraming
from caplet.limits import DEFAULT_LIMITS
from caplet.runtime.clients import Client

if TYPE_CHECKING:
    from types import TracebackType

    from caplet.json_codec import JsonCodec
    from caplet.limits import Limits
    from caplet.runtime.servers import Server

__all__ = ["JsonRpcConnection"]

CHUNK_BYTES = 1 << 16
CLOSE_TIMEOUT_S = 10.0

ClientType = TypeVar("ClientType", bound=Client)


class JsonRpcConnection:
    """A JSON-RPC 2.0 connection over a stream; `async with` closes it. Made inside a running loop.

    Args:
        reader: where the peer's messages come from.
        writer: where messages to the peer go.
        service: the object that the peer may call: a Server object or client; None for none.
        codec: how structs look in JSON, with a program's own forms; None for the default.
        lines: whether each message is a line; otherwise it stands behind a header Content-Length.
        limits: `message_words` bounds messages, `questions` and `answers` open calls; None for the defaults.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        service: Server | Client | None = None,
        *,
        codec: JsonCodec | None = None,
        lines: bool = False,
        limits: Limits | None = None,
    ) -> None:
        bounds = limits or DEFAULT_LIMITS
        self._reader = reader
        self._writer = writer
        self._owner = running_vat()
        framing = LineFraming(bounds.message_words * 8) if lines else None
        self._peer = JsonRpcPeer(self._owner.vat.turns, service, codec=codec, framing=framing, limits=bounds)
        self._write_is_due = False
        self._peer.on_output = self._write_soon
        self._reading = self._owner.loop.create_task(self._read())

    def peer(self, interface: type[ClientType]) -> ClientType:
        """Return a client of the peer's object.

        Args:
            interface: the interface that the object is expected to have.
        """
        self._owner.check_loop()
        return self._peer.peer(interface)

    @property
    def closed(self) -> bool:
        """Whether the connection has ended; calls of the peer's object fail from then on."""
        return self._peer.closed is not None

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, whoever ended it."""
        await asyncio.wait([self._reading])

    async def close(self) -> None:
        """Send what is unsent and end the connection; calls that are not answered fail."""
        self._write()
        self._end(Disconnected("this side closed the connection"))
        self._reading.cancel()
        await asyncio.wait([self._reading])
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _read(self) -> None:
        """Take what arrives; nothing more is read while the peer does not take its answers."""
        reason: RpcError = Disconnected("the peer closed the connection", fault="remote")
        try:
            while data := await self._reader.read(CHUNK_BYTES):
                self._peer.receive(data)
                self._owner.turn()
                self._write()
                await self._writer.drain()
        except DecodeError as error:
            reason = ProtocolError(f"the peer sent bytes that are no message: {error}")
        except OSError as error:
            reason = Disconnected(f"the connection was lost: {error}", fault="remote")
        self._end(reason)

    def _end(self, reason: RpcError) -> None:
        if self._peer.closed is None:
            self._peer.close(reason)
            self._owner.turn()
        self._writer.close()

    def _write_soon(self) -> None:
        if not self._write_is_due:
            self._write_is_due = True
            self._owner.loop.call_soon(self._write)

    def _write(self) -> None:
        """Write what is to be sent."""
        self._write_is_due = False
        output = self._peer.take_output()
        if output and not self._writer.is_closing():
            self._writer.write(b"".join(output))
