"""The asyncio side of a vat: wake-ups, waiters, timers and tasks on one event loop.

Knows asyncio's primitives and the `Host` interface of `cap`. Does not know connections; it is told what to do after each turn.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Coroutine
    from contextvars import Context

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
        flush: writes what the vat's connections have to send, and nothing else.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, turn: Callable[[], None], flush: Callable[[], None]) -> None:
        self.loop = loop
        self._turn = turn
        self._flush = flush
        self._turn_is_due = False
        self._thread = threading.get_ident()
        # Running methods must not be garbage collected while the loop holds their tasks weakly.
        self._methods: set[asyncio.Task[None]] = set()
        self.wake_behind = False

    def wake(self) -> None:
        """Run a turn soon; may be called from any thread, and from finalisers."""
        loop = self.loop
        if loop.is_closed():
            return
        if threading.get_ident() != self._thread:
            loop.call_soon_threadsafe(self._turn)
        elif not self._turn_is_due:
            self._turn_is_due = True
            loop.call_soon(self._due_turn)

    def _due_turn(self) -> None:
        """Run the turn that was asked for."""
        self._turn_is_due = False
        self._turn()

    def make_waiter(self) -> LoopWaiter:
        """Return a new waiter.

        Somebody is about to wait for an answer, so the question is sent at once and not after one more round of the loop.
        """
        self._flush()
        return LoopWaiter(loop=self.loop)

    def start_method(self, method: Coroutine[Any, Any, None], context: Context | None = None) -> asyncio.Task[None]:
        """Start a coroutine as a task of its own, and run it to its first wait: most methods have answered by then.

        Args:
            method: the coroutine.
            context: the context variables that it begins with a copy of; None for those of the moment.
        """
        loop = self.loop
        if context is not None:
            context = context.copy()
        if sys.version_info >= (3, 12) and asyncio.current_task(loop) is None:
            task = asyncio.Task(method, loop=loop, eager_start=True, context=context)
        else:
            task = loop.create_task(method, context=context)
            self._begin(task)
        if not task.done():
            # Behind the first steps of all methods that start now, what they have answered is written in the same round.
            self.wake_behind = True
            self._methods.add(task)
            task.add_done_callback(self._methods.discard)
        return task

    def _begin(self, task: asyncio.Task[None]) -> None:
        """Take the first step of a new task now, where the loop lets us: Python 3.11 cannot be asked for it."""
        ready: deque[asyncio.Handle] | None = getattr(self.loop, "_ready", None)
        if not ready or self.loop.get_task_factory() is not None or asyncio.current_task(self.loop) is not None:
            return
        step = ready.pop()
        if getattr(getattr(step, "_callback", None), "__self__", None) is task:
            step._run()
        else:
            ready.append(step)

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
