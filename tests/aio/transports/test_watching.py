"""Who is told that a socket has something to read: many quiet ones by one epoll of ours, and a busy one by its loop."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import gc
import os
import select
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from caplet.aio.transports.watching import forget, watch

from ..conftest import TIMEOUT_S, until

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that notes which descriptors it watches."""

    def __init__(self) -> None:
        self.watched: set[int] = set()
        super().__init__()

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:
        self.watched.add(fd)
        super().add_reader(fd, callback, *args)

    def remove_reader(self, fd: Any) -> bool:
        self.watched.discard(fd)
        return super().remove_reader(fd)


def run(work: Callable[[CountingLoop], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine in a loop that counts, in bounded time; it is given the loop."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountingLoop)
        async with asyncio.timeout(TIMEOUT_S):
            await work(loop)

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(main())


class Pairs:
    """Pairs of sockets, the near ones of which are watched; notes of which of them was told."""

    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self.loop = loop
        self.pairs = [socket.socketpair() for _ in range(count)]
        self.told: list[int] = []

    def watch(self, index: int, then: Callable[[], object] = lambda: None) -> None:
        """Watch a near socket: each time one byte is taken from it, and then something done."""
        near = self.pairs[index][0]

        def callback() -> None:
            near.recv(1)
            self.told.append(index)
            then()

        watch(self.loop, near.fileno(), callback)

    def forget(self, index: int) -> None:
        forget(self.loop, self.pairs[index][0].fileno())

    async def send(self, *indices: int) -> None:
        """Send one byte to each of some, and wait until so many were told."""
        wanted = len(self.told) + len(indices)
        for index in indices:
            self.pairs[index][1].send(b"x")
        await until(lambda: len(self.told) >= wanted)


@contextmanager
def watched(loop: asyncio.AbstractEventLoop, count: int) -> Iterator[Pairs]:
    """Make pairs of sockets and watch them; they are forgotten and closed at the end."""
    made = Pairs(loop, count)
    with ExitStack() as stack:
        for index, pair in enumerate(made.pairs):
            stack.enter_context(pair[0])
            stack.enter_context(pair[1])
            made.watch(index)
            stack.callback(made.forget, index)
        yield made


def test_the_loop_is_told_of_one_descriptor_for_all_quiet_sockets() -> None:
    async def work(loop: CountingLoop) -> None:
        before = len(loop.watched)
        with watched(loop, 20) as sockets:
            await sockets.send(*range(20))
            await sockets.send(3, 4)
            assert sorted(sockets.told) == sorted([*range(20), 3, 4])
            assert len(loop.watched) == before + 1

    run(work)


def test_a_socket_that_is_often_the_only_one_is_given_to_the_loop_and_a_quiet_one_stays() -> None:
    async def work(loop: CountingLoop) -> None:
        with watched(loop, 2) as sockets:
            number = sockets.pairs[0][0].fileno()
            for _ in range(8):
                assert number not in loop.watched
                await sockets.send(0)
            assert number in loop.watched
            await sockets.send(0, 1)
            assert sorted(sockets.told) == [0] * 9 + [1]
            assert sockets.pairs[1][0].fileno() not in loop.watched
            # It is forgotten like the others, and watched anew as one that is quiet.
            sockets.forget(0)
            assert number not in loop.watched
            sockets.watch(0)
            await sockets.send(0)
            assert number not in loop.watched

    run(work)


def test_sockets_that_have_something_together_are_not_called_busy() -> None:
    async def work(loop: CountingLoop) -> None:
        with watched(loop, 2) as sockets:
            for _ in range(20):
                await sockets.send(0, 1)
            assert not {pair[0].fileno() for pair in sockets.pairs} & loop.watched

    run(work)


def test_who_was_forgotten_by_another_one_is_not_told() -> None:
    async def work(loop: CountingLoop) -> None:
        with watched(loop, 2) as sockets:
            for index in (0, 1):
                sockets.forget(index)
                # Whichever is told first.
                sockets.watch(index, partial(sockets.forget, 1 - index))
            for _, far in sockets.pairs:
                far.send(b"x")
            for _ in range(5):
                # Nothing is waited for: a second one that were told by mistake would be in these rounds of the loop.
                await asyncio.sleep(0)
            (first,) = sockets.told
            sockets.watch(1 - first)
            await until(lambda: len(sockets.told) == 2)
            assert sockets.told == [first, 1 - first]

    run(work)


def test_what_is_raised_for_one_socket_is_reported_and_the_others_are_told() -> None:
    async def work(loop: CountingLoop) -> None:
        reported: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, details: reported.append(details))
        with watched(loop, 3) as sockets:
            for index in range(3):
                sockets.forget(index)
                sockets.watch(index, lambda: 1 // 0)
            await sockets.send(0, 1, 2)
            assert sorted(sockets.told) == [0, 1, 2]
        assert [type(details["exception"]) for details in reported] == [ZeroDivisionError] * 3
        assert all("callback" in details["message"] for details in reported)

    run(work)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_who_wants_to_end_the_program_ends_the_loop_and_the_others_are_told_by_the_next_run(
    kind: type[BaseException],
) -> None:
    def leave() -> None:
        raise kind()

    loop = CountingLoop()
    try:
        with watched(loop, 2) as sockets:
            for index in range(2):
                sockets.forget(index)
                sockets.watch(index, leave)
                sockets.pairs[index][1].send(b"x")
            for count in (1, 2):
                with pytest.raises(kind):
                    loop.run_forever()
                assert len(sockets.told) == count
            assert sorted(sockets.told) == [0, 1]
    finally:
        loop.close()


def test_everybody_has_a_turn_when_more_sockets_are_ready_than_one_round_takes() -> None:
    async def work(loop: CountingLoop) -> None:
        count = 300
        with watched(loop, count) as sockets:
            for _, far in sockets.pairs:
                far.send(b"xx")
            await until(lambda: len(sockets.told) == 2 * count)
            # Nobody was told for a second time before everybody was for the first time but for those of one round.
            assert len(set(sockets.told[: count + 256])) == count

    run(work)


def test_who_watches_is_told_with_the_context_variables_of_the_moment_in_which_it_began() -> None:
    async def work(loop: CountingLoop) -> None:
        seen: list[str] = []
        with watched(loop, 2) as sockets:
            for index, name in enumerate(["first", "second"]):
                sockets.forget(index)
                variable.set(name)
                sockets.watch(index, lambda: seen.append(variable.get()))
            variable.set("later")
            # Also when the loop watches it.
            for _ in range(12):
                await sockets.send(0)
            await sockets.send(1)
        assert seen == ["first"] * 12 + ["second"]

    run(work)


def test_a_socket_that_somebody_else_closed_is_forgotten_like_any_other() -> None:
    async def work(loop: CountingLoop) -> None:
        near, far = socket.socketpair()
        with far:
            number = near.detach()
            watch(loop, number, lambda: None)
            os.close(number)
            forget(loop, number)

    run(work)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_the_watch_ends_with_its_loop_also_when_a_socket_was_not_forgotten() -> None:
    async def leave_one(loop: CountingLoop) -> None:
        near, far = socket.socketpair()
        watch(loop, near.fileno(), lambda: None)
        kept.extend([near, far])

    kept: list[socket.socket] = []
    gc.collect()
    before = open_descriptors()
    for _ in range(3):
        run(leave_one)
    for sock in kept:
        sock.close()
    assert open_descriptors() == before


def no_descriptor_is_left() -> None:
    raise OSError(errno.EMFILE, "Too many open files")


@pytest.mark.parametrize("epoll", [None, no_descriptor_is_left])
def test_where_no_epoll_can_be_had_it_is_left_to_the_loop(monkeypatch: pytest.MonkeyPatch, epoll: Any) -> None:
    if epoll is None:
        monkeypatch.delattr(select, "epoll")
    else:
        monkeypatch.setattr(select, "epoll", epoll)

    async def work(loop: CountingLoop) -> None:
        with watched(loop, 2) as sockets:
            assert {pair[0].fileno() for pair in sockets.pairs} <= loop.watched
            await sockets.send(0, 1)
        assert not {pair[0].fileno() for pair in sockets.pairs} & loop.watched

    run(work)
