"""A loop without an event loop: virtual time, and coroutines that are stepped when a test says so.

Knows how the core's waiters, methods and timers run on it. Nothing happens by itself.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Context

    from caplet.cap.host import Latch, Steps

__all__ = ["SimulatedHost", "SimulatedMethod", "SimulatedWaiter"]


Result = TypeVar("Result")


class SimulatedWaiter:
    """Something to await that is set later."""

    def __init__(self, host: SimulatedHost) -> None:
        self.host = host
        self.is_set = False
        self.method: SimulatedMethod | None = None

    def set(self, outcome: object = None) -> None:
        """Let who awaits it go on in a later step."""
        if not self.is_set:
            self.is_set = True
            if self.method is not None:
                self.host.ready.append(self.method)

    def __await__(self) -> Generator[Any, None, None]:
        if not self.is_set:
            yield self


class Cancelled(BaseException):
    """Thrown into a method that is asked to stop."""


class SimulatedMethod:
    """A coroutine that is stepped by hand."""

    def __init__(self, host: SimulatedHost, coroutine: Steps) -> None:
        self.host = host
        self.coroutine: Steps | None = coroutine
        self.cancelled = False

    def cancel(self) -> None:
        """Stop it at what it awaits."""
        if self.coroutine is not None and not self.cancelled:
            self.cancelled = True
            self.host.ready.append(self)

    def cancelling(self) -> int:
        """Return how many have asked it to stop."""
        return int(self.cancelled)

    def step(self) -> None:
        """Run it to what it awaits next."""
        coroutine = self.coroutine
        if coroutine is None:
            return
        try:
            if self.cancelled:
                self.cancelled = False
                waiter = coroutine.throw(Cancelled())
            else:
                waiter = coroutine.send(None)
        except (StopIteration, Cancelled):
            self.coroutine = None
            return
        assert isinstance(waiter, SimulatedWaiter), f"awaits {waiter!r}, which this loop does not know"
        waiter.method = self
        if waiter.is_set:
            self.host.ready.append(self)


class SimulatedTimer:
    """A call that will happen when virtual time has come that far."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget it."""
        self.callback = None


class SimulatedHost:
    """The loop of simulated vats."""

    def __init__(self) -> None:
        self.awake = False
        self.ready: deque[SimulatedMethod] = deque()
        self.timers: list[tuple[float, int, SimulatedTimer]] = []
        self.clock_s = 0.0
        self.timer_count = 0

    def wake(self) -> None:
        """Note that there is something to do."""
        self.awake = True

    @property
    def is_here(self) -> bool:
        """Everybody is."""
        return True

    def enter(self) -> bool:
        """Everybody may touch simulated vats."""
        return True

    def post(self, function: Callable[[], object]) -> None:
        """Call a function."""
        function()

    def run(self, function: Callable[[], Result]) -> Result:
        """Call a function."""
        return function()

    def make_latch(self) -> Latch:
        """Refuse: nothing happens by itself, so nobody can wait."""
        raise RuntimeError("nobody can wait in a simulated network; await the call in a method")

    def run_function(self, function: Callable[[], object]) -> None:
        """There are no other threads."""

    def make_waiter(self) -> SimulatedWaiter:
        """Return a new waiter."""
        return SimulatedWaiter(self)

    def start_method(self, method: Steps, context: Context | None = None) -> SimulatedMethod:
        """Let a coroutine start in the next step."""
        started = SimulatedMethod(self, method)
        self.ready.append(started)
        return started

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> SimulatedTimer:
        """Call back when virtual time has moved on by `delay_s`."""
        timer = SimulatedTimer(callback)
        self.timer_count += 1
        heapq.heappush(self.timers, (self.clock_s + delay_s, self.timer_count, timer))
        return timer

    def now_s(self) -> float:
        """Return the virtual time."""
        return self.clock_s

    def run_ready(self) -> bool:
        """Step every method that can go on.

        Returns:
            Whether there was one.
        """
        ran = False
        while self.ready:
            ran = True
            self.ready.popleft().step()
        return ran

    def advance(self, seconds: float) -> None:
        """Move virtual time on and make the calls that become due."""
        until = self.clock_s + seconds
        while self.timers and self.timers[0][0] <= until:
            self.clock_s, _, timer = heapq.heappop(self.timers)
            callback = timer.callback
            timer.callback = None
            if callback is not None:
                callback()
        self.clock_s = until
