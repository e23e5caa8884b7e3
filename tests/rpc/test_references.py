"""Who holds what and for how long; proxies; races of resolutions; peers of other generations."""

from __future__ import annotations

import gc
import sys
from collections import deque

import pytest

from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Failed
from caplet.rpc import decode, encode
from caplet.rpc.encode import OutgoingMessage
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, fill, new_call, number_of
from caplet.testing.scripted import ScriptedPeer, answer_descriptor, export, hosted, mine, promise
from caplet.wire.message import MessageReader


def echo() -> Service:
    return Service(handler=lambda call: answer_call(call, number_of(call.params)))


def test_every_table_is_filled_and_emptied_row_1(pair):
    thing = Service()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    alice = pair.network.vats["alice"].connection("bob").stats()
    bob = pair.network.vats["bob"].connection("alice").stats()
    assert (alice["questions"], alice["exports"], alice["imports"]) == (1, 1, 1)
    assert (bob["answers"], bob["exports"], bob["imports"]) == (1, 1, 1)
    held = pair.bob.held.pop()
    held.release_params()
    answer_call(held)
    del held, target
    pair.run()
    assert answer.done
    pair.network.assert_idle()


def test_a_question_lives_until_return_and_finish_whatever_comes_first_row_4_row_6(pair):
    target = pair.ready()
    connection = pair.network.vats["alice"].connection("bob")
    peer = pair.network.vats["bob"].connection("alice")
    first, second = call(target), call(target)
    pair.run()
    first.cancel()
    pair.run()
    assert connection.stats()["questions"] == 2
    assert peer.stats()["answers"] == 2
    for held in pair.bob.held:
        answer_call(held, 0, [Service().capability])
    pair.bob.held.clear()
    del held
    pair.run()
    assert connection.stats()["questions"] == 0
    assert peer.stats()["answers"] == 0
    del second


def test_a_finish_waits_for_what_addresses_the_answer_row_5(pair):
    """Not for the results, which count their capabilities on their own: only for what was told to lead there."""
    target = pair.ready()
    answer = call(target)
    other = call(target, capabilities=[answer.pipeline((0,))])
    pair.run()
    answer_call(pair.bob.held[0], 0, [Service().capability])
    pair.run()
    assert "> finish q2" in pair.lines()
    answer_call(pair.bob.held[1])
    pair.bob.held.clear()
    pair.run()
    assert other.done
    assert answer.done


def test_a_promise_that_was_passed_on_counts_as_called_row_13(pair):
    """The peer may have called it through us, so its resolution needs an embargo."""
    thing = echo()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    passed = call(target, capabilities=[answer.pipeline((0,))])
    pair.run()
    first, second = pair.bob.held
    answer_call(first, 0, capabilities_of(first.params))
    pair.run()
    assert any(line.startswith("> disembargo q2[0]") for line in pair.lines())
    for held in (first, second):
        held.release_params()
    answer_call(second)
    pair.bob.held.clear()
    del first, second, held
    pair.run()
    assert passed.done


def test_objects_of_a_third_vat_are_proxied_row_15_row_38():
    network = Network()
    carol = echo()
    network.add_vat("carol", carol.capability)
    network.add_vat("bob", lambda peer: network.vats["bob"].bootstrap("carol"))
    network.add_vat("alice")
    network.connect("alice", "bob")
    network.connect("bob", "carol")
    answers = [call(network.vats["alice"].bootstrap("bob"), number=number) for number in range(3)]
    network.run()
    assert carol.numbers == [0, 1, 2]
    assert [number_of(answer.result()) for answer in answers] == [0, 1, 2]
    network.assert_idle()


def test_a_failed_send_frees_what_it_described_before_the_question_has_an_id_row_17_T38(pair):
    thing = Service()
    target = pair.ready()
    connection = pair.network.vats["alice"].connection("bob")
    request = new_call(target, capabilities=[thing.capability])
    request.message.capabilities.append("no capability")
    answer = request.send()
    assert answer.error is not None
    assert connection.stats()["exports"] == 0
    assert connection.stats()["questions"] == 0


def test_a_promise_named_again_is_the_same_promise_row_18_T22():
    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    peer.call(1, export(0), promise(5))
    peer.call(2, export(0), promise(5), hosted(5))
    [first] = capabilities_of(service.held[0].params)
    second, third = capabilities_of(service.held[1].params)
    assert first is second is third
    service.held[1].release_params()
    del second, third
    waiting = call(first, number=4)
    peer.run()
    assert any(line.startswith("call q1 of e1 ") for line in peer.lines())
    peer.return_results(0, number=6)
    assert number_of(waiting.result()) == 6


def test_a_third_party_descriptor_is_used_by_its_vine_row_21():
    def third_party(descriptor):
        descriptor.set_u16(0, decode.THIRD_PARTY_HOSTED)
        descriptor.init_struct(0, 1, 1).set_u32(0, 9)

    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    peer.call(1, export(0), third_party)
    [vine] = capabilities_of(service.held[0].params)
    waiting = call(vine)
    assert any(" of e?9 " in line for line in peer.lines())
    peer.return_results(0)
    assert waiting.done
    service.held.pop().finish()
    del vine, waiting
    gc.collect()
    assert "release e?9 x1" in peer.lines()


def test_a_promise_that_leads_back_through_us_needs_an_embargo_row_52_H8_T6_T11(pair):
    """Bob's promise resolves to alice's, which has resolved to an object of bob's: calls must not overtake the two bounces."""
    hers = PromiseCapability(pair.network.vats["alice"].vat.turns)
    his = PromiseCapability(pair.network.vats["bob"].vat.turns)
    thing = echo()
    target = pair.ready()
    answer = call(target, capabilities=[hers])
    pair.run()
    held = pair.bob.held.pop()
    [hers_at_bob] = capabilities_of(held.params)
    answer_call(held, 0, [his, thing.capability])
    pair.run()
    his_at_alice, thing_at_alice = capabilities_of(answer.result())
    pair.lines()
    answers = [call(his_at_alice, number=1)]
    hers.resolve(thing_at_alice)
    his.resolve(hers_at_bob)
    answers.append(call(his_at_alice, number=2))
    pair.network.deliver("bob", "alice")
    answers.append(call(his_at_alice, number=3))
    pair.run()
    answers.append(call(his_at_alice, number=4))
    pair.run()
    assert thing.numbers == [1, 2, 3, 4]
    assert any(line.startswith("> disembargo") for line in pair.lines())
    assert [number_of(one.result()) for one in answers] == [1, 2, 3, 4]
    held.release_params()
    del held, hers_at_bob, his_at_alice, thing_at_alice, answer


def test_a_call_that_bounces_twice_is_waited_for_twice_T5(pair):
    """The embargo ends at something that has itself become nearer: a second embargo follows the first."""
    thing = echo()
    target = pair.ready()
    hers = PromiseCapability(pair.network.vats["alice"].vat.turns)
    answer = call(target, capabilities=[hers, thing.capability])
    pair.run()
    held = pair.bob.held.pop()
    hers_at_bob, thing_at_bob = capabilities_of(held.params)
    his = PromiseCapability(pair.network.vats["bob"].vat.turns)
    second = PromiseCapability(pair.network.vats["bob"].vat.turns)
    answer_call(held, 0, [his, second])
    pair.run()
    his_at_alice, second_at_alice = capabilities_of(answer.result())
    answers = [call(his_at_alice, number=1)]
    hers.resolve(second_at_alice)
    his.resolve(hers_at_bob)
    second.resolve(thing_at_bob)
    for number in range(2, 6):
        answers.append(call(his_at_alice, number=number))
        pair.network.deliver("bob", "alice")
        pair.network.deliver("alice", "bob")
    pair.run()
    assert thing.numbers == [1, 2, 3, 4, 5]
    assert all(one.done for one in answers)
    held.release_params()
    del held, hers_at_bob, thing_at_bob, his_at_alice, second_at_alice, answer


def test_exactly_one_return_for_each_call_row_62_T34():
    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    peer.call(1, export(0))
    held = service.held.pop()
    peer.lines()
    held.finish()
    held.fail(ValueError("too late"))
    held.finish()
    assert [line.split()[0] for line in peer.lines()] == ["return"]


def test_results_without_a_capability_table_are_forgotten_at_once_row_66():
    service = Service(handler=lambda call: answer_call(call, 0, [None, None]))
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    peer.call(1, export(0))
    assert 1 not in peer.connection.answers
    tag, body = decode.read_message(peer.messages[-1])
    assert tag == decode.RETURN
    assert not body.struct(0).has(1)


@pytest.mark.parametrize("kind", ["hosted", "promise", "receiver"])
def test_a_resolve_that_the_peer_does_not_know_gives_its_reference_back_row_84(kind):
    vat_promise = []

    def give(call):
        vat_promise.append(PromiseCapability(call.turns))
        answer_call(call, 0, [vat_promise[-1]])

    service = Service(handler=give)
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    peer.call(1, export(0), hosted(3))
    other = Service()
    if kind == "hosted":
        vat_promise[0].resolve(other.capability)
    elif kind == "promise":
        peer.call(2, export(0))
        vat_promise[0].resolve(vat_promise[1])
    else:
        remote = peer.connection.bootstrap()
        vat_promise[0].resolve(remote)
        del remote
    peer.run()
    before = peer.connection.stats()["exports"]
    resolved = [one for one in peer.messages if decode.read_message(one)[0] == decode.RESOLVE]
    peer.unimplemented(resolved[-1])
    assert peer.connection.error is None
    assert peer.connection.stats()["exports"] == before - (kind == "hosted")
    for one in vat_promise[1:]:
        one.reject(Failed("the test is over"))


def test_an_unimplemented_disembargo_breaks_what_waits_for_it_row_84():
    thing = echo()
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    answer = call(target, capabilities=[thing.capability])
    late = [call(answer.pipeline((0,)))]
    peer.run()
    peer.return_results(1, mine(0))
    late.append(call(answer.pipeline((0,))))
    [disembargo] = [one for one in peer.messages if decode.read_message(one)[0] == decode.DISEMBARGO]
    peer.unimplemented(disembargo)
    assert peer.connection.error is None
    assert "embargo" in str(late[1].error)
    assert thing.numbers == []


def test_the_end_of_the_stream_counts_as_a_disconnect_row_87():
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    peer.connection.disconnect(Disconnected("the peer closed the connection", fault="remote"))
    assert isinstance(call(target).error, Disconnected)
    assert peer.lines()[-1] == "abort 'the peer closed the connection'"


def test_a_wrong_message_ends_the_connection_with_its_reason_row_89():
    peer = ScriptedPeer()
    peer.release(7)
    assert peer.lines() == ["abort 'Release of export 7, which is not there'"]
    peer.release(8)
    assert peer.lines() == []


def test_closing_a_vat_ends_all_its_connections_row_91(pair):
    target = pair.ready()
    pair.network.vats["bob"].vat.close(Failed("shutting down"))
    pair.run()
    assert "shutting down" in str(call(target).error)


def test_waiting_for_all_answers_of_a_stream_row_102(pair):
    target = pair.ready()
    request = target.new_request(1, 0)
    fill(request.params, 1, [])
    sent = request.send_streaming()
    [stream] = pair.network.vats["alice"].connection("bob").flow.streams.values()
    acked = stream.wait_all_acked()
    pair.run()
    assert not acked.done
    answer_call(pair.bob.held.pop())
    pair.run()
    assert acked.done
    assert sent.done
    assert stream.wait_all_acked().done
    del stream


def test_an_envelope_that_is_nested_too_deep_ends_the_connection_E48():
    peer = ScriptedPeer()
    message = OutgoingMessage(decode.RESOLVE, 1, 1, 16)
    described = message.body.init_struct(0, 1, 1)
    described.set_u16(0, decode.RECEIVER_ANSWER)
    # The target of the descriptor's pointer is the descriptor itself.
    described.init_struct(0, 1, 1)
    reader = MessageReader([bytes(view) for view in message.output()])
    reader.nesting = 2
    peer.send_raw(reader)
    assert "nested deeper" in str(peer.connection.error)


def test_one_object_may_have_two_exports_when_a_promise_became_it_H10(pair):
    thing = echo()
    his = PromiseCapability(pair.network.vats["bob"].vat.turns)
    target = pair.ready()
    answer = call(target)
    pair.run()
    pair.network.hold("alice", "bob")
    answer_call(pair.bob.held.pop(), 0, [his, thing.capability])
    his.resolve(thing.capability)
    pair.run()
    assert pair.network.vats["bob"].connection("alice").stats()["exports"] == 3
    pair.network.release("alice", "bob")
    pair.run()
    first, second = capabilities_of(answer.result())
    assert first.current() is second.current()
    del first, second, answer


def test_messages_may_have_several_segments_H30(pair):
    pair.bob.handler = lambda call: call.take_content(call.params)
    target = pair.ready()
    request = target.new_request(1, 0, size_hint_words=1)
    struct = request.params.init_struct(1, 3)
    struct.set_u64(0, 5)
    for index in range(3):
        struct.set_blob(index, bytes([index]) * 5000)
    answer = request.send()
    pair.run()
    found = answer.result().struct()
    assert [found.blob(index) for index in range(3)] == [bytes([index]) * 5000 for index in range(3)]


def test_a_capability_in_a_request_lives_until_the_request_is_sent_T24(pair):
    thing = Service()
    target = pair.ready()
    answer = given(pair, target, thing.capability)
    request = new_call(target, capabilities=capabilities_of(answer.result()))
    del answer
    gc.collect()
    pair.run()
    sent = request.send()
    pair.run()
    held = pair.bob.held.pop()
    assert capabilities_of(held.params)[0] is thing.capability
    answer_call(held)
    held.release_params()
    del request, held
    pair.run()
    assert sent.done


def given(pair, target, capability):
    answer = call(target)
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [capability])
    pair.run()
    return answer


def test_canceled_without_being_asked_ends_the_connection_not_the_program_T36():
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    peer.run()
    peer.return_kind(0, decode.CANCELED)
    assert isinstance(target.error, Disconnected)


def test_nothing_is_kept_of_calls_that_are_over_T37(pair):
    pair.bob.handler = lambda call: answer_call(call, number_of(call.params))
    pair.network.check_always = False
    target = pair.ready()
    for _ in range(50):
        call(target).on_done(len_of)
        pair.run()
    pair.lines()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(500):
        call(target).on_done(len_of)
        pair.run()
    pair.lines()
    pair.bob.numbers.clear()
    gc.collect()
    assert len(gc.get_objects()) - before < 50
    assert sys.getrefcount(target) < 20


def len_of(state):
    """Do nothing with a state."""


def test_a_slow_method_does_not_stop_other_calls_T42_T45(pair):
    target = pair.ready()
    slow, quick = call(target, number=1), call(target, number=2)
    pair.run()
    first, second = pair.bob.held
    answer_call(second, 9)
    pair.run()
    assert number_of(quick.result()) == 9
    assert not slow.done
    answer_call(first)
    pair.bob.held.clear()
    del first, second
    pair.run()


def test_a_connection_is_idle_exactly_when_its_tables_are_empty_T56(pair):
    connection = pair.network.vats["alice"].connection("bob")
    assert connection.is_idle
    target = pair.bootstrap()
    assert not connection.is_idle
    pair.run()
    assert not connection.is_idle
    del target
    pair.run()
    assert connection.is_idle


def test_a_bootstrap_nobody_waits_for_is_finished_T58(pair):
    found = pair.bootstrap()
    del found
    pair.run()
    assert pair.lines() == ["> bootstrap q1", "> finish q1 releasing results", "< return q1 results (mine e1)"]


DEEDS = {
    "return": lambda peer, number: peer.return_results(number),
    "finish": lambda peer, number: peer.finish(number),
    "release": lambda peer, number: peer.release(number),
    "resolve": lambda peer, number: peer.resolve(number, hosted(number)),
    "disembargo": lambda peer, number: peer.disembargo(export(number), decode.SENDER_LOOPBACK, number),
    "echo": lambda peer, number: peer.disembargo(export(number), decode.RECEIVER_LOOPBACK, number),
    "call": lambda peer, number: peer.call(number, export(0), hosted(number), mine(number), answer_descriptor(number)),
    "bootstrap": lambda peer, number: peer.bootstrap(number),
}


@pytest.mark.parametrize("number", [0, 1, 7, 1 << 30, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
@pytest.mark.parametrize("deed", DEEDS)
def test_any_id_in_any_message_is_survived_T60(deed, number):
    peer = ScriptedPeer(Service().capability)
    peer.bootstrap(5)
    DEEDS[deed](peer, number)
    error = peer.connection.error
    assert error is None or error.fault == "remote", error


def test_messages_are_digested_one_by_one_and_methods_start_afterwards_L3_L4():
    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    messages = []
    for number in range(3):
        message = encode.call(16)
        fill(message.payload.pointer(0), number, [])
        export(0)(message.body.init_struct(0, 1, 1))
        message.write_call(10 + number, 1, 0, False, 0)
        messages.append(message)
    for message in messages:
        peer.connection.receive(MessageReader([bytes(view) for view in message.output()]))
        assert service.numbers == []
    peer.run()
    assert service.numbers == [0, 1, 2]


def test_finalisers_only_note_what_was_dropped_L5(pair):
    target = pair.ready()
    connection = pair.network.vats["alice"].connection("bob")
    before = connection.sent
    del target
    assert connection.sent == before
    assert not connection.turns.idle
    pair.run()
    assert connection.sent == before + 1


class ActsAtOnce(list):
    """In the place of what waits to be let go of: everything is let go of at the first moment at which another thread could do it."""

    def append(self, thing):
        thing.drop_use()


def test_a_reference_that_goes_in_another_thread_is_gone_when_the_vat_hears_of_it(pair):
    thing = Service()
    target = pair.ready()
    call(target, capabilities=[thing.capability])
    pair.run()
    [held] = pair.bob.held
    pair.bob.held.clear()
    connection = pair.network.vats["bob"].connection("alice")
    assert len(connection.imports) == 1
    turns = connection.turns
    turns.drops = ActsAtOnce()
    held.release_params()
    assert not connection.imports
    turns.drops = deque()
    answer_call(held)
    del held, target
    pair.run()
    pair.network.assert_idle()
