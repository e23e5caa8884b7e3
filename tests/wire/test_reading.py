"""Reading: every kind of pointer, and every check of the encoding reference (part 3.1)."""

from __future__ import annotations

import math
import struct

import pytest
from fuzz.mutations import Everything

from caplet.errors import DecodeError
from caplet.limits import Limits
from caplet.wire.message import MessageBuilder, MessageReader

from .raw import (
    BYTE,
    COMPOSITE,
    EIGHT_BYTES,
    FOUR_BYTES,
    POINTER,
    TWO_BYTES,
    capability_pointer,
    far_pointer,
    list_pointer,
    root,
    struct_pointer,
    text_word,
    words,
)


def test_a_null_root_reads_as_defaults() -> None:
    pointer = root(words(0))
    assert pointer.is_null
    assert pointer.kind == "null"
    assert pointer.struct().u32(0, default=7) == 7
    assert len(pointer.list()) == 0
    assert pointer.text("none") == "none"
    assert pointer.blob(b"none") == b"none"
    assert pointer.capability() is None


def test_numbers_of_every_width_are_read_in_place() -> None:
    data = struct.pack("<Bbxx", 200, -3) + struct.pack("<Hh", 60000, -300) + struct.pack("<Ii", 4_000_000_000, -70_000)
    data += struct.pack("<Qq", 1 << 63, -1 << 62) + struct.pack("<fxxxxd", 1.5, -2.25)
    found = root(words(struct_pointer(0, len(data) // 8, 0)) + data).struct()
    assert (found.u8(0), found.i8(1), found.u16(4), found.i16(6)) == (200, -3, 60000, -300)
    assert (found.u32(8), found.i32(12)) == (4_000_000_000, -70_000)
    assert (found.u64(16), found.i64(24)) == (1 << 63, -1 << 62)
    assert (found.f32(32), found.f64(40)) == (1.5, -2.25)


def test_defaults_are_xored_and_offsets_past_the_section_read_as_defaults_W18() -> None:
    found = root(words(struct_pointer(0, 1, 0), 0b101)).struct()
    assert found.u32(0, default=1) == 0b100
    assert found.boolean(0) is True
    assert found.boolean(0, default=True) is False
    assert found.boolean(1, default=True) is True
    assert found.boolean(64) is False
    assert found.boolean(64, default=True) is True
    assert found.u64(8, default=9) == 9
    assert found.f64(8) == 0.0
    assert found.has(0) is False
    assert found.pointer(3).is_null


def test_bits_of_nan_are_kept_W19() -> None:
    bits = 0x7FF4000000000001
    found = root(words(struct_pointer(0, 1, 0), bits)).struct()
    assert math.isnan(found.f64(0))
    assert found.u64(0) == bits


def test_text_and_data_are_read() -> None:
    message = words(
        struct_pointer(0, 0, 2), list_pointer(1, BYTE, 6), list_pointer(1, BYTE, 3), text_word("hello"), 0x030201
    )
    found = root(message).struct()
    assert found.text(0) == "hello"
    assert found.blob(1) == b"\x01\x02\x03"
    assert found.pointer(0).kind == "list"


def test_text_that_precedes_its_pointer_is_read() -> None:
    message = words(struct_pointer(1, 0, 1), text_word("back"), list_pointer(-2, BYTE, 5))
    assert root(message).struct().text(0) == "back"


@pytest.mark.parametrize(
    ("pointer", "problem"),
    [
        (list_pointer(0, BYTE, 5), "without the NUL"),
        (list_pointer(0, BYTE, 0), "without the NUL"),
        (list_pointer(0, TWO_BYTES, 2), "list of bytes"),
        (struct_pointer(0, 1, 0), "found a struct pointer"),
        (capability_pointer(0), "found a capability pointer"),
        (list_pointer(0, BYTE, 9), "leave their segment"),
        (list_pointer(-3, BYTE, 1), "leave their segment"),
    ],
)
def test_what_is_no_text_is_an_error_W2(pointer: int, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        root(words(pointer, text_word("abcdefgh"))).text()


def test_text_that_is_not_utf_8_is_an_error_that_says_where() -> None:
    with pytest.raises(DecodeError, match=r"UTF-8.*at byte 1.*word 0 of segment 0"):
        root(words(list_pointer(0, BYTE, 4), 0x00FFFF61)).text()


@pytest.mark.parametrize(
    ("pointer", "problem"),
    [
        (struct_pointer(0, 2, 0), "leaves its segment"),
        (struct_pointer(1, 1, 0), "leaves its segment"),
        (struct_pointer(-2, 1, 0), "leaves its segment"),
        (struct_pointer(0, 0, 0xFFFF), "leaves its segment"),
        (struct_pointer(0x1FFFFFFF, 1, 1), "leaves its segment"),
        (list_pointer(0, BYTE, 1), "found a list pointer"),
        (capability_pointer(1), "found a capability pointer"),
        (far_pointer(1, 0), "segment 1 of 1"),
        (far_pointer(0, 2), "landing pad outside"),
        (far_pointer(0, 1, double=True), "landing pad outside"),
        (far_pointer(0, 0x1FFFFFFF), "landing pad outside"),
    ],
)
def test_what_is_no_struct_is_an_error_W1_W2(pointer: int, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        root(words(pointer, 0)).struct()


@pytest.mark.parametrize(
    ("pointer", "problem"),
    [
        (list_pointer(0, EIGHT_BYTES, 2), "leaves its segment"),
        (list_pointer(0, POINTER, 2), "leaves its segment"),
        (list_pointer(-2, EIGHT_BYTES, 1), "leaves its segment"),
        (list_pointer(0, EIGHT_BYTES, 0x1FFFFFFF), "leaves its segment"),
        (list_pointer(0, COMPOSITE, 1), "leaves its segment"),
        (struct_pointer(0, 1, 0), "found a struct pointer"),
    ],
)
def test_what_is_no_list_is_an_error_W1_W2(pointer: int, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        root(words(pointer, 0)).list()


@pytest.mark.parametrize("size", range(8))
def test_a_giant_element_count_never_wraps_A1(size: int) -> None:
    # CVE-2015-2310: the byte count of a list must not overflow.
    for count in (0x1FFFFFFF, 0x1FFFFFFE, 0x10000000):
        if size == 0:
            continue
        with pytest.raises(DecodeError):
            root(words(list_pointer(0, size, count), 0, 0, 0)).list()


def test_text_of_size_zero_is_an_error_and_no_underflow_A2() -> None:
    # CVE-2015-2311
    with pytest.raises(DecodeError, match="NUL"):
        root(words(list_pointer(0, BYTE, 0))).text()


@pytest.mark.parametrize(
    "message",
    [
        words(list_pointer(0, 0, 0x1FFFFFFF)),
        words(list_pointer(0, COMPOSITE, 0), struct_pointer(0x1FFFFFFF, 0, 0)),
    ],
    ids=["void", "empty structs"],
)
def test_lists_of_elements_without_size_are_charged_A3_W3(message: bytes) -> None:
    # CVE-2015-2312
    with pytest.raises(DecodeError, match="traversal limit"):
        root(message).list()


@pytest.mark.parametrize(
    "message",
    [
        words(list_pointer(0, 0, 0x1FFFFFFF)),
        words(list_pointer(0, COMPOSITE, 0), struct_pointer(0x1FFFFFFF, 0, 0)),
    ],
    ids=["void", "empty structs"],
)
def test_copies_of_elements_without_size_are_charged_A4_W3(message: bytes) -> None:
    # CVE-2015-2313
    with pytest.raises(DecodeError, match="traversal limit"):
        MessageBuilder().root.set(root(message))
    with pytest.raises(DecodeError, match="traversal limit"):
        MessageBuilder().root.set(root(words(struct_pointer(0, 0, 1)) + message))
    with pytest.raises(DecodeError, match="traversal limit"):
        _ = Everything.from_segments([words(struct_pointer(0, 0, 1)) + message]).total_words


def test_a_copy_is_charged_for_what_it_reads_again_and_again_A4_W3() -> None:
    # One list of 1,000 words, led to by 100 pointers.
    pointers = [list_pointer(99 - index, EIGHT_BYTES, 1000) for index in range(100)]
    message = words(struct_pointer(0, 0, 100), *pointers) + bytes(8000)
    MessageBuilder().root.set(root(message))
    with pytest.raises(DecodeError, match="traversal limit"):
        MessageBuilder().root.set(root(message, limits=Limits(traversal_words=50_000)))


def test_far_pointers_near_the_end_of_the_address_space_are_refused_A5() -> None:
    # CVE-2017-7892; in Python a negative index would quietly read from the end.
    for position in (1, 0x1FFFFFFE, 0x1FFFFFFF):
        with pytest.raises(DecodeError):
            root(words(far_pointer(0, position))).struct()
    with pytest.raises(DecodeError):
        root(words(far_pointer(1, 0)), words(struct_pointer(-3, 1, 0), 0)).struct()


def test_a_far_pointer_leads_through_a_landing_pad_W1() -> None:
    found = root(words(far_pointer(1, 1)), words(0, struct_pointer(0, 1, 0), 77)).struct()
    assert found.u64(0) == 77


def test_a_double_far_pointer_leads_to_a_third_segment_W1() -> None:
    pad = words(far_pointer(2, 1), struct_pointer(0, 1, 0))
    assert root(words(far_pointer(1, 0, double=True)), pad, words(0, 78)).struct().u64(0) == 78


def test_a_double_far_pointer_to_a_list_of_structs_finds_its_tag() -> None:
    pad = words(far_pointer(2, 0), list_pointer(0, COMPOSITE, 2))
    items = root(words(far_pointer(1, 0, double=True)), pad, words(struct_pointer(2, 1, 0), 5, 6)).list()
    assert [items.struct(index).u64(0) for index in range(2)] == [5, 6]


@pytest.mark.parametrize(
    ("pad", "double", "problem"),
    [
        (words(far_pointer(0, 0), 0), False, "another far pointer"),
        (words(struct_pointer(0, 0, 0), 0), True, "first word"),
        (words(far_pointer(0, 0, double=True), 0), True, "first word"),
        (words(far_pointer(0, 0), far_pointer(0, 0)), True, "second word"),
        (words(far_pointer(9, 0), struct_pointer(0, 1, 0)), True, "segment 9 of 2"),
        (words(far_pointer(0, 5), struct_pointer(0, 1, 0)), True, "leaves its segment"),
    ],
)
def test_a_wrong_landing_pad_is_an_error_W2(pad: bytes, double: bool, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        root(words(far_pointer(1, 0, double)), pad).struct()


def test_a_tag_that_is_no_struct_or_overruns_is_an_error_W2() -> None:
    with pytest.raises(DecodeError, match="tag"):
        root(words(list_pointer(0, COMPOSITE, 1), list_pointer(1, BYTE, 1), 0)).list()
    with pytest.raises(DecodeError, match="overruns"):
        root(words(list_pointer(0, COMPOSITE, 1), struct_pointer(2, 1, 0), 0)).list()


def test_lists_of_numbers_can_be_read_as_structs_and_the_other_way_W2() -> None:
    numbers = root(words(list_pointer(0, TWO_BYTES, 3), 0x0003_0002_0001)).list()
    assert [numbers.struct(index).u16(0) for index in range(3)] == [1, 2, 3]
    assert numbers.struct(0).u32(0) == 0
    structs = root(words(list_pointer(0, COMPOSITE, 4), struct_pointer(2, 1, 1), 5, 0, 6, 0)).list()
    assert [structs.u16(index) for index in range(2)] == [5, 6]
    assert structs.pointer(1).is_null


def test_pointers_of_a_list_of_structs_are_found_behind_their_data_A6_W2() -> None:
    # CVE-2022-46149
    message = words(
        list_pointer(0, COMPOSITE, 4), struct_pointer(2, 1, 1), 5, list_pointer(2, BYTE, 2), 6, list_pointer(1, BYTE, 2),
        text_word("a"), text_word("b"),
    )  # fmt: skip
    items = root(message).list()
    assert [items.pointer(index).text() for index in range(2)] == ["a", "b"]
    # The same behind a field of texts, copied into another message, and seen there with and without its type.
    fields = [list_pointer(8, COMPOSITE, 4) if index == 7 else 0 for index in range(16)]
    reader = Everything.from_segments([words(struct_pointer(0, 0, 16), *fields) + message[8:]])
    assert list(reader.texts) == ["a", "b"]
    copied = Everything(any=reader.texts, texts=reader.texts)
    assert list(copied.texts) == ["a", "b"]
    moved = copied.any.as_reader().list()
    assert [moved.pointer(index).text() for index in range(2)] == ["a", "b"]
    assert [moved.struct(index).u64(0) for index in range(2)] == [5, 6]
    assert reader.to_dict()["texts"] == ["a", "b"]


def test_bits_are_read_only_as_bits_W2() -> None:
    bits = root(words(list_pointer(0, 1, 10), 0b10_0000_0101)).list()
    assert [bits.boolean(index) for index in range(10)] == [True, False, True, *[False] * 6, True]
    with pytest.raises(DecodeError, match="bits"):
        bits.struct(0)
    with pytest.raises(DecodeError, match="bits"):
        root(words(list_pointer(0, BYTE, 8), 0)).list().boolean(0)


def test_a_list_refuses_indexes_out_of_range() -> None:
    items = root(words(list_pointer(0, FOUR_BYTES, 2), 0)).list()
    for index in (-1, 2, 1 << 40):
        with pytest.raises((IndexError, OverflowError)):
            items.u32(index)
    with pytest.raises(DecodeError, match="hold no pointers"):
        items.pointer(0)
    with pytest.raises(DecodeError, match="do not hold"):
        items.u64(0)


def test_capabilities_are_found_in_the_table_W1_E6() -> None:
    message = MessageReader([words(struct_pointer(0, 0, 2), capability_pointer(1), capability_pointer(5))])
    thing = object()
    message.capabilities = [None, thing]
    found = message.root.struct()
    assert found.pointer(0).kind == "capability"
    assert found.pointer(0).capability() is thing
    assert found.pointer(0).capability_index() == 1
    # E6: an index outside of the table is an error of that field alone.
    with pytest.raises(DecodeError, match="capability 5 of a table of 2"):
        found.pointer(1).capability()


def test_a_pointer_of_an_unknown_kind_is_an_error_W2() -> None:
    with pytest.raises(DecodeError, match="unknown kind"):
        root(words(7)).capability()
    with pytest.raises(DecodeError, match="unknown kind"):
        root(words(7)).kind  # noqa: B018


def test_the_traversal_limit_counts_repeated_reads_W3() -> None:
    pointer = root(words(struct_pointer(0, 3, 0), 0, 0, 0), limits=Limits(traversal_words=10))
    for _ in range(3):
        pointer.struct()
    with pytest.raises(DecodeError, match="traversal limit"):
        pointer.struct()
    with pytest.raises(DecodeError, match="traversal limit"):
        pointer.struct()


def test_the_nesting_limit_stops_a_pointer_that_leads_to_itself_W4() -> None:
    found = root(words(struct_pointer(-1, 0, 1))).struct()
    for _ in range(63):
        found = found.struct(0)
    with pytest.raises(DecodeError, match="nesting limit"):
        found.struct(0)


def test_a_message_without_a_first_word_is_an_error() -> None:
    for segments in ([], [b""], [b"\0\0\0\0"]):
        with pytest.raises(DecodeError, match="root pointer"):
            MessageReader(segments)


def test_buffers_of_many_kinds_are_read_without_a_copy_W9() -> None:
    import array

    data = words(struct_pointer(0, 1, 0), 0x1122)
    for buffer in (data, bytearray(data), memoryview(data), memoryview(b"x" * 8 + data)[8:], array.array("Q", data)):
        assert MessageReader([buffer]).root.struct().u64(0) == 0x1122
    changing = bytearray(data)
    found = MessageReader([changing]).root.struct()
    changing[8] = 0x33
    assert found.u8(0) == 0x33
