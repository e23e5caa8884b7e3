"""The end of connections, exceptions on the wire, limits."""

from __future__ import annotations

import gc
import weakref

import pytest

from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Failed, Overloaded, RpcError, Unimplemented, make_rpc_error
from caplet.limits import Limits
from caplet.rpc import decode
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, new_call, number_of
from caplet.testing.scripted import ScriptedPeer, export


def two(limits=None, service=None):
    network = Network()
    bob = Service() if service is None else service
    network.add_vat("alice", limits=limits)
    network.add_vat("bob", bob.capability, limits=limits)
    network.connect("alice", "bob")
    return network, bob


def test_everything_outstanding_fails_as_disconnected_row_85_row_86_T51(pair):
    thing = Service()
    promise = PromiseCapability(pair.network.vats["bob"].vat.turns)
    target = pair.ready()
    first = call(target, capabilities=[thing.capability])
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [promise])
    pair.run()
    [remote] = capabilities_of(first.result())
    running, pipelined = call(target), call(call(target).pipeline((0,)))
    reasons = []
    remote.when_broken(reasons.append)
    target.when_broken(reasons.append)
    pair.run()
    pair.network.cut("alice", "bob")
    for answer in (running, pipelined):
        assert isinstance(answer.error, Disconnected)
        assert isinstance(answer.error, ConnectionError)
        assert "the link was cut" in str(answer.error)
    assert [type(reason) for reason in reasons] == [Disconnected, Disconnected]
    assert isinstance(call(target).error, Disconnected)
    assert isinstance(call(remote).error, Disconnected)
    del first


def test_requests_answers_and_capabilities_outlive_the_connection_row_92_T50(pair):
    target = pair.ready()
    request = new_call(target)
    bootstrap = pair.bootstrap()
    pair.network.cut("alice", "bob")
    assert isinstance(request.send().error, Disconnected)
    assert isinstance(call(bootstrap).error, Disconnected)
    assert isinstance(pair.network.link("alice", "bob").ends["alice"].bootstrap().error, Disconnected)
    del target
    gc.collect()
    pair.network.run_vats()


def test_running_methods_are_cancelled_if_they_allow_it_row_85(pair):
    from caplet.cap.local import CANCELLABLE

    pair.bob.flags = CANCELLABLE
    target = pair.ready()
    answer = call(target)
    pair.run()
    pair.network.cut("alice", "bob")
    assert len(pair.bob.cancelled) == 1
    pair.bob.cancelled[0].fail(RuntimeError("stopped"))
    assert answer.error is not None


def test_an_object_is_released_when_the_connection_of_its_last_reference_ends_row_85(pair):
    target = pair.ready()
    thing = Service()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    pair.network.cut("alice", "bob")
    del target
    gc.collect()
    pair.network.run_vats()
    assert thing.is_released
    assert answer.done


def test_closing_sends_an_abort_with_the_reason_row_85_row_88(pair):
    target = pair.ready()
    pair.network.vats["alice"].connection("bob").disconnect(Failed("had enough"))
    pair.run()
    assert "> abort 'had enough'" in pair.lines()
    error = pair.network.link("alice", "bob").ends["bob"].error
    assert isinstance(error, Disconnected)
    assert str(error) == "remote exception: had enough"
    del target


def test_closing_while_idle_says_nothing_H13():
    network, _ = two()
    link = network.link("alice", "bob")
    link.ends["alice"].disconnect()
    network.run()
    assert str(network.transcript) == ""


def test_a_second_disconnect_does_nothing(pair):
    connection = pair.network.vats["alice"].connection("bob")
    seen = []
    connection.on_closed(seen.append)
    connection.on_closed(seen.append)
    connection.disconnect(Failed("first"))
    connection.disconnect(Failed("second"))
    connection.on_closed(seen.append)
    assert [str(error) for error in seen] == ["first"] * 3


def test_who_reconnects_when_told_gets_a_new_connection_T52(pair):
    vat = pair.network.vats["alice"].vat
    connection = pair.network.vats["alice"].connection("bob")
    seen = []
    connection.on_closed(lambda error: seen.append(connection in vat.connections))
    connection.disconnect(Failed("gone"))
    assert seen == [False]


def test_a_bootstrap_whose_answer_comes_too_late_is_released_T54(pair):
    pair.network.hold("bob", "alice")
    found = pair.bootstrap()
    pair.run()
    pair.network.cut("alice", "bob")
    assert isinstance(found.error, Disconnected)
    assert isinstance(call(found).error, Disconnected)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 17])
def test_every_kind_of_error_travels_with_its_details_row_94_row_95_H14(pair, kind):
    target = pair.ready()
    answer = call(target)
    pair.run()
    pair.bob.held.pop().fail(make_rpc_error(kind, "why", details=[(5, b"five")], fault="local"))
    pair.run()
    error = answer.error
    assert error.kind == kind
    assert str(error) == "remote exception: why"
    assert error.details == ((5, b"five"),)
    if kind == 17:
        assert type(error) is RpcError


def test_the_prefix_is_added_once_row_95():
    network = Network()
    carol = Service(handler=lambda call: call.fail(ValueError("deep")))
    network.add_vat("carol", carol.capability)
    network.add_vat("bob", lambda peer: network.vats["bob"].bootstrap("carol"))
    network.add_vat("alice")
    network.connect("alice", "bob")
    network.connect("bob", "carol")
    answer = call(network.vats["alice"].bootstrap("bob"))
    network.run()
    assert str(answer.error) == "remote exception: ValueError: deep"
    network.assert_idle()


def test_traces_travel_only_when_asked_for_row_96(pair):
    target = pair.ready()
    pair.bob.handler = lambda call: call.fail(ValueError("why"))
    first = call(target)
    pair.run()
    assert first.error.trace == ""
    pair.network.vats["bob"].connection("alice").trace_encoder = lambda error: f"trace of {error}"
    second = call(target)
    pair.run()
    assert second.error.trace == "trace of ValueError: why"


def test_a_result_raises_a_new_error_each_time(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    pair.bob.held.pop().fail(Unimplemented("no"))
    pair.run()
    raised = []
    for _ in range(2):
        try:
            answer.result()
        except Unimplemented as error:
            raised.append(error)
    assert raised[0] is not raised[1]
    assert raised[0].__dict__ == raised[1].__dict__
    raised.clear()


def test_a_call_that_is_too_large_fails_alone_and_leaves_no_trace_row_36_row_37_T27():
    network, bob = two(Limits(message_words=100))
    bob.handler = lambda call: answer_call(call)
    target = network.vats["alice"].bootstrap("bob")
    thing = Service()
    request = new_call(target, capabilities=[thing.capability])
    request.params.struct(1, 1).pointer(0).set_capability(thing.capability)
    request.params.init_struct(200, 0)
    connection = network.vats["alice"].connection("bob")
    before = connection.stats()
    answer = request.send()
    assert "limit" in str(answer.error)
    assert connection.stats()["questions"] == before["questions"]
    assert connection.stats()["exports"] == before["exports"]
    good = call(target)
    network.run()
    assert good.error is None
    del target
    network.assert_idle()


def test_a_result_that_is_too_large_becomes_an_error_row_37_row_60_row_64():
    network, bob = two(Limits(message_words=100))
    bob.handler = lambda call: (call.results().init_struct(200, 0), call.finish())
    answer = call(network.vats["alice"].bootstrap("bob"))
    network.run()
    assert "limit" in str(answer.error)
    network.assert_idle()


def test_too_many_open_calls_are_overloaded():
    network, bob = two(Limits(questions=3))
    target = network.vats["alice"].bootstrap("bob")
    network.run()
    answers = [call(target) for _ in range(5)]
    assert [isinstance(answer.error, Overloaded) for answer in answers] == [False, False, False, True, True]
    network.run()
    for held in bob.held:
        answer_call(held)
    bob.held.clear()
    del held, target
    network.run()
    assert [answer.error is None for answer in answers] == [True, True, True, False, False]
    network.assert_idle()


def test_too_many_calls_of_the_peer_are_answered_as_overloaded():
    service = Service()
    peer = ScriptedPeer(service.capability, Limits(answers=3))
    peer.bootstrap(0)
    for question in range(1, 5):
        peer.call(question, export(0))
    lines = peer.lines()
    assert len(service.held) == 2
    assert sum("exception" in line for line in lines) == 2
    assert peer.connection.error is None


def test_too_many_imports_end_the_connection():
    from caplet.testing.scripted import hosted

    service = Service()
    peer = ScriptedPeer(service.capability, Limits(imports=3))
    peer.bootstrap(0)
    peer.call(1, export(0), *[hosted(number) for number in range(5)])
    assert "limit" in str(peer.connection.error)


def test_too_many_exports_fail_the_call():
    network, _ = two(Limits(exports=2))
    target = network.vats["alice"].bootstrap("bob")
    network.run()
    things = [Service() for _ in range(3)]
    answer = call(target, capabilities=[thing.capability for thing in things])
    assert isinstance(answer.error, Overloaded)
    assert network.vats["alice"].connection("bob").stats()["exports"] == 0
    del target, answer
    network.assert_idle()


def test_unanswered_calls_stop_reading_at_the_limit_row_98_T43():
    service = Service()
    peer = ScriptedPeer(service.capability, Limits(call_words=60))
    peer.bootstrap(0)
    resumed = []
    peer.connection.on_resume = lambda: resumed.append(True)
    question = 1
    while not peer.connection.reading_paused:
        peer.call(question, export(0))
        question += 1
    assert 1 < question < 12
    while service.held:
        answer_call(service.held.pop())
    assert not peer.connection.reading_paused
    assert resumed == [True]
    assert peer.connection.flow.words == 0


def test_a_vat_that_waits_for_its_peer_goes_on_reading_row_98_T44():
    """Mutual recursion at the limit ends in an error, not in a deadlock."""
    service = Service()
    peer = ScriptedPeer(service.capability, Limits(call_words=60))
    waiting = peer.connection.bootstrap()
    peer.bootstrap(0)
    for question in range(1, 12):
        peer.call(question, export(0))
    assert not peer.connection.reading_paused
    assert any("exception" in line for line in peer.lines())
    assert peer.connection.error is None
    del waiting


def test_a_hundred_thousand_words_of_small_calls_fit_in_the_default_limit():
    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    for question in range(1, 2000):
        peer.call(question, export(0))
    assert peer.connection.flow.words * (100_000 / 2000) < peer.connection.limits.call_words
    assert not peer.connection.reading_paused
    assert min(peer.connection.limits.questions, peer.connection.limits.answers) > 100_000


def test_release_params_in_a_return_is_honoured_row_39_T20_T21():
    thing = Service()
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    answers = [call(target, capabilities=[thing.capability, thing.capability]) for _ in range(2)]
    peer.run()
    assert peer.connection.exports.get(0).count == 4
    peer.return_results(1, release_params=True)
    assert peer.connection.exports.get(0).count == 2
    peer.return_results(2, release_params=False)
    assert peer.connection.exports.get(0).count == 2
    peer.release(0, 2)
    assert peer.connection.stats()["exports"] == 0
    assert all(answer.done for answer in answers)


def test_params_that_were_released_before_the_return_are_gone_and_released_once_row_39_row_65():
    """A peer that says it twice hurts nobody; who waits for the answer keeps nothing."""
    thing = Service()
    gone = weakref.ref(thing)
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    answer = call(target, capabilities=[thing.capability])
    del thing
    peer.run()
    peer.release(0, 1)
    peer.run()
    gc.collect()
    assert gone() is None
    assert peer.connection.stats()["exports"] == 0
    peer.return_results(1, release_params=True)
    assert answer.done
    assert peer.connection.closed is None


def test_release_results_in_a_finish_is_honoured_row_70_T21():
    thing = Service()
    service = Service(handler=lambda call: answer_call(call, 0, [thing.capability]))
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    for question, release in ((1, True), (2, False)):
        peer.call(question, export(0))
        peer.finish(question, release_results=release)
    assert peer.connection.exports.get(1).count == 1
    peer.finish(0, release_results=True)
    assert peer.connection.exports.get(0) is None


def test_what_is_sent_has_its_true_defaults_written_H31():
    """The bits of releaseParamCaps, releaseResultCaps and requireEarlyCancellationWorkaround are ones for false."""
    thing = Service()
    service = Service(handler=lambda call: answer_call(call, 0, [thing.capability]))
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    returned = decode.read_message(peer.messages[-1])[1]
    assert returned.u8(4) == 1
    target = peer.connection.bootstrap()
    peer.run()
    del target
    peer.run()
    tag, finish = decode.read_message(peer.messages[-1])
    assert tag == decode.FINISH
    assert finish.u8(4) == 2
    assert not finish.boolean(33, True)
    assert finish.boolean(32, True)


def test_ids_of_the_peer_may_be_any_32_bit_number_row_3():
    service = Service(handler=lambda call: answer_call(call, number_of(call.params)))
    peer = ScriptedPeer(service.capability)
    for question in (0, 15, 16, 70_000, (1 << 31) - 1):
        peer.bootstrap(question)
    assert sorted(peer.connection.answers) == [0, 15, 16, 70_000, (1 << 31) - 1]
    for question in sorted(peer.connection.answers):
        peer.finish(question, release_results=True)
    assert peer.connection.is_idle
    peer.call_unknown = None


def test_pipelining_on_unknown_ids_does_not_grow_any_table_E12():
    from caplet.testing.scripted import answer

    service = Service()
    peer = ScriptedPeer(service.capability)
    for number in range(50):
        peer.call(number, answer(1000 + number, 0))
        peer.finish(number)
    assert peer.connection.stats()["answers"] == 0
