"""The original's tool makes messages of random values in every form; ours are the same bytes."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import caplet
from caplet.messages import is_canonical, new_message
from caplet.runtime.fields import BoolField
from caplet.runtime.kinds import (
    AnyPointerKind,
    BoolKind,
    DataKind,
    EnumKind,
    FloatKind,
    InterfaceKind,
    IntKind,
    Kind,
    TextKind,
    VoidKind,
)
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.plans import GroupField, StructKind
from caplet.wire.message import MessageBuilder

SCHEMA = Path(__file__).with_name("golden.capnp")
Everything = caplet.load(SCHEMA).Everything
BOOL, VOID = BoolKind(), VoidKind()
FORMS = ("binary", "packed", "flat", "canonical")
# No brackets and no "#": the original's tool counts those in strings too when it looks for the end of a value.
LETTERS = "ab \"'\\\n\t\x01é€😀"
# Not -0.0: the original's parser takes that for the integer.
FLOATS = (0.0, 1.5, -2.25, 1e30, -1e-30, float("inf"), float("-inf"), float("nan"))

needs_tool = pytest.mark.skipif(shutil.which("capnp") is None, reason="the original's tool is not installed")


class Values:
    """Random values for the fields of any struct.

    Args:
        rng: what is random.
        longest: how long lists and texts may be.
    """

    def __init__(self, rng: random.Random, longest: int) -> None:
        self.rng = rng
        self.longest = longest
        # What has been set, by kind: the test shows that nothing was left out.
        self.seen: Counter[str] = Counter()

    def struct(self, plan: StructKind, depth: int) -> dict[str, Any]:
        """Return some fields of a struct, at most one of them a member of its union."""
        chosen: dict[str, Any] = {}
        members = [field for field in plan.fields if field.tag >= 0]
        active = self.rng.choice(members) if members else None
        for field in plan.fields:
            if field.tag >= 0 and field is not active:
                continue
            if isinstance(field, GroupField):
                self.seen["group in a union" if field.tag >= 0 else "group"] += 1
                chosen[field.name] = self.struct(field.plan, depth)
                continue
            kind: Kind = getattr(field, "kind", None) or (BOOL if isinstance(field, BoolField) else VOID)
            if field is not active and self.rng.random() < 0.3:
                continue
            value = self.value(kind, depth)
            if value is not None or isinstance(kind, VoidKind):
                if field is active:
                    self.seen[f"{type(kind).__name__} in a union"] += 1
                chosen[field.name] = value
        return chosen

    def value(self, kind: Kind, depth: int) -> Any:
        """Return a value of a type, None for what a text cannot say."""
        rng = self.rng
        self.seen[kind.name] += 1
        if isinstance(kind, VoidKind | InterfaceKind | AnyPointerKind):
            return None
        if isinstance(kind, BoolKind):
            return rng.random() < 0.5
        if isinstance(kind, IntKind):
            bits = kind.width * 8
            low, high = (0, (1 << bits) - 1) if kind.name.startswith("U") else (-1 << bits - 1, (1 << bits - 1) - 1)
            return rng.choice((low, high, rng.randint(low, high), 0, 1))
        if isinstance(kind, FloatKind):
            return rng.choice(FLOATS)
        if isinstance(kind, EnumKind):
            return rng.randrange(3)
        if isinstance(kind, TextKind):
            return "".join(rng.choices(LETTERS, k=self.length()))
        if isinstance(kind, DataKind):
            return rng.randbytes(self.length()).translate(None, b"()[]{}#")
        if isinstance(kind, ListKind):
            if isinstance(kind.element, InterfaceKind):
                return None
            return [self.value(kind.element, depth - 1) for _ in range(self.length() if depth > 0 else 0)]
        assert isinstance(kind, StructKind)
        return self.struct(kind, depth - 1) if depth > 0 else {}

    def length(self) -> int:
        return self.rng.choice((0, 1, 2, 3, 7, 8, 9, self.rng.randrange(self.longest)))


def convert(form: str, source: bytes, *options: str) -> bytes:
    """Return messages in another form, as the original makes it."""
    command = ["capnp", "convert", *options, form, str(SCHEMA), "Everything"]
    done = subprocess.run(command, input=source, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_one_segment(struct: Any) -> bytes:
    """Return a struct as a message of one segment, without a table."""
    message = MessageBuilder(1 << 16)
    message.root.set(struct)
    (segment,) = message.output()
    return bytes(segment)


def check_forms(values: list[Any]) -> None:
    """Let the original make every form of these values from their texts, read each and build it again."""
    texts = [value.to_text() for value in values]
    source = "\n".join(texts).encode()
    made = {form: convert(f"text:{form}", source) for form in FORMS}

    found = list(Everything.read_many(made["binary"]))
    assert found == values
    assert [reader.to_text() for reader in found] == texts
    assert list(Everything.read_many(made["packed"], packed=True)) == values
    assert [Everything.from_text(text) for text in texts] == found

    # What reads a message and writes it again lays it out as the original did, in one segment or in many.
    rebuilt = [Everything.from_dict(reader.to_dict()) for reader in found]
    for written in (found, rebuilt):
        assert b"".join(struct.to_bytes() for struct in written) == made["binary"]
        assert b"".join(struct.to_packed() for struct in written) == made["packed"]
    for source_of in (values, found, rebuilt):
        assert b"".join(struct.to_canonical() for struct in source_of) == made["canonical"]
    assert all(is_canonical(struct.to_canonical()) for struct in found)
    flat = [in_one_segment(struct) for struct in found]
    assert b"".join(flat) == made["flat"]
    # One message each: a reader of a bare segment, and of its canonical form, is told where it ends.
    assert Everything.from_segments([made["flat"][: len(flat[0])]]) == values[0]
    assert Everything.from_canonical(made["canonical"][: len(values[0].to_canonical())]) == values[0]

    # And the other way: the original reads what was built here.
    ours = {
        "binary": b"".join(value.to_bytes() for value in values),
        "packed": b"".join(value.to_packed() for value in values),
        "flat": flat[0],
        "canonical": values[0].to_canonical(),
    }
    for form, content in ours.items():
        whole = source if form in ("binary", "packed") else texts[0].encode()
        assert convert(f"{form}:text", content).strip() == whole


@needs_tool
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1 << 30))
def test_every_form_is_byte_identical_to_the_original_W8_W16_W17(seed: int) -> None:
    values = Values(random.Random(seed), 9)
    check_forms([Everything.from_dict(values.struct(Everything._plan, 3)) for _ in range(4)])


@needs_tool
@settings(max_examples=1, deadline=None)
@given(st.integers(0, 1 << 30))
def test_a_message_of_many_segments_is_byte_identical_to_the_original(seed: int) -> None:
    values = Values(random.Random(seed), 40)
    large = Everything.from_dict({"children": [values.struct(Everything._plan, 2) for _ in range(6)]})
    check_forms([large])
    assert len(large.to_segments()) > 1


@needs_tool
@pytest.mark.parametrize("words", [1, 5, 32])
@settings(max_examples=3, deadline=None)
@given(st.integers(0, 1 << 30))
def test_segments_of_a_fixed_size_are_filled_as_the_original_fills_them_W10(words: int, seed: int) -> None:
    chosen = Values(random.Random(seed), 9).struct(Everything._plan, 3)
    made = new_message(Everything, first_segment_words=words, grow=False)
    made._fill((), chosen)
    text = made.to_text().encode()
    assert made.to_bytes() == convert("text:binary", text, f"--segment-size={words}")


def test_the_random_values_are_of_every_kind() -> None:
    values = Values(random.Random(1), 9)
    for _ in range(40):
        values.struct(Everything._plan, 3)
    scalars = ["Bool", "Void", "Color", "Text", "Data", "Float32", "Float64"]
    scalars += [f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)]
    lists = [
        f"List({name})"
        for name in (*scalars, "Point", "Tiny", "Nothing", "List(Int16)", "List(Bool)", "List(Text)", "List(Point)")
    ]
    assert {*scalars, *lists, "group", "group in a union"} <= values.seen.keys()
