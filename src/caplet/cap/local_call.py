"""Calls between objects of one vat.

Knows how such a call and its answer belong together: the results become the answer's content as they are, without a copy. Does not know
where the call goes.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING

from caplet.cap.answer import Answer, AnswerState, immediate_answer
from caplet.cap.call import IncomingCall
from caplet.cap.request import DEFAULT_PARAMS_WORDS
from caplet.errors import Failed, as_rpc_error
from caplet.wire.message import MessageBuilder
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from contextvars import Context

    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["LocalAnswer", "LocalCall"]


class LocalAnswer(AnswerState):
    """The outcome of a call between objects of one vat."""

    __slots__ = ("call",)

    def __init__(self, turns: Turns, call: LocalCall) -> None:
        self.open(turns)
        self.call: LocalCall | None = call

    def finished(self) -> None:
        """Pass the outcome on."""
        self.call = None
        # Not by `super()`, which compiled methods of this kind cannot use.
        AnswerState.finished(self)

    def unwanted(self) -> None:
        """Cancel the call."""
        if self.call is not None:
            self.call.cancel()


class LocalCall(IncomingCall):
    """A call whose caller is in the same vat.

    Args:
        turns: the turn queue of the vat.
        request: the request that it is made of; it is used up.
    """

    __slots__ = ("message", "state", "variables")

    def __init__(self, turns: Turns, request: Request) -> None:
        self.open(turns, request.interface_id, request.method_id, request.params.as_reader(), request.hints)
        self.message: MessageBuilder | None = None
        self.state = LocalAnswer(turns, self)
        # A method of the same process sees what its caller sees, as a task does.
        self.variables = copy_context()

    def answer(self) -> Answer:
        """Return the caller's half, once."""
        return Answer(self.state)

    @property
    def context(self) -> Context | None:
        """The context variables of the caller."""
        return self.variables

    @property
    def results_touched(self) -> bool:
        """Whether results were begun."""
        return self.message is not None

    def results(self, size_hint_words: int = 0) -> AnyPointerBuilder:
        """Return the place for the results."""
        if self.message is None:
            self.message = MessageBuilder((size_hint_words or DEFAULT_PARAMS_WORDS) + 1)
        return self.message.root

    def finish(self) -> None:
        """Give the results to the caller."""
        if self.ended(None):
            message = self.message
            self.message = None
            self.let_go()
            self.state.complete(AnyPointer() if message is None else message.root.as_reader())

    def take_content(self, content: AnyPointer) -> None:
        """Finish with `content` itself; within a vat nothing is copied."""
        if self.ended(None):
            self.let_go()
            self.state.complete(content)

    def fail(self, error: BaseException) -> None:
        """Fail the call."""
        if self.ended(error):
            self.let_go()
            self.state.fail(as_rpc_error(error))

    def cancelled(self) -> None:
        """Note it; nobody listens."""
        self.state.fail(Failed("the call was cancelled"))

    def set_pipeline(self, content: AnyPointer) -> None:
        """Let pipelined calls go to the capabilities in `content`."""
        self.state.set_source(immediate_answer(content))

    def redirect_pipeline(self, answer: Answer) -> None:
        """Let pipelined calls go to the capabilities of another answer."""
        self.state.set_source(answer)
