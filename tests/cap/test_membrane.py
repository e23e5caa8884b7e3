"""Membranes: what crosses, in which order, and what a policy can do about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from caplet.cap.call import IncomingCall
from caplet.cap.capability import Capability
from caplet.cap.local import CANCELLABLE
from caplet.cap.membrane import Membrane, Passage
from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Failed, Overloaded
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, new_call, number_of


class Rules:
    """A policy that notes every call."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.decision: Callable[[Passage, IncomingCall], Capability | None] = lambda passage, call: None
        self.fds = False
        self.first = False

    def decide(self, passage: Passage, call: IncomingCall) -> Capability | None:
        self.seen.append(("in" if passage.outward else "out", number_of(call.params)))
        return self.decision(passage, call)

    def passes_fds(self) -> bool:
        return self.fds

    def resolves_first(self) -> bool:
        return self.first


class Guarded:
    """Alice outside, bob inside; bob's public object is given to alice through a membrane."""

    def __init__(self) -> None:
        self.network = Network()
        self.bob = Service(CANCELLABLE)
        self.rules = Rules()
        self.membrane = Membrane(self.rules)
        self.kept: list[Capability] = []
        self.network.add_vat("alice")
        self.network.add_vat("bob", lambda peer: self.membrane.cross(self.bob.capability, True))
        self.network.connect("alice", "bob")

    @property
    def turns(self):
        return self.network.vats["bob"].vat.turns

    def ready(self) -> Capability:
        found = self.network.vats["alice"].bootstrap("bob")
        self.network.run()
        return found.current()

    def local(self, service: Service) -> Capability:
        """Return an object of bob's vat."""
        kept = service.capability
        kept.bind(self.turns)
        self.kept.append(kept)
        return kept

    def run(self) -> None:
        self.network.run()


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    made = Guarded()
    yield made
    made.bob.held.clear()
    made.bob.cancelled.clear()
    made.kept.clear()
    made.network.assert_idle()
    assert not made.membrane.under_way
    assert not made.membrane.outer
    assert not made.membrane.inner


def test_calls_pass_and_the_policy_sees_each(guarded):
    target = guarded.ready()
    answer = call(target, number=3)
    guarded.run()
    answer_call(guarded.bob.held.pop(), 4)
    guarded.run()
    assert number_of(answer.result()) == 4
    assert guarded.rules.seen == [("in", 3)]


def test_what_goes_in_is_wrapped_and_what_comes_back_is_what_it_was(guarded):
    alice = Service()
    target = guarded.ready()
    kept = alice.capability
    answer = call(target, capabilities=[kept])
    guarded.run()
    held = guarded.bob.held.pop()
    [inside] = capabilities_of(held.params)
    back = call(inside, number=7)
    guarded.run()
    answer_call(alice.held.pop(), 8)
    guarded.run()
    assert number_of(back.result()) == 8
    assert guarded.rules.seen == [("in", 0), ("out", 7)]
    answer_call(held, 0, [inside])
    guarded.run()
    [returned] = capabilities_of(answer.result())
    assert returned.current() is kept
    del held, inside, back, answer, returned


def test_one_object_has_one_reference_through_the_membrane(guarded):
    inner = guarded.local(Service())
    target = guarded.ready()
    answers = [call(target), call(target)]
    guarded.run()
    for held in guarded.bob.held:
        answer_call(held, 0, [inner])
    guarded.run()
    first, second = (capabilities_of(answer.result())[0].current() for answer in answers)
    assert first is second
    assert guarded.membrane.cross(inner, True) is guarded.membrane.cross(inner, True)
    outer = guarded.membrane.cross(inner, True)
    assert guarded.membrane.cross(outer, False) is inner
    assert guarded.membrane.cross(outer, True) is outer
    guarded.bob.held.clear()
    del held, first, second, answers, outer


def test_a_policy_may_refuse_and_redirect(guarded):
    target = guarded.ready()

    def refuse(passage, call):
        raise Overloaded("not today")

    guarded.rules.decision = refuse
    answer = call(target, number=1)
    guarded.run()
    with pytest.raises(Overloaded, match="not today"):
        answer.result()
    other = Service()
    guarded.local(other)
    guarded.rules.decision = lambda passage, call: other.capability
    alice = Service()
    kept = alice.capability
    answer = call(target, number=2, capabilities=[kept])
    guarded.run()
    held = other.held.pop()
    [given] = capabilities_of(held.params)
    assert given.connection is not None, "what the other target gets did not cross the membrane"
    answer_call(held, 5)
    guarded.run()
    assert number_of(answer.result()) == 5
    assert guarded.bob.numbers == []
    del held, given


@pytest.mark.parametrize("outcome", ["answer", "revoke", "cancel", "lost"])
def test_a_call_that_is_under_way_ends(guarded, outcome):
    target = guarded.ready()
    broken = []
    watch = guarded.membrane.cross(guarded.bob.capability, True).when_broken(broken.append)
    answer = call(target, number=1)
    guarded.run()
    if outcome == "answer":
        answer_call(guarded.bob.held.pop(), 2)
        guarded.run()
        assert number_of(answer.result()) == 2
    elif outcome == "revoke":
        guarded.membrane.revoke(Failed("taken away"))
        guarded.membrane.revoke()
        guarded.run()
        later = call(target, number=2)
        guarded.run()
        assert "taken away" in str(answer.error)
        assert "taken away" in str(later.error)
        assert guarded.bob.numbers == [1]
        assert [str(error) for error in broken] == ["taken away"]
    elif outcome == "cancel":
        answer.cancel()
        guarded.run()
    else:
        guarded.network.cut("alice", "bob")
        assert isinstance(answer.error, Disconnected)
    assert len(guarded.bob.cancelled) == (0 if outcome == "answer" else 1)
    for held in guarded.bob.held:
        held.fail(Failed("stopped"))
    guarded.run()
    watch.cancel()
    guarded.membrane.break_watches.clear()
    del watch


def test_a_revoked_membrane_lets_nothing_cross_any_more(guarded):
    inner = guarded.local(Service())
    promise = PromiseCapability(guarded.turns)
    waiting = guarded.membrane.cross(promise, True)
    guarded.membrane.revoke()
    guarded.run()
    assert "revoked" in str(guarded.membrane.cross(inner, True).error)
    assert "revoked" in str(waiting.error)
    del waiting, promise


def test_errors_and_null_are_the_same_on_both_sides(guarded):
    target = guarded.ready()
    answer = call(target)
    guarded.run()
    guarded.bob.held.pop().fail(Overloaded("full"))
    guarded.run()
    with pytest.raises(Overloaded, match="full"):
        answer.result()
    answer = call(target, capabilities=[None])
    guarded.run()
    held = guarded.bob.held.pop()
    assert capabilities_of(held.params) == [None]
    answer_call(held, 0, [None])
    guarded.run()
    assert capabilities_of(answer.result()) == [None]
    del held


def test_pipelined_calls_cross_and_stay_in_order(guarded):
    target = guarded.ready()
    inner = Service(handler=answer_call)
    kept = guarded.local(inner)
    answer = call(target)
    early = answer.pipeline((0,))
    calls = [call(early, number=number) for number in range(3)]
    guarded.run()
    assert inner.numbers == []
    answer_call(guarded.bob.held.pop(), 0, [kept])
    calls += [call(early, number=number) for number in range(3, 6)]
    guarded.run()
    [found] = capabilities_of(answer.result())
    calls.append(call(found, number=6))
    guarded.run()
    assert inner.numbers == list(range(7))
    assert [number for way, number in guarded.rules.seen][1:] == list(range(7))
    assert all(one.done and one.error is None for one in calls)
    del early, found, answer, calls


@pytest.mark.parametrize("late", [False, True])
def test_a_promise_inside_that_becomes_an_object_outside_keeps_the_order(guarded, late):
    """Calls go in and come out again behind the membrane, and later ones take the short way: they must not overtake."""
    alice = Service(handler=answer_call)
    kept = alice.capability
    target = guarded.ready()
    answer = call(target, capabilities=[kept])
    early = answer.pipeline((0,))
    calls = [call(early, number=number) for number in range(3)]
    guarded.run()
    held = guarded.bob.held.pop()
    [inside] = capabilities_of(held.params)
    if late:
        guarded.network.hold("bob", "alice")
    answer_call(held, 0, [inside])
    guarded.network.run_vats()
    calls += [call(early, number=number) for number in range(3, 6)]
    if late:
        guarded.run()
        guarded.network.release("bob", "alice")
        guarded.network.deliver("bob", "alice")
    calls += [call(early, number=number) for number in range(6, 9)]
    guarded.run()
    calls.append(call(early, number=9))
    guarded.run()
    assert early.current() is kept
    assert alice.numbers == list(range(10))
    assert all(one.done and one.error is None for one in calls)
    del held, inside, early, answer, calls


def test_a_local_promise_becomes_the_object_behind_the_calls_that_are_on_their_way(guarded):
    """The one call is in the turn queue at the passage when the promise becomes an object of the outside."""
    outside = Service(handler=answer_call)
    guarded.local(outside)
    promise = PromiseCapability(guarded.turns)
    reference = guarded.membrane.cross(promise, True)
    assert reference.is_promise
    calls = [call(reference, number=1)]
    promise.resolve(guarded.membrane.cross(outside.capability, False))
    calls.append(call(reference, number=2))
    guarded.run()
    calls.append(call(reference, number=3))
    guarded.run()
    assert reference.current() is outside.capability
    assert outside.numbers == [1, 2, 3]
    assert all(one.done for one in calls)
    del promise, reference, calls


def test_calls_pipelined_before_and_behind_the_answer_stay_in_order(guarded):
    """The one call is in the turn queue at the passage when the object answers; the other one arrives behind the Return."""
    alice = Service(handler=answer_call)
    kept = alice.capability
    answer = call(guarded.ready(), capabilities=[kept])
    early = answer.pipeline((0,))
    guarded.run()
    held = guarded.bob.held.pop()
    [inside] = capabilities_of(held.params)
    calls = [call(early, number=number) for number in range(2)]
    guarded.network.collect()
    pipe = guarded.network.pipe("alice", "bob")
    guarded.network.digest_from(pipe)
    answer_call(held, 0, [inside])
    guarded.network.digest_from(pipe)
    guarded.run()
    assert alice.numbers == [0, 1]
    assert all(one.done and one.error is None for one in calls)
    del held, inside, early, answer, calls


def test_what_is_in_the_results_is_called_behind_what_was_pipelined(guarded):
    """Both callers are in the vat of the membrane, where an outcome is known in the moment in which it is given."""
    outside = Service(handler=answer_call)
    guarded.local(outside)
    reference = guarded.membrane.cross(guarded.bob.capability, True)
    reference.bind(guarded.turns)
    answer = call(reference)
    early = answer.pipeline((0,))
    guarded.run()
    calls = [call(early, number=0)]
    answer_call(guarded.bob.held.pop(), 0, [guarded.membrane.cross(outside.capability, False)])
    calls += [call(early, number=1), call(answer.pipeline((0,)), number=2)]
    while not answer.done:
        guarded.turns.queue.popleft().start()
    [found] = capabilities_of(answer.result())
    calls += [call(found, number=3), call(early, number=4), call(answer.pipeline((0,)), number=5)]
    guarded.run()
    assert outside.numbers == list(range(6))
    assert all(one.done and one.error is None for one in calls)
    del reference, early, found, answer, calls


def test_streams_pass(guarded):
    inner = guarded.local(Service())
    reference = guarded.membrane.cross(inner, True)
    sent = [new_call(reference, number=number).send_streaming() for number in range(2)]
    guarded.run()
    for held in inner.dispatcher.held:
        answer_call(held)
    guarded.run()
    assert [one.done and one.error is None for one in sent] == [True, True]
    inner.dispatcher.held.clear()
    del held, inner, reference, sent


def test_a_call_that_is_handed_on_crosses_once(guarded):
    target = guarded.ready()
    last = Service()
    kept = guarded.local(last)
    answer = call(target, number=1)
    guarded.run()
    guarded.bob.held.pop().tail_call(new_call(kept, number=2))
    guarded.run()
    answer_call(last.held.pop(), 3, [kept])
    guarded.run()
    [found] = capabilities_of(answer.result())
    call(found, number=4)
    guarded.run()
    last.held.pop().fail(Failed("enough"))
    guarded.run()
    assert guarded.rules.seen == [("in", 1), ("in", 4)]
    del found, answer


def test_a_promise_that_nobody_waits_for_is_forgotten(guarded):
    promise = PromiseCapability(guarded.turns)
    for _ in range(10):
        guarded.membrane.cross(promise, True)
        guarded.run()
    assert promise.watches == []


def test_file_descriptors_show_only_when_the_policy_says_so(guarded):
    inner = Service()
    inner.fd = os.devnull.__len__()
    kept = guarded.local(inner)
    reference = guarded.membrane.cross(kept, True)
    assert reference.fd is None
    guarded.rules.fds = True
    assert reference.fd == inner.fd
    assert "outside of a membrane, local Service" in reference.describe()
    del reference, kept


@pytest.mark.parametrize("way", ["out", "in", "broken", "revoked"])
def test_a_call_of_a_promise_is_redirected_when_it_is_known_where_that_leads(guarded, way):
    """What the promise becomes decides: outside again, and the policy has no say; inside, and it is asked again."""
    other, inside, outside = (Service(handler=answer_call) for _ in range(3))
    for service in (other, inside, outside):
        guarded.local(service)
    guarded.rules.first = True
    guarded.rules.decision = lambda passage, call: None if number_of(call.params) == 1 else other.capability
    promise = PromiseCapability(guarded.turns)
    reference = guarded.membrane.cross(promise, True)
    calls = [call(reference, number=number) for number in range(4)]
    guarded.run()
    assert guarded.rules.seen == [("in", 0)], "the others wait behind the first one that does"
    assert other.numbers == []
    calls.append(call(reference, number=4))
    if way == "out":
        promise.resolve(guarded.membrane.cross(outside.capability, False))
    elif way == "in":
        promise.resolve(inside.capability)
    elif way == "broken":
        promise.reject(Overloaded("worn out"))
    else:
        guarded.membrane.revoke(Overloaded("worn out"))
    calls.append(call(reference, number=5))
    guarded.run()
    calls.append(call(reference, number=6))
    guarded.run()
    if way == "out":
        assert outside.numbers == list(range(7))
        assert len(guarded.rules.seen) == 1
    elif way == "in":
        assert other.numbers == [0, 2, 3, 4, 5, 6]
        assert inside.numbers == [1]
        assert [number for _, number in guarded.rules.seen] == [0, *range(7)]
    else:
        assert all("worn out" in str(one.error) for one in calls)
        assert other.numbers == inside.numbers == outside.numbers == []
    assert all(one.done for one in calls)
    promise.reject(Failed("the end"))
    del reference, calls, promise


def test_a_call_that_waits_to_be_redirected_can_be_cancelled(guarded):
    other = Service(handler=answer_call)
    guarded.local(other)
    guarded.rules.first = True
    guarded.rules.decision = lambda passage, call: other.capability
    promise = PromiseCapability(guarded.turns)
    reference = guarded.membrane.cross(promise, True)
    calls = [call(reference, number=number) for number in range(3)]
    guarded.run()
    calls[0].cancel()
    calls[2].cancel()
    guarded.run()
    promise.resolve(guarded.local(Service()))
    guarded.run()
    assert other.numbers == [1]
    del reference, calls, promise


def test_without_that_rule_a_call_of_a_promise_is_redirected_at_once(guarded):
    other = Service(handler=answer_call)
    guarded.local(other)
    guarded.rules.decision = lambda passage, call: other.capability
    promise = PromiseCapability(guarded.turns)
    reference = guarded.membrane.cross(promise, True)
    answer = call(reference, number=1)
    guarded.run()
    assert answer.done
    assert other.numbers == [1]
    del reference, answer
    promise.reject(Failed("the end"))
