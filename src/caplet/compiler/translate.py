"""Declarations to schema nodes.

Knows how types, members, constants, methods and annotations become the parts of nodes, and computes each at most once
and only when it is needed, so that declarations may refer to each other in any order. Cycles among values are found
here. How names are resolved, fields placed and values written is known elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caplet.compiler.checks import OrdinalCheck, check_param_names
from caplet.compiler.members import MemberInfo, StructMembers
from caplet.compiler.modules import World
from caplet.compiler.scope import (
    NO_IMPLICITS,
    Builtin,
    Implicits,
    Level,
    Reference,
    Resolved,
    Resolver,
    Scope,
    Variable,
    resolve_alias,
)
from caplet.compiler.tree import AnnotationUse, Declaration, DeclarationKind, Expression, ParamList, describe
from caplet.compiler.values import Constant, ValueCompiler
from caplet.schema.ids import method_struct_id
from caplet.schema.model import (
    EMPTY_BRAND,
    NO_DISCRIMINANT,
    VOID,
    Annotation,
    AnnotationNode,
    AnnotationTargets,
    AnyPointerConstraint,
    AnyPointerType,
    Brand,
    BrandScope,
    ConstNode,
    ElementSize,
    Enumerant,
    EnumNode,
    EnumType,
    Field,
    FileNode,
    Group,
    ImplicitParameterType,
    InterfaceNode,
    InterfaceType,
    ListType,
    Method,
    NamedType,
    NestedNode,
    Node,
    NodeBody,
    ParameterType,
    Slot,
    SourceInfo,
    StructNode,
    StructType,
    Superclass,
    Type,
    TypeKind,
    Value,
)
from caplet.schema.model import (
    MemberInfo as MemberDocs,
)
from caplet.schema.records import replace
from caplet.schema.registry import apply_brand
from caplet.schema.type_names import ANY_POINTER_NAMES, PRIMITIVE_NAMES

__all__ = ["Translator"]

STREAM_FILE: Final = "/capnp/stream.capnp"
_DEFAULTS: Final[dict[TypeKind, bool | int | float]] = {
    TypeKind.BOOL: False,
    TypeKind.FLOAT32: 0.0,
    TypeKind.FLOAT64: 0.0,
    TypeKind.ENUM: 0,
    **{kind: 0 for kind in TypeKind if TypeKind.INT8 <= kind <= TypeKind.UINT64},
}
_TARGETS: Final = {
    DeclarationKind.FILE: AnnotationTargets.FILE,
    DeclarationKind.CONST: AnnotationTargets.CONST,
    DeclarationKind.ENUM: AnnotationTargets.ENUM,
    DeclarationKind.ENUMERANT: AnnotationTargets.ENUMERANT,
    DeclarationKind.STRUCT: AnnotationTargets.STRUCT,
    DeclarationKind.FIELD: AnnotationTargets.FIELD,
    DeclarationKind.UNION: AnnotationTargets.UNION,
    DeclarationKind.GROUP: AnnotationTargets.GROUP,
    DeclarationKind.INTERFACE: AnnotationTargets.INTERFACE,
    DeclarationKind.METHOD: AnnotationTargets.METHOD,
    DeclarationKind.ANNOTATION: AnnotationTargets.ANNOTATION,
}
_MOST_TYPE_PARTS: Final = 10_000


class Translator:
    """Translates the declarations of a world; `source_info` collects their doc comments."""

    __slots__ = ("_constants", "_members", "_nodes", "_pending", "_type_parts", "_types", "source_info", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.source_info: dict[int, SourceInfo] = {}
        self._members: dict[int, StructMembers] = {}
        self._types: dict[int, Type] = {}
        self._constants: dict[int, Value | None] = {}
        # The constants whose values are being made, and whether each was asked for meanwhile.
        self._pending: dict[int, bool] = {}
        self._nodes: dict[int, tuple[Node, ...]] = {}
        self._type_parts = 0

    # -- types ----------------------------------------------------------------------------------------------------------

    def type_of(self, scope: Scope, expression: Expression, implicits: Implicits = NO_IMPLICITS) -> Type:
        """Returns the type that an expression names; after reporting a problem, Void."""
        resolved = Resolver(scope, implicits).resolve(expression)
        if resolved is None:
            return VOID
        self._type_parts = 0
        return self.as_type(resolved, scope, expression)

    def as_type(self, resolved: Resolved, scope: Scope, expression: Expression) -> Type:
        """Makes a type from what a name resolved to."""
        self._type_parts += 1
        if self._type_parts > _MOST_TYPE_PARTS:
            if self._type_parts == _MOST_TYPE_PARTS + 1:
                scope.module.error(
                    expression.start, expression.end, "this type is too large; name parts of it with structs"
                )
            return VOID
        if isinstance(resolved, Variable):
            if resolved.scope_id == 0:
                return ImplicitParameterType(resolved.index)
            return ParameterType(resolved.scope_id, resolved.index)
        target = resolved.target
        if isinstance(target, Builtin):
            return target.type if target.type is not None else self.list_type(resolved, scope, expression)
        kind = target.kind
        if kind == DeclarationKind.STRUCT:
            return StructType(target.id, self.brand(resolved.level, scope, expression))
        if kind == DeclarationKind.ENUM:
            return EnumType(target.id, self.brand(resolved.level, scope, expression))
        if kind == DeclarationKind.INTERFACE:
            return InterfaceType(target.id, self.brand(resolved.level, scope, expression))
        scope.module.error(
            expression.start,
            expression.end,
            f"'{describe(expression)}' is not a type; it is declared as {_article(kind.value)}",
        )
        return VOID

    def list_type(self, resolved: Reference, scope: Scope, expression: Expression) -> Type:
        bindings = resolved.level.bindings
        if len(bindings) != 1:
            scope.module.error(expression.start, expression.end, "'List' needs the type of its elements: List(Type)")
            return VOID
        element = self.as_type(bindings[0], scope, expression)
        unsupported = isinstance(element, (ParameterType, ImplicitParameterType)) or (
            isinstance(element, AnyPointerType)
            and element.constraint in (AnyPointerConstraint.ANY_KIND, AnyPointerConstraint.STRUCT)
        )
        if unsupported:
            shown = "a generic parameter" if not isinstance(element, AnyPointerType) else self.type_name(element)
            scope.module.error(
                expression.start,
                expression.end,
                f"a list cannot hold {shown}, since the size of its elements would be unknown; use a struct with such a field",
            )
            return VOID
        return ListType(element)

    def brand(self, level: Level, scope: Scope, expression: Expression) -> Brand:
        """Makes a brand from bindings: a scope for each level that binds or inherits something."""
        scopes: list[BrandScope] = []
        for part in level:
            if part.inherited and part.parameter_count:
                scopes.append(BrandScope(part.scope_id, None))
            elif part.bindings:
                bindings = tuple(self.as_type(binding, scope, expression) for binding in part.bindings)
                scopes.append(BrandScope(part.scope_id, bindings))
        return Brand(tuple(scopes)) if scopes else EMPTY_BRAND

    def type_name(self, type_: Type) -> str:
        """Returns a type as it is written in a schema, for diagnostics."""
        if isinstance(type_, ListType):
            return f"List({self.type_name(type_.element)})"
        if isinstance(type_, NamedType):
            scope = self.world.scopes.get(type_.type_id)
            return scope.declaration.name.text if scope is not None else f"{type_.type_id:#x}"
        if isinstance(type_, AnyPointerType):
            return ANY_POINTER_NAMES[type_.constraint]
        return PRIMITIVE_NAMES.get(type_.kind, "a generic parameter")

    # -- members and constants, for values ------------------------------------------------------------------------------

    def members(self, struct_id: int) -> StructMembers | None:
        """Returns the members of a struct, laid out."""
        members = self._members.get(struct_id)
        if members is None:
            scope = self.world.scopes.get(struct_id)
            if scope is None or scope.kind != DeclarationKind.STRUCT:
                return None
            members = StructMembers(
                scope.module, scope.id, scope.display_name, lambda expression: self.type_of(scope, expression)
            )
            self._members[struct_id] = members
            members.from_declaration(scope.declaration)
        return members

    def field_default(self, member: MemberInfo) -> Value:
        """Returns the default value of a field that has been compiled, or compiles it."""
        if member.default is None:
            root = member
            while root.parent is not None:
                root = root.parent
            scope = self.world.scopes.get(root.id)
            if scope is None:
                return default_value(member.type)
            return self.compile_default(scope, member)
        return member.default

    def compile_default(self, scope: Scope, member: MemberInfo) -> Value:
        value: Value | None = None
        if member.default is not None:
            return member.default
        if member.default_state == 1:
            scope.module.error(
                member.start, member.end, f"the default value of '{member.name}' depends on itself; break the cycle"
            )
        elif member.value is not None and member.default_state == 0:
            member.default_state = 1
            value = ValueCompiler(self, scope).compile(member.value, member.type)
        member.default_state = 2
        member.default = value if value is not None else default_value(member.type)
        return member.default

    def constant_type(self, scope: Scope) -> Type:
        """Returns the type of a constant or annotation declaration."""
        found = self._types.get(scope.id)
        if found is None:
            assert scope.declaration.type is not None
            found = self.type_of(scope, scope.declaration.type)
            self._types[scope.id] = found
        return found

    def constant_value(self, scope: Scope) -> Value | None:
        """Returns the value of a constant, or None after reporting why it has none."""
        if scope.id in self._pending:
            self._pending[scope.id] = True
        elif scope.id not in self._constants:
            self._constants[scope.id] = None
            self._pending[scope.id] = False
            assert scope.declaration.value is not None
            failed_before = len(self.world.reporter.diagnostics)
            value = ValueCompiler(self, scope).compile(scope.declaration.value, self.constant_type(scope))
            cyclic = self._pending.pop(scope.id)
            self._constants[scope.id] = None if cyclic else value
            if (value is None or cyclic) and len(self.world.reporter.diagnostics) == failed_before:
                name = scope.declaration.name
                scope.module.error(
                    name.start, name.end, f"the value of '{name.text}' depends on itself; break the cycle"
                )
        return self._constants[scope.id]

    def constant(self, reference: Reference, scope: Scope, expression: Expression) -> Constant | None:
        """Returns the constant to which a name refers, its type as seen through the name."""
        target = reference.target
        assert isinstance(target, Scope)
        value = self.constant_value(target)
        if value is None:
            return None
        type_ = self.constant_type(target)
        brand = self.brand(reference.level, scope, expression)
        return Constant(apply_brand(type_, brand) if target.is_generic else type_, value)

    # -- nodes ----------------------------------------------------------------------------------------------------------

    def nodes(self, scope: Scope) -> tuple[Node, ...]:
        """Returns the node of a scope, and behind it those of its groups or of its methods' parameter structs."""
        found = self._nodes.get(scope.id)
        if found is None:
            for child in scope.children.values():
                if not isinstance(child, Scope):
                    resolve_alias(child)
            body, more = self.body(scope)
            annotations = self.annotations(scope, scope.declaration.annotations, _TARGETS[scope.kind], scope.kind.value)
            node = Node(
                id=scope.id,
                display_name=scope.display_name,
                display_name_prefix_length=len(scope.display_name[: scope.prefix].encode()),
                scope_id=scope.parent.id if scope.parent is not None else 0,
                body=body,
                parameters=tuple(scope.parameters),
                is_generic=scope.is_generic,
                nested_nodes=tuple(NestedNode(child.declaration.name.text, child.id) for child in scope.nested),
                annotations=annotations,
                start_byte=scope.module.source.byte_offset(scope.declaration.start),
                end_byte=scope.module.source.byte_offset(scope.declaration.end),
            )
            self.source_info.setdefault(scope.id, SourceInfo(scope.id, scope.declaration.doc_comment))
            found = (node, *more)
            for made in found:
                self.source_info[made.id] = replace(
                    self.source_info[made.id], start_byte=made.start_byte, end_byte=made.end_byte
                )
            self._nodes[scope.id] = found
        return found

    def body(self, scope: Scope) -> tuple[NodeBody, Sequence[Node]]:
        """Returns the body of a scope's node, and the nodes that belong to it."""
        kind = scope.kind
        if kind == DeclarationKind.STRUCT:
            members = self.members(scope.id)
            assert members is not None
            body = self.struct_body(scope, members, members.root)
            self.source_info[scope.id] = _member_docs(scope.id, scope.declaration.doc_comment, members.root)
            return body, [self.group_node(scope, members, group) for group in members.groups]
        if kind == DeclarationKind.ENUM:
            return self.enum_body(scope), ()
        if kind == DeclarationKind.INTERFACE:
            return self.interface_body(scope)
        if kind == DeclarationKind.CONST:
            type_ = self.constant_type(scope)
            value = self.constant_value(scope)
            return ConstNode(type_, value if value is not None else default_value(type_)), ()
        if kind == DeclarationKind.ANNOTATION:
            return AnnotationNode(self.constant_type(scope), AnnotationTargets(scope.declaration.targets)), ()
        return FileNode(), ()

    def struct_body(self, scope: Scope, members: StructMembers, parent: MemberInfo) -> StructNode:
        return StructNode(
            data_word_count=members.space.data_words & 0xFFFF,
            pointer_count=members.space.pointers & 0xFFFF,
            preferred_list_encoding=ElementSize.INLINE_COMPOSITE,
            is_group=parent is not members.root,
            discriminant_count=parent.union_count,
            discriminant_offset=parent.union.discriminant or 0 if parent.union is not None else 0,
            fields=tuple(self.field(scope, member) for member in parent.children),
        )

    def group_node(self, scope: Scope, members: StructMembers, group: MemberInfo) -> Node:
        assert group.parent is not None
        self.source_info[group.id] = _member_docs(group.id, group.doc_comment, group)
        return Node(
            id=group.id,
            display_name=group.display_name,
            display_name_prefix_length=len(group.display_name.encode()) - len(group.name.encode()),
            scope_id=group.parent.id,
            body=self.struct_body(scope, members, group),
            is_generic=scope.is_generic,
            start_byte=scope.module.source.byte_offset(group.start),
            end_byte=scope.module.source.byte_offset(group.end),
        )

    def field(self, scope: Scope, member: MemberInfo) -> Field:
        body: Slot | Group
        if member.is_field:
            body = Slot(member.offset, member.type, self.compile_default(scope, member), member.value is not None)
        else:
            body = Group(member.id)
        target = AnnotationTargets.PARAM if member.is_param else _TARGETS[member.kind]
        word = "parameter" if member.is_param else member.kind.value
        ordinal = member.ordinal.value if member.ordinal is not None else None
        return Field(
            name=member.name,
            code_order=member.code_order,
            body=body,
            discriminant_value=member.discriminant if member.in_union else NO_DISCRIMINANT,
            ordinal=member.code_order if member.is_param else ordinal,
            annotations=self.annotations(scope, member.annotations, target, word),
        )

    def enum_body(self, scope: Scope) -> EnumNode:
        found = _by_ordinal(scope, DeclarationKind.ENUMERANT)
        docs = tuple(MemberDocs(declaration.doc_comment) for _, declaration in found)
        self.source_info[scope.id] = SourceInfo(scope.id, scope.declaration.doc_comment, docs)
        return EnumNode(
            tuple(
                Enumerant(
                    declaration.name.text,
                    code_order,
                    self.annotations(scope, declaration.annotations, AnnotationTargets.ENUMERANT, "enumerant"),
                )
                for code_order, declaration in found
            )
        )

    # -- interfaces -----------------------------------------------------------------------------------------------------

    def interface_body(self, scope: Scope) -> tuple[InterfaceNode, list[Node]]:
        superclasses = [self.superclass(scope, expression) for expression in scope.declaration.superclasses]
        more: list[Node] = []
        methods: list[Method] = []
        found = _by_ordinal(scope, DeclarationKind.METHOD)
        for code_order, declaration in found:
            assert declaration.ordinal is not None
            names = tuple(parameter.text for parameter in declaration.parameters)
            params_id, params_brand = self.param_struct(scope, declaration, declaration.params, False, more)
            results_id, results_brand = self.param_struct(scope, declaration, declaration.results, True, more)
            methods.append(
                Method(
                    name=declaration.name.text,
                    code_order=code_order,
                    param_struct_type=params_id,
                    result_struct_type=results_id,
                    param_brand=params_brand,
                    result_brand=results_brand,
                    implicit_parameters=names,
                    annotations=self.annotations(scope, declaration.annotations, AnnotationTargets.METHOD, "method"),
                )
            )
        docs = tuple(MemberDocs(declaration.doc_comment) for _, declaration in found)
        self.source_info[scope.id] = SourceInfo(scope.id, scope.declaration.doc_comment, docs)
        return InterfaceNode(tuple(methods), tuple(parent for parent in superclasses if parent is not None)), more

    def superclass(self, scope: Scope, expression: Expression) -> Superclass | None:
        resolved = Resolver(scope).resolve(expression)
        if resolved is None:
            return None
        if (
            isinstance(resolved, Variable)
            or not isinstance(resolved.target, Scope)
            or resolved.target.kind != DeclarationKind.INTERFACE
        ):
            scope.module.error(
                expression.start,
                expression.end,
                f"'{describe(expression)}' is not an interface, so that it cannot be extended",
            )
            return None
        if self.extends(resolved.target, scope):
            scope.module.error(
                expression.start,
                expression.end,
                f"'{describe(expression)}' extends this interface itself; break the cycle",
            )
            return None
        self._type_parts = 0
        return Superclass(resolved.target.id, self.brand(resolved.level, scope, expression))

    def extends(self, start: Scope, wanted: Scope) -> bool:
        """Whether an interface is, or extends through others, another one."""
        seen: set[int] = set()
        waiting = [start]
        while waiting:
            scope = waiting.pop()
            if scope is wanted:
                return True
            if scope.id not in seen:
                seen.add(scope.id)
                found = (Resolver(scope).resolve(expression) for expression in scope.declaration.superclasses)
                waiting.extend(
                    parent.target
                    for parent in found
                    if isinstance(parent, Reference) and isinstance(parent.target, Scope)
                )
        return False

    def param_struct(
        self, scope: Scope, method: Declaration, params: ParamList | None, results: bool, more: list[Node]
    ) -> tuple[int, Brand]:
        """Returns the id and brand of the struct of a method's parameters or results; a new struct goes to `more`."""
        names = tuple(parameter.text for parameter in method.parameters)
        if params is not None and params.stream:
            return self.stream_result(scope, params), EMPTY_BRAND
        if params is None or params.type is None:
            return self.new_param_struct(scope, method, params, results, more)
        resolved = Resolver(scope, Implicits(0, names)).resolve(params.type)
        if resolved is None:
            return 0, EMPTY_BRAND
        if isinstance(resolved, Variable):
            scope.module.error(
                params.start,
                params.end,
                f"the generic parameter '{describe(params.type)}' cannot be all parameters or results; "
                "write a list with a field of this type: (value :…)",
            )
            return 0, EMPTY_BRAND
        if not isinstance(resolved.target, Scope) or resolved.target.kind != DeclarationKind.STRUCT:
            scope.module.error(
                params.start,
                params.end,
                f"'{describe(params.type)}' is not a struct; write a list instead: (name :{describe(params.type)})",
            )
            return 0, EMPTY_BRAND
        self._type_parts = 0
        return resolved.target.id, self.brand(resolved.level, scope, params.type)

    def stream_result(self, scope: Scope, params: ParamList) -> int:
        module = scope.module.standard_module(STREAM_FILE, params.start, params.end)
        child = module.root.children.get("StreamResult") if module is not None else None
        return child.id if isinstance(child, Scope) else 0

    def new_param_struct(
        self, scope: Scope, method: Declaration, params: ParamList | None, results: bool, more: list[Node]
    ) -> tuple[int, Brand]:
        assert method.ordinal is not None
        node_id = method_struct_id(scope.id, method.ordinal.value, results)
        name = method.name.text + ("$Results" if results else "$Params")
        display_name = f"{scope.display_name}.{name}"
        implicits = Implicits(node_id, tuple(parameter.text for parameter in method.parameters))
        members = StructMembers(
            scope.module, node_id, display_name, lambda expression: self.type_of(scope, expression, implicits)
        )
        members.root.start, members.root.end = method.start, method.end
        fields = params.params or () if params is not None else ()
        check_param_names(scope.module, fields)
        members.from_params(fields)
        more.append(
            Node(
                id=node_id,
                display_name=display_name,
                display_name_prefix_length=len(display_name.encode()) - len(name.encode()),
                scope_id=0,
                body=self.struct_body(scope, members, members.root),
                parameters=implicits.names,
                is_generic=scope.is_generic or bool(implicits.names),
                start_byte=scope.module.source.byte_offset(params.start if params is not None else method.start),
                end_byte=scope.module.source.byte_offset(params.end if params is not None else method.end),
            )
        )
        self.source_info[node_id] = _member_docs(node_id, None, members.root)
        # The struct's own parameters stay unbound here, as in what other compilers write: the method's list says enough.
        scopes = [BrandScope(level.scope_id, None) for level in scope.level if level.parameter_count]
        return node_id, Brand(tuple(scopes)) if scopes else EMPTY_BRAND

    # -- annotations ----------------------------------------------------------------------------------------------------

    def annotations(
        self, scope: Scope, uses: Sequence[AnnotationUse], target: AnnotationTargets, word: str
    ) -> tuple[Annotation, ...]:
        """Compiles the annotations on something of a kind."""
        if not uses:
            return ()
        found = (self.annotation(scope, use, target, word) for use in uses)
        return tuple(annotation for annotation in found if annotation is not None)

    def annotation(self, scope: Scope, use: AnnotationUse, target: AnnotationTargets, word: str) -> Annotation | None:
        resolved = Resolver(scope).resolve(use.name)
        if resolved is None:
            return None
        shown = describe(use.name)
        start, end = use.name.start, use.name.end
        if (
            isinstance(resolved, Variable)
            or not isinstance(resolved.target, Scope)
            or resolved.target.kind != DeclarationKind.ANNOTATION
        ):
            scope.module.error(start, end, f"'{shown}' is not an annotation")
            return None
        declared = resolved.target
        if not declared.declaration.targets & target:
            allowed = AnnotationTargets(declared.declaration.targets)
            names = (
                ", ".join(flag.name.lower() for flag in AnnotationTargets if flag in allowed and flag.name) or "nothing"
            )
            scope.module.error(start, end, f"'{shown}' cannot be put on {_article(word)}; it is declared for {names}")
        self._type_parts = 0
        brand = self.brand(resolved.level, scope, use.name)
        type_ = self.constant_type(declared)
        if declared.is_generic:
            type_ = apply_brand(type_, brand)
        if use.value is None:
            if type_.kind != TypeKind.VOID:
                scope.module.error(start, end, f"'{shown}' needs a value of type {self.type_name(type_)}: ${shown}(…)")
            return Annotation(declared.id, default_value(type_), brand)
        value = ValueCompiler(self, scope).compile(use.value, type_)
        return Annotation(declared.id, value if value is not None else default_value(type_), brand)


def default_value(type_: Type) -> Value:
    """Returns the value of a field without a default: zero, or a null pointer."""
    return Value(type_.kind, _DEFAULTS.get(type_.kind))


def _member_docs(node_id: int, doc_comment: str | None, parent: MemberInfo) -> SourceInfo:
    return SourceInfo(node_id, doc_comment, tuple(MemberDocs(member.doc_comment) for member in parent.children))


def _by_ordinal(scope: Scope, kind: DeclarationKind) -> list[tuple[int, Declaration]]:
    """Returns the members of a kind in ordinal order, each with its place in the text, and checks the ordinals."""
    members = [member for member in scope.declaration.nested if member.kind == kind and member.ordinal is not None]
    found = sorted(enumerate(members), key=lambda entry: entry[1].ordinal.value if entry[1].ordinal is not None else 0)
    check = OrdinalCheck(scope.module, scope.declaration.incomplete)
    for _, member in found:
        if member.ordinal is not None:
            check.check(member.ordinal)
    return found


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
