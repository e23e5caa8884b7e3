"""Threads for ordinary functions of servers, which may wait, while the event loop goes on.

Knows when a thread is started and when one is used again. The threads are daemons: a function that never returns does not keep the program from ending.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from caplet.aio.host import LoopHost

__all__ = ["WorkerThreads"]

# How many functions run at once; further ones wait for a thread, in order.
THREADS = 64


class WorkerThreads:
    """Threads that are started when they are needed, up to a bound.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int = THREADS) -> None:
        self._most = most
        self._work: SimpleQueue[Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._idle = 0

    def start(self, function: Callable[[], object], host: LoopHost) -> asyncio.Future[object]:
        """Run a function in a thread.

        Args:
            function: the function.
            host: the loop in which the outcome is awaited.
        """
        future: asyncio.Future[object] = host.loop.create_future()
        self._work.put(Job(function, future, host))
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._started < self._most:
                self._started += 1
                name = f"caplet-worker-{self._started}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
        return future

    def _run(self) -> None:
        """Do jobs, one after the other."""
        while True:
            self._work.get().happen()
            with self._lock:
                self._idle += 1


class Job:
    """A function and who waits for it."""

    __slots__ = ("function", "future", "host")

    def __init__(self, function: Callable[[], object], future: asyncio.Future[object], host: LoopHost) -> None:
        self.function = function
        self.future = future
        self.host = host

    def happen(self) -> None:
        """Call the function and hand the outcome over."""
        outcome: object = None
        failure: Exception | None = None
        try:
            outcome = self.function()
        except Exception as error:
            # A future cannot hold the one that ends iterators.
            failure = RuntimeError(f"the function raised {error!r}") if isinstance(error, StopIteration) else error
        except BaseException as error:
            # What would end a program ends no more than the call.
            failure = RuntimeError(f"the function raised {error!r}")
        self.host.post(Told(self.future, outcome, failure).happen)


class Told:
    """The outcome of a function, on its way to the loop."""

    __slots__ = ("failure", "future", "outcome")

    def __init__(self, future: asyncio.Future[object], outcome: object, failure: Exception | None) -> None:
        self.future = future
        self.outcome = outcome
        self.failure = failure

    def happen(self) -> None:
        """Let who awaits the function go on."""
        if self.future.done():
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result(self.outcome)
