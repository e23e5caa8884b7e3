"""A boundary around a set of objects: every call that crosses it is looked at, and every capability that crosses it stays behind it.

Knows two sides, inside and outside. A reference that crosses becomes one to a `Passage`, which passes calls on in their turn; a
reference that crosses back becomes what it was. One object has one passage a direction as long as anybody holds it, so that references stay
comparable. Params go the way of the call, results the other way, pipelined capabilities too. Does not know what is decided about a call:
`Policy` does.

A redirected call of a promise may have to wait until it is known whether the promise leads out again; all later calls through the same passage wait
behind it.

A passage passes calls on in turns of its own, later than it was given them. That is why a passage to a promise becomes what the promise
became only behind the calls that are on their way through it (`LongWay`): otherwise a later call would take the shorter way and arrive first.
An outcome is told only then, too, because what it holds is the short way.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Protocol

from caplet.cap.answer import Answer, AnswerState
from caplet.cap.capability import BrokenCapability, Capability
from caplet.cap.hints import STREAMING
from caplet.cap.local import CANCELLABLE, LocalCapability
from caplet.cap.promise import PromiseCapability
from caplet.cap.revocation import Passed
from caplet.cap.shortening import ShorteningCapability
from caplet.errors import Failed
from caplet.wire.arena import Arena
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from caplet.cap.answer import Path
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import BrokenWatch
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError

__all__ = ["Membrane", "Passage", "Policy"]

# How often one call may be handed on through the same membrane, and capabilities in its results still be called ahead.
MOST_CROSSINGS = 100


class Policy(Protocol):
    """What is decided about a membrane's calls."""

    def decide(self, passage: Passage, call: IncomingCall) -> Capability | None:
        """Return None to let a call pass, or another target on the caller's side; what this raises fails the call."""
        ...

    def passes_fds(self) -> bool:
        """Return whether file descriptors of objects can be seen through the membrane."""
        ...

    def resolves_first(self) -> bool:
        """Return whether a call of a promise is sent elsewhere only when it is known what the promise becomes."""
        ...


class Membrane:
    """A boundary.

    Args:
        policy: decides about each call.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.reason: RpcError | None = None
        # How many times what is looked for just now has crossed.
        self.crossings = 0
        # The vat, as soon as anything that belongs to one has crossed.
        self.turns: Turns | None = None
        # Each is kept by the answer that it waits for: one that nobody wants any more is gone with that.
        self.under_way: weakref.WeakValueDictionary[int, Passed] = weakref.WeakValueDictionary()
        self.break_watches: list[BrokenWatch] = []
        # What was made for references that went out, and for those that went in, by what they lead to.
        self.outer: weakref.WeakValueDictionary[int, Capability] = weakref.WeakValueDictionary()
        self.inner: weakref.WeakValueDictionary[int, Capability] = weakref.WeakValueDictionary()

    def cross(self, capability: Capability, outward: bool) -> Capability:
        """Return what a reference is on the other side.

        Args:
            capability: the reference.
            outward: whether it goes from the inside to the outside.
        """
        capability = capability.current()
        passage = passage_of(capability)
        if passage is not None and passage.membrane is self:
            return capability if passage.outward == outward else passage.target.current()
        if capability.error is not None:
            return capability if capability.connection is None else BrokenCapability(capability.error)
        if self.reason is not None:
            return BrokenCapability(self.reason)
        self.turns = self.turns or capability.turns
        known = self.outer if outward else self.inner
        found = known.get(id(capability))
        if found is None:
            found = known[id(capability)] = make_passage(self, capability, outward)
        return found

    def revoke(self, reason: RpcError | None = None) -> None:
        """Fail every call that is under way in either direction and every later one; only the first time counts.

        Args:
            reason: what they fail with.
        """
        if self.reason is not None:
            return
        self.reason = Failed("the membrane was revoked") if reason is None else reason
        for passed in list(self.under_way.values()):
            passed.stop(self.reason)
        for reference in [*self.outer.values(), *self.inner.values()]:
            if isinstance(reference, CrossingPromise):
                reference.shorten(BrokenCapability(self.reason))
        watches, self.break_watches = self.break_watches, []
        for watch in watches:
            watch.broken(self.reason)

    def shorten(self, promise: CrossingPromise, capability: Capability) -> None:
        """Let a reference to a promise become what the promise became, behind the calls that are on their way through it.

        Args:
            promise: the reference.
            capability: what it becomes.
        """
        LongWay(promise, capability).begin()

    def add_break_watch(self, watch: BrokenWatch) -> None:
        """Tell `watch` when the membrane is revoked."""
        watches = self.break_watches
        if len(watches) >= 16 and len(watches) & (len(watches) - 1) == 0:
            watches[:] = [old for old in watches if old.callback is not None]
        watches.append(watch)

    # --- calls -------------------------------------------------------------------------------------------------------------------

    def pass_on(self, passage: Passage, call: IncomingCall) -> None:
        """Let a call through, or send it where the policy wants it."""
        self.turns = call.turns
        if self.reason is not None:
            raise self.reason.again()
        if passage.later is not None:
            self.redirect(call, passage.later)
            return
        other = self.policy.decide(passage, call)
        if other is not None:
            if passage.watch is not None and self.policy.resolves_first():
                other = passage.later = PromiseCapability(call.turns)
            self.redirect(call, other)
            return
        passage.target.current().bind(call.turns)
        request = self.make_request(passage, call, self.crossed(call.params, not passage.outward))
        call.release_params()
        self.follow(call, self.through(self.send(request, call), call, passage.outward))

    def redirect(self, call: IncomingCall, other: Capability) -> None:
        """Send a call to another target, which is on the caller's side: nothing crosses."""
        other.current().bind(call.turns)
        request = other.new_request(call.interface_id, call.method_id)
        request.params.set(call.params)
        self.follow(call, self.send(request, call))

    def make_request(self, passage: Passage, call: IncomingCall, params: AnyPointer) -> Request:
        """Return the request that goes on for a call, with params as the far side sees them."""
        request = passage.target.new_request(call.interface_id, call.method_id)
        request.params.set(params)
        return request

    def send(self, request: Request, call: IncomingCall) -> Answer:
        """Send the request that goes on for a call."""
        request.hints = call.hints & ~STREAMING
        return request.send_streaming() if call.hints & STREAMING else request.send()

    def through(self, answer: Answer, call: IncomingCall, outward: bool) -> Answer:
        """Return an answer as the caller's side sees it."""
        state = CrossingState(call.turns, self, answer, outward)
        answer.on_done(state.take)
        return Answer(state)

    def follow(self, call: IncomingCall, answer: Answer) -> None:
        """Let a call end as the one that was sent for it."""
        passed = self.under_way[id(call)] = Passed(self, call)
        answer.on_done(passed.over)
        call.follow(answer)

    def crossed(self, content: AnyPointer, outward: bool) -> AnyPointer:
        """Return content as the other side sees it: the same memory, with other capabilities."""
        if content.is_null or not content._arena.capabilities:
            return content
        arena = content._arena
        view = Arena(arena.segments)
        view.budget = arena.budget
        view.nesting = arena.nesting
        view.capabilities = [
            self.cross(entry, outward) if isinstance(entry, Capability) else entry for entry in arena.capabilities
        ]
        seen = AnyPointer()
        seen._arena = view
        seen._segment = content._segment
        seen._position = content._position
        seen._depth = content._depth
        return seen


class Passage:
    """The way to one object through a membrane, in one direction.

    Args:
        membrane: the membrane.
        target: the object, on the far side.
        outward: whether the reference went from the inside to the outside; calls go the other way.
    """

    __slots__ = ("later", "membrane", "outward", "target", "watch")

    def __init__(self, membrane: Membrane, target: Capability, outward: bool) -> None:
        self.membrane = membrane
        self.target = target
        self.outward = outward
        self.watch: Following | None = None
        # What a promise will become on this side, as soon as a call waits to know it; all later ones go there too.
        self.later: PromiseCapability | None = None

    @property
    def fd(self) -> int | None:
        """The object's file descriptor, if the policy shows it."""
        return self.target.fd if self.membrane.policy.passes_fds() else None

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return that every call can be cancelled: what happens then is for the object to say."""
        return CANCELLABLE

    def dispatch(self, call: IncomingCall) -> None:
        """Pass a call on."""
        self.membrane.pass_on(self, call)

    def released(self) -> None:
        """Nobody holds the reference any more."""
        if self.watch is not None:
            self.target.remove_watch(self.watch)


class CrossingCapability(LocalCapability):
    """A reference that leads through a membrane to an object that is known."""

    __slots__ = ()

    dispatcher: Passage

    @property
    def error(self) -> RpcError | None:
        """Why calls fail: the membrane was revoked, or the object is lost."""
        return self.dispatcher.membrane.reason or self.dispatcher.target.error

    def add_break_watch(self, watch: BrokenWatch) -> None:
        """Tell `watch` when the object is lost or the membrane revoked."""
        self.dispatcher.membrane.add_break_watch(watch)
        self.dispatcher.target.current().add_break_watch(watch)

    def describe(self) -> str:
        """Return the chain."""
        side = "outside" if self.dispatcher.outward else "inside"
        return f"{side} of a membrane, {self.dispatcher.target.describe()}"


class CrossingPromise(ShorteningCapability):
    """A reference that leads through a membrane to a promise."""

    __slots__ = ("passage",)

    passage: Passage

    def describe(self) -> str:
        """Return the chain."""
        return self.first.describe() if self.first is not None else super().describe()


class Following:
    """What is done when a promise behind a membrane resolves.

    Args:
        promise: the reference to it on this side, held weakly: who waits must not keep it.
        passage: its passage.
    """

    __slots__ = ("passage", "promise")

    def __init__(self, promise: CrossingPromise, passage: Passage) -> None:
        self.promise = weakref.ref(promise)
        self.passage = passage

    def resolved(self, capability: Capability) -> None:
        """Let the reference become what the promise became, as this side sees it."""
        passage = self.passage
        passage.watch = None
        promise = self.promise()
        if promise is None and passage.later is None:
            return
        crossed = passage.membrane.cross(capability, passage.outward)
        if passage.later is not None:
            passage.later.resolve(crossed)
        if promise is not None:
            passage.membrane.shorten(promise, crossed)


class LongWay:
    """Follows the calls that went through a reference to a promise; when they are through, the reference becomes what the promise became.

    They leave the passage in turns. When what the promise became came in through the same membrane, they go out through a passage again, where
    they wait for another turn: only then are they where the reference will lead to.

    Args:
        promise: the reference.
        capability: what it becomes.
    """

    __slots__ = ("capability", "goes_back", "promise", "turns")

    def __init__(self, promise: CrossingPromise, capability: Capability) -> None:
        turns = promise.turns
        assert turns is not None
        self.turns = turns
        self.promise = promise
        self.capability = capability
        self.goes_back = False

    def begin(self) -> None:
        """Let later calls wait, and take a place in the turn queue behind the earlier ones."""
        self.promise.hold_calls()
        if self.capability.current() is self.promise:
            self.promise.resolve(self.capability)
        else:
            self.turns.deliver(self)

    def start(self) -> None:
        """The calls have left the passage."""
        if self.goes_back:
            self.promise.resolve(self.capability)
        else:
            self.resolved(self.promise.passage.target)

    def resolved(self, capability: Capability) -> None:
        """The calls are on their way to `capability`."""
        ahead = capability.current()
        passage = self.promise.passage
        back = passage_of(ahead)
        if back is None or back.membrane is not passage.membrane or back.outward == passage.outward:
            self.promise.resolve(self.capability)
        elif isinstance(ahead, CrossingPromise) and ahead.holds_calls:
            ahead.add_watch(self)
        else:
            self.goes_back = True
            self.turns.deliver(self)


class CrossingState(AnswerState):
    """The outcome of a call on the far side, as the caller's side sees it.

    Args:
        turns: the turn queue of the vat.
        membrane: the membrane.
        answer: the answer on the far side.
        outward: which way the results go.
    """

    __slots__ = ("answer", "given", "membrane", "outcome", "outward", "waited_for")

    def __init__(self, turns: Turns, membrane: Membrane, answer: Answer, outward: bool) -> None:
        super().__init__(turns)
        self.membrane = membrane
        self.answer: Answer | None = answer
        self.outward = outward
        # What was handed out, and how many of these calls are still on their way through when the outcome is known.
        self.given: dict[Path, Capability] = {}
        self.waited_for = 0
        self.outcome: AnyPointer | None = None

    def awaited(self) -> AnswerState | None:
        """Return the outcome on the far side."""
        return None if self.answer is None else self.answer.state

    def following(self, path: Path) -> AnswerState | None:
        """Return None: what a path leads to has to cross."""
        return None

    def pipeline(self, path: Path) -> Capability:
        """Return the capability at `path`."""
        if self.answer is None:
            return super().pipeline(path)
        found = self.given.get(path)
        if found is None:
            membrane = self.membrane
            if membrane.crossings >= MOST_CROSSINGS:
                return BrokenCapability(
                    Failed(f"the call was handed on through a membrane more than {MOST_CROSSINGS} times")
                )
            membrane.crossings += 1
            try:
                found = membrane.cross(self.answer.pipeline(path), self.outward)
            finally:
                membrane.crossings -= 1
            if found.error is None:
                self.given[path] = found
        return found

    def take(self, state: AnswerState) -> None:
        """Take the outcome; it is told when no call is on its way any more through what was handed out."""
        if state.error is not None:
            self.answer = None
            self.given.clear()
            self.fail(state.error)
            return
        self.outcome = state.content
        held = [one for one in self.given.values() if isinstance(one, CrossingPromise) and one.holds_calls]
        self.waited_for = len(held)
        for promise in held:
            promise.add_watch(self)
        if not held:
            self.tell()

    def resolved(self, capability: Capability) -> None:
        """Calls have gone the way of one of the places that were handed out."""
        self.waited_for -= 1
        if self.waited_for == 0:
            self.tell()

    def tell(self) -> None:
        """Tell the outcome."""
        assert self.outcome is not None
        self.answer = None
        self.given.clear()
        self.complete(self.membrane.crossed(self.outcome, self.outward))
        self.outcome = None

    def unwanted(self) -> None:
        """Cancel the call."""
        answer = self.answer
        if answer is not None:
            answer.forget(self.take)
            answer.cancel()


def passage_of(capability: Capability) -> Passage | None:
    """Return the passage that a reference leads through, None when it leads through none."""
    if isinstance(capability, CrossingCapability):
        return capability.dispatcher
    return capability.passage if isinstance(capability, CrossingPromise) else None


def make_passage(membrane: Membrane, target: Capability, outward: bool) -> Capability:
    """Return a reference that leads through a membrane."""
    passage = Passage(membrane, target, outward)
    direct = CrossingCapability(passage, target.turns)
    if not target.is_promise:
        return direct
    turns = target.turns
    assert turns is not None
    promise = CrossingPromise(turns, direct)
    promise.passage = passage
    passage.watch = Following(promise, passage)
    target.add_watch(passage.watch)
    return promise
