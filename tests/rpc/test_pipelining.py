"""Calls on results that are not there yet, and what becomes of them."""

from __future__ import annotations

from caplet.cap.hints import NO_PROMISE_PIPELINING
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, fill, new_call, number_of
from caplet.wire.message import MessageBuilder


def echo() -> Service:
    return Service(handler=lambda call: answer_call(call, number_of(call.params)))


def test_a_chain_of_pipelined_calls_takes_one_round_trip_row_40(pair):
    things = {"last": echo()}
    things["middle"] = Service(handler=lambda call: answer_call(call, 0, [things["last"].capability]))
    pair.bob.handler = lambda call: answer_call(call, 0, [things["middle"].capability])
    target = pair.bootstrap()
    first = call(target)
    second = call(first.pipeline((0,)))
    third = call(second.pipeline((0,)), number=42)
    sent = pair.network.pipe("alice", "bob")
    pair.network.run_vats()
    assert len(sent.queue) == 4
    while pair.network.deliver("alice", "bob"):
        pass
    while pair.network.deliver("bob", "alice"):
        pass
    assert number_of(third.result()) == 42
    things.clear()
    del target


def test_the_same_path_gives_the_same_promise_row_41_T9(pair):
    answer = call(pair.bootstrap())
    assert answer.pipeline((0,)) is answer.pipeline((0,))
    assert answer.pipeline((0,)) is not answer.pipeline((1,))
    pair.run()
    answer_call(pair.bob.held.pop())
    pair.run()


def test_a_path_that_was_called_and_dropped_still_needs_its_embargo_row_41(pair):
    thing = echo()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    early = call(answer.pipeline((0,)), number=1)
    pair.run()
    held = pair.bob.held.pop()
    answer_call(held, 0, capabilities_of(held.params))
    pair.network.deliver("bob", "alice")
    late = call(answer.pipeline((0,)), number=2)
    pair.run()
    assert thing.numbers == [1, 2]
    assert number_of(early.result()) == 1
    assert number_of(late.result()) == 2
    held.release_params()
    del held


def test_a_path_to_nothing_is_null_and_one_to_something_else_is_broken_row_42(pair):
    target = pair.ready()
    answer = call(target)
    beyond, through = call(answer.pipeline((7,))), call(answer.pipeline((0, 3)))
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [echo().capability])
    pair.run()
    assert "null" in str(beyond.error)
    assert through.error is not None
    assert answer.pipeline((7,)).is_null


def test_calls_pipelined_on_an_error_fail_with_that_error_row_44(pair):
    target = pair.ready()
    answer = call(target)
    promise = answer.pipeline((0,))
    early = call(promise)
    pair.run()
    pair.bob.held.pop().fail(ValueError("the original reason"))
    pair.network.hold("bob", "alice")
    pair.run()
    in_between = call(promise)
    pair.network.release("bob", "alice")
    pair.run()
    late = call(promise)
    for one in (early, in_between, late):
        assert "the original reason" in str(one.error)
    assert "disembargo" not in str(pair.lines())


def test_a_call_pipelined_on_results_without_capabilities_fails_row_43_E12(pair):
    target = pair.ready()
    answer = call(target)
    promise = answer.pipeline((0,))
    pair.network.hold("bob", "alice")
    pair.run()
    answer_call(pair.bob.held.pop())
    pair.run()
    late = call(promise)
    pair.run()
    pair.network.release("bob", "alice")
    pair.run()
    assert late.error is not None
    assert pair.network.vats["alice"].connection("bob").error is None


def test_set_pipeline_sends_calls_ahead_before_the_return_row_45(pair):
    thing = echo()
    target = pair.ready()
    answer = call(target)
    early = call(answer.pipeline((0,)), number=1)
    pair.run()
    held = pair.bob.held.pop()
    message = MessageBuilder()
    fill(message.root, 0, [thing.capability])
    held.set_pipeline(message.root.as_reader())
    pair.run()
    assert thing.numbers == [1]
    assert number_of(early.result()) == 1
    late = call(answer.pipeline((0,)), number=2)
    pair.run()
    assert thing.numbers == [1, 2]
    answer_call(held, 0, [thing.capability])
    pair.run()
    assert number_of(late.result()) == 2
    del held, message


def test_results_other_than_set_pipeline_said_are_a_broken_capability_H6(pair):
    target = pair.ready()
    answer = call(target)
    promise = answer.pipeline((0,))
    first = call(promise)
    pair.run()
    held = pair.bob.held.pop()
    message = MessageBuilder()
    fill(message.root, 0, [echo().capability])
    held.set_pipeline(message.root.as_reader())
    pair.network.hold("bob", "alice")
    answer_call(held, 0, [Service().capability])
    late = call(promise)
    pair.run()
    pair.network.release("bob", "alice")
    pair.run()
    assert first.error is None
    assert "set_pipeline" in str(late.error)
    del held, message


def test_calls_wait_in_a_promise_of_ones_own_in_order_row_46(pair):
    promise = PromiseCapability(pair.network.vats["alice"].vat.turns)
    answers = [call(promise, number=number) for number in range(5)]
    pair.run()
    assert pair.lines() == []
    promise.resolve(pair.ready())
    answers.append(call(promise, number=5))
    pair.run()
    assert pair.bob.numbers == [0, 1, 2, 3, 4, 5]
    for held in pair.bob.held:
        answer_call(held)
    pair.run()
    assert all(answer.done for answer in answers)


def test_a_call_with_the_promise_not_to_pipeline_cannot_be_pipelined_on_H1(pair):
    target = pair.ready()
    request = new_call(target)
    request.hints |= NO_PROMISE_PIPELINING
    answer = request.send()
    assert isinstance(answer.pipeline((0,)).error, Failed)
    pair.run()
    assert pair.lines() == ["> call q2 of e1 method 0x1#0 no pipelining"]
    answer_call(pair.bob.held.pop())
    pair.run()
    assert answer.done


def test_a_call_for_its_pipeline_only_gets_no_return_H2(pair):
    thing = echo()
    target = pair.ready()
    answer = new_call(target).send_pipeline_only()
    inner = call(answer.pipeline((0,)), number=6)
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [thing.capability])
    pair.run()
    assert number_of(inner.result()) == 6
    assert not answer.done
    assert pair.lines() == [
        "> call q2 of e1 method 0x1#0 only pipeline",
        "> call q3 of q2[0] method 0x1#0",
        "< return q3 results for good",
    ]
    answer.cancel()
    pair.run()
    assert pair.lines() == ["> finish q2 releasing results"]


def test_a_pipelined_capability_can_be_passed_on_before_it_is_known_row_20(pair):
    thing = echo()
    target = pair.ready()
    answer = call(target)
    other = call(target, capabilities=[answer.pipeline((0,))])
    pair.run()
    first, second = pair.bob.held
    [passed] = capabilities_of(second.params)
    assert passed.is_promise
    inner = call(passed, number=8)
    answer_call(first, 0, [thing.capability])
    pair.run()
    assert passed.current() is thing.capability
    assert number_of(inner.result()) == 8
    assert pair.lines()[1] == "> call q3 of e1 method 0x1#0 (answer q2[0])"
    answer_call(second)
    pair.run()
    assert other.done
    del first, second, passed


def test_a_promise_for_results_without_capabilities_becomes_null_H3(pair):
    """Also when the Return needs no Finish, and the id of the question is used again at once."""
    target = pair.ready()
    answer = call(target)
    promise = answer.pipeline((0,))
    pair.run()
    answer_call(pair.bob.held.pop())
    pair.run()
    assert not promise.is_promise
    assert promise.is_null
    other = call(target, capabilities=[promise])
    pair.run()
    assert "> call q3 of e1 method 0x1#0 (none)" in pair.lines()
    answer_call(pair.bob.held.pop())
    pair.run()
    assert other.done


def test_a_call_that_waited_in_a_promise_does_not_keep_the_answer_that_it_was_pipelined_on(pair):
    """What else came with that answer is released when it is dropped, though the call is still under way."""
    thing, other = Service(), Service()
    target = pair.ready()
    promise = PromiseCapability(pair.network.vats["alice"].vat.turns)
    first = call(promise)
    behind = call(first.pipeline((0,)), number=7)
    promise.resolve(target)
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [thing.capability, other.capability])
    pair.run()
    assert thing.numbers == [7]
    assert not other.is_released
    del first
    pair.run()
    assert other.is_released
    answer_call(thing.held.pop(), 8)
    pair.run()
    assert number_of(behind.result()) == 8


def test_a_call_that_is_handed_on_does_not_keep_the_answer_that_it_was_pipelined_on():
    """The same between three vats."""
    carol = Service()
    network = Network()
    network.add_vat("carol", carol.capability)
    network.add_vat("bob", lambda peer: network.vats["bob"].bootstrap("carol"))
    network.add_vat("alice")
    network.connect("alice", "bob")
    network.connect("bob", "carol")
    thing, other = Service(), Service()
    first = call(network.vats["alice"].bootstrap("bob"))
    behind = call(first.pipeline((0,)), number=7)
    network.run()
    answer_call(carol.held.pop(), 0, [thing.capability, other.capability])
    network.run()
    assert thing.numbers == [7]
    del first
    network.run()
    assert other.is_released
    answer_call(thing.held.pop(), 8)
    network.run()
    assert number_of(behind.result()) == 8
    carol.cancelled.clear()
    network.assert_idle()
