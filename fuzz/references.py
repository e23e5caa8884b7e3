"""Every kind of work many times over: what all programs share has as many references afterwards as before.

    python -m fuzz.references --rounds 200 --seed 1

Compiled code counts references itself. One that is counted too often keeps something for ever, one too seldom ends the program some day, and both
show here first: on `None`, small numbers, names, classes, functions and whatever else modules keep. Ends with an error when any of them drifts.
Does not look at the memory of the process as a whole, as `mixed.py` and `memory.py` do.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import copy
import functools
import gc
import logging
import pickle
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from fuzz.measuring import resident_bytes
from fuzz.mixed_load import WORKS, Session, Work, plain
from fuzz.mutations import Everything, explore, fill, make_message, random_mutations
from fuzz.mutations import schema as schemas
from fuzz.soak_service import Worker, go_around, schema

import caplet
from caplet.errors import DecodeError
from caplet.orphans import adopt, disown, new_orphan, refer_to
from caplet.wire.framing import Framer

__all__ = ["DATA_WORKS", "Shared", "drifts", "drifts_of_calls", "drifts_of_data"]

DataWork = Callable[[random.Random], object]
Drifts = dict[str, dict[str, tuple[int, ...]]]

# How often something must have moved the same way, one time behind the other, to be called a drift: what is kept for later stops growing.
TIMES = 6


# --- what is shared ---------------------------------------------------------------------------------------------------------------------


def words_of_compiled_modules() -> set[str]:
    """Return the words of the sources of compiled modules, which keep most of them as strings."""
    folder = Path(caplet.__file__).parent
    words: set[str] = set()
    for name in (folder / "compiled_modules.txt").read_text(encoding="utf-8").split():
        words.update(
            re.findall(r"[A-Za-z_]\w*", (folder / (name.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
        )
    return words


def shared_objects() -> Iterator[tuple[str, object]]:
    """Yield what all programs share, and what the modules of Caplet keep, each with what it is called here."""
    yield from (("None", None), ("True", True), ("False", False), ("()", ()), ("''", ""), ("b''", b""))
    yield from ((f"int {number}", number) for number in range(-5, 257))
    yield from ((f"byte {number}", bytes([number])) for number in range(256))
    yield from ((f"character {number}", chr(number)) for number in range(256))
    kinds = (object, type, int, float, str, bytes, list, dict, tuple, memoryview, bytearray)
    yield from ((kind.__name__, kind) for kind in kinds)
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] != "caplet":
            continue
        for key, value in vars(module).items():
            yield f"{name}.{key}", value
            if isinstance(value, type):
                yield from ((f"{name}.{key}.{inner}", held) for inner, held in vars(value).items())
    yield from ((f"word {word}", sys.intern(word)) for word in words_of_compiled_modules())


class Shared:
    """What is watched, and how many references each has."""

    def __init__(self) -> None:
        found = {id(thing): (name, thing) for name, thing in reversed(list(shared_objects()))}
        self.names = [*(name for name, _ in found.values()), "objects", "blocks of memory"]
        self._things = [thing for _, thing in found.values()]

    def count(self) -> array.array[int]:
        """Return how many references each has, then how many objects the collector knows, and how many blocks the allocator."""
        gc.collect()
        # It holds on to names.
        sys._clear_type_cache()
        counts = array.array("q", map(sys.getrefcount, self._things))
        counts.append(len(gc.get_objects()))
        counts.append(sys.getallocatedblocks())
        return counts


class Watch:
    """Tells what moves the same way each time that some work was done.

    Args:
        shared: what is watched.
        rounds: how often the work is done each time.
    """

    def __init__(self, shared: Shared, rounds: int) -> None:
        self.shared = shared
        # A fault may lie on a way that is gone only now and then.
        self.least = max(rounds // 8, 2)
        self.moves: dict[int, tuple[int, ...]] | None = None
        self.before = shared.count()

    def look(self) -> bool:
        """Look again, and tell whether anything may drift still."""
        now = self.shared.count()
        moved: dict[int, tuple[int, ...]] = {}
        for at in range(len(now)) if self.moves is None else self.moves:
            moves = self.moves[at] if self.moves is not None else ()
            by = now[at] - self.before[at]
            if abs(by) >= self.least and (not moves or (by > 0) == (moves[0] > 0)):
                moved[at] = (*moves, by)
        self.moves, self.before = moved, now
        return bool(moved)

    def drifts(self) -> dict[str, tuple[int, ...]]:
        """Return what moved the same way each time, and by how much."""
        return {self.shared.names[at]: moves for at, moves in (self.moves or {}).items()}


async def drifts(shared: Shared, run: Callable[[], Awaitable[object]], rounds: int) -> dict[str, tuple[int, ...]]:
    """Do some work again and again, and return whose references drift, and by how much each time.

    Args:
        shared: what is watched.
        run: does some work, each time the same: what is done for the first time leaves something behind, such as the places where errors were
            raised. So the first time is not looked at.
        rounds: how often it does the work.
    """
    await run()
    watch = Watch(shared, rounds)
    for _ in range(TIMES):
        await run()
        if not watch.look():
            break
    return watch.drifts()


# --- work on data -----------------------------------------------------------------------------------------------------------------------


def forms(rng: random.Random) -> None:
    """Build a message, and bring it into every form and back."""
    builder = Everything()
    fill(builder, rng, 0)
    refused(builder.to_json)
    builder.clear("any")
    for made in (
        Everything.from_bytes(builder.to_bytes()),
        Everything.from_bytes(memoryview(bytearray(builder.to_bytes()))),
        Everything.from_segments(builder.to_segments()),
        Everything.from_packed(builder.to_packed()),
        Everything.from_canonical(builder.to_canonical()),
        Everything.from_dict(builder.to_dict()),
        Everything.from_json(builder.to_json()),
        Everything.from_text(builder.to_text()),
        copy.copy(builder),
        pickle.loads(pickle.dumps(builder)),
    ):
        made.to_dict()
        repr(made)


def files(rng: random.Random) -> None:
    """Write messages to a file, and read them."""
    with tempfile.TemporaryFile() as file:
        for packed in (False, True):
            file.seek(0)
            file.truncate()
            for _ in range(3):
                point = schemas.Point(x=rng.randrange(300))
                point.write(file, packed=packed)
            file.seek(0)
            for read in Everything.read_many(file, packed=packed):
                _ = read.number


def damaged(rng: random.Random) -> None:
    """Read damaged messages in every way."""
    outcomes = Counter[str]()
    mutations = random_mutations(make_message(rng, 1, rng.choice((1, 16, 64))), rng)
    for _ in range(4):
        explore(next(mutations), outcomes)


def streamed(rng: random.Random) -> None:
    """Cut messages out of a stream that comes in pieces, some of which are no messages."""
    framer = Framer()
    messages = [b"".join(framer.frame([make_message(rng, 0, rng.choice((1, 16)))])) for _ in range(4)]
    stream = memoryview(b"".join([*messages, frame_of_many_segments()] if rng.random() < 0.2 else messages))
    try:
        while stream:
            size = rng.randrange(1, 400)
            for message in framer.feed(bytes(stream[:size])):
                message.root.struct()
            stream = stream[size:]
    except DecodeError:
        pass


def frame_of_many_segments() -> bytes:
    """Return the beginning of a message with more segments than may be."""
    return (10_000).to_bytes(8, "little")


def lists(rng: random.Random) -> None:
    """Read, change, cut and prolong lists."""
    builder = Everything()
    fill(builder, rng, 0)
    for name in ("flags", "bytes", "shorts", "doubles", "texts", "datas", "points", "colors", "nested"):
        items = getattr(builder, name)
        _ = list(items), items[:1], items[::-1], items == items, len(items), list(reversed(items))
        for value in items:
            assert value in items
    builder.shorts = [1, 2, 3]
    builder.shorts.append(4)
    builder.shorts.extend([5, 6])
    builder.texts = ("a", "bc")
    builder.texts.append("def")
    assert memoryview(builder.shorts.view()).tolist() == [1, 2, 3, 4, 5, 6]
    builder.init_points(3)
    assert builder.points.column("x").view().tolist() == [0, 0, 0]


def orphans(rng: random.Random) -> None:
    """Take objects out of messages, put them elsewhere, and let some of them go."""
    builder = Everything()
    fill(builder, rng, 0)
    builder.point = (1, 2)
    for name in ("text", "data", "shorts", "texts", "points", "nested", "any", "point"):
        orphan = disown(builder, name)
        orphan.as_reader()
        if rng.random() < 0.5:
            adopt(builder, name, orphan)
    made = new_orphan(builder, schemas.Point)
    made.get().x = 5
    adopt(builder, "any", made)
    adopt(builder, "data", refer_to(builder, bytes(64)))
    builder.to_bytes()


def unions(rng: random.Random) -> None:
    """Set and read each member of a union, in every way that there is."""
    builder = Everything()
    builder.label = "label"
    assert builder.which == "label"
    builder.box.width = rng.randrange(300)
    builder.box.title = "title"
    assert builder.box.title == "title"
    builder.nothing = None
    for name in ("label", "child", "box", "no_such_field"):
        refused(getattr, builder.as_reader(), name)
    builder.clear("nothing")
    builder.any = rng.choice((schemas.Point(x=1), "text", b"data"))
    _ = builder.any.as_reader().kind


def refused(function: Callable[..., object], *arguments: object) -> None:
    """Call a function that raises an error, as those who made a mistake see it."""
    try:
        function(*arguments)
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return
    raise AssertionError(f"{function}{arguments} went well")


def mistakes(rng: random.Random) -> None:
    """Do what is refused."""
    builder = Everything()
    reader = Everything.from_bytes(builder.to_bytes())
    for name, value in (
        ("flag", "yes"),
        ("small", 256),
        ("small", -1),
        ("number", 1 << 64),
        ("real", "1"),
        ("color", "purple"),
        ("color", 1 << 16),
        ("text", 5),
        ("text", "\ud800"),
        ("data", "text"),
        ("point", {"z": 1}),
        ("point", [1, 2, 3]),
        ("shorts", [1, 1 << 15]),
        ("texts", ["a", 1]),
        ("points", [{"x": "1"}]),
        ("nested", [[1], 1]),
        ("children", 5),
        ("no_such_field", 1),
    ):
        refused(setattr, builder, name, value)
        refused(setattr, reader, name, value)
    refused(Everything, None, "no_such_field")
    refused(Everything.from_dict, {"no_such_field": rng.randrange(300)})
    refused(Everything.from_json, "{")
    refused(Everything.from_json, '{"number": "x"}')
    refused(Everything.from_text, "(number = )")
    refused(Everything.from_bytes, rng.randbytes(13))
    refused(Everything.from_packed, rng.randbytes(1))
    refused(Everything.from_bytes, 5)
    refused(reader.texts.__getitem__, 3)
    refused(disown, builder, "number")


DATA_WORKS: tuple[DataWork, ...] = (forms, files, damaged, streamed, lists, orphans, unions, mistakes)


async def drifts_of_data(shared: Shared, rounds: int, seed: int) -> Drifts:
    """Return what drifts by which work on data; nothing should."""
    found: Drifts = {}
    for work in DATA_WORKS:

        async def run(work: DataWork = work) -> None:
            rng = random.Random(seed)
            for _ in range(rounds):
                work(rng)

        found[work.__name__] = await drifts(shared, run, rounds)
    return {name: moved for name, moved in found.items() if moved}


# --- calls ------------------------------------------------------------------------------------------------------------------------------


async def work_over_a_connection(address: str, work: Work, rounds: int, seed: int) -> None:
    """Do some work over a connection of its own, with which calls end that nobody looks at."""
    rng = random.Random(seed)
    async with caplet.connect(address) as connection:
        worker = connection.bootstrap(schema.Worker)
        for _ in range(rounds):
            await work(Session(worker, rng, passes_fds=True))
    await go_around(20)


async def drifts_of_calls(shared: Shared, rounds: int, seed: int) -> Drifts:
    """Return what drifts by which work over connections of this process to itself; nothing should."""
    found: Drifts = {}
    with tempfile.TemporaryDirectory() as folder:
        async with caplet.serve(f"unix:{folder}/socket", Worker()) as serving:
            for work in dict.fromkeys(WORKS):
                run = functools.partial(work_over_a_connection, serving.address, work, rounds, seed)
                found[work.__name__] = await drifts(shared, run, rounds)

            async def connecting() -> None:
                for number in range(rounds):
                    await work_over_a_connection(serving.address, plain, 1, seed + number)

            found["connecting"] = await drifts(shared, connecting, rounds)
    return {name: moved for name, moved in found.items() if moved}


async def look(rounds: int, seed: int) -> Drifts:
    """Do work of every kind."""
    shared = Shared()
    # What is there already is not looked through again and again.
    gc.collect()
    gc.freeze()
    print(f"seed {seed}; compiled: {caplet.accelerated}; {len(shared.names)} things watched", flush=True)
    return await drifts_of_data(shared, rounds, seed) | await drifts_of_calls(shared, rounds, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=200, help="how often each work is done before things are looked at again"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    logging.getLogger("caplet").setLevel(logging.CRITICAL)
    began_s, before = time.monotonic(), resident_bytes()
    found = asyncio.run(look(options.rounds, options.seed))
    print(
        f"{time.monotonic() - began_s:.0f} s; {before / 1e6:.1f} MB at first, {resident_bytes() / 1e6:.1f} MB in the end"
    )
    if found:
        sys.exit(
            "\n".join(f"{work}: {name} by {moves}" for work, moved in found.items() for name, moves in moved.items())
        )


if __name__ == "__main__":
    main()
