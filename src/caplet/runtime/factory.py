"""The class factory: schema nodes in, Python classes out.

Knows how each kind of node becomes a class, and that there is one class for each type. Does not know files (`schema_registry.py`).

A class is made as a shell first and gets its fields from a work list, so that types may refer to each other in circles.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from caplet.errors import SchemaError
from caplet.runtime.accessors import HasField, InitField
from caplet.runtime.any_values import ANY_POINTER, CONSTRAINED
from caplet.runtime.class_names import class_name, module_of, qualname_of, scopes_of, without_ancestors
from caplet.runtime.client_methods import ClientMethod
from caplet.runtime.clients import Client, make_client_class
from caplet.runtime.documentation import CLASS_DOC
from caplet.runtime.empty_results import EmptyResults
from caplet.runtime.enums import extend_enum, make_enum
from caplet.runtime.field_descriptors import make_field
from caplet.runtime.generics import brand_name, brand_of_arguments, scope_of_arguments, tidy_brand
from caplet.runtime.interfaces import InterfacePlan, MethodPlan
from caplet.runtime.kinds import (
    AnyPointerKind,
    BoolKind,
    DataKind,
    EnumKind,
    FloatKind,
    InterfaceKind,
    IntKind,
    Kind,
    TextKind,
    VoidKind,
)
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.names import STRUCT_NAMES, avoid, declared_name, field_names, method_names
from caplet.runtime.plans import GroupField, StructField, StructKind
from caplet.runtime.pointer_fields import PointerField
from caplet.runtime.servers import make_server_class
from caplet.runtime.structs import BuilderMixin, Struct, finish_class
from caplet.runtime.unions import Which
from caplet.schema.ids import IMPLICIT_SCOPE, STREAM_RESULT_ID
from caplet.schema.model import (
    EMPTY_BRAND,
    AnnotationNode,
    AnyPointerConstraint,
    AnyPointerType,
    Brand,
    BrandScope,
    ConstNode,
    EnumNode,
    EnumType,
    InterfaceNode,
    InterfaceType,
    ListType,
    NamedType,
    Node,
    NodeBody,
    StructNode,
    StructType,
    Type,
    TypeKind,
    Value,
)
from caplet.schema.registry import apply_brand_to_brand
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.runtime.fields import Field
    from caplet.schema.model import Method
    from caplet.schema.registry import Registry

__all__ = ["ClassFactory"]

ALLOW_CANCELLATION_ID = 0xAC7096FF8CFC9DCE
_NO_TAG = -1
# How many bindings of generic types are made for one type that a program asks for, before the rest is left unbound: a few types may bind each
# other in more ways than there is memory for.
_MOST_BRANDS = 2000

_SCALARS: dict[TypeKind, Kind] = {
    TypeKind.VOID: VoidKind(),
    TypeKind.BOOL: BoolKind(),
    TypeKind.INT8: IntKind(8, True),
    TypeKind.INT16: IntKind(16, True),
    TypeKind.INT32: IntKind(32, True),
    TypeKind.INT64: IntKind(64, True),
    TypeKind.UINT8: IntKind(8, False),
    TypeKind.UINT16: IntKind(16, False),
    TypeKind.UINT32: IntKind(32, False),
    TypeKind.UINT64: IntKind(64, False),
    TypeKind.FLOAT32: FloatKind(32),
    TypeKind.FLOAT64: FloatKind(64),
    TypeKind.TEXT: TextKind(),
    TypeKind.DATA: DataKind(),
}


class ClassFactory:
    """Makes classes from the nodes of a registry, each once.

    Args:
        registry: the nodes.

    Attributes:
        origin_of: says how another process finds the class of a type again: a function and its arguments; None when it cannot.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._classes: dict[tuple[int, Brand], Any] = {}
        self._plans: dict[tuple[int, Brand], InterfacePlan] = {}
        self._kinds: dict[Type, Kind] = {}
        self._unfinished: list[tuple[Node, Brand, Any]] = []
        self._brands = 0
        self._making = 0
        self.origin_of: Callable[[Type], tuple[Callable[..., Any], tuple[object, ...]]] | None = None

    # --- types --------------------------------------------------------------------------------------------------------------------

    def class_of(self, type_id: int, brand: Brand = EMPTY_BRAND) -> Any:
        """Return the class of a struct, enum or interface.

        Args:
            type_id: its 64-bit id.
            brand: what its parameters, and those of the scopes around it, are bound to.

        Raises:
            SchemaError: there is no such type.
        """
        if brand.scopes:
            brand = tidy_brand(brand)
        made: Any = self._classes.get((type_id, brand))
        if made is not None:
            return made
        if brand.scopes and self._making:
            self._brands += 1
            if self._brands > _MOST_BRANDS:
                return self.class_of(type_id)
        sizes = len(self._classes), len(self._plans), len(self._kinds)
        self._making += 1
        try:
            made = self._make_class(self.registry.get(type_id), brand)
            if self._making == 1:
                self._finish()
                self._brands = 0
        except BaseException:
            if self._making == 1:
                self._forget(*sizes)
            raise
        finally:
            self._making -= 1
        return made

    def _make_class(self, node: Node, brand: Brand) -> Any:
        """Make the class of a node; a struct's fields are left for later."""
        if brand.scopes and not node.is_generic and node.scope_id:
            return self.class_of(node.id)
        if isinstance(node.body, StructNode):
            made = self._struct_shell(node, brand)
        elif isinstance(node.body, EnumNode):
            made = self._enum(node, node.body, brand)
        elif isinstance(node.body, InterfaceNode):
            made = self._interface(node, brand)
        else:
            raise SchemaError(f"{node.display_name} is no struct, enum or interface")
        if node.parameters:
            # Looked up on the class and called with what stands between the brackets.
            setattr(made, "__class_getitem__", partial(self._branded, node, brand))  # noqa: B010
        return made

    def _enum(self, node: Node, body: EnumNode, brand: Brand) -> Any:
        """Make the class of an enum."""
        made: Any = make_enum(declared_name(node), qualname_of(self.registry, node), module_of(node), body.enumerants)
        made._schema_type = EnumType(node.id)
        made._factory = self
        made.__doc__ = CLASS_DOC
        self._classes[node.id, brand] = made
        return made

    def _forget(self, classes: int, plans: int, kinds: int) -> None:
        """Forget what was made since there were so many, because some of it could not be finished."""
        self._unfinished.clear()
        self._brands = 0
        for made, size in ((self._classes, classes), (self._plans, plans), (self._kinds, kinds)):
            while len(made) > size:
                made.popitem()

    def refresh(self) -> None:
        """Bring classes up to date whose declarations were replaced by newer versions.

        Raises:
            SchemaError: a newer version needs a type that is not there.
        """
        replaced = self.registry.replaced
        self._making += 1
        try:
            while replaced:
                node = replaced.popitem()[1]
                for (type_id, brand), cls in list(self._classes.items()):
                    if type_id == node.id:
                        self._renew(node, brand, cls)
            self._finish()
        finally:
            self._making -= 1

    def _renew(self, node: Node, brand: Brand, cls: Any) -> None:
        """Give a class what a newer version of its declaration has."""
        if isinstance(node.body, StructNode):
            cls._node = node
            cls._plan.data_words = node.body.data_word_count
            cls._plan.pointer_count = node.body.pointer_count
            self._unfinished.append((node, brand, cls))
        elif isinstance(node.body, EnumNode):
            extend_enum(cls, node.body.enumerants)
            kind = self._kinds.get(EnumType(node.id))
            if isinstance(kind, EnumKind):
                kind.members = cls._by_number()
                kind.schema_names = cls._schema_names
        elif isinstance(node.body, InterfaceNode):
            plan = self._plans[node.id, brand]
            self._add_methods(plan, node, node.body, brand)
            for method in plan.methods:
                setattr(cls, method.name, ClientMethod(method))

    def _branded(self, node: Node, outer: Brand, arguments: object) -> Any:
        """Return the class of a generic type with its parameters bound."""
        return self.class_of(node.id, brand_of_arguments(node, outer, arguments))

    def _branded_server(self, node: Node, outer: Brand, arguments: object) -> Any:
        """Return the server class of a generic interface with its parameters bound."""
        return self._branded(node, outer, arguments).Server

    def kind_of(self, schema_type: Type) -> Kind:
        """Return how values of a type are read and written."""
        found = self._kinds.get(schema_type)
        if found is None:
            found = self._kinds[schema_type] = self._make_kind(schema_type)
        return found

    def _make_kind(self, schema_type: Type) -> Kind:
        """Make the kind of a type."""
        scalar = _SCALARS.get(schema_type.kind)
        if scalar is not None:
            return scalar
        if isinstance(schema_type, ListType):
            return ListKind(self.kind_of(schema_type.element))
        if isinstance(schema_type, EnumType):
            return EnumKind(self._class_of_kind(schema_type, EnumNode))
        if isinstance(schema_type, StructType):
            plan: StructKind = self._class_of_kind(schema_type, StructNode)._plan
            return plan
        if isinstance(schema_type, InterfaceType):
            return InterfaceKind(self._class_of_kind(schema_type, InterfaceNode))
        if isinstance(schema_type, AnyPointerType):
            if schema_type.constraint is AnyPointerConstraint.CAPABILITY:
                return InterfaceKind(Client)
            return CONSTRAINED.get(schema_type.constraint, ANY_POINTER)
        return ANY_POINTER

    def _class_of_kind(self, schema_type: NamedType, body: type[NodeBody]) -> Any:
        """Return the class of a type that must be a struct, an enum or an interface.

        Raises:
            SchemaError: it is something else, or not there.
        """
        node = self.registry.get(schema_type.type_id)
        if not isinstance(node.body, body):
            raise SchemaError(f"{node.display_name} is used as what it is not")
        return self.class_of(node.id, EMPTY_BRAND if body is EnumNode else schema_type.brand)

    def value_of(self, schema_type: Type, value: Value) -> Any:
        """Return a constant's value in Python."""
        kind = self.kind_of(schema_type)
        if isinstance(kind, EnumKind):
            return kind.member(int(value.content))  # type: ignore[arg-type]
        if isinstance(kind, StructKind | ListKind | AnyPointerKind):
            content = value.content if isinstance(value.content, bytes) else bytes(8)
            message = MessageReader([content])
            message.budget = 1 << 62
            return kind.load(message, message.segments[0], 0, message.nesting, False)
        if isinstance(kind, TextKind):
            return value.content or ""
        if isinstance(kind, DataKind):
            return value.content or b""
        return value.content

    def member_of(self, node: Node, name: str) -> Any:
        """Return what a name in a file or type stands for: a class, a constant's value, or an annotation.

        Raises:
            KeyError: there is nothing of that name.
        """
        child = self.child_or_none(node, name)
        if child is None:
            raise KeyError(name)
        if isinstance(child.body, ConstNode):
            return self.value_of(child.body.type, child.body.value)
        if isinstance(child.body, AnnotationNode):
            from caplet.runtime.reflection import schema_of_node  # most programs need none

            return schema_of_node(self, child)
        return self.class_of(child.id)

    def child_or_none(self, node: Node, name: str) -> Node | None:
        """Return the declaration inside a node that is called `name` in Python, None when there is none."""
        if name.startswith("_"):
            return None
        child = self.registry.child_or_none(node.id, name)
        if child is not None and declared_name(child) == name:
            return child
        for nested in node.nested_nodes:
            child = self.registry.get_or_none(nested.id)
            if child is not None and declared_name(child) == name:
                return child
        return None

    def child_names(self, node: Node) -> list[str]:
        """Return what the declarations inside a node are called in Python."""
        children = (self.registry.get_or_none(nested.id) for nested in node.nested_nodes)
        return [declared_name(child) for child in children if child is not None]

    def _brand_name(self, brand: Brand) -> str:
        """Return how a brand is shown behind a class's name."""
        return brand_name(brand, lambda schema_type: self.kind_of(schema_type).name) if brand.scopes else ""

    # --- structs ------------------------------------------------------------------------------------------------------------------

    def _struct_shell(self, node: Node, brand: Brand) -> Any:
        """Make a struct's two classes without fields."""
        body = node.body
        assert isinstance(body, StructNode)
        qualname, module = qualname_of(self.registry, node) + self._brand_name(brand), module_of(node)
        plan = StructKind(qualname, node.id, body.data_word_count, body.pointer_count)
        namespace: dict[str, Any] = {
            "__slots__": (),
            "__module__": module,
            "__qualname__": qualname,
            "__doc__": CLASS_DOC,
        }
        cls: Any = type(
            class_name(node),
            (Struct,),
            {
                **namespace,
                "_node": node,
                "_plan": plan,
                "_fields": {},
                "_schema_type": StructType(node.id, brand),
                "_factory": self,
            },
        )
        namespace["__qualname__"] = f"{qualname}.Builder"
        cls.Builder = type("Builder", (BuilderMixin, cls), namespace)
        plan.set_classes(cls, cls.Builder)
        finish_class(cls)
        finish_class(cls.Builder)
        plan.origin_of = self.origin_of
        plan.registry = self.registry
        self._classes[node.id, brand] = cls
        self._unfinished.append((node, brand, cls))
        return cls

    def _finish(self) -> None:
        """Give every new struct its fields; those that come up on the way are done too."""
        while self._unfinished:
            self._add_fields(*self._unfinished.pop())

    def _add_fields(self, node: Node, brand: Brand, cls: Any) -> None:
        """Give a struct class its fields, nested types and constants."""
        body = node.body
        assert isinstance(body, StructNode)
        fields = sorted(body.fields, key=lambda field: field.code_order)
        names = field_names(fields)
        taken = {*STRUCT_NAMES, *names.values()}
        members = sorted((field for field in body.fields if field.in_union), key=lambda field: field.discriminant_value)
        union = tuple(names[field.name] for field in members)
        tag_index = body.discriminant_offset if members else -1
        title = cls.__qualname__
        made: list[Field] = []
        for field in fields:
            name = names[field.name]
            tag = field.discriminant_value if field.in_union else _NO_TAG
            try:
                descriptor = make_field(field, brand, self.kind_of, self._plan_of_group)
            except SchemaError as error:
                raise SchemaError(f"{title}.{name} cannot be made: {error}") from error
            descriptor.place(name, field.name, f"{title}.{name}", tag, tag_index, union)
            made.append(descriptor)
            cls._fields[name] = descriptor
            setattr(cls, name, descriptor)
        cls._plan.set_fields(made, tag_index)
        if members:
            cls.which = Which(union, tag_index)
        self._add_accessors(cls, made, taken)
        setattr(cls, "__match_args__", tuple(cls._fields))  # noqa: B010  (type checkers take it for a constant)
        self._add_nested(node, brand, cls, taken)

    def _add_accessors(self, cls: Any, fields: list[Field], taken: set[str]) -> None:
        """Give a struct class `has_x` and its builder class `init_x`, for the fields that can be absent or made anew."""
        for field in fields:
            if isinstance(field, PointerField):
                setattr(cls, avoid(f"has_{field.name}", taken), HasField(field))
            if isinstance(field, GroupField):
                setattr(cls, avoid(field.plan.struct.__name__, taken), field.plan.struct)
            if isinstance(field, GroupField | StructField) or (
                isinstance(field, PointerField) and isinstance(field.kind, ListKind | AnyPointerKind)
            ):
                setattr(cls.Builder, avoid(f"init_{field.name}", taken), InitField(field))

    def _add_nested(self, node: Node, brand: Brand, cls: Any, taken: set[str]) -> None:
        """Make nested types and constants attributes of a class."""
        for nested in node.nested_nodes:
            if nested.id not in self.registry:
                continue
            child = self.registry.get(nested.id)
            name = declared_name(child)
            if name in taken or name == "Builder" or name.startswith("_") or child.scope_id != node.id:
                continue
            if isinstance(child.body, StructNode | EnumNode | InterfaceNode):
                setattr(cls, name, self.class_of(nested.id, brand))
            elif isinstance(child.body, ConstNode | AnnotationNode):
                setattr(cls, name, self.member_of(node, name))

    def _plan_of_group(self, type_id: int, brand: Brand) -> StructKind:
        """Return how values of a group are read and written."""
        plan: StructKind = self.class_of(type_id, brand)._plan
        return plan

    # --- interfaces -----------------------------------------------------------------------------------------------------------------

    def plan_of(self, interface_id: int, brand: Brand = EMPTY_BRAND) -> InterfacePlan:
        """Return an interface's methods, its own and, by its superclasses, those that it extends."""
        brand = tidy_brand(brand)
        plan = self._plans.get((interface_id, brand))
        if plan is not None:
            return plan
        node = self.registry.get(interface_id)
        body = node.body
        if not isinstance(body, InterfaceNode):
            raise SchemaError(f"{node.display_name} is no interface")
        title = node.display_name.partition(":")[2] or node.display_name
        plan = self._plans[interface_id, brand] = InterfacePlan(node.id, title, factory=self, brand=brand)
        plan.superclasses = [
            self.plan_of(superclass.id, apply_brand_to_brand(superclass.brand, brand))
            for superclass in body.superclasses
        ]
        self._add_methods(plan, node, body, brand)
        return plan

    def _add_methods(self, plan: InterfacePlan, node: Node, body: InterfaceNode, brand: Brand) -> None:
        """Give an interface its methods; those that it has already stay."""
        allowed = any(
            annotation.id == ALLOW_CANCELLATION_ID
            for scope in scopes_of(self.registry, node)
            for annotation in scope.annotations
        )
        present = {method.method_id for method in plan.methods}
        methods = sorted(enumerate(body.methods), key=lambda pair: pair[1].code_order)
        names = method_names(method for _, method in methods)
        for ordinal, method in methods:
            if ordinal not in present:
                allows = allowed or any(annotation.id == ALLOW_CANCELLATION_ID for annotation in method.annotations)
                plan.methods.append(self._method_plan(plan, ordinal, method, names[method.name], brand, allows))

    def _method_plan(
        self, interface: InterfacePlan, ordinal: int, method: Method, name: str, brand: Brand, allows: bool
    ) -> MethodPlan:
        """Return the plan of a method.

        Args:
            interface: the interface that declares it.
            ordinal: its number.
            method: the method.
            name: its name in Python.
            brand: what the interface's parameters, and the method's implicit ones, are bound to.
            allows: whether an annotation allows cancellation.
        """
        results = method.result_struct_type

        def bind(arguments: object) -> MethodPlan:
            scope = scope_of_arguments(IMPLICIT_SCOPE, str(plan), method.implicit_parameters, arguments)
            others = tuple(entry for entry in brand.scopes if entry.scope_id != IMPLICIT_SCOPE)
            return self._method_plan(interface, ordinal, method, name, Brand((scope, *others)), allows)

        plan = MethodPlan(
            interface,
            ordinal,
            method.name,
            name,
            partial(
                self.class_of,
                method.param_struct_type,
                self._method_brand(method.param_struct_type, method.param_brand, brand),
            ),
            partial(self._results_class, results, self._method_brand(results, method.result_brand, brand)),
            results == STREAM_RESULT_ID,
            allows,
            bind,
        )
        return plan

    def _method_brand(self, struct_id: int, declared: Brand, brand: Brand) -> Brand:
        """Return what the parameters of a method's params or results are bound to.

        Args:
            struct_id: the struct.
            declared: how the method names that struct.
            brand: what the parameters of the interface, and the method's implicit ones, are bound to.
        """
        found = apply_brand_to_brand(declared, brand)
        implicit = next((scope for scope in brand.scopes if scope.scope_id == IMPLICIT_SCOPE), None)
        if implicit is not None and "$" in self.registry.get(struct_id).name:
            # A struct that was made for the method has the method's parameters as its own.
            found = Brand((BrandScope(struct_id, implicit.bindings), *found.scopes))
        return found

    def _results_class(self, type_id: int, brand: Brand) -> Any:
        """Return the class of a method's results; streaming methods have none, which an empty struct stands for."""
        if type_id == STREAM_RESULT_ID and type_id not in self.registry:
            return EmptyResults
        return self.class_of(type_id, brand)

    def _interface(self, node: Node, brand: Brand) -> Any:
        """Make an interface's client class, with its server class as `Server`."""
        body = node.body
        assert isinstance(body, InterfaceNode)
        plan = self.plan_of(node.id, brand)
        bases = [
            self.class_of(superclass.id, apply_brand_to_brand(superclass.brand, brand))
            for superclass in body.superclasses
        ]
        qualname, module = qualname_of(self.registry, node) + self._brand_name(brand), module_of(node)
        name = declared_name(node)
        try:
            cls: Any = make_client_class(name, qualname, module, plan, without_ancestors(bases))
            servers = without_ancestors([base.Server for base in bases])
        except TypeError:
            # Interfaces may be extended in orders that classes cannot follow; then it has their methods without being of their classes.
            cls = make_client_class(name, qualname, module, plan, ())
            for inherited in plan.lineage():
                for method in inherited.methods:
                    if method.name not in cls.__dict__:
                        setattr(cls, method.name, ClientMethod(method))
            servers = ()
        cls._schema_type = InterfaceType(node.id, brand)
        cls._factory = self
        cls.__doc__ = CLASS_DOC
        self._classes[node.id, brand] = cls
        server: Any = make_server_class("Server", f"{qualname}.Server", module, plan, servers)
        server.__doc__ = CLASS_DOC
        server._client = cls
        cls.Server = server
        if node.parameters:
            setattr(server, "__class_getitem__", partial(self._branded_server, node, brand))  # noqa: B010
        self._add_nested(node, brand, cls, {"Server"})
        return cls
