"""What each message of the peer does.

Knows the order of the steps inside each message and which irregularity of the peer is ignored, fails one call, or ends the connection
(`ProtocolError`). Does not know how tables change (the tables do).

Numbers in reads are where a field lies: the byte in the data section, the bit for a Bool, the index of a pointer. A Bool whose default is true is read
with that default. The kinds of things have names, in `decode.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.capability import BrokenCapability, Capability
from caplet.cap.hints import NO_PROMISE_PIPELINING, ONLY_PROMISE_PIPELINE
from caplet.errors import Disconnected, Failed, ProtocolError, RpcError, Unimplemented, make_rpc_error
from caplet.rpc import decode, descriptor, embargo, encode, export, import_, question, tailcall, third_party
from caplet.rpc.answer import AnswerRow
from caplet.rpc.answer_states import Event as AnswerEvent
from caplet.rpc.answer_states import State as AnswerState
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.rpc.remote import RemoteCapability
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.rpc.connection import Connection
    from caplet.rpc.export import Export
    from caplet.rpc.import_ import Import
    from caplet.rpc.question import Question
    from caplet.wire.message import MessageReader
    from caplet.wire.untyped import AnyStruct

__all__ = ["break_import", "receive"]

LINGERING = int(question.State.LINGERING)
CANCELLED = int(question.State.CANCELLED)
RETURNED = int(question.Event.RETURNED)
RETURNED_FOR_GOOD = int(question.Event.RETURNED_FOR_GOOD)
FINISHED = int(AnswerEvent.FINISHED)
FINISHED_AND_RELEASED = int(AnswerEvent.FINISHED_AND_RELEASED)
# What every message is asked for, as numbers at hand.
CALL = decode.CALL
RETURN = decode.RETURN
FINISH = decode.FINISH
RELEASE = decode.RELEASE
TO_YOURSELF = decode.TO_YOURSELF
RESULTS = decode.RESULTS
TARGET_IMPORTED_CAP = decode.TARGET_IMPORTED_CAP
TARGET_PROMISED_ANSWER = decode.TARGET_PROMISED_ANSWER
CAP_TABLE = decode.CAP_TABLE


def receive(connection: Connection, message: MessageReader, fds: list[int] | None) -> None:
    """Digest one message.

    Raises:
        ProtocolError: the peer did what the protocol forbids.
        DecodeError: the message is malformed.
    """
    tag, body = decode.read_message(message)
    if tag == CALL:
        receive_call(connection, message, body, fds)
    elif tag == RETURN:
        receive_return(connection, message, body, fds)
    elif tag == FINISH:
        receive_finish(connection, body)
    elif tag == RELEASE:
        receive_release(connection, body)
    else:
        handler = HANDLERS.get(tag)
        if handler is None:
            third_party.receive_unknown(connection, message)
        else:
            handler(connection, message, body, fds)


# --- calls -----------------------------------------------------------------------------------------------------------------------


def receive_call(connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None) -> None:
    """Start a call: target, where the results go, capabilities of the params, id; in this order."""
    answer_id = body.u32(0)
    target = find_target(connection, body.struct(0))
    results_to = body.u16(6)
    if results_to > TO_YOURSELF:
        raise ProtocolError("Call.sendResultsTo asks for something else than caller or yourself")
    payload = body.struct(1)
    if payload.has(CAP_TABLE):
        message.capabilities = descriptor.read_table(connection, payload, fds)
    if answer_id in connection.answers:
        raise ProtocolError(f"Call for question {answer_id}, which is still open")
    words = 0
    for segment in message.segments:
        words += segment.words
    # Bits 129 and 130: noPromisePipelining, onlyPromisePipeline; the same numbers as our hints.
    hints = (body.u8(16) >> 1) & (NO_PROMISE_PIPELINING | ONLY_PROMISE_PIPELINE)
    redirected = results_to == TO_YOURSELF
    row = AnswerRow.__new__(AnswerRow)
    row.open(connection.turns, body.u64(8), body.u16(4), payload.pointer(0), hints)
    row.begin(connection, answer_id, words, redirected)
    if len(connection.answers) >= connection.max_answers:
        refuse_too_many(connection, row)
        return
    connection.answers[answer_id] = row
    why = connection.flow.admit_call(connection, words)
    if why:
        row.words = 0
        row.fail(connection.overloaded(why))
        return
    target.deliver(row)


def refuse_too_many(connection: Connection, row: AnswerRow) -> None:
    """Answer a call that is too many.

    Nothing is kept of it: the peer's Finish will find nothing. Only what the peer left here for another question has to be there when that takes it.

    Raises:
        ProtocolError: there are far too many of those.
    """
    row.words = 0
    limit = connection.max_answers
    if row.redirected:
        if len(connection.answers) >= 2 * limit:
            raise ProtocolError(f"{len(connection.answers)} calls are open; the limit is {limit}")
        connection.answers[row.id] = row
    row.fail(connection.overloaded(f"{limit} calls are open"))


def find_target(connection: Connection, target: AnyStruct) -> Capability:
    """Return what a MessageTarget names; a broken capability where only that call is lost."""
    kind = target.u16(4)
    if kind == TARGET_IMPORTED_CAP:
        exported: Export | None = connection.exports.get(target.u32(0))
        if exported is None:
            raise ProtocolError(f"a message for export {target.u32(0)}, which is not there")
        return exported.target.current()
    if kind == TARGET_PROMISED_ANSWER:
        promised = target.struct(0)
        path = decode.read_path(promised, connection.limits.pipeline_operations)
        row = connection.answers.get(promised.u32(0))
        if row is None:
            # The answer may be over without a Finish (noFinishNeeded); that is no fault of the peer's.
            return BrokenCapability(Failed(f"pipelined on answer {promised.u32(0)}, which is not there"))
        return row.pipeline(path).current()
    raise ProtocolError(f"a message target of unknown kind {kind}")


def receive_bootstrap(connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None) -> None:
    """Answer with the public object."""
    answer_id = body.u32(0)
    if answer_id in connection.answers:
        raise ProtocolError(f"Bootstrap for question {answer_id}, which is still open")
    row = AnswerRow(connection, answer_id, 0, 0, AnyPointer(), 0, 0, False)
    if len(connection.answers) >= connection.max_answers:
        refuse_too_many(connection, row)
        return
    connection.answers[answer_id] = row
    try:
        if body.has(0):  # deprecatedObjectId
            raise Unimplemented("restoring objects by id through Bootstrap is not supported")
        if connection.make_bootstrap is None:
            raise Failed("this vat has no public object (bootstrap interface)")
        capability = connection.make_bootstrap(connection.peer)
        error = capability.error
        if error is not None:
            raise error.again()
        row.results().set_capability(capability)
    except Exception as error:
        row.fail(error)
    else:
        row.finish()


# --- returns ---------------------------------------------------------------------------------------------------------------------


def receive_return(connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None) -> None:
    """Complete a question."""
    question_id = body.u32(0)
    if question_id >= FIRST_SILENT_ID:
        # The peer does not know the hint that no Return is expected; do not use it again with this peer.
        connection.use_silent_ids = False
        return
    asked: Question | None = connection.questions.get(question_id)
    if asked is None:
        raise ProtocolError(f"Return for question {question_id}, which is not there")
    if asked.state == LINGERING:
        raise ProtocolError(f"a second Return for question {question_id}")
    exports = asked.exports
    if exports is not None:
        asked.exports = None
        if body.boolean(32, True):  # releaseParamCaps
            descriptor.take_back(connection, exports)
    kind = body.u16(6)
    over = RETURNED_FOR_GOOD if body.boolean(33) else RETURNED  # noFinishNeeded
    if asked.state == CANCELLED:
        # Our Finish asked the peer to release what the results hold, so they are not looked at.
        if kind == decode.TAKE_FROM_OTHER_QUESTION:
            tailcall.claim_for_cancelled(connection, body.u32(8))
        asked.advance(over)
        asked.fail(Failed("the call was cancelled"))
    elif kind == RESULTS:
        return_results(connection, asked, message, body, fds, over)
    elif kind == decode.EXCEPTION:
        if asked.is_tail:
            raise ProtocolError("Return with an exception for a call whose results were to stay at the peer")
        asked.advance(over)
        asked.fail(decode.read_error(body.struct(0)))
    elif kind == decode.CANCELED:
        raise ProtocolError("Return says canceled, but the call was not cancelled")
    elif kind == decode.RESULTS_SENT_ELSEWHERE:
        if not asked.is_tail:
            raise ProtocolError("Return says that the results were sent elsewhere, which was not asked for")
        asked.advance(RETURNED)
    elif kind == decode.TAKE_FROM_OTHER_QUESTION:
        if asked.is_tail:
            raise ProtocolError("Return takes other results for a call whose results were to stay at the peer")
        asked.advance(RETURNED)
        if asked.done:
            tailcall.claim_for_cancelled(connection, body.u32(8))
        else:
            tailcall.claim(connection, asked, body.u32(8))
    else:
        raise ProtocolError(f"a Return of unknown kind {kind}")
    if connection.reading_paused:
        connection.flow.check_paused(connection)


def return_results(
    connection: Connection,
    asked: Question,
    message: MessageReader,
    body: AnyStruct,
    fds: list[int] | None,
    over: int,
) -> None:
    """Complete a question with results."""
    if asked.is_tail:
        raise ProtocolError("Return with results for a call whose results were to stay at the peer")
    payload = body.struct(0)
    if payload.has(CAP_TABLE):
        message.capabilities = descriptor.read_table(connection, payload, fds)
    asked.advance(over)
    asked.complete_results(payload.pointer(0), message.capabilities)


def receive_finish(connection: Connection, body: AnyStruct) -> None:
    """The peer wants nothing more of an answer; one that is not there is ignored (it may have said noFinishNeeded)."""
    row = connection.answers.get(body.u32(0))
    if row is None:
        return
    if body.boolean(33, True):  # requireEarlyCancellationWorkaround
        # The peer may have sent Call and Finish together and means the call to be made all the same.
        row.must_start = True
    row.advance(FINISHED_AND_RELEASED if body.boolean(32, True) else FINISHED)  # releaseResultCaps


# --- references ------------------------------------------------------------------------------------------------------------------


def receive_release(connection: Connection, body: AnyStruct) -> None:
    """The peer gives references back."""
    export_id = body.u32(0)
    count = body.u32(4)
    exported: Export | None = connection.exports.get(export_id)
    if exported is None:
        raise ProtocolError(f"Release of export {export_id}, which is not there")
    if count > exported.count:
        raise ProtocolError(f"Release of {count} references to export {export_id}; the peer holds {exported.count}")
    connection.drop_export_count(exported, count)


def receive_resolve(connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None) -> None:
    """A promise of the peer became something."""
    imported = connection.imports.get(body.u32(0))
    kind = body.u16(4)
    if kind == decode.RESOLVE_CAP:
        # Read it in any case: if the promise is unknown, what it became is released.
        found = descriptor.read(connection, body.struct(0), fds)
        if found is None:
            raise ProtocolError("Resolve to no capability")
        capability = found
    elif kind == decode.RESOLVE_EXCEPTION:
        capability = BrokenCapability(decode.read_error(body.struct(0)))
    else:
        raise ProtocolError(f"a Resolve of unknown kind {kind}")
    if imported is None:
        return
    first = imported.state == import_.State.PROMISE
    imported.advance(import_.Event.RESOLVE)
    if first:
        resolve_import(connection, imported, capability)


def resolve_import(connection: Connection, imported: Import, capability: Capability) -> None:
    """Pass a resolution on to the promise that programs hold."""
    imported.resolution = capability
    promise = None if imported.promise is None else imported.promise()
    if promise is not None and promise.raw is not None:
        promise.become(connection.settle(promise.raw, imported.called, capability))


def break_import(imported: Import, reason: RpcError) -> None:
    """Break the promise that programs hold of an import."""
    promise = None if imported.promise is None else imported.promise()
    imported.resolution = None
    if promise is not None:
        promise.become(BrokenCapability(reason))


# --- embargoes -------------------------------------------------------------------------------------------------------------------


class Echo:
    """A Disembargo of the peer on its way behind the calls that it follows."""

    __slots__ = ("connection", "embargo_id")

    def __init__(self, connection: Connection, embargo_id: int) -> None:
        self.connection = connection
        self.embargo_id = embargo_id

    def arrived(self, capability: Capability) -> None:
        """Send it back, behind the calls that went back to the peer."""
        connection = self.connection
        connection.markers -= 1
        if not isinstance(capability, RemoteCapability) or capability.link is not connection:
            connection.disconnect(ProtocolError("Disembargo for something that does not lead back to its sender"))
            return
        message = encode.disembargo(decode.RECEIVER_LOOPBACK, self.embargo_id)
        capability.write_target(message.init_target())
        connection.send(message)


def receive_disembargo(connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None) -> None:
    """Send a Disembargo back behind the calls before it, or lift an embargo of ours."""
    kind = body.u16(4)
    number = body.u32(0)
    if kind == decode.RECEIVER_LOOPBACK:
        waiting = connection.embargoes.get(number)
        if waiting is None:
            raise ProtocolError(f"Disembargo for embargo {number}, which is not there")
        waiting.advance(embargo.Event.ECHO)
        return
    if kind != decode.SENDER_LOOPBACK:
        raise ProtocolError("a Disembargo that belongs to three-party handoff, which this vat does not do")
    target = disembargo_target(connection, body.struct(0))
    if connection.markers >= connection.limits.embargoes:
        raise ProtocolError(f"{connection.limits.embargoes} Disembargoes wait; the limit is reached")
    connection.markers += 1
    target.deliver_marker(Echo(connection, number))


def disembargo_target(connection: Connection, target: AnyStruct) -> Capability:
    """Return what a Disembargo goes after: only something of which the peer was told what it became."""
    kind = target.u16(4)
    never = "Disembargo for a promise that was never said to be resolved"
    if kind == decode.TARGET_IMPORTED_CAP:
        exported: Export | None = connection.exports.get(target.u32(0))
        if exported is None:
            raise ProtocolError(f"Disembargo for export {target.u32(0)}, which is not there")
        if exported.state == export.State.PROMISE:
            raise ProtocolError(never)
        return exported.target
    if kind == decode.TARGET_PROMISED_ANSWER:
        promised = target.struct(0)
        path = decode.read_path(promised, connection.limits.pipeline_operations)
        row = connection.answers.get(promised.u32(0))
        if row is None:
            raise ProtocolError(f"Disembargo for answer {promised.u32(0)}, which is not there")
        if row.state == AnswerState.RUNNING or row.state == AnswerState.CANCELLED:
            raise ProtocolError(never)
        return row.pipeline(path)
    raise ProtocolError(f"a message target of unknown kind {kind}")


# --- the rest --------------------------------------------------------------------------------------------------------------------


def receive_abort(connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None) -> None:
    """The peer ends the connection."""
    error = decode.read_error(body)
    connection.disconnect(
        make_rpc_error(Disconnected.default_kind, error.reason, trace=error.trace, details=error.details)
    )


def receive_unimplemented(
    connection: Connection, message: MessageReader, body: AnyStruct, fds: list[int] | None
) -> None:
    """The peer does not know a message of ours: what it was for fails."""
    tag = body.u16(0)
    inner = body.struct(0)
    if tag == decode.CALL or tag == decode.BOOTSTRAP:
        fail_question(connection, inner.u32(0))
    elif tag == decode.RESOLVE:
        if inner.u16(4) == decode.RESOLVE_CAP:
            release_described(connection, inner.struct(0))
    elif tag == decode.DISEMBARGO and inner.u16(4) == decode.SENDER_LOOPBACK:
        waiting = connection.embargoes.get(inner.u32(0))
        if waiting is None:
            raise ProtocolError(f"Unimplemented for the Disembargo of embargo {inner.u32(0)}, which is not there")
        waiting.advance(embargo.Event.REFUSED)
    elif tag == decode.RETURN and inner.u16(6) == decode.TAKE_FROM_OTHER_QUESTION:
        # Some peers answer so when they had cancelled the question already; nothing is lost.
        return
    else:
        name = decode.MESSAGE_NAMES[tag] if tag < len(decode.MESSAGE_NAMES) else str(tag)
        raise ProtocolError(f"the peer does not implement {name}, without which there is no going on")


def fail_question(connection: Connection, question_id: int) -> None:
    """Fail the question whose message the peer does not know."""
    asked = (
        connection.silent.get(question_id) if question_id >= FIRST_SILENT_ID else connection.questions.get(question_id)
    )
    if asked is None or asked.state == question.State.LINGERING:
        raise ProtocolError(f"Unimplemented for question {question_id}, which is not there")
    exports = asked.exports
    asked.exports = None
    descriptor.take_back(connection, exports)
    if asked.state != question.State.SILENT:
        asked.advance(question.Event.RETURNED_FOR_GOOD)
    asked.fail(Unimplemented("the peer does not implement this kind of call", fault="remote"))


def release_described(connection: Connection, described: AnyStruct) -> None:
    """Take back the reference that a Resolve carried which the peer does not know."""
    kind = described.u16(0)
    if kind == decode.SENDER_HOSTED or kind == decode.SENDER_PROMISE:
        export_id = described.u32(4)
    else:
        return
    exported: Export | None = connection.exports.get(export_id)
    if exported is None or exported.count == 0:
        raise ProtocolError(f"Unimplemented for a Resolve to export {export_id}, which is not there")
    connection.drop_export_count(exported, 1)


HANDLERS: dict[int, Callable[[Connection, MessageReader, AnyStruct, list[int] | None], None]] = {
    decode.UNIMPLEMENTED: receive_unimplemented,
    decode.ABORT: receive_abort,
    decode.BOOTSTRAP: receive_bootstrap,
    decode.RESOLVE: receive_resolve,
    decode.DISEMBARGO: receive_disembargo,
}
