"""How much room messages are given, text and data in place, and what keeps memory alive."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

from caplet import DecodeError
from caplet.errors import InactiveMemberError
from caplet.messages import freeze, is_canonical, new_message, view


def sizes(message: Any) -> list[int]:
    return [len(segment) // 8 for segment in message.to_segments()]


def test_a_small_first_segment_is_followed_by_ever_larger_ones_W10(shapes: Any) -> None:
    made = new_message(shapes.Lists, first_segment_words=16)
    made.texts = ["x" * 70] * 40
    used = sizes(made)
    assert used[0] <= 16
    assert len(used) in range(4, 9)
    assert shapes.Lists.from_bytes(made.to_bytes()) == made
    assert shapes.Lists.from_segments(made.to_segments()).to_dict() == {"texts": ["x" * 70] * 40}


def test_segments_of_one_size_do_not_grow_W10(shapes: Any) -> None:
    made = new_message(shapes.Lists, first_segment_words=64, grow=False)
    made.texts = ["x" * 70] * 40
    made.bytes = bytes(1000)  # needs a segment of its own size
    used = sizes(made)
    assert max(size for size in used if size < 126) <= 64
    assert len(used) > 6
    assert shapes.Lists.from_bytes(made.to_bytes()) == made


def test_a_message_with_room_has_one_segment(shapes: Any) -> None:
    made = new_message(shapes.Lists, first_segment_words=10_000)
    made.longs = range(9000)
    assert len(sizes(made)) == 1


def test_a_first_segment_of_one_word_holds_the_root_pointer_only(shapes: Any) -> None:
    made = new_message(shapes.Tree, first_segment_words=1)
    made.left.value = 5
    assert sizes(made)[0] == 1
    assert sizes(made.as_reader()) == sizes(made)
    assert shapes.Tree.from_bytes(made.to_bytes()).to_dict() == {"value": 0, "left": {"value": 5}}
    assert shapes.Tree.from_bytes(made.left.to_bytes()).to_dict() == {"value": 5}
    with pytest.raises(ValueError, match="too few"):
        new_message(shapes.Tree, first_segment_words=0)


# --- views ----------------------------------------------------------------------------------------------------------------------------------


def test_data_is_seen_in_place(shapes: Any) -> None:
    made = shapes.Defaults(data=b"abc", text="Grüße")
    shown = view(made, "data")
    assert (bytes(shown), shown.readonly) == (b"abc", False)
    shown[0] = ord("z")
    assert made.data == b"zbc"
    assert bytes(view(made, "text")) == "Grüße".encode()
    assert view(made, "text").readonly
    reader = shapes.Defaults.from_bytes(made.to_bytes())
    assert view(reader, "data").readonly
    assert bytes(view(reader, "data")) == b"zbc"
    made.data = b"other"
    assert bytes(shown) == bytes(3)
    lists = shapes.Lists(datas=[b"1", b"22"], texts=["a"])
    assert bytes(view(lists.datas, -1)) == b"22"
    assert bytes(view(lists.as_reader().texts, 0)) == b"a"
    assert bytes(view(shapes.Defaults(), "data")) == b""
    assert bytes(view(shapes.Defaults.from_segments([bytes(8)]), "data")) == b""


def test_what_is_no_text_or_data_is_refused(shapes: Any) -> None:
    for holder, key in [
        (shapes.Defaults(), "i8"),
        (shapes.Defaults(), "list"),
        (shapes.Lists().ints, 0),
        (5, "x"),
        (shapes.Tree(), 0),
    ]:
        with pytest.raises(TypeError):
            view(holder, key)
    with pytest.raises(AttributeError, match="no field"):
        view(shapes.Defaults(), "dada")
    with pytest.raises(InactiveMemberError):
        view(shapes.Shape(circle=1.0), "label")
    broken = bytearray(shapes.Names(name="text").to_bytes())
    broken[-8:] = b"\xff" * 8
    with pytest.raises(DecodeError, match="NUL"):
        view(shapes.Names.from_bytes(broken), "name")


def test_a_view_keeps_its_buffer_open(shapes: Any) -> None:
    data = bytearray(shapes.Defaults(data=b"abc").to_bytes())
    shown = view(shapes.Defaults.from_bytes(data), "data")
    gc.collect()
    with pytest.raises(BufferError):
        data.clear()
    shown.release()
    gc.collect()
    data.clear()


# --- lifetimes ------------------------------------------------------------------------------------------------------------------------------


def test_a_reader_keeps_its_buffer(shapes: Any) -> None:
    data = bytearray(shapes.Tree(left={"any": "text"}, children=[{"value": 3}]).to_bytes())
    parts = [
        (lambda tree: tree),
        (lambda tree: tree.left),
        (lambda tree: tree.children),
        (lambda tree: tree.children[0]),
    ]
    for part in parts:
        kept = part(shapes.Tree.from_bytes(data))
        gc.collect()
        with pytest.raises(BufferError):
            data.append(0)
        assert repr(kept)
        del kept
        data.append(0)
        data.pop()


def test_readers_are_shared_by_threads(shapes: Any) -> None:
    made = shapes.Lists(
        ints=range(100), texts=[str(number) for number in range(100)], points=[(number, 1) for number in range(100)]
    )
    reader = shapes.Lists.from_bytes(made.to_bytes())
    expected = made.to_dict()
    found: list[object] = []

    def read() -> None:
        found.extend(
            [reader.to_dict() == expected and sum(point.x for point in reader.points) == 4950 for _ in range(20)]
        )

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


# --- manners --------------------------------------------------------------------------------------------------------------------------------


def test_a_frozen_struct_is_a_key(shapes: Any) -> None:
    made = shapes.Shape(name="round", circle=2.0, style={"dashed": 3})
    one, two = freeze(made), freeze(made.as_reader())
    assert hash(one) == hash(two)
    assert {one: 1}[two] == 1
    assert one == made
    assert isinstance(one, shapes.Shape)
    assert type(one) is type(two)
    made.circle = 3.0
    assert one.circle == 2.0
    assert freeze(made) not in {one}
    with pytest.raises(AttributeError, match=r"immutable|no attribute|cannot be set"):
        one.circle = 5.0
    with pytest.raises(AttributeError, match="did you mean name"):
        _ = one.nama
    assert hash(freeze(shapes.Defaults())) == hash(freeze(shapes.Defaults(text="given")))
    nan = float("nan")
    assert len({freeze(shapes.Numbers(f64=nan)), freeze(shapes.Numbers(f64=nan)), freeze(shapes.Numbers(f64=1.0))}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(one.copy())


def test_lists_are_equal_when_their_elements_are_nan_included(shapes: Any) -> None:
    nan = float("nan")
    assert shapes.Lists(doubles=[nan, 1.0]) == shapes.Lists(doubles=[nan, 1.0])
    assert shapes.Lists(doubles=[nan, 1.0]) != shapes.Lists(doubles=[nan, 2.0])
    assert shapes.Lists(doubles=[nan]).doubles == [nan]
    assert shapes.Lists(ints=[1, 2]).ints == (1, 2)
    assert shapes.Lists(ints=[1, 2]).ints != [1]


def test_lists_match_sequence_patterns(shapes: Any) -> None:
    match shapes.Lists(ints=[1, 2, 3], texts=["a"]):
        case shapes.Lists(ints=[first, *rest], texts=["a"]):
            assert (first, rest) == (1, [2, 3])
        case _:
            pytest.fail("no match")


def test_what_is_nested_too_deep_is_an_error_and_no_crash(shapes: Any) -> None:
    deep = shapes.Tree()
    at = deep
    for _ in range(100_000):
        at = at.left
    at.value = 5
    assert repr(deep).endswith("...")
    with pytest.raises((DecodeError, RecursionError)):
        deep.to_dict()
    with pytest.raises((DecodeError, RecursionError)):
        deep.as_reader().to_dict()
    with pytest.raises((DecodeError, RecursionError)):
        assert deep == deep.copy()
    assert deep.total_words >= 100_001 * 5
    plain: dict[str, Any] = {}
    for _ in range(100_000):
        plain = {"left": plain}
    with pytest.raises(RecursionError):
        shapes.Tree.from_dict(plain)
    while plain:  # taken apart step by step: Python, too, has its trouble with deep things
        plain = plain.pop("left")


def test_canonical_bytes_are_told_from_others(shapes: Any) -> None:
    tree = shapes.Tree(left={"value": 1}, children=[{"value": 2}, {}])
    assert is_canonical(tree.to_canonical())
    assert shapes.Tree.from_canonical(tree.to_canonical()) == tree
    assert not is_canonical(tree.to_segments()[0])
    assert not is_canonical(tree.to_bytes())
    assert not is_canonical(tree.to_canonical() + bytes(8))
