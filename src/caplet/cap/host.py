"""What the core asks of the world that runs it: a wake-up, timers, waiters, and the start of methods.

Knows the interface only. `aio` implements it on an event loop, `caplet.testing` on a simulated clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import Context
from typing import Any, Protocol, TypeVar

__all__ = ["Host", "Latch", "RunningMethod", "Steps", "Timer", "Waiter"]


Result = TypeVar("Result")


class Waiter(Protocol):
    """Something that one coroutine awaits and the core sets, at most once; setting it again or after cancellation does nothing."""

    def set(self, outcome: object = None) -> None:
        """Let the coroutine go on in a later turn of its loop; `outcome` is ignored, so that this is a callback as it stands."""
        ...

    def __await__(self) -> Generator[Any, None, None]: ...


class Latch(Protocol):
    """Something that one thread waits for and the core sets, at most once."""

    def set(self, outcome: object = None) -> None:
        """Let the thread go on; `outcome` is ignored."""
        ...

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it is set; return whether it was within `timeout_s` seconds, None for no bound."""
        ...


class Steps(Protocol):
    """A coroutine that handles its own errors, or something with its face."""

    def send(self, value: None, /) -> Any:
        """Go on to what it awaits next, and return that."""
        ...

    def throw(self, error: BaseException, /) -> Any:
        """Go on with an exception."""
        ...

    def close(self) -> None:
        """Stop it where it waits."""
        ...


class RunningMethod(Protocol):
    """A method that was started."""

    def cancel(self) -> object:
        """Ask it to stop at its next await."""
        ...

    def cancelling(self) -> int:
        """Return how many have asked it to stop, and did not take it back."""
        ...


class Timer(Protocol):
    """A call that will happen later."""

    def cancel(self) -> None:
        """Forget it; does nothing once it has happened."""
        ...


class Host(Protocol):
    """The loop that a vat belongs to."""

    def wake(self) -> None:
        """See to it that `Turns.run()` is called soon and what connections have to send is written.

        Called from anywhere, also from finalisers and from other threads; must only schedule. Called once until `Turns.run()` starts.
        """
        ...

    @property
    def is_here(self) -> bool:
        """Whether the caller runs in the vat's loop."""
        ...

    def enter(self) -> bool:
        """Tell whether the caller may touch the vat.

        Returns:
            True where the vat's loop runs; False where what is to be done has to be handed over by `post` or `run`.

        Raises:
            RuntimeError: neither: this is another thread or loop, and the vat does not take things from others.
        """
        ...

    def post(self, function: Callable[[], object]) -> None:
        """Call `function` where the vat lives, soon, in the order of these calls; from any thread, also from finalisers."""
        ...

    def run(self, function: Callable[[], Result]) -> Result:
        """Call `function` where the vat lives, and wait for what it returns or raises; not from there."""
        ...

    def make_latch(self) -> Latch:
        """Return a new latch.

        Raises:
            RuntimeError: this thread is the vat's own, or the vat takes nothing from others.
        """
        ...

    def run_function(self, function: Callable[[], object]) -> Awaitable[object] | None:
        """Start an ordinary function of the program in a thread of its own and return its outcome; None when the vat's own thread runs it."""
        ...

    def make_waiter(self) -> Waiter:
        """Return a new waiter.

        Raises:
            RuntimeError: another loop than the vat's would wait.
        """
        ...

    def start_method(self, method: Steps, context: Context | None = None) -> RunningMethod | None:
        """Start a method; nothing of it runs before this returns or everything up to its first wait.

        Args:
            method: what is stepped.
            context: the context variables that it begins with a copy of; None for those of whoever starts it.

        Returns:
            The method; it may be None when it has ended already.
        """
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay_s` seconds."""
        ...

    def now_s(self) -> float:
        """Return the time in seconds on a clock that never goes back."""
        ...
