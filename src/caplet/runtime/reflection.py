"""Schemas as programs look at them: what a type has, how it is documented and annotated.

Knows declarations and their members, by the names of the schema. Types of fields are `schema_types.py`; how the schemas came here does not matter.
Nothing here is kept by classes: these objects are made when they are asked for, over the registry's nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast, overload

from caplet.errors import SchemaError
from caplet.runtime.names import declared_name, enumerant_names, field_names, method_names
from caplet.runtime.schema_types import SchemaType
from caplet.schema.encode import NODE_SIZE, write_node
from caplet.schema.ids import STREAM_RESULT_ID
from caplet.schema.model import (
    EMPTY_BRAND,
    AnnotationNode,
    AnnotationTargets,
    Brand,
    ConstNode,
    EnumNode,
    FileNode,
    Group,
    InterfaceNode,
    StructNode,
)
from caplet.schema.references import closure
from caplet.schema.registry import apply_brand, apply_brand_to_brand
from caplet.wire.framing import frame
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caplet.runtime.factory import ClassFactory
    from caplet.runtime.interfaces import MethodPlan
    from caplet.schema import model
    from caplet.schema.model import Node
    from caplet.wire.untyped import AnyStruct

__all__ = [
    "AnnotationSchema",
    "AppliedAnnotation",
    "ConstSchema",
    "EnumSchema",
    "EnumerantSchema",
    "FieldSchema",
    "FileSchema",
    "InterfaceSchema",
    "MethodSchema",
    "Schema",
    "StructSchema",
    "schema_of",
    "schema_of_method",
    "schema_of_node",
]

Value = TypeVar("Value")
Default = TypeVar("Default")


class _Described:
    """What has a name, a comment and annotations."""

    __slots__ = ("_annotations", "_factory", "doc", "name")

    def __init__(
        self, factory: ClassFactory, name: str, doc: str | None, annotations: Sequence[model.Annotation]
    ) -> None:
        self._factory = factory
        self.name = name
        """The name in the schema."""
        self.doc = (doc or "").rstrip("\n")
        """The comment that documents it; empty when there is none, or it is not known."""
        self._annotations = annotations

    @property
    def annotations(self) -> tuple[AppliedAnnotation, ...]:
        """What it is annotated with, in the order of the text."""
        return tuple(AppliedAnnotation(self._factory, annotation) for annotation in self._annotations)


class AppliedAnnotation:
    """An annotation on something."""

    __slots__ = ("_annotation", "_factory")

    def __init__(self, factory: ClassFactory, annotation: model.Annotation) -> None:
        self._factory = factory
        self._annotation = annotation

    @property
    def id(self) -> int:
        """The id of the annotation's declaration."""
        return self._annotation.id

    @property
    def schema(self) -> AnnotationSchema[Any] | None:
        """The annotation's declaration, None when it is not loaded."""
        node = self._factory.registry.get_or_none(self.id)
        return None if node is None else AnnotationSchema(self._factory, node, self._annotation.brand)

    @property
    def name(self) -> str:
        """The annotation's name, or its id in hexadecimal when its declaration is not loaded."""
        node = self._factory.registry.get_or_none(self.id)
        return f"{self.id:#018x}" if node is None else node.name

    @property
    def value(self) -> Any:
        """The value, of the type that the annotation has; without its declaration numbers, text and data only, and None for all else."""
        schema = self.schema
        value = self._annotation.value
        if schema is not None:
            return self._factory.value_of(schema.type.model, value)
        return None if isinstance(value.content, bytes) and value.kind.name != "DATA" else value.content

    def __repr__(self) -> str:
        return f"${self.name}({self.value!r})"


# --- members ----------------------------------------------------------------------------------------------------------------------------


class FieldSchema(_Described):
    """A field, group or union of a struct."""

    __slots__ = ("_brand", "model", "python_name")

    def __init__(self, factory: ClassFactory, field: model.Field, brand: Brand, doc: str | None, python: str) -> None:
        super().__init__(factory, field.name, doc, field.annotations)
        self.model = field
        self.python_name = python
        """The name of the attribute in Python."""
        self._brand = brand

    @property
    def type(self) -> SchemaType:
        """The type; of a group or union, the struct that it is."""
        body = self.model.body
        if isinstance(body, Group):
            from caplet.schema.model import StructType

            return SchemaType(self._factory, StructType(body.type_id, self._brand))
        return SchemaType(self._factory, apply_brand(body.type, self._brand))

    @property
    def default(self) -> Any:
        """The value of a field that was not set; None for a group."""
        body = self.model.body
        return None if isinstance(body, Group) else self._factory.value_of(self.type.model, body.default)

    @property
    def has_explicit_default(self) -> bool:
        """Whether the schema says what the default is."""
        return not isinstance(self.model.body, Group) and self.model.body.had_explicit_default

    @property
    def is_group(self) -> bool:
        """Whether it is a group or named union."""
        return isinstance(self.model.body, Group)

    @property
    def ordinal(self) -> int | None:
        """The number behind the `@`, None for a group without one."""
        return self.model.ordinal

    @property
    def in_union(self) -> bool:
        """Whether it is a member of the struct's union."""
        return self.model.in_union

    @property
    def discriminant(self) -> int | None:
        """Its number in the union, None outside of one."""
        return self.model.discriminant_value if self.model.in_union else None

    def __repr__(self) -> str:
        return f"<field {self.name} :{self.type}>"


class EnumerantSchema(_Described):
    """A member of an enum."""

    __slots__ = ("number", "python_name")

    def __init__(
        self, factory: ClassFactory, enumerant: model.Enumerant, number: int, doc: str | None, python: str
    ) -> None:
        super().__init__(factory, enumerant.name, doc, enumerant.annotations)
        self.number = number
        """The number behind the `@`."""
        self.python_name = python
        """The name of the member in Python."""

    def __repr__(self) -> str:
        return f"<enumerant {self.name} @{self.number}>"


class MethodSchema(_Described):
    """A method of an interface."""

    __slots__ = ("_brand", "interface", "model", "ordinal", "python_name")

    def __init__(self, interface: InterfaceSchema, ordinal: int, doc: str | None, python: str) -> None:
        method = interface.body.methods[ordinal]
        super().__init__(interface._factory, method.name, doc, method.annotations)
        self.interface = interface
        """The interface that declares it."""
        self.ordinal = ordinal
        """The number behind the `@`."""
        self.model = method
        self.python_name = python
        """The name of the method in Python."""

    @property
    def params(self) -> StructSchema:
        """The struct of the params."""
        return self._struct(self.model.param_struct_type, self.model.param_brand)

    @property
    def results(self) -> StructSchema | None:
        """The struct of the results, None for a streaming method."""
        return None if self.streaming else self._struct(self.model.result_struct_type, self.model.result_brand)

    @property
    def streaming(self) -> bool:
        """Whether it is declared `-> stream`."""
        return self.model.result_struct_type == STREAM_RESULT_ID

    def _struct(self, struct_id: int, brand: Brand) -> StructSchema:
        outer = self.interface.brand
        found = schema_of_node(self._factory, self._factory.registry.get(struct_id), apply_brand_to_brand(brand, outer))
        if not isinstance(found, StructSchema):
            raise SchemaError(f"{found.full_name} is no struct")
        return found

    def __repr__(self) -> str:
        return f"<method {self.interface.name}.{self.name} @{self.ordinal}>"


# --- declarations -----------------------------------------------------------------------------------------------------------------------


class Schema(_Described):
    """A declaration: a file, struct, enum, interface, constant or annotation."""

    __slots__ = ("brand", "node")

    kind: ClassVar[str] = ""

    def __init__(self, factory: ClassFactory, node: Node, brand: Brand = EMPTY_BRAND) -> None:
        info = factory.registry.source_info(node.id)
        name = node.display_name if isinstance(node.body, FileNode) else node.name
        super().__init__(factory, name, info.doc_comment if info is not None else None, node.annotations)
        self.node = node
        self.brand = brand

    @property
    def id(self) -> int:
        """The 64-bit id."""
        return self.node.id

    @property
    def full_name(self) -> str:
        """The name with the file and the scopes around it, as in `a.capnp:Outer.Inner`."""
        return self.node.display_name

    @property
    def python_name(self) -> str:
        """The name in Python."""
        return declared_name(self.node)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its own generic parameters."""
        return self.node.parameters

    @property
    def scope(self) -> Schema | None:
        """The declaration around it; None for a file, and for the struct that a list of params or results is."""
        node = self._factory.registry.get_or_none(self.node.scope_id) if self.node.scope_id else None
        return None if node is None else schema_of_node(self._factory, node)

    @property
    def file(self) -> Schema:
        """The outermost declaration around it that is loaded: the file."""
        around: Schema = self
        while (scope := around.scope) is not None:
            around = scope
        return around

    def with_dependencies(self) -> tuple[Schema, ...]:
        """Return it with everything that it refers to and the declarations around: what another program needs to use it."""
        return tuple(schema_of_node(self._factory, node) for node in closure(self._factory.registry, self.node))

    def to_node(self) -> AnyStruct:
        """Return it as a struct `Node` of schema.capnp, to be put into a message."""
        message = MessageBuilder()
        write_node(message.root.init_struct(*NODE_SIZE), self.node)
        return message.root.as_reader().struct()

    def to_bytes(self) -> bytes:
        """Return it as a framed message, whose root is a `Node` of schema.capnp."""
        message = MessageBuilder()
        write_node(message.root.init_struct(*NODE_SIZE), self.node)
        return b"".join(frame(message.output()))

    @property
    def nested(self) -> dict[str, Schema]:
        """The declarations inside, by their names in the schema, in the order of the text; those that are not loaded are left out."""
        found: dict[str, Schema] = {}
        for nested in self.node.nested_nodes:
            node = self._factory.registry.get_or_none(nested.id)
            if node is not None:
                found[nested.name] = schema_of_node(self._factory, node, self.brand)
        return found

    def _docs(self, count: int) -> list[str | None]:
        """Return the comments of the members, in the order in which the node has them."""
        info = self._factory.registry.source_info(self.node.id)
        members = info.members if info is not None else ()
        return [members[index].doc_comment if index < len(members) else None for index in range(count)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schema):
            return NotImplemented
        return (self._factory, self.id, self.brand) == (other._factory, other.id, other.brand)

    def __hash__(self) -> int:
        return hash((self.id, self.brand))

    def __repr__(self) -> str:
        return f"<{self.kind} {self.full_name}>"


class FileSchema(Schema):
    """A schema file."""

    __slots__ = ()

    kind = "file"


class StructSchema(Schema):
    """A struct, a group, or the params or results of a method."""

    __slots__ = ()

    kind = "struct"

    @property
    def body(self) -> StructNode:
        """The struct's node."""
        return cast(StructNode, self.node.body)

    @property
    def cls(self) -> Any:
        """The class."""
        return self._factory.class_of(self.id, self.brand)

    @property
    def is_group(self) -> bool:
        """Whether it is a group or named union of another struct."""
        return self.body.is_group

    @property
    def fields(self) -> dict[str, FieldSchema]:
        """The fields by their names in the schema, in the order of the text."""
        docs = self._docs(len(self.body.fields))
        pairs = sorted(zip(self.body.fields, docs, strict=True), key=lambda pair: pair[0].code_order)
        names = field_names(field for field, _ in pairs)
        return {
            field.name: FieldSchema(self._factory, field, self.brand, doc, names[field.name]) for field, doc in pairs
        }

    @property
    def union(self) -> tuple[FieldSchema, ...]:
        """The members of the struct's union by number; none when it has no union."""
        members = [field for field in self.fields.values() if field.in_union]
        return tuple(sorted(members, key=lambda field: field.discriminant or 0))


class EnumSchema(Schema):
    """An enum."""

    __slots__ = ()

    kind = "enum"

    @property
    def cls(self) -> Any:
        """The class."""
        return self._factory.class_of(self.id)

    @property
    def enumerants(self) -> dict[str, EnumerantSchema]:
        """The enumerants by their names in the schema, in the order of their numbers."""
        enumerants = cast(EnumNode, self.node.body).enumerants
        rows = zip(enumerants, self._docs(len(enumerants)), enumerant_names(enumerants), strict=True)
        return {
            enumerant.name: EnumerantSchema(self._factory, enumerant, number, doc, python)
            for number, (enumerant, doc, python) in enumerate(rows)
        }


class InterfaceSchema(Schema):
    """An interface."""

    __slots__ = ()

    kind = "interface"

    @property
    def body(self) -> InterfaceNode:
        """The interface's node."""
        return cast(InterfaceNode, self.node.body)

    @property
    def cls(self) -> Any:
        """The client class; its attribute `Server` is the class that servers derive from."""
        return self._factory.class_of(self.id, self.brand)

    @property
    def methods(self) -> dict[str, MethodSchema]:
        """Its own methods by their names in the schema, in the order of the text."""
        methods = sorted(enumerate(self.body.methods), key=lambda pair: pair[1].code_order)
        names = method_names(method for _, method in methods)
        docs = self._docs(len(methods))
        return {
            method.name: MethodSchema(self, ordinal, docs[ordinal], names[method.name]) for ordinal, method in methods
        }

    @property
    def superclasses(self) -> tuple[InterfaceSchema, ...]:
        """The interfaces that it extends, as it names them."""
        found = [
            schema_of_node(
                self._factory,
                self._factory.registry.get(parent.id),
                apply_brand_to_brand(parent.brand, self.brand),
            )
            for parent in self.body.superclasses
        ]
        return tuple(parent for parent in found if isinstance(parent, InterfaceSchema))

    @property
    def all_methods(self) -> tuple[MethodSchema, ...]:
        """Its own methods and those of all that it extends, nearer ones first."""
        found: dict[int, InterfaceSchema] = {}
        waiting: list[InterfaceSchema] = [self]
        while waiting:
            interface = waiting.pop(0)
            if interface.id not in found:
                found[interface.id] = interface
                waiting += interface.superclasses
        return tuple(method for interface in found.values() for method in interface.methods.values())


class ConstSchema(Schema):
    """A constant."""

    __slots__ = ()

    kind = "const"

    @property
    def type(self) -> SchemaType:
        """Its type."""
        return SchemaType(self._factory, cast(ConstNode, self.node.body).type)

    @property
    def value(self) -> Any:
        """Its value."""
        body = cast(ConstNode, self.node.body)
        return self._factory.value_of(body.type, body.value)


class AnnotationSchema(Schema, Generic[Value]):
    """The declaration of an annotation; `of` reads its value on something."""

    __slots__ = ()

    kind = "annotation"

    @property
    def type(self) -> SchemaType:
        """The type of its values."""
        return SchemaType(self._factory, apply_brand(cast(AnnotationNode, self.node.body).type, self.brand))

    @property
    def targets(self) -> frozenset[str]:
        """What it may be put on, as the schema's language calls it."""
        targets = cast(AnnotationNode, self.node.body).targets
        return frozenset(str(target.name).lower() for target in AnnotationTargets if target in targets and target.name)

    @overload
    def of(self, thing: object) -> Value | None: ...

    @overload
    def of(self, thing: object, default: Default) -> Value | Default: ...

    def of(self, thing: object, default: object = None) -> object:
        """Return the value with which something is annotated.

        Args:
            thing: a schema or member of one, or whatever `schema_of` takes.
            default: what to return when it is not annotated.

        Raises:
            TypeError: nothing can be annotated there.
        """
        described = thing if isinstance(thing, _Described) else schema_of(thing)
        for applied in described.annotations:
            if applied.id == self.id:
                return applied.value
        return default


_CLASSES: Mapping[type[model.NodeBody], type[Schema]] = {
    FileNode: FileSchema,
    StructNode: StructSchema,
    EnumNode: EnumSchema,
    InterfaceNode: InterfaceSchema,
    ConstNode: ConstSchema,
    AnnotationNode: AnnotationSchema,
}


def schema_of_node(factory: ClassFactory, node: Node, brand: Brand = EMPTY_BRAND) -> Schema:
    """Return a node as what programs look at."""
    return _CLASSES[type(node.body)](factory, node, brand if node.is_generic or "$" in node.name else EMPTY_BRAND)


def schema_of_method(plan: MethodPlan) -> MethodSchema:
    """Return the schema of a client's or server's method.

    Raises:
        TypeError: it was not made from a schema.
    """
    interface = plan.interface
    if interface.factory is None:
        raise TypeError(f"{plan} was not made from a schema")
    found = schema_of_node(interface.factory, interface.factory.registry.get(interface.id), interface.brand)
    return cast(InterfaceSchema, found).methods[plan.schema_name]


def schema_of(thing: object) -> Schema:
    """Return the schema of something.

    Args:
        thing: a loaded file or generated module; the class of a struct, enum, interface or server, or an object of one; an annotation of a file.

    Raises:
        TypeError: it was not made from a schema.
    """
    if isinstance(thing, Schema):
        return thing
    file = getattr(thing, "_caplet_file", None)
    if file is not None:
        factory, file_id = file
        return schema_of_node(factory, factory.registry.get(file_id))
    cls: Any = thing if isinstance(thing, type) else type(thing)
    cls = getattr(cls, "_client", cls)
    type_, factory = getattr(cls, "_schema_type", None), getattr(cls, "_factory", None)
    if type_ is None or factory is None:
        raise TypeError(f"{thing!r:.60} was not made from a schema")
    return schema_of_node(factory, factory.registry.get(type_.type_id), type_.brand)
