"""The export table: objects of ours that the peer holds references to.

An export counts how often its id was written in a descriptor; the peer gives counts back with Release. One that was announced as a
promise is resolved once, by Resolve.

    HOSTED     a settled object
    PROMISE    a promise; when it resolves we say what to
    RESOLVED   a promise of which we said what it became. From then on whatever is sent to its id goes strictly there, even when we come
               to know better: the peer has already drawn its conclusions (the freeze rule)
    GONE       the peer has given all references back; the id is free
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from caplet.rpc.machine import Machine

if TYPE_CHECKING:
    from caplet.cap.capability import Capability
    from caplet.rpc.connection import Connection

__all__ = ["MACHINE", "Action", "Event", "Export", "State"]


class State(IntEnum):
    """Where an export is in its life."""

    HOSTED = 0
    PROMISE = 1
    RESOLVED = 2
    GONE = 3


class Event(IntEnum):
    """What can happen to an export."""

    SETTLED = 0
    RELEASED = 1
    DISCONNECTED = 2


class Action(IntEnum):
    """What has to be done."""

    FORGET_IDENTITY = 0
    UNWATCH = 1
    SEND_RESOLVE = 2
    FREE_ID = 3


MACHINE = Machine(
    "export",
    State,
    Event,
    {
        (State.HOSTED, Event.SETTLED): "a settled export cannot resolve",
        (State.HOSTED, Event.RELEASED): (State.GONE, (Action.FORGET_IDENTITY, Action.FREE_ID)),
        (State.HOSTED, Event.DISCONNECTED): (State.GONE, ()),
        (State.PROMISE, Event.SETTLED): (State.RESOLVED, (Action.FORGET_IDENTITY, Action.SEND_RESOLVE)),
        (State.PROMISE, Event.RELEASED): (State.GONE, (Action.FORGET_IDENTITY, Action.UNWATCH, Action.FREE_ID)),
        (State.PROMISE, Event.DISCONNECTED): (State.GONE, (Action.UNWATCH,)),
        (State.RESOLVED, Event.SETTLED): "an export resolves once",
        (State.RESOLVED, Event.RELEASED): (State.GONE, (Action.FREE_ID,)),
        (State.RESOLVED, Event.DISCONNECTED): (State.GONE, ()),
        (State.GONE, Event.SETTLED): (State.GONE, ()),
        (State.GONE, Event.RELEASED): "a reference was released that the peer does not hold",
        (State.GONE, Event.DISCONNECTED): (State.GONE, ()),
    },
)


class Export:
    """One object that the peer refers to.

    Args:
        connection: the connection of the peer.
        target: where calls to the id go.
        state: HOSTED or PROMISE.
    """

    __slots__ = ("connection", "count", "id", "state", "target")

    def __init__(self, connection: Connection, target: Capability, state: State) -> None:
        self.connection = connection
        self.target = target
        self.state = int(state)
        self.id = -1
        self.count = 0

    def advance(self, event: Event) -> None:
        """Take one step in the table and do what it says."""
        self.state, actions = MACHINE.step(self.state, event)
        for action in actions:
            self.connection.act_on_export(self, action)

    def resolved(self, capability: Capability) -> None:
        """The promise became `capability`, which may be a promise itself."""
        if self.state == State.PROMISE:
            self.connection.export_resolved(self, capability)
