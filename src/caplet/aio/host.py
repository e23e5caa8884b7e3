"""The asyncio side of a vat: wake-ups, waiters, timers and tasks on one event loop.

Knows asyncio's primitives and the `Host` interface of `cap`. Does not know connections; it is told what to do after each turn.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["LoopHost", "LoopWaiter"]


class LoopWaiter(asyncio.Future[None]):
    """A future that may be set any number of times, by anybody who has something to say."""

    def set(self, outcome: object = None) -> None:
        """Let the coroutine that awaits this go on; `outcome` is ignored."""
        if not self.done():
            self.set_result(None)


class LoopHost:
    """The event loop that a vat belongs to.

    Args:
        loop: the loop.
        turn: runs the vat's turns and writes what they have to send.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, turn: Callable[[], None]) -> None:
        self.loop = loop
        self._turn = turn
        self._thread = threading.get_ident()
        # Running methods must not be garbage collected while the loop holds their tasks weakly.
        self._methods: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Run a turn soon; may be called from any thread, and from finalisers."""
        loop = self.loop
        if loop.is_closed():
            return
        if threading.get_ident() == self._thread:
            loop.call_soon(self._turn)
        else:
            loop.call_soon_threadsafe(self._turn)

    def make_waiter(self) -> LoopWaiter:
        """Return a new waiter."""
        return LoopWaiter(loop=self.loop)

    def start_method(self, method: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a coroutine as a task of its own."""
        task = self.loop.create_task(method)
        self._methods.add(task)
        task.add_done_callback(self._methods.discard)
        return task

    @property
    def methods(self) -> list[asyncio.Task[None]]:
        """The methods that are running."""
        return list(self._methods)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back after `delay_s` seconds."""
        return self.loop.call_later(delay_s, callback)

    def now_s(self) -> float:
        """Return the loop's time in seconds."""
        return self.loop.time()
