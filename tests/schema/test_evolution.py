"""Which changes of a schema break something."""

from __future__ import annotations

import pytest

from caplet.compiler import CompiledFile, compile_text
from caplet.errors import SchemaError
from caplet.schema.evolution import Effect, add_strangers, breaking_changes, compare_nodes, merge_nodes
from caplet.schema.registry import Registry

HEAD = "@0xf000000000000001; "


def compiled(text: str) -> CompiledFile:
    return compile_text(HEAD + text, "a.capnp")


def rules(old: str, new: str) -> list[str]:
    before, after = compiled(old), compiled(new)
    return [change.rule for change in breaking_changes(before.registry, before.id, after.registry, after.id)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("struct S { a @0 :Text; }", "struct S { a @0 :Text; b @1 :Int32; }"),
        ("struct S { a @0 :Text; }", "struct S { renamed @0 :Text; }"),
        ("struct S { a @0 :Text; }", "struct S { a @0 :Text; struct New {} }"),
        ("struct S { a @0 :Text; }", "struct S { a @0 :Data; }"),
        ("struct S { a @0 :List(UInt8); }", "struct S { a @0 :Data; }"),
        ("struct S { a @0 :AnyPointer; }", "struct S { a @0 :Text; }"),
        ("struct S { a @0 :Text; }", "struct S(T) { a @0 :T; }"),
        ("struct S { a @0 :Int32; }", "struct S { union { a @0 :Int32; b @1 :Text; } }"),
        ("struct S { a @0 :Int32; }", "struct S { g :group { a @0 :Int32; b @1 :Text; } }"),
        ("struct S { a @0 :List(Int32); }", "struct S { a @0 :List(T); struct T { x @0 :Int32; y @1 :Text; } }"),
        (
            "struct S { union { a @0 :Int32; b @1 :Text; } }",
            "struct S { union { a @0 :Int32; b @1 :Text; c @2 :Void; } }",
        ),
        ("enum E { a @0; }", "enum E { a @0; b @1; }"),
        ("enum E { a @0; }", "enum E { renamed @0; }"),
        ("interface I { m @0 (); }", "interface I { m @0 (); n @1 (); }"),
        ("interface I { m @0 (); }", "interface I { m @0 (a :Text) -> (b :Text); }"),
        ("interface I {} interface J {}", "interface I extends(J) {} interface J {}"),
        ("const c :Int32 = 1;", "const c :Int32 = 2;"),
        ("struct S {}", "struct S {} struct T {} annotation a (*) :Void;"),
    ],
)
def test_good_changes_break_nothing(old: str, new: str) -> None:
    assert rules(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("struct S { a @0 :Text; b @1 :Text; }", "struct S { a @0 :Text; }", "field-removed"),
        ("struct S { a @0 :Int32; }", "struct S { a @0 :Int64; }", "type-changed"),
        ("struct S { a @0 :Data; }", "struct S { a @0 :Text; }", "type-changed"),
        ("struct S { a @0 :Int32; }", "struct S { a @0 :Text; }", "field-moved"),
        ("struct S { a @0 :Int32; }", "struct S { a @0 :Int32 = 5; }", "default-changed"),
        ('struct S { a @0 :Text = "x"; }', "struct S { a @0 :Text; }", "default-changed"),
        ("struct S { a @0 :Int8; b @1 :Int16; }", "struct S { b @0 :Int16; a @1 :Int8; }", "type-changed"),
        ("struct S { a @0 :Int8; b @1 :Int8; }", "struct S { u :union { a @0 :Int8; b @1 :Int8; } }", "field-removed"),
        (
            "struct S { union { a @0 :Int8; b @1 :Int8; } c @2 :Int8; }",
            "struct S { union { a @0 :Int8; b @1 :Int8; c @2 :Int8; } }",
            "union-changed",
        ),
        ("struct S { g :group { a @0 :Text; } }", "struct S { a @0 :Text; }", "field-became-group"),
        ("struct S { a @0 :List(Bool); }", "struct S { a @0 :List(T); struct T { x @0 :Bool; } }", "type-changed"),
        ("struct S { a @0 :T; struct T {} }", "struct S { a @0 :U; struct T {} struct U {} }", "type-changed"),
        ("enum E { a @0; b @1; }", "enum E { a @0; }", "enumerant-removed"),
        ("enum E { a @0; b @1; }", "enum E { b @0; a @1; }", "enumerant-renumbered"),
        ("interface I { m @0 (); n @1 (); }", "interface I { m @0 (); }", "method-removed"),
        ("interface I { m @0 (); n @1 (); }", "interface I { n @0 (); m @1 (); }", "method-renumbered"),
        ("interface I { m @0 (a :Text); }", "interface I { m @0 (a :Int32); }", "type-changed"),
        (
            "interface I { m @0 S; } struct S {} struct T {}",
            "interface I { m @0 T; } struct S {} struct T {}",
            "parameters-changed",
        ),
        ("interface I { m @0 () -> S; } struct S {}", "interface I { m @0 () -> (); } struct S {}", "results-changed"),
        ("interface I extends(J) {} interface J {}", "interface I {} interface J {}", "superclass-removed"),
        ("struct S {} struct T {}", "struct S {}", "declaration-removed"),
        ("struct S {}", "struct T {}", "declaration-removed"),
        ("struct S @0xf000000000000002 {}", "enum S @0xf000000000000002 {}", "kind-changed"),
    ],
)
def test_bad_changes_are_found(old: str, new: str, rule: str) -> None:
    assert rule in rules(old, new)


def test_a_declaration_may_be_renamed_and_moved_with_its_id() -> None:
    assert rules("struct S @0xf000000000000002 {}", "struct T { struct U @0xf000000000000002 {} }") == []


def test_changes_say_where_and_what() -> None:
    before, after = (
        compiled("struct S { struct T { a @0 :Int8; } }"),
        compiled("struct S { struct T { a @0 :Int16; } }"),
    )
    (change,) = breaking_changes(before.registry, before.id, after.registry, after.id)
    assert str(change) == "S.T.a: type-changed: the field has another type"
    assert change.effect == Effect.WIRE


def test_of_two_compatible_versions_the_newer_one_is_kept() -> None:
    old = compiled("struct S { a @0 :Text; }").registry
    new = compiled("struct S { a @0 :Text; b @1 :Int32; }").registry
    (old_node,) = (node for node in old if node.name == "S")
    new_node = new.get(old_node.id)
    assert merge_nodes(old_node, new_node) == new_node
    assert merge_nodes(new_node, old_node) is new_node
    assert merge_nodes(old_node, old_node) is old_node
    registry = Registry([old_node])
    assert add_strangers(registry, [new_node]) == (new_node,)
    assert add_strangers(registry, [old_node]) == (new_node,)
    assert registry.get(old_node.id) == new_node
    assert registry.replaced == {old_node.id: new_node}


def test_of_two_versions_that_differ_neither_is_taken() -> None:
    one = compiled("struct S { a @0 :Text; b @1 :Int32; }").registry
    (node,) = (node for node in one if node.name == "S")
    for text in ("struct S { a @0 :Int32; b @1 :Text; }", "struct S { a @0 :Int32; }"):
        other = compiled(text).registry.get(node.id)
        with pytest.raises(SchemaError, match="cannot be used together"):
            add_strangers(Registry([node]), [other])


def test_versions_that_each_declare_something_have_both() -> None:
    one, two = compiled("struct S {} struct A {}"), compiled("struct S {} struct B {}")
    one.registry.update(two.registry)
    assert [nested.name for nested in one.node.nested_nodes] == ["S", "A", "B"]
    assert one.registry.find(one.id, "B").name == "B"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("struct S { a @0 :Text; }", "struct S { b @0 :Text; }", "'a' became 'b'"),
        ("const c :Int32 = 1;", "const c :Int32 = 2;", "another type or value"),
        ("struct S { a @0 :Text; }", "struct S { a @0 :Int32; }", "S.a: type-changed|S.a: field-moved"),
        ("enum E { a @0; b @1; }", "enum E { b @0; a @1; }", "@0 is now 'b'"),
        ("interface I { m @0 (a :Text); }", "interface I { m @0 (a :Int32); }", "another type|lies elsewhere"),
    ],
)
def test_registries_with_versions_that_do_not_fit_stay_as_they_were(old: str, new: str, why: str) -> None:
    one = compiled(old + " struct Other {}")
    before = list(one.registry)
    with pytest.raises(SchemaError, match=why):
        one.registry.update(compiled("struct Another {} " + new).registry)
    assert list(one.registry) == before


def test_the_same_schema_under_two_names_is_one() -> None:
    one = compile_text(HEAD + "struct S { a @0 :Text; }", "a.capnp")
    two = compile_text("# Further down.\n" + HEAD + "struct S { a @0 :Text; }", "b.capnp")
    registry = Registry()
    registry.update(one.registry)
    registry.update(two.registry)
    assert registry.file("a.capnp") is registry.file("b.capnp")


def test_nodes_with_different_ids_are_not_compared_further() -> None:
    nodes = [node for node in compiled("struct S {} struct T { a @0 :Text; }").registry if node.scope_id]
    assert [change.rule for change in compare_nodes(*nodes)] == ["id-changed"]
