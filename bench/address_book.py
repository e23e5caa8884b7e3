"""The address book of the data rows: two people with every field set, made by each contestant in its own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = [
    "PEOPLE",
    "SCHEMA",
    "capnpy_module",
    "msgspec_classes",
    "msgspec_values",
    "protobuf_classes",
    "serialized_by_caplet",
    "serialized_by_protobuf",
    "serialized_by_pycapnp",
]

SCHEMA = str(Path(__file__).parent / "schemas" / "address_book.capnp")

PEOPLE: list[dict[str, Any]] = [
    {
        "id": number,
        "name": "Alice",
        "email": "alice@example.com",
        "phones": [{"number": "555-1212", "type": "mobile"}],
        "employment": {"school": "MIT"},
        "score": 1.5,
        "age": 30,
    }
    for number in (123, 124)
]


def serialized_by_caplet() -> bytes:
    import caplet

    return bytes(caplet.load(SCHEMA).AddressBook(people=PEOPLE).to_bytes())


def serialized_by_pycapnp() -> bytes:
    import capnp

    return capnp.load(SCHEMA).AddressBook.new_message(people=PEOPLE).to_bytes()


def serialized_by_protobuf() -> bytes:
    people = [
        {**{key: value for key, value in person.items() if key != "employment"}, **person["employment"]}
        for person in PEOPLE
    ]
    for person in people:
        person["phones"] = [{**phone, "type": 0} for phone in person["phones"]]
    return protobuf_classes()["AddressBook"](people=people).SerializeToString()


def protobuf_classes() -> dict[str, Any]:
    """Return protobuf's classes for the same shape, made from a descriptor, so that no protoc is needed."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    scalars = {"uint32": field.TYPE_UINT32, "string": field.TYPE_STRING, "bool": field.TYPE_BOOL}
    scalars |= {"double": field.TYPE_DOUBLE, "int32": field.TYPE_INT32}
    file = descriptor_pb2.FileDescriptorProto(name="bench/address_book.proto", package="bench", syntax="proto3")

    def add(message: Any, name: str, kind: str, *, repeated: bool = False, oneof: bool = False) -> None:
        label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
        new = message.field.add(name=name, number=len(message.field) + 1, label=label)
        if kind in scalars:
            new.type = scalars[kind]
        else:
            new.type = field.TYPE_ENUM if kind == "Type" else field.TYPE_MESSAGE
            new.type_name = {
                "Type": ".bench.Person.PhoneNumber.Type",
                "PhoneNumber": ".bench.Person.PhoneNumber",
                "Person": ".bench.Person",
            }[kind]
        if oneof:
            new.oneof_index = 0

    person = file.message_type.add(name="Person")
    phone = person.nested_type.add(name="PhoneNumber")
    kinds = phone.enum_type.add(name="Type")
    for number, name in enumerate(("mobile", "home", "work")):
        kinds.value.add(name=name, number=number)
    add(phone, "number", "string")
    add(phone, "type", "Type")
    add(person, "id", "uint32")
    add(person, "name", "string")
    add(person, "email", "string")
    add(person, "phones", "PhoneNumber", repeated=True)
    person.oneof_decl.add(name="employment")
    add(person, "unemployed", "bool", oneof=True)
    add(person, "employer", "string", oneof=True)
    add(person, "school", "string", oneof=True)
    add(person, "selfEmployed", "bool", oneof=True)
    add(person, "score", "double")
    add(person, "age", "int32")
    add(file.message_type.add(name="AddressBook"), "people", "Person", repeated=True)

    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"bench.{name}"))
        for name in ("Person", "AddressBook")
    }


def capnpy_module() -> Any:
    """Return capnpy's classes, compiled; it needs Cython, a C compiler and the `capnp` tool for that.

    Raises:
        ImportError: capnpy is not installed, or its classes cannot be compiled.
    """
    import capnpy

    try:
        return capnpy.load_schema(filename=SCHEMA, pyx=True)
    except Exception as error:  # whatever a missing tool or compiler makes it raise
        raise ImportError(f"its classes cannot be compiled ({type(error).__name__}: {error})") from error


def msgspec_classes() -> dict[str, Any]:
    """Return msgspec's classes for the same shape."""
    import msgspec

    phone = msgspec.defstruct("Phone", [("number", str), ("type", str)])
    person = msgspec.defstruct(
        "Person",
        [
            ("id", int),
            ("name", str),
            ("email", str),
            ("phones", list[phone]),  # type: ignore[valid-type]  (a class that is made here)
            ("school", str),
            ("score", float),
            ("age", int),
        ],
    )
    book = msgspec.defstruct("AddressBook", [("people", list[person])])  # type: ignore[valid-type]  (a class that is made here)
    return {"Phone": phone, "Person": person, "AddressBook": book}


def msgspec_values() -> dict[str, Any]:
    """Return the people as plain values in msgspec's shape, where the union is one field."""
    return {"people": [{**person, "school": person["employment"]["school"]} for person in PEOPLE]}
