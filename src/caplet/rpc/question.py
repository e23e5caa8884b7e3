"""The question table: calls that we sent, until both sides are through with them.

A question begins when its Call (or Bootstrap) is sent. Two things must happen before its id is free again: the Return arrives, and we have
told the peer by Finish that we want nothing more from it. Every path through the table has one Return and one Finish, except where the
peer said that it needs no Finish (`noFinishNeeded`), and where no Return is expected at all (`SILENT`, ids from 2^31).

    WAITING     the Return has not arrived; the caller, or a capability pipelined on the answer, wants it
    CANCELLED   nobody wants it any more: Finish was sent, the Return is still to come
    LINGERING   the Return has arrived, and something still addresses the answer; Finish is due when the last such thing goes
    SILENT      no Return will come; Finish is due when nobody wants the pipeline any more
    GONE        the id is free

The caller's interest ends by itself when the outcome is known, because capabilities in results are counted on their own; so a Finish
usually follows the Return at once.

Why there is one Finish: only the two actions of that name send it. They stand in rows that lead from a state in which none was sent (WAITING,
LINGERING, SILENT) to one in which it was (CANCELLED, GONE), and no row leads back.
"""

from __future__ import annotations

import weakref
from enum import IntEnum
from typing import TYPE_CHECKING

from caplet.cap import answer
from caplet.cap.answer import AnswerState, Path
from caplet.cap.capability import BrokenCapability, Capability
from caplet.cap.hints import NO_PROMISE_PIPELINING
from caplet.errors import Failed, RpcError
from caplet.rpc.machine import Machine

if TYPE_CHECKING:
    from caplet.rpc.connection import Connection
    from caplet.rpc.remote import PipelinedCapability, RemotePromise
    from caplet.wire.untyped import AnyPointer

__all__ = ["MACHINE", "Action", "Event", "Question", "Slot", "State", "replace_capability"]


class State(IntEnum):
    """Where a question is in its life."""

    WAITING = 0
    CANCELLED = 1
    LINGERING = 2
    SILENT = 3
    GONE = 4


class Event(IntEnum):
    """What can happen to a question."""

    RETURNED = 0
    RETURNED_FOR_GOOD = 1
    UNWANTED = 2
    DISCONNECTED = 3


class Action(IntEnum):
    """What has to be done."""

    # The capabilities in the results are ours: each is counted and given back on its own.
    SEND_FINISH = 0
    # Nobody here will look at the results: the peer is to release what they hold (`releaseResultCaps`).
    SEND_FINISH_AND_RELEASE = 1
    FREE_ID = 2


_TWICE = "a second Return for the same question"
_STRAY = "a Return for a question that is over"

MACHINE = Machine(
    "question",
    State,
    Event,
    {
        (State.WAITING, Event.RETURNED): (State.LINGERING, ()),
        (State.WAITING, Event.RETURNED_FOR_GOOD): (State.GONE, (Action.FREE_ID,)),
        (State.WAITING, Event.UNWANTED): (State.CANCELLED, (Action.SEND_FINISH_AND_RELEASE,)),
        (State.WAITING, Event.DISCONNECTED): (State.GONE, ()),
        (State.CANCELLED, Event.RETURNED): (State.GONE, (Action.FREE_ID,)),
        (State.CANCELLED, Event.RETURNED_FOR_GOOD): (State.GONE, (Action.FREE_ID,)),
        (State.CANCELLED, Event.UNWANTED): (State.CANCELLED, ()),
        (State.CANCELLED, Event.DISCONNECTED): (State.GONE, ()),
        (State.LINGERING, Event.RETURNED): _TWICE,
        (State.LINGERING, Event.RETURNED_FOR_GOOD): _TWICE,
        (State.LINGERING, Event.UNWANTED): (State.GONE, (Action.SEND_FINISH, Action.FREE_ID)),
        (State.LINGERING, Event.DISCONNECTED): (State.GONE, ()),
        (State.SILENT, Event.RETURNED): _STRAY,
        (State.SILENT, Event.RETURNED_FOR_GOOD): _STRAY,
        (State.SILENT, Event.UNWANTED): (State.GONE, (Action.SEND_FINISH_AND_RELEASE, Action.FREE_ID)),
        (State.SILENT, Event.DISCONNECTED): (State.GONE, ()),
        (State.GONE, Event.RETURNED): _STRAY,
        (State.GONE, Event.RETURNED_FOR_GOOD): _STRAY,
        (State.GONE, Event.UNWANTED): (State.GONE, ()),
        (State.GONE, Event.DISCONNECTED): (State.GONE, ()),
    },
)

STEPS = MACHINE.steps
EVENTS = MACHINE.event_count
UNWANTED = int(Event.UNWANTED)


class Slot:
    """One path of one question that was pipelined on; `Question.slot` makes it."""

    __slots__ = ("called", "path", "promise", "question", "raw")

    def open(self, question: Question, path: Path) -> None:
        """Begin.

        Args:
            question: the question.
            path: pointer indexes from the root of its results.
        """
        self.question = question
        self.path = path
        # Whether anything was sent through it; then a later shortcut needs an embargo.
        self.called = False
        self.promise: weakref.ref[RemotePromise] | None = None
        self.raw: weakref.ref[PipelinedCapability] | None = None

    @property
    def matters(self) -> bool:
        """Whether something still addresses it, or what was sent through it may still be overtaken."""
        return (self.called and not self.question.is_tail) or (self.raw is not None and self.raw() is not None)

    def drop_use(self) -> None:
        """The capability that addresses this slot is gone."""
        question = self.question
        question.slot_uses -= 1
        question.check_wanted()


class Question(AnswerState):
    """A call that we sent.

    Args:
        connection: where to.
        hints: the hints that it was sent with.
    """

    __slots__ = (
        "answer_wanted",
        "connection",
        "exports",
        "hints",
        "id",
        "is_tail",
        "overrides",
        "paths",
        "slot_uses",
        "state",
        "target",
    )

    def __init__(self, connection: Connection, hints: int) -> None:
        self.ask(connection, hints)

    def ask(self, connection: Connection, hints: int) -> None:
        """Begin; the arguments are those of the class."""
        self.open(connection.turns)
        self.connection = connection
        self.hints = hints
        self.id = 0
        self.state = 0
        # Sent with sendResultsTo.yourself: the results go elsewhere.
        self.is_tail = False
        # The ids of exports named in the params, once for each time; the peer may give them back in its Return.
        self.exports: list[int] | None = None
        self.paths: dict[Path, Slot] | None = None
        # What paths lead to where that is known before the content: promises under embargo.
        self.overrides: dict[Path, Capability] | None = None
        self.answer_wanted = True
        self.slot_uses = 0
        # The promise that the call was pipelined on: it keeps the question behind it until either is answered.
        self.target: Capability | None = None

    # --- lifetime ----------------------------------------------------------------------------------------------------------------

    def advance(self, event: int) -> None:
        """Take one step in the table and do what it says."""
        step = STEPS[self.state * EVENTS + event]
        if step is None:
            MACHINE.step(self.state, event)
        else:
            self.state = step[0]
            actions = step[1]
            for action in actions:
                self.connection.act_on_question(self, action)

    def drop_use(self) -> None:
        """The caller does not want the outcome any more."""
        self.answer_wanted = False
        self.check_wanted()

    def check_wanted(self) -> None:
        """Finish when neither the caller nor a pipelined capability wants the answer."""
        if not self.answer_wanted and self.slot_uses == 0:
            self.advance(UNWANTED)

    def abandon(self, error: RpcError) -> None:
        """Give the call up: with the promises that were handed out goes what addresses the answer, and then the peer hears of it."""
        self.fail(error)

    def finished(self) -> None:
        """Pass the outcome on; from now on only what addresses the answer keeps it."""
        self.target = None
        # The promises of the paths were resolved before; whatever still addresses the answer holds its own path.
        self.paths = None
        # Not by `super()`, which compiled methods of this kind cannot use.
        AnswerState.finished(self)
        self.answer_wanted = False
        self.check_wanted()

    # --- pipelining --------------------------------------------------------------------------------------------------------------

    def slot(self, path: Path) -> Slot:
        """Return the record of `path`."""
        paths = self.paths
        if paths is None:
            paths = self.paths = {}
        slot = paths.get(path)
        if slot is None:
            slot = Slot.__new__(Slot)
            slot.open(self, path)
            if len(paths) >= 16 and len(paths) & (len(paths) - 1) == 0:
                # A peer to which a call was handed on may name ever new paths; those that mean nothing any more are not kept.
                paths = self.paths = {known: kept for known, kept in paths.items() if kept.matters}
            paths[path] = slot
        return slot

    def pipeline(self, path: Path) -> Capability:
        """Return the capability at `path`; until it is known, a promise that sends calls ahead to where it will be."""
        if self.overrides is not None:
            override = self.overrides.get(path)
            if override is not None:
                return override
        if self.content is not None:
            return answer.capability_at(self.content, path)
        if self.error is not None:
            return BrokenCapability(self.error)
        if self.source is not None:
            return self.last_source(path).pipeline(path)
        if self.hints & NO_PROMISE_PIPELINING:
            return BrokenCapability(Failed("this call was made with the promise not to pipeline on it"))
        if self.is_tail:
            # The results stay at the peer: nobody will say here what they are, so it is no promise.
            return self.connection.raw_for_slot(self.slot(path))
        return self.connection.promise_for_slot(self.slot(path))

    def following(self, path: Path) -> AnswerState | None:
        """Return the outcome that says what `path` leads to, while this does not."""
        return None if self.overrides is not None and path in self.overrides else AnswerState.following(self, path)

    def resolve_paths(self, content: AnyPointer, capabilities: list[object]) -> None:
        """Turn the promises that were handed out into what the results hold at their paths.

        A path through which calls were sent gets an embargo if it leads back to us; then the embargoed promise replaces the
        capability in the results too, so that both ways to it keep the order.
        """
        paths = self.paths
        if paths is None:
            return
        for path, slot in list(paths.items()):
            promise = None if slot.promise is None else slot.promise()
            if promise is None and not slot.called:
                continue
            found = answer.capability_at(content, path)
            settled = self.connection.settle(self.connection.raw_for_slot(slot), slot.called, found)
            if settled is not found:
                replace_capability(content, path, capabilities, settled)
            if promise is not None:
                promise.become(settled)

    def break_paths(self, error: RpcError) -> None:
        """Break the promises that were handed out."""
        paths = self.paths
        if paths is None:
            return
        broken = BrokenCapability(error)
        for slot in list(paths.values()):
            promise = None if slot.promise is None else slot.promise()
            if promise is not None:
                promise.become(broken)

    def complete_results(self, content: AnyPointer, capabilities: list[object]) -> None:
        """Note the results: pipelined capabilities first, then the caller.

        Args:
            content: the results.
            capabilities: the table that they refer to; those under embargo are replaced in it.
        """
        self.resolve_paths(content, capabilities)
        self.complete(content)

    def fail(self, error: RpcError) -> None:
        """Note the error: pipelined capabilities first, then the caller."""
        if not self.done:
            self.break_paths(error)
            AnswerState.fail(self, error)


def replace_capability(content: AnyPointer, path: Path, capabilities: list[object], capability: Capability) -> None:
    """Let `path` in `content` lead to another capability."""
    pointer = content
    for index in path:
        pointer = pointer.struct().pointer(index)
    number = pointer.capability_index()
    assert number is not None
    capabilities[number] = capability
