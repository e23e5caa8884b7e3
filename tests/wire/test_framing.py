"""Framing: messages on a stream, cut anywhere, and the limits of what is accepted."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

import caplet
from caplet.errors import DecodeError
from caplet.limits import Limits
from caplet.wire import framing
from caplet.wire.framing import Framer, frame, frame_header, read_table
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.packed_framing import PackedFramer
from caplet.wire.packing import pack


def message_bytes(text: str, first_segment_words: int = 1024) -> bytes:
    message = MessageBuilder(first_segment_words, grow=False)
    message.root.init_struct(0, 1).set_text(0, text)
    return b"".join(frame(message.output()))


def test_a_table_is_padded_to_a_word_W7() -> None:
    assert frame_header([5]) == bytes([0, 0, 0, 0, 5, 0, 0, 0])
    assert frame_header([5, 6]) == bytes([1, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("first_segment_words", [1, 2, 1024])
def test_messages_are_found_wherever_the_stream_is_cut_W7(first_segment_words: int) -> None:
    texts = ["one", "two " * 20, ""]
    stream = b"".join(message_bytes(text, first_segment_words) for text in texts)
    for size in (1, 2, 3, 7, 8, 9, 40, len(stream)):
        framer = Framer()
        found = []
        for start in range(0, len(stream), size):
            found += [message.root.struct().text(0) for message in framer.feed(stream[start : start + size])]
        assert found == texts
        assert framer.pending_bytes == 0


def test_a_message_that_is_not_whole_waits() -> None:
    data = message_bytes("text")
    framer = Framer()
    assert framer.feed(data[:-1]) == []
    assert framer.pending_bytes == len(data) - 1
    assert len(framer.feed(data[-1:])) == 1


@pytest.mark.parametrize("count", [0, 1, 510, 511, 512, 513, 0xFFFFFFFF])
def test_segment_counts_up_to_the_limit_are_accepted_and_none_wraps_A8_W5_E46(count: int) -> None:
    # 2026-03-12-0: 0xFFFFFFFF plus one must not become zero.
    table = count.to_bytes(4, "little") + bytes([1, 0, 0, 0])
    if count + 1 <= 511:
        Framer().feed(table)
    else:
        with pytest.raises(DecodeError, match=f"{count + 1} segments"):
            Framer().feed(table)


def test_a_giant_message_is_refused_before_anything_is_kept_W6_E46() -> None:
    framer = Framer(Limits(traversal_words=1000))
    with pytest.raises(DecodeError, match="1001 words"):
        framer.feed(frame_header([1001]))
    with pytest.raises(DecodeError, match="limit is 1000"):
        Framer(Limits(traversal_words=1000)).feed(frame_header([600, 600])[:12])


def test_an_empty_first_segment_is_refused_W7() -> None:
    with pytest.raises(DecodeError, match="root pointer"):
        Framer().feed(bytes(8))


def test_the_size_of_a_message_is_known_from_its_table_W7() -> None:
    table = frame_header([3, 4])
    for length in range(len(table)):
        assert read_table(memoryview(table)[:length], 0, Limits()) is None
    assert read_table(memoryview(table), 0, Limits()) == ([3, 4], 16)


def test_a_slow_stream_of_a_large_message_is_not_copied_again_and_again() -> None:
    data = message_bytes("x" * 200_000)
    framer = Framer()
    found = []
    for start in range(0, len(data), 1000):
        found += framer.feed(data[start : start + 1000])
    assert found[0].root.struct().text(0) == "x" * 200_000


def test_bytes_of_a_long_message_may_be_written_where_it_will_lie() -> None:
    stream = message_bytes("long " * 600_000) + message_bytes("next")
    framer = Framer()
    assert framer.room() is None
    found = framer.feed(stream[:100])
    at = 100
    rooms = 0
    while (room := framer.room()) is not None:
        size = min(len(room), 300_000)
        room[:size] = stream[at : at + size]
        room.release()
        at += size
        rooms += 1
        found += framer.filled(size)
    assert rooms > 3
    found += framer.feed(stream[at:])
    assert [message.root.struct().text(0)[:5] for message in found] == ["long ", "next"]
    assert framer.pending_bytes == 0


def test_memory_for_a_message_grows_with_what_has_come_of_it_and_not_with_what_was_announced() -> None:
    framer = Framer()
    framer.feed(frame_header([8 * 1024 * 1024]))
    room = framer.room()
    assert room is not None
    assert len(room) < 2 << 20


def test_messages_are_framed_without_a_copy() -> None:
    message = MessageBuilder(16)
    message.root.init_struct(1, 0).set_u64(0, 5)
    segments = message.output()
    assert Framer().frame([segments, segments])[1] is segments[0]


@pytest.mark.parametrize("first_segment_words", [1, 2, 1024])
def test_packed_messages_are_found_wherever_the_stream_is_cut(first_segment_words: int) -> None:
    texts = ["one", "two " * 200, "", "\0" * 5000]
    stream = b""
    for text in texts:
        message = MessageBuilder(first_segment_words, grow=False)
        message.root.init_struct(0, 1).set_text(0, text)
        stream += b"".join(PackedFramer().frame([message.output()]))
    for size in (1, 2, 3, 7, 8, 9, 40, len(stream)):
        framer = PackedFramer()
        found = []
        for start in range(0, len(stream), size):
            found += [message.root.struct().text(0) for message in framer.feed(stream[start : start + size])]
        assert found == texts
        assert framer.pending_bytes == 0


def test_packed_messages_are_refused_before_they_are_unpacked_whole() -> None:
    framer = PackedFramer(Limits(traversal_words=1000))
    with pytest.raises(DecodeError, match="limit is 1000"):
        framer.feed(pack(frame_header([1001])) + b"\0\xff" * 100_000)


def framed_blob(content: bytes) -> bytes:
    message = MessageBuilder(1024)
    message.root.init_struct(0, 1).set_blob(0, content)
    return b"".join(frame(message.output()))


def gathered(framer: Framer, content: bytes) -> MessageReader:
    """Return a message of `content` that came in two pieces."""
    data = framed_blob(content)
    assert framer.feed(data[:1000]) == []
    (message,) = framer.feed(data[1000:])
    return message


def test_memory_of_a_message_that_nobody_reads_any_more_is_used_for_the_next_one() -> None:
    framing._kept.clear()
    framer = Framer()
    first = gathered(framer, b"a" * 100_000)
    (memory,) = framing._kept
    del first
    second = gathered(framer, b"b" * 90_000)
    assert len(framing._kept) == 1
    assert framing._kept[0] is memory
    assert second.root.struct().blob(0) == b"b" * 90_000


@pytest.mark.parametrize("held", ["message", "struct", "view"])
def test_memory_that_somebody_looks_at_is_left_alone(held: str) -> None:
    framing._kept.clear()
    framer = Framer()
    message = gathered(framer, b"a" * 100_000)
    root = message.root.struct()
    holder = {"message": message, "struct": root, "view": message.segments[-1].view[100:]}[held]
    del message, root
    others = [gathered(framer, bytes([number]) * 100_000) for number in range(framing.KEPT_ROOMS + 2)]
    assert len(framing._kept) == framing.KEPT_ROOMS
    for number, other in enumerate(others):
        assert other.root.struct().blob(0) == bytes([number]) * 100_000
    if held == "message":
        assert holder.root.struct().blob(0) == b"a" * 100_000
    elif held == "struct":
        assert holder.blob(0) == b"a" * 100_000
    else:
        assert bytes(holder).count(b"a") > 99_000
        assert not any(bytes([number]) * 8 in bytes(holder) for number in range(1, framing.KEPT_ROOMS + 2))


def test_memory_is_kept_only_of_messages_that_are_neither_small_nor_huge() -> None:
    framing._kept.clear()
    framer = Framer(Limits(traversal_words=1 << 22))
    gathered(framer, b"s" * (framing.SMALLEST_KEPT_BYTES - 100))
    assert framing._kept == []
    gathered(framer, b"l" * (framing.LARGEST_KEPT_BYTES + 1))
    assert framing._kept == []
    gathered(framer, b"m" * (1 << 20))
    assert len(framing._kept) == 1
    # Not for a message so small that most of it would lie idle.
    held = gathered(framer, b"n" * framing.SMALLEST_KEPT_BYTES)
    assert len(framing._kept) == 2
    assert held.root.struct().blob(0) == b"n" * framing.SMALLEST_KEPT_BYTES


def test_of_memory_that_is_used_again_nothing_earlier_is_seen() -> None:
    framing._kept.clear()
    framer = Framer()
    gathered(framer, b"secret!!" * 20_000)
    message = gathered(framer, bytes(100_000))
    assert sum(segment.view.nbytes for segment in message.segments) < 100_200
    assert all(b"secret" not in bytes(segment.view) for segment in message.segments)


def test_bytes_that_are_no_message_are_not_said_to_need_a_larger_limit() -> None:
    with pytest.raises(DecodeError, match=r"a larger Limits\(segments=...\) reads it"):
        Framer().feed(frame_header([1] * 600))
    for data in (b"hello, world", pack(message_bytes("packed")), b'{"json": 1}'):
        with pytest.raises(
            DecodeError, match="segments; the limit is 511; these bytes are no message, or a packed one"
        ):
            Framer().feed(data)


def test_a_long_message_that_is_only_announced_costs_little() -> None:
    tracemalloc.start()
    try:
        framers = [Framer() for _ in range(16)]
        for framer in framers:
            assert framer.feed(frame_header([1 << 22]) + bytes(100)) == []
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Compiled, the memory is not touched before it is needed, so that the system does not give it either.
    assert taken < 16 * (2 * framing.FIRST_ROOM_BYTES)
    assert caplet.accelerated == "all" or taken < 16 * 128 * 1024


def test_the_collector_of_cycles_looks_only_at_messages_whose_memory_may_lead_on() -> None:
    built = MessageBuilder(4)
    built.root.set_text("short")
    content = b"".join(frame(built.output()))
    [message] = Framer().feed(content)
    # Uncompiled, Python looks at everything.
    compiled = not framing.__file__.endswith(".py")
    assert [gc.is_tracked(one) for one in (message.segments, message.segments[0])] == [not compiled] * 2
    [other] = Framer().feed(memoryview(bytearray(content)))
    assert [gc.is_tracked(one) for one in (other.segments, other.segments[0])] == [True] * 2
    assert message.capabilities is other.capabilities
    assert message.capabilities == []
