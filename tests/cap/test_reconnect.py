"""References that outlive connections, on a simulated network with virtual time."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from caplet.cap.reconnect import Generation, Reconnect, Reconnector, State
from caplet.errors import Disconnected, Failed, Overloaded
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, capabilities_of, new_call, number_of


class Redial:
    """Alice reconnects to bob, whenever he is up."""

    def __init__(self) -> None:
        self.network = Network()
        self.bob = Service(handler=answer_call)
        self.kept = self.bob.capability
        self.network.add_vat("alice")
        self.network.add_vat("bob", self.kept)
        self.up = True
        self.tried_s: list[float] = []
        self.dropped: list[str] = []
        self.pending: list[Generation] | None = None

    def make(self, **policy: object) -> Reconnector:
        turns = self.network.vats["alice"].vat.turns
        self.reconnector = Reconnector(turns, Reconnect(**policy), self.open, lambda: 1.0)  # type: ignore[arg-type]
        return self.reconnector

    def open(self, generation: Generation) -> None:
        self.tried_s.append(round(self.network.host.now_s(), 3))
        if self.pending is not None:
            self.pending.append(generation)
        elif self.up:
            self.connect(generation)
        else:
            generation.failed(Disconnected("bob is down"))

    def connect(self, generation: Generation) -> None:
        link = self.network.connect("alice", "bob")
        connection = link.ends["alice"]

        def drop(error: Exception) -> None:
            self.dropped.append(str(error))
            self.cut()

        generation.drop = drop
        connection.on_closed(generation.lost)
        generation.opened(connection.bootstrap())

    def cut(self) -> None:
        self.network.cut("alice", "bob")

    def advance(self, seconds: float) -> None:
        self.network.host.advance(seconds)
        self.network.run()


@pytest.fixture
def redial() -> Iterator[Redial]:
    made = Redial()
    yield made
    made.reconnector.close(Disconnected("the test is over"))
    made.bob.held.clear()
    made.bob.cancelled.clear()
    made.network.run()
    made.network.assert_idle()


def test_waits_grow_up_to_a_bound_and_chance_shortens_them():
    policy = Reconnect(first_delay_s=1, growth=3, longest_delay_s=10, jitter=0.5)
    assert [policy.delay_s(failures, 0.0) for failures in range(6)] == [0, 1, 3, 9, 10, 10]
    assert [policy.delay_s(failures, 1.0) for failures in range(4)] == [0, 0.5, 1.5, 4.5]
    assert policy.delay_s(10**9, 0.5) == 7.5


@pytest.mark.parametrize(
    "wrong",
    [{"first_delay_s": -1}, {"growth": 0.5}, {"jitter": 1.5}, {"attempts": 0}, {"waiting_calls": -1}, {"steady_s": -1}],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Reconnect(**wrong)


def test_calls_after_a_loss_go_to_the_next_connection(redial):
    front = redial.make().capability()
    assert redial.reconnector.capability() is front
    first = call(front, number=1)
    redial.network.run()
    redial.bob.handler = None
    lost = call(front, number=2)
    redial.network.run()
    redial.cut()
    assert isinstance(lost.error, Disconnected)
    redial.bob.handler = answer_call
    second = call(front, number=3)
    redial.advance(1)
    assert second.done
    assert second.error is None
    assert first.error is None
    assert redial.bob.numbers == [1, 2, 3]
    assert redial.reconnector.number == 2


def test_what_came_over_a_lost_connection_stays_lost(redial):
    front = redial.make().capability()
    inner = Service(handler=answer_call)
    kept = inner.capability
    redial.bob.handler = lambda call: answer_call(call, 0, [kept])
    answer = call(front)
    redial.network.run()
    [found] = capabilities_of(answer.result())
    broken = []
    found.when_broken(broken.append)
    redial.cut()
    redial.advance(1)
    later = call(found)
    redial.network.run()
    assert isinstance(later.error, Disconnected)
    assert len(broken) == 1


def test_a_request_that_was_begun_before_a_loss_is_sent_after_it(redial):
    front = redial.make().capability()
    redial.network.run()
    request = new_call(front, number=5)
    redial.cut()
    redial.advance(1)
    answer = request.send()
    early = new_call(front, number=6)
    redial.network.run()
    assert answer.done
    assert answer.error is None
    assert redial.bob.numbers == [5]
    early.discard()


def test_eager_attempts_back_off_and_calls_wait(redial):
    redial.up = False
    front = redial.make(first_delay_s=1, longest_delay_s=4, jitter=0.5).capability()
    answers = [call(front, number=number) for number in range(3)]
    redial.advance(5.6)
    assert redial.tried_s == [0, 0.5, 1.5, 3.5, 5.5]
    assert redial.reconnector.state is State.WAITING
    assert not any(answer.done for answer in answers)
    redial.up = True
    redial.advance(2)
    assert [answer.error for answer in answers] == [None] * 3
    assert redial.bob.numbers == [0, 1, 2]
    assert "bob is down" in str(redial.reconnector.last_error)


def test_a_lazy_one_opens_with_the_first_call_and_again_with_the_first_after_a_loss(redial):
    front = redial.make(lazy=True).capability()
    redial.advance(100)
    assert redial.tried_s == []
    assert redial.reconnector.state is State.IDLE
    call(front, number=1)
    redial.network.run()
    assert redial.tried_s == [100]
    redial.advance(10)
    redial.cut()
    redial.advance(100)
    assert redial.tried_s == [100]
    call(front, number=2)
    redial.network.run()
    assert redial.tried_s == [100, 210]
    assert redial.bob.numbers == [1, 2]


def test_connections_that_do_not_last_are_opened_ever_more_slowly(redial):
    redial.make(first_delay_s=1, jitter=0, steady_s=5)
    redial.network.run()
    for _ in range(3):
        redial.cut()
        redial.advance(4)
    assert redial.tried_s == [0, 1, 6, 12]
    redial.advance(10)
    redial.cut()
    assert redial.tried_s[-1] == 22
    redial.network.run()


def test_after_so_many_attempts_what_waits_fails_and_the_next_call_tries_again(redial):
    redial.up = False
    front = redial.make(attempts=3, first_delay_s=1, jitter=0).capability()
    answer = call(front, number=1)
    redial.advance(100)
    assert isinstance(answer.error, Disconnected)
    assert "3 attempts" in str(answer.error)
    assert "bob is down" in str(answer.error)
    assert redial.tried_s == [0, 1, 3]
    redial.up = True
    answer = call(front, number=2)
    redial.network.run()
    assert answer.done
    assert answer.error is None


def test_calls_that_wait_are_bounded(redial):
    redial.up = False
    front = redial.make(waiting_calls=2).capability()
    answers = [call(front, number=number) for number in range(3)]
    assert isinstance(answers[2].error, Overloaded)
    redial.up = True
    redial.advance(1)
    assert redial.bob.numbers == [0, 1]


def test_a_call_that_waits_can_be_cancelled(redial):
    redial.up = False
    front = redial.make().capability()
    answer = call(front, number=1)
    answer.cancel()
    redial.network.run()
    redial.up = True
    redial.advance(1)
    assert redial.bob.numbers == []


def test_resetting_drops_the_connection_and_opens_the_next_at_once(redial):
    front = redial.make().capability()
    redial.bob.handler = None
    answer = call(front, number=1)
    redial.network.run()
    redial.reconnector.reset(Disconnected("moved"))
    assert isinstance(answer.error, Disconnected)
    assert redial.dropped == ["moved"]
    assert redial.reconnector.number == 2
    redial.bob.handler = answer_call
    later = call(front, number=2)
    redial.network.run()
    assert later.error is None


def test_resetting_ends_a_wait_and_forgets_an_attempt(redial):
    redial.up = False
    front = redial.make(first_delay_s=1000).capability()
    answer = call(front, number=1)
    redial.pending = []
    redial.reconnector.reset(Disconnected("look again"))
    assert len(redial.pending) == 1
    redial.reconnector.reset(Disconnected("and again"))
    stale, fresh = redial.pending
    redial.pending = None
    stale.failed(Disconnected("too late"))
    assert redial.reconnector.state is State.OPENING
    redial.connect(fresh)
    stale.lost(Disconnected("never was"))
    redial.network.run()
    assert answer.done
    assert answer.error is None


def test_closing_fails_what_waits_and_all_later_calls(redial):
    redial.up = False
    front = redial.make().capability()
    broken = []
    front.when_broken(broken.append)
    forgotten = front.when_broken(broken.append)
    forgotten.cancel()
    answer = call(front, number=1)
    redial.reconnector.close(Disconnected("closed here"))
    redial.reconnector.close(Disconnected("twice"))
    redial.reconnector.reset(Disconnected("nothing to reset"))
    later = call(front, number=2)
    redial.advance(1000)
    assert [str(one.error) for one in (answer, later)] == ["closed here"] * 2
    assert [str(error) for error in broken] == ["closed here"]
    assert redial.tried_s == [0]


def test_an_object_that_fails_is_no_lost_connection(redial):
    front = redial.make().capability()
    redial.bob.handler = lambda call: call.fail(Failed("no"))
    answer = call(front)
    redial.network.run()
    assert "no" in str(answer.error)
    assert redial.reconnector.number == 1


def test_pipelined_calls_go_with_their_call(redial):
    inner = Service(handler=lambda call: answer_call(call, 9))
    kept = inner.capability
    redial.bob.handler = lambda call: answer_call(call, 0, [kept])
    redial.up = False
    front = redial.make().capability()
    answer = call(front)
    piped = call(answer.pipeline((0,)), number=4)
    redial.up = True
    redial.advance(1)
    assert number_of(piped.result()) == 9
    assert inner.numbers == [4]


def test_the_reference_is_an_object_of_its_own_to_others(redial):
    """What it leads to just now is never told: it would not outlive the connection."""
    front = redial.make().capability()
    redial.network.run()
    given = []
    redial.bob.handler = lambda call: (given.append(capabilities_of(call.params)[0]), answer_call(call))
    call(front, capabilities=[front])
    redial.network.run()
    assert given[0] is not redial.kept
    redial.bob.handler = answer_call
    back = call(given[0], number=7)
    redial.network.run()
    assert back.done
    assert redial.bob.numbers[-1] == 7
    assert "generation 1, connected" in front.describe()
    given.clear()
    del back
    gc.collect()
