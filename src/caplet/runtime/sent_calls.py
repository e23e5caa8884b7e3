"""A call that was sent, and what stands for its results before they are there.

Knows waiting and pipelining over an `Answer`, and that an error which nobody looked at is reported. Does not know how a call is sent
(`client_methods.py`), which loop waits (the answer's vat does), or what type checkers are told (`calls.py`).
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from caplet.cap.handover import in_vat, pipeline_elsewhere
from caplet.errors import Failed
from caplet.runtime.unseen_errors import report_unseen

if TYPE_CHECKING:
    from collections.abc import Generator

    from caplet.cap.answer import Answer, AnswerState
    from caplet.cap.host import Latch
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.references import Reference
    from caplet.runtime.structs import Struct

__all__ = ["Pipeline", "PipelineMember", "SentCall"]


class Pipeline:
    """A struct that does not exist yet, somewhere in the results of a call; its capabilities can be used already.

    Attributes are those of the struct that are capabilities, structs or groups.
    """

    __slots__ = ("_answer", "_path", "_struct")

    def __init__(self, answer: Answer, path: tuple[int, ...], struct: type[Struct]) -> None:
        self._answer = answer
        self._path = path
        self._struct = struct

    def __getattr__(self, name: str) -> object:
        """Return the pipelined member `name`.

        Raises:
            AttributeError: the struct has no such member, or one that cannot be used before it is there.
        """
        members = self._struct.__dict__.get("_members")
        if members is None:
            members = self._struct._pipeline_members()
        member = members.get(name)
        if member is None:
            raise AttributeError(_why_not(self._struct, name))
        return member.pipelined(self._answer, self._path)

    def __repr__(self) -> str:
        return f"<pipelined {self._struct.__qualname__}>"


class PipelineMember:
    """A member that can be used before its struct is there; the classes of calls have those of their results as attributes.

    Args:
        steps: the pointer that leads to it, none for a group.
        client: the client class, of a capability.
        struct: the class, of a struct or group; None for a capability.
    """

    __slots__ = ("client", "steps", "struct")

    def __init__(self, steps: tuple[int, ...], client: type[Reference], struct: type[Struct] | None) -> None:
        self.steps = steps
        self.client = client
        self.struct = struct

    def __get__(self, call: Any, owner: Any) -> Any:
        return self if call is None else self.of_call(call)

    def of_call(self, call: SentCall) -> Reference | Pipeline:
        """Return the member of the results of a call."""
        call._noticed = True
        return self.pipelined(call._answer, ())

    def pipelined(self, answer: Answer, path: tuple[int, ...]) -> Reference | Pipeline:
        """Return the member of the struct that `path` leads to in what `answer` will be."""
        here = path + self.steps
        if self.struct is not None:
            return Pipeline(answer, here, self.struct)
        turns = answer.state.turns
        if turns is not None and not turns.host.enter():
            return self.client(pipeline_elsewhere(answer, here, turns))
        return self.client(answer.pipeline(here))


class SentCall(Pipeline):
    """What a call that was sent does; programs see it as `Call`.

    It may be awaited any number of times, by any number of tasks. Dropping it does not cancel the call; `cancel()` does, and so does
    cancelling the last task that awaits it, unless a capability taken from it is still held. An error of a call that was neither awaited
    nor used for its capabilities is logged, once.
    """

    __slots__ = ("__weakref__", "_noticed", "_plan", "_waiting")

    _answer: Answer

    def __init__(self, answer: Answer, plan: MethodPlan) -> None:
        self._answer = answer
        self._path = ()
        self._struct = plan.results
        self._plan = plan
        self._waiting = 0
        # Whether somebody sees an error of it, or wants to see none.
        self._noticed = False

    def __await__(self) -> Generator[object, None, Any]:
        self._noticed = True
        answer = self._answer
        state = answer.state
        if not state.done:
            assert state.turns is not None
            waiter = state.turns.host.make_waiter()
            wake = waiter.set
            answer.on_done(wake)
            self._waiting += 1
            try:
                yield from waiter.__await__()
            except BaseException:
                answer.forget(wake)
                if self._waiting == 1:
                    answer.cancel()
                raise
            finally:
                self._waiting -= 1
        return self._outcome()

    def wait(self, timeout_s: float | None = None) -> Any:
        """Wait for the results in another thread than the loop's; see `Call.wait`."""
        self._noticed = True
        state = self._answer.state
        if not state.done:
            assert state.turns is not None
            host = state.turns.host
            waiting = Waiting(self, host.make_latch())
            try:
                host.post(waiting.begin)
                in_time = waiting.latch.wait(timeout_s)
            except BaseException:
                host.post(waiting.give_up)
                raise
            if not in_time:
                host.post(waiting.give_up)
                raise TimeoutError(f"{self._plan} was not answered within {timeout_s} s")
        return self._outcome()

    def _outcome(self) -> Any:
        """Return the results, or raise what the call failed with."""
        state = self._answer.state
        error = state.error
        if error is not None:
            error.noticed = True
            raise error.again()
        if state.content is None:
            raise Failed(f"{self._plan} was cancelled")
        return self._struct._plan.open_at(state.content)

    def __getattr__(self, name: str) -> object:
        self._noticed = True
        return Pipeline.__getattr__(self, name)

    def cancel(self) -> None:
        """Give the call up; see `Call.cancel`."""
        self._noticed = True
        in_vat(self._answer.state.turns, self._abandon)

    def _abandon(self) -> None:
        """Give the call up, where its vat lives."""
        self._answer.abandon(Failed(f"{self._plan} was cancelled"))

    def __del__(self) -> None:
        answer = self._answer
        error = answer.error
        if error is not None:
            if not self._noticed:
                report_unseen(self._plan, error)
        elif not answer.done and answer.held:
            # Dropping a call does not cancel it.
            if self._noticed:
                answer.keep()
            else:
                reported = ReportedAnswer(answer, self._plan)
                turns = answer.state.turns
                if turns is None or turns.host.is_here:
                    reported.begin()
                else:
                    turns.host.post(reported.begin)

    def __repr__(self) -> str:
        outcome = "failed" if self._answer.error is not None else "answered" if self._answer.done else "under way"
        return f"<call of {self._plan}, {outcome}>"


class ReportedAnswer:
    """Keeps an answer that nobody holds until it is there, and reports an error.

    Args:
        answer: the answer.
        plan: the method.
    """

    __slots__ = ("_answer", "_plan")

    def __init__(self, answer: Answer, plan: MethodPlan) -> None:
        self._answer: Answer | None = answer
        self._plan = plan

    def begin(self) -> None:
        """Keep it, unless it is there."""
        if self._answer is not None:
            self._answer.on_done(self.let_go)

    def let_go(self, state: AnswerState) -> None:
        """The answer is there."""
        self._answer = None
        if state.error is not None:
            report_unseen(self._plan, state.error)


class Waiting:
    """A thread that waits for a call; both functions are called where the vat lives."""

    __slots__ = ("begun", "call", "latch")

    def __init__(self, call: SentCall, latch: Latch) -> None:
        self.call = call
        self.latch = latch
        self.begun = False

    def begin(self) -> None:
        """Let the thread go on when the call is done."""
        self.begun = True
        self.call._waiting += 1
        self.call._answer.on_done(self.latch.set)

    def give_up(self) -> None:
        """The thread does not wait any more; Ctrl-C may have come before it began to."""
        if self.begun:
            self.call._answer.forget(self.latch.set)
            self.call._waiting -= 1
        if self.call._waiting == 0:
            self.call._answer.cancel()


def _why_not(struct: type[Struct], name: str) -> str:
    """Return why `name` cannot be pipelined."""
    if name in struct._fields:
        return f"{struct.__qualname__}.{name} is no capability or struct; await the call first (or wait for it by wait()), then read it"
    near = difflib.get_close_matches(name, list(struct._fields), 3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"{struct.__qualname__} has no field {name!r}{hint}"
