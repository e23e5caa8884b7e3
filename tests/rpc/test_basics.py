"""Bootstrap, calls, returns, references: the plain conversations, message by message."""

from __future__ import annotations

import gc

import pytest

from caplet.cap.capability import NULL
from caplet.errors import Failed, Unimplemented
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, number_of


def test_a_bootstrap_is_answered_with_the_public_object_row_24_row_25(pair):
    found = pair.bootstrap()
    assert found.is_promise
    pair.run()
    assert not found.is_promise
    assert pair.lines() == ["> bootstrap q1", "< return q1 results (mine e1)", "> finish q1"]
    del found
    pair.run()
    assert pair.lines() == ["> release e1 x1"]


def test_a_call_and_its_return_row_33_row_59_row_60(pair):
    target = pair.ready()
    answer = call(target, method=3, number=7)
    assert not answer.done
    pair.run()
    assert pair.bob.numbers == [7]
    answer_call(pair.bob.held.pop(), 8)
    pair.run()
    assert number_of(answer.result()) == 8
    assert pair.lines() == ["> call q2 of e1 method 0x1#3", "< return q2 results for good"]


def test_results_without_capabilities_need_no_finish_H3(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    answer_call(pair.bob.held.pop())
    pair.run()
    assert pair.network.vats["alice"].connection("bob").stats()["questions"] == 0
    assert pair.network.vats["bob"].connection("alice").stats()["answers"] == 0
    assert answer.done


def test_a_call_before_the_bootstrap_has_arrived_is_pipelined_row_40(pair):
    answer = call(pair.bootstrap(), number=5)
    pair.run()
    assert pair.bob.numbers == [5]
    answer_call(pair.bob.held.pop(), 6)
    pair.run()
    assert number_of(answer.result()) == 6
    assert pair.lines()[:2] == ["> bootstrap q1", "> call q2 of q1[] method 0x1#0"]


def test_void_results_are_returned_too_row_60(pair):
    answer = call(pair.ready())
    pair.run()
    pair.bob.held.pop().finish()
    pair.run()
    assert answer.result().is_null


def test_an_exception_fails_that_call_only_row_61_row_95(pair):
    target = pair.ready()
    bad, good = call(target, number=1), call(target, number=2)
    pair.run()
    pair.bob.held[0].fail(ValueError("no such thing"))
    answer_call(pair.bob.held[1], 3)
    pair.run()
    with pytest.raises(Failed, match=r"^remote exception: ValueError: no such thing$"):
        bad.result()
    assert bad.error is not None
    assert bad.error.fault == "remote"
    assert number_of(good.result()) == 3


def test_an_unimplemented_method_is_told_as_such_row_67(pair):
    answer = call(pair.ready())
    pair.run()
    pair.bob.held.pop().fail(Unimplemented("no method 0 here"))
    pair.run()
    with pytest.raises(NotImplementedError, match="no method 0 here"):
        answer.result()


def test_a_vat_without_a_public_object_says_so_row_27_E43():
    network = Network()
    network.add_vat("alice")
    network.add_vat("bob")
    network.connect("alice", "bob")
    found = network.vats["alice"].bootstrap("bob")
    network.run()
    assert found.error is not None
    assert "no public object" in found.error.reason
    network.assert_idle()


def test_the_public_object_is_made_for_each_peer_row_27():
    asked = []
    service = Service(handler=lambda call: answer_call(call))

    def make(peer):
        asked.append(peer)
        return service.capability

    network = Network()
    network.add_vat("bob", make)
    for name in ("alice", "carol"):
        network.add_vat(name)
        network.connect(name, "bob")
        call(network.vats[name].bootstrap("bob"))
    network.run()
    assert sorted(asked) == ["alice", "carol"]
    network.assert_idle()


def test_a_bootstrap_that_raises_gives_a_broken_capability_row_25():
    def make(peer):
        raise RuntimeError("not today")

    network = Network()
    network.add_vat("alice")
    network.add_vat("bob", make)
    network.connect("alice", "bob")
    found = network.vats["alice"].bootstrap("bob")
    answer = call(found)
    network.run()
    assert "not today" in str(answer.error)
    assert "not today" in str(found.error)
    network.assert_idle()


def test_loop_back_bootstrap_sends_nothing_row_29_T59():
    network = Network()
    service = Service(handler=lambda call: answer_call(call, 4))
    vat = network.add_vat("alice", lambda peer: service.capability)
    answer = call(vat.vat.bootstrap_self())
    network.run()
    assert number_of(answer.result()) == 4
    assert network.add_vat("bob").vat.bootstrap_self().error is not None


def test_an_object_in_params_can_be_called_back_row_7_row_14(pair):
    callback = Service(handler=lambda call: answer_call(call, 9))
    target = pair.ready()
    answer = call(target, capabilities=[callback.capability])
    pair.run()
    received = pair.bob.held.pop()
    [remote] = capabilities_of(received.params)
    inner = call(remote, number=1)
    pair.run()
    assert number_of(inner.result()) == 9
    assert callback.numbers == [1]
    answer_call(received)
    del remote, inner
    received.release_params()
    del received
    pair.run()
    assert answer.done
    assert callback.is_released
    assert pair.lines() == [
        "> call q2 of e1 method 0x1#0 (mine e1)",
        "< call q1 of e1 method 0x1#0",
        "> return q1 results for good",
        "< return q2 results for good",
        "< release e1 x1",
    ]


def test_the_same_object_sent_twice_keeps_its_id_and_is_released_once_row_8_row_9_row_10(pair):
    thing = Service()
    target = pair.ready()
    answers = [
        call(target, capabilities=[thing.capability, thing.capability]),
        call(target, capabilities=[thing.capability]),
    ]
    pair.run()
    first, second = capabilities_of(pair.bob.held[0].params)
    [third] = capabilities_of(pair.bob.held[1].params)
    assert first is second
    assert first is third
    for held in pair.bob.held:
        held.release_params()
        answer_call(held)
    pair.bob.held.clear()
    del first, second, third, held
    pair.run()
    assert pair.lines() == [
        "> call q2 of e1 method 0x1#0 (mine e1, mine e1)",
        "> call q3 of e1 method 0x1#0 (mine e1)",
        "< return q2 results for good",
        "< return q3 results for good",
        "< release e1 x3",
    ]
    assert all(answer.done for answer in answers)


def test_a_capability_that_comes_home_is_the_object_itself_row_12_row_19(pair):
    thing = Service(handler=lambda call: answer_call(call, 3))
    answer = call(pair.ready(), capabilities=[thing.capability])
    pair.run()
    held = pair.bob.held.pop()
    answer_call(held, 0, capabilities_of(held.params))
    held.release_params()
    pair.run()
    [home] = capabilities_of(answer.result())
    assert home.current() is thing.capability
    pair.lines()
    inner = call(home)
    pair.run()
    assert number_of(inner.result()) == 3
    assert pair.lines() == []
    del held


def test_a_null_capability_is_none_on_the_wire_row_16(pair):
    target = pair.ready()
    answer = call(target, capabilities=[None, NULL])
    pair.run()
    held = pair.bob.held.pop()
    assert capabilities_of(held.params) == [None, None]
    answer_call(held, 0, [None])
    pair.run()
    assert answer.pipeline((0,)).is_null
    assert pair.lines() == [
        "> call q2 of e1 method 0x1#0 (none)",
        "< return q2 results for good",
    ]


def test_local_ids_are_the_lowest_free_ones_row_2(pair):
    target = pair.ready()
    connection = pair.network.vats["alice"].connection("bob")
    answers = [call(target, number=number) for number in range(4)]
    ids = [row.id for row in connection.questions.entries()]
    assert ids == [0, 1, 2, 3]
    pair.run()
    for index in (2, 1):
        answer_call(pair.bob.held[index])
    pair.run()
    answers += [call(target), call(target)]
    assert sorted(row.id for row in connection.questions.entries()) == [0, 1, 2, 3]
    pair.run()
    for held in pair.bob.held:
        answer_call(held)
    pair.run()
    assert all(answer.done for answer in answers)


def test_a_released_server_object_lives_on_while_its_call_runs_row_68(pair):
    inner = Service()
    answer = call(pair.ready())
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [inner.capability])
    pair.run()
    [remote] = capabilities_of(answer.result())
    running = call(remote)
    pair.run()
    del remote, answer
    gc.collect()
    pair.run()
    assert not inner.is_released
    answer_call(inner.held.pop(), 1)
    pair.run()
    assert number_of(running.result()) == 1
    gc.collect()
    pair.run()
    assert inner.is_released


def test_a_request_built_before_a_promise_resolves_goes_where_later_calls_go_row_34_T8(pair):
    from caplet.testing.objects import new_call

    thing = Service(handler=lambda call: answer_call(call))
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    promise = answer.pipeline((0,))
    early = new_call(promise, number=1)
    pair.run()
    held = pair.bob.held.pop()
    answer_call(held, 0, capabilities_of(held.params))
    held.release_params()
    pair.run()
    sent = [early.send(), call(promise, number=2)]
    pair.run()
    assert thing.numbers == [1, 2]
    assert all(one.done for one in sent)
    del held
