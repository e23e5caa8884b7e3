"""The rows about large messages: one field of many structs, the cost of an element in lists of all sizes, packing."""

from __future__ import annotations

import time
import timeit
from array import array
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.contestants import (
    UNLIMITED_WORDS,
    caplet_class,
    msgspec_structs,
    of,
    protobuf_class,
    pycapnp_class,
)
from bench.row import Measure, Row

__all__ = ["ROWS"]

MANY = 10_000


def us_per_call(work: Callable[[], int]) -> Measure:
    """Return a measure of work that takes long, in microseconds; the sum that it returns is checked first."""
    assert work() == sum(range(MANY))
    return lambda: timeit.timeit(work, timer=time.process_time, number=5) / 5 * 1e6


@lru_cache
def many_by_caplet() -> bytes:
    """Return a message of many people; pycapnp reads the same bytes."""
    people = [{"id": number, "name": f"n{number}"} for number in range(MANY)]
    return bytes(caplet_class()(people=people).to_bytes())


def summed_by_caplet() -> Measure:
    AddressBook, data = caplet_class(), many_by_caplet()

    def work() -> int:
        return sum(person.id for person in AddressBook.from_bytes(data).people)

    return us_per_call(work)


def summed_by_pycapnp() -> Measure:
    AddressBook, data = pycapnp_class(), many_by_caplet()

    def work() -> int:
        with AddressBook.from_bytes(data, traversal_limit_in_words=UNLIMITED_WORDS) as book:
            return sum(person.id for person in book.people)

    return us_per_call(work)


def summed_by_protobuf() -> Measure:
    AddressBook = protobuf_class()
    data = AddressBook(people=[{"id": number, "name": f"n{number}"} for number in range(MANY)]).SerializeToString()

    def work() -> int:
        return sum(person.id for person in AddressBook.FromString(data).people)

    return us_per_call(work)


def column_summed_by_caplet() -> Measure:
    import numpy

    AddressBook, data = caplet_class(), many_by_caplet()

    def work() -> int:
        return int(numpy.asarray(AddressBook.from_bytes(data).people.column("id")).sum())

    return us_per_call(work)


def summed_by_msgspec() -> Measure:
    classes = msgspec_structs()
    import msgspec

    people = [classes["Person"](number, f"n{number}", "", [], "", 0.0, 0) for number in range(MANY)]
    data = msgspec.msgpack.encode(classes["AddressBook"](people))
    decode = msgspec.msgpack.Decoder(classes["AddressBook"]).decode

    def work() -> int:
        return sum(person.id for person in decode(data).people)

    return us_per_call(work)


def sums(name: str, by_caplet: Callable[[], Measure]) -> Row:
    return Row(
        name,
        "us",
        "lower",
        of(by_caplet),
        {"pycapnp": of(summed_by_pycapnp), "protobuf": of(summed_by_protobuf), "msgspec": of(summed_by_msgspec)},
    )


ELEMENTS_SCHEMA = str(Path(__file__).parent / "schemas" / "elements.capnp")
ELEMENTS_READ = 1_000_000  # at least, in one measure


def elements_message(count: int) -> bytes:
    """Return a framed message of a list of structs of one number each, without building it element by element."""
    table = array("Q", [(count + 3) << 32])
    # The root, a struct of one pointer; the list, its words counted; its tag.
    table.extend([1 << 48, 1 | 7 << 32 | count << 35, count << 2 | 1 << 32])
    return table.tobytes() + array("Q", range(count)).tobytes()


def per_element(count: int) -> Row:
    """Return a row of what one element costs that is read in turn."""
    repeats = max(ELEMENTS_READ // count, 1)

    def run(items: Any) -> Measure:
        def measure() -> float:
            start = time.process_time()
            for _ in range(repeats):
                for item in items:
                    item.value  # noqa: B018  (reading it is what is measured)
            return (time.process_time() - start) / repeats / count * 1e9

        assert items[count - 1].value == count - 1
        return measure

    def by_caplet() -> Measure:
        import caplet

        limits = caplet.Limits(traversal_words=UNLIMITED_WORDS)
        return run(caplet.load(ELEMENTS_SCHEMA).Elements.from_bytes(elements_message(count), limits).items)

    return Row(f"element-of-{count}", "ns", "lower", of(by_caplet), {})


PACKED_PEOPLE = 20_000


@lru_cache
def large_message() -> bytes:
    """Return a framed message of about 2 MB."""
    people = [
        {"id": number, "name": f"n{number}", "email": f"abc{number}@example.com"} for number in range(PACKED_PEOPLE)
    ]
    return bytes(caplet_class()(people=people).to_bytes())


def mb_per_s(size: int, work: Callable[[], object]) -> Measure:
    """Return a measure of how many megabytes of unpacked message `work` gets through in a second."""
    return lambda: size * 5 / timeit.timeit(work, timer=time.process_time, number=5) / 1e6


def packing() -> Row:
    def by_caplet() -> Measure:
        data = large_message()
        # A builder, as pycapnp's: a reader is copied first.
        return mb_per_s(len(data), caplet_class().from_bytes(data).as_builder().to_packed)

    def by_pycapnp() -> Measure:
        data = large_message()
        AddressBook = pycapnp_class()
        with AddressBook.from_bytes(data, traversal_limit_in_words=UNLIMITED_WORDS) as book:
            builder = book.as_builder()

        def work() -> None:
            builder.clear_write_flag()
            builder.to_bytes_packed()

        return mb_per_s(len(data), work)

    return Row("pack", "MB/s", "higher", of(by_caplet), {"pycapnp": of(by_pycapnp)})


def unpacking() -> Row:
    def by_caplet() -> Measure:
        size, packed = len(large_message()), caplet_class().from_bytes(large_message()).to_packed()
        AddressBook = caplet_class()
        return mb_per_s(size, lambda: AddressBook.from_packed(packed).people[5].id)

    def by_pycapnp() -> Measure:
        size, packed = len(large_message()), caplet_class().from_bytes(large_message()).to_packed()
        AddressBook = pycapnp_class()

        def work() -> int:
            found = AddressBook.from_bytes_packed(packed, traversal_limit_in_words=UNLIMITED_WORDS)
            return int(found.people[5].id)

        return mb_per_s(size, work)

    return Row("unpack", "MB/s", "higher", of(by_caplet), {"pycapnp": of(by_pycapnp)})


ROWS = [
    sums("sum-structs", summed_by_caplet),
    sums("sum-column", column_summed_by_caplet),
    *(per_element(count) for count in (10, 1_000, 100_000, 10_000_000)),
    packing(),
    unpacking(),
]
