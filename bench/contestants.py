"""What contestants of the data rows have in common: their classes of the address book, and how each comes to a message.

A contestant that is not installed, or cannot be made ready, raises ImportError, and its column is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any

from bench.address_book import (
    SCHEMA,
    capnpy_module,
    msgspec_classes,
    protobuf_classes,
    serialized_by_caplet,
    serialized_by_protobuf,
    serialized_by_pycapnp,
)
from bench.row import Contestant, Measure, Row
from bench.timing import ns_per_run

__all__ = [
    "UNLIMITED_WORDS",
    "by_statement",
    "caplet_class",
    "capnpy_classes",
    "in_caplet",
    "in_capnpy",
    "in_protobuf",
    "in_pycapnp",
    "lower_is_better",
    "msgspec_structs",
    "of",
    "protobuf_class",
    "pycapnp_class",
    "reading",
]

UNLIMITED_WORDS = 2**60


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


@lru_cache
def capnpy_classes() -> Any:
    return capnpy_module()


@lru_cache
def msgspec_structs() -> Any:
    return msgspec_classes()


def of(make: Callable[[], Measure]) -> Contestant:
    """Return a contestant that `make` gives the measure of."""

    @contextmanager
    def contestant() -> Iterator[Measure]:
        yield make()

    return contestant


def by_statement(statement: str, names: Callable[[], Mapping[str, object]]) -> Contestant:
    """Return a contestant that does `statement`, which finds what `names` returns."""
    return of(lambda: ns_per_run(statement, **names()))


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

    def names() -> Mapping[str, object]:
        from caplet import Limits

        # The same few words are read again and again, which counts each time.
        book = caplet_class().from_bytes(serialized_by_caplet(), Limits(traversal_words=UNLIMITED_WORDS))
        return {"book": book, "person": book.people[0]}

    return by_statement(statement, names)


def in_protobuf(statement: str) -> Contestant:
    """Return protobuf doing something with the `book` of a received message."""

    def names() -> Mapping[str, object]:
        book = protobuf_class().FromString(serialized_by_protobuf())
        return {"book": book, "person": book.people[0]}

    return by_statement(statement, names)


def in_capnpy(statement: str) -> Contestant:
    """Return capnpy, compiled, doing something with the `book` of a received message; its texts are bytes."""

    def names() -> Mapping[str, object]:
        module = capnpy_classes()
        import capnpy

        book = capnpy.loads(serialized_by_caplet(), module.AddressBook)
        return {"book": book, "person": book.people[0]}

    return by_statement(statement, names)


def lower_is_better(name: str, caplet: Contestant, **peers: Contestant) -> Row:
    """Return a row of nanoseconds."""
    return Row(name, "ns", "lower", caplet, peers)


def reading(name: str, statement: str) -> Row:
    """Return a row of one expression that all contestants spell alike."""
    return lower_is_better(
        name,
        in_caplet(statement),
        pycapnp=in_pycapnp(statement),
        protobuf=in_protobuf(statement),
        capnpy=in_capnpy(statement),
    )
