"""What types, annotations and their values are called in the text of a schema, seen from the scope in which they stand.

Knows how names are looked up in scopes, what a name inherits from the scopes around it, and which values have a literal. It does not know the
rest of the language.
"""

from __future__ import annotations

from collections.abc import Iterator

from caplet.notation.text import TextPrinter
from caplet.schema.model import (
    Annotation,
    AnnotationNode,
    AnnotationTargets,
    AnyPointerType,
    Brand,
    Field,
    FileNode,
    ImplicitParameterType,
    ListType,
    Method,
    NamedType,
    Node,
    ParameterType,
    Slot,
    StructType,
    Type,
    TypeKind,
)
from caplet.schema.registry import Registry
from caplet.schema.type_names import ANY_POINTER_NAMES, PRIMITIVE_NAMES
from caplet.wire.untyped import AnyStruct

__all__ = ["Literals", "SchemaNames", "has_literals"]


def has_literals(type_: Type) -> bool:
    """Tell whether values of a type can be written in a schema."""
    while isinstance(type_, ListType):
        type_ = type_.element
    return type_.kind not in (TypeKind.ANY_POINTER, TypeKind.INTERFACE)


class Literals(TextPrinter):
    """Prints values as literals that can be compiled again: fields of type AnyPointer, which have none, are left out."""

    __slots__ = ("_lost",)

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._lost = False

    def present(self, source: AnyStruct, type_: StructType, type_id: int) -> Iterator[Field]:
        """Return the fields of a struct, or of a group of it, to print."""
        for field in super().present(source, type_, type_id):
            if not isinstance(field.body, Slot) or has_literals(self.shapes.field_type(field, type_)):
                yield field
            else:
                self.lose()

    def lose(self) -> None:
        """Note that a value was left out."""
        self._lost = True

    def forget_losses(self) -> bool:
        """Tell whether a value was left out since this was last asked."""
        lost, self._lost = self._lost, False
        return lost


class SchemaNames:
    """Names what stands in schemas of a registry."""

    __slots__ = ("literals", "registry")

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.literals = Literals(registry)

    def type(self, type_: Type, scope: Node, method: Method | None = None) -> str:
        """Return a type as it is written in a scope.

        Args:
            type_: the type.
            scope: the declaration in which it stands.
            method: the method in whose parameters or results it stands.
        """
        if isinstance(type_, ListType):
            return f"List({self.type(type_.element, scope, method)})"
        if isinstance(type_, NamedType):
            return self.node(type_.type_id, type_.brand, scope, method)
        if isinstance(type_, ParameterType):
            return self.registry.get(type_.scope_id).parameters[type_.parameter_index]
        if isinstance(type_, ImplicitParameterType):
            assert method is not None
            return method.implicit_parameters[type_.parameter_index]
        if isinstance(type_, AnyPointerType):
            return ANY_POINTER_NAMES[type_.constraint]
        return PRIMITIVE_NAMES[type_.kind]

    def annotation(self, annotation: Annotation, scope: Node) -> str:
        """Return an annotation with its value."""
        name = "$" + self.node(annotation.id, annotation.brand, scope)
        node = self.registry.get(annotation.id).body
        assert isinstance(node, AnnotationNode)
        if not has_literals(node.type):
            # Without a value the annotation would say something else, so that all of it is left out.
            self.literals.lose()
            return ""
        value = self.literals.format_value(node.type, annotation.value, False)
        return name + (value if node.type.kind == TypeKind.STRUCT else f"({value})")

    def only_for_unions(self, annotations: tuple[Annotation, ...]) -> bool:
        """Tell whether a group with these annotations has to be written as a union."""
        for annotation in annotations:
            node = self.registry.get(annotation.id).body
            if isinstance(node, AnnotationNode) and AnnotationTargets.GROUP not in node.targets:
                return True
        return False

    def node(self, node_id: int, brand: Brand, scope: Node, method: Method | None = None) -> str:
        """Return the name of a declaration with what its generic parameters are bound to."""
        path = self._path(node_id)
        bindings = {bound.scope_id: bound for bound in brand.scopes}
        parts: list[str] = []
        first = len(path) - 1
        for index, node in enumerate(path[1:], 1):
            text = node.name
            bound = bindings.get(node.id)
            if node.parameters and (bound is None or bound.bindings is not None):
                # What is not inherited has to be said, so that the name begins here at the latest.
                first = min(first, index)
                if bound is not None and bound.bindings:
                    shown = ["AnyPointer" if arg is None else self.type(arg, scope, method) for arg in bound.bindings]
                    text += f"({', '.join(shown)})"
            parts.append(text)
        around = self._path(scope.id)
        if path[0].id != around[0].id:
            return f'import "/{path[0].display_name.lstrip("/")}".{".".join(parts)}'
        while first > 1 and self._lookup(path[first].name, around) is not path[first]:
            first -= 1
        found = self._lookup(path[first].name, around) is path[first]
        # A space keeps the dot from what stands before it: a colon or a dollar sign.
        return ".".join(parts[first - 1 :]) if found else " ." + ".".join(parts)

    def _path(self, node_id: int) -> list[Node]:
        """Return a declaration with those around it, the file first."""
        node = self.registry.get(node_id)
        path = [node]
        while not isinstance(node.body, FileNode) and node.scope_id:
            node = self.registry.get(node.scope_id)
            path.append(node)
        return path[::-1]

    def _lookup(self, name: str, around: list[Node]) -> Node | None:
        """Return the declaration that a name means inside of others; generic parameters hide declarations further out."""
        for node in reversed(around):
            found = self.registry.child_or_none(node.id, name)
            if found is not None:
                return found
            if name in node.parameters:
                return None
        return None
