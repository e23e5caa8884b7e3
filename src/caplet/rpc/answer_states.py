"""The answer table: calls of the peer, until both sides are through with them.

An answer begins when a Call (or Bootstrap) arrives. Exactly one Return is sent for it. The id is the peer's; it is free again when the
peer has sent Finish and we have sent the Return, whichever comes last, or at the Return if that says that no Finish is needed.

    RUNNING     the method has not ended
    CANCELLED   the peer sent Finish before the Return; results are no longer wanted
    RETURNED    the Return was sent; calls may still be pipelined on the results
    GONE        the id is free

What an answer holds and does is in `answer.py`.
"""

from __future__ import annotations

from enum import IntEnum

from caplet.rpc.machine import Machine

__all__ = ["MACHINE", "Action", "Event", "State"]


class State(IntEnum):
    """Where an answer is in its life."""

    RUNNING = 0
    CANCELLED = 1
    RETURNED = 2
    GONE = 3


class Event(IntEnum):
    """What can happen to an answer."""

    RETURNED = 0
    RETURNED_FOR_GOOD = 1
    FINISHED = 2
    FINISHED_AND_RELEASED = 3
    DISCONNECTED = 4


class Action(IntEnum):
    """What has to be done."""

    CANCEL_CALL = 0
    RELEASE_RESULTS = 1
    FREE_ID = 2


MACHINE = Machine(
    "answer",
    State,
    Event,
    {
        (State.RUNNING, Event.RETURNED): (State.RETURNED, ()),
        (State.RUNNING, Event.RETURNED_FOR_GOOD): (State.GONE, (Action.FREE_ID,)),
        (State.RUNNING, Event.FINISHED): (State.CANCELLED, (Action.CANCEL_CALL,)),
        (State.RUNNING, Event.FINISHED_AND_RELEASED): (State.CANCELLED, (Action.CANCEL_CALL,)),
        (State.RUNNING, Event.DISCONNECTED): (State.GONE, (Action.CANCEL_CALL,)),
        (State.CANCELLED, Event.RETURNED): (State.GONE, (Action.FREE_ID,)),
        (State.CANCELLED, Event.RETURNED_FOR_GOOD): (State.GONE, (Action.FREE_ID,)),
        # A Finish that is not needed is ignored.
        (State.CANCELLED, Event.FINISHED): (State.CANCELLED, ()),
        (State.CANCELLED, Event.FINISHED_AND_RELEASED): (State.CANCELLED, ()),
        (State.CANCELLED, Event.DISCONNECTED): (State.GONE, ()),
        (State.RETURNED, Event.RETURNED): "a second Return",
        (State.RETURNED, Event.RETURNED_FOR_GOOD): "a second Return",
        # A call that was handed on, or whose results another question took, may still be running.
        (State.RETURNED, Event.FINISHED): (State.GONE, (Action.FREE_ID, Action.CANCEL_CALL)),
        (State.RETURNED, Event.FINISHED_AND_RELEASED): (
            State.GONE,
            (Action.FREE_ID, Action.RELEASE_RESULTS, Action.CANCEL_CALL),
        ),
        (State.RETURNED, Event.DISCONNECTED): (State.GONE, (Action.CANCEL_CALL,)),
        (State.GONE, Event.RETURNED): "a Return for an answer that is over",
        (State.GONE, Event.RETURNED_FOR_GOOD): "a Return for an answer that is over",
        (State.GONE, Event.FINISHED): (State.GONE, ()),
        (State.GONE, Event.FINISHED_AND_RELEASED): (State.GONE, ()),
        (State.GONE, Event.DISCONNECTED): (State.GONE, ()),
    },
)
