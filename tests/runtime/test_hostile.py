"""Messages made by hand to cost much: whatever is done with them ends in an answer or a `DecodeError`, with work that the limits bound."""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fuzz.mutations import Everything, walk_typed, walk_untyped
from tests.wire.raw import (
    COMPOSITE,
    POINTER,
    TWO_BYTES,
    capability_pointer,
    far_pointer,
    list_pointer,
    struct_pointer,
    words,
)

from caplet.errors import BuildError, DecodeError, NotationError
from caplet.json_codec import JsonCodec
from caplet.limits import Limits
from caplet.messages import freeze, view
from caplet.wire.framing import frame
from caplet.wire.packing import pack

# Small enough that whoever would do work without asking for it takes minutes or gigabytes, and is noticed.
LIMITS = Limits(traversal_words=20_000)
BYTE, VOID, BIT = 2, 0, 1
DATA_WORDS, POINTERS = 4, 16
ROOT = struct_pointer(0, DATA_WORDS, POINTERS)
BODY = 1 + DATA_WORDS + POINTERS
GIANT = (1 << 29) - 1
TEXTS, POINTS, NESTED, VOIDS, CHILDREN, ANY, CHILD = 7, 9, 11, 12, 13, 14, 15


def place(index: int) -> int:
    """Return the word at which pointer `index` of the root stands."""
    return 1 + DATA_WORDS + index


def everything(pointers: dict[int, int], *body: int, data: tuple[int, ...] = (0,) * DATA_WORDS) -> list[bytes]:
    """Return a message whose root has these pointers, and what follows it."""
    return [words(ROOT, *data, *(pointers.get(index, 0) for index in range(POINTERS)), *body)]


def body(index: int, size: int, count: int) -> dict[int, int]:
    """Return pointer `index`, a list at the words that follow the root."""
    return {index: list_pointer(BODY - place(index) - 1, size, count)}


def shared(index: int, count: int, size: int, elements: int, content: int) -> list[bytes]:
    """Return a list of pointers that all lead to one list."""
    pointers = [list_pointer(count - at - 1, size, elements) for at in range(count)]
    return everything(body(index, POINTER, count), *pointers, *[0x0041414141414141] * content)


def children(count: int, field: int, lead: Callable[[int], int], tail: bytes = b"") -> list[bytes]:
    """Return a list of children, in each of which pointer `field`, at the word given to `lead`, is what that returns."""
    elements: list[int] = []
    for _ in range(count):
        element = [0] * (DATA_WORDS + POINTERS)
        element[DATA_WORDS + field] = lead(BODY + 1 + len(elements) + DATA_WORDS + field)
        elements += element
    size = len(elements)
    [segment] = everything(body(CHILDREN, COMPOSITE, size), struct_pointer(count, DATA_WORDS, POINTERS), *elements)
    return [segment + tail]


def data_of_child() -> tuple[int, ...]:
    """Return the data section of a message whose active member is `child`."""
    made = Everything()
    made.init_child()
    reader = made.as_reader()
    return tuple(int.from_bytes(reader._segment.blob(8 + 8 * word, 8), "little") for word in range(DATA_WORDS))


MESSAGES = {
    "children that hold themselves": children(20, CHILDREN, lambda at: list_pointer(BODY - at - 1, COMPOSITE, 400)),
    "a child that is its own parent": everything({CHILD: struct_pointer(-place(CHILD), 4, 16)}, data=data_of_child()),
    "children without size": everything(body(CHILDREN, COMPOSITE, 0), struct_pointer(19_000, 0, 0)),
    "as many children without size as can be told": everything(
        body(CHILDREN, COMPOSITE, 0), struct_pointer(GIANT, 0, 0)
    ),
    "children that are voids": everything({CHILDREN: list_pointer(0, VOID, 19_000)}),
    "giant list of void": everything({VOIDS: list_pointer(0, VOID, GIANT)}),
    "giant list of void without a type": everything({ANY: list_pointer(0, VOID, GIANT)}),
    "colors that are voids": everything({10: list_pointer(0, VOID, 19_000)}),
    "texts that are structs without size": everything(body(TEXTS, COMPOSITE, 0), struct_pointer(GIANT, 0, 0)),
    "one text a hundred times": shared(TEXTS, 100, BYTE, 400 * 8, 400),
    "one list of numbers a hundred times": shared(NESTED, 100, TWO_BYTES, 400 * 4, 400),
    "one list of bits in each child": children(
        50, 3, lambda at: list_pointer(BODY + 1 + 1000 - at - 1, BIT, 64 * 300), bytes(2400)
    ),
    "a list of lists of itself": everything(
        body(NESTED, POINTER, 30), *[list_pointer(-at - 1, POINTER, 30) for at in range(30)]
    ),
    "any list of lists of itself": everything(
        body(ANY, POINTER, 30), *[list_pointer(-at - 1, POINTER, 30) for at in range(30)]
    ),
    "any struct that is its own parent": everything({ANY: struct_pointer(-place(ANY), 4, 16)}),
    "pointers that all are themselves": [
        words(struct_pointer(0, 0, 15), *(struct_pointer(-at - 1, 0, 15) for at in range(15)))
    ],
    "every field a struct over the root": everything({at: struct_pointer(-place(at), 4, 16) for at in range(POINTERS)}),
    "every field a list over the root": everything(
        {at: list_pointer(-place(at), POINTER, 20) for at in range(POINTERS)}
    ),
    "every field a capability": everything({at: capability_pointer(0xFFFFFFFF) for at in range(POINTERS)}),
    "a tag that is no struct": everything(body(POINTS, COMPOSITE, 1), list_pointer(0, BYTE, 1), 0),
    "a tag of more than there is": everything(body(POINTS, COMPOSITE, 1), struct_pointer(1 << 29, 1, 1), 0),
    "a far pointer that goes round": [words(far_pointer(1, 0)), words(far_pointer(0, 0))],
    "a far pointer to itself": [words(far_pointer(0, 0))],
    "a double far pointer to itself": [words(far_pointer(0, 0, True), 0)],
    "a far pointer to a segment that is not there": [words(far_pointer(0xFFFFFFFF, 0x1FFFFFFF, True))],
}

NUMBERS = ("bytes", "shorts", "doubles")
LISTS = ("flags", *NUMBERS, "texts", "datas", "points", "colors", "nested", "voids", "children")


def use_lists(message: Any) -> None:
    for name in LISTS:
        items = getattr(message, name)
        _ = items[-1:], items[:3], list(reversed(items)), items.count(3), repr(items), items == items


@contextlib.contextmanager
def but_for(kind: type[Exception], text: str) -> Iterator[None]:
    """Let pass what a user is told of a message that is well-formed."""
    try:
        yield
    except kind as error:
        if text not in str(error):
            raise


def use_arrays(message: Any) -> None:
    for name in NUMBERS:
        items = getattr(message, name)
        _ = items.view(), items.__array_interface__
    message.children.column("number", copy=True).tolist()
    with but_for(ValueError, "an older schema wrote"):
        message.points.column("x").tolist()


def to_json(message: Any) -> None:
    with but_for(NotationError, "have no form in JSON"):
        message.to_json()


def to_canonical(message: Any) -> None:
    with but_for(BuildError, "capabilities"):
        message.to_canonical()


def use_views(message: Any) -> None:
    _ = view(message, "text"), view(message, "data")
    with but_for(IndexError, "out of range of a list of 0"):
        view(message.texts, 0)


def to_pickle(message: Any) -> None:
    pickle.loads(pickle.dumps(message, 5))


USES: dict[str, Callable[[Any], object]] = {
    "typed": walk_typed,
    "untyped": lambda message: walk_untyped(message._as_pointer()),
    "to_dict": lambda message: message.to_dict(),
    "to_json": to_json,
    "to_text": lambda message: message.to_text(),
    "to_bytes": lambda message: message.to_bytes(),
    "to_packed": lambda message: message.to_packed(),
    "to_canonical": to_canonical,
    "total_words": lambda message: message.total_words,
    "==": lambda message: message == message,
    "any ==": lambda message: message.any == message.any,
    "copy": copy.deepcopy,
    "as_builder": lambda message: message.as_builder().to_dict(),
    "assignment": lambda message: Everything(child=message, any=message.any),
    "freeze": lambda message: hash(freeze(message)),
    "pickle": to_pickle,
    "lists": use_lists,
    "arrays": use_arrays,
    "views": use_views,
}

SOURCES: dict[str, Callable[[list[bytes]], Any]] = {
    "from_segments": lambda segments: Everything.from_segments(segments, LIMITS),
    "from_bytes": lambda segments: Everything.from_bytes(framed(segments), LIMITS),
    "from_packed": lambda segments: Everything.from_packed(pack(framed(segments)), LIMITS),
    "read": lambda segments: Everything.read(io.BytesIO(framed(segments)), LIMITS),
    "read_many": lambda segments: list(Everything.read_many(io.BytesIO(framed(segments) * 2), LIMITS))[-1],
    "read packed": lambda segments: Everything.read(io.BytesIO(pack(framed(segments))), LIMITS, packed=True),
}


def framed(segments: list[bytes]) -> bytes:
    return b"".join(frame([memoryview(segment) for segment in segments]))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_messages_are_read_or_refused_within_their_limits(name: str, source: str) -> None:
    for use in USES if source == "from_segments" else ("to_dict",):
        try:
            message = SOURCES[source](MESSAGES[name])
            USES[use](message)
        except DecodeError:
            continue
        # Whatever was done, no more was read than the limits allow.
        assert 0 <= message._arena.budget <= LIMITS.traversal_words
    for part in (lambda found: found, lambda found: found.children, lambda found: found.any):
        try:
            shown = part(SOURCES[source](MESSAGES[name]))
        except DecodeError:
            continue
        assert len(repr(shown)) < 30_000


@pytest.mark.parametrize("use", ["to_dict", "to_text", "to_json"])
def test_what_is_written_out_is_charged_as_large_as_its_type_W3(use: str) -> None:
    # Each of these is nothing on the wire and twenty fields in Python.
    many = everything(body(CHILDREN, COMPOSITE, 0), struct_pointer(2_000, 0, 0))
    few = everything(body(CHILDREN, COMPOSITE, 0), struct_pointer(500, 0, 0))
    assert len(Everything.from_segments(many, LIMITS).children) == 2_000
    assert getattr(Everything.from_segments(few, LIMITS), use)()
    with pytest.raises(DecodeError, match="traversal limit"):
        getattr(Everything.from_segments(many, LIMITS), use)()


@pytest.mark.parametrize("use", ["to_dict", "to_text", "to_json"])
def test_bits_that_are_written_out_are_charged_for_W3(use: str) -> None:
    made = Everything(flags=[True] * 200_000).to_bytes()
    assert Everything.from_bytes(made, LIMITS).flags[-1]
    with pytest.raises(DecodeError, match="traversal limit"):
        getattr(Everything.from_bytes(made, LIMITS), use)()


def test_the_canonical_form_of_elements_without_size_costs_nothing() -> None:
    message = Everything.from_segments(everything(body(CHILDREN, COMPOSITE, 0), struct_pointer(1_000_000, 0, 0)))
    assert Everything.from_canonical(message.to_canonical()).children[-1].which == "nothing"


CONVERSIONS: list[Callable[[Everything], object]] = [
    lambda found: found.to_dict(),
    lambda found: found.to_json(),
    lambda found: found.to_text(),
    lambda found: JsonCodec().encode(found),
]


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_small_message_that_leads_to_one_list_many_times_is_not_made_into_much(
    convert: Callable[[Everything], object],
) -> None:
    """Sixteen words for each of the message, and 65,536: the default limit alone would allow a hundred times as much."""
    segments = shared(NESTED, 400, TWO_BYTES, 1_000, 250)
    found = Everything.from_segments(segments)
    with pytest.raises(DecodeError, match=r"all of this message of 6\d\d words leads to more than 76\d{3} words"):
        convert(found)
    assert found.nested[0][0] == 0x4141, "what is read one by one has the budget that is left"
    convert(Everything.from_segments(segments, Limits(traversal_words=1 << 31)))


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_limit_that_is_lower_bounds_conversions_as_it_bounds_reading(convert: Callable[[Everything], object]) -> None:
    segments = shared(NESTED, 10, TWO_BYTES, 3_200, 800)
    convert(Everything.from_segments(segments))
    with pytest.raises(DecodeError, match="the traversal limit allows"):
        convert(Everything.from_segments(segments, Limits(traversal_words=1000)))


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_large_message_that_leads_to_everything_once_is_converted(convert: Callable[[Everything], object]) -> None:
    made = Everything(flags=[True] * 700_000, nested=[[1] * 9_000, [2]], voids=[None] * 40_000).to_bytes()
    convert(Everything.from_bytes(made))
    assert len(made) < 107_000


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_conversions_draw_from_the_budget_of_the_message(convert: Callable[[Everything], object]) -> None:
    segments = shared(NESTED, 1, TWO_BYTES, 32_000, 8_000)
    found = Everything.from_segments(segments, Limits(traversal_words=20_000))
    convert(found)
    convert(found)
    with pytest.raises(DecodeError, match="the traversal limit allows"):
        convert(found)
