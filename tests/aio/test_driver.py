"""How a link digests what arrives: a flood in rounds, so that others are served in between, and nothing of it is lost at the end."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import caplet
from caplet.aio.driver import MESSAGES_A_ROUND, Link, LoopVat, running_vat
from caplet.aio.peers import Peer
from caplet.limits import Limits
from caplet.rpc import encode
from caplet.rpc.window import DEFAULT_WINDOW_BYTES
from caplet.wire.message import MessageReader

from .conftest import TIMEOUT_S, EchoServer, schema, until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caplet.wire.buffers import Segments

# So much is written without waiting for the end of the turn.
EARLY_WORDS = 8 * 1024
FLOOD = 3 * MESSAGES_A_ROUND + 5


class Silent:
    """A transport that only notes what it is told."""

    unsent_bytes = 0
    peer = Peer("a flood")

    def __init__(self) -> None:
        self.reading = True
        self.ended = False
        self.sent = 0
        self.segments: list[memoryview | bytes] = []

    def window_bytes(self) -> int:
        return DEFAULT_WINDOW_BYTES

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        self.sent += len(messages)
        self.segments += [segment for message in messages for segment in message]

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True


def messages(count: int = FLOOD) -> list[MessageReader]:
    """Return questions, more than one round takes."""
    return [MessageReader([bytes(view) for view in encode.bootstrap(number).output()]) for number in range(count)]


async def linked() -> tuple[Link, Silent]:
    transport = Silent()
    return Link(LoopVat(asyncio.get_running_loop()), transport, None, Limits()), transport


def test_others_are_served_between_the_rounds_of_a_flood() -> None:
    async def main() -> None:
        link, transport = await linked()
        seen: list[int] = []
        flood = messages(FLOOD + 2)
        link.receive_messages(flood[:FLOOD])
        assert link.connection.received == MESSAGES_A_ROUND
        assert not transport.reading
        while link.connection.received < FLOOD:
            # Stands for whatever else the loop has to do.
            await asyncio.sleep(0)
            seen.append(link.connection.received)
        assert seen == [2 * MESSAGES_A_ROUND, 3 * MESSAGES_A_ROUND, FLOOD]
        assert transport.reading
        link.receive_messages(flood[FLOOD:])
        assert link.connection.received == FLOOD + 2

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_few_calls_of_a_flood_come_before_the_answer_to_a_call_of_another_connection() -> None:
    async def main() -> None:
        near, far = socket.socketpair(), socket.socketpair()
        async with (
            caplet.connect(near[0], bootstrap=EchoServer()) as flooded,
            caplet.connect(far[0], bootstrap=EchoServer()),
            caplet.connect(near[1]) as flooding,
            caplet.connect(far[1]) as other,
        ):
            flood, echo = flooding.bootstrap(schema.Echo), other.bootstrap(schema.Echo)
            await flood.echo(number=0)
            await echo.echo(number=0)
            calls = [flood.echo(number=number) for number in range(2500)]
            served = flooded._link.connection
            between: list[int] = []
            for number in range(3):
                before = served.received
                await echo.echo(number=number)
                between.append(served.received - before)
            # The question, the answer, and the way of each through the loop: a round of the flood each time.
            assert max(between) <= 4 * MESSAGES_A_ROUND
            assert sum(between) > 0
            assert served.received < len(calls), "the flood was over before"
            for call in calls:
                await call

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_what_arrives_during_a_flood_comes_behind_it() -> None:
    async def main() -> None:
        link, transport = await linked()
        flood = messages()
        link.receive_messages(flood[:-1])
        link.receive_messages(flood[-1:])
        assert link.connection.received == MESSAGES_A_ROUND
        await until(lambda: transport.reading)
        assert link.connection.received == FLOOD

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_a_flood_that_ends_with_the_connection_is_digested_to_its_end() -> None:
    async def main() -> None:
        link, transport = await linked()
        link.receive_messages(messages())
        link.on_lost(None)
        assert link.connection.received == FLOOD
        assert transport.ended
        assert link.lost.done()
        await asyncio.sleep(0)
        assert link.connection.received == FLOOD

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_a_loop_does_not_keep_the_task_that_asked_for_the_last_turn() -> None:
    async def main() -> None:
        host = running_vat().host

        async def ask() -> None:
            host.wake()

        await asyncio.create_task(ask())
        await until(lambda: not host._turn_is_due)
        assert host._turn_task is None

    asyncio.run(main())


def test_what_a_stream_sends_leaves_while_its_sender_goes_on_and_is_not_copied() -> None:
    async def main() -> None:
        link, transport = await linked()
        echo = schema.Echo(link.bootstrap())
        content = bytes(8 * EARLY_WORDS)
        echo.push(content=content)
        # The question for the object, and the call.
        assert transport.sent == 2
        assert any(isinstance(segment, memoryview) and segment.obj is content for segment in transport.segments)
        half = bytes(4 * EARLY_WORDS)
        echo.push(content=half)
        assert transport.sent == 2
        echo.push(content=half)
        assert transport.sent == 4
        link.connection.disconnect()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_of_many_calls_that_are_sent_together_the_first_leave_while_the_others_are_made_and_are_not_kept() -> None:
    async def main() -> None:
        link, transport = await linked()
        client = schema.Echo(link.bootstrap())
        calls = [client.echo(text="a short one") for _ in range(5000)]
        waiting = link.connection.outbox
        assert sum(message.total_words for message in waiting) < EARLY_WORDS
        assert transport.sent + len(waiting) == 1 + len(calls)
        link.on_lost(None)
        for call in calls:
            call.cancel()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


class Recorded(Silent):
    """Notes how many messages each write has."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[int] = []

    def send(
        self, messages: Sequence[Sequence[memoryview | bytes]], fds: Mapping[int, Sequence[int]] | None = None
    ) -> None:
        self.writes.append(len(messages))


def test_the_first_words_of_a_connection_do_not_wait_for_others_and_later_ones_leave_together() -> None:
    async def main() -> None:
        owner = running_vat()
        one, other = Recorded(), Recorded()
        first, second = Link(owner, one, None, Limits()), Link(owner, other, None, Limits())
        seen: list[tuple[list[int], list[int]]] = []
        kept = []

        async def ask(link: Link) -> None:
            kept.append(link.bootstrap())
            owner.host.make_waiter()
            seen.append((one.writes[:], other.writes[:]))

        # All in one round of the loop.
        await asyncio.gather(ask(first), ask(first), ask(second), ask(first))
        assert seen[:3] == [([1], []), ([1], []), ([1], [1])]
        await until(lambda: one.writes == [1, 2])
        assert other.writes == [1]
        for link in (first, second):
            link.on_lost(None)

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
