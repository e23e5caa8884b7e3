"""The asyncio side of a vat: wake-ups, waiters, timers and tasks on one event loop.

Knows asyncio's primitives and the `Host` interface of `cap`. Does not know connections; it is told what to do after each turn.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections import deque
from contextvars import copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from caplet.aio.latches import ThreadLatch
from caplet.aio.method_tasks import TaskStarter, current_task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Context

    from caplet.aio.workers import WorkerThreads
    from caplet.cap.host import Steps

__all__ = ["LoopHost", "LoopWaiter"]

Result = TypeVar("Result")

OTHER_LOOP = "this Caplet object belongs to another event loop; objects do not move between loops"
OTHER_THREAD = (
    f"{OTHER_LOOP}. Its loop runs in another thread: hand the work over with loop.call_soon_threadsafe() or "
    "asyncio.run_coroutine_threadsafe(), or open the connection with caplet.blocking, whose objects any thread may use"
)
NOT_RUNNING = "this Caplet object belongs to another event loop, and none is running here; use it inside the coroutine that made it"
SHARED = "this object belongs to caplet.blocking: call its wait() instead of awaiting it"

# The states of a waiter.
WAITING = 0
SET = 1
CANCELLED = 2


class LoopWaiter:
    """What one coroutine awaits, and anybody sets, any number of times.

    To the task of that coroutine it is a future. For one of asyncio's own the loop would go around once more, with a handle for what the task
    does next; this one lets the host choose when that is.

    Args:
        host: the loop of who waits.
    """

    __slots__ = ("__weakref__", "_asyncio_future_blocking", "_context", "_message", "_state", "_step", "host")

    def __init__(self, host: LoopHost) -> None:
        self.host = host
        self._state = WAITING
        # Whether the coroutine has just given this to its task, as something to wait for.
        self._asyncio_future_blocking = False
        # What the task does next, and in which context.
        self._step: Callable[[LoopWaiter], object] | None = None
        self._context: Context | None = None
        self._message: object = None

    def set(self, outcome: object = None) -> None:
        """Let the coroutine that awaits this go on; `outcome` is ignored."""
        if self._state == WAITING:
            self._state = SET
            if self._step is not None:
                self.host.let_go_on(self)

    def step(self) -> None:
        """Let the task go on, here and now."""
        step, context = self._step, self._context
        self._step = self._context = None
        assert step is not None
        if context is None:
            step(self)
        else:
            context.run(step, self)
        # What is raised in the task may keep this frame, which must not keep the task.
        del step, context

    # --- for the coroutine ----------------------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, None]:
        return self  # type: ignore[return-value]  # all that is asked of it here is to be an iterator

    def __iter__(self) -> LoopWaiter:
        return self

    def __next__(self) -> LoopWaiter:
        """Give itself to the task, and then end."""
        if self._state == WAITING:
            self._asyncio_future_blocking = True
            return self
        self.result()
        raise StopIteration

    # --- for its task ---------------------------------------------------------------------------------------------------------------

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that it belongs to."""
        return self.host.loop

    def add_done_callback(self, step: Callable[[LoopWaiter], object], *, context: Context | None = None) -> None:
        """Say what the task does next; only one task awaits this."""
        if self._step is not None:
            raise RuntimeError("this is awaited already")
        self._step = step
        self._context = context
        if self._state != WAITING:
            self.host.loop.call_soon(self.step)

    def cancel(self, msg: object = None) -> bool:
        """Let the task go on with a `CancelledError`, unless it goes on already; return whether it does."""
        if self._state != WAITING:
            return False
        self._state = CANCELLED
        self._message = msg
        if self._step is not None:
            self.host.loop.call_soon(self.step)
        return True

    def done(self) -> bool:
        """Tell whether the task goes on."""
        return self._state != WAITING

    def result(self) -> None:
        """Raise what the coroutine is to see, if anything."""
        if self._state == CANCELLED:
            raise asyncio.CancelledError() if self._message is None else asyncio.CancelledError(self._message)


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
        flush_fresh: writes the first words of new connections.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        turn: Callable[[], None],
        flush: Callable[[], bool],
        flush_fresh: Callable[[], None],
    ) -> None:
        self.loop = loop
        self._turn = turn
        self._flush = flush
        self._flush_fresh = flush_fresh
        self._turn_is_due = False
        self._turn_handle: asyncio.Handle | None = None
        # The task whose step asked for a turn.
        self._turn_task: asyncio.Task[Any] | None = None
        # What the loop runs next, where it lets us look.
        self._ready: deque[asyncio.Handle] | None = getattr(loop, "_ready", None)
        # Whether messages are being digested: who is let go on meanwhile does so behind them, and not one round of the loop later.
        self.digesting = False
        self.woken: list[LoopWaiter] = []
        # Whether those who were let go on take their steps; what they send leaves together.
        self._stepping = False
        self._starter = TaskStarter(loop)
        self._thread = get_ident()
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
        return self.runs_here()

    def runs_here(self) -> bool:
        """Tell whether the caller runs in the loop, without asking asyncio where that is clear: its answer costs a system call."""
        if (self._stepping or self.digesting) and get_ident() == self._thread:
            return True
        return asyncio._get_running_loop() is self.loop

    def enter(self) -> bool:
        """Tell whether the caller may touch the vat, or has to hand over what is to be done."""
        if self.runs_here():
            return True
        if self.handed_over is None:
            raise RuntimeError(self.refusal())
        if self.ended:
            raise RuntimeError("the event loop of caplet.blocking has ended, with the program or in this fork of it")
        return False

    def refusal(self) -> str:
        """Return why the caller may not touch the vat."""
        if get_ident() != self._thread:
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
        if get_ident() != self._thread:
            loop.call_soon_threadsafe(self._turn)
        elif not self._turn_is_due:
            self._turn_is_due = True
            self._turn_task = current_task(loop)
            self._turn_handle = loop.call_soon(self._due_turn)

    def _due_turn(self) -> None:
        """Run the turn that was asked for."""
        self._turn_is_due = False
        self._turn_handle = None
        # A task that has ended would keep what its method was given.
        self._turn_task = None
        self._turn()

    def make_waiter(self) -> LoopWaiter:
        """Return a new waiter.

        Somebody is about to wait for an answer, so the question is sent at once and not after one more round of the loop.
        """
        if not self.runs_here():
            raise RuntimeError(SHARED if self.handed_over is not None else self.refusal())
        if not self._stepping:
            if self._turn_is_due and self._others_come_first():
                # Nobody else has something to send on a new connection, and its peer may begin to work.
                self._flush_fresh()
            elif self._flush() and self._turn_is_due:
                self._withdraw_turn()
        return LoopWaiter(self)

    def _others_come_first(self) -> bool:
        """Tell whether others run before the turn that is due: they may have something to send as well, and one write does for all."""
        return self._ready is not None and len(self._ready) > 1

    def let_go_on(self, waiter: LoopWaiter) -> None:
        """Let who waits go on: at the end of the turn when one is under way, else when the loop comes to it."""
        if self.digesting:
            self.woken.append(waiter)
        else:
            self.loop.call_soon(waiter.step)

    def step_woken(self) -> None:
        """Take the steps of those who were let go on; the loop takes them where somebody is at work already."""
        woken, self.woken = self.woken, []
        if current_task(self.loop) is not None:
            self._leave_to_loop(woken)
            return
        done = 0
        self._stepping = True
        try:
            for waiter in woken:
                done += 1
                waiter.step()
        finally:
            self._stepping = False
            self._leave_to_loop(woken[done:])

    def _leave_to_loop(self, woken: list[LoopWaiter]) -> None:
        """Let the loop take the steps of those who were let go on."""
        for waiter in woken:
            self.loop.call_soon(waiter.step)

    def _withdraw_turn(self) -> None:
        """Take back the last wish for a turn, where the loop lets us: it would go around once for nothing."""
        ready = self._ready
        handle = self._turn_handle
        if handle is not None and ready and ready[len(ready) - 1] is handle:
            task = self._turn_task
            if task is not None and current_task(self.loop) is task:
                # Asked for in this same step of the task: the loop cannot have counted it among what it runs in this round.
                ready.pop()
            else:
                handle.cancel()
            self._turn_is_due = False
            self._turn_handle = None
            self._turn_task = None

    # --- methods -----------------------------------------------------------------------------------------------------------------

    def start_method(self, method: Steps, context: Context | None = None) -> asyncio.Task[None] | None:
        """Start a method as a task of its own, and run it to its first wait: most methods have answered by then.

        Args:
            method: the method.
            context: the context variables that it begins with a copy of; None for those of the moment.

        Returns:
            The task; None when the method has ended and nobody has asked for its task.
        """
        task = self._starter.start(method, copy_context() if context is None else context.copy())
        if task is not None and not task.done():
            self._keep(task)
        return task

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Keep the task of a method that waits."""
        # Behind the first steps of all methods that start now, what they have answered is written in the same round.
        self.wake_behind = True
        self._methods.add(task)
        task.add_done_callback(self._methods.discard)

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
