"""Corners of the rules that ordinary conversations seldom reach: each test fails when one line of the core is wrong."""

from __future__ import annotations

import gc

import pytest
from tests.rpc.scenes import end, given, given_as, started

from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Failed
from caplet.limits import Limits
from caplet.rpc import decode, encode
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.testing.objects import Service, answer_call, call, capabilities_of, fill, new_call
from caplet.testing.scripted import ScriptedPeer, answer, export, hosted, mine, promise
from caplet.wire.message import MessageBuilder, MessageReader

CANCELLABLE = 1


def read(message: MessageBuilder) -> MessageReader:
    return MessageReader([bytes(view) for view in message.output()])


def second_peer(first: ScriptedPeer, service: Service) -> ScriptedPeer:
    """Return a second script that is connected with the same vat, and has its public object as export 0."""
    second = ScriptedPeer()
    second.vat, second.host = first.vat, first.host
    second.connection = first.vat.add_connection("second", bootstrap=service.capability, name="second")
    second.bootstrap(99)
    second.lines()
    return second


# --- what lives and what is idle ---------------------------------------------------------------------------------------------------


def test_each_table_alone_keeps_a_connection_from_being_idle_T56():
    service = Service()
    peer = started(service)
    connection = peer.connection
    found = given(peer, service, promise(5))
    peer.finish(99, release_results=True)
    assert set(connection.stats().items()) >= {("imports", 1), ("exports", 0), ("answers", 0), ("questions", 0)}
    ours = new_call(found).send_pipeline_only()
    assert connection.silent
    peer.resolve(5, hosted(6))
    del found
    peer.run()
    # Only a call without a Return; then only one whose answer is missing; then only an answer.
    assert not connection.imports
    assert not connection.is_idle
    del ours
    gc.collect()
    peer.run()
    assert connection.is_idle
    peer.call(2, answer(98, 0))
    assert list(connection.answers) == [2]
    assert not connection.is_idle
    peer.finish(2)
    assert connection.is_idle


def test_an_embargo_alone_keeps_a_connection_from_being_idle_T56():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    call(found).cancel()
    peer.run()
    peer.resolve(5, mine(0))
    del found
    peer.return_kind(0, decode.CANCELED)
    peer.finish(99, release_results=True)
    peer.run()
    assert peer.connection.stats()["embargoes"] == 1
    assert sum(peer.connection.stats()[table] for table in ("questions", "answers", "exports", "imports")) == 0
    assert not peer.connection.is_idle
    peer.disembargo(export(0), decode.RECEIVER_LOOPBACK, 0)
    assert peer.connection.is_idle


def test_what_comes_behind_the_end_is_not_looked_at():
    service = Service()
    peer = started(service)
    peer.connection.disconnect()
    received = peer.connection.stats()["received"]
    peer.call(1, export(0))
    assert peer.connection.stats()["received"] == received
    assert service.numbers == []


def test_what_was_dropped_before_a_message_is_released_before_it():
    service = Service()
    peer = started(service)
    found = given(peer, service, hosted(5))
    del found
    message = encode.call(16)
    peer.write_payload(message, 0, (hosted(5),))
    export(0)(message.body.init_struct(0, 1, 1))
    message.write_call(2, 1, 0, False, 0)
    peer.connection.receive(read(message))
    assert peer.lines() == ["release e1 x1"]
    assert peer.connection.imports[5].count == 1
    answer_call(service.held.pop())
    end(peer, service)


def test_a_promise_of_ours_forgets_a_peer_that_is_gone():
    service = Service()
    peer = started(service)
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    assert len(waiting.watches) == 1
    end(peer, service)
    assert waiting.watches == []


def test_the_descriptor_of_an_import_is_left_to_be_closed_when_the_connection_ends_row_22():
    service = Service()
    peer = started(service)
    fds = [40, 41, 42]

    def with_index(number, index):
        def describe(descriptor):
            hosted(number)(descriptor)
            descriptor.set_u8(2, index, decode.NO_FD)

        return describe

    message = encode.call(32)
    # The second descriptor for the same object is discarded, and an index one behind the last is none.
    peer.write_payload(message, 0, (with_index(5, 0), with_index(5, 1), with_index(6, 3)))
    export(0)(message.body.init_struct(0, 1, 1))
    message.write_call(1, 1, 0, False, 0)
    peer.connection.receive(read(message), fds)
    peer.run()
    assert fds == [-1, 41, 42]
    assert peer.connection.error is None
    held = service.held.pop()
    assert [capability.fd for capability in capabilities_of(held.params)] == [40, 40, None]
    end(peer, service)
    assert peer.connection.discarded_fds == [40]
    held.cancelled()


def test_what_was_pipelined_on_a_call_without_a_return_breaks_with_the_connection():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = new_call(target).send_pipeline_only()
    place = ours.pipeline((0,))
    peer.connection.disconnect(Failed("over"))
    assert isinstance(place.error, Disconnected)
    assert isinstance(ours.error, Disconnected)
    del target
    end(peer, service)


def test_a_trace_encoder_is_let_go_when_the_connection_ends_row_96():
    peer = started(Service())
    peer.connection.trace_encoder = str
    peer.connection.disconnect()
    assert peer.connection.trace_encoder is None


# --- numbers -------------------------------------------------------------------------------------------------------------------------


def test_ids_of_calls_without_a_return_go_round_from_one_end_of_their_range_to_the_other_H2():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    first = new_call(target).send_pipeline_only()
    place = first.pipeline((0,))
    peer.connection.next_silent = 0xFFFFFFFF
    used = []
    for _ in range(3):
        ours = new_call(target).send_pipeline_only()
        used.append(ours.state.id)
        del ours
        peer.run()
    # The first of the range is taken.
    assert used == [0xFFFFFFFF, FIRST_SILENT_ID + 1, FIRST_SILENT_ID + 2]
    del target, first, place
    end(peer, service)


def test_who_returns_a_call_without_a_return_gets_no_more_of_them_H2():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    first = new_call(target).send_pipeline_only()
    assert first.state.id == FIRST_SILENT_ID
    peer.return_results(first.state.id)
    second = new_call(target).send_pipeline_only()
    assert second.state.id < FIRST_SILENT_ID
    assert not second.done
    del target, first, second
    end(peer, service)


def test_a_message_of_exactly_the_limit_is_sent():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    words = peer.connection.stats()["sent_bytes"]
    call(target).keep()
    words = (peer.connection.stats()["sent_bytes"] - words) // 8
    peer.connection.max_message_words = words
    assert call(target).error is None
    peer.connection.max_message_words = words - 1
    assert call(target).error is not None
    del target
    end(peer, service)


def test_as_many_objects_as_the_limit_allows_are_imported():
    service = Service()
    peer = started(service, limits=Limits(imports=3))
    peer.call(1, export(0), hosted(0), hosted(1), hosted(2), hosted(2))
    assert peer.connection.error is None
    answer_call(service.held.pop())
    peer.run()
    peer.call(2, export(0), hosted(0), hosted(1), hosted(2), hosted(3))
    assert "3 objects; the limit is reached" in str(peer.connection.error)


def test_all_segments_of_a_call_count_and_a_refused_call_counts_nothing_row_98():
    service, thing = Service(), Service()
    peer = started(service, limits=Limits(call_words=60))
    target = given(peer, service, hosted(5))
    ours = call(target)
    message = MessageBuilder(1)
    root = message.root.init_struct(1, 1)
    root.set_u16(0, decode.CALL)
    body = root.init_struct(0, 3, 3)
    body.set_u32(0, 1)
    export(0)(body.init_struct(0, 1, 1))
    body.init_struct(1, 0, 2).pointer(0).init_struct(4, 0)
    reader = read(message)
    assert len(reader.segments) > 1
    words = sum(segment.words for segment in reader.segments)
    peer.send_raw(reader)
    assert peer.connection.stats()["unanswered_words"] == words
    for number in range(2, 6):
        peer.call(number, export(0))
    lines = peer.lines()
    assert [line.split()[0] for line in lines if "overloaded" in line or "wait for an answer" in line] != []
    held = list(service.held)
    service.held.clear()
    for one in held:
        answer_call(one)
    assert peer.connection.stats()["unanswered_words"] == 0
    ours.cancel()
    del target
    end(peer, service, thing)


# --- unimplemented -------------------------------------------------------------------------------------------------------------------


def test_a_call_that_the_peer_does_not_know_gives_its_capabilities_and_its_id_back():
    service, thing = Service(), Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target, capabilities=[thing.capability])
    peer.run()
    assert peer.connection.stats()["exports"] == 2
    peer.unimplemented(peer.messages[-1])
    assert ours.error is not None
    stats = peer.connection.stats()
    assert (stats["exports"], stats["questions"]) == (1, 0)
    assert [line.split()[0] for line in peer.lines()] == ["call"]
    del target, ours
    end(peer, service, thing)


@pytest.mark.parametrize("settled", [True, False])
def test_a_resolve_that_the_peer_does_not_know_gives_back_what_it_carried(settled):
    service, thing = Service(), Service()
    peer = started(service)
    first = PromiseCapability(peer.vat.turns)
    other = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [first, other])
    peer.run()
    first.resolve(thing.capability if settled else other)
    peer.run()
    [message] = [one for one in peer.messages if decode.read_message(one)[0] == decode.RESOLVE]
    counts = [row.count for row in peer.connection.exports.entries()]
    peer.unimplemented(message)
    assert peer.connection.error is None
    assert sum(counts) - sum(row.count for row in peer.connection.exports.entries()) == 1
    end(peer, service, thing)


# --- disembargoes --------------------------------------------------------------------------------------------------------------------


def test_a_disembargo_that_ends_at_another_peer_ends_the_connection_E32():
    service = Service()
    first = started(service)
    second = second_peer(first, service)
    theirs = given(second, service, hosted(5))
    first.call(1, export(0))
    answer_call(service.held.pop(), 0, [theirs])
    first.lines()
    first.disembargo(answer(1, 0), decode.SENDER_LOOPBACK, 3)
    assert "does not lead back to its sender" in str(first.connection.error)
    assert second.connection.error is None
    del theirs
    second.connection.disconnect()
    end(first, service)


def test_a_disembargo_for_a_call_that_was_cancelled_and_still_runs_ends_the_connection_E33():
    service = Service()
    peer = started(service)
    peer.call(1, export(0))
    peer.finish(1)
    peer.disembargo(answer(1, 0), decode.SENDER_LOOPBACK)
    assert "never said to be resolved" in str(peer.connection.error)
    end(peer, service)


def test_a_promise_that_was_never_called_is_followed_at_once_when_it_resolves_row_51():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    peer.resolve(5, mine(0))
    assert found.current() is service.capability
    assert peer.connection.stats()["embargoes"] == 0
    del found
    end(peer, service)


# --- the freeze rule -----------------------------------------------------------------------------------------------------------------


def test_a_promise_that_was_returned_leads_where_its_resolve_said_row_56_T4():
    """We return a promise, say that it became a promise of the peer, and learn then that this is an object of ours."""
    service = Service()
    peer = started(service)
    theirs = given(peer, service, promise(5))
    ours = PromiseCapability(peer.vat.turns)
    peer.call(7, export(0))
    answer_call(service.held.pop(), 0, [ours])
    ours.resolve(theirs)
    peer.run()
    peer.resolve(5, mine(0))
    assert theirs.current().connection is None or peer.connection.embargoes
    peer.lines()
    peer.call(8, answer(7, 0), number=3)
    peer.call(9, export(1), number=4)
    # Strictly to the peer, which may have called the long way before; nothing reaches our object at once.
    assert service.held == []
    assert [line.split(" of ")[1] for line in peer.lines() if line.startswith("call ")] == [
        "e1 method 0x1#0 to yourself"
    ] * 2
    del theirs, ours
    end(peer, service)


def test_a_gate_in_front_of_results_leads_where_the_return_said_row_56_H6():
    service = Service()
    peer = started(service)
    theirs = given(peer, service, promise(5))
    ahead = PromiseCapability(peer.vat.turns)
    peer.call(7, export(0))
    held = service.held.pop()
    message = MessageBuilder()
    fill(message.root, 0, [ahead])
    held.set_pipeline(message.root.as_reader())
    answer_call(held, 0, [theirs])
    peer.call(8, answer(7, 0), number=3)
    peer.resolve(5, mine(0))
    peer.lines()
    ahead.resolve(theirs)
    peer.run()
    # What it leads to is certain when the embargo is lifted: an object of ours, and the Return said otherwise.
    peer.disembargo(export(0), decode.RECEIVER_LOOPBACK, 0)
    assert ahead.current() is service.capability
    assert service.held == []
    [line] = [line for line in peer.lines() if line.startswith("call ")]
    assert line.endswith("of e1 method 0x1#0 to yourself")
    del theirs, ahead, held, message
    end(peer, service)


def test_what_a_set_pipeline_led_elsewhere_breaks_at_once_when_that_is_known_row_45():
    service, other = Service(), Service()
    peer = started(service)
    peer.call(7, export(0))
    held = service.held.pop()
    message = MessageBuilder()
    fill(message.root, 0, [other.capability])
    held.set_pipeline(message.root.as_reader())
    answer_call(held, 0, [service.capability])
    peer.lines()
    peer.call(8, answer(7, 0))
    [line] = peer.lines()
    assert "set_pipeline named another object" in line
    del held, message
    end(peer, service, other)


def test_the_old_id_of_a_promise_that_became_another_promise_leads_to_that_row_47_T7():
    service = Service()
    peer = started(service)
    first, second = PromiseCapability(peer.vat.turns), PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [first, second])
    first.resolve(second)
    peer.run()
    peer.call(2, export(1), number=1)
    peer.call(3, export(2), number=2)
    second.resolve(service.capability)
    peer.call(4, export(1), number=3)
    assert service.numbers[-3:] == [1, 2, 3]
    end(peer, service)


def test_what_leads_to_another_peer_is_that_peers_when_it_is_named_back_row_19():
    service = Service()
    first = started(service)
    second = second_peer(first, service)
    theirs = given(second, service, promise(5))
    first.call(1, export(0))
    answer_call(service.held.pop(), 0, [theirs])
    first.lines()
    back = given_as(first, service, 2, mine(1))
    assert back.current().connection is second.connection
    second.resolve(5, hosted(6))
    assert back.current().describe() == "import 6 of second"
    del theirs, back
    second.connection.disconnect()
    end(first, service)


def test_a_vine_is_no_promise_row_21():
    service = Service()
    peer = started(service)

    def vine(descriptor):
        descriptor.set_u16(0, decode.THIRD_PARTY_HOSTED)
        descriptor.init_struct(0, 1, 1).set_u32(0, 5)

    found = given(peer, service, vine)
    assert not found.is_promise
    peer.resolve(5, hosted(6))
    assert "not introduced as a promise" in str(peer.connection.error)
    del found
    end(peer, service)
