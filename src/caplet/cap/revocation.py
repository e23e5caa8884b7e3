"""References that can be taken back: to an object that somebody else owns, until they are revoked.

Knows that calls pass through in order while the reference is good, and that all of them, those under way included, fail when it is not.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Protocol

from caplet.cap.hints import STREAMING
from caplet.cap.local import CANCELLABLE, LocalCapability
from caplet.errors import Failed

if TYPE_CHECKING:
    from caplet.cap.answer import AnswerState
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.errors import RpcError

__all__ = ["Passed", "Revocable", "make_revocable"]


def make_revocable(target: Capability) -> tuple[LocalCapability, Revocable]:
    """Return a reference to an object to give away, and what takes it back.

    The two do not keep each other: who holds only the second learns by `target` becoming None that nobody holds the reference any more.

    Args:
        target: the object.
    """
    revocable = Revocable(target)
    return LocalCapability(revocable, target.turns), revocable


class Revocable:
    """Passes calls on to an object until it is revoked; `make_revocable` makes one with the reference that leads to it.

    Args:
        target: the object.
    """

    def __init__(self, target: Capability) -> None:
        self.target: Capability | None = target
        self.reason: RpcError | None = None
        # Each is kept by the answer that it waits for: one that nobody wants any more is gone with that.
        self.under_way: weakref.WeakValueDictionary[int, Passed] = weakref.WeakValueDictionary()

    def revoke(self, reason: RpcError | None = None) -> None:
        """Fail every call that is under way and every later one; only the first time counts.

        Args:
            reason: what they fail with.
        """
        if self.reason is not None:
            return
        self.reason = Failed("the capability was revoked") if reason is None else reason
        self.target = None
        for passed in list(self.under_way.values()):
            passed.stop(self.reason)

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return that every call can be cancelled: what happens then is for the object to say."""
        return CANCELLABLE

    def dispatch(self, call: IncomingCall) -> None:
        """Pass a call on."""
        if self.target is None:
            assert self.reason is not None
            raise self.reason.again()
        self.target.current().bind(call.turns)
        request = self.target.new_request(call.interface_id, call.method_id)
        request.params.set(call.params)
        request.hints = call.hints & ~STREAMING
        answer = request.send_streaming() if call.hints & STREAMING else request.send()
        passed = self.under_way[id(call)] = Passed(self, call)
        answer.on_done(passed.over)
        call.follow(answer)

    def describe(self) -> str:
        """Return the chain."""
        return (
            f"revocable, {self.target.describe()}" if self.target is not None else f"revocable, broken: {self.reason}"
        )

    def released(self) -> None:
        """Let go of the object."""
        self.target = None
        self.reason = self.reason or Failed("the capability was released")


class Keeper(Protocol):
    """Who passes calls on and may fail them."""

    under_way: weakref.WeakValueDictionary[int, Passed]


class Passed:
    """One call under way.

    Args:
        keeper: who passed it on.
        call: the call.
    """

    def __init__(self, keeper: Keeper, call: IncomingCall) -> None:
        self.keeper = keeper
        self.call = call

    def over(self, state: AnswerState) -> None:
        """The object has answered."""
        self.keeper.under_way.pop(id(self.call), None)

    def stop(self, reason: RpcError) -> None:
        """Fail the call, and tell the object that nobody wants it any more."""
        self.keeper.under_way.pop(id(self.call), None)
        forwarded = self.call.forwarded
        if forwarded is not None:
            forwarded.forget(self.over)
            forwarded.forget(self.call.take_outcome)
        self.call.fail(reason)
        if forwarded is not None:
            forwarded.cancel()
