"""Calls between objects of one vat: turns, order, promises, cancellation; no connection anywhere."""

from __future__ import annotations

import pytest

from caplet.cap.capability import NULL, BrokenCapability
from caplet.cap.local import CANCELLABLE
from caplet.cap.promise import PromiseCapability
from caplet.cap.turns import Turns
from caplet.errors import Failed
from caplet.testing.host import SimulatedHost
from caplet.testing.objects import Service, answer_call, call, capabilities_of, new_call, number_of


@pytest.fixture
def turns():
    return Turns(SimulatedHost())


def made(turns, **more):
    service = Service(**more)
    service.bound = service.capability
    service.bound.bind(turns)
    return service


def test_a_call_never_starts_inside_send_L1(turns):
    service = made(turns)
    answer = call(service.bound, number=1)
    assert service.numbers == []
    turns.run()
    assert service.numbers == [1]
    assert not answer.done


def test_calls_start_in_the_order_in_which_they_were_made_L1(turns):
    first, second = made(turns), made(turns)
    order = []
    first.handler = second.handler = lambda call: (order.append(number_of(call.params)), answer_call(call))
    answers = [call((first, second)[number % 2].bound, number=number) for number in range(10)]
    turns.run()
    assert order == list(range(10))
    assert all(answer.done for answer in answers)


def test_a_promise_forwards_what_waits_before_anybody_is_told_L2(turns):
    service = made(turns, handler=answer_call)
    promise = PromiseCapability(turns)
    seen = []
    answers = [call(promise, number=1), call(promise, number=2)]
    promise.when_resolved(lambda capability: (seen.append(promise.waiting), answers.append(call(capability, number=3))))
    promise.resolve(service.bound)
    assert seen == [0]
    turns.run()
    assert service.numbers == [1, 2, 3]
    assert all(answer.done for answer in answers)


def test_calls_pipelined_on_local_results_wait_and_go_on(turns):
    inner = made(turns, handler=lambda call: answer_call(call, 7))
    outer = made(turns)
    answer = call(outer.bound)
    pipelined = call(answer.pipeline((0,)))
    turns.run()
    answer_call(outer.held.pop(), 0, [inner.bound])
    turns.run()
    assert number_of(pipelined.result()) == 7
    assert answer.pipeline((0,)) is inner.bound


def test_results_are_not_copied_within_a_vat(turns):
    outer, inner = made(turns), made(turns, handler=lambda call: answer_call(call, 7))
    answer = call(outer.bound)
    turns.run()
    outer.held.pop().tail_call(new_call(inner.bound))
    turns.run()
    assert number_of(answer.result()) == 7


def test_an_exception_out_of_dispatch_fails_the_call_H15_E44_T35(turns):
    def fails(call):
        raise RuntimeError("out of the blue")

    answer = call(made(turns, handler=fails).bound)
    turns.run()
    assert str(answer.error) == "RuntimeError: out of the blue"


def test_a_dropped_call_that_waits_is_never_started(turns):
    service = made(turns)
    answer = call(service.bound)
    del answer
    turns.run()
    assert service.numbers == []


def test_a_dropped_call_that_runs_is_cancelled_if_it_allows_that_row_73(turns):
    for flags, expected in ((CANCELLABLE, 1), (0, 0)):
        service = made(turns, flags=flags)
        answer = call(service.bound)
        turns.run()
        answer.cancel()
        turns.run()
        assert len(service.cancelled) == expected
        service.held.pop().finish()
        service.cancelled.clear()


def test_a_capability_taken_from_an_answer_keeps_the_call(turns):
    service = made(turns)
    promise = call(service.bound).pipeline((0,))
    turns.run()
    assert len(service.held) == 1
    assert not service.held[0].cancel_requested
    del promise
    turns.run()
    assert service.held.pop().cancel_requested


def test_null_and_broken_capabilities_fail_every_call(turns):
    for capability in (NULL, BrokenCapability(Failed("no good"))):
        answer = call(capability)
        assert answer.error is not None
        assert answer.pipeline((0,)).error is not None
        seen = []
        capability.when_broken(seen.append)
        assert seen == [answer.error]
    assert NULL.is_null


def test_an_object_is_told_when_nobody_refers_to_it_any_more(turns):
    service = made(turns)
    del service.bound
    assert not service.is_released
    turns.run()
    assert service.is_released


def test_an_object_of_one_vat_refuses_calls_from_another(turns):
    other = Turns(SimulatedHost())
    service = made(turns)
    promise = PromiseCapability(other)
    answer = call(promise)
    promise.resolve(service.bound)
    other.run()
    assert "another vat" in str(answer.error)


def test_a_chain_of_ten_thousand_calls_that_fail_does_not_nest(turns):
    service = made(turns)
    answer = call(service.bound)
    chain = [answer]
    for _ in range(10_000):
        chain.append(call(chain[-1].pipeline((0,))))
    turns.run()
    service.held.pop().fail(ValueError("first"))
    turns.run()
    assert all("first" in str(one.error) for one in chain)


def test_capabilities_in_params_come_as_they_are(turns):
    service, thing = made(turns), made(turns)
    answer = call(service.bound, capabilities=[thing.bound, None])
    turns.run()
    held = service.held.pop()
    assert capabilities_of(held.params) == [thing.bound, None]
    held.finish()
    assert answer.result().is_null
