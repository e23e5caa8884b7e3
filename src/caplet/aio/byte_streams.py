"""Byte streams (`/capnp/compat/byte-stream.capnp`) to and from files, asyncio streams and iterators.

Knows how bytes are cut and where they go, and substreams. Does not know flow control, which streaming calls have, or sockets.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from caplet.aio.item_streams import ItemStream
from caplet.errors import Disconnected, Failed
from caplet.runtime.server_marks import on_release, shortenable
from caplet.runtime.servers import shorten, this_cap
from caplet.std.byte_stream_capnp import ByteStream
from caplet.wire.streams import write_all

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = [
    "ByteReceiver",
    "ByteStream",
    "ByteStreamServer",
    "ByteWriter",
    "copy_bytes",
]

CHUNK_BYTES = 64 << 10

Blob: TypeAlias = bytes | bytearray | memoryview


class Readable(Protocol):
    """A file, or an asyncio stream."""

    def read(self, n: int = -1, /) -> bytes | Awaitable[bytes]:
        """Return at most `n` bytes; none at the end."""
        ...


class Writable(Protocol):
    """A file, or an asyncio stream."""

    def write(self, data: bytes, /) -> object:
        """Write bytes."""
        ...


Source: TypeAlias = Blob | Readable | AsyncIterable[Blob] | Iterable[Blob]


class ByteStreamServer(ByteStream.Server):
    """The base of byte streams that a program serves: a subclass has `write` and `end`; substreams are made here."""

    async def get_substream(self, callback: ByteStream.SubstreamCallback, limit: int) -> tuple[ByteStream]:
        """Return an object that writes here until `limit` bytes came or it is ended."""
        return (this_cap(Substream(self, callback, limit)),)


@shortenable
class Substream(ByteStreamServer):
    """Writes to a byte stream of this program up to a limit, and to the next one from there.

    Args:
        target: where the bytes go.
        callback: is told of the end or the limit.
        limit: how many bytes `target` is to have.
    """

    def __init__(self, target: ByteStreamServer, callback: ByteStream.SubstreamCallback, limit: int) -> None:
        self._target = target
        self._callback = callback
        self._left = limit
        self._count = 0
        self._next: ByteStream | None = None

    async def write(self, bytes: bytes) -> None:
        """Pass bytes on; those beyond the limit to the next stream."""
        if self._next is None:
            ours = bytes[: self._left]
            if ours:
                outcome = self._target.write(ours)
                if inspect.isawaitable(outcome):
                    await outcome
            self._count += len(ours)
            self._left -= len(ours)
            bytes = bytes[len(ours) :]
            if not self._left:
                self._next = following = self._callback.reached_limit().next
                shorten(self, following)
        if bytes and self._next is not None:
            await self._next.write(bytes)

    async def end(self) -> None:
        """Tell the callback, or end the next stream."""
        if self._next is not None:
            await self._next.end()
        else:
            await self._callback.ended(self._count)

    async def get_substream(self, callback: ByteStream.SubstreamCallback, limit: int) -> tuple[ByteStream]:
        """Return a substream of this one, or of the next stream."""
        if self._next is not None:
            return (self._next.get_substream(callback, limit).substream,)
        return await super().get_substream(callback, limit)


class ByteReceiver(ByteStreamServer):
    """A byte stream that this program reads: give it away, and take the bytes by `async for` or `read`.

    Whoever writes waits while more than `limit` pieces are not taken. A stream that is released without having been ended raises `Disconnected`
    behind what came.

    Args:
        limit: how many pieces may wait.
    """

    def __init__(self, limit: int = 16) -> None:
        self._pieces: ItemStream[bytes] = ItemStream(limit)
        self._rest = b""

    async def write(self, bytes: bytes) -> None:
        """Take a piece."""
        if bytes:
            await self._pieces.put(bytes)

    async def end(self) -> None:
        """End the stream."""
        self._pieces.close()

    @on_release
    def _released(self) -> None:
        """End the stream of a writer that is gone."""
        self._pieces.close(Disconnected("the byte stream was released before it was ended", fault="remote"))

    def abandon(self) -> None:
        """Take no more bytes; further writes fail."""
        self._pieces.abandon()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest or await anext(self._pieces)

    async def read(self, n: int = -1) -> bytes:
        """Return bytes, none at the end.

        Args:
            n: at most so many, as soon as there are any; -1 for everything up to the end.

        Raises:
            Disconnected: the stream was released before it was ended.
        """
        if n < 0:
            return b"".join([piece async for piece in self])
        if n == 0:
            return b""
        piece = await anext(self, b"")
        self._rest = piece[n:]
        return piece[:n]


class ByteWriter(ByteStreamServer):
    """A byte stream whose bytes go to a file or an asyncio stream.

    Args:
        target: an object with `write`; where it has `drain`, that is awaited, otherwise it is called in a thread, since a file may block.
        close: whether to close it when the stream ends, or is released without that.

    Raises:
        TypeError: it has no `write`.
    """

    def __init__(self, target: Writable, *, close: bool = False) -> None:
        if not hasattr(target, "write"):
            raise TypeError(f"expected a file or an asyncio stream to write to, not {type(target).__name__}")
        self._target: Any = target
        self._close = close
        self.count = 0
        self.ended = asyncio.Event()

    async def write(self, bytes: bytes) -> None:
        """Write a piece."""
        target = self._target
        if self.ended.is_set():
            raise Failed("the byte stream was ended before")
        if hasattr(target, "drain"):
            target.write(bytes)
            await target.drain()
        else:
            await asyncio.to_thread(write_all, target, bytes)
        self.count += len(bytes)

    async def end(self) -> None:
        """Note the end; flush or close the target."""
        if not self.ended.is_set():
            self.ended.set()
            target = self._target
            if self._close:
                target.close()
            elif hasattr(target, "flush"):
                await asyncio.to_thread(target.flush)

    @on_release
    def _released(self) -> None:
        """Close the target of a writer that is gone."""
        if self._close and not self.ended.is_set():
            self._target.close()

    async def wait_ended(self) -> int:
        """Wait until the stream is ended.

        Returns:
            How many bytes came.
        """
        await self.ended.wait()
        return self.count


class Pieces:
    """The bytes of a source in pieces, as an asynchronous iterator."""

    def __init__(self, source: Source, chunk_bytes: int) -> None:
        self._source = source
        self._chunk_bytes = chunk_bytes

    async def _whole(self) -> AsyncIterator[Blob]:
        """Yield what the source gives, in whatever pieces."""
        source: Any = self._source
        buffers = (bytes, bytearray, memoryview)
        if hasattr(source, "read"):
            asynchronous = inspect.iscoroutinefunction(source.read)
            while True:
                if asynchronous:
                    found = await source.read(self._chunk_bytes)
                else:
                    found = await asyncio.to_thread(source.read, self._chunk_bytes)
                    if inspect.isawaitable(found):
                        found = await found
                if not found:
                    return
                yield found
        elif hasattr(source, "__aiter__"):
            async for piece in source:
                yield piece
        else:
            if isinstance(source, str) or not (isinstance(self._source, buffers) or hasattr(source, "__iter__")):
                raise TypeError(f"expected bytes, a file or an iterable of bytes, not {type(source).__name__}")
            whole: Any = (source,) if isinstance(self._source, buffers) else source
            for piece in whole:
                yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = self._chunk_bytes
        async for piece in self._whole():
            view = memoryview(piece).cast("B")
            for start in range(0, len(view), size):
                yield bytes(view[start : start + size])


async def copy_bytes(source: Source, stream: ByteStream, *, chunk_bytes: int = CHUNK_BYTES, end: bool = True) -> int:
    """Write everything from a source into a byte stream, as fast as it is taken.

    Args:
        source: bytes, a file, an asyncio `StreamReader`, or an iterable of bytes, asynchronous or not. A file is read in a thread.
        stream: a client of a byte stream.
        chunk_bytes: how large a piece is at most.
        end: whether to end the stream behind the last byte, and to wait until that is done.

    Returns:
        How many bytes were written.

    Raises:
        RpcError: what the stream failed with.
        ValueError: `chunk_bytes` is not positive.
    """
    if chunk_bytes < 1:
        raise ValueError(f"chunk_bytes must be at least 1, not {chunk_bytes}")
    count = 0
    async for piece in Pieces(source, chunk_bytes):
        await stream.write(piece)
        count += len(piece)
    if end:
        await stream.end()
    return count
