"""The import table: objects of the peer that we refer to.

An import counts how often the peer handed us its id. When nothing here refers to it any more, all counts are given back by one Release.

    PLAIN      a settled object
    PROMISE    a promise of the peer that has not resolved
    RESOLVED   a promise of which the peer said what it became; kept while something still addresses the id itself
    GONE       released

The entry holds the capability that addresses the id weakly: programs hold it, and its end is the end of the entry.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from caplet.rpc.machine import Machine

if TYPE_CHECKING:
    import weakref

    from caplet.cap.capability import Capability
    from caplet.rpc.connection import Connection
    from caplet.rpc.remote import ImportedCapability, RemotePromise

__all__ = ["MACHINE", "Action", "Event", "Import", "State"]


class State(IntEnum):
    """Where an import is in its life."""

    PLAIN = 0
    PROMISE = 1
    RESOLVED = 2
    GONE = 3


class Event(IntEnum):
    """What can happen to an import."""

    RESOLVE = 0
    UNUSED = 1
    DISCONNECTED = 2


class Action(IntEnum):
    """What has to be done."""

    SEND_RELEASE = 0
    FREE_ID = 1


MACHINE = Machine(
    "import",
    State,
    Event,
    {
        (State.PLAIN, Event.RESOLVE): "a Resolve for a capability that was not introduced as a promise",
        (State.PLAIN, Event.UNUSED): (State.GONE, (Action.FREE_ID, Action.SEND_RELEASE)),
        (State.PLAIN, Event.DISCONNECTED): (State.GONE, ()),
        (State.PROMISE, Event.RESOLVE): (State.RESOLVED, ()),
        (State.PROMISE, Event.UNUSED): (State.GONE, (Action.FREE_ID, Action.SEND_RELEASE)),
        (State.PROMISE, Event.DISCONNECTED): (State.GONE, ()),
        # A promise resolves once; a peer that says it again is not believed, and nothing changes.
        (State.RESOLVED, Event.RESOLVE): (State.RESOLVED, ()),
        (State.RESOLVED, Event.UNUSED): (State.GONE, (Action.FREE_ID, Action.SEND_RELEASE)),
        (State.RESOLVED, Event.DISCONNECTED): (State.GONE, ()),
        (State.GONE, Event.RESOLVE): (State.GONE, ()),
        (State.GONE, Event.UNUSED): (State.GONE, ()),
        (State.GONE, Event.DISCONNECTED): (State.GONE, ()),
    },
)


class Import:
    """One object of the peer.

    Args:
        connection: the connection of the peer.
        import_id: the id that the peer gave it.
    """

    __slots__ = ("called", "connection", "count", "fd", "id", "promise", "raw", "resolution", "state")

    def __init__(self, connection: Connection, import_id: int) -> None:
        self.connection = connection
        self.id = import_id
        self.state = 0
        self.count = 0
        # Whether anything was sent to a promise; then a later shortcut needs an embargo.
        self.called = False
        self.raw: weakref.ref[ImportedCapability] | None = None
        self.promise: weakref.ref[RemotePromise] | None = None
        self.resolution: Capability | None = None
        self.fd: int | None = None

    def advance(self, event: Event) -> None:
        """Take one step in the table and do what it says."""
        self.state, actions = MACHINE.step(self.state, event)
        for action in actions:
            self.connection.act_on_import(self, action)

    def drop_use(self) -> None:
        """The capability that addressed the id is gone; unless another one was made meanwhile, the import is over."""
        if self.raw is None or self.raw() is None:
            self.advance(Event.UNUSED)
