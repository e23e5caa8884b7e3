"""Building in place: layout, growth, far pointers, upgrades, and that nothing old is left behind."""

from __future__ import annotations

import pytest

from caplet.errors import BuildError, DecodeError
from caplet.limits import Limits
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.untyped import AnyStruct
from caplet.wire.untyped_builder import AnyListBuilder

from .raw import COMPOSITE, FOUR_BYTES, POINTER, capability_pointer, list_pointer, root, struct_pointer, words


def reread(message: MessageBuilder) -> AnyStruct:
    return MessageReader(message.output()).root.struct()


def test_a_struct_is_laid_out_behind_its_pointer() -> None:
    message = MessageBuilder()
    made = message.root.init_struct(1, 1)
    made.set_u32(4, 7)
    made.set_text(0, "hi")
    assert b"".join(message.output()) == words(
        struct_pointer(0, 1, 1), 7 << 32, list_pointer(0, 2, 3), int.from_bytes(b"hi", "little")
    )
    assert message.total_words == 4


def test_numbers_are_written_xor_their_defaults() -> None:
    message = MessageBuilder()
    made = message.root.init_struct(4, 0)
    made.set_u8(0, 5, default=3)
    made.set_u16(2, 5, default=3)
    made.set_u32(4, 5, default=3)
    made.set_u64(8, 5, default=3)
    made.set_boolean(128, False, default=True)
    made.set_boolean(129, True)
    made.set_f32(20, 1.5)
    made.set_f64(24, -1.5)
    found = reread(message)
    assert (found.u8(0), found.u8(0, 3), found.u16(2, 3), found.u32(4, 3), found.u64(8, 3)) == (6, 5, 5, 5, 5)
    assert found.boolean(128, True) is False
    assert found.boolean(128) is True
    assert found.boolean(129) is True
    assert (found.f32(20), found.f64(24)) == (1.5, -1.5)


def test_what_lies_outside_of_the_sections_cannot_be_written() -> None:
    made = MessageBuilder().root.init_struct(1, 1)
    for write in (
        lambda: made.set_u64(8, 1),
        lambda: made.set_u32(6, 1),
        lambda: made.set_u8(-1, 1),
        lambda: made.set_boolean(64, True),
        lambda: made.set_text(1, ""),
        lambda: made.pointer(-1),
    ):
        with pytest.raises(BuildError):
            write()


def test_an_empty_struct_is_not_null_W1() -> None:
    message = MessageBuilder()
    message.root.init_struct(0, 0)
    assert b"".join(message.output()) == words(0xFFFFFFFC)
    assert not MessageReader(message.output()).root.is_null
    message.root.clear()
    assert message.root.is_null


def test_lists_of_every_size_are_built() -> None:
    message = MessageBuilder()
    made = message.root.init_struct(0, 6)
    bits = made.pointer(0).init_list(1, 70)
    bits.set_boolean(69, True)
    numbers = made.pointer(1).init_list(FOUR_BYTES, 3)
    numbers.set_u32(2, 9)
    pointers = made.pointer(2).init_list(POINTER, 2)
    pointers.pointer(1).set_text("x")
    structs = made.init_struct_list(3, 2, 1, 1)
    structs.struct(1).set_u64(0, 5)
    structs.struct(1).set_text(0, "y")
    made.pointer(4).init_list(0, 1000)
    made.pointer(5).set_blob(b"abc")
    found = reread(message)
    assert [found.list(0).boolean(index) for index in (0, 68, 69)] == [False, False, True]
    assert [found.list(1).u32(index) for index in range(3)] == [0, 0, 9]
    assert found.list(2).pointer(1).text() == "x"
    assert (found.list(3).struct(1).u64(0), found.list(3).struct(1).text(0)) == (5, "y")
    assert found.list(3).element_size == COMPOSITE
    assert len(found.list(4)) == 1000
    assert found.blob(5) == b"abc"


def test_a_list_cannot_be_larger_than_its_pointer_can_say() -> None:
    pointer = MessageBuilder(1).root
    with pytest.raises(BuildError):
        pointer.init_list(0, 1 << 29)
    with pytest.raises(BuildError):
        pointer.init_struct_list(1 << 20, 1 << 10, 0)
    with pytest.raises(BuildError):
        pointer.init_list(COMPOSITE, 1)


@pytest.mark.parametrize("first_segment_words", [1, 2, 3, 5, 8, 1024])
@pytest.mark.parametrize("grow", [True, False])
def test_a_message_in_many_segments_reads_the_same(first_segment_words: int, grow: bool) -> None:
    message = MessageBuilder(first_segment_words, grow)
    made = message.root.init_struct(2, 3)
    made.set_u64(8, 1)
    made.set_text(0, "some text that is longer than a segment")
    items = made.init_struct_list(1, 5, 1, 2)
    for index in range(5):
        items.struct(index).set_u64(0, index)
        items.struct(index).set_text(0, f"item {index}")
        items.struct(index).init_struct(1, 1, 0).set_u32(0, index)
    made.init_struct(2, 0, 1).set_blob(0, b"\1\2\3")
    found = reread(message)
    assert found.u64(8) == 1
    assert found.text(0) == "some text that is longer than a segment"
    assert [found.list(1).struct(index).text(0) for index in range(5)] == [f"item {index}" for index in range(5)]
    assert [found.list(1).struct(index).struct(1).u32(0) for index in range(5)] == [0, 1, 2, 3, 4]
    assert found.struct(2).blob(0) == b"\1\2\3"
    assert (len(message.segments) > 1) == (first_segment_words < 60)


def test_segments_grow_as_in_the_reference_implementation_W10() -> None:
    message = MessageBuilder(4)
    made = message.root.init_list(POINTER, 3)
    for index in range(3):
        made.pointer(index).set_blob(bytes(8 * 5))
    # first 4; then max(needed, 4) = 6, 10 and 20: each as large as all before it together.
    assert [segment.words for segment in message.segments] == [4, 6, 10, 20]


def test_what_is_replaced_is_zeroed_W12() -> None:
    for first_segment_words in (1, 4, 1024):
        message = MessageBuilder(first_segment_words, grow=False)
        made = message.root.init_struct(1, 2)
        made.set_u64(0, 0x1111)
        made.set_text(0, "secret")
        inner = made.init_struct_list(1, 2, 1, 1)
        inner.struct(1).set_u64(0, 0x2222)
        inner.struct(1).set_text(0, "secret too")
        message.root.clear()
        assert not any(b"".join(message.output()))


def test_a_replaced_capability_leaves_the_table_W12() -> None:
    message = MessageBuilder()
    made = message.root.init_struct(0, 1)
    made.pointer(0).set_capability("first")
    made.pointer(0).set_capability("second")
    assert message.capabilities == [None, "second"]
    assert made.pointer(0).capability() == "second"
    made.pointer(0).set_capability(None)
    assert message.capabilities == [None, None]
    assert made.pointer(0).is_null


def test_a_smaller_struct_is_moved_when_a_newer_schema_writes_to_it_W18() -> None:
    for first_segment_words in (1, 1024):
        message = MessageBuilder(first_segment_words, grow=False)
        old = message.root.init_struct(1, 1)
        old.set_u64(0, 5)
        old.set_text(0, "kept")
        new = message.root.struct(2, 2)
        new.set_u64(8, 6)
        new.set_text(1, "added")
        found = reread(message)
        assert (found.u64(0), found.u64(8), found.text(0), found.text(1)) == (5, 6, "kept", "added")


def test_a_list_is_moved_when_a_newer_schema_has_larger_elements_W18() -> None:
    for first_segment_words in (1, 1024):
        message = MessageBuilder(first_segment_words, grow=False)
        old = message.root.init_struct_list(3, 1, 1)
        for index in range(3):
            old.struct(index).set_u64(0, index)
            old.struct(index).set_text(0, str(index))
        grown = AnyListBuilder()
        assert message.writable_struct_list(grown, message.segments[0], 0, 2, 2)
        grown.struct(2).set_u64(8, 9)
        items = MessageReader(message.output()).root.list()
        assert [items.struct(index).text(0) for index in range(3)] == ["0", "1", "2"]
        assert (items.struct(2).u64(0), items.struct(2).u64(8)) == (2, 9)


def test_a_list_of_numbers_becomes_a_list_of_structs_W18() -> None:
    message = MessageBuilder()
    old = message.root.init_list(FOUR_BYTES, 3)
    for index in range(3):
        old.set_u32(index, index + 1)
    grown = AnyListBuilder()
    message.writable_struct_list(grown, message.segments[0], 0, 1, 1)
    grown.struct(0).set_text(0, "x")
    items = MessageReader(message.output()).root.list()
    assert [items.struct(index).u32(0) for index in range(3)] == [1, 2, 3]
    assert items.struct(0).text(0) == "x"


@pytest.mark.parametrize("first_segment_words", [1, 3, 1024])
def test_a_deep_copy_equals_its_source(first_segment_words: int) -> None:
    source = MessageBuilder()
    made = source.root.init_struct(1, 4)
    made.set_u64(0, 5)
    made.set_text(0, "text")
    bits = made.pointer(1).init_list(1, 9)
    bits.set_boolean(8, True)
    items = made.init_struct_list(2, 2, 1, 1)
    items.struct(1).set_text(0, "deep")
    made.pointer(3).set_capability("thing")
    target = MessageBuilder(first_segment_words)
    target.root.set(source.root.as_reader())
    again = MessageBuilder()
    again.root.set(target.root.as_reader())
    assert b"".join(again.output()) == b"".join(source.output())
    assert again.capabilities == ["thing"]


def test_a_copy_says_by_its_pointer_where_a_table_says_that_there_is_no_capability() -> None:
    source = MessageBuilder()
    made = source.root.init_struct(0, 2)
    made.pointer(0).set_capability("gone")
    made.pointer(1).set_capability("thing")
    reader = source.root.as_reader()
    source.capabilities[0] = None
    target = MessageBuilder()
    target.root.init_struct(0, 2).pointer(0).set_capability("before")
    target.root.set(reader)
    copied = target.root.as_reader().struct()
    assert copied.pointer(0).is_null
    assert copied.pointer(1).capability() == "thing"
    there = MessageBuilder()
    there.root.set_capability("before")
    there.root.set(made.pointer(0).as_reader())
    assert there.root.as_reader().is_null
    assert there.capabilities == [None]


def test_copies_are_charged_and_bounded_A4_W3() -> None:
    # CVE-2015-2313: a small message that leads to itself again and again is large when it is copied.
    fan_out = 64
    pointers = [struct_pointer(-1 - index, 0, fan_out) for index in range(fan_out)]
    message = words(struct_pointer(0, 0, fan_out), *pointers)
    with pytest.raises(DecodeError, match=r"traversal limit|nesting limit"):
        MessageBuilder().root.set(root(message, limits=Limits(traversal_words=10_000)))


def test_a_copy_refuses_a_capability_that_is_not_in_the_table() -> None:
    with pytest.raises(DecodeError, match="capability 3"):
        MessageBuilder().root.set(root(words(struct_pointer(0, 0, 1), capability_pointer(3))).struct())


def test_text_without_a_nul_is_an_error_after_a_copy_too_A2() -> None:
    message = MessageBuilder()
    message.root.set(root(words(list_pointer(0, 2, 8), 0x6161616161616161)))
    with pytest.raises(DecodeError, match="NUL"):
        message.root.as_reader().text()


def test_readers_over_a_message_that_is_built_see_later_changes() -> None:
    message = MessageBuilder()
    made = message.root.init_struct(1, 0)
    found = made.as_reader()
    made.set_u32(0, 3)
    assert found.u32(0) == 3


def test_the_memory_that_was_handed_out_is_the_message_itself() -> None:
    message = MessageBuilder()
    made = message.root.init_struct(1, 0)
    (segment,) = message.output()
    made.set_u32(0, 0x01020304)
    assert bytes(segment[8:12]) == b"\4\3\2\1"


# From this length on, bytes are referred to where that is allowed.
LONG_BYTES = 16 * 1024


def referring(content: bytes, count: int = 1) -> MessageBuilder:
    """Return a message of so many pointers to `content`, by reference where that is allowed."""
    message = MessageBuilder(32)
    message.by_reference = True
    made = message.root.init_struct(0, count)
    for number in range(count):
        message.set_bytes(made._segment, made._pointers + number, content)
    return message


@pytest.mark.parametrize("length", [0, 1, LONG_BYTES - 1, LONG_BYTES, LONG_BYTES + 1, LONG_BYTES + 7])
def test_long_bytes_that_are_referred_to_read_like_copied_ones(length: int) -> None:
    content = bytes(number % 251 for number in range(length))
    message = referring(content)
    assert reread(message).blob(0) == content
    assert all(segment.nbytes % 8 == 0 for segment in message.output())
    assert message.total_words == sum(segment.nbytes for segment in message.output()) >> 3


def test_long_bytes_are_not_copied_by_reference_and_copied_otherwise() -> None:
    content = bytes(LONG_BYTES)
    assert any(segment.obj is content for segment in referring(content).output())
    message = MessageBuilder(32)
    made = message.root.init_struct(0, 1)
    message.set_bytes(made._segment, made._pointers, content)
    assert all(segment.obj is not content for segment in message.output())


def test_what_is_referred_to_can_be_replaced_and_is_never_written() -> None:
    content = b"x" * LONG_BYTES
    message = referring(content)
    made = message.root.struct(0, 1)
    message.set_bytes(made._segment, made._pointers, b"short")
    assert reread(message).blob(0) == b"short"
    message.set_bytes(made._segment, made._pointers, content[:-1] + b"y")
    assert reread(message).blob(0) == content[:-1] + b"y"
    assert content == b"x" * LONG_BYTES


def test_a_message_of_many_long_bytes_has_no_more_segments_than_readers_take() -> None:
    message = referring(b"x" * LONG_BYTES, 600)
    found = reread(message)
    assert all(found.blob(number) == b"x" * LONG_BYTES for number in (0, 63, 64, 599))
    assert len(message.output()) < 511
