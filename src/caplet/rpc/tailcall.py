"""Tail calls within one connection: the peer keeps the results of a call that we make for it.

Knows both sides. When a call of the peer is answered by a call to the same peer, the results need not travel twice: our Call says
`sendResultsTo.yourself`, our Return says `takeFromOtherQuestion`. The other way round, results of a redirected call stay in its answer row
until one of our questions takes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.answer import Answer, AnswerState, capability_at
from caplet.cap.call import DONE
from caplet.errors import Failed, ProtocolError
from caplet.rpc import decode, encode, outbound
from caplet.rpc.answer_states import Event, State
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.rpc.question import replace_capability
from caplet.rpc.remote import AnswerPath, Reflected, RemoteCapability, RemotePromise
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from caplet.cap.answer import Path
    from caplet.cap.capability import Capability
    from caplet.cap.request import Request
    from caplet.rpc.answer import AnswerRow
    from caplet.rpc.connection import Connection
    from caplet.rpc.question import Question
    from caplet.wire.untyped import AnyPointer

# How many questions and answers may stand behind the one whose results are claimed; they are looked at for each claim.
LONGEST_CHAIN = 2000

__all__ = ["claim", "claim_for_cancelled", "hand_over", "pipeline"]


def hand_over(row: AnswerRow, request: Request) -> bool:
    """Answer a call of the peer with the results of a call to the same peer, if that is possible.

    Returns:
        False when it is not, and nothing happened.
    """
    connection = row.connection
    if (
        not connection.tail_calls
        or row.redirected
        or row.state != State.RUNNING
        or row.id >= FIRST_SILENT_ID
        or row.message is not None
        or request.target is None
        or connection.error is not None
    ):
        return False
    target: Capability | None = request.target.current()
    if isinstance(target, RemotePromise):
        target = target.raw
    if not isinstance(target, RemoteCapability) or target.link is not connection:
        return False
    request.target = None
    request.hints = row.hints
    answer = outbound.send_call(connection, target, request, True)
    if answer.error is not None:
        row.fail(answer.error)
        return True
    row.stage = DONE
    row.let_go()
    row.tail = answer
    question: Question = answer.state  # type: ignore[assignment]
    connection.send(encode.return_without_results(row.id, decode.TAKE_FROM_OTHER_QUESTION, question.id))
    connection.call_answered(row)
    row.advance(Event.RETURNED)
    if row.early is not None:
        row.early.set_source(answer)
    return True


def pipeline(row: AnswerRow, path: Path) -> Capability:
    """Return what calls pipelined on a call that was handed over go to: strictly the answer that the peer takes instead."""
    assert row.tail is not None
    question: Question = row.tail.state  # type: ignore[assignment]
    return row.connection.raw_for_slot(question.slot(path))


def kept_by(connection: Connection, answer_id: int) -> AnswerRow:
    """Return the answer whose results a Return claims.

    Raises:
        ProtocolError: there is none, or it keeps no results.
    """
    row = connection.answers.get(answer_id)
    if row is None:
        raise ProtocolError(f"Return takes the results of answer {answer_id}, which is not there")
    if not row.redirected or row.claimed:
        raise ProtocolError(f"Return takes the results of answer {answer_id}, which keeps none, or no longer")
    return row


def check_chain(question: Question, early: AnswerState, answer_id: int) -> None:
    """Verify that a question whose results an answer has will have any.

    Raises:
        ProtocolError: the answer waits for the question itself, or for too many others.
    """
    state = early
    for _ in range(LONGEST_CHAIN):
        awaited = state.awaited()
        if awaited is None:
            return
        if awaited is question:
            raise ProtocolError(f"Return takes the results of answer {answer_id}, which waits for that Return")
        state = awaited
    raise ProtocolError(f"Return takes the results of answer {answer_id}, which were handed on too many times")


def claim(connection: Connection, question: Question, answer_id: int) -> None:
    """Let a question have the results of a call that the peer made to us."""
    row = kept_by(connection, answer_id)
    if row.early is None:
        row.early = AnswerState(row.turns)
        if row.source is not None:
            row.early.set_source(row.source)
    early = row.early
    check_chain(question, early, answer_id)
    row.claimed = True
    connection.send(encode.return_without_results(row.id, decode.RESULTS_SENT_ELSEWHERE))
    connection.call_answered(row)
    row.advance(Event.RETURNED)
    paths = question.paths
    question.paths = None
    if paths is not None:
        for path, slot in paths.items():
            promise = None if slot.promise is None else slot.promise()
            if promise is None and not slot.called:
                continue
            inner = row.pipeline(path)
            settled = connection.settle(
                connection.raw_for_slot(slot), slot.called, Reflected(AnswerPath(row, path), inner)
            )
            if question.overrides is None:
                question.overrides = {}
            question.overrides[path] = settled
            if promise is not None:
                promise.become(settled)
    kept = Answer(early)
    question.source = kept
    kept.on_done(Taken(question).take)


class Taken:
    """A question that waits for results which are kept here."""

    __slots__ = ("question",)

    def __init__(self, question: Question) -> None:
        self.question = question

    def take(self, state: AnswerState) -> None:
        """Complete the question."""
        question = self.question
        if state.error is not None:
            question.fail(state.error)
            return
        assert state.content is not None
        content = state.content
        if question.overrides:
            content = with_overrides(content, question.overrides)
        question.complete(content)


def with_overrides(content: AnyPointer, overrides: dict[Path, Capability]) -> AnyPointer:
    """Return a copy of `content` in which paths under embargo lead to the promises that wait for it."""
    message = MessageBuilder()
    message.root.set(content)
    copied = message.root.as_reader()
    for path, capability in overrides.items():
        if capability_at(copied, path).error is None:
            replace_capability(copied, path, message.capabilities, capability)
    return copied


def claim_for_cancelled(connection: Connection, answer_id: int) -> None:
    """Throw away the results of a call that the peer made to us for a question that nobody wants any more."""
    row = connection.answers.get(answer_id)
    if row is None or not row.redirected or row.claimed:
        return
    row.claimed = True
    connection.send(encode.return_without_results(row.id, decode.RESULTS_SENT_ELSEWHERE))
    connection.call_answered(row)
    row.advance(Event.RETURNED)
    if row.early is not None:
        row.early.fail(Failed("the call was cancelled"))
    row.cancel()
