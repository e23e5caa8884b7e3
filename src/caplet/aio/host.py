"""The asyncio side of a vat: wake-ups, waiters, timers and tasks on one event loop.

Knows asyncio's primitives and the `Host` interface of `cap`. Does not know connections; it is told what to do after each turn.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context

    from caplet.aio.workers import WorkerThreads

__all__ = ["LoopHost", "LoopWaiter"]

Result = TypeVar("Result")

OTHER_LOOP = "this Caplet object belongs to another event loop; objects do not move between loops"
OTHER_THREAD = (
    f"{OTHER_LOOP}. Its loop runs in another thread: hand the work over with loop.call_soon_threadsafe() or "
    "asyncio.run_coroutine_threadsafe(), or open the connection with caplet.blocking, whose objects any thread may use"
)
NOT_RUNNING = "this Caplet object belongs to another event loop, and none is running here; use it inside the coroutine that made it"
SHARED = "this object belongs to caplet.blocking: call its wait() instead of awaiting it"


class LoopWaiter(asyncio.Future[None]):
    """A future that may be set any number of times, by anybody who has something to say."""

    def set(self, outcome: object = None) -> None:
        """Let the coroutine that awaits this go on; `outcome` is ignored."""
        if not self.done():
            self.set_result(None)


class ThreadLatch:
    """Something that one thread waits for and another sets."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self, outcome: object = None) -> None:
        """Let the thread go on; called once."""
        self._lock.release()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it is set, at most so long."""
        return self._lock.acquire(timeout=-1 if timeout_s is None else max(timeout_s, 0))


class Handed:
    """A function that another thread waits for."""

    __slots__ = ("function", "future")

    def __init__(self, function: Callable[[], Any], future: concurrent.futures.Future[Any]) -> None:
        self.function = function
        self.future = future

    def happen(self) -> None:
        """Call it, and tell."""
        try:
            self.future.set_result(self.function())
        except BaseException as error:
            self.future.set_exception(error)


class LoopHost:
    """The event loop that a vat belongs to.

    Args:
        loop: the loop.
        turn: runs the vat's turns and writes what they have to send.
        flush: writes what the vat's connections have to send, and returns whether nothing is left for a turn to do.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, turn: Callable[[], None], flush: Callable[[], bool]) -> None:
        self.loop = loop
        self._turn = turn
        self._flush = flush
        self._turn_is_due = False
        self._turn_handle: asyncio.Handle | None = None
        self._thread = threading.get_ident()
        # Running methods must not be garbage collected while the loop holds their tasks weakly.
        self._methods: set[asyncio.Task[None]] = set()
        self.wake_behind = False
        # What other threads handed over, when this loop is one that takes it; None when it is not.
        self.handed_over: deque[Callable[[], object]] | None = None
        self.ended = False
        self._workers: WorkerThreads | None = None
        self._taking_is_due = False

    # --- threads -----------------------------------------------------------------------------------------------------------------

    @property
    def is_here(self) -> bool:
        """Whether the caller runs in the loop."""
        return asyncio._get_running_loop() is self.loop

    def enter(self) -> bool:
        """Tell whether the caller may touch the vat, or has to hand over what is to be done."""
        if asyncio._get_running_loop() is self.loop:
            return True
        if self.handed_over is None:
            raise RuntimeError(self.refusal())
        if self.ended:
            raise RuntimeError("the event loop of caplet.blocking has ended, with the program or in this fork of it")
        return False

    def refusal(self) -> str:
        """Return why the caller may not touch the vat."""
        if threading.get_ident() != self._thread:
            return OTHER_THREAD
        return NOT_RUNNING if asyncio._get_running_loop() is None else OTHER_LOOP

    def take_from_others(self, workers: WorkerThreads) -> None:
        """Let other threads hand over what is to be done.

        Args:
            workers: run the program's ordinary functions.
        """
        self.handed_over = deque()
        self._workers = workers

    def make_latch(self) -> ThreadLatch:
        """Return a new latch, for a thread that may wait for this loop."""
        if asyncio._get_running_loop() is self.loop:
            raise RuntimeError("this would wait for itself: inside the event loop, await the call")
        self.enter()
        return ThreadLatch()

    def run_function(self, function: Callable[[], object]) -> asyncio.Future[object] | None:
        """Start a function in a thread, when this loop is one that others use: it may wait for things that happen here."""
        return None if self._workers is None else self._workers.start(function, self)

    def post(self, function: Callable[[], object]) -> None:
        """Call `function` in the loop; one wake-up serves all that are handed over meanwhile. A loop that has ended forgets it."""
        waiting = self.handed_over
        if self.ended or self.loop.is_closed():
            return
        if waiting is None:
            self.loop.call_soon_threadsafe(function)
            return
        waiting.append(function)
        if not self._taking_is_due:
            self._taking_is_due = True
            self.loop.call_soon_threadsafe(self.take_over)

    def take_over(self) -> None:
        """Do what was handed over, then what follows from it."""
        waiting = self.handed_over
        assert waiting is not None
        # First of all: what is handed over behind this line wakes the loop again.
        self._taking_is_due = False
        for _ in range(len(waiting)):
            try:
                waiting.popleft()()
            except Exception as error:
                self.loop.call_exception_handler({"message": "handed over by another thread", "exception": error})
        self._turn()

    def run(self, function: Callable[[], Result]) -> Result:
        """Call `function` in the loop and wait for what it returns or raises."""
        future: concurrent.futures.Future[Result] = concurrent.futures.Future()
        self.post(Handed(function, future).happen)
        return future.result()

    # --- turns -------------------------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Run a turn soon; may be called from any thread, and from finalisers."""
        loop = self.loop
        if loop.is_closed():
            return
        if threading.get_ident() != self._thread:
            loop.call_soon_threadsafe(self._turn)
        elif not self._turn_is_due:
            self._turn_is_due = True
            self._turn_handle = loop.call_soon(self._due_turn)

    def _due_turn(self) -> None:
        """Run the turn that was asked for."""
        self._turn_is_due = False
        self._turn()

    def make_waiter(self) -> LoopWaiter:
        """Return a new waiter.

        Somebody is about to wait for an answer, so the question is sent at once and not after one more round of the loop.
        """
        if asyncio._get_running_loop() is not self.loop:
            raise RuntimeError(SHARED if self.handed_over is not None else self.refusal())
        if self._flush() and self._turn_is_due:
            self._withdraw_turn()
        return LoopWaiter(loop=self.loop)

    def _withdraw_turn(self) -> None:
        """Take back the last wish for a turn, where the loop lets us: it would go around once for nothing."""
        ready: deque[asyncio.Handle] | None = getattr(self.loop, "_ready", None)
        handle = self._turn_handle
        if handle is not None and ready and ready[-1] is handle:
            # Not taken out: the loop may have counted it already among what it runs in this round.
            handle.cancel()
            self._turn_is_due = False
            self._turn_handle = None

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
