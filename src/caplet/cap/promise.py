"""A capability that does not exist yet: calls wait in it, in order, until it becomes something.

Knows the queue and the order in which a resolution is passed on: first the promise points at its target, then the calls that waited are
forwarded, then whoever watches is told. All of it happens inside `resolve`, depth first; no program's code runs in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.call import WAITING, IncomingCall
from caplet.cap.capability import BrokenCapability, Capability, Marker
from caplet.cap.request import Request
from caplet.errors import Failed

if TYPE_CHECKING:
    from caplet.cap.answer import Answer, AnswerState, Path
    from caplet.cap.capability import Watch
    from caplet.cap.turns import Turns, Use
    from caplet.errors import RpcError

__all__ = ["PromiseCapability"]


class PromiseCapability(Capability):
    """A promise that this vat resolves.

    Args:
        turns: the turn queue of the vat.
        owner: the call whose answer will hold the capability, when there is one; the promise counts as a use of it.
        path: where in that answer.
    """

    __slots__ = ("_resolution", "_turns", "owner", "path", "queue", "use", "waiting", "watches")

    def __init__(self, turns: Turns, owner: AnswerState | None = None, path: Path = ()) -> None:
        self.open(turns, owner, path)

    def open(self, turns: Turns, owner: AnswerState | None, path: Path) -> None:
        """Begin; the arguments are those of the class."""
        self._turns = turns
        self._resolution: Capability | None = None
        self.owner = owner
        self.use: Use | None = None if owner is None else turns.use_of(owner)
        self.path = path
        self.queue: list[IncomingCall | Marker] = []
        self.waiting = 0
        self.watches: list[Watch] = []

    @property
    def turns(self) -> Turns | None:
        """The turn queue of the vat."""
        return self._turns

    @property
    def connection(self) -> object | None:
        """The connection of what it has become."""
        return None if self._resolution is None else self._resolution.current().connection

    @property
    def error(self) -> RpcError | None:
        """Why calls fail, once it has become something broken."""
        return None if self._resolution is None else self._resolution.current().error

    @property
    def is_null(self) -> bool:
        """Whether it has become null."""
        return self._resolution is not None and self._resolution.current().is_null

    @property
    def is_promise(self) -> bool:
        """Whether it has become nothing yet, or a promise."""
        return self._resolution is None or self._resolution.current().is_promise

    def resolution(self) -> Capability | None:
        """Return what it became."""
        return self._resolution

    def add_watch(self, watch: Watch) -> None:
        """Tell `watch` when it resolves."""
        if self._resolution is not None:
            watch.resolved(self._resolution)
        else:
            self.watches.append(watch)

    def remove_watch(self, watch: Watch) -> None:
        """Forget `watch`."""
        if watch in self.watches:
            self.watches.remove(watch)

    # --- calls -------------------------------------------------------------------------------------------------------------------

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request; what the promise is when it is sent decides where it goes."""
        if self._resolution is not None:
            return self._resolution.current().new_request(interface_id, method_id, size_hint_words)
        return Request(self, interface_id, method_id, size_hint_words)

    def send_request(self, request: Request) -> Answer:
        """Make a call of the request; it waits here."""
        from caplet.cap.local_call import LocalCall  # stands on answers, which stand on promises

        call = LocalCall(self._turns, request)
        answer = call.answer()
        self.deliver(call)
        return answer

    def deliver(self, call: IncomingCall) -> None:
        """Let the call wait, or pass it on."""
        if self._resolution is not None:
            self._resolution.current().deliver(call)
            return
        call.target = self
        call.stage = WAITING
        self.enqueue(call)

    def deliver_marker(self, marker: Marker) -> None:
        """Let the marker wait behind the calls that wait here, or pass it on."""
        if self._resolution is not None:
            self._resolution.current().deliver_marker(marker)
        else:
            self.enqueue(marker)

    def enqueue(self, thing: IncomingCall | Marker) -> None:
        """Put something in the queue; while anything waits, the call that will resolve this is wanted."""
        self.queue.append(thing)
        self.waiting += 1
        if self.waiting == 1 and self.owner is not None:
            self.owner.pin(self.path, self)

    def withdraw(self, call: IncomingCall) -> None:
        """Forget a call that was cancelled while it waited here; it stays in the queue, done, until the rest goes."""
        del call
        self.waiting -= 1
        if self.waiting == 0:
            self.queue.clear()
            if self.owner is not None:
                self.owner.unpin(self.path)

    # --- resolution --------------------------------------------------------------------------------------------------------------

    def resolve(self, capability: Capability) -> None:
        """Become `capability`: waiting calls are forwarded to it in order, then watches are told. Only the first time counts."""
        if self._resolution is not None:
            return
        target = capability.current()
        if target is self:
            target = BrokenCapability(Failed("a promise was resolved to itself"))
        self._resolution = target
        queue = self.queue
        watches = self.watches
        self.queue = []
        self.watches = []
        self.owner = None
        self.waiting = 0
        if queue:
            for thing in queue:
                if isinstance(thing, IncomingCall):
                    call = thing
                    if call.stage == WAITING:
                        target.deliver(call)
                else:
                    target.deliver_marker(thing)
        for watch in watches:
            watch.resolved(target)
        self.use = None

    def reject(self, error: RpcError) -> None:
        """Become broken."""
        self.resolve(BrokenCapability(error))

    def describe(self) -> str:
        """Return its state."""
        if self._resolution is None:
            return f"promise with {self.waiting} waiting" if self.waiting else "promise"
        return self._resolution.describe()
