"""Messages of asynchronous streams: one, many, and writing them.

Knows `await reader.read(n)`, `writer.write(data)` and `await writer.drain()`, as the streams of asyncio and of other event loops have them; no event
loop is imported. These are functions, because a field of a user may have any name that a method would take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from caplet.runtime.forms import frame_struct, open_root, pack_struct
from caplet.wire.streams import AsyncSource, read_message_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from caplet.limits import Limits
    from caplet.runtime.structs import Struct
    from caplet.wire.streams import AsyncReader, AsyncWriter

__all__ = ["read_async", "read_many_async", "write_async"]

_S = TypeVar("_S", bound="Struct")


async def read_async(cls: type[_S], reader: AsyncReader, limits: Limits | None = None, *, packed: bool = False) -> _S:
    """Read one message from an asynchronous stream, and nothing that follows it.

    Args:
        cls: the class of its root.
        reader: any object whose `read(n)` gives at most `n` bytes, none at the end.
        limits: bounds for reading; None for the defaults.
        packed: whether the message is packed. Word by word is asked for then; `read_many_async` is faster.

    Raises:
        EOFError: the stream has ended.
        TruncatedError: the stream ends inside the message.
        DecodeError: the message is larger than the limits allow.
    """
    message = await read_message_async(AsyncSource(reader, False), limits, packed)
    if message is None:
        raise EOFError(f"the stream has no further {cls._plan.name}")
    return open_root(cls._plan, message)  # type: ignore[return-value]


async def read_many_async(
    cls: type[_S], reader: AsyncReader, limits: Limits | None = None, *, packed: bool = False
) -> AsyncIterator[_S]:
    """Read the messages of an asynchronous stream one by one, each when it is asked for, until the stream ends.

    Args:
        cls: the class of their roots.
        reader: as for `read_async`. When the messages are packed it is read ahead, and belongs to the iterator from then on.
        limits: bounds for each message; None for the defaults.
        packed: whether the messages are packed.

    Raises:
        TruncatedError: the stream ends inside a message.
        DecodeError: a message is larger than the limits allow.
    """
    source = AsyncSource(reader, True)
    while (message := await read_message_async(source, limits, packed)) is not None:
        yield open_root(cls._plan, message)  # type: ignore[misc]


async def write_async(struct: Struct, writer: AsyncWriter, *, packed: bool = False) -> None:
    """Write a message to an asynchronous stream, and wait until the stream takes more.

    Args:
        struct: its root, a reader or a builder.
        writer: any object with `write(data)` and a `drain()` that can be awaited.
        packed: whether to pack the message.
    """
    writer.write(pack_struct(struct) if packed else frame_struct(struct))
    await writer.drain()
