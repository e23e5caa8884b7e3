"""A scripted peer at the other end of a byte stream: the same script as over the simulated network, to a program that really listens.

Knows framing and how lines are waited for. What is said is the script's affair.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from caplet.testing.scripted import Script
from caplet.wire.framing import Framer, frame
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["StreamPeer"]

CHUNK_BYTES = 1 << 16


class StreamPeer(Script):
    """A script that speaks over a stream.

    Args:
        reader: where the program's words come from.
        writer: where the script's words go.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self.reader = reader
        self.writer = writer
        self.framer = Framer()
        self.arrived: list[MessageReader] = []
        self.messages: list[MessageReader] = []

    @classmethod
    async def connect(cls, host: str, port: int) -> Self:
        """Return a script that is connected to a TCP port."""
        return cls(*await asyncio.open_connection(host, port))

    def send_raw(self, message: MessageReader) -> None:
        """Send any message, well-formed or not."""
        self.send_bytes(b"".join(frame([memoryview(segment.view) for segment in message.segments])))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes that need not be a message."""
        self.writer.write(data)

    async def line(self) -> str | None:
        """Return the next message of the program as a line of a transcript, None when it has closed the stream."""
        while not self.arrived:
            chunk = await self.reader.read(CHUNK_BYTES)
            if not chunk:
                return None
            self.arrived += self.framer.feed(chunk)
        message = self.arrived.pop(0)
        self.messages.append(message)
        self.transcript.record("vat", "script", MessageReader([bytes(segment.view) for segment in message.segments]))
        return self.transcript.take().pop().removeprefix("vat -> script  ")

    async def lines(self, count: int) -> list[str | None]:
        """Return the next messages.

        Args:
            count: how many to wait for.
        """
        return [await self.line() for _ in range(count)]

    async def close(self) -> None:
        """Close the stream."""
        self.writer.close()
        await self.writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
