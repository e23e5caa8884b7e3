"""Damaged messages: whatever is read from them, only `DecodeError` comes out, and the work stays within the limits.

    python fuzz/mutations.py --count 100000 --seed 1

First every single bit of the pointer words of small messages is flipped, then random bytes of messages of several segments change.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import caplet
from caplet.errors import BuildError, DecodeError
from caplet.limits import Limits
from caplet.messages import new_message

__all__ = ["Everything", "bit_flips", "explore", "fill", "random_mutations", "run"]

schema = caplet.load(Path(__file__).with_name("mutations.capnp"))
Everything = schema.Everything

# What one message may cost, whatever its bytes say.
LIMITS = Limits(traversal_words=20_000)
NESTING = 64

Segments = list[bytes]


def fill(target: Any, rng: random.Random, depth: int) -> None:
    """Set many fields of `target` at random."""
    target.flag = rng.random() < 0.5
    target.number = rng.getrandbits(64)
    target.real = rng.random()
    target.color = rng.randrange(3)
    target.text = "text" * rng.randrange(4)
    target.data = rng.randbytes(rng.randrange(20))
    target.point = {"x": rng.randrange(100)}
    target.flags = [rng.random() < 0.5 for _ in range(rng.randrange(12))]
    target.bytes = rng.randbytes(rng.randrange(10))
    target.shorts = [rng.randrange(-99, 99) for _ in range(rng.randrange(6))]
    target.doubles = [rng.random() for _ in range(rng.randrange(4))]
    target.texts = ["one", "", "three"][: rng.randrange(4)]
    target.datas = [b"one", b"", b"three"][: rng.randrange(4)]
    target.points = [{"x": number, "y": -number} for number in range(rng.randrange(5))]
    target.colors = [0, 1, 2][: rng.randrange(4)]
    target.nested = [[1, 2], [], [3]][: rng.randrange(4)]
    target.init_voids(rng.randrange(5))
    target.any = schema.Point(x=rng.randrange(9))
    member = rng.randrange(4)
    if member == 1:
        target.label = "label"
    elif member == 2 and depth:
        fill(target.init_child(), rng, depth - 1)
    elif member == 3:
        target.box.width = 4
        target.box.title = "title"
    if depth:
        for child in target.init_children(rng.randrange(3)):
            fill(child, rng, depth - 1)


def make_message(rng: random.Random, depth: int, first_segment_words: int) -> Segments:
    """Return the segments of a message made at random."""
    root = new_message(Everything, first_segment_words=first_segment_words, grow=False)
    fill(root, rng, depth)
    return [bytes(segment) for segment in root.to_segments()]


def bit_flips(segments: Segments) -> Iterator[Segments]:
    """Yield the message with each single bit of each word that looks like a pointer flipped."""
    for number, segment in enumerate(segments):
        for start in range(0, len(segment), 8):
            if not any(segment[start : start + 8]):
                continue
            for bit in range(64):
                damaged = bytearray(segment)
                damaged[start + bit // 8] ^= 1 << bit % 8
                yield [*segments[:number], bytes(damaged), *segments[number + 1 :]]


def random_mutations(segments: Segments, rng: random.Random) -> Iterator[Segments]:
    """Yield the message damaged in a few places, without end."""
    while True:
        damaged = [bytearray(segment) for segment in segments]
        for _ in range(rng.randrange(1, 6)):
            segment = rng.choice(damaged)
            if not segment:
                continue
            at = rng.randrange(len(segment))
            kind = rng.randrange(5)
            if kind == 0:
                segment[at] = rng.randrange(256)
            elif kind == 1:
                segment[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                word = at & ~7
                segment[word : word + 8] = rng.choice((bytes(8), b"\xff" * 8, rng.randbytes(8)))
            elif kind == 3:
                other = rng.randrange(0, len(segment), 8)
                segment[at & ~7 : (at & ~7) + 8] = segment[other : other + 8]
            else:
                del segment[at & ~7 :]
        yield [bytes(segment) for segment in damaged]


def walk_untyped(pointer: Any, depth: int = 0) -> int:
    """Follow every pointer, as untyped structs and lists, and return how many were followed."""
    if depth > NESTING or pointer.is_null:
        return 1
    followed = 1
    kind = pointer.kind
    if kind == "struct":
        found = pointer.struct()
        for index in range(found.pointer_count):
            followed += walk_untyped(found.pointer(index), depth + 1)
    elif kind == "list":
        items = pointer.list()
        if items.holds_pointers:
            for index in range(len(items)):
                followed += walk_untyped(items.pointer(index), depth + 1)
    return followed


def walk_typed(message: Any) -> None:
    """Read every field by its name."""
    for name in ("flag", "small", "number", "real", "color", "text", "data", "which"):
        getattr(message, name)
    _ = message.point.x, message.point.y
    for name in ("flags", "bytes", "shorts", "doubles", "texts", "datas", "colors", "voids"):
        for _ in getattr(message, name):
            pass
    _ = [point.y for point in message.points]
    _ = [list(inner) for inner in message.nested]
    for child in message.children:
        walk_typed(child)
    which = str(message.which)
    if which in ("label", "child", "box"):
        member = getattr(message, which)
        if which == "child":
            walk_typed(member)
        elif which == "box":
            _ = member.width, member.title


def canonical(message: Any) -> None:
    """Make the canonical form; a message with capabilities, which any damaged pointer may become, has none."""
    try:
        message.to_canonical()
    except BuildError as error:
        if "capabilities" not in str(error):
            raise


USES: dict[str, Callable[[Any], object]] = {
    "typed": walk_typed,
    "untyped": lambda message: walk_untyped(message._as_pointer()),
    "to_dict": lambda message: message.to_dict(),
    "==": lambda message: message == message,
    "copy": copy.deepcopy,
    "canonical": canonical,
    "packed": lambda message: Everything.from_packed(message.to_packed(), limits=LIMITS).number,
    "text": lambda message: message.to_text(),
}


def explore(segments: Segments, outcomes: Counter[str]) -> None:
    """Use one damaged message in every way; anything but an answer or a `DecodeError` comes out of this."""
    for name, use in USES.items():
        try:
            message = Everything.from_segments(segments, limits=LIMITS)
            use(message)
        except DecodeError:
            outcomes[f"{name}: refused"] += 1
        else:
            outcomes[f"{name}: read"] += 1
    try:
        message = Everything.from_segments(segments, limits=LIMITS)
    except DecodeError:
        return
    # Never raises, whatever the bytes are.
    repr(message)


def run(count: int, seed: int) -> Counter[str]:
    """Damage messages `count` times and use each of them in every way.

    Args:
        count: how many damaged messages.
        seed: of everything random.

    Returns:
        How often each use read the message, and how often it refused it.
    """
    rng = random.Random(seed)
    outcomes: Counter[str] = Counter()
    done = 0
    while done < count:
        small = make_message(rng, 0, rng.choice((4, 16, 1024)))
        flips = list(bit_flips(small))
        rng.shuffle(flips)
        large = make_message(rng, 2, rng.choice((1, 16, 64, 1024)))
        damaged = random_mutations(large, rng)
        for segments in (*flips[: count // 4 + 1], *(next(damaged) for _ in range(min(count, 4000)))):
            if done == count:
                break
            try:
                explore(segments, outcomes)
            except BaseException:
                print(f"seed {seed}, message {done}: {[segment.hex() for segment in segments]}")
                raise
            done += 1
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="how many damaged messages")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}; compiled: {caplet.accelerated}", flush=True)
    start = time.perf_counter()
    outcomes = run(options.count, options.seed)
    print(f"{options.count} damaged messages in {time.perf_counter() - start:.0f} s")
    for name, times in sorted(outcomes.items()):
        print(f"  {name}: {times}")


if __name__ == "__main__":
    main()
