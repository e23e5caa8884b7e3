"""A reference that outlives connections: when one is lost, the next is opened, and calls that are made from then on go there.

Knows when an attempt is made and what calls do meanwhile. Does not know what a connection is: `open` makes one, and says through its `Generation`
how that went. Time and chance come from outside.

Each generation fails its own calls; nothing is sent twice. The order of calls holds within a generation.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from caplet.cap.capability import BrokenCapability, Capability
from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.answer import Answer
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import BrokenWatch
    from caplet.cap.host import Timer
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError

__all__ = ["Generation", "Reconnect", "Reconnector", "State"]


@dataclass(frozen=True, slots=True)
class Reconnect:
    """When connections are opened again.

    Args:
        lazy: whether to wait for a call before opening; otherwise a connection is opened at once, and again when it is lost.
        first_delay_s: how long to wait after the first attempt that fails, in seconds.
        growth: how many times longer to wait after each further one.
        longest_delay_s: the longest wait, in seconds.
        jitter: by which part of it a wait may be shortened, at random, so that many clients do not come back at once; from 0 to 1.
        steady_s: how long a connection must have lasted to count as good; one that was lost earlier counts as an attempt that failed.
        attempts: after how many failed attempts in a row the calls that wait fail, and nothing is tried until the next call; None for
            never: calls wait as long as their callers do.
        waiting_calls: how many calls may wait for a connection; more fail as overloaded.

    Raises:
        ValueError: a number is out of its range.
    """

    lazy: bool = False
    first_delay_s: float = 0.1
    growth: float = 2.0
    longest_delay_s: float = 30.0
    jitter: float = 0.5
    steady_s: float = 5.0
    attempts: int | None = None
    waiting_calls: int = 10_000

    def __post_init__(self) -> None:
        for name in ("first_delay_s", "longest_delay_s", "steady_s", "waiting_calls"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be below 0")
        if self.growth < 1:
            raise ValueError("growth cannot be below 1: waits do not become shorter")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a part, from 0 to 1")
        if self.attempts is not None and self.attempts < 1:
            raise ValueError("attempts is at least 1, or None for no bound")

    def delay_s(self, failures: int, chance: float) -> float:
        """Return how long to wait before the next attempt.

        Args:
            failures: how many attempts in a row have failed.
            chance: a random number from 0 to 1.
        """
        if failures == 0:
            return 0.0
        # So far that every growth has long reached the longest wait, and no number overflows.
        longer = self.first_delay_s * self.growth ** min(failures - 1, 64)
        return min(longer, self.longest_delay_s) * (1.0 - self.jitter * chance)


class State(Enum):
    """What a reconnector is doing."""

    IDLE = "idle"
    OPENING = "opening"
    WAITING = "waiting"
    CONNECTED = "connected"
    CLOSED = "closed"


class Generation:
    """One connection, from the attempt to its end; whoever opens it says here how it goes.

    Args:
        reconnector: what it is a generation of.
        number: how many there were before, and one.
    """

    __slots__ = ("drop", "number", "reconnector")

    def __init__(self, reconnector: Reconnector, number: int) -> None:
        self.reconnector = reconnector
        self.number = number
        # Ends the connection or the attempt; set by whoever opens it.
        self.drop: Callable[[RpcError], None] | None = None

    def opened(self, capability: Capability) -> None:
        """The connection is there, and `capability` is what it leads to."""
        self.reconnector.opened(self, capability)

    def failed(self, error: RpcError) -> None:
        """The attempt has failed."""
        self.reconnector.failed(self, error)

    def lost(self, error: RpcError) -> None:
        """The connection has ended."""
        self.reconnector.lost(self, error)


class Reconnector:
    """Opens connections one after the other.

    Args:
        turns: the turn queue of the vat.
        policy: when.
        open_: begins an attempt, and says through the generation how it goes.
        random: returns random numbers from 0 to 1.
    """

    def __init__(
        self,
        turns: Turns,
        policy: Reconnect,
        open_: Callable[[Generation], None],
        random: Callable[[], float],
    ) -> None:
        self.turns = turns
        self.policy = policy
        self.open = open_
        self.random = random
        self.state = State.IDLE
        self.failures = 0
        self.last_error: RpcError | None = None
        self.number = 0
        self.generation: Generation | None = None
        self.opened_s = 0.0
        self.timer: Timer | None = None
        self.reason: RpcError | None = None
        self.break_watches: list[BrokenWatch] = []
        # Where calls go: what this generation leads to, or a promise of the next one.
        self.target = PromiseCapability(turns)
        self._front: weakref.ref[ReconnectingCapability] | None = None
        if not policy.lazy:
            self.attempt()

    def capability(self) -> ReconnectingCapability:
        """Return the reference that outlives connections; the same one as long as anybody holds it."""
        found = None if self._front is None else self._front()
        if found is None:
            found = ReconnectingCapability(self)
            self._front = weakref.ref(found)
        return found

    def wanted(self) -> Capability:
        """Return where a call goes that is made now, and see to it that it gets there."""
        target = self.target
        if self.state is State.IDLE:
            self.schedule()
        if self.state is not State.CONNECTED and target.waiting >= self.policy.waiting_calls:
            return BrokenCapability(Overloaded(f"{target.waiting} calls wait for a connection; the limit is reached"))
        # What was to be connected at once may be by now, and may be lost again.
        return self.target.current()

    # --- attempts ----------------------------------------------------------------------------------------------------------------

    def schedule(self) -> None:
        """Make the next attempt when it is time."""
        delay_s = self.policy.delay_s(self.failures, self.random())
        if delay_s <= 0:
            self.attempt()
        else:
            self.state = State.WAITING
            self.timer = self.turns.host.call_later(delay_s, self.attempt)

    def attempt(self) -> None:
        """Open a connection."""
        self.timer = None
        if self.state is State.CLOSED:
            return
        self.state = State.OPENING
        self.number += 1
        generation = self.generation = Generation(self, self.number)
        self.open(generation)

    def opened(self, generation: Generation, capability: Capability) -> None:
        """A connection is there: calls that wait go to it."""
        if generation is not self.generation or self.state is not State.OPENING:
            return
        self.state = State.CONNECTED
        self.opened_s = self.turns.host.now_s()
        self.target.resolve(capability)
        self.turns.wake()

    def failed(self, generation: Generation, error: RpcError) -> None:
        """An attempt has failed: wait, or give up what waits."""
        if generation is not self.generation or self.state is not State.OPENING:
            return
        self.generation = None
        self.failures += 1
        self.last_error = error
        attempts = self.policy.attempts
        if attempts is not None and self.failures >= attempts:
            self.state = State.IDLE
            self.failures = 0
            target, self.target = self.target, PromiseCapability(self.turns)
            target.reject(Disconnected(f"{attempts} attempts to connect have failed, the last one: {error.reason}"))
            self.turns.wake()
        else:
            self.schedule()

    def lost(self, generation: Generation, error: RpcError) -> None:
        """A connection has ended: its calls have failed, later ones wait for the next."""
        if generation is not self.generation or self.state is not State.CONNECTED:
            return
        steady = self.turns.host.now_s() - self.opened_s >= self.policy.steady_s
        self.failures = 0 if steady else self.failures + 1
        self.last_error = error
        self.go_on()

    def go_on(self) -> None:
        """Leave a generation behind."""
        self.generation = None
        self.target = PromiseCapability(self.turns)
        self.state = State.IDLE
        if not self.policy.lazy:
            self.schedule()

    # --- the controller ------------------------------------------------------------------------------------------------------------

    def reset(self, error: RpcError) -> None:
        """Drop the connection that there is, and every wait: the next attempt is made at once, or, if lazy, with the next call."""
        if self.state is State.CLOSED:
            return
        generation, connected = self.generation, self.state is State.CONNECTED
        self.generation = None
        self.failures = 0
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        # Calls that wait for a connection go on waiting; they belong to the next one.
        waiting = self.target if not connected else None
        self.state = State.IDLE
        self.target = PromiseCapability(self.turns) if waiting is None else waiting
        if generation is not None and generation.drop is not None:
            generation.drop(error)
        if not self.policy.lazy or (waiting is not None and waiting.waiting):
            self.schedule()

    def close(self, error: RpcError) -> None:
        """End it for good: calls that wait fail, and all later ones."""
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self.reason = error
        generation, self.generation = self.generation, None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if generation is not None and generation.drop is not None:
            generation.drop(error)
        self.target.reject(error)
        self.target = PromiseCapability(self.turns)
        self.target.reject(error)
        watches, self.break_watches = self.break_watches, []
        for watch in watches:
            watch.broken(error)
        self.turns.wake()


class ReconnectingCapability(Capability):
    """A reference that leads to what the connection of the moment leads to; to everybody else it is an object of its own."""

    __slots__ = ("reconnector",)

    def __init__(self, reconnector: Reconnector) -> None:
        self.reconnector = reconnector

    @property
    def turns(self) -> Turns | None:
        """The turn queue of the vat."""
        return self.reconnector.turns

    @property
    def error(self) -> RpcError | None:
        """Why it was closed; a connection that is lost is no reason."""
        return self.reconnector.reason

    def add_break_watch(self, watch: BrokenWatch) -> None:
        """Tell `watch` when it is closed."""
        watches = self.reconnector.break_watches
        watches[:] = [old for old in watches if old.callback is not None]
        watches.append(watch)

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request; which connection there is when it is sent decides where it goes."""
        request = self.reconnector.target.current().new_request(interface_id, method_id, size_hint_words)
        request.target = self
        return request

    def send_request(self, request: Request) -> Answer:
        """Send it to what there is now, or let it wait for that."""
        return self.reconnector.wanted().send_request(request)

    def deliver(self, call: IncomingCall) -> None:
        """Hand the call on."""
        self.reconnector.wanted().deliver(call)

    def describe(self) -> str:
        """Return the chain."""
        reconnector = self.reconnector
        return (
            f"reconnecting, generation {reconnector.number}, {reconnector.state.value}, {reconnector.target.describe()}"
        )
