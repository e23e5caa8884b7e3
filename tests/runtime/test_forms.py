"""Messages in files, sockets, buffers and asynchronous streams, plain and packed."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import io
import lzma
import mmap
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import tracemalloc
from multiprocessing import shared_memory
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from caplet import DecodeError, Limits, TruncatedError
from caplet.streams import read_async, read_many_async, write_async
from caplet.wire.packing import Packer, pack, unpack
from caplet.wire.streams import frame_packed

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
BOTH = pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])


def messages(shapes: Any) -> list[Any]:
    """Return messages of different sizes: none, one with long runs, and one of several segments."""
    return [
        shapes.Lists(),
        shapes.Lists(texts=["a", "b" * 5000], ints=[0] * 700),
        shapes.Lists(datas=[bytes(range(1, 256)) * 100, bytes(30_000)], longs=[0xFFFF_FFFF_FFFF_FFFF] * 600),
        shapes.Lists(ints=range(5)),
    ]


def stream(shapes: Any, packed: bool) -> bytes:
    file = io.BytesIO()
    for message in messages(shapes):
        message.write(file, packed=packed)
    return file.getvalue()


class OnlyRead:
    """A source of bytes that gives few at a time and can neither be peeked into nor wound back."""

    def __init__(self, data: bytes, most: int = 1 << 30) -> None:
        self.left = data
        self.most = most

    def read(self, size: int) -> bytes:
        size = min(size, self.most)
        found, self.left = self.left[:size], self.left[size:]
        return found


SOURCES: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "numbers": lambda data: (
        memoryview(data + bytes(-len(data) % 4)).cast("I") if len(data) % 4 == 0 else memoryview(data)
    ),
    "BytesIO": io.BytesIO,
    "BufferedReader": lambda data: io.BufferedReader(io.BytesIO(data), 64),  # type: ignore[arg-type]
    "read only": OnlyRead,
    "read three bytes": lambda data: OnlyRead(data, 3),
    "gzip": lambda data: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data))),
    "bz2": lambda data: bz2.BZ2File(io.BytesIO(bz2.compress(data))),
    "lzma": lambda data: lzma.LZMAFile(io.BytesIO(lzma.compress(data))),  # noqa: SIM115  (of no file)
}


@BOTH
@pytest.mark.parametrize("kind", SOURCES)
def test_messages_are_read_one_by_one_from_every_kind_of_source(shapes: Any, kind: str, packed: bool) -> None:
    source = SOURCES[kind](stream(shapes, packed))
    assert list(shapes.Lists.read_many(source, packed=packed)) == messages(shapes)


@BOTH
@pytest.mark.parametrize("kind", ["BytesIO", "BufferedReader", "read only", "gzip"])
def test_reading_one_message_leaves_what_follows(shapes: Any, kind: str, packed: bool) -> None:
    source = SOURCES[kind](stream(shapes, packed) + b"what follows")
    assert [shapes.Lists.read(source, packed=packed) for _ in range(4)] == messages(shapes)
    assert source.read(100) == b"what follows"


@BOTH
def test_messages_are_read_only_when_they_are_asked_for(shapes: Any, packed: bool) -> None:
    source = OnlyRead(stream(shapes, packed))
    whole = len(source.left)
    found = shapes.Lists.read_many(source, packed=packed)
    assert len(source.left) == whole
    next(found)
    assert len(source.left) == whole - len(shapes.Lists().to_packed() if packed else shapes.Lists().to_bytes())


@BOTH
def test_messages_travel_through_sockets(shapes: Any, packed: bool) -> None:
    one, two = socket.socketpair()
    with one, two:

        def send() -> None:
            for message in messages(shapes):
                message.write(one, packed=packed)
            one.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        first = shapes.Lists.read(two, packed=packed)
        with two.makefile("rb") as file:
            second = shapes.Lists.read(file, packed=packed)
            rest = list(shapes.Lists.read_many(file, packed=packed))
        sender.join()
        assert [first, second, *rest] == messages(shapes)


@BOTH
def test_messages_are_read_from_real_files_and_maps_of_them_W9(shapes: Any, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "messages"
    with path.open("wb", buffering=0) as unbuffered:
        for message in messages(shapes):
            message.write(unbuffered, packed=packed)
    with path.open("rb", buffering=0) as unbuffered:
        assert list(shapes.Lists.read_many(unbuffered, packed=packed)) == messages(shapes)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        first = shapes.Lists.read(mapped, packed=packed)
        rest = list(shapes.Lists.read_many(mapped, packed=packed))
        assert [first, *rest] == messages(shapes)
        with pytest.raises(EOFError):
            shapes.Lists.read(mapped, packed=packed)
        if not packed:
            with pytest.raises(BufferError):  # readers lie in the map, which they keep open
                mapped.close()
        del first, rest


def test_messages_are_written_to_and_read_from_shared_memory(shapes: Any) -> None:
    memory = shared_memory.SharedMemory(create=True, size=4096)
    try:
        shapes.Lists(ints=[1, 2, 3]).write(memory.buf)
        found = shapes.Lists.from_bytes(memory.buf)
        assert list(found.ints) == [1, 2, 3]
        with pytest.raises(ValueError, match="has no room in a buffer of 4096"):
            shapes.Lists(ints=range(2000)).write(memory.buf)
        with pytest.raises(TypeError, match="read-only"):
            shapes.Lists().write(memory.buf.toreadonly())
        del found
    finally:
        memory.close()
        memory.unlink()


@BOTH
def test_a_source_that_ends_inside_a_message_is_another_error_than_one_that_has_ended(
    shapes: Any, packed: bool
) -> None:
    message = messages(shapes)[1]
    data = message.to_packed() if packed else message.to_bytes()
    sys.stdout.write(f"seed {SEED}\n")
    cuts = random.Random(SEED).sample(range(1, len(data)), min(40, len(data) - 1))
    for size in {1, 2, 7, 8, 9, 15, 16, len(data) - 1, *cuts}:
        for kind in ("bytes", "BytesIO", "BufferedReader", "read only"):
            source = SOURCES[kind](data + data[:size])
            found = shapes.Lists.read_many(source, packed=packed)
            assert next(found) == message
            with pytest.raises(TruncatedError, match="ends inside a"):
                next(found)
        if not packed:
            with pytest.raises(TruncatedError):
                shapes.Lists.from_bytes(data[:size])
    for kind in SOURCES:
        with pytest.raises(EOFError, match="no further Lists"):
            shapes.Lists.read(SOURCES[kind](b""), packed=packed)


def test_a_compressed_file_that_was_cut_off_has_not_ended(shapes: Any) -> None:
    data = gzip.compress(stream(shapes, False))[:-60]
    with pytest.raises(TruncatedError, match="compressed"):
        list(shapes.Lists.read_many(gzip.GzipFile(fileobj=io.BytesIO(data))))
    data = gzip.compress(stream(shapes, True))[:-60]
    with pytest.raises(TruncatedError, match="compressed"):
        list(shapes.Lists.read_many(gzip.GzipFile(fileobj=io.BytesIO(data)), packed=True))


@BOTH
def test_the_size_of_a_message_is_checked_before_it_is_read_W6(shapes: Any, packed: bool) -> None:
    big = shapes.Lists(ints=range(1000))
    source = OnlyRead(big.to_packed() if packed else big.to_bytes())
    with pytest.raises(DecodeError, match=r"a message of at least 5\d\d words; the limit is 100"):
        shapes.Lists.read(source, Limits(traversal_words=100), packed=packed)
    assert len(source.left) > 1500  # only the table was read
    segments = (511).to_bytes(4, "little") + bytes(4)
    with pytest.raises(DecodeError, match="512 segments; the limit is 511"):
        shapes.Lists.read(OnlyRead(b"\x03\xff\x01" if packed else segments), packed=packed)


def test_a_packed_run_that_goes_on_behind_its_message_is_refused_W17(shapes: Any) -> None:
    words = shapes.Point().to_bytes() + bytes(80)
    packer = Packer()
    joined = packer.feed(words) + packer.finish()
    with pytest.raises(DecodeError, match="behind the end of its message"):
        list(shapes.Point.read_many(joined, packed=True))


def test_packed_messages_are_packed_segment_by_segment_as_the_original_packs_them_W17(shapes: Any) -> None:
    message = messages(shapes)[2]
    segments = message.to_segments()
    assert len(segments) > 1
    assert unpack(message.to_packed()) == message.to_bytes()
    # What the C++ library writes for these two segments: no run goes on from one into the other.
    assert (
        frame_packed([memoryview(bytes(32)), memoryview(bytes(16) + b"\5" + bytes(7))]).hex()
        == "1101040103000300010105"
    )


def test_what_is_no_source_or_target_is_refused(shapes: Any) -> None:
    with pytest.raises(TypeError, match="not from int"):
        shapes.Lists.read(5)
    with pytest.raises(TypeError, match="not to str"):
        shapes.Lists().write("file name")
    for path in ("file name", Path("file name")):
        with pytest.raises(TypeError, match=r"open\(path, 'rb'\) gives a file"):
            shapes.Lists.read(path)
    with pytest.raises(TypeError, match="the file gives text"):
        shapes.Lists.read(io.StringIO("abcdefgh"))


def test_files_that_do_not_block_are_refused(shapes: Any) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    with open(reading, "rb", buffering=0) as source, open(writing, "wb", buffering=0) as target:
        with pytest.raises(BlockingIOError):
            shapes.Lists.read(source)
        with pytest.raises(BlockingIOError):
            shapes.Lists(datas=[bytes(1 << 21)]).write(target)


# --- asynchronous streams ---------------------------------------------------------------------------------------------------------------


def fed(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@BOTH
def test_messages_of_an_asynchronous_stream_are_read_one_by_one(shapes: Any, packed: bool) -> None:
    async def main() -> None:
        reader = fed(stream(shapes, packed))
        assert [found async for found in read_many_async(shapes.Lists, reader, packed=packed)] == messages(shapes)

    asyncio.run(main())


@BOTH
def test_reading_one_message_of_an_asynchronous_stream_leaves_what_follows(shapes: Any, packed: bool) -> None:
    async def main() -> None:
        reader = fed(stream(shapes, packed) + b"what follows")
        for message in messages(shapes):
            assert await read_async(shapes.Lists, reader, packed=packed) == message
        assert await reader.read() == b"what follows"
        with pytest.raises(EOFError):
            await read_async(shapes.Lists, reader, packed=packed)
        data = stream(shapes, packed)
        with pytest.raises(TruncatedError):
            async for _ in read_many_async(shapes.Lists, fed(data[:-1]), packed=packed):
                pass
        with pytest.raises(DecodeError, match="limit"):
            await read_async(shapes.Lists, fed(data), Limits(traversal_words=1), packed=packed)

    asyncio.run(main())


@BOTH
def test_messages_are_written_to_an_asynchronous_stream(shapes: Any, packed: bool) -> None:
    async def main() -> None:
        received: list[Any] = []
        done = asyncio.Event()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.extend([found async for found in read_many_async(shapes.Lists, reader, packed=packed)])
            writer.close()
            done.set()

        server = await asyncio.start_server(take, "127.0.0.1")
        async with server:
            port = server.sockets[0].getsockname()[1]
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for message in messages(shapes):
                await write_async(message, writer, packed=packed)
            writer.close()
            await asyncio.wait_for(done.wait(), 20)
        assert received == messages(shapes)

    asyncio.run(main())


def test_asynchronous_streams_need_no_event_loop_of_ours() -> None:
    code = "import sys, caplet.streams; print('asyncio' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_a_packed_message_is_not_unpacked_beyond_what_its_table_and_the_limits_allow(shapes):
    # Two bytes for each 2 KiB of zeros: as far as the limits allow, and no further.
    zeros = bytes([0, 0xFF]) * 1_000_000
    with pytest.raises(DecodeError, match="limit"):
        shapes.Tree.from_packed(pack(struct.pack("<II", 0, 1 << 28)) + zeros)
    small = shapes.Tree(value=5)
    followed = small.to_packed() + zeros
    tracemalloc.start()
    try:
        assert shapes.Tree.from_packed(followed).value == 5
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 100_000
    assert shapes.Tree.from_packed(bytearray(small.to_packed())).value == 5
    with pytest.raises(TruncatedError):
        shapes.Tree.from_packed(b"")
    with pytest.raises(TruncatedError):
        shapes.Tree.from_packed(small.to_packed()[:-1])


@pytest.mark.parametrize("count", [511, 512, 513, 1 << 32])
def test_counts_of_segments_are_refused_beyond_511_wherever_a_message_comes_from_A8_W5_E46(shapes, count):
    first = shapes.Point(x=5).to_segments()[0]
    sizes = [len(first) // 8, *[0] * (min(count, 600) - 1)]
    table = struct.pack(f"<I{len(sizes)}I", count - 1, *sizes)
    message = table + bytes(-len(table) % 8) + first
    packed = pack(message)

    async def read_one(data: bytes, is_packed: bool) -> Any:
        return await read_async(shapes.Point, fed(data), packed=is_packed)

    ways = [
        lambda: shapes.Point.from_bytes(message),
        lambda: shapes.Point.from_packed(packed),
        lambda: shapes.Point.read(message),
        lambda: shapes.Point.read(io.BytesIO(message)),
        lambda: shapes.Point.read(OnlyRead(packed), packed=True),
        lambda: next(shapes.Point.read_many(OnlyRead(message, 3))),
        lambda: asyncio.run(read_one(message, False)),
        lambda: asyncio.run(read_one(packed, True)),
    ]
    for read in ways:
        if count <= 511:
            assert read().x == 5
        else:
            hint = r"a larger Limits\(segments" if count < 1 << 16 else "these bytes are no message"
            with pytest.raises(DecodeError, match=rf"{count} segments; the limit is 511; {hint}"):
                read()


def test_a_message_is_not_written_to_a_file_of_text(shapes: Any) -> None:
    file = io.StringIO()
    with pytest.raises(TypeError, match=r"the file takes text; messages are bytes, and open\(path, 'wb'\) takes those"):
        shapes.Point(x=1).write(file)
    assert file.getvalue() == ""
