"""A membrane that lets everything pass and tells somebody when each call begins and how it ends.

Knows that who is told cannot break a call (what it raises is logged), and that context variables which it sets at the beginning hold for the call:
for the method, when that is of this vat. Metadata that it gives a call goes to a peer that takes it: a bootstrap object is asked once, and the first
calls wait for its answer. Does not know what is done with all that, nor how metadata travels (`call_metadata.py`).

Whether metadata may be sent is known for a whole membrane, not for each object. That is sound because the peer's objects that are known here have
all come out through the peer's own membrane, and ours that it knows through this one, if its bootstrap object is used only through this one.
"""

from __future__ import annotations

import logging
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol

from caplet.cap.answer import Answer
from caplet.cap.call_metadata import ask_for_metadata, is_about_metadata, make_carrier, says_yes, take_out
from caplet.cap.membrane import CrossingState, Membrane
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed, as_rpc_error

if TYPE_CHECKING:
    from caplet.cap.answer import AnswerState
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.membrane import Passage
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError
    from caplet.wire.untyped import AnyPointer

__all__ = ["Interception", "Listener"]

_log = logging.getLogger("caplet.interceptors")


class Listener(Protocol):
    """Who is told of calls."""

    def begins(self, passage: Passage, call: IncomingCall, metadata: dict[str, str]) -> Ending:
        """Tell that a call begins, and return what tells how it ended.

        Args:
            passage: where.
            call: the call.
            metadata: what came with it; what is in it afterwards goes on to a peer that takes it.
        """
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

    def resolves_first(self) -> bool:
        """Nothing is sent elsewhere."""
        return False


class Interception(Membrane):
    """A membrane that tells a listener of the calls in both directions.

    Args:
        listener: who is told.
        outgoing: whether the inside is the peer's, and the outside this program's; else it is the other way round.
    """

    def __init__(self, listener: Listener, outgoing: bool) -> None:
        super().__init__(PassAll())
        self.listener = listener
        self.outgoing = outgoing
        self.peer_takes_metadata = False
        # Of the call that is being passed on just now.
        self.ending: Once | None = None
        self.metadata: dict[str, str] = {}

    def cross_when_asked(self, capability: Capability) -> Capability:
        """Return what the peer's bootstrap object is on this side, when it is known whether the peer takes metadata."""
        turns = capability.turns
        if turns is None or not (capability.is_promise or capability.current().connection):
            return self.cross(capability, True)
        promise = PromiseCapability(turns)
        Asking(self, capability, promise).begin()
        return promise

    def pass_on(self, passage: Passage, call: IncomingCall) -> None:
        """Tell of the call, and let it through with the context variables that were set."""
        metadata: dict[str, str] = {}
        if is_about_metadata(call):
            taken = take_out(call)
            if taken is None:
                self.peer_takes_metadata |= not self.leads_to_peer(passage)
                return
            metadata = taken
        context = copy_context() if call.context is None else call.context.copy()
        context.run(self.tell_and_pass_on, passage, call, metadata)

    def leads_to_peer(self, passage: Passage) -> bool:
        """Tell whether a passage leads to an object of the peer."""
        return passage.outward == self.outgoing

    def tell_and_pass_on(self, passage: Passage, call: IncomingCall, metadata: dict[str, str]) -> None:
        """Do both."""
        self.ending = ending = Once(self.listener, passage, call, metadata)
        self.metadata = metadata
        try:
            super().pass_on(passage, call)
        except Exception as error:
            ending.tell(as_rpc_error(error))
            raise
        finally:
            self.ending = None
            self.metadata = {}

    def make_request(self, passage: Passage, call: IncomingCall, params: AnyPointer) -> Request:
        """Return the request that goes on for a call, one that carries metadata if there is any and the peer takes it."""
        if self.metadata and self.peer_takes_metadata and self.leads_to_peer(passage):
            return make_carrier(passage.target, call.interface_id, call.method_id, params, self.metadata)
        return super().make_request(passage, call, params)

    def through(self, answer: Answer, call: IncomingCall, outward: bool) -> Answer:
        """Return an answer as the caller's side sees it; when it is there, or nobody wants it any more, the call has ended."""
        assert self.ending is not None
        state = WatchedState(call.turns, self, answer, outward, self.ending)
        answer.on_done(state.take)
        return Answer(state)


class Asking:
    """The question whether a peer takes metadata; calls wait in a promise for the answer, whatever it is.

    Args:
        interception: whose question it is.
        capability: the object that is asked.
        promise: what becomes that object, as this side sees it.
    """

    def __init__(self, interception: Interception, capability: Capability, promise: PromiseCapability) -> None:
        self.interception = interception
        self.capability = capability
        self.promise = promise
        self.answer: Answer | None = None

    def begin(self) -> None:
        """Ask."""
        self.answer = ask_for_metadata(self.capability)
        self.answer.on_done(self.answered)

    def answered(self, state: AnswerState) -> None:
        """Note the answer, and let the calls go."""
        self.answer = None
        if says_yes(state):
            self.interception.peer_takes_metadata = True
        self.promise.resolve(self.interception.cross(self.capability, True))


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

    def __init__(self, listener: Listener, passage: Passage, call: IncomingCall, metadata: dict[str, str]) -> None:
        self._ending: Ending | None = None
        try:
            self._ending = listener.begins(passage, call, metadata)
        except Exception as error:
            metadata.clear()
            _log.error("an interceptor failed at the start of a call", exc_info=error)

    def tell(self, error: RpcError | None) -> None:
        """The call has ended."""
        ending, self._ending = self._ending, None
        if ending is not None:
            try:
                ending.ended(error)
            except Exception as failure:
                _log.error("an interceptor failed at the end of a call", exc_info=failure)
