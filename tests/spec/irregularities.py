"""What a peer may do wrong, and what comes of it: the table that the documentation shows and the tests run.

Each row is done by a scripted peer on a connection with other things under way:

* our call, question 0, to the script's public object (import 0), to which export 1 was passed as a parameter and export 2 as a promise;
* the script's call, answer 0, to our public object, held by its method; our public object is export 0;
* the script's call, answer 1, that was answered with export 3, and not finished;
* the script's bootstrap, answer 2, answered and not finished.

Outcomes: `ignored` (nothing comes of it), `fails that call` (one call, ours or theirs, ends in an error), `broken` (one capability is broken)
or `abort: …` (the connection ends with this reason, and everything outstanding fails with it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from caplet.rpc import decode, encode
from caplet.rpc.encode import OutgoingMessage
from caplet.testing.objects import answer_call, call, capabilities_of
from caplet.testing.scripted import (
    ScriptedPeer,
    answer,
    answer_descriptor,
    described,
    export,
    hosted,
    mine,
    none,
    promise,
)
from caplet.wire.message import MessageReader

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True)
class Row:
    """One irregularity."""

    name: str
    what: str
    outcome: str
    do: Callable[[ScriptedPeer], None]

    @property
    def others(self) -> str:
        """What becomes of the calls that are under way meanwhile."""
        if not self.outcome.startswith("abort: "):
            return "they end well, both ways" if self.name != "Unimplemented Call" else "theirs end well"
        if self.name == "E16":
            return "ours was answered before; theirs are not answered any more"
        return "ours fail as disconnected, with that reason; theirs are not answered any more"


ROWS: list[Row] = []


def row(name: str, what: str, outcome: str) -> Callable[[Callable[[ScriptedPeer], None]], None]:
    """Add a row to the table."""

    def add(do: Callable[[ScriptedPeer], None]) -> None:
        ROWS.append(Row(name, what, outcome, do))

    return add


def unknown_operation(target_or_descriptor):
    """Change the one operation of a transform to a kind that does not exist."""

    def fill(struct):
        target_or_descriptor(struct)
        pointer = struct.pointer(0).struct(1, 1).pointer(0)
        pointer.init_struct_list(1, 1, 0).struct(0).set_u16(0, 7)

    return fill


@row("E1", "a pipeline transform with an operation of unknown kind", "abort: unknown kind 7")
def _(peer):
    peer.call(9, unknown_operation(answer(1, 0)))


@row("E1 in a descriptor", "receiverAnswer with an operation of unknown kind (E3)", "abort: unknown kind 7")
def _(peer):
    peer.call(9, export(0), unknown_operation(answer_descriptor(1, 0)))


@row("E2", "receiverHosted names an export that is not there", "broken")
def _(peer):
    peer.call(9, export(0), mine(77), number=9)


@row("E4", "receiverAnswer names an answer that is not there", "broken")
def _(peer):
    peer.call(9, export(0), answer_descriptor(77, 0), number=9)


@row("E5", "a capability descriptor of unknown kind", "abort: descriptor of unknown kind 9")
def _(peer):
    peer.call(9, export(0), described(9, 0))


@row("E6", "a pointer to a capability outside the table", "broken")
def _(peer):
    message = encode.call(16)
    content = message.payload.pointer(0).init_struct(1, 1)
    content.set_u64(0, 9)
    content.pointer(0).set_capability(message)
    message.capabilities.clear()
    export(0)(message.body.init_struct(0, 1, 1))
    message.write_call(9, 1, 0, False, 0)
    peer.send(message)


@row("E7", "Bootstrap with a deprecatedObjectId (row 28, H17)", "fails that call")
def _(peer):
    peer.bootstrap(9, object_id=True)


@row("E8", "Bootstrap for a question that is open", "abort: still open")
def _(peer):
    peer.bootstrap(0)


@row("E9", "Call whose results go to a third party (row 82)", "abort: caller or yourself")
def _(peer):
    peer.call(9, export(0), results_to=2)


@row("E10", "Call for a question that is open", "abort: still open")
def _(peer):
    peer.call(0, export(0))


@row("E11", "Call to an export that is not there", "abort: export 77, which is not there")
def _(peer):
    peer.call(9, export(77))


@row("E11 by Disembargo", "Disembargo to an export that is not there", "abort: export 77, which is not there")
def _(peer):
    peer.disembargo(export(77), decode.SENDER_LOOPBACK)


@row("E12", "Call pipelined on an answer that is not there", "fails that call")
def _(peer):
    peer.call(9, answer(77, 0))


@row("E13", "Call pipelined on results without capabilities (row 43)", "fails that call")
def _(peer):
    peer.call(9, answer(1, 5))


@row("E14", "a message target of unknown kind", "abort: target of unknown kind 5")
def _(peer):
    peer.call(9, lambda target: target.set_u16(4, 5))


@row("E15", "Call pipelined on a field of a bootstrap (row 26)", "fails that call")
def _(peer):
    peer.call(9, answer(2, 0))


@row("E16", "a second Return while the first one waits for our Finish", "abort: Return for question")
def _(peer):
    peer.return_results(0)
    peer.return_results(0)


@row("E17", "Return for a question that is not there", "abort: question 1234, which is not there")
def _(peer):
    peer.return_results(1234)


@row("E17 of the silent range", "Return for a question with the top bit set (H2)", "ignored")
def _(peer):
    peer.return_results(1 << 31 | 5)


@row("E20", "Return says canceled, and we did not cancel", "abort: was not cancelled")
def _(peer):
    peer.return_kind(0, decode.CANCELED)


@row("E21", "Return says that results were sent elsewhere, for an ordinary call", "abort: not asked for")
def _(peer):
    peer.return_kind(0, decode.RESULTS_SENT_ELSEWHERE)


@row("E22", "Return takes the results of an answer that keeps none", "abort: keeps none")
def _(peer):
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 1)


@row("E23", "Return takes the results of an answer that is not there", "abort: answer 77, which is not there")
def _(peer):
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 77)


@row("E24", "a Return of unknown kind", "abort: Return of unknown kind 9")
def _(peer):
    peer.return_kind(0, 9)


@row("E24 of level 3", "Return that waits for a third party", "abort: Return of unknown kind 5")
def _(peer):
    peer.return_kind(0, 5)


@row("E25", "Finish for an answer that is not there (T29)", "ignored")
def _(peer):
    peer.finish(77)


@row("E26", "Resolve to no capability", "abort: Resolve to no capability")
def _(peer):
    peer.resolve(5, none())


@row("E27", "a Resolve of unknown kind", "abort: Resolve of unknown kind 9")
def _(peer):
    peer.resolve(5, hosted(8), kind=9)


@row("E28", "Resolve for a capability that was no promise", "abort: not introduced as a promise")
def _(peer):
    peer.resolve(0, hosted(8))


@row("E29", "Resolve for a promise that we do not know (T28)", "ignored, and what it became is released")
def _(peer):
    peer.resolve(5, hosted(8))


@row("E30", "Release of more references than the peer holds", "abort: the peer holds 1")
def _(peer):
    peer.release(1, 2)


@row("E31", "Release of an export that is not there", "abort: export 77, which is not there")
def _(peer):
    peer.release(77)


@row("E32", "Disembargo for something that does not lead back to its sender", "abort: does not lead back")
def _(peer):
    peer.disembargo(export(1), decode.SENDER_LOOPBACK)


@row("E33", "Disembargo for a promise of which we never said what it became", "abort: never said to be resolved")
def _(peer):
    peer.disembargo(export(2), decode.SENDER_LOOPBACK)


@row("E33 of an answer", "Disembargo for an answer that was not returned", "abort: never said to be resolved")
def _(peer):
    peer.disembargo(answer(0, 0), decode.SENDER_LOOPBACK)


@row("E34", "Disembargo comes back for an embargo that is not there", "abort: embargo 77, which is not there")
def _(peer):
    peer.disembargo(export(0), decode.RECEIVER_LOOPBACK, 77)


@row("E35", "a Disembargo of three-party handoff", "abort: three-party handoff")
def _(peer):
    peer.disembargo(export(0), 2)


@row("E36", "Unimplemented about a Finish", "abort: does not implement finish")
def _(peer):
    message = encode.finish(0, False)
    peer.unimplemented(MessageReader([bytes(view) for view in message.output()]))


@row("E36 nested", "Unimplemented about an Unimplemented", "abort: does not implement unimplemented")
def _(peer):
    message = OutgoingMessage(decode.UNIMPLEMENTED, 1, 1, 16)
    peer.unimplemented(MessageReader([bytes(view) for view in message.output()]))


@row("Unimplemented Call", "Unimplemented about our Call", "fails that call")
def _(peer):
    peer.unimplemented(peer.first_call)


@row("E37", "Abort", "abort: remote exception: enough")
def _(peer):
    peer.abort()


@row("E46", "an empty message", "abort: does not implement unimplemented")
def _(peer):
    peer.send_raw(MessageReader([bytes(8)]))


@row("E47", "a pointer of the envelope leads outside the message", "abort: malformed")
def _(peer):
    message = encode.finish(77, False)
    words = bytearray(b"".join(bytes(view) for view in message.output()))
    words[16:24] = (0x00000001_0000FFFC).to_bytes(8, "little")
    peer.send_raw(MessageReader([bytes(words)]))


@row("E47 in params", "a pointer of the params leads outside the message", "the method sees an error")
def _(peer):
    message = encode.call(16)
    message.payload.pointer(0).init_struct(1, 1).set_u64(0, 9)
    export(0)(message.body.init_struct(0, 1, 1))
    message.write_call(9, 1, 0, False, 0)
    position = message.payload._pointers
    message.segments[0].view[position << 3 : (position + 1) << 3] = (0x00000001_0000FFFC).to_bytes(8, "little")
    peer.send(message)


@row(
    "level 3",
    "Provide, Accept, Join, ThirdPartyAnswer and the obsolete messages (row 83)",
    "answered with Unimplemented",
)
def _(peer):
    for tag in (
        decode.OBSOLETE_SAVE,
        decode.OBSOLETE_DELETE,
        decode.PROVIDE,
        decode.ACCEPT,
        decode.JOIN,
        decode.THIRD_PARTY_ANSWER,
        40,
    ):
        peer.empty(tag)


@row("T32", "a promise is resolved to itself", "broken")
def _(peer):
    peer.call(9, export(0), promise(5), number=9)
    peer.resolve(5, promise(5))


@row("H9", "a descriptor names a promise that was already resolved", "abort: already resolved")
def _(peer):
    peer.call(9, export(0), promise(5), number=9)
    # The promise is kept by an answer that names it.
    held = peer.service.held[-1]
    answer_call(held, 0, capabilities_of(held.params))
    peer.resolve(5, hosted(6))
    peer.call(10, export(0), promise(5), number=9)


@row("long pipeline", "a pipeline transform longer than the limit", "abort: the limit is")
def _(peer):
    peer.call(9, answer(1, *([0] * 2000)))


def tail_called(peer) -> int:
    """Have the service answer a call by a call to the script; return the question whose results stay at the script."""
    peer.call(9, export(0), hosted(6))
    held = peer.service.held.pop()
    peer.service.cancelled.clear()
    held.tail_call(capabilities_of(held.params)[0].new_request(1, 0))
    peer.run()
    _, body = decode.read_message(next(m for m in reversed(peer.messages) if decode.read_message(m)[0] == decode.CALL))
    return body.u32(0)


@row("E18", "Return with results for a call whose results were to stay at the peer", "abort: results were to stay")
def _(peer):
    peer.return_results(tail_called(peer))


@row("E19", "Return with an exception for a call whose results were to stay at the peer", "abort: results were to stay")
def _(peer):
    peer.return_error(tail_called(peer))


@row(
    "E42", "Return takes other results for a call whose results were to stay at the peer", "abort: results were to stay"
)
def _(peer):
    peer.return_kind(tail_called(peer), decode.TAKE_FROM_OTHER_QUESTION, 0)


@row("E22 twice", "Return takes the results of an answer that another question took before", "abort: or no longer")
def _(peer):
    peer.call(9, export(0), results_to=decode.TO_YOURSELF)
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 9)
    peer.call(10, export(0), hosted(6))
    held = peer.service.held.pop()
    target = capabilities_of(held.params)[0]
    peer.kept_call = call(target)
    peer.run()
    _, body = decode.read_message(peer.messages[-1])
    peer.return_kind(body.u32(0), decode.TAKE_FROM_OTHER_QUESTION, 9)


@row("E33 of nothing", "Disembargo for an answer that is not there", "abort: answer 77, which is not there")
def _(peer):
    peer.disembargo(answer(77, 0), decode.SENDER_LOOPBACK)


@row("E14 by Disembargo", "a Disembargo target of unknown kind", "abort: target of unknown kind 5")
def _(peer):
    peer.disembargo(lambda target: target.set_u16(4, 5), decode.SENDER_LOOPBACK)


@row("Unimplemented about nothing", "Unimplemented about a Call that we did not make", "abort: question 77")
def _(peer):
    message = encode.bootstrap(77)
    peer.unimplemented(MessageReader([bytes(view) for view in message.output()]))


@row("Unimplemented Resolve", "Unimplemented about a Resolve to an export that is not there", "abort: export 77")
def _(peer):
    message = encode.resolve(2)
    hosted(77)(message.body.init_struct(0, 1, 1))
    peer.unimplemented(MessageReader([bytes(view) for view in message.output()]))


@row("Unimplemented Disembargo", "Unimplemented about a Disembargo that we did not send", "abort: embargo 77")
def _(peer):
    message = encode.disembargo(decode.SENDER_LOOPBACK, 77)
    export(0)(message.body.init_struct(0, 1, 1))
    peer.unimplemented(MessageReader([bytes(view) for view in message.output()]))


@row("E48", "an envelope that is nested too deep", "abort: nested deeper")
def _(peer):
    message = OutgoingMessage(decode.RESOLVE, 1, 1, 16)
    described = message.body.init_struct(0, 1, 1)
    described.set_u16(0, decode.RECEIVER_ANSWER)
    described.init_struct(0, 1, 1)
    reader = MessageReader([bytes(view) for view in message.output()])
    reader.nesting = 2
    peer.send_raw(reader)
