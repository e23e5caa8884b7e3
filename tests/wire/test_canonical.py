"""The canonical form: what is left out, and what is not canonical."""

from __future__ import annotations

import pytest

from caplet.errors import BuildError
from caplet.wire.canonical import canonicalize, is_canonical
from caplet.wire.message import MessageBuilder, MessageReader


def test_zeros_at_the_end_of_sections_and_of_all_elements_are_left_out_W16() -> None:
    message = MessageBuilder()
    root = message.root.init_struct(3, 3)
    root.set_u64(8, 5)
    items = root.pointer(1).init_struct_list(2, 2, 2)
    items.struct(0).set_u8(0, 1)
    items.struct(1).pointer(0).set_text("x")
    found = canonicalize(message.root.as_reader().struct())
    again = MessageReader([found]).root.struct()
    assert (again.data_bytes, again.pointer_count) == (16, 2)
    assert again.list(1).struct(0).data_bytes == 8
    assert again.list(1).struct(1).pointer_count == 1
    assert again.list(1).struct(1).text(0) == "x"
    assert is_canonical(found)
    assert not is_canonical(bytes(message.output()[0]))


def test_an_empty_struct_is_one_word_W16() -> None:
    message = MessageBuilder()
    message.root.init_struct(2, 2)
    assert canonicalize(message.root.as_reader().struct()).hex() == "fcffffff00000000"


def test_messages_of_many_words_become_one_segment_W16() -> None:
    message = MessageBuilder(8, grow=False)
    items = message.root.init_struct(0, 1).pointer(0).init_list(6, 500)
    for index in range(500):
        items.pointer(index).set_text("some text" * 5)
    found = canonicalize(message.root.as_reader().struct())
    assert is_canonical(found)
    assert MessageReader([found]).root.struct().list(0).pointer(499).text() == "some text" * 5


def test_capabilities_have_no_canonical_form_W16() -> None:
    message = MessageBuilder()
    message.root.init_struct(0, 1).pointer(0).set_capability(object())
    with pytest.raises(BuildError, match="capabilities"):
        canonicalize(message.root.as_reader().struct())


@pytest.mark.parametrize("content", ["", "0000000000000000", "0000000001000000", "fcffffff000000000000000000000000"])
def test_bytes_that_are_not_canonical_are_told_W16(content: str) -> None:
    assert not is_canonical(bytes.fromhex(content))
