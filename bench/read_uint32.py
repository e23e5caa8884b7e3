"""Row `read-uint32`: reading one UInt32 field of a struct in a received message, by attribute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.address_book import (
    SCHEMA,
    protobuf_classes,
    serialized_by_caplet,
    serialized_by_protobuf,
    serialized_by_pycapnp,
)
from bench.row import Measure, Row
from bench.timing import ns_per_run

__all__ = ["ROW"]


@contextmanager
def by_caplet() -> Iterator[Measure]:
    import caplet

    book = caplet.load(SCHEMA).AddressBook.from_bytes(serialized_by_caplet())
    yield ns_per_run("person.id", person=book.people[0])


@contextmanager
def by_pycapnp() -> Iterator[Measure]:
    import capnp

    with capnp.load(SCHEMA).AddressBook.from_bytes(serialized_by_pycapnp()) as book:
        yield ns_per_run("person.id", person=book.people[0])


@contextmanager
def by_protobuf() -> Iterator[Measure]:
    book = protobuf_classes()["AddressBook"].FromString(serialized_by_protobuf())
    yield ns_per_run("person.id", person=book.people[0])


ROW = Row("read-uint32", "ns", "lower", by_caplet, {"pycapnp": by_pycapnp, "protobuf": by_protobuf})
