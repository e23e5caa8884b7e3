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
        """Stand for `capability` from now on, behind the calls that are in the turn queue; the object must have passed those on by then."""
        turns = self.turns
        assert turns is not None
        turns.defer(Shortening(self, capability).happen)


class Shortening:
    """What is done when the turn of an announcement comes."""

    def __init__(self, reference: ShorteningCapability, capability: Capability) -> None:
        self.reference = reference
        self.capability = capability

    def happen(self) -> None:
        """Become the other object."""
        self.reference.first = None
        self.reference.resolve(self.capability)
