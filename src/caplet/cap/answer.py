"""What comes back from a call: its content or its error, and the capabilities in it that can be used before it is there.

Knows the two halves. `Answer` is what the caller holds; when it goes, and the capabilities taken from it, nobody wants the call any more.
`AnswerState` is what the callee's side completes; rpc has one of its own for questions. Does not know who calls or who answers.

A path is the tuple of pointer indexes that leads from the root of the content to a capability (rpc.capnp, PromisedAnswer.Op).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from caplet.cap.capability import NULL, BrokenCapability, Capability
from caplet.cap.promise import PromiseCapability
from caplet.errors import DecodeError, Failed
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.turns import Turns
    from caplet.errors import RpcError

__all__ = ["Answer", "AnswerState", "Path", "capability_at", "failed_answer", "immediate_answer"]

Path = tuple[int, ...]


def capability_at(content: AnyPointer, path: Path) -> Capability:
    """Return the capability that `path` leads to in `content`: null where nothing is, broken where something else is."""
    pointer = content
    try:
        for index in path:
            pointer = pointer.struct().pointer(index)
        capability = pointer.capability()
    except DecodeError as error:
        return BrokenCapability(Failed(f"no capability at pointer path {list(path)}: {error}"))
    if capability is None:
        return NULL
    assert isinstance(capability, Capability)
    return capability


class AnswerState:
    """The outcome of one call, as the callee's side sees it.

    Args:
        turns: the turn queue of the vat; None for an outcome that is known from the start.
    """

    __slots__ = ("__weakref__", "callbacks", "content", "error", "pinned", "slots", "source", "turns", "uses")

    def __init__(self, turns: Turns | None) -> None:
        self.open(turns)

    def open(self, turns: Turns | None) -> None:
        """Begin; the arguments are those of the class."""
        self.turns = turns
        self.content: AnyPointer | None = None
        self.error: RpcError | None = None
        self.callbacks: list[Callable[[AnswerState], None]] | None = None
        # Promises for paths that were asked for, held weakly: they hold this state, and must be able to go.
        self.slots: dict[Path, ref[PromiseCapability]] | None = None
        # Those of them that calls wait in, held strongly.
        self.pinned: dict[Path, PromiseCapability] | None = None
        self.source: Answer | None = None
        self.uses = 1

    @property
    def done(self) -> bool:
        """Whether the outcome is known."""
        return self.content is not None or self.error is not None

    def pipeline(self, path: Path) -> Capability:
        """Return the capability at `path`, a promise when it is not known yet; the same promise for the same path."""
        if self.content is not None:
            return capability_at(self.content, path)
        if self.error is not None:
            return BrokenCapability(self.error)
        if self.source is not None:
            return self.last_source(path).pipeline(path)
        slots = self.slots
        if slots is None:
            slots = self.slots = {}
        reference = slots.get(path)
        promise = None if reference is None else reference()
        if promise is None:
            assert self.turns is not None
            promise = PromiseCapability.__new__(PromiseCapability)
            promise.open(self.turns, self, path)
            self.uses += 1
            if len(slots) >= 16 and len(slots) & (len(slots) - 1) == 0:
                # A peer may name ever new paths; those that nobody holds are not kept.
                slots = self.slots = {known: held for known, held in slots.items() if held() is not None}
            slots[path] = ref(promise)
        return promise

    def awaited(self) -> AnswerState | None:
        """Return the outcome that this one will have, None when it is one of its own."""
        return None if self.source is None else self.source.state

    def following(self, path: Path) -> AnswerState | None:
        """Return the outcome that says what `path` leads to, while this does not."""
        return None if self.done else self.awaited()

    def last_source(self, path: Path) -> AnswerState:
        """Return the outcome at the end of a chain of calls that were handed on, which may be long."""
        state: AnswerState = self
        while True:
            following = state.following(path)
            if following is None:
                return state
            state = following

    def set_source(self, source: Answer) -> None:
        """Let pipelined calls go to the capabilities of another answer from now on, those that wait first."""
        self.source = source
        self.resolve_slots()

    def complete(self, content: AnyPointer) -> None:
        """Note the content; pipelined calls go to it, then callbacks are called."""
        if self.content is None and self.error is None:
            self.content = content
            self.finished()

    def fail(self, error: RpcError) -> None:
        """Note the error; pipelined calls fail with it, then callbacks are called."""
        if self.content is None and self.error is None:
            self.error = error
            self.finished()

    def finished(self) -> None:
        """Pass the outcome on."""
        if self.slots is not None:
            self.source = None
            self.resolve_slots()
        self.source = None
        if self.callbacks is not None:
            self.go_on()

    def go_on(self) -> None:
        """Call back: now, or, deep inside of what follows from each other, when the outermost of it is through."""
        turns = self.turns
        assert turns is not None
        if not turns.descend():
            turns.later.append(self)
            return
        callbacks = self.callbacks
        self.callbacks = None
        try:
            for callback in callbacks or ():
                callback(self)
        finally:
            turns.ascend()

    def resolve_slots(self) -> None:
        """Resolve the promises that were handed out to what `pipeline` says now."""
        slots = self.slots
        pinned = self.pinned
        self.slots = None
        self.pinned = None
        if slots is None:
            return
        for path, reference in slots.items():
            promise = reference()
            if promise is not None:
                promise.resolve(self.pipeline(path))
        del pinned

    def pin(self, path: Path, promise: PromiseCapability) -> None:
        """Keep a promise that calls wait in."""
        if self.pinned is None:
            self.pinned = {}
        self.pinned[path] = promise

    def unpin(self, path: Path) -> None:
        """Let go of a promise that no calls wait in any more."""
        if self.pinned is not None:
            self.pinned.pop(path, None)

    def drop_use(self) -> None:
        """The answer, or a capability taken from it before it was done, is gone; with the last of them nobody wants the call."""
        self.uses -= 1
        if self.uses == 0 and not self.done:
            self.unwanted()

    def unwanted(self) -> None:
        """Nobody wants the outcome any more."""

    def abandon(self, error: RpcError) -> None:
        """Give the call up, also where capabilities taken from it are held: they break, and whoever waits hears `error`."""
        if not self.done:
            self.unwanted()
            self.fail(error)


class Answer:
    """What the caller holds of a call.

    Args:
        state: the other half.
    """

    __slots__ = ("__weakref__", "_held", "state")

    def __init__(self, state: AnswerState) -> None:
        self.open(state)

    def open(self, state: AnswerState) -> None:
        """Begin; the arguments are those of the class."""
        self.state = state
        self._held = True

    @property
    def done(self) -> bool:
        """Whether the outcome is known."""
        return self.state.done

    @property
    def error(self) -> RpcError | None:
        """What the call failed with, None when it did not or is not done."""
        return self.state.error

    def result(self) -> AnyPointer:
        """Return the content.

        Raises:
            RpcError: what the call failed with.
            Failed: it is not done, or was cancelled.
        """
        state = self.state
        if state.content is not None:
            return state.content
        if state.error is not None:
            raise state.error.again()
        raise Failed("the call has not been answered")

    def pipeline(self, path: Path) -> Capability:
        """Return the capability at `path`, usable now; the same one for the same path as long as the call is not answered."""
        return self.state.pipeline(path)

    def on_done(self, callback: Callable[[AnswerState], None]) -> None:
        """Call back with the state when the outcome is known, at once when it is already; must not run programs' code."""
        state = self.state
        if state.content is not None or state.error is not None:
            callback(state)
        elif state.callbacks is None:
            state.callbacks = [callback]
        else:
            state.callbacks.append(callback)

    def forget(self, callback: Callable[[AnswerState], None]) -> None:
        """Take a callback back."""
        callbacks = self.state.callbacks
        if callbacks is not None and callback in callbacks:
            callbacks.remove(callback)

    def cancel(self) -> None:
        """Say that the result is not wanted.

        The callee hears of it now, or, while capabilities taken from this answer are held, when the last of them goes.
        """
        if self._held:
            self._held = False
            self.state.drop_use()
            turns = self.state.turns
            if turns is not None and not turns.running:
                turns.wake()

    release = cancel
    # What is done when it was put off because it was too deep inside of other calls that are cancelled.
    go_on = cancel

    def keep(self) -> None:
        """Want the result also when this is dropped; it cannot be cancelled by this any more, but abandoned."""
        self._held = False

    @property
    def held(self) -> bool:
        """Whether the result is still wanted."""
        return self._held

    def abandon(self, error: RpcError) -> None:
        """Give the call up whatever was taken from it: the callee hears of it now, and pipelined capabilities break with `error`."""
        self._held = False
        state = self.state
        state.abandon(error)
        turns = state.turns
        if turns is not None and not turns.running:
            turns.wake()

    def __del__(self) -> None:
        # May run anywhere, also in a garbage collection: only enqueue.
        if self._held:
            state = self.state
            if state.content is None and state.error is None and state.turns is not None:
                state.turns.drop(state)


def failed_answer(error: RpcError) -> Answer:
    """Return an answer that has failed."""
    state = AnswerState(None)
    state.error = error
    return Answer(state)


def immediate_answer(content: AnyPointer) -> Answer:
    """Return an answer that is done."""
    state = AnswerState(None)
    state.content = content
    return Answer(state)
