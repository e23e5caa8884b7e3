"""Connections and membranes with one rule switched off, to prove that tests notice.

Each class breaks one thing that keeps calls in order or counts right, or references on their side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.answer import Answer
from caplet.cap.membrane import CrossingState, Membrane
from caplet.rpc import import_, question
from caplet.rpc.connection import Connection

if TYPE_CHECKING:
    from caplet.cap.answer import AnswerState
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.membrane import CrossingPromise
    from caplet.rpc.answer import AnswerRow
    from caplet.rpc.export import Export
    from caplet.rpc.import_ import Import
    from caplet.rpc.question import Question
    from caplet.rpc.remote import RemoteCapability
    from caplet.wire.untyped import AnyPointer

__all__ = ["Hasty", "LosesFinishes", "LosesReleases", "LosesResolves", "NoEmbargo", "NoFreeze", "Porous", "TellsAtOnce"]


class NoEmbargo(Connection):
    """Follows promises at once, also when calls are still on the long way."""

    __slots__ = ()

    def start_embargo(self, raw: RemoteCapability, capability: Capability) -> Capability:
        """Return the capability itself."""
        return capability


class NoFreeze(Connection):
    """Sends calls pipelined on what was returned to whatever is nearest by now."""

    __slots__ = ()

    def frozen(self, row: AnswerRow, number: int) -> Capability:
        """Return what the capability has become."""
        assert row.capabilities is not None
        capability = row.capabilities[number]
        return super().frozen(row, number) if capability is None else capability  # type: ignore[return-value]

    def send_resolve(self, exported: Export) -> None:
        """Tell what the promise became, and keep following it."""
        nearest = exported.target
        super().send_resolve(exported)
        exported.target = nearest


class LosesReleases(Connection):
    """Forgets to give references back, every fourth time."""

    __slots__ = ()

    def act_on_import(self, imported: Import, action: int) -> None:
        """Do what the table asks for, mostly."""
        if action == import_.Action.SEND_RELEASE and self.sent % 4 == 0:
            return
        super().act_on_import(imported, action)


class LosesFinishes(Connection):
    """Forgets to say that answers are not needed any more, every fourth time."""

    __slots__ = ()

    def act_on_question(self, asked: Question, action: int) -> None:
        """Do what the table asks for, mostly."""
        if action != question.Action.FREE_ID and self.sent % 4 == 0:
            return
        super().act_on_question(asked, action)


class LosesResolves(Connection):
    """Forgets to say what promises became, every fifth time."""

    __slots__ = ()

    def send_resolve(self, exported: Export) -> None:
        """Tell what the promise became, mostly."""
        if self.sent % 5:
            super().send_resolve(exported)


class Porous(Membrane):
    """Lets references in params and results through as they are."""

    def crossed(self, content: AnyPointer, outward: bool) -> AnyPointer:
        """Return the content itself."""
        return content


class Hasty(Membrane):
    """Lets references to promises take the short way at once, also when calls are still on the long way."""

    def shorten(self, promise: CrossingPromise, capability: Capability) -> None:
        """Become what the promise became."""
        promise.hold_calls()
        promise.resolve(capability)


class TellsAtOnce(Membrane):
    """Tells what a call holds at once, also when calls are on their way through what was handed out before."""

    def through(self, answer: Answer, call: IncomingCall, outward: bool) -> Answer:
        """Return an answer as the caller's side sees it."""
        state = ImpatientState(call.turns, self, answer, outward)
        answer.on_done(state.take)
        return Answer(state)


class ImpatientState(CrossingState):
    """An outcome that does not wait."""

    __slots__ = ()

    def take(self, state: AnswerState) -> None:
        """Take the outcome, and tell it."""
        self.given.clear()
        super().take(state)
