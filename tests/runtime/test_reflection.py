"""Looking at schemas: members, types, comments, annotations with typed values; what `help` and `inspect.signature` show."""

from __future__ import annotations

import inspect
import pydoc
import re
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.errors import SchemaError
from caplet.runtime.reflection import (
    AnnotationSchema,
    ConstSchema,
    EnumSchema,
    FileSchema,
    InterfaceSchema,
    StructSchema,
)

FILE = Path(__file__).with_name("reflected.capnp")
schemas = caplet.SchemaRegistry()
module = schemas.load(FILE)


def struct(thing: object) -> StructSchema:
    found = caplet.schema_of(thing)
    assert isinstance(found, StructSchema)
    return found


def interface(thing: object) -> InterfaceSchema:
    found = caplet.schema_of(thing)
    assert isinstance(found, InterfaceSchema)
    return found


def test_a_file_shows_what_it_declares() -> None:
    file = caplet.schema_of(module)
    assert isinstance(file, FileSchema)
    assert (file.kind, file.name, file.scope) == ("file", "reflected.capnp", None)
    assert file.doc == module.__doc__ == "What the file is for."
    kinds = {name: nested.kind for name, nested in file.nested.items()}
    assert kinds["Person"] == "struct"
    assert kinds["label"] == "annotation"
    assert kinds["limit"] == "const"
    constant = file.nested["limit"]
    assert isinstance(constant, ConstSchema)
    assert (constant.value, str(constant.type), constant.type.python_type) == (7, "UInt16", int)
    assert caplet.schema_of(file) is file


def test_a_struct_shows_its_fields_in_the_order_of_the_text() -> None:
    person = struct(module.Person)
    assert person.doc == "A human being.\n\nOr a robot."
    assert person.full_name == "reflected.capnp:Person"
    assert person.cls is module.Person
    assert list(person.fields) == ["fullName", "friends", "email", "box", "class"]
    name = person.fields["fullName"]
    assert (name.python_name, name.ordinal, name.doc) == ("full_name", 0, "What others call them.")
    assert (name.default, name.has_explicit_default, str(name.type)) == ("nobody", True, "Text")
    friends = person.fields["friends"].type
    assert (str(friends), friends.kind, friends.is_pointer) == ("List(Person)", "list", True)
    assert friends.element is not None
    assert friends.element.schema == person
    assert friends.python_type == list[module.Person]
    assert [member.name for member in person.union] == ["email", "box"]
    assert [member.discriminant for member in person.union] == [0, 1]
    box = person.fields["box"]
    assert (box.is_group, box.default, box.ordinal) == (True, None, None)
    group = box.type.schema
    assert isinstance(group, StructSchema)
    assert (group.is_group, list(group.fields), group.cls) == (True, ["number"], module.Person.Box)
    assert group.scope == person


def test_whatever_was_made_from_a_schema_leads_to_it() -> None:
    person = struct(module.Person)
    made = module.Person()
    for thing in (module.Person.Builder, made, made.as_reader()):
        assert caplet.schema_of(thing) == person
    assert caplet.schema_of(module.Color.RED).kind == "enum"
    assert caplet.schema_of(module.Store.Server) == caplet.schema_of(module.Store)
    assert caplet.schema_of(type("Mine", (module.Store.Server,), {})()) == caplet.schema_of(module.Store)
    assert {person: 1}[struct(made)] == 1
    for thing in (5, int, "text", caplet.Client, caplet.Server):
        with pytest.raises(TypeError, match="was not made from a schema"):
            caplet.schema_of(thing)


def test_an_enum_shows_its_members() -> None:
    color = caplet.schema_of(module.Color)
    assert isinstance(color, EnumSchema)
    assert color.cls is module.Color
    rows = [(item.name, item.python_name, item.number, item.doc) for item in color.enumerants.values()]
    assert rows == [("red", "RED", 0, ""), ("blue", "AZURE", 1, "Like the sky.")]


def test_an_interface_shows_its_methods_and_those_that_it_extends() -> None:
    store = interface(module.Store)
    assert list(store.methods) == ["putPerson", "pour", "child"]
    put = store.methods["putPerson"]
    assert (put.python_name, put.ordinal, put.doc, put.streaming) == ("put_person", 0, "Keeps one person.", False)
    assert list(put.params.fields) == ["thePerson", "context"]
    assert put.results is not None
    assert list(put.results.fields) == ["slot"]
    assert put.interface == store
    assert (store.methods["pour"].streaming, store.methods["pour"].results) == (True, None)
    assert store.methods["child"].python_name == "offspring"
    assert [method.name for method in store.all_methods] == ["putPerson", "pour", "child", "giveBack"]
    (base,) = store.superclasses
    assert str(base.methods["giveBack"].params.fields["someValue"].type) == "Text"
    assert interface(module.Base).parameters == ("T",)
    assert str(interface(module.Base).methods["giveBack"].params.fields["someValue"].type) == "AnyPointer"


def test_annotations_have_values_of_their_types() -> None:
    person = struct(module.Person)
    assert isinstance(module.label, AnnotationSchema)
    values = {applied.name: applied.value for applied in person.annotations}
    assert list(values) == ["label", "weight", "color"]
    assert values["label"] == "someone"
    assert (values["weight"].grams, list(values["weight"].tags)) == (5, ["a", "b"])
    assert values["color"] is module.Color.AZURE
    assert module.label.of(module.Person) == "someone"
    assert module.label.of(person.fields["fullName"]) == "the name"
    assert module.label.of(person.fields["friends"], "none") == "none"
    assert module.label.of(interface(module.Base).methods["giveBack"]) == "method"
    assert module.mark.of(person.fields["box"], "absent") is None
    assert module.weight.targets == {"struct", "field"}
    color = caplet.schema_of(module.Color)
    assert isinstance(color, EnumSchema)
    assert [module.label.of(item) for item in color.enumerants.values()] == ["warm", None]
    assert repr(person.annotations[0]) == "$label('someone')"


def test_an_annotation_whose_declaration_is_not_there_has_its_plain_value() -> None:
    lonely = caplet.SchemaRegistry()
    person = schemas.schema(struct(module.Person).id).node
    keep = [person, *(schemas.schema(nested.id).node for nested in person.nested_nodes)]
    lonely.registry.update(type(lonely.registry)(keep))
    (label, weight, color) = lonely.schema(person.id).annotations
    assert (label.name, label.value, label.schema) == ("0xa1b2c3d4e5f60718", "someone", None)
    assert (weight.value, color.value) == (None, 1)


def test_names_may_be_given_by_an_annotation() -> None:
    person = module.Person(paint="blue", full_name="x")
    assert person.paint is module.Color.AZURE
    assert module.Person.from_dict({"class": "AZURE"}).paint is module.Color.AZURE
    assert person.to_dict()["paint"] == "blue"
    assert module.Person.from_text("(class = blue)").paint is module.Color.AZURE
    assert '"class": "blue"' in person.to_json(pretty=True)
    assert module.Person.Within(x=1).x == 1
    assert not hasattr(module.Person, "Inside")
    assert module.None_() == module.None_()
    assert module.from_ == "x"
    assert "None_" in dir(module)
    assert hasattr(module.Store, "offspring")


def test_help_shows_comments_fields_and_methods() -> None:
    assert inspect.getdoc(module.Person) == inspect.cleandoc(
        """
        A human being.

        Or a robot.

        Fields:
            full_name: str = 'nobody'
                What others call them.
            friends: list[Person]
            paint: Color

        Union, one of:
            email: str
                Where letters go.
            box: Person.Box
        """
    )
    assert module.Person().__doc__ == module.Person.__doc__
    assert "AZURE = 1\n        Like the sky." in (module.Color.__doc__ or "")
    # Signatures stand on one line or, from Python 3.13 on, on one for each parameter when they are long.
    text = re.sub(r"[\s|]+", " ", pydoc.plain(pydoc.render_doc(module.Store))).replace("( ", "(").replace(" )", ")")
    assert "Keeps people." in text
    assert "put_person(self, /, the_person: reflected_capnp.Person = ..., context: int = ...)" in text
    assert "give_back(some_value: str) -> (same_value: str)" in text
    method: Any = module.Store(caplet.Client(None)._capability).put_person  # type: ignore[arg-type]
    assert method.__doc__ == ("put_person(the_person: Person, context: int) -> (slot: int)\n\nKeeps one person.")
    assert "Base of servers of Store" in (module.Store.Server.__doc__ or "")


def test_signatures_are_those_of_the_schema() -> None:
    signature = inspect.signature(module.Person)
    assert list(signature.parameters) == ["full_name", "friends", "email", "box", "paint"]
    assert signature.parameters["friends"].annotation == list[module.Person]
    client = module.Store(None)
    assert str(inspect.signature(client.put_person)).startswith(
        "(the_person: reflected_capnp.Person = ..., context: int"
    )
    assert list(inspect.signature(module.Store.put_person).parameters) == ["self", "the_person", "context"]


def test_every_declaration_of_the_standard_schemas_can_be_looked_at() -> None:
    file = schemas.load_text(
        'using S = import "/capnp/schema.capnp"; using R = import "/capnp/rpc.capnp"; struct X { s @0 :S.Node; r @1 :R.Message; }'
    )
    waiting: list[caplet.Schema] = [caplet.schema_of(file.X).scope or caplet.schema_of(file)]
    files = schemas.registry.files
    waiting += [schemas.schema(files[path]) for path in ("capnp/schema.capnp", "capnp/rpc.capnp")]
    seen = 0
    while waiting:
        schema = waiting.pop()
        seen += 1
        waiting += schema.nested.values()
        if isinstance(schema, StructSchema | EnumSchema | InterfaceSchema):
            assert schema.cls.__doc__
        if isinstance(schema, StructSchema):
            assert list(inspect.signature(schema.cls).parameters) == [
                field.python_name for field in schema.fields.values()
            ]
            for field in schema.fields.values():
                assert (str(field.type), field.doc, field.default) is not None
    assert seen > 40


def test_a_type_that_is_not_there_is_an_error_when_it_is_needed() -> None:
    lonely = caplet.SchemaRegistry()
    person = schemas.schema(struct(module.Person).id)
    lonely.registry.add(person.node)
    with pytest.raises(SchemaError, match="no schema with the id"):
        lonely.class_of(person.id)
    with pytest.raises(SchemaError, match="no schema with the id"):
        lonely.class_of(person.id)
