"""The turn queue of a vat: the order in which everything in it happens.

Knows a FIFO of deliveries (calls that reached their object and wait to be started) and a queue of dropped references. Does not know what
a call does, nor who drives it: a driver calls `run()` after it has fed the connections of the vat, and after user code ran.

Two rules give the order of calls (E-order). A message is digested whole, with all resolutions that it causes, before the next one, and
never starts a method; and deliveries start in the order in which they arrived here. Finalisers only append to `drops`.

What follows from a resolution or an outcome happens inside of it, and what follows from that inside of that. Peers decide how long such a chain
is, so its depth is bounded: what is too deep is put off until the outermost is through with the rest, which is before anything else happens.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.host import Host

__all__ = ["Deferred", "Delivery", "Droppable", "PutOff", "Turns", "Use"]

# How deep inside each other things may follow from each other; each level is a handful of calls.
DEEPEST = 32


class Delivery(Protocol):
    """Something that waits in the turn queue."""

    def start(self) -> None:
        """Happen; must not raise."""


class Droppable(Protocol):
    """Something that counts the references held to it by programs."""

    def drop_use(self) -> None:
        """One reference to it is gone."""


class PutOff(Protocol):
    """Something that follows from something else and was too deep inside of it."""

    def go_on(self) -> None:
        """Happen."""


class Deferred:
    """A function that waits in the turn queue like a call."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function

    def start(self) -> None:
        """Call the function."""
        self.function()


class Use:
    """Held by a capability for as long as it lives, and by nothing else: counts as one reference to something.

    A capability that told of its own end could be found by its weak references while it tells, in another thread, and come to life
    again unheard. What it holds goes when those are cleared already.

    Made by `Turns.use_of`; `thing` is told when the capability is gone.
    """

    __slots__ = ("thing", "turns")

    turns: Turns
    thing: Droppable

    def __del__(self) -> None:
        # May run anywhere, also in a garbage collection: only enqueue.
        self.turns.drop(self.thing)


class Turns:
    """The turn queue of one vat.

    Args:
        host: the loop that the vat belongs to.
    """

    __slots__ = ("__weakref__", "_awake", "depth", "drops", "host", "later", "queue", "running")

    def __init__(self, host: Host) -> None:
        self.host = host
        self.queue: deque[Delivery] = deque()
        self.drops: deque[Droppable] = deque()
        self.running = False
        self._awake = False
        self.depth = 0
        self.later: deque[PutOff] = deque()

    def wake(self) -> None:
        """Ask the host for a turn, unless one was asked for already."""
        if not self._awake and not self.running:
            self._awake = True
            self.host.wake()

    def expect(self) -> None:
        """Note that whoever calls this runs a turn next; until then there is no need to ask the host for one."""
        self._awake = True

    def rest(self) -> bool:
        """Take back the wish for a turn when nothing waits for one.

        Returns:
            Whether it was taken back; the host may forget that it was asked, and will be asked again.
        """
        if self.running:
            return False
        # In this order: a finaliser in another thread that comes behind the look at the queues asks for a turn itself.
        self._awake = False
        if self.queue or self.drops:
            self._awake = True
            return False
        return True

    def deliver(self, delivery: Delivery) -> None:
        """Put a delivery at the end of the queue."""
        self.queue.append(delivery)
        if not self._awake and not self.running:
            self.wake()

    def defer(self, function: Callable[[], None]) -> None:
        """Call `function` in its turn."""
        self.deliver(Deferred(function))

    def use_of(self, thing: Droppable) -> Use:
        """Return what counts as one reference to `thing` for as long as it is held."""
        use = Use.__new__(Use)
        use.turns = self
        use.thing = thing
        return use

    def drop(self, thing: Droppable) -> None:
        """Note that a reference to `thing` is gone; for finalisers, so it only enqueues."""
        self.drops.append(thing)
        if not self._awake and not self.running:
            self.wake()

    def settle_drops(self) -> None:
        """Act on all dropped references now; `close()` and `with` blocks call this, so that they release at once."""
        drops = self.drops
        while drops:
            drops.popleft().drop_use()

    def descend(self) -> bool:
        """Begin something that follows from something else, unless it is too deep inside of that.

        Returns:
            Whether it may happen now; then `ascend` says that it has. Else it has to be put into `later`.
        """
        if self.depth >= DEEPEST:
            return False
        self.depth += 1
        return True

    def ascend(self) -> None:
        """Something that follows from something else has happened; with the outermost happens what was put off."""
        try:
            if self.depth == 1:
                later = self.later
                while later:
                    later.popleft().go_on()
        finally:
            # Ctrl-C may come anywhere.
            self.depth -= 1

    def run(self) -> None:
        """Start every delivery in order, until nothing waits; those that are added meanwhile included.

        Called by the driver, never from inside a delivery.
        """
        if self.running:
            return
        self.running = True
        self._awake = True
        queue = self.queue
        drops = self.drops
        try:
            while True:
                while drops:
                    drops.popleft().drop_use()
                if not queue:
                    break
                queue.popleft().start()
        finally:
            self.running = False
            self._awake = False
            if queue or drops:
                # Behind something that broke, or of another thread, which saw that turns were running.
                self.wake()

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self.queue and not self.drops
