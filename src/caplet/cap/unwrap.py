"""Finding the own object behind a reference that may have travelled.

Knows that the answer has to wait: for promises, for embargoes, and for calls made earlier on the same reference. Does not know what the
objects are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.local import LocalCapability

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.capability import Capability
    from caplet.cap.local import Dispatcher

__all__ = ["when_local"]


def when_local(capability: Capability, callback: Callable[[Dispatcher | None], None]) -> None:
    """Call back with the object behind a reference once that is certain, None when it is no object of this vat.

    Calls that were made on the reference before are started before the callback is called.

    Args:
        capability: the reference.
        callback: called once, in a turn.
    """
    capability.when_resolved(Found(callback).resolved)


class Found:
    """What is done when it is certain what a reference leads to."""

    __slots__ = ("callback", "capability")

    def __init__(self, callback: Callable[[Dispatcher | None], None]) -> None:
        self.callback = callback
        self.capability: LocalCapability | None = None

    def resolved(self, capability: Capability) -> None:
        """Answer: behind the calls that are in the turn queue, and behind those that wait for a stream."""
        if not isinstance(capability, LocalCapability) or capability.turns is None:
            self.callback(capability.dispatcher if isinstance(capability, LocalCapability) else None)
            return
        self.capability = capability
        capability.turns.defer(self.arrive)

    def arrive(self) -> None:
        """Answer, unless calls wait for a stream; then look again when they have gone on."""
        capability = self.capability
        assert capability is not None
        if capability.waiting:
            capability.after_stream(self.arrive)
        else:
            self.callback(capability.dispatcher)
