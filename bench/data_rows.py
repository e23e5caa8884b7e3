"""The rows about small messages: reading, opening, building and converting the address book."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.address_book import (
    PEOPLE,
    msgspec_values,
    serialized_by_caplet,
    serialized_by_protobuf,
    serialized_by_pycapnp,
)
from bench.contestants import (
    by_statement,
    caplet_class,
    capnpy_classes,
    in_caplet,
    in_pycapnp,
    lower_is_better,
    msgspec_structs,
    protobuf_class,
    pycapnp_class,
    reading,
)
from bench.row import Measure, Row
from bench.timing import ns_per_run

__all__ = ["ROWS"]

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
BUILD_BY_CAPNPY = """
AddressBook(
    people=[
        Person(
            id=number,
            name=b"Alice",
            email=b"alice@example.com",
            phones=[Phone(number=b"555-1212", type=0)],
            employment=Employment(school=b"MIT"),
            score=1.5,
            age=30,
        )
        for number in (0, 1)
    ]
).dumps()
"""
BUILD_BY_MSGSPEC = """
encode(
    AddressBook([Person(number, "Alice", "alice@example.com", [Phone("555-1212", "mobile")], "MIT", 1.5, 30) for number in (0, 1)])
)
"""


def root_from_bytes() -> Row:
    def by_capnpy() -> Mapping[str, object]:
        module = capnpy_classes()
        import capnpy

        return {"loads": capnpy.loads, "AddressBook": module.AddressBook, "data": serialized_by_caplet()}

    return lower_is_better(
        "root-from-bytes",
        by_statement(
            "AddressBook.from_bytes(data)", lambda: {"AddressBook": caplet_class(), "data": serialized_by_caplet()}
        ),
        pycapnp=by_statement(
            "with AddressBook.from_bytes(data) as book: pass",
            lambda: {"AddressBook": pycapnp_class(), "data": serialized_by_pycapnp()},
        ),
        protobuf=by_statement(
            "AddressBook.FromString(data)",
            lambda: {"AddressBook": protobuf_class(), "data": serialized_by_protobuf()},
        ),
        capnpy=by_statement("loads(data, AddressBook)", by_capnpy),
    )


def build_serialize() -> Row:
    def by_capnpy() -> Mapping[str, object]:
        module = capnpy_classes()
        return {
            "AddressBook": module.AddressBook,
            "Person": module.Person,
            "Phone": module.Person_PhoneNumber,
            "Employment": module.Person.Employment,
        }

    def by_msgspec() -> Mapping[str, object]:
        classes = msgspec_structs()
        import msgspec

        return {**classes, "encode": msgspec.msgpack.Encoder().encode}

    return lower_is_better(
        "build-serialize",
        by_statement(BUILD_BY_CAPLET, lambda: {"AddressBook": caplet_class()}),
        pycapnp=by_statement(BUILD_BY_PYCAPNP, lambda: {"AddressBook": pycapnp_class()}),
        protobuf=by_statement(BUILD_BY_PROTOBUF, lambda: {"AddressBook": protobuf_class()}),
        capnpy=by_statement(BUILD_BY_CAPNPY, by_capnpy),
        msgspec=by_statement(BUILD_BY_MSGSPEC, by_msgspec),
    )


def from_dict() -> Row:
    def by_protobuf() -> Mapping[str, object]:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        values = json_format.MessageToDict(book, preserving_proto_field_name=True)
        return {"parse": json_format.ParseDict, "values": values, "AddressBook": protobuf_class()}

    def by_msgspec() -> Mapping[str, object]:
        AddressBook = msgspec_structs()["AddressBook"]
        import msgspec

        encode = msgspec.msgpack.Encoder().encode
        return {"encode": encode, "convert": msgspec.convert, "values": msgspec_values(), "AddressBook": AddressBook}

    return lower_is_better(
        "from-dict",
        by_statement(
            "AddressBook.from_dict(values).to_bytes()",
            lambda: {"AddressBook": caplet_class(), "values": {"people": PEOPLE}},
        ),
        pycapnp=by_statement(
            "AddressBook.new_message(**values).to_bytes()",
            lambda: {"AddressBook": pycapnp_class(), "values": {"people": PEOPLE}},
        ),
        protobuf=by_statement("parse(values, AddressBook()).SerializeToString()", by_protobuf),
        msgspec=by_statement("encode(convert(values, AddressBook))", by_msgspec),
    )


def to_dict() -> Row:
    def by_protobuf() -> Mapping[str, object]:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        return {"convert": json_format.MessageToDict, "book": book}

    def by_msgspec() -> Mapping[str, object]:
        AddressBook = msgspec_structs()["AddressBook"]
        import msgspec

        return {"convert": msgspec.to_builtins, "book": msgspec.convert(msgspec_values(), AddressBook)}

    return lower_is_better(
        "to-dict",
        in_caplet("book.to_dict()"),
        pycapnp=in_pycapnp("book.to_dict()"),
        protobuf=by_statement("convert(book)", by_protobuf),
        msgspec=by_statement("convert(book)", by_msgspec),
    )


def json_encode() -> Row:
    def by_protobuf() -> Mapping[str, object]:
        from google.protobuf import json_format

        return {
            "convert": json_format.MessageToJson,
            "book": protobuf_class().FromString(serialized_by_protobuf()),
        }

    @contextmanager
    def by_pycapnp() -> Iterator[Measure]:
        with pycapnp_class().from_bytes(serialized_by_pycapnp()) as book:
            yield ns_per_run("dumps(book.to_dict())", dumps=json.dumps, book=book)

    return lower_is_better(
        "json-encode",
        in_caplet("book.to_json()"),
        pycapnp=by_pycapnp,
        protobuf=by_statement("convert(book, indent=None)", by_protobuf),
    )


def json_decode() -> Row:
    text = json.dumps({"people": PEOPLE})

    def by_protobuf() -> Mapping[str, object]:
        from google.protobuf import json_format

        book = protobuf_class().FromString(serialized_by_protobuf())
        shown = json_format.MessageToJson(book, indent=None)
        return {"parse": json_format.Parse, "text": shown, "AddressBook": protobuf_class()}

    return lower_is_better(
        "json-decode",
        by_statement("AddressBook.from_json(text)", lambda: {"AddressBook": caplet_class(), "text": text}),
        pycapnp=by_statement(
            "AddressBook.new_message(**loads(text))",
            lambda: {"AddressBook": pycapnp_class(), "loads": json.loads, "text": text},
        ),
        protobuf=by_statement("parse(text, AddressBook())", by_protobuf),
    )


ROWS = [
    reading("read-uint32", "person.id"),
    reading("read-text", "person.name"),
    reading("read-nested", "book.people[0].phones[0].number"),
    root_from_bytes(),
    build_serialize(),
    from_dict(),
    to_dict(),
    json_encode(),
    json_decode(),
]
