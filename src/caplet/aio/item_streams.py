"""Streams of items: an iterator into a stream capability, a stream capability as an iterator.

Knows back-pressure: a sender waits while too much is on its way or not taken. Does not know what the items are; bytes are in `byte_streams.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from caplet.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["ItemStream", "send_items"]

Item = TypeVar("Item")


class ItemStream(Generic[Item]):
    """Items on their way from a method of a Server to a loop: `async for` takes them, in order.

    Args:
        limit: how many items may wait to be taken; `put` waits while there are more.
    """

    def __init__(self, limit: int = 16) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self._limit = limit
        self._items: deque[Item] = deque()
        self._closed = False
        self._error: BaseException | None = None
        # Those who wait for an item or the end, and those who wait for room; each is woken once.
        self._takers: deque[asyncio.Future[None]] = deque()
        self._givers: deque[asyncio.Future[None]] = deque()

    async def put(self, item: Item) -> None:
        """Add an item, and wait until there is room for another.

        Args:
            item: the item.

        Raises:
            Failed: the stream is closed.
        """
        self._refuse_closed()
        self._items.append(item)
        wake_one(self._takers)
        while len(self._items) > self._limit and not self._closed:
            await wait_in(self._givers)

    def close(self, error: BaseException | None = None) -> None:
        """End the stream behind the items that wait; later calls do nothing.

        Args:
            error: what the loop that takes the items gets at the end; None for a proper end.
        """
        if not self._closed:
            self._closed = True
            self._error = error
            wake_all(self._takers)
            wake_all(self._givers)

    def abandon(self) -> None:
        """Take no more items: those that wait are dropped, and `put` fails."""
        self._items.clear()
        self.close(Failed("nobody takes the items of this stream any more"))

    def _refuse_closed(self) -> None:
        if self._closed:
            raise (
                Failed("the stream is closed")
                if self._error is None
                else Failed(f"the stream is closed: {self._error}")
            )

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        while not self._items:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            await wait_in(self._takers)
        item = self._items.popleft()
        wake_one(self._givers)
        if self._items:
            wake_one(self._takers)
        return item


async def wait_in(queue: deque[asyncio.Future[None]]) -> None:
    """Wait to be woken."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    queue.append(future)
    try:
        await future
    except asyncio.CancelledError:
        if future in queue:
            queue.remove(future)
        elif not future.cancelled():
            # It was woken and goes away: the next one has its turn.
            wake_one(queue)
        raise


def wake_one(queue: deque[asyncio.Future[None]]) -> None:
    """Wake whoever has waited longest."""
    while queue:
        future = queue.popleft()
        if not future.done():
            future.set_result(None)
            return


def wake_all(queue: deque[asyncio.Future[None]]) -> None:
    """Wake everybody."""
    while queue:
        wake_one(queue)


async def send_items(method: Callable[[Item], Awaitable[object]], items: AsyncIterable[Item] | Iterable[Item]) -> int:
    """Call a streaming method with each item, as fast as the receiver takes them.

    Args:
        method: what to call, such as `sink.put`.
        items: an iterable, asynchronous or not.

    Returns:
        How many items were sent. The calls may still be under way: the call that ends the stream, such as `sink.end()`, comes behind them.

    Raises:
        RpcError: what the receiver failed with; nothing more is sent.
    """
    count = 0
    if isinstance(items, AsyncIterable):
        async for item in items:
            await method(item)
            count += 1
    else:
        for item in items:
            await method(item)
            count += 1
    return count
