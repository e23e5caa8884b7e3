"""Types of a schema as they are written in a stub.

Knows what each type reads as, may be set from, and is called in another module. Does not know the classes around them (`stubs.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.runtime.names import declared_name
from caplet.schema.model import (
    AnyPointerConstraint,
    AnyPointerType,
    Brand,
    EnumType,
    FileNode,
    ImplicitParameterType,
    InterfaceNode,
    InterfaceType,
    ListType,
    ParameterType,
    StructType,
    TypeKind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caplet.schema.model import Method, Node, Type
    from caplet.schema.registry import Registry

__all__ = ["TypeNames"]

_SCALARS = {TypeKind.VOID: "None", TypeKind.BOOL: "_b.bool", TypeKind.TEXT: "_b.str", TypeKind.DATA: "_b.bytes"}
# What stands behind the name of a type in the names of the classes that belong to it; types inside of it may be called so too.
_SUFFIXES = frozenset({"Builder", "Values", "Pipeline", "Call", "Server"})
_BASES = {
    "": "_t.Struct",
    "_Builder": "_t.Struct",
    "_Values": "_c.Mapping[_b.str, _b.object]",
    "_Pipeline": "_t.Pipeline",
    "_Call": "_t.Call[_t.Struct]",
}


class TypeNames:
    """How the types of one file are written.

    Args:
        registry: the nodes.
        file_id: the file that is written.
        aliases: the names of imported modules, by file.
        owners: the interfaces whose methods have params or results of a struct.

    Attributes:
        shadowed: the names of types at the top level that members of classes have too; there are aliases of them.
    """

    def __init__(
        self, registry: Registry, file_id: int, aliases: Mapping[int, str], owners: Mapping[int, Node]
    ) -> None:
        self.shadowed: frozenset[str] = frozenset()
        self.registry = registry
        self.file_id = file_id
        self.aliases = aliases
        self.owners = owners
        # The type variables of the implicit parameters of the method at hand; none while they are left open.
        self.implicit: tuple[str, ...] = ()

    # --- names ----------------------------------------------------------------------------------------------------------------------------

    def flat(self, node: Node) -> str:
        """Return the name of a type's class at the top level."""
        names = [declared_name(scope) for scope in self._scopes(node) if not isinstance(scope.body, FileNode)]
        outer = names.pop()
        return "_".join(
            [outer, *(f"{name}__" if name in _SUFFIXES else name.replace("$", "_") for name in reversed(names))]
        )

    def _own(self, node: Node, suffix: str) -> str:
        """Return what a class of this file is called inside of other classes, whose members may have its name."""
        name = self.flat(node)
        return f"_T_{name}" if not suffix and name in self.shadowed else name + suffix

    def _scopes(self, node: Node) -> list[Node]:
        """Return a node and those around it; the structs of methods stand in their interface."""
        scopes = [node]
        while True:
            around = self.registry.get_or_none(node.scope_id) if node.scope_id else None
            if around is None and not isinstance(node.body, FileNode):
                around = self.owners.get(node.id) if "$" in node.name else None
            if around is None:
                return scopes
            node = around
            scopes.append(node)

    def file_of(self, node: Node) -> int:
        """Return the id of the file in which a node is declared."""
        return self._scopes(node)[-1].id

    def variable(self, scope_id: int, number: int) -> str:
        """Return the type variable of a parameter."""
        scope = self.registry.get(scope_id)
        return f"{self.flat(scope)}_{scope.parameters[number]}_"

    def _parameters(self, node: Node) -> list[tuple[int, int]]:
        """Return the parameters of a node and of the scopes around it, outermost first."""
        return [(scope.id, number) for scope in reversed(self._scopes(node)) for number in range(len(scope.parameters))]

    def generic_base(self, node: Node) -> list[str]:
        """Return the base class that declares the type variables, if any."""
        variables = self.variables(node)
        return [f"_y.Generic[{', '.join(variables)}]"] if variables else []

    def _with(self, name: str, arguments: list[str]) -> str:
        return f"{name}[{', '.join(arguments)}]" if arguments else name

    def own_reference(self, node: Node, suffix: str = "") -> str:
        """Return a type with its own type variables, as it is called inside of itself."""
        return self._with(self._own(node, suffix), self.variables(node))

    def open_reference(self, node: Node, suffix: str = "") -> str:
        """Return a type whose parameters are bound to anything."""
        return self._with(self._own(node, suffix), ["_b.object"] * len(self._parameters(node)))

    def variable_of_server(self, scope_id: int, number: int) -> str:
        """Return the type variable that stands for a parameter in `Interface.Server[...]`, where the interface's own cannot stand."""
        return f"{self.variable(scope_id, number)}Server"

    def server_member(self, node: Node) -> str:
        """Return what declares `Server` in an interface: an alias, or a class of its own that brackets can bind."""
        arguments = [
            self.variable_of_server(scope_id, number) if scope_id == node.id else "_b.object"
            for scope_id, number in self._parameters(node)
        ]
        server = self._with(f"{self.flat(node)}_Server", arguments)
        if not node.parameters and self._extends_generic(node):
            # It takes the place of a class, which an alias cannot.
            return f"class Server({server}): ..."
        if not node.parameters:
            return f"Server: _y.TypeAlias = {server}"
        own = [self.variable_of_server(node.id, number) for number in range(len(node.parameters))]
        return f"class Server({server}, _y.Generic[{', '.join(own)}]): ..."

    def _extends_generic(self, node: Node) -> bool:
        """Tell whether an interface extends one with parameters, directly or not."""
        if not isinstance(node.body, InterfaceNode):
            return False
        parents = [self.registry.get(parent.id) for parent in node.body.superclasses]
        return any(parent.parameters or self._extends_generic(parent) for parent in parents)

    def named(self, type_id: int, brand: Brand, suffix: str = "") -> str:
        """Return a struct or interface with its parameters bound."""
        node = self.registry.get(type_id)
        file = self.file_of(node)
        if file != self.file_id and file not in self.aliases:
            if isinstance(node.body, InterfaceNode):
                return "_t.Server" if suffix == "_Server" else "_t.Client"
            return _BASES.get(suffix, "_t.Struct")
        bound = {scope.scope_id: scope.bindings for scope in brand.scopes}
        arguments: list[str] = []
        for scope_id, number in self._parameters(node):
            if scope_id in bound:
                bindings = bound[scope_id]
                binding = bindings[number] if bindings is not None and number < len(bindings) else None
                if bindings is None:
                    arguments.append(self.variable(scope_id, number))
                else:
                    arguments.append("_b.object" if binding is None else self.read(binding, False))
            elif scope_id == type_id and "$" in node.name:
                # A struct that was made for a method has the method's implicit parameters as its own.
                arguments.append(self.implicit[number] if self.implicit else "_t.AnyPointer")
            else:
                arguments.append("_b.object")
        name = self._own(node, suffix) if file == self.file_id else f"{self.aliases[file]}.{self.flat(node)}{suffix}"
        return self._with(name, arguments)

    # --- types ----------------------------------------------------------------------------------------------------------------------------

    def read(self, type_: Type, building: bool) -> str:
        """Return what a value reads as, from a builder or a reader."""
        if isinstance(type_, ListType):
            element = self.read(type_.element, building)
            return (
                f"_t.ListBuilder[{element}, {self.given(type_.element)}]" if building else f"_t.ListReader[{element}]"
            )
        if isinstance(type_, EnumType):
            return self._enum(type_, "")
        if isinstance(type_, StructType):
            return self.named(type_.type_id, type_.brand, "_Builder" if building else "")
        if isinstance(type_, InterfaceType):
            return self.named(type_.type_id, type_.brand)
        if isinstance(type_, ParameterType):
            return self.variable(type_.scope_id, type_.parameter_index)
        if isinstance(type_, ImplicitParameterType) and self.implicit:
            return self.implicit[type_.parameter_index]
        if isinstance(type_, AnyPointerType) and type_.constraint is AnyPointerConstraint.CAPABILITY:
            return "_t.Client"
        if type_.kind in (TypeKind.FLOAT32, TypeKind.FLOAT64):
            return "_b.float"
        if type_.kind is TypeKind.ANY_POINTER:
            return "_t.AnyPointerBuilder" if building else "_t.AnyPointer"
        return _SCALARS.get(type_.kind, "_b.int")

    def _enum(self, type_: EnumType, suffix: str) -> str:
        node = self.registry.get(type_.type_id)
        file = self.file_of(node)
        if file != self.file_id and file not in self.aliases:
            return "_t.Enum | _b.str | _b.int" if suffix else "_t.Enum"
        return self._own(node, suffix) if file == self.file_id else f"{self.aliases[file]}.{self.flat(node)}{suffix}"

    def given(self, type_: Type) -> str:
        """Return what a value may be set from."""
        if isinstance(type_, ListType):
            return f"_c.Iterable[{self.given(type_.element)}] | None"
        if isinstance(type_, EnumType):
            return self._enum(type_, "_Value")
        if isinstance(type_, StructType):
            values = self.named(type_.type_id, type_.brand, "_Values")
            return f"{self.read(type_, False)} | {values} | None"
        if isinstance(type_, InterfaceType):
            return f"{self.read(type_, False)} | {self.named(type_.type_id, type_.brand, '_Server')} | None"
        if isinstance(type_, ParameterType):
            return f"{self.variable(type_.scope_id, type_.parameter_index)} | None"
        if type_.kind is TypeKind.ANY_POINTER:
            return "_t.AnyValue"
        if type_.kind is TypeKind.DATA:
            return "_t.Blob | None"
        if type_.kind is TypeKind.TEXT:
            return "_b.str | None"
        return self.read(type_, False)

    def pipelined(self, type_: Type) -> str | None:
        """Return what a member is before its struct is there, None when it cannot be used then."""
        if isinstance(type_, StructType):
            return self.named(type_.type_id, type_.brand, "_Pipeline")
        if isinstance(type_, InterfaceType):
            return self.named(type_.type_id, type_.brand)
        if type_.kind is TypeKind.ANY_POINTER:
            return "_t.Client"
        return None

    def substituted(self, text: str, method: Method, left_open: str = "_b.object") -> str:
        """Return a member's type in the place of a method whose params or results are a struct that is declared elsewhere.

        Type variables that belong to that struct are bound by the method's brand; those of a struct that was made for the method are the
        method's implicit parameters.

        Args:
            text: the type.
            method: the method.
            left_open: what an implicit parameter that is not bound is.
        """
        for brand, struct in (
            (method.param_brand, method.param_struct_type),
            (method.result_brand, method.result_struct_type),
        ):
            node = self.registry.get_or_none(struct)
            if node is None:
                continue
            if "$" in node.name:
                for number in range(len(node.parameters)):
                    text = text.replace(
                        self.variable(struct, number), self.implicit[number] if self.implicit else left_open
                    )
            for scope in brand.scopes:
                for number, binding in enumerate(scope.bindings or ()):
                    if number < len(self.registry.get(scope.scope_id).parameters):
                        bound = "_b.object" if binding is None else self.read(binding, False)
                        text = text.replace(self.variable(scope.scope_id, number), bound)
        return text

    def unbound(self, text: str, node: Node) -> str:
        """Return a type without the type variables of a node and of the scopes around it, which stand for anything then."""
        for parameter in self._parameters(node):
            text = text.replace(self.variable(*parameter), "_b.object")
        return text

    def variables(self, node: Node) -> list[str]:
        """Return the type variables of a node and of the scopes around it."""
        return [self.variable(*parameter) for parameter in self._parameters(node)]
