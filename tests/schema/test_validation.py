"""Nodes from strangers are checked before anything is built on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caplet.compiler import compile_files, compile_text
from caplet.errors import SchemaError
from caplet.schema.model import (
    ANY_POINTER,
    TEXT,
    ConstNode,
    EnumNode,
    Field,
    Group,
    InterfaceNode,
    ListType,
    NestedNode,
    Node,
    Slot,
    StructNode,
    StructType,
    TypeKind,
    Value,
)
from caplet.schema.records import replace
from caplet.schema.type_sizes import data_bits, is_pointer
from caplet.schema.validation import validate_node
from caplet.std import standard_registry

CORPUS = Path(__file__).parent.parent / "compiler" / "corpus"
TEXT_OF_NODES = """
    struct S { a @0 :Int32; b @1 :Text; union { c @2 :Int8; d @3 :Void; } e :group { f @4 :Bool; } }
    enum E { a @0; b @1; }
    interface I { m @0 (); n @1 (); }
    const c :List(Int32) = [1];
"""
NODES = {node.name: node for node in compile_text(TEXT_OF_NODES).registry}


def test_whatever_the_compiler_makes_is_valid() -> None:
    for node in [*standard_registry(), *compile_files(sorted(CORPUS.glob("*.capnp"))).nodes]:
        validate_node(node)


def struct(**changes: object) -> Node:
    body = NODES["S"].body
    assert isinstance(body, StructNode)
    return replace(NODES["S"], body=replace(body, **changes))


def field(number: int, **changes: object) -> Node:
    body = NODES["S"].body
    assert isinstance(body, StructNode)
    fields = list(body.fields)
    fields[number] = replace(fields[number], **changes)
    return struct(fields=tuple(fields))


def slot(number: int, **changes: object) -> Node:
    body = NODES["S"].body
    assert isinstance(body, StructNode)
    present = body.fields[number].body
    assert isinstance(present, Slot)
    return field(number, body=replace(present, **changes))


def fields_of(name: str = "S") -> tuple[Field, ...]:
    body = NODES[name].body
    assert isinstance(body, StructNode)
    return body.fields


def const(value: Value, type_: object = None) -> Node:
    body = NODES["c"].body
    assert isinstance(body, ConstNode)
    return replace(NODES["c"], body=ConstNode(type_ or body.type, value))  # type: ignore[arg-type]


CASES: dict[str, Callable[[], Node]] = {
    "not an id": lambda: replace(NODES["S"], id=5),
    "beyond its end": lambda: replace(NODES["S"], display_name_prefix_length=1000),
    "declarations have the same name": lambda: replace(
        NODES["S"], nested_nodes=(NestedNode("a", 1), NestedNode("a", 2))
    ),
    "cannot be the name of one of its generic parameters": lambda: replace(NODES["S"], parameters=("",)),
    "fields have the same name": lambda: field(0, name="b"),
    "not the numbers from 0": lambda: field(0, code_order=9),
    "not sorted by ordinal": lambda: field(1, ordinal=0),
    "said to have 5": lambda: struct(discriminant_count=5),
    "discriminants of its union are not": lambda: field(2, discriminant_value=1),
    "union has only one member": lambda: struct(
        discriminant_count=1,
        fields=tuple(replace(item, discriminant_value=0xFFFF) if item.name == "d" else item for item in fields_of()),
    ),
    "discriminant of its union lies outside": lambda: struct(discriminant_offset=1 << 20),
    "outside of a data section of 0 words": lambda: struct(
        data_word_count=0,
        discriminant_count=0,
        fields=tuple(replace(item, discriminant_value=0xFFFF) for item in fields_of()),
    ),
    "outside of a section of 1": lambda: slot(1, offset=1),
    "outside of a data section of 1 words": lambda: slot(0, offset=1 << 31),
    "not the id of a group": lambda: field(4, body=Group(3)),
    "kind TEXT where INT32": lambda: slot(0, default=Value(TypeKind.TEXT, "x")),
    "elements have no known size": lambda: slot(1, type=ListType(ANY_POINTER), default=Value(TypeKind.LIST)),
    "enumerants have the same name": lambda: replace(
        NODES["E"],
        body=EnumNode(tuple(replace(item, name="a") for item in NODES["E"].body.enumerants)),  # type: ignore[union-attr]
    ),
    "methods have the same name": lambda: replace(
        NODES["I"],
        body=InterfaceNode(tuple(replace(item, name="m") for item in NODES["I"].body.methods)),  # type: ignore[union-attr]
    ),
    "not a message": lambda: const(Value(TypeKind.LIST, b"")),
    "a pointer to a null where a list": lambda: const(Value(TypeKind.LIST, bytes(8))),
    "a capability cannot be": lambda: const(Value(TypeKind.LIST, b"\3" + bytes(7))),
    "pointer to a list where a struct": lambda: const(
        Value(TypeKind.STRUCT, NODES["c"].body.value.content),  # type: ignore[union-attr]
        StructType(1 << 63),
    ),
}


@pytest.mark.parametrize("message", CASES)
def test_nodes_that_make_no_sense_are_refused(message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        validate_node(CASES[message]())


def test_types_know_how_much_room_their_values_take() -> None:
    assert [data_bits(fields_of()[number].body.type) for number in range(4)] == [32, 0, 8, 0]  # type: ignore[union-attr]
    assert is_pointer(TEXT)
    assert not is_pointer(fields_of()[3].body.type)  # type: ignore[union-attr]
