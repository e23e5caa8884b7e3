"""Registries: schemas from texts, requests, packages and peers, merged when they fit and refused when they make no sense."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.compiler import compile_files, compile_text
from caplet.errors import CapletError, DecodeError, SchemaError
from caplet.runtime import factory
from caplet.schema.codec import encode_request
from caplet.schema.model import (
    TEXT,
    Annotation,
    Brand,
    BrandScope,
    EnumType,
    Group,
    InterfaceNode,
    InterfaceType,
    Node,
    Slot,
    StructNode,
    StructType,
    Superclass,
    Type,
    Value,
)
from caplet.schema.records import replace

TIMEOUT_S = 60
HEAD = "@0xf000000000000011; "
DEVICE = """
@0xf1e2d3c4b5a69788;
using S = import "/capnp/schema.capnp";
interface Reflecting { schemaNodes @0 () -> (nodes :List(S.Node), typeId :UInt64); gadget @1 () -> (gadget :Capability); }
"""
GADGET = """
@0xf1e2d3c4b5a69789;
interface Gadget {
  # Sets a level.
  setLevel @0 (theLevel :Level) -> (old :Level);
  watch @1 (watcher :Watcher) -> ();
}
interface Watcher { levelChanged @0 (level :Level) -> (); }
struct Level { value @0 :Float64; unit @1 :Unit; }
enum Unit { volt @0; ampere @1; }
"""


def nodes_of(text: str, name: str = "a.capnp") -> tuple[Node, ...]:
    return tuple(compile_text(HEAD + text, name).registry)


def by_name(nodes: tuple[Node, ...]) -> dict[str, Node]:
    return {node.name: node for node in nodes}


def test_a_client_of_a_schema_that_came_over_the_wire() -> None:
    """What a program does that knows nothing of a device but how to ask for its schema."""
    reflecting = caplet.SchemaRegistry().load_text(DEVICE, "device.capnp")
    firmware = caplet.SchemaRegistry().load_text(GADGET, "gadget.capnp")

    class GadgetServer(firmware.Gadget.Server):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            self.level = firmware.Level(value=1.0, unit="volt")

        async def set_level(self, the_level: Any) -> Any:
            old, self.level = self.level, the_level.as_builder()
            return {"old": old}

        async def watch(self, watcher: Any) -> None:
            await watcher.level_changed(level=self.level)

    class Device(reflecting.Reflecting.Server):  # type: ignore[name-defined,misc]
        def schema_nodes(self) -> Any:
            needed = caplet.schema_of(firmware.Gadget).with_dependencies()
            return {"nodes": [schema.to_node() for schema in needed], "typeId": caplet.schema_of(firmware.Gadget).id}

        def gadget(self) -> Any:
            return GadgetServer()

    async def scene() -> None:
        async with (
            caplet.serve("memory:device", Device()) as server,
            caplet.connect(server.address) as connection,
        ):
            device = connection.bootstrap(reflecting.Reflecting)
            found = await device.schema_nodes()
            schemas = caplet.SchemaRegistry()
            schemas.add_nodes(found.nodes)
            gadget_class = schemas.class_of(found.type_id)
            gadget = device.gadget().gadget.cast_as(gadget_class)
            old = (await gadget.set_level(the_level={"value": 2.5, "unit": "ampere"})).old
            assert (old.value, old.unit.name) == (1.0, "VOLT")
            seen: list[Any] = []
            watcher_class = schemas.schema(found.type_id).file.nested["Watcher"].cls

            class Watching(watcher_class.Server):  # type: ignore[name-defined,misc]
                def level_changed(self, level: Any) -> None:
                    seen.append(level.to_dict())

            await gadget.watch(watcher=Watching())
            assert seen == [{"value": 2.5, "unit": "ampere"}]
            view = caplet.dynamic(gadget)
            assert (await view["setLevel"](theLevel={"value": 0.5}))["old"]["value"] == 2.5

    asyncio.run(asyncio.wait_for(scene(), TIMEOUT_S))


def test_requests_of_a_compiler_are_loaded() -> None:
    request = caplet.SchemaRegistry()
    compiled = Path(__file__).parent / "runtime" / "reflected.capnp"
    data = subprocess.run(
        [sys.executable, "-m", "caplet", "compile", "-o-", str(compiled)], check=True, capture_output=True
    ).stdout
    (module,) = request.load_request(data)
    assert module.Person(full_name="x", email="y").to_dict() == {"full_name": "x", "email": "y", "paint": "red"}
    assert module.Person.__doc__.startswith("A human being.")
    assert caplet.schema_of(module).name.endswith("runtime/reflected.capnp")
    for broken in (b"", data[:-8], data + bytes(8), b"\0" * 7):
        with pytest.raises(DecodeError):
            caplet.SchemaRegistry().load_request(broken)


def test_a_newer_version_gives_classes_in_use_what_it_has_more() -> None:
    old = "struct S { a @0 :Text; e @1 :E; inner :group { x @2 :UInt8; } } enum E { one @0; } interface I { m @0 (); }"
    new = (
        "struct S { a @0 :Text; e @1 :E; inner :group { x @2 :UInt8; y @3 :S; } b @4 :T; } struct T { t @0 :UInt64; }"
        " enum E { one @0; two @1; } interface I { m @0 (); n @1 (s :S) -> (t :T); }"
    )
    schemas = caplet.SchemaRegistry()
    module = schemas.load_text(HEAD + old, "a.capnp")
    struct, enum, interface = module.S, module.E, module.I
    unknown = enum(1)
    assert (unknown.name, not hasattr(struct, "b")) == ("UNKNOWN_1", True)
    made = struct(a="x")
    again = schemas.load_text(HEAD + new, "b.capnp")
    assert (struct, enum, interface) == (again.S, again.E, again.I)
    assert (made.a, made.as_reader().b.t, made.as_reader().inner.y.a) == ("x", 0, "")
    newer = struct(a="y", b={"t": 5}, e="two", inner={"y": {"a": "z"}})
    assert newer.e is enum.TWO is enum(1) is enum["TWO"]
    assert list(enum) == [enum.ONE, enum.TWO]
    assert struct.from_bytes(newer.to_bytes()).inner.y.a == "z"
    assert interface(None).n is not None
    assert [method.name for method in interface._interface.methods] == ["m", "n"]
    # The older one after the newer one changes nothing.
    schemas.load_text(HEAD + old, "c.capnp")
    assert struct(b={"t": 6}).b.t == 6


def test_versions_that_do_not_fit_are_refused_and_change_nothing() -> None:
    schemas = caplet.SchemaRegistry()
    module = schemas.load_text(HEAD + "struct S { a @0 :Text; b @1 :UInt8; }", "a.capnp")
    for text, why in (
        ("struct S { a @0 :UInt8; b @1 :UInt8; } struct New {}", "the field lies elsewhere"),
        ("struct S { a @0 :Text; c @1 :UInt8; } struct New {}", "'b' became 'c'"),
    ):
        with pytest.raises(SchemaError, match=why):
            schemas.load_text(HEAD + text, "b.capnp")
        assert not hasattr(module, "New")
    # Names are no matter to a peer.
    (kept,) = schemas.add_nodes(send(by_name(nodes_of("struct S { x @0 :Text; y @1 :UInt8; }"))["S"]))
    assert list(kept.fields) == ["a", "b"]


def send(*nodes: Node) -> list[bytes]:
    """Return nodes as a peer may send them, unchecked."""
    from caplet.schema.encode import NODE_SIZE, write_node
    from caplet.wire.framing import frame
    from caplet.wire.message import MessageBuilder

    sent: list[bytes] = []
    for node in nodes:
        message = MessageBuilder()
        write_node(message.root.init_struct(*NODE_SIZE), node)
        sent.append(b"".join(frame(message.output())))
    return sent


GOOD = by_name(
    nodes_of(
        "struct S { a @0 :Text; g :group { x @1 :UInt8; } e @2 :E; i @3 :I; b @4 :Box(S); } struct Box(T) { t @0 :T; }"
        " enum E { one @0; } interface I extends(J) { m @0 (s :S); } interface J {} annotation n (struct) :UInt8;"
        " struct Marked $n(5) {} const c :UInt8 = 1;"
    )
)


def struct_with(changed: str, /, **changes: Any) -> Node:
    """Return the struct S with one of its fields changed."""
    body = GOOD["S"].body
    assert isinstance(body, StructNode)
    fields = [replace(field, **changes) if field.name == changed else field for field in body.fields]
    return replace(GOOD["S"], body=replace(body, fields=tuple(fields)))


def field_of_type(type_: Type) -> Node:
    return struct_with("a", body=Slot(0, type_, Value(type_.kind)))


HOSTILE: dict[str, tuple[Node, str]] = {
    "a struct that is an enum": (field_of_type(StructType(GOOD["E"].id)), "a.capnp:E is not a struct"),
    "an interface that is a struct": (field_of_type(InterfaceType(GOOD["S"].id)), "a.capnp:S is not an interface"),
    "a group that is a struct": (struct_with("g", body=Group(GOOD["Box"].id)), "is no group of this struct"),
    "a group of itself": (struct_with("g", body=Group(GOOD["S"].id)), "is no group of this struct"),
    "an enum bound to a parameter": (
        field_of_type(
            StructType(GOOD["Box"].id, Brand((BrandScope(GOOD["Box"].id, (EnumType(GOOD["E"].id),)),))),
        ),
        "a parameter is bound to ENUM",
    ),
    "an annotation that is a constant": (
        replace(GOOD["Marked"], annotations=(Annotation(GOOD["c"].id, Value(TEXT.kind, "x")),)),
        "is not an annotation",
    ),
    "an annotation with a value of another type": (
        replace(GOOD["Marked"], annotations=(Annotation(GOOD["n"].id, Value(TEXT.kind, "x")),)),
        "takes a value of kind UINT8, not TEXT",
    ),
    "itself as a scope": (replace(GOOD["S"], scope_id=GOOD["S"].id), "declared inside of itself"),
    "a circle of interfaces": (
        replace(GOOD["J"], body=InterfaceNode((), (Superclass(GOOD["I"].id),))),
        "extends itself",
    ),
    "a superclass that is a struct": (
        replace(GOOD["J"], body=InterfaceNode((), (Superclass(GOOD["S"].id),))),
        "is not an interface",
    ),
    "a name that is none": (struct_with("a", name="a b"), "cannot be the name"),
    "a name with a zero": (struct_with("a", name="a\0b"), "cannot be the name"),
    "a field far outside": (struct_with("a", body=Slot(9999, TEXT, Value(TEXT.kind))), "lies outside"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nodes_that_do_not_fit_to_each_other_are_refused_and_none_is_added(what: str) -> None:
    wrong, why = HOSTILE[what]
    schemas = caplet.SchemaRegistry()
    others = [node for node in GOOD.values() if node.id != wrong.id]
    with pytest.raises(SchemaError, match=why):
        schemas.add_nodes(send(*others, wrong))
    assert len(schemas) == 0
    schemas.add_nodes(send(*GOOD.values()))
    assert schemas.class_of(GOOD["S"].id)(a="x", g={"x": 1}).g.x == 1


def test_what_is_no_node_is_refused() -> None:
    schemas = caplet.SchemaRegistry()
    with pytest.raises(DecodeError):
        schemas.add_nodes([b"nothing"])
    with pytest.raises(TypeError, match=r"expected a Node of schema\.capnp, not S"):
        schemas.add_nodes([caplet.SchemaRegistry().load_text(HEAD + "struct S {}").S()])


def test_types_that_bind_each_other_in_very_many_ways_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "_MOST_BRANDS", 100)
    fields = " ".join(f"f{number} @{number} :G(B{number}(T));" for number in range(12))
    others = " ".join(f"struct B{number}(T) {{ t @0 :T; }}" for number in range(12))
    module = caplet.SchemaRegistry().load_text(HEAD + f"struct G(T) {{ t @12 :T; {fields} }} {others}")
    made = module.G[str](t="x", f0={"t": {"t": "y"}})
    assert (made.t, made.f0.t.t) == ("x", "y")
    assert len(caplet.schema_of(made)._factory._classes) < 250


def use_everything(module: Any, schemas: caplet.SchemaRegistry) -> None:
    """Use whatever a registry has as a program would."""
    for node in list(schemas.registry):
        schema = schemas.schema(node.id)
        assert (schema.annotations, schema.nested, schema.file) is not None
        if schema.kind == "const":
            str(schema.value)
        cls = getattr(schema, "cls", None)
        if cls is None:
            continue
        assert cls.__doc__
        if schema.kind == "struct":
            made = cls()
            made.to_dict()
            repr(made)
            for name in cls._fields:
                repr(getattr(made, name, None))
            cls.from_bytes(made.to_bytes()).to_dict()
            cls.from_bytes(b"\0\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0" + b"\xff" * 8).to_dict()
        elif schema.kind == "interface":
            cls(None)
            [method.params for method in schema.all_methods]  # type: ignore[attr-defined]


def test_damaged_requests_never_do_more_than_raise_our_errors() -> None:
    seed = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
    rounds = int(os.environ.get("CAPLET_DAMAGED_REQUESTS", "150"))
    sys.stdout.write(f"CAPLET_TEST_SEED={seed}\n")
    generator = random.Random(seed)
    corpus = sorted((Path(__file__).parent / "compiler" / "corpus").glob("*.capnp"))
    requests = [encode_request(compile_files([path]).request) for path in corpus]
    accepted = 0
    for _ in range(rounds):
        data = bytearray(generator.choice(requests))
        for _ in range(generator.randrange(1, 4)):
            place = generator.randrange(8, len(data))
            if generator.random() < 0.5:
                data[place] ^= 1 << generator.randrange(8)
            else:
                other = generator.randrange(8, len(data) - 8)
                word = other // 8 * 8
                data[place // 8 * 8 : place // 8 * 8 + 8] = data[word : word + 8]
        schemas = caplet.SchemaRegistry()
        try:
            modules = schemas.load_request(data)
            accepted += 1
            use_everything(modules, schemas)
        except CapletError:
            pass
    assert accepted
