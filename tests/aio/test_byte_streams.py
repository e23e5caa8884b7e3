"""Byte streams and streams of items: copied in and out, held back, cut off, handed on."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import caplet

from .conftest import until

TIMEOUT_S = 60

pytestmark = pytest.mark.usefixtures("each_loop")
DATA = bytes(range(256)) * 1000


def within_a_minute(coroutine: Any) -> None:
    asyncio.run(asyncio.wait_for(coroutine, TIMEOUT_S))


def connected(server: Any, use: Callable[[Any], Any], interface: Any = caplet.ByteStream) -> None:
    async def main() -> None:
        async with caplet.serve("memory:bytes", server), caplet.connect("memory:bytes") as connection:
            await use(connection.bootstrap(interface))

    within_a_minute(main())


async def pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(DATA), 10_000):
        yield DATA[start : start + 10_000]


@pytest.mark.parametrize("kind", ["bytes", "view", "file", "stream", "iterator", "list"])
def test_any_source_is_copied_into_a_byte_stream(kind: str, tmp_path: Path) -> None:
    receiver = caplet.ByteReceiver()

    async def use(stream: Any) -> None:
        source: Any = {
            "bytes": DATA,
            "view": memoryview(DATA),
            "iterator": pieces(),
            "list": [DATA[:7], b"", bytearray(DATA[7:])],
        }.get(kind)
        if kind == "file":
            (tmp_path / "data").write_bytes(DATA)
            source = (tmp_path / "data").open("rb")
        elif kind == "stream":
            source = asyncio.StreamReader()
            source.feed_data(DATA)
            source.feed_eof()
        reading = asyncio.create_task(receiver.read())
        assert await caplet.copy_bytes(source, stream, chunk_bytes=8192) == len(DATA)
        assert await reading == DATA
        if kind == "file":
            source.close()

    connected(receiver, use)


def test_pieces_are_no_larger_than_asked_and_reading_takes_what_it_wants() -> None:
    receiver = caplet.ByteReceiver()

    async def use(stream: Any) -> None:
        copying = asyncio.create_task(caplet.copy_bytes(b"0123456789", stream, chunk_bytes=4))
        found = [await receiver.read(3), await receiver.read(3), await receiver.read(0), await receiver.read(100)]
        assert found == [b"012", b"3", b"", b"4567"]
        assert [piece async for piece in receiver] == [b"89"]
        assert await receiver.read(5) == b""
        await copying
        with pytest.raises(ValueError, match="at least 1"):
            await caplet.copy_bytes(b"x", stream, chunk_bytes=0)

    connected(receiver, use)


def test_a_byte_stream_is_written_to_a_file_a_pipe_and_an_asyncio_stream(tmp_path: Path) -> None:
    file = (tmp_path / "copy").open("wb")
    to_file = caplet.ByteWriter(file, close=True)

    async def use_file(stream: Any) -> None:
        await caplet.copy_bytes(DATA, stream)
        assert await to_file.wait_ended() == len(DATA)
        with pytest.raises(caplet.Failed, match="was ended before"):
            await asyncio.gather(*[stream.write(b"x") for _ in range(2)], stream.end())

    connected(to_file, use_file)
    assert file.closed
    assert (tmp_path / "copy").read_bytes() == DATA

    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        connected(caplet.ByteWriter(pipe), lambda stream: caplet.copy_bytes(b"through a pipe", stream))
        assert os.read(reading, 100) == b"through a pipe"
    os.close(reading)

    async def main() -> None:
        got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(peer, "127.0.0.1", 0) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            stream = caplet.this_cap(caplet.ByteWriter(writer, close=True))
            await caplet.copy_bytes(DATA, stream)
            assert await got == DATA

    within_a_minute(main())


def test_a_writer_waits_while_nobody_reads() -> None:
    receiver = caplet.ByteReceiver(limit=2)

    async def use(stream: Any) -> None:
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(100):
                await stream.write(bytes(50_000))
                sent += 1
            await stream.end()

        sending = asyncio.create_task(send())
        await until(lambda: sent > 0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert sent < 10
        assert len(await receiver.read()) == 100 * 50_000
        await sending

    connected(receiver, use)


def test_a_stream_that_is_cut_off_says_so_behind_what_came() -> None:
    receivers: list[caplet.ByteReceiver] = []

    def make(peer: object) -> caplet.ByteReceiver:
        receivers.append(caplet.ByteReceiver())
        return receivers[0]

    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", make) as serving:
            async with caplet.connect(serving.address) as connection:
                await connection.bootstrap(caplet.ByteStream).write(b"half")
                assert await (await until_one(receivers)).read(10) == b"half"
            with pytest.raises(caplet.Disconnected, match="released before it was ended"):
                await receivers[0].read()

    within_a_minute(main())


async def until_one(receivers: list[caplet.ByteReceiver]) -> caplet.ByteReceiver:
    await until(lambda: bool(receivers))
    return receivers[0]


def test_a_reader_that_gives_up_fails_the_writer() -> None:
    receiver = caplet.ByteReceiver(limit=1)

    async def use(stream: Any) -> None:
        copying = asyncio.create_task(caplet.copy_bytes(pieces(), stream))
        await receiver.read(1)
        receiver.abandon()
        with pytest.raises(caplet.Failed, match=r"nobody takes|the stream is closed"):
            await copying

    connected(receiver, use)


# --- substreams -------------------------------------------------------------------------------------------------------------------------


class Callback(caplet.ByteStream.SubstreamCallback.Server):
    """Notes what it hears, and goes on with another stream."""

    def __init__(self, following: Any = None) -> None:
        self.following = following
        self.counts: list[int] = []

    async def ended(self, byte_count: int) -> None:
        self.counts.append(byte_count)

    async def reached_limit(self) -> Any:
        self.counts.append(-1)
        return (self.following,)


def test_a_substream_that_is_ended_leaves_the_stream_open() -> None:
    receiver = caplet.ByteReceiver()
    callback = Callback()

    async def use(stream: Any) -> None:
        substream = stream.get_substream(callback).substream
        assert await caplet.copy_bytes(b"through the substream", substream) == 21
        assert callback.counts == [21]
        await stream.write(b" and directly")
        await stream.end()
        assert await receiver.read() == b"through the substream and directly"

    connected(receiver, use)


@pytest.mark.parametrize("size", [1, 4, 7, 100])
def test_a_substream_goes_on_with_the_next_stream_beyond_its_limit(size: int) -> None:
    first, second = caplet.ByteReceiver(limit=1000), caplet.ByteReceiver(limit=1000)
    callback = Callback(second)

    async def use(stream: Any) -> None:
        substream = stream.get_substream(callback, 12).substream
        await caplet.copy_bytes(bytes(range(40)), substream, chunk_bytes=size)
        assert await second.read() == bytes(range(12, 40))
        await stream.end()
        assert await first.read() == bytes(range(12))
        assert callback.counts == [-1]

    connected(first, use)


def test_a_substream_has_substreams_of_its_own() -> None:
    first, second = caplet.ByteReceiver(), caplet.ByteReceiver()
    outer, inner, late = Callback(second), Callback(), Callback()

    async def use(stream: Any) -> None:
        substream = stream.get_substream(outer, 6).substream
        nested = substream.get_substream(inner).substream
        await nested.write(b"abc")
        await nested.end()
        await substream.write(b"defghi")
        beyond = substream.get_substream(late).substream
        await caplet.copy_bytes(b"jkl", beyond)
        await substream.end()
        assert (inner.counts, outer.counts, late.counts) == ([3], [-1], [3])
        await stream.end()
        assert (await first.read(), await second.read()) == (b"abcdef", b"ghijkl")

    connected(first, use)


def test_what_a_stream_does_not_have_is_unimplemented() -> None:
    async def use(stream: Any) -> None:
        await stream.start_tls("example.com")
        await stream.end()
        with pytest.raises(caplet.Unimplemented, match="startTls"):
            await stream.start_tls("example.com")

    connected(caplet.ByteReceiver(), use)


# --- items ------------------------------------------------------------------------------------------------------------------------------


def test_items_of_an_iterator_go_into_a_stream_and_come_out_of_an_iterator() -> None:
    from .conftest import schema

    class Sink(schema.Echo.Server):
        def __init__(self) -> None:
            self.items: caplet.ItemStream[bytes] = caplet.ItemStream(limit=2)

        async def push(self, content: bytes) -> None:
            await self.items.put(content)

        async def done(self) -> None:
            self.items.close()

    async def numbers() -> AsyncIterator[bytes]:
        for number in range(20):
            yield b"%d" % number

    sink = Sink()

    async def use(echo: Any) -> None:
        async def send() -> None:
            assert await caplet.send_items(echo.push, numbers()) == 20
            assert await caplet.send_items(echo.push, [b"20", b"21"]) == 2
            await echo.done()

        sending = asyncio.create_task(send())
        assert [int(item) async for item in sink.items] == list(range(22))
        await sending

    connected(sink, use, schema.Echo)


def test_an_item_stream_ends_fails_and_wakes_those_who_wait() -> None:
    async def main() -> None:
        stream: caplet.ItemStream[int] = caplet.ItemStream(limit=1)
        taking = asyncio.create_task(anext(stream))
        second = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        taking.cancel()
        await stream.put(1)
        assert await second == 1
        await stream.put(2)
        giving = asyncio.create_task(stream.put(3))
        await asyncio.sleep(0)
        assert not giving.done()
        assert await anext(stream) == 2
        await giving
        stream.close(ValueError("cut"))
        stream.close()
        assert await anext(stream) == 3
        with pytest.raises(ValueError, match="cut"):
            await anext(stream)
        with pytest.raises(caplet.Failed, match="the stream is closed: cut"):
            await stream.put(4)
        ended: caplet.ItemStream[int] = caplet.ItemStream()
        ended.close()
        assert [item async for item in ended] == []
        with pytest.raises(caplet.Failed, match="the stream is closed"):
            await ended.put(1)
        with pytest.raises(ValueError, match="at least 1"):
            caplet.ItemStream(limit=0)

    within_a_minute(main())


def test_a_file_object_in_memory_is_a_target() -> None:
    target = io.BytesIO()
    connected(caplet.ByteWriter(target), lambda stream: caplet.copy_bytes(DATA, stream))
    assert target.getvalue() == DATA


class Narrow(io.RawIOBase):
    """A file without a buffer, which takes a few bytes at a time, as one that stands upon a socket may."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int | None:
        left = self.room - len(self.taken)
        if not left:
            return None
        part = bytes(piece[: min(7, left)])
        self.taken += part
        return len(part)


def test_a_file_without_a_buffer_gets_every_byte_or_the_writer_hears_that_it_does_not() -> None:
    target = Narrow(1000)

    async def use(stream: Any) -> None:
        assert await caplet.copy_bytes(DATA[:1000], stream, chunk_bytes=100) == 1000
        assert target.taken == DATA[:1000]

    async def fill(stream: Any) -> None:
        with pytest.raises(caplet.Failed, match="the file has no room"):
            await caplet.copy_bytes(b"x", stream)

    connected(caplet.ByteWriter(target), use)
    connected(caplet.ByteWriter(target), fill)


def test_a_source_may_give_what_is_to_be_awaited_though_its_function_does_not_say_so() -> None:
    reader = io.BytesIO(DATA)

    async def later(data: bytes) -> bytes:
        await asyncio.sleep(0)
        return data

    class Wrapped:
        def read(self, n: int = -1, /) -> Any:
            return later(reader.read(n))

    receiver = caplet.ByteReceiver()

    async def use(stream: Any) -> None:
        reading = asyncio.create_task(receiver.read())
        await caplet.copy_bytes(Wrapped(), stream)
        assert await reading == DATA

    connected(receiver, use)


@pytest.mark.parametrize("kind", ["iterable", "asynchronous"])
def test_the_next_item_is_sent_when_there_is_room_for_it(kind: str) -> None:
    async def main() -> None:
        stream: caplet.ItemStream[int] = caplet.ItemStream(limit=2)
        asked: list[int] = []

        def numbers() -> Iterator[int]:
            for number in range(10):
                asked.append(number)
                yield number

        async def numbers_later() -> AsyncIterator[int]:
            for number in numbers():
                yield number

        sending = asyncio.create_task(
            caplet.send_items(stream.put, numbers() if kind == "iterable" else numbers_later())
        )
        for taken in range(10):
            # More rounds of the loop than it takes to ask for all.
            for _ in range(50):
                await asyncio.sleep(0)
            # Two wait, and the sender waits with one more.
            assert len(asked) == min(10, taken + 3)
            assert await anext(stream) == taken
        assert await sending == 10

    within_a_minute(main())
