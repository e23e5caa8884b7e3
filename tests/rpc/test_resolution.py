"""Promises that cross the wire, what they become, and embargoes."""

from __future__ import annotations

import gc

import pytest

from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, number_of


def echo() -> Service:
    return Service(handler=lambda call: answer_call(call, number_of(call.params)))


def promise_of(pair, name="bob") -> PromiseCapability:
    return PromiseCapability(pair.network.vats[name].vat.turns)


def given(pair, target, capability):
    """Let bob give alice a capability; return alice's answer."""
    answer = call(target)
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [capability])
    pair.run()
    return answer


def test_a_promise_is_announced_and_resolved_once_row_14_row_47(pair):
    thing, promise = echo(), promise_of(pair)
    target = pair.ready()
    answer = given(pair, target, promise)
    [remote] = capabilities_of(answer.result())
    assert remote.is_promise
    promise.resolve(thing.capability)
    pair.run()
    assert not remote.is_promise
    assert pair.lines() == [
        "> call q2 of e1 method 0x1#0",
        "< return q2 results (promise e2)",
        "> finish q2",
        "< resolve e2 to mine e3",
        "> release e2 x1",
    ]
    del remote, answer


def test_a_promise_that_breaks_breaks_at_the_peer_row_47_T1(pair):
    promise = promise_of(pair)
    target = pair.ready()
    answer = given(pair, target, promise)
    [remote] = capabilities_of(answer.result())
    early = call(remote)
    pair.run()
    promise.reject(Failed("changed my mind"))
    pair.run()
    assert "changed my mind" in str(early.error)
    assert "changed my mind" in str(call(remote).error)
    assert "disembargo" not in str(pair.lines())
    del remote, answer


def test_the_same_promise_sent_twice_keeps_its_id_row_9_T17(pair):
    promise = promise_of(pair)
    target = pair.ready()
    answers = [given(pair, target, promise), given(pair, target, promise)]
    assert [line for line in pair.lines() if "return" in line] == [
        "< return q2 results (promise e2)",
        "< return q3 results (promise e2)",
    ]
    first, second = (capabilities_of(answer.result())[0] for answer in answers)
    assert first is second
    promise.resolve(echo().capability)
    pair.run()
    del first, second, answers


def test_a_resolved_promise_is_never_sent_under_its_old_id_row_11_T18_T31(pair):
    thing, promise = echo(), promise_of(pair)
    target = pair.ready()
    kept = given(pair, target, promise)
    pair.network.hold("alice", "bob")
    promise.resolve(thing.capability)
    pair.network.run()
    pair.network.release("alice", "bob")
    pair.lines()
    again = given(pair, target, promise)
    assert "< return q3 results (mine e3)" in pair.lines()
    del kept, again


def test_a_promise_that_becomes_another_promise_keeps_its_id_row_48(pair):
    thing, first, second = echo(), promise_of(pair), promise_of(pair)
    target = pair.ready()
    answer = given(pair, target, first)
    pair.lines()
    first.resolve(second)
    pair.run()
    assert pair.lines() == []
    second.resolve(thing.capability)
    pair.run()
    assert pair.lines() == ["< resolve e2 to mine e3", "> release e2 x1"]
    del answer


def test_a_promise_that_becomes_another_exported_promise_names_that_row_47_T7(pair):
    thing, first, second = echo(), promise_of(pair), promise_of(pair)
    target = pair.ready()
    answers = [given(pair, target, first), given(pair, target, second)]
    pair.lines()
    first.resolve(second)
    pair.run()
    assert pair.lines() == ["< resolve e2 to promise e3", "> release e2 x1"]
    [remote] = capabilities_of(answers[0].result())
    early = call(remote, number=3)
    second.resolve(thing.capability)
    pair.run()
    assert number_of(early.result()) == 3
    del answers, remote


def test_a_promise_that_becomes_null_is_resolved_to_an_error_T33(pair):
    from caplet.cap.capability import NULL

    promise = promise_of(pair)
    target = pair.ready()
    answer = given(pair, target, promise)
    promise.resolve(NULL)
    pair.run()
    assert "< resolve e2 exception 'called a null capability'" in pair.lines()
    [remote] = capabilities_of(answer.result())
    assert remote.error is not None
    del answer, remote


def test_a_broken_capability_travels_as_a_promise_that_breaks(pair):
    from caplet.cap.capability import BrokenCapability

    target = pair.ready()
    answer = given(pair, target, BrokenCapability(Failed("no good")))
    [remote] = capabilities_of(answer.result())
    assert "no good" in str(remote.error)
    assert pair.lines()[1:3] == ["< return q2 results (promise e2)", "< resolve e2 exception 'no good'"]
    del answer, remote


def test_a_resolve_for_a_released_promise_releases_what_it_became_row_49_T28(pair):
    thing, promise = echo(), promise_of(pair)
    target = pair.ready()
    answer = given(pair, target, promise)
    pair.lines()
    pair.network.hold("alice", "bob")
    del answer
    promise.resolve(thing.capability)
    pair.run()
    pair.network.release("alice", "bob")
    pair.run()
    said = pair.lines()
    assert said[0] == "> release e2 x1"
    assert said[1].startswith("< resolve ")
    assert said[1].endswith(" to mine e3")
    assert said[2:] == ["> release e3 x1"]


def reflect(pair, call_early=True):
    """Let alice pipeline on a call that returns her own object; stop before the Return is delivered."""
    thing = echo()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    promise = answer.pipeline((0,))
    early = call(promise, number=1) if call_early else None
    pair.run()
    held = pair.bob.held.pop()
    pair.network.hold("bob", "alice")
    answer_call(held, 0, capabilities_of(held.params))
    held.release_params()
    pair.run()
    pair.lines()
    return thing, answer, promise, early


def test_calls_after_a_reflected_promise_wait_for_the_earlier_ones_row_51_row_53_row_54(pair):
    thing, answer, promise, early = reflect(pair)
    while True:
        pair.network.release("bob", "alice")
        delivered = pair.network.deliver("bob", "alice")
        pair.network.hold("bob", "alice")
        if not delivered or answer.done:
            break
    late = call(promise, number=2)
    assert promise.is_promise
    pair.network.run_vats()
    assert thing.numbers in ([], [1])
    pair.network.release("bob", "alice")
    pair.run()
    assert thing.numbers == [1, 2]
    assert promise.current() is thing.capability
    assert number_of(early.result()) == 1
    assert number_of(late.result()) == 2
    lines = pair.lines()
    assert "> disembargo q2[0] d1" in lines
    assert "< disembargo e1 d1 back" in lines
    assert lines.index("> disembargo q2[0] d1") < lines.index("< disembargo e1 d1 back")
    del promise, answer


def test_a_reflected_promise_that_was_never_called_needs_no_embargo_row_51(pair):
    thing, answer, promise, _ = reflect(pair, call_early=False)
    pair.network.release("bob", "alice")
    pair.run()
    assert promise.current() is thing.capability
    assert "disembargo" not in str(pair.lines())
    del answer, promise


def test_null_needs_no_embargo_T2_row_51(pair):
    target = pair.ready()
    answer = call(target)
    early = call(answer.pipeline((0,)))
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [None])
    pair.run()
    assert early.error is not None
    assert call(answer.pipeline((0,))).error is not None
    assert "disembargo" not in str(pair.lines())


def test_what_the_peer_hosts_needs_no_embargo_T3(pair):
    thing = echo()
    target = pair.bootstrap()
    answer = call(target)
    early = call(answer.pipeline((0,)), number=1)
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [thing.capability])
    pair.run()
    late = call(answer.pipeline((0,)), number=2)
    pair.run()
    assert thing.numbers == [1, 2]
    assert "disembargo" not in str(pair.lines())
    assert early.done
    assert late.done


def test_capabilities_taken_from_results_keep_the_order_of_pipelined_calls_row_35(pair):
    thing, answer, promise, early = reflect(pair)
    pair.network.release("bob", "alice")
    while not answer.done:
        pair.network.deliver("bob", "alice")
    pair.network.hold("bob", "alice")
    [taken] = capabilities_of(answer.result())
    late = call(taken, number=2)
    pair.network.run_vats()
    pair.network.release("bob", "alice")
    pair.run()
    assert thing.numbers == [1, 2]
    assert early.done
    assert late.done
    del taken, promise, answer


def test_an_embargo_breaks_with_the_connection_T15_row_55(pair):
    thing, answer, promise, early = reflect(pair)
    pair.network.release("bob", "alice")
    while not answer.done:
        pair.network.deliver("bob", "alice")
    late = call(promise, number=2)
    pair.network.cut("alice", "bob")
    assert "cut" in str(late.error)
    assert "cut" in str(early.error) or early.done
    assert thing.numbers in ([], [1])
    del promise, answer


def test_return_and_resolve_in_one_breath_are_digested_in_order_T13_row_57(pair):
    thing, promise = echo(), promise_of(pair)
    target = pair.ready()
    answer = call(target)
    early = [call(answer.pipeline((0,)), number=number) for number in range(3)]
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [promise])
    promise.resolve(thing.capability)
    late = call(answer.pipeline((0,)), number=3)
    pair.run()
    assert thing.numbers == [0, 1, 2, 3]
    assert all(one.done for one in [*early, late])
    del answer


def test_calls_through_a_promise_that_resolves_meanwhile_stay_in_order_T14(pair):
    thing, promise = echo(), promise_of(pair)
    target = pair.ready()
    answer = given(pair, target, promise)
    [remote] = capabilities_of(answer.result())
    answers = []
    for number in range(200):
        answers.append(call(remote, number=number))
        if number == 100:
            promise.resolve(thing.capability)
        if number % 3 == 0:
            pair.network.deliver("alice", "bob")
        if number % 7 == 0:
            pair.network.deliver("bob", "alice")
    pair.run()
    assert thing.numbers == list(range(200))
    assert all(one.done for one in answers)
    del remote, answer


def test_what_was_returned_stays_what_pipelined_calls_reach_row_56_T4(pair):
    """The answer names a promise of alice; later it resolves at alice, but bob sends calls where he said."""
    thing = echo()
    promise = promise_of(pair, "alice")
    target = pair.ready()
    answer = call(target, capabilities=[promise])
    pair.run()
    held = pair.bob.held.pop()
    pair.network.hold("bob", "alice")
    answer_call(held, 0, capabilities_of(held.params))
    pipelined = answer.pipeline((0,))
    first = call(pipelined, number=1)
    pair.run()
    promise.resolve(thing.capability)
    pair.run()
    second = call(pipelined, number=2)
    pair.run()
    lines = pair.lines()
    pair.network.release("bob", "alice")
    pair.run()
    assert thing.numbers == [1, 2]
    calls = [line for line in lines if line.startswith("< call")]
    assert len(calls) == 2
    assert all(" of e1 " in line for line in calls)
    assert first.done
    assert second.done
    held.release_params()
    del held, answer, pipelined


def test_exporting_inside_a_resolution_names_the_resolved_object_T16(pair):
    thing, promise = echo(), promise_of(pair, "alice")
    target = pair.ready()
    sent = []
    promise.when_resolved(lambda capability: sent.append(call(target, capabilities=[promise])))
    promise.resolve(thing.capability)
    pair.run()
    assert pair.lines() == ["> call q2 of e1 method 0x1#0 (mine e1)"]
    held = pair.bob.held.pop()
    answer_call(held)
    held.release_params()
    pair.run()
    assert sent[0].done


def test_a_promise_resolved_to_itself_is_broken_T32(pair):
    promise = promise_of(pair, "alice")
    promise.resolve(promise)
    assert "itself" in str(promise.error)
    first, second = promise_of(pair, "alice"), promise_of(pair, "alice")
    waiting = call(first)
    first.resolve(second)
    second.resolve(first)
    pair.run()
    assert "itself" in str(waiting.error)


@pytest.mark.parametrize("order", ["local first", "proxy first"])
def test_calls_that_come_back_by_two_hops_stay_in_order_T10_H7(order):
    """Alice's object goes through bob to carol and comes back; calls pipelined all the way arrive in order."""
    network = Network()
    carol, thing = Service(), echo()
    network.add_vat("carol", carol.capability)
    bob = Service()
    network.add_vat("bob", bob.capability)
    network.add_vat("alice")
    network.connect("alice", "bob")
    network.connect("bob", "carol")
    held_by_bob = [network.vats["bob"].bootstrap("carol")]
    bob.handler = lambda call: call.tail_call(forward(call, held_by_bob[0]))
    to_bob = network.vats["alice"].bootstrap("bob")
    answer = call(to_bob, capabilities=[thing.capability])
    promise = answer.pipeline((0,))
    answers = [call(promise, number=0), call(promise, number=1)]
    network.run()
    held = carol.held.pop()
    if order == "proxy first":
        network.hold("bob", "alice")
    answer_call(held, 0, capabilities_of(held.params))
    held.release_params()
    answers.append(call(promise, number=2))
    network.run()
    answers.append(call(promise, number=3))
    if order == "proxy first":
        network.release("bob", "alice")
    network.run()
    answers.append(call(promise, number=4))
    network.run()
    assert thing.numbers == [0, 1, 2, 3, 4]
    assert [number_of(one.result()) for one in answers] == [0, 1, 2, 3, 4]
    assert promise.current() is thing.capability
    del promise, answer, held, to_bob
    held_by_bob.clear()
    gc.collect()
    network.assert_idle()


def forward(call, target):
    """Return a request with the same params for another target."""
    request = target.new_request(call.interface_id, call.method_id)
    request.params.set(call.params)
    return request
