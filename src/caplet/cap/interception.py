"""A membrane that lets everything pass and tells somebody when each call begins and how it ends.

Knows that who is told cannot break a call (what it raises is logged), and that context variables which it sets at the beginning hold for the call:
for the method, when that is of this vat. Does not know what is done with it.
"""

from __future__ import annotations

import logging
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol

from caplet.cap.answer import Answer
from caplet.cap.membrane import CrossingState, Membrane
from caplet.errors import Failed, as_rpc_error

if TYPE_CHECKING:
    from caplet.cap.answer import AnswerState
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.membrane import Passage
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError

__all__ = ["Interception", "Listener"]

_log = logging.getLogger("caplet.interceptors")


class Listener(Protocol):
    """Who is told of calls."""

    def begins(self, passage: Passage, call: IncomingCall) -> Ending:
        """Tell that a call begins, and return what tells how it ended."""
        ...


class Ending(Protocol):
    """Who is told how one call ended."""

    def ended(self, error: RpcError | None) -> None:
        """Tell that it has ended, with an error or without."""
        ...


class PassAll:
    """A policy that lets everything pass."""

    def decide(self, passage: Passage, call: IncomingCall) -> Capability | None:
        """Let the call pass."""
        return None

    def passes_fds(self) -> bool:
        """Show file descriptors."""
        return True


class Interception(Membrane):
    """A membrane that tells a listener of the calls in both directions.

    Args:
        listener: who is told.
    """

    def __init__(self, listener: Listener) -> None:
        super().__init__(PassAll())
        self.listener = listener
        # Of the call that is being passed on just now.
        self.ending: Once | None = None

    def pass_on(self, passage: Passage, call: IncomingCall) -> None:
        """Tell of the call, and let it through with the context variables that were set."""
        context = copy_context() if call.context is None else call.context.copy()
        context.run(self.tell_and_pass_on, passage, call)

    def tell_and_pass_on(self, passage: Passage, call: IncomingCall) -> None:
        """Do both."""
        self.ending = ending = Once(self.listener, passage, call)
        try:
            super().pass_on(passage, call)
        except Exception as error:
            ending.tell(as_rpc_error(error))
            raise
        finally:
            self.ending = None

    def through(self, answer: Answer, call: IncomingCall, outward: bool) -> Answer:
        """Return an answer as the caller's side sees it; when it is there, or nobody wants it any more, the call has ended."""
        assert self.ending is not None
        state = WatchedState(call.turns, self, answer, outward, self.ending)
        answer.on_done(state.take)
        return Answer(state)


class WatchedState(CrossingState):
    """The outcome of a call whose end is told."""

    __slots__ = ("ending",)

    def __init__(self, turns: Turns, membrane: Membrane, answer: Answer, outward: bool, ending: Once) -> None:
        super().__init__(turns, membrane, answer, outward)
        self.ending = ending

    def take(self, state: AnswerState) -> None:
        """Tell, and take the outcome."""
        self.ending.tell(state.error)
        super().take(state)

    def unwanted(self) -> None:
        """Tell, and cancel the call."""
        self.ending.tell(Failed("the call was cancelled"))
        super().unwanted()


class Once:
    """Tells of one call: that it began, and once how it ended; what goes wrong in that is logged."""

    __slots__ = ("_ending",)

    def __init__(self, listener: Listener, passage: Passage, call: IncomingCall) -> None:
        self._ending: Ending | None = None
        try:
            self._ending = listener.begins(passage, call)
        except Exception as error:
            _log.error("an interceptor failed at the start of a call", exc_info=error)

    def tell(self, error: RpcError | None) -> None:
        """The call has ended."""
        ending, self._ending = self._ending, None
        if ending is not None:
            try:
                ending.ended(error)
            except Exception as failure:
                _log.error("an interceptor failed at the end of a call", exc_info=failure)
