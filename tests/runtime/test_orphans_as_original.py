"""Orphans give the bytes that the C++ library gives for the same steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import caplet
from caplet.orphans import adopt, concatenate, copy_orphan, disown, new_orphan, refer_to
from caplet.wire.message import MessageBuilder
from caplet.wire.packing import pack

if TYPE_CHECKING:
    from collections.abc import Callable

T = caplet.load(Path(__file__).with_name("orphans.capnp")).T

# The segments that capnp::MallocMessageBuilder 0.9.2 has after these steps, each packed.
GOLDEN = {
    "move": ["5001090001511c01090006010500031111620003ff68656c6c6f2074680007657265"],
    "drop": ["5001090004114112000f017a"],
    "cut": ["500109000311154a1119220003ff070707070707070700010707616263"],
    "cutstructs": ["50010900021119a700001191220003510801090101001d07616263"],
    "growmoved": ["50010900021171f7001a0f6b657074510c010900041fe1ffffff2a0017"],
    "growinplace": ["5001090005110d4b0002044d0001"],
    "text": ["500109000411111a0003036162"],
    "text2": ["500109000411114a00030361620000"],
    "far": ["110201", "50010900011102020006", "50010900041102030003", "11014aff6661722061776179000000"],
    "fardrop": [
        "110201",
        "5001090004111a030003",
        "000a",
        "00021101caff68656c6c6f20776f02726c642074686973206973206c6f6e670000",
    ],
    "external": ["5001090003015e111912000311020111018a0178", "ff01020304050607080001020103"],
    "concat": [
        "500109000051380109000411091611150f0000110512110512016101621104010103000211390700021109260001110d12110d12110d12110d120161016201610162500109"
    ],
    "concat2": [
        "5001090000533001010953540101091119a7000551080109010100031139220003010200031115220003076f6e650774776f5110010901010003118922000301020003116522000301010003114122000301020003111d220003076f6e650774776f076f6e650774776f00023f3dffffff470100083119470100055110010901010003118922000301020003116522000301010003114122000301020003111d220003076f6e650774776f076f6e650774776f"
    ],
}


def move(t: Any) -> None:
    t.left.value = 5
    t.left.text = "hello there"
    adopt(t, "right", disown(t, "left"))


def drop(t: Any) -> None:
    t.left.value = 5
    t.left.text = "hello there"
    disown(t, "left")
    t.text = "z"


def cut(t: Any) -> None:
    data = new_orphan(t, bytes, 100)
    data.view()[:] = b"\7" * 100
    data.truncate(9)
    adopt(t, "data", data)
    t.text = "abc"


def cutstructs(t: Any) -> None:
    t.init_children(3)
    t.children[0].value = 1
    t.children[2].text = "gone"
    children = disown(t, "children")
    children.truncate(2)
    adopt(t, "children", children)
    t.text = "abc"


def growmoved(t: Any) -> None:
    t.init_children(2)[0].text = "kept"
    children = disown(t, "children")
    children.extend(3)
    adopt(t, "children", children)


def growinplace(t: Any) -> None:
    t.init_ints(3)[1] = 77
    ints = disown(t, "ints")
    ints.extend(9)
    adopt(t, "ints", ints)


def text(t: Any) -> None:
    made = new_orphan(t, str, 5)
    made.view()[:] = b"abcde"
    made.truncate(2)
    adopt(t, "text", made)


def text2(t: Any) -> None:
    text(t)
    made = disown(t, "text")
    made.extend(8)
    adopt(t, "text", made)


def far(t: Any) -> None:
    t.left.text = "far away"
    adopt(t, "right", disown(t, "left"))


def fardrop(t: Any) -> None:
    far(t)
    t.text = "hello world this is long"
    disown(t, "right")


def external(t: Any) -> None:
    adopt(t, "data", refer_to(t, bytes([1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3])))
    t.text = "x"


def concat(t: Any) -> None:
    t.texts = ["a", "b"]
    t.init_points(1)[0].x = 3
    left = t.left
    adopt(left, "texts", concatenate(t, [t.texts, t.texts]))
    adopt(left, "children", concatenate(t, [t.as_reader().children] * 2))


def concat2(t: Any) -> None:
    t.init_children(2)
    t.children[0].value = 1
    t.children[0].text = "one"
    t.children[1].value = 2
    t.children[1].text = "two"
    children = concatenate(t, [t.children] * 2)
    adopt(t.init_left(), "children", children)
    adopt(t, "right", copy_orphan(t, t.left))


STEPS: list[Callable[[Any], None]] = [
    move,
    drop,
    cut,
    cutstructs,
    growmoved,
    growinplace,
    text,
    text2,
    far,
    fardrop,
    external,
    concat,
    concat2,
]


@pytest.mark.parametrize("steps", STEPS)
def test_orphans_lie_where_the_original_puts_them_W11(steps: Callable[[Any], None]) -> None:
    small = steps.__name__.startswith("far")
    message = MessageBuilder(8, False) if small else MessageBuilder()
    steps(T._init(message.root))
    assert [pack(segment).hex() for segment in message.output()] == GOLDEN[steps.__name__]
