"""Whole structs: forms, copies, comparison, pickling."""

from __future__ import annotations

import copy
import gzip
import io
import mmap
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from caplet.errors import DecodeError
from caplet.limits import Limits


def sample(shapes: Any) -> Any:
    """Return a builder with a bit of everything."""
    return shapes.Tree(
        value=1, left={"value": 2, "right": {"value": 3}}, children=[{"value": 4}, {"left": {"value": 5}}]
    )


def test_a_message_survives_every_form_W8(shapes: Any, tmp_path: Path) -> None:
    made = sample(shapes)
    data = made.to_bytes()
    for buffer in (data, bytearray(data), memoryview(data)):
        assert shapes.Tree.from_bytes(buffer) == made
    assert shapes.Tree.from_segments(made.to_segments()) == made
    assert shapes.Tree.from_dict(made.to_dict()) == made
    file = tmp_path / "tree"
    file.write_bytes(data)
    with file.open("rb") as opened:
        assert shapes.Tree.read(opened) == made
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        reader = shapes.Tree.from_bytes(mapped)
        assert reader == made
        del reader


def test_readers_write_what_they_read(shapes: Any) -> None:
    made = sample(shapes)
    reader = shapes.Tree.from_bytes(made.to_bytes())
    assert shapes.Tree.from_bytes(reader.to_bytes()) == made
    assert shapes.Tree.from_bytes(reader.left.to_bytes()).to_dict() == {"value": 2, "right": {"value": 3}}
    assert shapes.Tree.from_bytes(made.left.to_bytes()).to_dict() == {"value": 2, "right": {"value": 3}}


def test_messages_of_several_segments_are_read_and_written(shapes: Any) -> None:
    made = shapes.Lists(texts=["x" * 3000] * 10, points=[(number, number) for number in range(2000)])
    assert len(made.to_segments()) > 1
    reader = shapes.Lists.from_bytes(made.to_bytes())
    assert reader == made
    assert shapes.Lists.from_segments(made.to_segments()) == made
    assert shapes.Lists.read(io.BytesIO(made.to_bytes())) == made


@pytest.mark.parametrize("packed_file", [False, True])
def test_many_messages_of_a_file_are_read_one_by_one(shapes: Any, packed_file: bool) -> None:
    plain = io.BytesIO()
    target: Any = gzip.GzipFile(fileobj=plain, mode="wb") if packed_file else plain
    for number in range(5):
        shapes.Point(x=number).write(target)
    if packed_file:
        target.close()
    plain.seek(0)
    source: Any = gzip.GzipFile(fileobj=plain) if packed_file else plain
    assert shapes.Point.read(source).x == 0
    assert [point.x for point in shapes.Point.read_many(source)] == [1, 2, 3, 4]
    with pytest.raises(EOFError, match="no further Point"):
        shapes.Point.read(source)


def test_a_file_that_ends_inside_a_message_is_an_error_of_its_own(shapes: Any) -> None:
    data = sample(shapes).to_bytes()
    for size in (1, 4, 7, 8, 9, len(data) - 1):
        with pytest.raises(DecodeError, match="the file ends inside a"):
            shapes.Tree.read(io.BytesIO(data[:size]))
        with pytest.raises(DecodeError):
            shapes.Tree.from_bytes(data[:size])


def test_limits_hold_for_every_way_of_reading(shapes: Any) -> None:
    data = shapes.Lists(ints=range(1000)).to_bytes()
    small = Limits(traversal_words=100)
    # What is there already is opened whatever its size; what is read of it counts.
    opened = shapes.Lists.from_bytes(data, small)
    with pytest.raises(DecodeError, match=r"a larger Limits\(traversal_words=...\) reads it"):
        _ = opened.ints
    with pytest.raises(DecodeError, match=r"the limit is 100; a larger Limits\(traversal_words=...\) reads it"):
        shapes.Lists.read(io.BytesIO(data), small)
    deep = shapes.Tree()
    at = deep
    for _ in range(70):
        at = at.left
    reader = shapes.Tree.from_bytes(deep.to_bytes())
    with pytest.raises(DecodeError, match="nested deeper"):
        reader.to_dict()
    assert "DecodeError" in repr(reader) or repr(reader).endswith("...")


def test_buffers_with_gaps_are_refused_or_read_rightly(shapes: Any) -> None:
    data = shapes.Point(x=7, y=8).to_bytes()
    spread = bytearray(2 * len(data))
    spread[::2] = data
    with pytest.raises((DecodeError, TypeError)):
        shapes.Point.from_bytes(memoryview(spread)[::2])
    assert shapes.Point.from_bytes(data + b"what follows is not looked at").y == 8


def test_copies_share_nothing(shapes: Any) -> None:
    made = sample(shapes)
    for copied in (copy.copy(made), copy.deepcopy(made), made.copy(), made.as_builder()):
        assert copied == made
        copied.left.value = 99
        assert made.left.value == 2
    reader = made.as_reader()
    assert isinstance(copy.copy(reader), shapes.Tree)
    assert not isinstance(copy.copy(reader), shapes.Tree.Builder)
    changed = made.copy(value=50)
    assert (changed.value, made.value, changed.left.value) == (50, 1, 2)
    assert made.__replace__(value=51).value == 51


def test_a_builders_reader_sees_later_changes(shapes: Any) -> None:
    made = shapes.Point(x=1)
    reader = made.as_reader()
    made.x = 2
    assert reader.x == 2
    assert reader.as_reader() is reader


def test_equality_is_by_what_fields_read(shapes: Any) -> None:
    assert shapes.Point(x=1) == shapes.Point(x=1).as_reader()
    assert shapes.Point(x=1) != shapes.Point(x=2)
    assert shapes.Point(x=1) != shapes.Numbers(i32=1)
    assert shapes.Point(x=1) != {"x": 1}
    assert shapes.Defaults() == shapes.Defaults(text="given")
    assert shapes.Numbers(f64=float("nan")) == shapes.Numbers(f64=float("nan"))
    with pytest.raises(TypeError, match="unhashable"):
        hash(shapes.Point())


def test_fields_can_be_given_in_declared_order(shapes: Any) -> None:
    assert shapes.Point(3, 4) == shapes.Point(x=3, y=4)
    assert shapes.Point(3, y=4).y == 4
    with pytest.raises(TypeError, match="Point has 2 fields; 3 values"):
        shapes.Point(1, 2, 3)
    with pytest.raises(TypeError, match="two values for 'x'"):
        shapes.Point(1, x=2)


def test_unknown_fields_of_a_newer_schema_survive_copies(shapes: Any) -> None:
    newer = shapes.Shape(name="n", box={"width": 1, "title": "kept"})
    old = shapes.OldShape.from_bytes(newer.to_bytes())
    again = shapes.Shape.from_bytes(old.as_builder().to_bytes())
    assert again == newer


def test_repr_never_raises_and_is_short(shapes: Any) -> None:
    broken = bytearray(shapes.Names(name="text").to_bytes())
    broken[-8:] = b"\xff" * 8
    assert "DecodeError" in repr(shapes.Names.from_bytes(broken))
    assert len(repr(shapes.Names(name="x" * 10000))) < 1100


def test_structs_pickle_with_every_protocol(shapes: Any) -> None:
    made = sample(shapes)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for thing in (made, made.as_reader(), made.left):
            again = pickle.loads(pickle.dumps(thing, protocol))
            assert again == thing
            assert type(again) is type(thing)
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(made, 5, buffer_callback=buffers.append)
    assert len(buffers) == 1
    assert pickle.loads(data, buffers=buffers) == made


def test_a_pickle_is_read_in_a_process_that_has_not_loaded_the_schema(shapes: Any) -> None:
    data = pickle.dumps(sample(shapes))
    program = "import pickle, sys; print(repr(pickle.loads(bytes.fromhex(sys.argv[1]))))"
    run = subprocess.run(
        [sys.executable, "-c", program, data.hex()],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert run.stdout.strip() == repr(sample(shapes)), run.stderr


def test_what_holds_capabilities_cannot_be_pickled(shapes: Any) -> None:
    class Server(shapes.Thing.Server):  # type: ignore[misc,name-defined]
        def poke(self, pair: Any) -> None: ...

    owner = shapes.Owner(thing=Server())
    assert isinstance(owner.thing, shapes.Thing)
    assert shapes.Owner().thing is None
    assert len(shapes.Owner(things=[Server(), None]).things) == 2
    with pytest.raises(TypeError, match="holds capabilities, which cannot be pickled"):
        pickle.dumps(owner)
    with pytest.raises(TypeError, match="expected a client or Server of"):
        owner.thing = 5


def test_no_cycles_keep_messages_alive(shapes: Any) -> None:
    import gc
    import weakref

    class Watched(bytearray):
        pass

    memory = Watched(sample(shapes).to_bytes())
    gone = weakref.ref(memory)
    gc.disable()
    try:
        reader = shapes.Tree.from_bytes(memory)
        child = reader.children[1].left
        del memory, reader
        assert child.value == 5
        assert gone() is not None
        del child
        assert gone() is None
    finally:
        gc.enable()


def test_packed_canonical_text_and_json_come_back(shapes: Any) -> None:
    made = sample(shapes)
    tree = shapes.Tree
    assert tree.from_packed(made.to_packed()) == made
    assert len(made.to_packed()) < len(made.to_bytes())
    assert tree.from_canonical(made.to_canonical()) == made
    assert tree.from_bytes(made.to_bytes()).to_canonical() == made.to_canonical()
    for pretty in (True, False):
        assert tree.from_text(made.to_text(pretty=pretty)) == made
        assert tree.from_json(made.to_json(pretty=pretty)) == made
    assert str(shapes.Point(x=1)) == "(x = 1, y = 0)"
    assert shapes.Names(some_url_thing="u").to_json().find("someURLThing") > 0
    with pytest.raises(ValueError, match="xx"):
        shapes.Point.from_text("(xx = 1)")


def test_the_frozen_list_has_every_name_that_our_classes_need() -> None:
    from caplet.runtime.names import STRUCT_NAMES
    from caplet.runtime.structs import Struct

    public = {name for name in dir(Struct) if not name.startswith("_")} - {"Builder"}
    assert public <= STRUCT_NAMES
    assert STRUCT_NAMES - public == {"which"}
    page = (Path(__file__).parents[2] / "docs" / "classes.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in STRUCT_NAMES)


def test_a_struct_that_is_nowhere_is_copied_as_defaults(shapes):
    nowhere = shapes.Tree.from_segments([bytes(8)])
    assert nowhere._as_pointer().struct().u32(0) == 0
    assert nowhere.left.total_words == 0
    assert nowhere.to_canonical() == shapes.Tree().to_canonical()


def test_a_struct_can_be_put_inside_itself(shapes: Any) -> None:
    for put in (
        lambda tree: setattr(tree, "right", tree),
        lambda tree: setattr(tree.left, "left", tree),
        lambda tree: setattr(tree, "any", tree),
        lambda tree: setattr(tree, "children", [tree]),
        lambda tree: tree.children.append(tree),
        lambda tree: setattr(tree.left, "children", [tree.left, tree]),
        lambda tree: setattr(tree.left, "any", tree.children),
    ):
        made = shapes.Tree(value=1, left={"value": 2}, children=[{"value": 3}])
        before = made.copy()
        put(made)
        # What was there is copied, the place that is written to is not.
        assert shapes.Tree.from_bytes(made.to_bytes()) == made
        assert made.total_words < 8 * before.total_words
    made = shapes.Tree(value=1, left={"value": 2})
    made.right = made
    assert made.to_dict() == {"value": 1, "left": {"value": 2}, "right": {"value": 1, "left": {"value": 2}}}
