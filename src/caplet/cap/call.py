"""A call on its way to an object, and then in the hands of the object's method.

Knows the life of a call: waiting (in a promise, behind a stream, in the turn queue), started, done; its params and results; failing,
handing on (tail call), an early pipeline, cancellation. Does not know where the caller is: `LocalCall` (`local_call.py`) is a call from the
same vat; the calls of peers are `rpc`'s answer rows, with the same face.

Cancellation: a call that waits is withdrawn. One that was started is asked to stop only when its method allows that; otherwise it runs on
and its result is discarded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.hints import STREAMING
from caplet.errors import CapletError, Failed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from caplet.cap.answer import Answer, AnswerState
    from caplet.cap.capability import Capability
    from caplet.cap.local import LocalCapability
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.wire.untyped import AnyPointer
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["DONE", "STARTED", "WAITING", "IncomingCall"]

# The stages of a call.
WAITING = 0
STARTED = 1
DONE = 2


class IncomingCall:
    """A call, as the called side sees it.

    Args:
        turns: the turn queue of the vat.
        interface_id: the 64-bit id of the interface that declares the method.
        method_id: the method's ordinal.
        params: the params.
        hints: the hints that came with it (`caplet.cap.hints`).
    """

    __slots__ = (
        "__weakref__",
        "cancel_requested",
        "cancellable",
        "forwarded",
        "hints",
        "interface_id",
        "method_id",
        "must_start",
        "on_cancelled",
        "params_or_none",
        "stage",
        "stream",
        "target",
        "turns",
    )

    def __init__(self, turns: Turns, interface_id: int, method_id: int, params: AnyPointer, hints: int) -> None:
        self.open(turns, interface_id, method_id, params, hints)

    def open(self, turns: Turns, interface_id: int, method_id: int, params: AnyPointer, hints: int) -> None:
        """Begin; the arguments are those of the class."""
        self.turns = turns
        self.interface_id = interface_id
        self.method_id = method_id
        self.params_or_none: AnyPointer | None = params
        self.hints = hints
        self.stage = WAITING
        # What the call waits in or runs on; keeps the object alive as long as the call lives.
        self.target: Capability | None = None
        # The answer of the call that this one was handed on to.
        self.forwarded: Answer | None = None
        # The object that starts no other call while this one runs.
        self.stream: LocalCapability | None = None
        self.cancellable = False
        self.cancel_requested = False
        # An old peer's Finish must not overtake its own Call: start first, cancel then.
        self.must_start = False
        self.on_cancelled: Callable[[], None] | None = None

    # --- for the turn queue ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the method, unless the call was withdrawn."""
        if self.stage == WAITING:
            self.target.start(self)  # type: ignore[union-attr]

    # --- for the method ----------------------------------------------------------------------------------------------------------

    @property
    def peer(self) -> object | None:
        """Who called: the identity that the network gave the peer; None for calls from the same vat."""
        return None

    @property
    def context(self) -> Context | None:
        """The context variables that the method begins with; None for those of whoever starts it."""
        return None

    @property
    def params(self) -> AnyPointer:
        """The params.

        Raises:
            Failed: they were released.
        """
        params = self.params_or_none
        if params is None:
            raise Failed("the params of this call were released")
        return params

    def release_params(self) -> None:
        """Let go of the params, and of the capabilities in them that nobody else holds."""
        self.params_or_none = None

    def results(self, size_hint_words: int = 0) -> AnyPointerBuilder:
        """Return the place for the results; the same one each time."""
        raise NotImplementedError

    def finish(self) -> None:
        """Give the results to the caller; those not touched are empty. Does nothing when the call is done."""
        raise NotImplementedError

    def fail(self, error: BaseException) -> None:
        """Fail the call; any exception will do. Does nothing when the call is done."""
        raise NotImplementedError

    def set_pipeline(self, content: AnyPointer) -> None:
        """Let pipelined calls go to the capabilities in `content` from now on; the results must lead to the same objects."""
        raise NotImplementedError

    def redirect_pipeline(self, answer: Answer) -> None:
        """Let pipelined calls go to the capabilities of another answer from now on."""
        raise NotImplementedError

    def cancelled(self) -> None:
        """Tell the caller's side that the call ended because it was cancelled."""
        raise NotImplementedError

    @property
    def results_touched(self) -> bool:
        """Whether results were begun."""
        raise NotImplementedError

    def tail_call(self, request: Request) -> None:
        """Answer with whatever the call of `request` answers.

        Raises:
            Failed: results were begun already.
        """
        if self.results_touched:
            raise Failed("a call cannot be handed on after its results were begun")
        self.cancellable = True
        self.stage = STARTED
        if self.hints & STREAMING:
            answer = request.send_streaming()
        else:
            request.hints |= self.hints
            answer = request.send()
        self.follow(answer)

    def follow(self, answer: Answer) -> None:
        """Take the outcome of another call as this one's."""
        self.forwarded = answer
        self.redirect_pipeline(answer)
        answer.on_done(self.take_outcome)

    def take_outcome(self, state: AnswerState) -> None:
        """Finish with the outcome of the call that this one was handed on to."""
        self.forwarded = None
        if state.error is not None:
            self.fail(state.error)
        else:
            assert state.content is not None
            self.take_content(state.content)

    def take_content(self, content: AnyPointer) -> None:
        """Finish with a copy of `content`."""
        try:
            self.results().set(content)
        except CapletError as error:
            self.fail(error)
        else:
            self.finish()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call back when the caller cancels, if the method allows that; at once when the caller has."""
        self.on_cancelled = callback
        if self.cancel_requested:
            self.cancel()

    # --- for the caller's side ---------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """The caller does not want the call any more."""
        self.cancel_requested = True
        if self.stage == WAITING:
            if not self.must_start:
                self.stage = DONE
                target = self.target
                if target is not None:
                    target.withdraw(self)
                self.let_go()
                self.cancelled()
        elif self.stage == STARTED and self.cancellable:
            if self.forwarded is not None:
                forwarded = self.forwarded
                forwarded.forget(self.take_outcome)
                self.stage = DONE
                self.let_go()
                turns = self.turns
                if turns.descend():
                    try:
                        forwarded.cancel()
                    finally:
                        turns.ascend()
                else:
                    turns.later.append(forwarded)
                self.cancelled()
            elif self.on_cancelled is not None:
                callback = self.on_cancelled
                self.on_cancelled = None
                callback()

    def ended(self, error: BaseException | None) -> bool:
        """Note that the method is done.

        Returns:
            False when the call was done before.
        """
        if self.stage == DONE:
            return False
        self.stage = DONE
        stream = self.stream
        if stream is not None:
            self.stream = None
            stream.stream_ended(error)
        return True

    def let_go(self) -> None:
        """Drop what a finished call has no use for."""
        self.params_or_none = None
        self.target = None
        self.forwarded = None
        self.on_cancelled = None
