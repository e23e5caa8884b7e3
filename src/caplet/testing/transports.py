"""What every transport must do, as a suite that anybody's transport can be put through.

Waits for what must happen, and never for time to pass; only what never happens runs into a limit.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from caplet.errors import DecodeError
from caplet.limits import Limits
from caplet.testing.relay import Relay
from caplet.testing.transport_cuts import check_cuts
from caplet.testing.transport_ends import OpenPair, Recorder, Transports, content, go_around, make_message, open_one

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["CHECKS", "OpenPair", "Recorder", "Transports", "check_transport"]

# How long one check may take: one of them holds a conversation for each byte of one, which takes a minute where much else is done.
TIMEOUT_S = 240.0


# --- what is checked --------------------------------------------------------------------------------------------------------------------


async def check_order_and_wholeness(kind: Transports) -> None:
    """Messages arrive as they are, in order, in both directions, however they are grouped."""
    pair = await open_one(kind)
    sent = [make_message(number, 8 << number % 12, 1 + number % 5) for number in range(60)]
    for start, end in ((0, 1), (1, 3), (3, 40), (40, 60)):
        pair.near.send(sent[start:end])
        pair.far.send(sent[start:end])
    for side in (pair.near_side, pair.far_side):
        await side.wait_messages(len(sent))
        assert side.messages == [content(message) for message in sent]
    await pair.end()


async def check_large_messages(kind: Transports) -> None:
    """A message larger than any buffer arrives whole, between small ones, both ways at once."""
    pair = await open_one(kind)
    sent = [
        make_message(1),
        make_message(2, 5 * kind.large_bytes),
        make_message(3),
        make_message(4, 3 * kind.large_bytes, 7),
    ]
    pair.near.send(sent)
    pair.far.send(sent)
    for side in (pair.near_side, pair.far_side):
        await side.wait_messages(len(sent))
        assert side.messages == [content(message) for message in sent]
    await pair.end()


async def check_many_small_messages(kind: Transports) -> None:
    """Thousands of messages of one turn, and of many turns."""
    pair = await open_one(kind)
    sent = [make_message(number) for number in range(3000)]
    pair.near.send(sent)
    for message in sent:
        pair.far.send([message])
    for side in (pair.near_side, pair.far_side):
        await side.wait_messages(len(sent))
        assert side.messages == [content(message) for message in sent]
    await pair.end()


async def check_back_pressure(kind: Transports) -> None:
    """A peer that does not read is noticed, what waits for it is counted, and all arrives when it reads again; both ways."""
    pair = await open_one(kind)
    for one in (pair, pair.turned()):
        one.far.pause_reading()
        await go_around()
        before = len(one.far_side.messages)
        count = 0
        while one.near_side.writable[-1:] != [False]:
            one.near.send([make_message(count, kind.large_bytes // 4)])
            count += 1
            assert count < 2000, "the transport takes without end for a peer that does not read"
            await asyncio.sleep(0)
        assert one.near.unsent_bytes > 0, "what the peer does not read is counted"
        one.far.resume_reading()
        await one.far_side.wait_messages(before + count)
        await one.near_side.until(lambda one=one: one.near_side.writable[-1])  # type: ignore[misc]
    await pair.end()


async def check_pause_and_resume(kind: Transports) -> None:
    """Who paused reading gets nothing until it reads again; then everything in order."""
    pair = await open_one(kind)
    pair.near.send([make_message(0)])
    await pair.far_side.wait_messages(1)
    pair.far.pause_reading()
    pair.far.pause_reading()
    sent = [make_message(number, 64) for number in range(1, 200)]
    pair.near.send(sent)
    await go_around()
    assert len(pair.far_side.messages) == 1, "nothing comes while reading is paused"
    pair.far.send([make_message(7)])
    await pair.near_side.wait_messages(1)
    pair.far.resume_reading()
    pair.far.resume_reading()
    await pair.far_side.wait_messages(200)
    assert pair.far_side.messages[1:] == [content(message) for message in sent]
    await pair.end()


async def check_close_sends_everything(kind: Transports) -> None:
    """What was sent before `close` arrives, nothing sent after it, and the end is orderly."""
    pair = await open_one(kind)
    sent = [make_message(number, kind.large_bytes) for number in range(6)]
    pair.near.send(sent)
    pair.near.close()
    pair.near.send([make_message(99)])
    await pair.far_side.wait_lost()
    assert pair.far_side.messages == [content(message) for message in sent]
    assert pair.far_side.lost == [None]
    await pair.end()


async def check_a_last_word(kind: Transports) -> None:
    """Who hears of the end may still say why it ends its side, and does not fail when nobody listens."""
    pair = await open_one(kind)
    pair.near.close()
    await pair.far_side.wait_lost()
    pair.far.send([make_message(1, kind.large_bytes)])
    await pair.end()


async def check_abort(kind: Transports) -> None:
    """An aborted connection is over on both sides at once, whatever is unsent."""
    pair = await open_one(kind)
    pair.far.pause_reading()
    for number in range(8):
        pair.near.send([make_message(number, kind.large_bytes)])
    pair.near.abort()
    await pair.near_side.wait_lost()
    assert pair.near.unsent_bytes == 0
    pair.far.resume_reading()
    await pair.end()


async def check_the_end_is_told_once(kind: Transports) -> None:
    """Closing and aborting again and again, from both sides, is harmless."""
    pair = await open_one(kind)
    for transport in (pair.near, pair.far, pair.near, pair.far):
        transport.close()
        transport.abort()
        transport.send([make_message(1)])
        transport.pause_reading()
        transport.resume_reading()
    await pair.end()


async def check_floods_both_ways(kind: Transports) -> None:
    """Two peers that both send much before they read anything both get through: reading never waits for writing."""
    pair = await open_one(kind)
    sent = [make_message(number, kind.large_bytes // 4) for number in range(64)]
    pair.near.send(sent)
    pair.far.send(sent)
    for side in (pair.near_side, pair.far_side):
        await side.wait_messages(len(sent))
    await pair.end()


async def check_limits(kind: Transports) -> None:
    """A message beyond the limits ends the connection with an error that says so; what came before it has arrived."""
    pair = await open_one(kind, Limits(traversal_words=1000))
    pair.near.send([make_message(1)])
    await pair.far_side.wait_messages(1)
    pair.near.send([make_message(2, 64 * 1024)])
    await pair.far_side.wait_lost()
    assert len(pair.far_side.messages) == 1
    error = pair.far_side.lost[0]
    assert isinstance(error, DecodeError | ConnectionError), repr(error)
    pair.far.close()
    await pair.end()


async def check_who_the_peer_is(kind: Transports) -> None:
    """Both ends say who the other is."""
    pair = await open_one(kind)
    assert str(pair.near.peer)
    assert str(pair.far.peer)
    await pair.end()


async def check_chunks(kind: Transports) -> None:
    """Bytes that arrive one by one, late, through the smallest buffers make the same messages."""
    if not kind.relayed:
        return
    sent = [make_message(number, 8 << number % 8, 1 + number % 3) for number in range(20)]
    for relay in (
        Relay(chunk_bytes=1),
        Relay(chunk_bytes=1, pauses=True),
        Relay(chunk_bytes=7, tiny_buffers=True),
        Relay(chunk_bytes=4000, pauses=True, tiny_buffers=True),
    ):
        async with relay:
            pair = await open_one(kind, relay=relay)
            pair.near.send(sent)
            pair.far.send(sent)
            for side in (pair.near_side, pair.far_side):
                await side.wait_messages(len(sent))
                assert side.messages == [content(message) for message in sent]
            await pair.end()


async def check_descriptors(kind: Transports) -> None:
    """Descriptors arrive with their messages, as many as the limit allows; those left over are closed, and none is lost."""
    if not kind.fds:
        return
    pair = await open_one(kind, Limits(message_fds=3))
    for one in (pair, pair.turned()):
        source, sink = os.pipe()
        first = len(one.far_side.messages)
        messages = [make_message(number, 100 * 1024 if number == 2 else 8) for number in range(5)]
        one.near.send(messages, {1: [sink], 2: [sink, source], 4: [sink] * 5})
        os.close(source)
        await one.far_side.wait_messages(first + 5)
        assert one.far_side.messages[first:] == [content(message) for message in messages]
        came = {place - first: fds for place, fds in one.far_side.fds.items() if place >= first}
        assert {place: len(fds) for place, fds in came.items()} == {1: 1, 2: 2, 4: 3}
        os.close(sink)
        os.write(came[1][0], b"through")
        assert os.read(came[2][1], 100) == b"through"
        for fds in came.values():
            for fd in fds:
                assert not os.get_inheritable(fd), "a descriptor that came would leak into child processes"
                if fd != came[2][1]:
                    os.close(fd)
        # Nobody writes any more: no copy was left open.
        assert os.read(came[2][1], 100) == b""
        os.close(came[2][1])
    await pair.end()


CHECKS: tuple[Callable[[Transports], Awaitable[None]], ...] = (
    check_order_and_wholeness,
    check_large_messages,
    check_many_small_messages,
    check_back_pressure,
    check_pause_and_resume,
    check_close_sends_everything,
    check_a_last_word,
    check_abort,
    check_the_end_is_told_once,
    check_floods_both_ways,
    check_limits,
    check_who_the_peer_is,
    check_chunks,
    check_cuts,
    check_descriptors,
)


async def check_transport(
    open_pair: OpenPair,
    *,
    relayed: bool = True,
    fds: bool = False,
    cut_step: int = 1,
    opening_step: int = 1,
    large_bytes: int = 1 << 20,
) -> None:
    """Put a kind of transport through everything that a transport must do.

    Args:
        open_pair: makes the two ends of a connection.
        relayed: whether the connection can go through a relay of bytes; without one, chunks are not checked, nor cuts within messages.
        fds: whether file descriptors go with messages.
        cut_step: at every how many bytes of a conversation it is cut; more for kinds that take long to open.
        opening_step: at every how many bytes of what goes before a conversation, such as a handshake, it is cut.
        large_bytes: how large a large message is.

    Raises:
        AssertionError: it does not do what it must.
        TimeoutError: something that must happen did not.
    """
    kind = Transports(open_pair, relayed, fds, cut_step, opening_step, large_bytes)
    for check in CHECKS:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await check(kind)
        except (AssertionError, TimeoutError) as error:
            error.add_note(f"in {check.__name__}: {check.__doc__}")
            raise
