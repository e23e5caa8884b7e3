"""An object that may announce that it stands for another one; callers then reach that one without the detour.

Knows that such a reference is a promise to the outside, although calls are served from the start (rpc.capnp, senderPromise).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.promise import PromiseCapability

if TYPE_CHECKING:
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability, Marker
    from caplet.cap.local import LocalCapability
    from caplet.cap.turns import Turns

__all__ = ["ShorteningCapability"]


class ShorteningCapability(PromiseCapability):
    """A reference to an object of this vat that will stand for another one.

    Args:
        turns: the turn queue of the vat.
        first: the object that serves calls until then.
    """

    __slots__ = ("first",)

    def __init__(self, turns: Turns, first: LocalCapability) -> None:
        super().__init__(turns)
        self.first: LocalCapability | None = first
        first.bind(turns)

    def deliver(self, call: IncomingCall) -> None:
        """Pass the call to the object, or to the one it stands for."""
        if self.first is not None:
            self.first.deliver(call)
        else:
            super().deliver(call)

    def deliver_marker(self, marker: Marker) -> None:
        """Let the marker go where calls go."""
        if self.first is not None:
            self.first.deliver_marker(marker)
        else:
            super().deliver_marker(marker)

    def shorten(self, capability: Capability) -> None:
        """Stand for `capability`, behind the calls that are in the turn queue; the object must have passed those on by then."""
        self.hold_calls()
        turns = self.turns
        assert turns is not None
        turns.defer(lambda: self.resolve(capability))

    def hold_calls(self) -> None:
        """Let calls wait from now on, until it is what it will stand for."""
        self.first = None

    @property
    def holds_calls(self) -> bool:
        """Whether calls wait until it is what it will stand for."""
        return self.first is None and self.resolution() is None
