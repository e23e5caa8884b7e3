"""Finish in all its races, tail calls, and their cancellation."""

from __future__ import annotations

import pytest

from caplet.cap.local import CANCELLABLE, ONE_AT_A_TIME
from caplet.errors import Failed
from caplet.rpc import decode
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, number_of
from caplet.testing.scripted import ScriptedPeer, export, hosted


def echo() -> Service:
    return Service(handler=lambda call: answer_call(call, number_of(call.params)))


def test_a_cancelled_call_sends_finish_and_gets_one_return_row_69_row_70(pair):
    pair.bob.flags = CANCELLABLE
    target = pair.ready()
    answer = call(target)
    pair.run()
    answer.cancel()
    pair.run()
    [cancelled] = pair.bob.cancelled
    cancelled.fail(RuntimeError("stopped"))
    pair.run()
    lines = pair.lines()
    assert lines[0:2] == ["> call q2 of e1 method 0x1#0", "> finish q2 releasing results"]
    assert [line for line in lines if "return" in line] == ["< return q2 exception 'RuntimeError: stopped'"]
    pair.bob.held.clear()
    del cancelled


def test_dropping_the_answer_cancels_the_call_T30(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    del answer
    pair.run()
    assert "> finish q2 releasing results" in pair.lines()
    answer_call(pair.bob.held.pop())
    pair.run()
    assert pair.lines() == ["< return q2 canceled"]


def test_a_method_that_is_not_cancellable_runs_to_its_end_row_71_H5(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    answer.cancel()
    pair.run()
    assert pair.bob.cancelled == []
    assert pair.bob.held[0].cancel_requested
    answer_call(pair.bob.held.pop(), 5)
    pair.run()
    assert pair.lines()[-1] == "< return q2 canceled"


def test_results_are_never_sent_after_finish_row_63(pair):
    inner = Service()
    target = pair.ready()
    answer = call(target)
    pair.run()
    answer.cancel()
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [inner.capability])
    pair.run()
    assert pair.lines()[-1] == "< return q2 canceled"
    assert inner._capability() is None


def test_finish_and_return_that_cross_release_the_results_row_69(pair):
    inner = Service()
    target = pair.ready()
    answer = call(target)
    pair.run()
    pair.network.hold("alice", "bob")
    answer.cancel()
    answer_call(pair.bob.held.pop(), 0, [inner.capability])
    pair.run()
    assert not inner.is_released
    pair.network.release("alice", "bob")
    pair.run()
    assert inner.is_released


def test_a_call_that_waits_in_a_promise_is_withdrawn_H5(pair):
    from caplet.cap.promise import PromiseCapability

    promise = PromiseCapability(pair.network.vats["alice"].vat.turns)
    first, second = call(promise, number=1), call(promise, number=2)
    first.cancel()
    promise.resolve(pair.ready())
    pair.run()
    assert pair.bob.numbers == [2]
    answer_call(pair.bob.held.pop())
    pair.run()
    assert second.done


def test_params_are_released_when_a_cancelled_call_ends(pair):
    thing = Service()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    answer.cancel()
    pair.run()
    pair.bob.held.pop().finish()
    pair.run()
    assert thing.is_released


def test_the_workaround_of_old_peers_starts_the_call_first_H4_T49():
    service = Service(CANCELLABLE)
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)
    connection = peer.connection
    from caplet.rpc import encode
    from caplet.wire.message import MessageReader

    for workaround in (True, False):
        service.numbers.clear()
        call_message = encode.call(16)
        call_message.payload.pointer(0).init_struct(1, 0)
        export(0)(call_message.body.init_struct(0, 1, 1))
        call_message.write_call(1, 1, 0, False, 0)
        finish = encode.finish(1, True)
        finish.body.set_boolean(33, workaround, True)
        for message in (call_message, finish):
            # Both arrive before the vat has its turn.
            connection.receive(MessageReader([bytes(view) for view in message.output()]))
        peer.run()
        assert service.numbers == ([0] if workaround else [])
        assert len(service.cancelled) == (1 if workaround else 0)
        for cancelled in service.cancelled:
            cancelled.fail(RuntimeError("stopped"))
        service.cancelled.clear()
        service.held.clear()
        assert peer.lines()[-1].startswith("return")


def test_a_cancelled_call_is_cancelled_through_a_proxy_row_72():
    network = Network()
    carol = Service(CANCELLABLE)
    network.add_vat("carol", carol.capability)
    network.add_vat("bob", lambda peer: network.vats["bob"].bootstrap("carol"))
    network.add_vat("alice")
    network.connect("alice", "bob")
    network.connect("bob", "carol")
    answer = call(network.vats["alice"].bootstrap("bob"))
    network.run()
    assert len(carol.held) == 1
    answer.cancel()
    network.run()
    [cancelled] = carol.cancelled
    cancelled.fail(RuntimeError("stopped"))
    carol.held.clear()
    carol.cancelled.clear()
    del cancelled
    network.assert_idle()


def tail(pair, call_to):
    """Let bob answer alice's call by calling what alice passed."""
    held = pair.bob.held.pop()
    [passed] = capabilities_of(held.params)
    request = passed.new_request(1, call_to)
    request.params.init_struct(1, 0).set_u64(0, 7)
    held.release_params()
    held.tail_call(request)


def test_a_tail_call_to_the_caller_leaves_the_results_there_row_75_row_77_row_78(pair):
    thing = Service()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    tail(pair, 3)
    pair.run()
    answer_call(thing.held.pop(), 9)
    pair.run()
    assert number_of(answer.result()) == 9
    assert pair.lines() == [
        "> call q2 of e1 method 0x1#0 (mine e1)",
        "< call q1 of e1 method 0x1#3 to yourself",
        "< return q2 take from q1",
        "< release e1 x1",
        "> return q1 sent elsewhere",
        "> finish q2",
        "< finish q1",
    ]


def test_calls_pipelined_on_a_tail_call_keep_their_order_T12_T26(pair):
    thing, deep = Service(), echo()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    promise = answer.pipeline((0,))
    answers = [call(promise, number=0), call(promise, number=1)]
    pair.run()
    tail(pair, 3)
    answers.append(call(promise, number=2))
    pair.run()
    answers.append(call(promise, number=3))
    answer_call(thing.held.pop(), 0, [deep.capability])
    answers.append(call(promise, number=4))
    pair.run()
    answers.append(call(promise, number=5))
    pair.run()
    assert deep.numbers == [0, 1, 2, 3, 4, 5]
    assert all(one.done for one in answers)
    del promise, answer


def test_errors_of_a_tail_call_reach_the_caller_row_76_E19(pair):
    thing = Service()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    tail(pair, 3)
    pair.run()
    thing.held.pop().fail(ValueError("from the tail"))
    pair.run()
    assert "from the tail" in str(answer.error)
    assert "> return q1 sent elsewhere" in pair.lines()


def test_cancelling_a_call_cancels_its_tail_call_row_78_T25(pair):
    thing = Service(CANCELLABLE)
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    tail(pair, 3)
    pair.run()
    answer.cancel()
    pair.run()
    [cancelled] = thing.cancelled
    cancelled.fail(RuntimeError("stopped"))
    thing.held.clear()
    thing.cancelled.clear()


def test_a_claim_for_a_cancelled_question_cancels_the_tail_call_row_79_T25(pair):
    thing = Service(CANCELLABLE)
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    pair.network.hold("alice", "bob")
    answer.cancel()
    tail(pair, 3)
    pair.run()
    pair.network.release("alice", "bob")
    pair.run()
    for cancelled in thing.cancelled:
        cancelled.fail(RuntimeError("stopped"))
    pair.run()
    lines = pair.lines()
    assert lines.count("> return q1 sent elsewhere") == 1
    assert not [line for line in lines if line.startswith("> return q1") and "elsewhere" not in line]
    thing.held.clear()
    thing.cancelled.clear()


def test_tail_calls_can_be_switched_off_for_a_peer_row_80():
    network = Network()
    bob, thing = Service(), Service()
    network.add_vat("alice")
    network.add_vat("bob", bob.capability)
    network.connect("alice", "bob", tail_calls=False)
    target = network.vats["alice"].bootstrap("bob")
    answer = call(target, capabilities=[thing.capability])
    network.run()
    held = bob.held.pop()
    [passed] = capabilities_of(held.params)
    held.tail_call(passed.new_request(1, 0))
    network.run()
    answer_call(thing.held.pop(), 9)
    network.run()
    assert number_of(answer.result()) == 9
    assert "to yourself" not in str(network.transcript)
    del held, passed, target
    network.assert_idle()


def test_a_tail_call_after_results_were_begun_is_an_error_row_81_E38(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    held = pair.bob.held.pop()
    held.results()
    with pytest.raises(Exception, match="handed on after its results were begun"):
        held.tail_call(target.new_request(1, 0))
    held.finish()
    pair.run()
    assert answer.done


def test_params_cannot_be_read_after_they_were_released_row_65_E39(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    held = pair.bob.held.pop()
    held.release_params()
    with pytest.raises(Exception, match="released"):
        _ = held.params
    held.finish()
    pair.run()
    assert answer.done


def redirected(peer):
    """Have the vat send a tail call to the script: question 0 of the vat, answering call 0 of the script."""
    peer.call(0, export(0), hosted(5))


@pytest.mark.parametrize(
    ("name", "do", "reason"),
    [
        ("E18", lambda peer: peer.return_results(0), "results were to stay"),
        ("E19", lambda peer: peer.return_error(0), "results were to stay"),
        ("E42", lambda peer: peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 0), "results were to stay"),
    ],
)
def test_a_wrong_return_for_a_tail_call_ends_the_connection_E18_E19_E42(name, do, reason):
    service = Service(handler=lambda call: call.tail_call(capabilities_of(call.params)[0].new_request(1, 0)))
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(9)
    redirected(peer)
    assert any("to yourself" in line for line in peer.lines())
    do(peer)
    assert reason in str(peer.connection.error), name


def test_results_kept_for_another_question_can_be_taken_once_E22():
    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(9)
    peer.call(0, export(0), results_to=decode.TO_YOURSELF)
    peer.lines()
    answer_call(service.held.pop(), 4)
    assert peer.lines() == []
    peer.finish(0)
    assert peer.lines() == ["return q2 canceled"] or peer.lines() == []
    assert peer.connection.error is None


def test_streaming_calls_of_one_object_run_one_at_a_time_row_106(pair):
    pair.bob.flags = ONE_AT_A_TIME
    target = pair.ready()
    answers = [call(target, number=number) for number in range(3)]
    pair.run()
    assert pair.bob.numbers == [0]
    answer_call(pair.bob.held.pop())
    pair.run()
    assert pair.bob.numbers == [0, 1]
    pair.bob.held.pop().fail(ValueError("the stream is broken"))
    pair.run()
    assert pair.bob.numbers == [0, 1]
    late = call(target, number=4)
    pair.run()
    assert pair.bob.numbers == [0, 1]
    assert answers[0].error is None
    for one in (answers[1], answers[2], late):
        assert "the stream is broken" in str(one.error)


def test_a_cancelled_streaming_call_is_skipped_row_74(pair):
    pair.bob.flags = ONE_AT_A_TIME
    target = pair.ready()
    answers = [call(target, number=number) for number in range(3)]
    pair.run()
    answers[1].cancel()
    pair.run()
    answer_call(pair.bob.held.pop())
    pair.run()
    assert pair.bob.numbers == [0, 2]
    answer_call(pair.bob.held.pop())
    pair.run()
    assert answers[2].done


def test_a_pipelined_call_keeps_the_call_it_is_pipelined_on_T23(pair):
    thing = echo()
    target = pair.ready()
    inner = call(call(target).pipeline((0,)), number=3)
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [thing.capability])
    pair.run()
    assert number_of(inner.result()) == 3


# --- giving a call up whatever was taken from it -------------------------------------------------------------------------------------


def test_a_call_that_is_given_up_sends_finish_although_capabilities_of_it_are_held_row_69(pair):
    target = pair.ready()
    answer = call(target)
    promise = answer.pipeline((0,))
    pair.run()
    answer.abandon(Failed("given up"))
    assert str(answer.error) == str(promise.error) == "given up"
    assert call(promise).error is not None
    pair.run()
    assert pair.lines()[-1] == "> finish q2 releasing results"
    answer_call(pair.bob.held.pop())
    pair.run()
    answer.abandon(Failed("twice"))
    assert str(answer.error) == "given up"


def test_a_call_that_is_given_up_is_finished_when_the_last_place_that_was_passed_on_goes_row_69(pair):
    thing = Service()
    target = pair.ready()
    answer, other = call(target), call(target)
    frozen = answer.pipeline((0,)).raw
    other_frozen = other.pipeline((0,)).raw
    pair.run()
    answer.abandon(Failed("given up"))
    pair.run()
    assert not [line for line in pair.lines() if "finish" in line]
    del frozen
    pair.run()
    assert pair.lines() == ["> finish q2 releasing results"]
    other.abandon(Failed("given up too"))
    pair.bob.held.pop(0).finish()
    answer_call(pair.bob.held.pop(), 0, [thing.capability])
    pair.run()
    del other_frozen
    pair.run()
    assert thing.is_released


def test_a_claim_for_a_question_that_was_given_up_cancels_the_tail_call_row_79(pair):
    thing = Service(CANCELLABLE)
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    frozen = answer.pipeline((0,)).raw
    pair.run()
    answer.abandon(Failed("given up"))
    tail(pair, 3)
    pair.run()
    for cancelled in thing.cancelled:
        cancelled.fail(RuntimeError("stopped"))
    pair.run()
    assert pair.lines().count("> return q1 sent elsewhere") == 1
    thing.held.clear()
    thing.cancelled.clear()
    del frozen


def test_calls_that_wait_here_are_withdrawn_when_they_are_given_up():
    from caplet.cap.promise import PromiseCapability
    from caplet.cap.turns import Turns
    from caplet.testing.host import SimulatedHost

    turns = Turns(SimulatedHost())
    promise = PromiseCapability(turns)
    answer = call(promise)
    answer.abandon(Failed("given up"))
    assert str(answer.error) == "the call was cancelled"
    service = Service()
    promise.resolve(service.capability)
    turns.run()
    assert service.numbers == []
