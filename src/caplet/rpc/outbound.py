"""Calls to the peer: how a request becomes a Call and a question.

Knows the order of the steps: capabilities are described first, then the question gets its id, then the size is checked; a Call that is
not sent leaves every table as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.answer import Answer, failed_answer
from caplet.cap.hints import NO_PROMISE_PIPELINING, ONLY_PROMISE_PIPELINE, STREAMING
from caplet.cap.request import DEFAULT_PARAMS_WORDS, Request
from caplet.errors import CapletError, Failed, Overloaded, as_rpc_error
from caplet.rpc import descriptor, encode
from caplet.rpc.question import Question
from caplet.rpc.question import State as QuestionState

if TYPE_CHECKING:
    from caplet.cap.capability import Capability
    from caplet.rpc.connection import Connection
    from caplet.rpc.encode import OutgoingMessage
    from caplet.rpc.remote import RemoteCapability

__all__ = ["new_request", "send_bootstrap", "send_call", "send_request"]


def new_request(
    connection: Connection, target: Capability, interface_id: int, method_id: int, size_hint_words: int
) -> Request:
    """Return a request whose params lie in an outgoing Call."""
    request = Request.__new__(Request)
    request.open(target, interface_id, method_id)
    message = encode.call(size_hint_words or DEFAULT_PARAMS_WORDS)
    request.message = message
    request.params = message.content()
    request.connection = connection
    return request


def send_request(connection: Connection, raw: RemoteCapability, request: Request) -> Answer:
    """Send a request to what `raw` addresses."""
    if request.hints & STREAMING:
        return connection.flow.send_streaming(raw, request)
    return send_call(connection, raw, request)


def send_call(connection: Connection, raw: RemoteCapability, request: Request, to_yourself: bool = False) -> Answer:
    """Send the Call of a request.

    Args:
        connection: the connection.
        raw: the target.
        request: the request; when it was made for another target, its params are copied.
        to_yourself: leave the results at the peer, for a tail call.

    Returns:
        The answer; a failed one when nothing was sent.
    """
    if connection.error is not None:
        return failed_answer(connection.error)
    if not raw.addressable():
        return failed_answer(Failed("the answer that this call was to be pipelined on holds no capabilities"))
    if connection.questions.count >= connection.max_questions:
        return failed_answer(Overloaded(f"{connection.max_questions} calls are open; the limit is reached"))
    try:
        if request.connection is not connection:
            copied = new_request(connection, raw, request.interface_id, request.method_id, request.message.total_words)
            copied.params.set(request.params.as_reader())
            copied.hints = request.hints
            request = copied
        message: OutgoingMessage = request.message  # type: ignore[assignment]
        exports = descriptor.write_table(connection, message) if message.capabilities else None
    except CapletError as error:
        return failed_answer(as_rpc_error(error))
    hints = request.hints
    silent = hints & ONLY_PROMISE_PIPELINE != 0 and not to_yourself and connection.use_silent_ids
    question = Question.__new__(Question)
    question.ask(connection, hints)
    if silent:
        question.id = connection.add_silent(question)
        question.state = int(QuestionState.SILENT)
    else:
        question.id = connection.questions.add(question)
    question.is_tail = to_yourself
    question.exports = exports
    question.target = raw.keeper()
    raw.mark_called()
    raw.write_target(message.init_target())
    hint_bits = hints & NO_PROMISE_PIPELINING
    if silent:
        hint_bits |= 2
    message.write_call(question.id, request.interface_id, request.method_id, to_yourself, hint_bits)
    refusal = connection.refusal(message)
    if refusal is not None:
        descriptor.take_back(connection, exports)
        question.state = int(QuestionState.GONE)
        connection.forget_question(question)
        return failed_answer(refusal)
    connection.send(message)
    answer = Answer.__new__(Answer)
    answer.open(question)
    return answer


def send_bootstrap(connection: Connection) -> Capability:
    """Ask for the peer's bootstrap object and return a promise for it, usable at once."""
    if connection.error is not None:
        return failed_answer(connection.error).pipeline(())
    question = Question(connection, 0)
    question.id = connection.questions.add(question)
    connection.send(encode.bootstrap(question.id))
    answer = Answer(question)
    # The promise keeps the question; the answer itself is not needed.
    return answer.pipeline(())
