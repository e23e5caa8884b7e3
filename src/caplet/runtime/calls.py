"""What a call gives its caller, as type checkers know it: something to await, and the capabilities in its results before they are there.

Knows the types of results. What a call does is in `sent_calls.py`, which is compiled; compiled classes cannot be generic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from caplet.runtime.sent_calls import Pipeline, SentCall

if TYPE_CHECKING:
    from collections.abc import Generator

    from caplet.runtime.structs import Struct

__all__ = ["Call", "Pipeline", "PipelineOnlyCall", "call_class"]

Results = TypeVar("Results", covariant=True)


class Call(SentCall, Generic[Results]):
    """A call that was sent: await it for its results, or use capabilities in them at once.

    It may be awaited any number of times, by any number of tasks. Dropping it does not cancel the call; `cancel()` does, and so does
    cancelling the last task that awaits it, unless a capability taken from it is still held. An error of a call that was neither awaited
    nor used for its capabilities is logged, once.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        # The compiled class has it: a step through Python for each call would cost as much again.

        def __await__(self) -> Generator[object, None, Results]: ...

    def wait(self, timeout_s: float | None = None) -> Results:
        """Wait for the results in a thread that is not the event loop's: for calls made by `caplet.blocking`.

        What ends the waiting early, Ctrl-C included, cancels the call unless somebody else waits for it or holds a capability taken from it.

        Args:
            timeout_s: how long to wait, in seconds; None for ever.

        Raises:
            RpcError: what the call failed with.
            RuntimeError: this is the event loop's own thread, or the call was made by another form than `caplet.blocking`.
            TimeoutError: the time is up.
        """
        results: Results = super().wait(timeout_s)
        return results

    def cancel(self) -> None:
        """Give the call up: the callee is told, whoever awaits it gets an error, and capabilities taken from it break.

        Does nothing when the call is done.
        """
        super().cancel()


def call_class(results: type[Struct]) -> type[Call[Struct]]:
    """Make the class of calls with these results: what can be used before they are there are attributes of it, which Python finds at once.

    Args:
        results: the class of the results.
    """
    namespace: dict[str, object] = {"__slots__": (), "__module__": Call.__module__, "__doc__": Call.__doc__}
    members = results._pipeline_members().items()
    namespace.update((name, member) for name, member in members if not hasattr(Call, name))
    return type("Call", (Call,), namespace)


class PipelineOnlyCall(Call[Results]):
    """A call that was sent for the sake of the capabilities in its results alone; it ends when the last of them is dropped."""

    __slots__ = ()

    def __await__(self) -> Generator[object, None, Results]:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"this call of {self._plan} was sent by pipeline_only(); its results do not come back")

    def wait(self, timeout_s: float | None = None) -> Results:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"this call of {self._plan} was sent by pipeline_only(); its results do not come back")

    def __del__(self) -> None:
        """Nothing keeps it."""
