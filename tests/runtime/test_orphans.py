"""Orphans: taken, made, put elsewhere, cut, prolonged, joined, and zeroed when nobody wants them."""

from __future__ import annotations

import gc
import mmap
import os
import random
import sys
from typing import TYPE_CHECKING, Any

import pytest

from caplet import BuildError
from caplet.errors import InactiveMemberError
from caplet.orphans import Orphan, adopt, concatenate, copy_orphan, disown, new_orphan, refer_to
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from pathlib import Path

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))


def words(message: Any) -> bytes:
    return b"".join(message.to_segments())


def test_an_object_moves_between_places_of_a_message_without_a_copy(shapes: Any) -> None:
    tree = shapes.Tree(left={"value": 1, "children": [{"value": 2}, {"value": 3}]})
    size = len(words(tree))
    left = disown(tree, "left")
    assert left
    assert not tree.has_left
    left.get().value = 7
    adopt(tree, "right", left)
    assert not left
    assert tree.to_dict() == {"value": 0, "right": {"value": 7, "children": [{"value": 2}, {"value": 3}]}}
    assert len(words(tree)) == size
    assert shapes.Tree.from_bytes(tree.to_bytes()) == tree


def test_every_kind_of_field_can_be_disowned_and_adopted(shapes: Any) -> None:
    made = shapes.Lists(
        bools=[True, False],
        shorts=[1, 2],
        texts=["a", "b"],
        datas=[b"1"],
        colors=["green"],
        points=[(1, 2)],
        nested=[[1], [2]],
        voids=[None] * 3,
    )
    before = made.to_dict()
    for name in before:
        orphan = disown(made, name)
        assert not getattr(made, f"has_{name}")
        assert len(orphan) == len(before[name])
        assert list(orphan.as_reader()) == list(orphan.get())
        adopt(made, name, orphan)
    assert made.to_dict() == before
    names = shapes.Shape(name="round", label="L")
    orphan = disown(names, "name")
    assert (orphan.get(), len(orphan), names.name) == ("round", 5, "")
    adopt(names, "label", orphan)
    assert (names.label, names.has_name) == ("round", False)


def test_elements_of_lists_can_be_disowned_and_adopted(shapes: Any) -> None:
    made = shapes.Lists(texts=["a", "b", "c"], nested=[[1, 2], [3]])
    orphan = disown(made.texts, -1)
    adopt(made.texts, 0, orphan)
    assert list(made.texts) == ["c", "b", ""]
    inner = disown(made.nested, 0)
    adopt(made, "ints", inner)
    assert made.to_dict()["ints"] == [1, 2]
    with pytest.raises(TypeError, match="no objects of their own"):
        disown(made.ints, 0)
    with pytest.raises(IndexError):
        disown(made.texts, 3)


def test_an_orphan_that_is_dropped_is_zeroed_W12(shapes: Any) -> None:
    tree = shapes.Tree(left={"children": [{"value": 0x11111111, "left": {"value": 0x22222222}}], "any": "secret"})
    orphan = disown(tree, "left")
    assert b"secret" in words(tree)
    del orphan
    gc.collect()
    assert words(tree) == words(shapes.Tree())[:8] + words(tree)[8:]
    assert words(tree)[8:].count(0) == len(words(tree)) - 8
    with disown(shapes.Shape(name="x"), "name") as taken:
        assert taken
    assert not taken


def test_objects_of_every_type_are_made_without_a_place(shapes: Any) -> None:
    tree = shapes.Tree()
    left = new_orphan(tree, shapes.Tree)
    left.get().value = 5
    children = new_orphan(tree, shapes.Tree.children, 3)
    children.get()[1].value = 6
    adopt(left.get(), "children", children)
    adopt(tree, "left", left)
    text = new_orphan(tree, str, 3)
    text.view()[:] = b"abc"
    adopt(tree, "any", text)
    assert tree.to_dict()["left"] == {"value": 5, "children": [{"value": 0}, {"value": 6}, {"value": 0}]}
    assert tree.any.as_reader().text() == "abc"
    lists = shapes.Lists()
    for type_, name in [
        (list[bool], "bools"),
        (list[float], "doubles"),
        (list[str], "texts"),
        (list[bytes], "datas"),
        (list[shapes.Color], "colors"),
        (list[shapes.Point], "points"),
        (list[None], "voids"),
        (shapes.Lists.nested, "nested"),
    ]:
        adopt(lists, name, new_orphan(lists, type_, 2))
        assert len(getattr(lists, name)) == 2
    with pytest.raises(TypeError, match="is no class of a struct"):
        new_orphan(tree, int)
    with pytest.raises(TypeError, match="has no length"):
        new_orphan(tree, shapes.Point, 2)
    with pytest.raises(TypeError, match="no empty object"):
        new_orphan(tree, shapes.Owner.thing)


def test_places_and_orphans_must_fit(shapes: Any) -> None:
    tree = shapes.Tree(left={"value": 1})
    with pytest.raises(TypeError, match="expected a builder"):
        disown(tree.as_reader(), "left")
    with pytest.raises(TypeError, match="holds no object"):
        disown(tree, "value")
    with pytest.raises(AttributeError, match="did you mean left"):
        disown(tree, "lefd")
    with pytest.raises(InactiveMemberError):
        disown(shapes.Shape(circle=1.0), "label")
    orphan = disown(tree, "left")
    with pytest.raises(ValueError, match="only in the message"):
        adopt(shapes.Tree(), "left", orphan)
    with pytest.raises(TypeError, match="cannot adopt an orphan of type Tree"):
        adopt(tree, "children", orphan)
    other = new_orphan(tree, str)
    adopt(tree, "any", other)
    untyped = disown(tree, "any")
    with pytest.raises(TypeError, match="cannot adopt an orphan of type AnyPointer"):
        adopt(tree, "left", untyped)
    adopt(tree, "left", orphan)
    assert tree.left.value == 1


def test_a_null_orphan_makes_a_place_null(shapes: Any) -> None:
    tree = shapes.Tree(left={"value": 1})
    orphan = disown(tree, "right")
    assert not orphan
    assert len(disown(tree, "children")) == 0
    assert repr(orphan) == "<orphan of type Tree, null>"
    adopt(tree, "left", orphan)
    assert not tree.has_left
    assert disown(tree, "right").get().to_dict() == {"value": 0}
    assert disown(tree, "any").get().is_null
    assert list(disown(tree, "children").get()) == []


def test_any_pointers_and_capabilities_can_be_disowned(shapes: Any) -> None:
    class Thing(shapes.Thing.Server):
        async def poke(self, pair: Any) -> None: ...

    owner = shapes.Owner(thing=Thing(), things=[Thing()])
    orphan = disown(owner, "thing")
    assert isinstance(orphan.get(), shapes.Thing)
    adopt(owner.things, 0, orphan)
    assert not owner.has_thing
    assert owner.things[0] is not None
    dropped = disown(owner.things, 0)
    dropped.discard()
    assert owner.to_segments()
    tree = shapes.Tree()
    tree.any = shapes.Point(x=3)
    untyped = disown(tree, "any")
    assert shapes.Point._open(untyped.get()).x == 3
    adopt(tree, "any", untyped)
    assert shapes.Point._open(tree.as_reader().any).x == 3


def test_what_an_older_program_wrote_is_made_larger_when_it_is_disowned(shapes: Any) -> None:
    message = MessageBuilder()
    root = message.root.init_struct(1, 4)
    root.init_struct(0, 1, 0).set_u32(0, 5)
    root.init_struct_list(2, 2, 1, 0).struct(1).set_u32(0, 6)
    tree = shapes.Tree.from_segments(message.output()).as_builder()
    left = disown(tree, "left")
    left.get().left.value = 7
    adopt(tree, "right", left)
    children = disown(tree, "children")
    children.get()[0].any = "text"
    adopt(tree.right, "children", children)
    found = shapes.Tree.from_bytes(tree.to_bytes())
    assert (found.right.value, found.right.left.value, found.has_left) == (5, 7, False)
    assert (found.right.children[0].any.text(), found.right.children[1].value) == ("text", 6)
    copied = copy_orphan(tree, shapes.Tree.from_segments(message.output()).left)
    copied.get().left.value = 8
    assert copied.get().to_dict() == {"value": 5, "left": {"value": 8}}
    joined = concatenate(tree, [shapes.Tree.from_segments(message.output()).children])
    joined.get()[1].left.value = 9
    assert joined.get()[1].to_dict() == {"value": 6, "left": {"value": 9}}


# --- lengths ------------------------------------------------------------------------------------------------------------------------------


def test_cutting_zeroes_what_goes_and_gives_space_back(shapes: Any) -> None:
    made = shapes.Lists()
    orphan = new_orphan(made, bytes, 4096)
    orphan.view()[:5] = b"hello"
    orphan.truncate(5)
    assert orphan.get() == b"hello"
    adopt(made, "datas", new_orphan(made, list[bytes], 1))
    adopt(made.datas, 0, orphan)
    assert len(words(made)) < 8 * 25
    assert shapes.Lists.from_bytes(made.to_bytes()).datas[0] == b"hello"
    points = copy_orphan(made, shapes.Lists(points=[(1, 2), (3, 4), (5, 6)]).points)
    points.truncate(1)
    assert [point.to_dict() for point in points.get()] == [{"x": 1, "y": 2}]
    points.extend(2)
    assert [point.to_dict() for point in points.get()] == [{"x": 1, "y": 2}, {"x": 0, "y": 0}]
    with pytest.raises(ValueError, match="cannot be cut to 3"):
        points.truncate(3)
    with pytest.raises(ValueError, match="cannot be prolonged to 1"):
        points.extend(1)
    with pytest.raises(BuildError, match="only a list"):
        disown(shapes.Tree(left={}), "left").extend(3)
    with pytest.raises(BuildError, match="only a list"):
        disown(shapes.Tree(), "left").extend(3)
    texts = disown(shapes.Lists(), "texts")
    texts.extend(2)
    assert list(texts.get()) == ["", ""]


def test_text_keeps_its_nul(shapes: Any) -> None:
    made = shapes.Shape()
    orphan = copy_orphan(made, "Grüße, everybody")
    assert len(orphan) == 18
    orphan.truncate(7)
    assert orphan.get() == "Grüße"
    orphan.extend(9)
    assert orphan.get() == "Grüße\0\0"
    adopt(made, "name", orphan)
    assert shapes.Shape.from_bytes(made.to_bytes()).name == "Grüße\0\0"


def test_a_list_that_cannot_be_prolonged_in_place_moves_and_keeps_its_objects(shapes: Any) -> None:
    tree = shapes.Tree(children=[{"value": 1, "left": {"value": 11}}, {"value": 2, "any": "text"}])
    orphan = disown(tree, "children")
    orphan.extend(300)
    assert len(orphan.get()) == 300
    orphan.get()[299].value = 9
    adopt(tree, "children", orphan)
    found = shapes.Tree.from_bytes(tree.to_bytes())
    assert [child.value for child in found.children][:3] == [1, 2, 0]
    assert found.children[0].left.value == 11
    assert found.children[1].any.text() == "text"
    assert found.children[299].value == 9
    texts = shapes.Lists(texts=["a", "b"])
    orphan = disown(texts, "texts")
    orphan.extend(3)
    orphan.get()[2] = "c"
    adopt(texts, "texts", orphan)
    assert list(texts.texts) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "name", ["bools", "bytes", "shorts", "longs", "doubles", "texts", "points", "colors", "nested", "voids"]
)
def test_lists_are_cut_and_prolonged_like_lists_of_python(shapes: Any, name: str) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    source = random.Random(SEED)
    number = source.randint
    values: dict[str, tuple[Any, Any]] = {
        "bools": (lambda: number(0, 1) == 1, False),
        "bytes": (lambda: number(0, 255), 0),
        "shorts": (lambda: number(-9, 9), 0),
        "longs": (lambda: number(0, 2**64 - 1), 0),
        "doubles": (source.random, 0.0),
        "texts": (lambda: "x" * number(0, 20), ""),
        "points": (lambda: {"x": number(0, 9), "y": 1}, {"x": 0, "y": 0}),
        "colors": (lambda: source.choice(["red", "green"]), "red"),
        "nested": (lambda: [number(0, 9)] * number(0, 3), []),
        "voids": (lambda: None, None),
    }
    make, empty = values[name]
    for _ in range(10):
        expected = [make() for _ in range(number(0, 70))]
        made = shapes.Lists(**{name: expected})
        orphan = disown(made, name)
        for _ in range(6):
            length = number(0, 90)
            if length < len(expected):
                orphan.truncate(length)
            else:
                orphan.extend(length)
            expected = expected[:length] + [empty] * (length - len(expected))
            if number(0, 3) == 0:
                new_orphan(made, bytes, number(0, 40))  # takes the room behind the list
        adopt(made, name, orphan)
        assert shapes.Lists.from_bytes(made.to_bytes()).to_dict()[name] == expected


# --- joining and copying --------------------------------------------------------------------------------------------------------------------


def test_lists_texts_and_data_are_joined(shapes: Any) -> None:
    made = shapes.Lists()
    one = shapes.Lists(
        bools=[True, False, True], ints=[1, 2], texts=["a"], points=[(1, 2)], nested=[[1]], colors=["green"]
    )
    two = shapes.Lists(
        bools=[True] * 9, ints=[3], texts=["b", "c"], points=[(3, 4), (5, 6)], nested=[[2, 3]], colors=["red"]
    )
    first, second, expected = one.to_dict(), two.to_dict(), {}
    for name in first:
        adopt(made, name, concatenate(made, [getattr(one, name), getattr(two.as_reader(), name), getattr(one, name)]))
        expected[name] = first[name] + second[name] + first[name]
    assert shapes.Lists.from_bytes(made.to_bytes()).to_dict() == expected
    assert concatenate(made, ["ab", "", "c"]).get() == "abc"
    assert concatenate(made, [b"ab", bytearray(b"c")]).get() == b"abc"
    with pytest.raises(TypeError, match="of one type"):
        concatenate(made, [one.ints, one.texts])
    with pytest.raises(ValueError, match="nothing to join"):
        concatenate(made, [])


def test_copies_are_deep_and_belong_to_the_message(shapes: Any) -> None:
    tree = shapes.Tree(value=1, left={"value": 2, "any": "text"})
    made = shapes.Tree()
    adopt(made, "right", copy_orphan(made, tree.as_reader()))
    tree.left.value = 3
    assert made.right.left.value == 2
    assert made.right.left.any.as_reader().text() == "text"
    assert copy_orphan(made, memoryview(b"bytes")).get() == b"bytes"
    with pytest.raises(TypeError):
        copy_orphan(made, 5)


# --- external data --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 64, 100_001])
def test_external_data_is_part_of_the_message_without_a_copy(shapes: Any, size: int) -> None:
    outside = bytes(range(1, 256)) * 400
    content = bytearray(outside[:size])
    made = shapes.Defaults(text="beside")
    adopt(made, "data", refer_to(made, content))
    assert made.data == content
    assert len(made.to_segments()) == (2 if size else 1)
    found = shapes.Defaults.from_bytes(made.to_bytes())
    assert (found.data, found.text) == (bytes(content), "beside")
    assert shapes.Defaults.from_packed(made.to_packed()).data == bytes(content)
    assert shapes.Defaults.from_segments(made.to_segments()).data == bytes(content)
    if size:
        with pytest.raises(BufferError):  # it is kept as it is while the message refers to it
            content.append(1)
        content[0] = 77
        assert made.data[0] == 77
    made.text = "more " * 3000
    made.data = b"other"
    assert content[1:] == outside[1:size]  # what is replaced is zeroed, but not what lies outside
    assert made.data == b"other"


def test_external_data_is_never_written(shapes: Any) -> None:
    content = bytes(range(16))
    made = shapes.Defaults()
    orphan = refer_to(made, content)
    assert orphan.view().readonly
    with pytest.raises(BuildError, match="external data"):
        orphan.truncate(3)
    with pytest.raises(BuildError, match="external data"):
        orphan.extend(30)
    orphan.discard()
    del orphan
    lists = shapes.Tree()
    adopt(lists, "any", refer_to(lists, content))
    lists.any.clear()
    assert content == bytes(range(16))
    whole = shapes.Lists()
    adopt(whole, "datas", new_orphan(whole, list[bytes], 1))
    adopt(whole.datas, 0, refer_to(whole, content))
    assert whole.copy().datas[0] == content
    untyped = shapes.Tree()
    adopt(untyped, "any", refer_to(untyped, content))
    taken = disown(untyped, "any")
    numbers = shapes.Lists()
    message = disown(numbers, "bytes")
    assert not message
    with pytest.raises(ValueError, match="only in the message"):
        adopt(numbers, "bytes", taken)


def test_external_bytes_seen_as_numbers_cannot_be_changed(shapes: Any) -> None:
    content = bytes(range(16))
    made = shapes.Lists()
    holder = refer_to(made, content)
    untyped = Orphan(holder._detached, shapes.Tree.any.kind)
    adopt(made, "bytes", untyped)
    assert list(made.bytes) == list(content)
    with pytest.raises(TypeError, match="cannot be changed"):
        made.bytes[0] = 1
    assert content == bytes(range(16))


def test_a_mapped_file_can_be_sent_as_data(shapes: Any, tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(b"0123456789" * 1000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        made = shapes.Defaults()
        adopt(made, "data", refer_to(made, mapped))
        with pytest.raises(BufferError):
            mapped.close()
        data = made.to_bytes()
        del made
        gc.collect()
    assert shapes.Defaults.from_bytes(data).data == path.read_bytes()


def test_random_moves_between_fields_lose_nothing(shapes: Any) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    source = random.Random(SEED)
    for _ in range(20):
        tree = shapes.Tree()
        plain: dict[str, Any] = {}
        names = ["left", "right"]
        for step in range(60):
            at, model = tree, plain
            while source.random() < 0.6:
                name = source.choice(names)
                if name not in model:
                    break
                at, model = getattr(at, name), model[name]
            name, other = source.sample(names, 2)
            act = source.randrange(4)
            if act == 0:
                setattr(at, name, {"value": step})
                model[name] = {"value": step}
            elif act == 1:
                adopt(at, other, disown(at, name))
                model.pop(other, None)
                if name in model:
                    model[other] = model.pop(name)
            elif act == 2:
                orphan = new_orphan(tree, shapes.Tree)
                orphan.get().value = step
                adopt(at, name, orphan)
                model[name] = {"value": step}
            else:
                disown(at, name)
                model.pop(name, None)
        reader = shapes.Tree.from_bytes(tree.to_bytes())
        assert reader == shapes.Tree.from_dict(plain)


def small_segments(shapes: Any) -> Any:
    """Return the root of a message whose segments have eight words each, so that far pointers lead to most objects."""
    return shapes.Tree._init(MessageBuilder(8, False).root)


def test_objects_in_other_segments_keep_their_landing_pads_when_they_move(shapes: Any) -> None:
    tree = small_segments(shapes)
    tree.left.any = "far away"
    tree.left.children = [{"value": 1}]
    size = tree._arena.total_words
    adopt(tree, "right", disown(tree, "left"))
    assert tree._arena.total_words == size
    assert tree.to_dict()["right"]["children"] == [{"value": 1}]
    children = disown(tree.right, "children")
    children.extend(5)
    children.truncate(2)
    adopt(tree, "children", children)
    found = shapes.Tree.from_segments(tree._arena.output())
    assert [child.value for child in found.children] == [1, 0]
    assert (found.right.any.text(), found.right.has_children) == ("far away", False)


def test_objects_in_other_segments_are_zeroed_with_their_landing_pads_W12(shapes: Any) -> None:
    tree = small_segments(shapes)
    empty = b"".join(tree._arena.output())
    tree.left.any = "far away"
    tree.right.children = [{"value": 1, "left": {"value": 2}}] * 4
    for name in ("left", "right"):
        disown(tree, name)
    whole = b"".join(tree._arena.output())
    assert whole[: len(empty)] == empty
    assert whole[len(empty) :].count(0) == len(whole) - len(empty)
