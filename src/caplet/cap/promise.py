"""A capability that does not exist yet: calls wait in it, in order, until it becomes something.

Knows the queue and the order in which a resolution is passed on: first the promise points at its target, then the calls that waited are
forwarded, then whoever watches is told. All of it happens inside `resolve`, depth first; no program's code runs in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from caplet.cap.call import WAITING, IncomingCall
from caplet.cap.capability import BrokenCapability, Capability, Marker
from caplet.cap.request import Request
from caplet.errors import Failed

if TYPE_CHECKING:
    from caplet.cap.answer import Answer, AnswerState, Path
    from caplet.cap.capability import Watch
    from caplet.cap.turns import Turns, Use
    from caplet.errors import RpcError

__all__ = ["Promise", "PromiseCapability"]


class Promise(Capability):
    """A reference that becomes another one: what promises of this vat and of its peers have in common."""

    __slots__ = ("_resolution", "_turns", "behind", "watches")

    _turns: Turns
    _resolution: Capability | None
    watches: list[Watch]
    # Promises that became this one, held weakly; made when needed.
    behind: list[ref[Promise]] | None

    @property
    def turns(self) -> Turns | None:
        """The turn queue of the vat."""
        return self._turns

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

    def remove_watch(self, watch: Watch) -> None:
        """Forget `watch`."""
        if watch in self.watches:
            self.watches.remove(watch)

    def point_at(self, target: Capability) -> None:
        """Stand for `target` from now on, and let those promises do so too that stand for this one.

        So a promise that became another one, and that another one, and so on as long as a peer likes, keeps only the last of them.
        """
        self._resolution = target
        behind = self.behind
        self.behind = None
        followers = [reference for reference in behind if reference() is not None] if behind else []
        for reference in followers:
            promise = reference()
            if promise is not None:
                promise._resolution = target
        if isinstance(target, Promise):
            followers.append(ref(self))
            others = target.behind
            if others is None:
                target.behind = followers
            else:
                if len(others) >= 16 and len(others) & (len(others) - 1) == 0:
                    others[:] = [reference for reference in others if reference() is not None]
                others += followers


class PromiseCapability(Promise):
    """A promise that this vat resolves.

    Args:
        turns: the turn queue of the vat.
        owner: the call whose answer will hold the capability, when there is one; the promise counts as a use of it.
        path: where in that answer.
    """

    __slots__ = ("owner", "path", "queue", "use", "waiting")

    def __init__(self, turns: Turns, owner: AnswerState | None = None, path: Path = ()) -> None:
        self.open(turns, owner, path)

    def open(self, turns: Turns, owner: AnswerState | None, path: Path) -> None:
        """Begin; the arguments are those of the class."""
        self._turns = turns
        self._resolution = None
        self.behind = None
        self.owner = owner
        self.use: Use | None = None if owner is None else turns.use_of(owner)
        self.path = path
        self.queue: list[IncomingCall | Marker] = []
        self.waiting = 0
        self.watches = []

    @property
    def connection(self) -> object | None:
        """The connection of what it has become."""
        return None if self._resolution is None else self._resolution.current().connection

    @property
    def error(self) -> RpcError | None:
        """Why calls fail, once it has become something broken."""
        return None if self._resolution is None else self._resolution.current().error

    def add_watch(self, watch: Watch) -> None:
        """Tell `watch` when it resolves."""
        if self._resolution is not None:
            watch.resolved(self._resolution)
        else:
            self.watches.append(watch)

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
        turns = self._turns
        if not turns.descend():
            # Whatever comes next still waits here, behind what waits.
            turns.later.append(Resolving(self, capability))
            return
        try:
            self.pass_on(capability)
        finally:
            turns.ascend()

    def pass_on(self, capability: Capability) -> None:
        """Become `capability`, and tell everybody."""
        target = capability.current()
        if target is self:
            target = BrokenCapability(Failed("a promise was resolved to itself"))
        self.point_at(target)
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


class Resolving:
    """A resolution that was put off."""

    __slots__ = ("capability", "promise")

    def __init__(self, promise: PromiseCapability, capability: Capability) -> None:
        self.promise = promise
        self.capability = capability

    def go_on(self) -> None:
        """Resolve the promise."""
        self.promise.resolve(self.capability)
