"""Recognising an own object that comes back."""

from __future__ import annotations

from caplet.cap.local import ONE_AT_A_TIME
from caplet.cap.unwrap import when_local
from caplet.testing.objects import Service, answer_call, call, capabilities_of


def test_an_own_object_that_comes_home_is_recognised_row_114_H25(pair):
    thing = Service()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    pair.run()
    held = pair.bob.held.pop()
    answer_call(held, 0, [*capabilities_of(held.params), pair.bob.capability])
    held.release_params()
    pair.run()
    found = []
    for capability in capabilities_of(answer.result()):
        when_local(capability, found.append)
    pair.run()
    assert sorted(found, key=lambda one: one is None) == [thing, None]
    del held, answer, capability


def test_an_embargo_is_waited_for_before_an_object_is_recognised_row_114_T11(pair):
    thing = Service()
    target = pair.ready()
    answer = call(target, capabilities=[thing.capability])
    promise = answer.pipeline((0,))
    early = call(promise, number=1)
    pair.run()
    held = pair.bob.held.pop()
    pair.network.hold("bob", "alice")
    answer_call(held, 0, capabilities_of(held.params))
    held.release_params()
    found = []
    when_local(promise, lambda one: found.append((one, list(thing.numbers))))
    pair.run()
    pair.network.release("bob", "alice")
    pair.run()
    assert found == [(thing, [1])]
    answer_call(thing.held.pop())
    pair.run()
    assert early.done
    del held, promise, answer


def test_calls_that_wait_for_a_stream_come_before_the_object_is_recognised_row_114(pair):
    turns = pair.network.vats["alice"].vat.turns
    thing = Service(ONE_AT_A_TIME)
    capability = thing.capability
    capability.bind(turns)
    answers = [call(capability, number=number) for number in range(3)]
    turns.run()
    found = []
    when_local(capability, found.append)
    turns.run()
    assert found == []
    for _ in range(3):
        answer_call(thing.held.pop())
        turns.run()
    assert found == [thing]
    assert thing.numbers == [0, 1, 2]
    assert all(answer.done for answer in answers)
