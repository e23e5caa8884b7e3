"""The embargo table: promises that resolved to something nearer, where calls sent the long way are still under way.

WAITING   the Disembargo was sent the long way; until it comes back, calls wait
LIFTED    it came back; the calls that waited were forwarded
BROKEN    it will not come back
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from caplet.rpc.machine import Machine

if TYPE_CHECKING:
    from caplet.cap.capability import Capability
    from caplet.cap.promise import PromiseCapability
    from caplet.rpc.connection import Connection

__all__ = ["MACHINE", "Action", "Embargo", "Event", "State"]


class State(IntEnum):
    """Where an embargo is in its life."""

    WAITING = 0
    LIFTED = 1
    BROKEN = 2


class Event(IntEnum):
    """What can happen to an embargo."""

    ECHO = 0
    REFUSED = 1
    DISCONNECTED = 2


class Action(IntEnum):
    """What has to be done."""

    FREE_ID = 0
    RELEASE_CALLS = 1
    FAIL_CALLS = 2


_OVER = "a Disembargo for an embargo that is over"

MACHINE = Machine(
    "embargo",
    State,
    Event,
    {
        (State.WAITING, Event.ECHO): (State.LIFTED, (Action.FREE_ID, Action.RELEASE_CALLS)),
        (State.WAITING, Event.REFUSED): (State.BROKEN, (Action.FREE_ID, Action.FAIL_CALLS)),
        (State.WAITING, Event.DISCONNECTED): (State.BROKEN, (Action.FAIL_CALLS,)),
        (State.LIFTED, Event.ECHO): _OVER,
        (State.LIFTED, Event.REFUSED): _OVER,
        (State.LIFTED, Event.DISCONNECTED): (State.LIFTED, ()),
        (State.BROKEN, Event.ECHO): _OVER,
        (State.BROKEN, Event.REFUSED): _OVER,
        (State.BROKEN, Event.DISCONNECTED): (State.BROKEN, ()),
    },
)


class Embargo:
    """One promise that waits for its Disembargo.

    Args:
        connection: the connection that the Disembargo goes through.
        promise: what calls wait in.
        target: what the promise will become.
    """

    __slots__ = ("connection", "id", "promise", "state", "target")

    def __init__(self, connection: Connection, promise: PromiseCapability, target: Capability) -> None:
        self.connection = connection
        self.promise = promise
        self.target = target
        self.id = -1
        self.state = 0

    def advance(self, event: Event) -> None:
        """Take one step in the table and do what it says."""
        self.state, actions = MACHINE.step(self.state, event)
        for action in actions:
            self.connection.act_on_embargo(self, action)
