"""Values of a notation to messages: the compiler's way from literals to bytes, with structs that come from a registry.

Knows how the compiler's description of a struct is made of a schema node, and how literals are evaluated without any names around
them. How values become bytes is the compiler's.
"""

from __future__ import annotations

from caplet.compiler.diagnostics import suggestion
from caplet.compiler.encoding import Written, flat_message
from caplet.compiler.imports import Importer, memory_file
from caplet.compiler.layout import UnionSpace
from caplet.compiler.members import MemberInfo, StructMembers
from caplet.compiler.modules import Module, World
from caplet.compiler.scope import Scope
from caplet.compiler.source import Source
from caplet.compiler.translate import Translator
from caplet.compiler.tree import Declaration, DeclarationKind, Embed, Expression, Name, Ordinal, RelativeName, describe
from caplet.compiler.values import ValueCompiler
from caplet.errors import SchemaError
from caplet.schema.model import EnumNode, EnumType, NamedType, Slot, StructNode, Type, Value
from caplet.schema.registry import Registry

__all__ = ["Literals", "NotationBuilder"]


class NotationBuilder(Translator):
    """Tells the compiler's value code about structs that come from a registry.

    Args:
        registry: where the nodes are.
        source: the text in which values stand, for diagnostics.
    """

    __slots__ = ("module", "registry")

    def __init__(self, registry: Registry, source: Source) -> None:
        world = World(Importer((), False), False)
        super().__init__(world)
        self.registry = registry
        self.module = Module(world, memory_file(source.filename, {source.filename: b""}), source)

    def members(self, struct_id: int) -> StructMembers:
        """Return the members of a struct of the registry.

        Raises:
            SchemaError: there is none.
        """
        found = self._members.get(struct_id)
        if found is None:
            node = self.registry.get(struct_id)
            if not isinstance(node.body, StructNode):
                raise SchemaError(f"{node.display_name} is not a struct")
            found = StructMembers(self.module, struct_id, node.display_name, _no_type)
            found.space.data_words = node.body.data_word_count
            found.space.pointers = node.body.pointer_count
            self._add_members(found, found.root, node.body)
            self._members[struct_id] = found
        return found

    def _add_members(self, members: StructMembers, parent: MemberInfo, body: StructNode) -> None:
        if body.discriminant_count:
            parent.union = UnionSpace(members.space)
            parent.union.discriminant = body.discriminant_offset
        for index, field in enumerate(body.fields):
            slot = isinstance(field.body, Slot)
            kind = DeclarationKind.FIELD if slot else DeclarationKind.GROUP
            member = MemberInfo(parent, kind, field.name, field.code_order, field.in_union)
            member.index, member.discriminant, member.attached = index, field.discriminant_value, True
            parent.children.append(member)
            if isinstance(field.body, Slot):
                member.type, member.offset, member.default = field.body.type, field.body.offset, field.body.default
                if field.ordinal is not None:
                    member.ordinal = Ordinal(field.ordinal, 0, 0)
            else:
                member.id = field.body.type_id
                group = self.registry.get(member.id).body
                assert isinstance(group, StructNode)
                self._add_members(members, member, group)

    def type_name(self, type_: Type) -> str:
        """Return a type as it is written in a schema, for diagnostics."""
        if isinstance(type_, NamedType):
            node = self.registry.get_or_none(type_.type_id)
            return node.name if node is not None else f"{type_.type_id:#x}"
        return super().type_name(type_)

    def flat(self, type_: Type, value: Written) -> bytes:
        """Return the words of a one-segment message whose root is a value."""
        return flat_message(self, type_, value)


def _no_type(_: Expression) -> Type:
    raise SchemaError("a struct of a registry has no text")


class Literals(ValueCompiler):
    """Evaluates literals that stand alone: no constants, imports or embedded files."""

    __slots__ = ("builder",)

    def __init__(self, builder: NotationBuilder) -> None:
        file = Declaration(DeclarationKind.FILE, Name("", 0, 0), 0, 0)
        builder.module.root = Scope(builder.module, file, None, 0)
        super().__init__(builder, builder.module.root)
        self.builder = builder

    def named(self, expression: Expression, type_: Type) -> Written | None:
        """Take a name for an enumerant or one of the words of the language."""
        if isinstance(expression, RelativeName):
            if isinstance(type_, EnumType):
                names = self._enumerants(type_)
                if expression.name in names:
                    return Value(type_.kind, names.index(expression.name))
                hint = suggestion(expression.name, names) or (f"; it has {', '.join(names[:8])}" if names else "")
                self.error(
                    expression, f"'{expression.name}' is not an enumerant of {self.builder.type_name(type_)}{hint}"
                )
                return None
            if expression.name in ("void", "true", "false", "nan", "inf"):
                return self.word(expression, type_)
        self.error(expression, f"'{describe(expression)}' is a name; a value by itself cannot refer to constants")
        return None

    def embedded(self, expression: Embed, type_: Type) -> Value | None:
        """Refuse to read a file."""
        self.error(expression, "a value by itself cannot embed files")
        return None

    def _enumerants(self, type_: EnumType) -> list[str]:
        body = self.builder.registry.get(type_.type_id).body
        return [enumerant.name for enumerant in body.enumerants] if isinstance(body, EnumNode) else []
