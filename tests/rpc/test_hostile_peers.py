"""What peers can try in order to crash a vat, to keep it busy, or to make it keep ever more; and what is as deep or as long as a peer likes."""

from __future__ import annotations

import gc

import pytest
from tests.rpc.scenes import end, given, started

from caplet.cap.interception import PassAll
from caplet.cap.membrane import Membrane
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed, Overloaded
from caplet.limits import Limits
from caplet.rpc import decode, encode
from caplet.rpc.encode import OutgoingMessage
from caplet.testing.objects import Service, answer_call, call, new_call, number_of
from caplet.testing.scripted import (
    ScriptedPeer,
    answer,
    answer_descriptor,
    export,
    hosted,
    promise,
)
from caplet.wire.message import MessageReader

DEEP = 3000


def calls_of(peer: ScriptedPeer) -> list[int]:
    """Return the ids of the calls that the vat made, and forget what it said."""
    peer.run()
    bodies = [decode.read_message(message) for message in peer.messages]
    peer.messages.clear()
    return [body.u32(0) for tag, body in bodies if tag == decode.CALL]


def last_call(peer: ScriptedPeer) -> int:
    """Return the id of the last call that the vat made."""
    return calls_of(peer)[-1]


def forwarder(peer: ScriptedPeer, service: Service) -> None:
    """Let the service hand every call on to an object of the script."""
    target = given(peer, service, hosted(5))
    service.handler = lambda call: call.tail_call(new_call(target))


# --- circles -----------------------------------------------------------------------------------------------------------------------


def test_results_that_wait_for_themselves_end_the_connection_E22():
    """Our service hands a call of the peer on to the peer, which answers: take the results of that same call."""
    service, other = Service(), Service()
    peer = started(service)
    forwarder(peer, service)
    beside = other.capability
    beside.bind(peer.vat.turns)
    elsewhere = call(beside)
    peer.call(10, export(0), results_to=decode.TO_YOURSELF)
    peer.return_kind(last_call(peer), decode.TAKE_FROM_OTHER_QUESTION, 10)
    peer.call(11, answer(10, 0))
    assert "answer 10, which waits for that Return" in str(peer.connection.error)
    peer.run()
    answer_call(other.held.pop())
    peer.run()
    assert elsewhere.error is None
    service.handler = None
    del beside
    end(peer, service, other)


def test_results_that_wait_for_each_other_end_the_connection_E22():
    service = Service()
    peer = started(service)
    forwarder(peer, service)
    peer.call(10, export(0), results_to=decode.TO_YOURSELF)
    first = last_call(peer)
    peer.call(11, export(0), results_to=decode.TO_YOURSELF)
    second = last_call(peer)
    peer.return_kind(first, decode.TAKE_FROM_OTHER_QUESTION, 11)
    assert peer.connection.error is None
    peer.return_kind(second, decode.TAKE_FROM_OTHER_QUESTION, 10)
    assert "answer 10, which waits for that Return" in str(peer.connection.error)
    service.handler = None
    end(peer, service)


def test_results_that_wait_for_themselves_behind_a_membrane_end_the_connection_E22():
    service = Service()
    inner = Service()
    peer = started(service)
    kept = [inner.capability]
    kept[0].bind(peer.vat.turns)
    kept.append(Membrane(PassAll()).cross(kept[0], outward=True))
    kept.append(given(peer, service, hosted(5)))
    inner.handler = lambda call: call.tail_call(new_call(kept[2]))
    service.handler = lambda call: call.tail_call(new_call(kept[1]))
    peer.call(10, export(0), results_to=decode.TO_YOURSELF)
    peer.return_kind(last_call(peer), decode.TAKE_FROM_OTHER_QUESTION, 10)
    assert "which waits for that Return" in str(peer.connection.error)
    service.handler = inner.handler = None
    kept.clear()
    end(peer, service, inner)


# --- as deep as a peer likes ---------------------------------------------------------------------------------------------------------


def long_chain(peer: ScriptedPeer, service: Service, length: int) -> int:
    """Let each of many calls be answered by the results of the next one; return the question that has no answer yet."""
    forwarder(peer, service)
    question = -1
    for number in range(100, 100 + length):
        peer.call(number, export(0), results_to=decode.TO_YOURSELF)
        made = last_call(peer)
        if question >= 0:
            peer.return_kind(question, decode.TAKE_FROM_OTHER_QUESTION, number)
        question = made
    return question


def test_results_that_are_handed_on_many_times_arrive():
    service, thing = Service(), Service()
    peer = started(service)
    question = long_chain(peer, service, 600)
    assert peer.connection.error is None
    service.handler = None
    peer.call(5, export(0))
    answer_call(service.held.pop(), 0, [thing.capability])
    peer.call(6, answer(100, 0), number=7)
    peer.return_results(question, hosted(9))
    assert peer.connection.error is None
    # What was pipelined on the first of them went to what the last one holds.
    assert len(calls_of(peer)) == 1
    end(peer, service, thing)


def test_results_that_are_handed_on_too_many_times_end_the_connection():
    """Each claim looks along the whole chain; what it costs is bounded."""
    service = Service()
    peer = started(service)
    forwarder(peer, service)
    connection = peer.connection
    for number in range(1100):
        message = encode.call(16)
        export(0)(message.body.init_struct(0, 1, 1))
        message.write_call(10_000 + number, 1, 0, True, 0)
        connection.receive(MessageReader([bytes(view) for view in message.output()]))
        connection.turns.run()
    questions = calls_of(peer)
    for number in range(1, 1100):
        message = encode.return_without_results(questions[number], decode.TAKE_FROM_OTHER_QUESTION, 10_000 + number - 1)
        connection.receive(MessageReader([bytes(view) for view in message.output()]))
        assert connection.error is None or number > 900
    assert "answer 11000, which were handed on too many times" in str(connection.error)
    service.handler = None
    end(peer, service)


def test_results_that_are_handed_on_through_a_membrane_again_and_again_are_called_ahead_a_hundred_times():
    service, inner = Service(), Service()
    peer = started(service)
    kept = [inner.capability]
    kept[0].bind(peer.vat.turns)
    kept.append(Membrane(PassAll()).cross(kept[0], outward=True))
    kept.append(given(peer, service, hosted(5)))
    inner.handler = lambda call: call.tail_call(new_call(kept[2]))
    service.handler = lambda call: call.tail_call(new_call(kept[1]))
    question = -1
    for number in range(100, 220):
        peer.call(number, export(0), results_to=decode.TO_YOURSELF)
        made = last_call(peer)
        if question >= 0:
            peer.return_kind(question, decode.TAKE_FROM_OTHER_QUESTION, number)
        question = made
    peer.lines()
    peer.call(5, answer(100, 0))
    peer.call(6, answer(180, 0))
    [line] = [line for line in peer.lines() if "exception" in line]
    assert "more than 100 times" in line
    assert peer.connection.error is None
    service.handler = inner.handler = None
    kept.clear()
    end(peer, service, inner)


def test_many_calls_each_pipelined_on_the_one_before_go_on_when_their_promise_resolves():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(9999, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    connection = peer.connection
    for number in range(DEEP):
        message = encode.call(16)
        answer(9999 if number == 0 else 10_000 + number - 1, 0)(message.body.init_struct(0, 1, 1))
        message.write_call(10_000 + number, 1, 0, False, 0)
        connection.receive(MessageReader([bytes(view) for view in message.output()]))
    peer.messages.clear()
    waiting.resolve(target)
    peer.run()
    assert connection.error is None
    assert len(calls_of(peer)) == DEEP
    del target, waiting
    end(peer, service)


def test_calls_that_are_handed_on_many_times_end_and_are_cancelled():
    service, last = Service(), Service(flags=1)
    peer = started(service)
    kept = [last.capability]
    kept[0].bind(peer.vat.turns)

    def hand_on(call):
        number = number_of(call.params)
        call.tail_call(new_call(service.capability, number=number - 1) if number else new_call(kept[0]))

    service.handler = hand_on
    first, second = call(service.capability, number=DEEP), call(service.capability, number=DEEP)
    peer.run()
    path = first.pipeline((0,))
    answer_call(last.held.pop(0), 7, kept)
    peer.run()
    assert number_of(first.result()) == 7
    assert path.current() is kept[0]
    second.cancel()
    peer.run()
    assert len(last.cancelled) == 1
    last.cancelled.clear()
    last.held.pop().cancelled()
    service.handler = None
    del first, second, path
    kept.clear()
    end(peer, service, last)


def test_a_promise_that_becomes_ever_new_promises_is_one_promise():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    for number in range(5, DEEP):
        peer.resolve(number, promise(number + 1))
    assert found.resolution().resolution() is None
    assert list(peer.connection.imports) == [DEEP]
    peer.resolve(DEEP, hosted(4))
    assert found.current().describe() == "import 4 of peer"
    assert found.resolution() is found.current()
    del found
    end(peer, service)


def test_what_stood_for_a_promise_is_forgotten_when_nobody_holds_it():
    service = Service()
    peer = started(service)
    last = PromiseCapability(peer.vat.turns)
    for _ in range(1000):
        PromiseCapability(peer.vat.turns).resolve(last)
    assert last.behind is not None
    assert len(last.behind) <= 32
    held = PromiseCapability(peer.vat.turns)
    held.resolve(last)
    last.resolve(service.capability)
    assert held.resolution() is service.capability
    end(peer, service)


# --- as much as a peer likes ---------------------------------------------------------------------------------------------------------


def test_of_calls_that_are_too_many_nothing_is_kept():
    service = Service()
    peer = started(service, limits=Limits(answers=10))
    for number in range(1000, 1100):
        peer.call(number, export(0))
        peer.bootstrap(number + 1000)
    lines = peer.lines()
    assert len(service.held) == 5
    assert sum("exception" in line for line in lines) == 191
    assert len(peer.connection.answers) == 10
    # Pipelined on one of them: too many as well. The Finish of one finds nothing, and says nothing.
    peer.call(3000, answer(1099, 0))
    peer.finish(1099)
    [line] = peer.lines()
    assert "10 calls are open" in line
    for held in service.held:
        answer_call(held)
    end(peer, service)


def test_results_left_here_are_kept_beyond_the_limit_and_not_far_beyond():
    """Their Return is still to come, and it may not end the connection of a peer that did nothing wrong."""
    service = Service()
    peer = started(service, limits=Limits(answers=4))
    target = given(peer, service, hosted(5))
    ours = call(target)
    question = last_call(peer)
    for number in range(1000, 1005):
        peer.call(number, export(0), results_to=decode.TO_YOURSELF)
    assert len(service.held) == 3
    peer.return_kind(question, decode.TAKE_FROM_OTHER_QUESTION, 1004)
    assert isinstance(ours.error, Overloaded)
    assert peer.connection.error is None
    for number in range(2000, 2005):
        peer.call(number, export(0), results_to=decode.TO_YOURSELF)
    assert "the limit is 4" in str(peer.connection.error)
    del target
    end(peer, service)


@pytest.mark.parametrize("hints", [0, 2])
def test_results_that_are_never_finished_are_limited(hints):
    service = Service()
    peer = started(service, limits=Limits(call_words=1000))

    def large(call):
        struct = call.results().init_struct(1, 2)
        struct.pointer(0).set_capability(service.capability)
        struct.set_blob(1, bytes(4000))
        call.finish()

    service.handler = large
    first = 0x80000000 if hints else 1000
    for number in range(first, first + 5):
        peer.call(number, export(0), hints=hints)
    refused = [line for line in peer.lines() if "exception" in line]
    assert len(service.numbers) == 2
    assert len(refused) == (0 if hints else 3)
    # Reading goes on, so that the Finishes are read.
    assert not peer.connection.reading_paused
    peer.finish(first, release_results=True)
    peer.call(first + 9, export(0), hints=hints)
    assert len(service.numbers) == 3
    for number in [*range(first, first + 10)]:
        peer.finish(number, release_results=True)
    assert peer.connection.flow.kept_words == 0
    service.handler = None
    end(peer, service)


def test_paths_that_a_peer_only_names_are_not_kept():
    service = Service()
    peer = started(service)
    peer.call(1, export(0))
    row = service.held.pop()
    service.handler = lambda call: call.finish()
    for number in range(500):
        peer.call(2, export(0), answer_descriptor(1, number, 1))
        peer.call(3, answer(1, number, 2))
        peer.finish(3)
    assert len(row.early.slots) <= 32
    answer_call(row)
    service.handler = None
    del row
    end(peer, service)


def test_paths_of_a_call_that_was_handed_on_are_not_kept_when_a_peer_only_names_them():
    service = Service()
    peer = started(service)
    forwarder(peer, service)
    peer.call(1001, export(0))
    question = peer.connection.answers[1001].tail.state
    service.handler = lambda call: call.finish()
    for number in range(500):
        peer.call(2, export(0), answer_descriptor(1001, number))
    assert len(question.paths) <= 32
    service.handler = None
    del question
    end(peer, service)


def unfolding(count: int, size_bytes: int) -> MessageReader:
    """Return a message of a kind that nobody knows, whose many pointers all lead to the same bytes."""
    message = OutgoingMessage(40, 1, 1, count + size_bytes // 8 + 16)
    listed = message.body.init_struct(0, 0, count)
    listed.set_blob(0, bytes(size_bytes))
    words = bytearray(b"".join(bytes(view) for view in message.output()))
    first = len(words) - size_bytes - 8 * count
    for index in range(count):
        offset = (count - 1 - index) << 2 | 1
        pointer = offset | (size_bytes << 3 | 2) << 32
        words[first + 8 * index : first + 8 * index + 8] = pointer.to_bytes(8, "little")
    return MessageReader([bytes(words)])


def test_an_unknown_message_that_would_become_larger_when_it_is_sent_back_ends_the_connection():
    peer = started(Service())
    peer.send_raw(unfolding(1, 8000))
    assert peer.connection.error is None
    assert peer.messages[-1].segments[0].words < 1100
    peer.send_raw(unfolding(1000, 8000))
    assert "malformed" in str(peer.connection.error)
    assert peer.connection.sent_words < 2000


# --- what is odd, and lost nothing ---------------------------------------------------------------------------------------------------


def error_return(question: int, reason: bytes, trace: bytes) -> OutgoingMessage:
    message = encode.return_without_results(question, decode.EXCEPTION)
    exception = message.body.init_struct(0, 1, 3)
    exception.set_blob(0, reason)
    exception.set_blob(1, trace)
    return message


def test_a_reason_that_is_not_utf_8_is_told_as_far_as_it_goes():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    message = error_return(last_call(peer), b"caf\xc3", b"\xff\0")
    peer.send_raw(MessageReader([bytes(view) for view in message.output()]))
    assert str(ours.error) == "remote exception: caf\N{REPLACEMENT CHARACTER}"
    assert ours.error.trace == "\N{REPLACEMENT CHARACTER}"
    assert peer.connection.error is None
    del target
    end(peer, service)


def test_a_kind_of_error_from_the_end_of_its_range_and_a_reason_of_a_megabyte_are_told():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.return_error(last_call(peer), "x" * 1_000_000, 0xFFFF)
    assert ours.error.kind == 0xFFFF
    assert len(str(ours.error)) > 1_000_000
    del target
    end(peer, service)


def test_a_table_of_very_many_capabilities_is_read_and_released():
    service = Service()
    peer = started(service)
    peer.transcript.record = lambda *arguments: None
    peer.call(1, export(0), *[hosted(number) for number in range(20_000)])
    assert len(peer.connection.imports) == 20_000
    answer_call(service.held.pop())
    gc.collect()
    peer.run()
    assert not peer.connection.imports
    end(peer, service)


def test_promises_that_lead_to_each_other_over_two_connections_break():
    service = Service()
    first = started(service)
    second = ScriptedPeer(service.capability)
    second.connection = first.vat.add_connection("second")
    second.vat, second.host = first.vat, first.host
    second.connection.make_bootstrap = lambda peer: service.capability
    second.bootstrap(99)
    ours = given(first, service, promise(5))
    theirs = given(second, service, promise(6))
    # Each script holds what is a promise of the other: export 1.
    for peer, thing in ((first, theirs), (second, ours)):
        peer.call(7, export(0))
        answer_call(service.held.pop(), 0, [thing])
        peer.lines()
    for thing in (ours, theirs):
        call(thing).keep()
    first.resolve(5, lambda described: (described.set_u16(0, decode.RECEIVER_HOSTED), described.set_u32(4, 1)))
    second.resolve(6, lambda described: (described.set_u16(0, decode.RECEIVER_HOSTED), described.set_u32(4, 1)))
    # Both wait for their embargoes, which come back.
    first.disembargo(export(0), decode.RECEIVER_LOOPBACK, 0)
    second.disembargo(export(0), decode.RECEIVER_LOOPBACK, 0)
    assert isinstance(ours.error, Failed)
    assert isinstance(theirs.error, Failed)
    assert first.connection.error is None
    assert second.connection.error is None
    del ours, theirs, thing
    second.connection.disconnect()
    end(first, service)
