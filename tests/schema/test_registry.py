"""The registry: nodes by id, file and name, and how they refer to each other."""

from __future__ import annotations

import pytest

from caplet.compiler import CompiledFile, compile_text
from caplet.errors import CompileError, SchemaError
from caplet.schema.model import (
    ANY_POINTER,
    TEXT,
    Brand,
    BrandScope,
    FileNode,
    InterfaceNode,
    ListType,
    NestedNode,
    Node,
    ParameterType,
    Slot,
    StructNode,
    StructType,
    Superclass,
    Type,
)
from caplet.schema.records import replace
from caplet.schema.registry import Registry, apply_brand, apply_brand_to_brand

GENERICS = """
    interface Base(T) { get @0 () -> (value :T); }
    interface Middle(A, B) extends(Base(B)) { struct In { a @0 :A; } }
    interface Left extends(Middle(Text, Data)) {}
    interface Right extends(Middle(Data, Left)) {}
    interface Bottom extends(Left, Right) {}
    struct Box(T) { content @0 :T; inner @1 :Inner; list @2 :List(Box(T)); struct Inner { t @0 :T; } }
    struct User { box @0 :Box(Text); plain @1 :Box; }
"""


@pytest.fixture(scope="module")
def compiled() -> CompiledFile:
    return compile_text(GENERICS, "generics.capnp")


def file_node(node_id: int, name: str = "a.capnp") -> Node:
    return Node(node_id, name, 0, 0, FileNode())


def test_nodes_are_found_by_id_file_and_path(compiled: CompiledFile) -> None:
    registry = compiled.registry
    assert registry.file("generics.capnp").id == compiled.id
    inner = registry.find(compiled.id, "Box.Inner")
    assert inner.id in registry
    assert registry.file_of(inner.id).id == compiled.id
    assert registry.child_or_none(compiled.id, "Nothing") is None
    for wrong in (
        lambda: registry.get(1),
        lambda: registry.file("b.capnp"),
        lambda: registry.find(compiled.id, "Box.X"),
    ):
        with pytest.raises(SchemaError):
            wrong()


def test_the_same_node_twice_is_fine_and_another_one_is_not() -> None:
    registry = Registry([file_node(1)])
    registry.add(file_node(1))
    registry.add(replace(file_node(1), nested_nodes=(NestedNode("A", 2),)))
    assert registry.get(1).nested_nodes == (NestedNode("A", 2),)
    with pytest.raises(SchemaError, match="declare different things under one name"):
        registry.add(replace(file_node(1), nested_nodes=(NestedNode("A", 3),)))
    with pytest.raises(SchemaError, match=r"cannot be used together: a\.capnp: kind-changed"):
        registry.add(replace(file_node(1), body=InterfaceNode(())))


def test_versions_of_a_lazy_node_are_compared_when_it_is_asked_for() -> None:
    registry = Registry()
    registry.merge_lazy(1, lambda: file_node(1))
    registry.merge_lazy(1, lambda: replace(file_node(1), nested_nodes=(NestedNode("A", 2),)))
    assert registry.get(1).nested_nodes == (NestedNode("A", 2),)
    registry.merge_lazy(1, lambda: file_node(1))
    registry.merge_lazy(2, lambda: file_node(2))
    registry.merge_lazy(2, lambda: Node(2, "b.capnp", 0, 0, InterfaceNode(())))
    for _ in range(2):
        with pytest.raises(SchemaError, match="cannot be used together"):
            registry.get(2)


def test_lazy_nodes_are_made_once_and_only_when_asked_for() -> None:
    made: list[int] = []

    def make() -> Node:
        made.append(1)
        return file_node(1)

    registry = Registry()
    registry.add_lazy(1, make)
    assert (1 in registry, len(registry), made) == (True, 1, [])
    assert registry.get(1) is registry.get(1)
    assert made == [1]
    assert [node.id for node in registry] == [1]


def test_registries_are_merged() -> None:
    registry = Registry([file_node(1)])
    other = Registry([file_node(2, "b.capnp")])
    other.add_lazy(3, lambda: file_node(3, "c.capnp"))
    registry.update(other)
    assert {node.id for node in registry} == {1, 2, 3}
    assert registry.file("b.capnp").id == 2
    with pytest.raises(SchemaError):
        registry.update(Registry([replace(file_node(1), body=InterfaceNode(()))]))


def test_superclasses_are_walked_depth_first_with_their_bindings(compiled: CompiledFile) -> None:
    registry = compiled.registry
    bottom = registry.find(compiled.id, "Bottom").id
    walked = list(registry.superclasses(bottom))
    assert [node.name for node, _ in walked] == ["Bottom", "Left", "Middle", "Base", "Right"]
    base = next(brand for node, brand in walked if node.name == "Base")
    assert [scope.bindings for scope in base.scopes] == [(registry_type("Data"),)]


def registry_type(name: str) -> Type:
    compiled = compile_text(f"struct S {{ a @0 :{name}; }}")
    body = compiled.registry.find(compiled.id, "S").body
    assert isinstance(body, StructNode)
    assert isinstance(body.fields[0].body, Slot)
    return body.fields[0].body.type


def field_type(compiled: CompiledFile, struct: str, field: str) -> Type:
    body = compiled.registry.find(compiled.id, struct).body
    assert isinstance(body, StructNode)
    (found,) = (item for item in body.fields if item.name == field)
    assert isinstance(found.body, Slot)
    return found.body.type


def test_brands_are_applied_to_types(compiled: CompiledFile) -> None:
    box = field_type(compiled, "User", "box")
    plain = field_type(compiled, "User", "plain")
    assert isinstance(box, StructType)
    assert isinstance(plain, StructType)
    assert apply_brand(field_type(compiled, "Box", "content"), box.brand) == TEXT
    assert apply_brand(field_type(compiled, "Box", "content"), plain.brand) == ANY_POINTER
    inner = apply_brand(field_type(compiled, "Box", "inner"), box.brand)
    assert isinstance(inner, StructType)
    assert apply_brand(field_type(compiled, "Box.Inner", "t"), inner.brand) == TEXT
    listed = apply_brand(field_type(compiled, "Box", "list"), box.brand)
    assert isinstance(listed, ListType)
    assert listed.element == box


def test_unbound_and_inherited_parameters_stay_what_they_are() -> None:
    parameter = ParameterType(7, 0)
    inherit = Brand((BrandScope(7, None),))
    assert apply_brand(parameter, inherit) == parameter
    assert apply_brand(parameter, Brand((BrandScope(7, (None,)),))) == ANY_POINTER
    assert apply_brand(parameter, Brand((BrandScope(8, (TEXT,)),))) == ANY_POINTER
    assert apply_brand_to_brand(inherit, Brand((BrandScope(7, (TEXT,)),))) == Brand((BrandScope(7, (TEXT,)),))


def test_interfaces_that_extend_each_other_end_the_walk() -> None:
    body = InterfaceNode(())
    one = Node(1, "a:A", 2, 0, body)
    registry = Registry(
        [
            replace(one, body=InterfaceNode((), (Superclass(2),))),
            Node(2, "a:B", 2, 0, InterfaceNode((), (Superclass(1),))),
        ]
    )
    assert [node.id for node, _ in registry.superclasses(1)] == [1, 2]


def test_nodes_that_are_compiled_later_are_found_in_registries_that_took_them_over() -> None:
    compiled = compile_text(
        'using B = import "b.capnp"; struct A {}',
        "a.capnp",
        files={
            "b.capnp": "struct S { t @0 :T; g :group { x @1 :Int32; h :group { y @2 :Text; } } }"
            " struct T { s @0 :S; } interface I { m @0 (a :T) -> (b :S); } struct Wrong { a @0 :Nothing; }"
        },
    )
    middle = Registry()
    middle.update(compiled.registry)
    registry = Registry()
    registry.update(middle)
    file = registry.file("b.capnp")
    struct = registry.find(file.id, "S")
    (group,) = registry.groups(struct.id)
    (inner,) = registry.groups(group.id)
    assert inner.name == "h"
    interface = registry.find(file.id, "I").body
    assert isinstance(interface, InterfaceNode)
    assert registry.get(interface.methods[0].param_struct_type).name == "m$Params"
    info = registry.source_info(struct.id)
    assert info is not None
    for _ in range(2):
        with pytest.raises(CompileError, match="Nothing"):
            registry.find(file.id, "Wrong")
