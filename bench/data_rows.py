"""The rows about data: reading, building and converting the address book, and summing one field of many structs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any

from bench.address_book import (
    PEOPLE,
    SCHEMA,
    protobuf_classes,
    serialized_by_caplet,
    serialized_by_protobuf,
    serialized_by_pycapnp,
)
from bench.row import Contestant, Measure, Row
from bench.timing import ns_per_run

__all__ = ["ROWS"]

MANY = 10_000
UNLIMITED_WORDS = 2**60

# Every field of two people, step by step, in each contestant's own idiom.
BUILD_BY_CAPLET = """
book = AddressBook()
people = book.init_people(2)
for number in (0, 1):
    person = people[number]
    person.id = number
    person.name = "Alice"
    person.email = "alice@example.com"
    person.score = 1.5
    person.age = 30
    phone = person.init_phones(1)[0]
    phone.number = "555-1212"
    phone.type = "mobile"
    person.employment.school = "MIT"
book.to_bytes()
"""
BUILD_BY_PYCAPNP = """
book = AddressBook.new_message()
people = book.init("people", 2)
for number in (0, 1):
    person = people[number]
    person.id = number
    person.name = "Alice"
    person.email = "alice@example.com"
    person.score = 1.5
    person.age = 30
    phone = person.init("phones", 1)[0]
    phone.number = "555-1212"
    phone.type = "mobile"
    person.employment.school = "MIT"
book.to_bytes()
"""
BUILD_BY_PROTOBUF = """
book = AddressBook()
for number in (0, 1):
    person = book.people.add()
    person.id = number
    person.name = "Alice"
    person.email = "alice@example.com"
    person.score = 1.5
    person.age = 30
    phone = person.phones.add()
    phone.number = "555-1212"
    phone.type = 0
    person.school = "MIT"
book.SerializeToString()
"""


@lru_cache
def caplet_class() -> Any:
    import caplet

    return caplet.load(SCHEMA).AddressBook


@lru_cache
def pycapnp_class() -> Any:
    import capnp

    return capnp.load(SCHEMA).AddressBook


@lru_cache
def protobuf_class() -> Any:
    return protobuf_classes()["AddressBook"]


def of(make: Callable[[], Measure]) -> Contestant:
    """Return a contestant that `make` gives the measure of."""

    @contextmanager
    def contestant() -> Iterator[Measure]:
        yield make()

    return contestant


def in_pycapnp(statement: str) -> Contestant:
    """Return pycapnp doing something with `book`, which lives as long as its message is open."""

    @contextmanager
    def contestant() -> Iterator[Measure]:
        opened: AbstractContextManager[Any] = pycapnp_class().from_bytes(serialized_by_pycapnp())
        with opened as book:
            yield ns_per_run(statement, book=book, person=book.people[0])

    return contestant


def in_caplet(statement: str) -> Contestant:
    """Return Caplet doing something with the `book` of a received message."""

    def make() -> Measure:
        from caplet import Limits

        # The same few words are read again and again, which counts each time.
        book = caplet_class().from_bytes(serialized_by_caplet(), Limits(traversal_words=UNLIMITED_WORDS))
        return ns_per_run(statement, book=book, person=book.people[0])

    return of(make)


def in_protobuf(statement: str) -> Contestant:
    """Return protobuf doing something with the `book` of a received message."""

    def make() -> Measure:
        book = protobuf_class().FromString(serialized_by_protobuf())
        return ns_per_run(statement, book=book, person=book.people[0])

    return of(make)


def reading(name: str, statement: str) -> Row:
    """Return a row of one expression that all contestants spell alike."""
    return Row(
        name,
        "ns",
        "lower",
        in_caplet(statement),
        {"pycapnp": in_pycapnp(statement), "protobuf": in_protobuf(statement)},
    )


def root_from_bytes() -> Row:
    return Row(
        "root-from-bytes",
        "ns",
        "lower",
        of(lambda: ns_per_run("AddressBook.from_bytes(data)", AddressBook=caplet_class(), data=serialized_by_caplet())),
        {
            "pycapnp": of(
                lambda: ns_per_run(
                    "with AddressBook.from_bytes(data) as book: pass",
                    AddressBook=pycapnp_class(),
                    data=serialized_by_pycapnp(),
                )
            ),
            "protobuf": of(
                lambda: ns_per_run(
                    "AddressBook.FromString(data)", AddressBook=protobuf_class(), data=serialized_by_protobuf()
                )
            ),
        },
    )


def build_serialize() -> Row:
    return Row(
        "build-serialize",
        "ns",
        "lower",
        of(lambda: ns_per_run(BUILD_BY_CAPLET, AddressBook=caplet_class())),
        {
            "pycapnp": of(lambda: ns_per_run(BUILD_BY_PYCAPNP, AddressBook=pycapnp_class())),
            "protobuf": of(lambda: ns_per_run(BUILD_BY_PROTOBUF, AddressBook=protobuf_class())),
        },
    )


def from_dict() -> Row:
    def by_protobuf() -> Measure:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        values = json_format.MessageToDict(book, preserving_proto_field_name=True)
        return ns_per_run(
            "parse(values, AddressBook()).SerializeToString()",
            parse=json_format.ParseDict,
            values=values,
            AddressBook=protobuf_class(),
        )

    return Row(
        "from-dict",
        "ns",
        "lower",
        of(
            lambda: ns_per_run(
                "AddressBook.from_dict(values).to_bytes()", AddressBook=caplet_class(), values={"people": PEOPLE}
            )
        ),
        {
            "pycapnp": of(
                lambda: ns_per_run(
                    "AddressBook.new_message(**values).to_bytes()",
                    AddressBook=pycapnp_class(),
                    values={"people": PEOPLE},
                )
            ),
            "protobuf": of(by_protobuf),
        },
    )


def to_dict() -> Row:
    def by_protobuf() -> Measure:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        return ns_per_run("convert(book)", convert=json_format.MessageToDict, book=book)

    return Row(
        "to-dict",
        "ns",
        "lower",
        in_caplet("book.to_dict()"),
        {"pycapnp": in_pycapnp("book.to_dict()"), "protobuf": of(by_protobuf)},
    )


def json_encode() -> Row:
    def by_protobuf() -> Measure:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        return ns_per_run("convert(book, indent=None)", convert=json_format.MessageToJson, book=book)

    @contextmanager
    def by_pycapnp() -> Iterator[Measure]:
        with pycapnp_class().from_bytes(serialized_by_pycapnp()) as book:
            yield ns_per_run("dumps(book.to_dict())", dumps=json.dumps, book=book)

    return Row(
        "json-encode",
        "ns",
        "lower",
        in_caplet("book.to_json()"),
        {"pycapnp": by_pycapnp, "protobuf": of(by_protobuf)},
    )


def json_decode() -> Row:
    def by_protobuf() -> Measure:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        text = json_format.MessageToJson(book, indent=None)
        return ns_per_run(
            "parse(text, AddressBook())", parse=json_format.Parse, text=text, AddressBook=protobuf_class()
        )

    text = json.dumps({"people": PEOPLE})
    return Row(
        "json-decode",
        "ns",
        "lower",
        of(lambda: ns_per_run("AddressBook.from_json(text)", AddressBook=caplet_class(), text=text)),
        {
            "pycapnp": of(
                lambda: ns_per_run(
                    "AddressBook.new_message(**loads(text))", AddressBook=pycapnp_class(), loads=json.loads, text=text
                )
            ),
            "protobuf": of(by_protobuf),
        },
    )


def us_per_call(work: Callable[[], int]) -> Measure:
    """Return a measure of work that takes long, in microseconds; the sum that it returns is checked first."""
    assert work() == sum(range(MANY))
    return lambda: timeit.timeit(work, number=5) / 5 * 1e6


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


def sums(name: str, by_caplet: Callable[[], Measure]) -> Row:
    return Row(
        name,
        "us",
        "lower",
        of(by_caplet),
        {"pycapnp": of(summed_by_pycapnp), "protobuf": of(summed_by_protobuf)},
    )


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
    return lambda: size * 5 / timeit.timeit(work, number=5) / 1e6


def packing() -> Row:
    def by_caplet() -> Measure:
        data = large_message()
        book = caplet_class().from_bytes(data)
        return mb_per_s(len(data), book.to_packed)

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


def importing() -> Row:
    def fresh(statement: str) -> float:
        """Return how long a fresh interpreter takes for `statement`, in milliseconds."""
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        return (time.perf_counter() - start) * 1e3

    def less_bare(statement: str) -> Measure:
        fresh(statement)  # the first run may write byte code
        return lambda: min(fresh(statement) for _ in range(5)) - min(fresh("pass") for _ in range(5))

    def by_pycapnp() -> Measure:
        import capnp  # noqa: F401  (whether it is installed)

        return less_bare("import capnp")

    return Row("import", "ms", "lower", of(lambda: less_bare("import caplet")), {"pycapnp": of(by_pycapnp)})


ROWS = [
    reading("read-text", "person.name"),
    reading("read-nested", "book.people[0].phones[0].number"),
    root_from_bytes(),
    build_serialize(),
    from_dict(),
    to_dict(),
    json_encode(),
    json_decode(),
    sums("sum-structs", summed_by_caplet),
    sums("sum-column", column_summed_by_caplet),
    packing(),
    unpacking(),
    importing(),
]
