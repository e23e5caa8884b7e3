"""The turn queue never forgets that something waits, whoever put it there, and at whatever moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from caplet.cap.turns import Turns
from caplet.testing.host import SimulatedHost


class Seen(deque[Any]):
    """A queue in whose look for more something happens once: another thread comes exactly then."""

    def __init__(self, behind: Callable[[], None]) -> None:
        super().__init__()
        self._behind: Callable[[], None] | None = behind

    def __bool__(self) -> bool:
        found = len(self) > 0
        if not found and self._behind is not None:
            behind, self._behind = self._behind, None
            behind()
        return found


class Dropped:
    """Something whose references are counted."""

    def __init__(self) -> None:
        self.drops = 0

    def drop_use(self) -> None:
        self.drops += 1


@pytest.fixture
def host() -> SimulatedHost:
    return SimulatedHost()


@pytest.fixture
def turns(host: SimulatedHost) -> Turns:
    return Turns(host)


def test_a_reference_dropped_by_another_thread_at_the_end_of_a_run_gets_a_turn(
    host: SimulatedHost, turns: Turns
) -> None:
    thing = Dropped()
    # The last look at the queue: turns still run, so that nobody is woken by this.
    turns.queue = Seen(lambda: turns.drop(thing))
    turns.run()
    assert host.awake
    turns.run()
    assert thing.drops == 1
    assert turns.idle


def test_a_call_made_at_the_end_of_a_run_gets_a_turn(host: SimulatedHost, turns: Turns) -> None:
    happened: list[int] = []
    turns.queue = Seen(lambda: turns.defer(lambda: happened.append(1)))
    turns.run()
    assert host.awake
    turns.run()
    assert happened == [1]


def test_what_waits_behind_something_that_breaks_gets_a_turn(host: SimulatedHost, turns: Turns) -> None:
    happened: list[int] = []

    def break_off() -> None:
        raise MemoryError

    turns.defer(break_off)
    turns.defer(lambda: happened.append(1))
    host.awake = False
    with pytest.raises(MemoryError):
        turns.run()
    assert host.awake
    turns.run()
    assert happened == [1]


@pytest.mark.parametrize("name", ["queue", "drops"])
def test_a_wish_that_is_taken_back_is_made_again_by_whoever_comes_then(
    host: SimulatedHost, turns: Turns, name: str
) -> None:
    thing = Dropped()
    setattr(turns, name, Seen(lambda: turns.drop(thing)))
    turns.expect()
    rested = turns.rest()
    # Either the drop was seen, or it has asked for a turn itself.
    assert not rested or host.awake
    turns.run()
    assert thing.drops == 1


def test_turns_that_run_are_not_taken_back(host: SimulatedHost, turns: Turns) -> None:
    rested: list[bool] = []
    turns.defer(lambda: rested.append(turns.rest()))
    turns.run()
    assert rested == [False]


class Interrupted:
    """Something that was put off, and in which Ctrl-C comes."""

    def go_on(self) -> None:
        raise KeyboardInterrupt


def test_an_interruption_of_what_was_put_off_leaves_the_depth_as_it_was() -> None:
    turns = Turns(SimulatedHost())
    for _ in range(2):
        assert turns.descend()
    turns.later.append(Interrupted())
    turns.ascend()
    with pytest.raises(KeyboardInterrupt):
        turns.ascend()
    assert turns.depth == 0
