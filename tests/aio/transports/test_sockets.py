"""How often the system is asked, how much at a time, and what is copied, on sockets that we watch ourselves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import pytest

import caplet
from caplet.aio.opening import open_place
from caplet.aio.options import StreamOptions
from caplet.aio.peers import Peer
from caplet.aio.transports.sockets import SocketTransport, joined
from caplet.limits import Limits
from caplet.testing.transport_ends import Recorder, content, make_message
from caplet.wire.framing import Framer, frame
from caplet.wire.message import MessageBuilder, MessageReader

from ..conftest import LOOPS, TIMEOUT_S, EchoServer, schema
from .pairs import collector

LARGE_BYTES = 1 << 20
# What the first read of a message may bring before it is known how long it is.
FIRST_READ_BYTES = 64 * 1024


class CountingSocket(socket.socket):
    """A socket that notes what the system is asked for."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        # The pieces of each write, the sizes of what came in memory of its own, and what was put where somebody wanted it: which memory, how much.
        self.writes: list[list[Any]] = []
        self.reads: list[int] = []
        self.filled: list[tuple[int, int]] = []

    def send(self, data: Any, *more: Any) -> int:
        self.writes.append([data])
        return super().send(data, *more)

    def sendmsg(self, buffers: Any, *more: Any) -> int:
        pieces = list(buffers)
        self.writes.append(pieces)
        return super().sendmsg(pieces, *more)

    def recv(self, *more: Any) -> bytes:
        data = super().recv(*more)
        self.reads.append(len(data))
        return data

    def recvmsg(self, *more: Any) -> Any:
        came = super().recvmsg(*more)
        self.reads.append(len(came[0]))
        return came

    def recv_into(self, buffer: Any, *more: Any) -> int:
        size = super().recv_into(buffer, *more)
        self.filled.append((id(memoryview(buffer).obj), size))
        return size


class Keeper(Recorder):
    """Keeps the messages themselves, too."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[MessageReader] = []

    def receive_messages(self, messages: Sequence[MessageReader], fds: Mapping[int, list[int]] | None = None) -> None:
        self.came += messages
        super().receive_messages(messages, fds)


def unix_pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        return near, listener.accept()[0]


KINDS = [(loop, make) for loop in LOOPS for make in (unix_pair, tcp_pair)]
each_kind = pytest.mark.parametrize(("loop", "make"), KINDS, ids=lambda value: getattr(value, "__name__", value))


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    asyncio.set_event_loop_policy(LOOPS[loop]())
    try:
        asyncio.run(asyncio.wait_for(main, TIMEOUT_S))
    finally:
        asyncio.set_event_loop_policy(None)


async def open_pair(
    make: Callable[[], tuple[socket.socket, socket.socket]],
) -> tuple[list[CountingSocket], list[Any], list[Keeper]]:
    """Return both ends' sockets, transports and receivers."""
    sockets = [CountingSocket(sock) for sock in make()]
    receivers = [Keeper(), Keeper()]
    made: dict[str, Any] = {}
    # No descriptors: reads that look for them may not say where bytes are to lie.
    options = StreamOptions(Limits(message_fds=0))
    for sock, name, receiver in zip(sockets, ("near", "far"), receivers, strict=True):
        await open_place(asyncio.get_running_loop(), sock, collector(made, name, receiver), options)
    return sockets, [made["near"], made["far"]], receivers


async def end(transports: list[Any], receivers: list[Keeper]) -> None:
    for transport in transports:
        transport.abort()
    for receiver in receivers:
        await receiver.wait_lost()


@each_kind
def test_many_messages_leave_by_one_write_and_come_by_one_read_H23(loop: str, make: Any) -> None:
    async def main() -> None:
        sockets, transports, receivers = await open_pair(make)
        small = [make_message(number) for number in range(200)]
        transports[0].send(small)
        await receivers[1].wait_messages(200)
        assert [len(sockets[0].writes), len(sockets[1].reads)] == [1, 1]
        # Small and large ones as well, as one vector.
        mixed = [make_message(1), make_message(2, 30_000), make_message(3), make_message(4, 20_000, 3)]
        transports[0].send(mixed)
        assert len(sockets[0].writes) == 2
        assert len(sockets[0].writes[1]) > 1
        await receivers[1].wait_messages(204)
        assert receivers[1].messages == [content(message) for message in small + mixed]
        await end(transports, receivers)

    run(loop, main())


@each_kind
@pytest.mark.parametrize("message_fds", [0, 8])
def test_what_a_peer_sent_before_it_reset_the_connection_comes_and_then_its_end(
    loop: str, make: Any, message_fds: int
) -> None:
    async def main() -> None:
        near, far = make()
        near.send(b"never read")
        # More than one read takes, and no more than the system keeps.
        far.sendall(b"".join(bytes(part) for number in range(90) for part in frame(make_message(number, 1024))))
        receiver = Keeper()
        made: dict[str, Any] = {}
        options = StreamOptions(Limits(message_fds=message_fds))
        await open_place(asyncio.get_running_loop(), near, collector(made, "near", receiver), options)
        far.close()
        await receiver.wait_lost()
        made["near"].close()
        assert len(receiver.came) == 90
        assert isinstance(receiver.lost[0], ConnectionResetError)

    run(loop, main())


@each_kind
def test_a_large_message_is_copied_by_nobody_but_the_system(loop: str, make: Any) -> None:
    async def main() -> None:
        sockets, transports, receivers = await open_pair(make)
        came = receivers[1].came
        sent = make_message(5, LARGE_BYTES)
        transports[0].send([sent])
        await receivers[1].until(lambda: bool(came))
        assert receivers[1].messages == [content(sent)]
        # Its table is all that was made for the way; the system takes a part at a time.
        written = [piece for write in sockets[0].writes for piece in write if len(piece) > 64]
        assert {id(memoryview(piece).obj) for piece in written} <= {id(part.obj) for part in sent}, (
            "it was copied on its way out"
        )
        # The first read could not know; the rest was written by the system where the message lies.
        assert sum(sockets[1].reads) <= FIRST_READ_BYTES
        assert sum(size for _, size in sockets[1].filled) >= LARGE_BYTES - FIRST_READ_BYTES
        lies = {id(segment.view.obj) for segment in came[0].segments}
        assert {memory for memory, _ in sockets[1].filled} == lies, "it was copied on its way in"
        await end(transports, receivers)

    run(loop, main())


@each_kind
def test_the_calls_of_one_turn_and_their_answers_are_one_write_each(loop: str, make: Any) -> None:
    async def main() -> None:
        ours, theirs = (CountingSocket(sock) for sock in make())
        async with caplet.connect(theirs, bootstrap=EchoServer()), caplet.connect(ours) as connection:
            echo: Any = connection.bootstrap(schema.Echo)
            for _ in range(2):  # what belongs to the bootstrap is over then
                await echo.echo(number=0)
            before = [len(ours.writes), len(theirs.writes), len(ours.reads), len(theirs.reads)]
            answers = await asyncio.gather(*[echo.echo(number=number) for number in range(100)])
            assert [answer.number for answer in answers] == list(range(100))
            after = [len(ours.writes), len(theirs.writes), len(ours.reads), len(theirs.reads)]
            assert [one - other for one, other in zip(after, before, strict=True)] == [1, 1, 1, 1]

    run(loop, main())


class Flood:
    """A socket from which one message comes again and again, as much at a time as is asked for; notes how much that was."""

    def __init__(self, words: int) -> None:
        message = MessageBuilder(words + 1)
        message.root.set_blob(bytes((words - 1) * 8))
        self.content = b"".join(frame(message.output()))
        self.at = 0
        self.asked: list[int] = []

    def recv(self, size: int) -> bytes:
        self.asked.append(size)
        start = self.at % len(self.content)
        self.at += size
        return (self.content * (size // len(self.content) + 2))[start : start + size]

    def recv_into(self, room: memoryview) -> int:
        room[:] = self.recv(len(room))
        return len(room)


def reads(flood: Flood, count: int) -> list[int]:
    """Read some times from a flood, and return how many messages each read brought."""
    brought: list[int] = []

    async def main() -> None:
        near, far = socket.socketpair()
        transport = SocketTransport(
            asyncio.get_running_loop(), near, lambda made: Recorder(), Framer(), Limits(), tcp_peer=Peer("a flood")
        )
        sock: Any = flood
        brought.extend(len(transport._read(sock)[1]) for _ in range(count))
        transport.abort()
        far.close()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
    return brought


def test_of_many_small_messages_no_more_is_read_at_a_time_so_that_others_have_their_turn() -> None:
    flood = Flood(14)
    messages = reads(flood, 20)
    assert max(flood.asked) == 64 * 1024
    assert max(messages) <= 64 * 1024 // len(flood.content) + 1


def test_of_large_messages_more_is_read_at_a_time() -> None:
    flood = Flood(1024)
    reads(flood, 20)
    assert max(flood.asked) > 512 * 1024


def test_small_pieces_are_written_as_one_and_large_ones_where_they_are() -> None:
    small: list[memoryview | bytes] = [b"head", memoryview(b"and body")] * 1000
    assert joined(small) == [b"headand body" * 1000]
    large: list[memoryview | bytes] = [b"head", memoryview(bytes(64 * 1024))]
    assert joined(large) is large
    alone: list[memoryview | bytes] = [memoryview(b"body")]
    assert joined(alone) is alone
