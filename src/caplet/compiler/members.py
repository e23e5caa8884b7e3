"""The members of a struct in ordinal order, with their places.

Knows how fields, groups and unions nest, in which order they get places, discriminants and ids. The types of fields
come from a function; default values are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from caplet.compiler.checks import OrdinalCheck
from caplet.compiler.layout import MemberSpace, Space, StructSpace, UnionSpace
from caplet.compiler.modules import Module
from caplet.compiler.tree import AnnotationUse, Declaration, DeclarationKind, Expression, Ordinal, Param
from caplet.schema.ids import group_id
from caplet.schema.model import NO_DISCRIMINANT, VOID, Type, TypeKind, Value
from caplet.schema.type_sizes import DATA_BITS

__all__ = ["MemberInfo", "StructMembers"]

_MOST_WORDS: Final = 0xFFFF


class MemberInfo:
    """A field, group or union of a struct, or the struct itself (then `parent` is None)."""

    __slots__ = (
        "_by_name",
        "annotations",
        "attached",
        "children",
        "code_order",
        "declaration",
        "default",
        "default_state",
        "discriminant",
        "display_name",
        "doc_comment",
        "end",
        "id",
        "in_union",
        "index",
        "is_param",
        "kind",
        "name",
        "offset",
        "ordinal",
        "parent",
        "space",
        "start",
        "type",
        "type_expression",
        "union",
        "union_count",
        "value",
    )

    def __init__(
        self, parent: MemberInfo | None, kind: DeclarationKind, name: str, code_order: int, in_union: bool
    ) -> None:
        self.parent = parent
        self.kind = kind
        self.name = name
        self.code_order = code_order
        self.in_union = in_union
        self.children: list[MemberInfo] = []
        self._by_name: dict[str, MemberInfo] | None = None
        self.attached = False
        self.index = 0
        self.discriminant = NO_DISCRIMINANT
        self.union_count = 0
        self.union: UnionSpace | None = None
        self.space: Space | None = None
        self.ordinal: Ordinal | None = None
        self.annotations: Sequence[AnnotationUse] = ()
        self.doc_comment: str | None = None
        self.is_param = False
        self.type_expression: Expression | None = None
        self.value: Expression | None = None
        self.type: Type = VOID
        self.offset = 0
        self.default: Value | None = None
        self.default_state = 0
        self.id = 0
        self.display_name = ""
        self.start = self.end = 0

    @property
    def is_field(self) -> bool:
        """Whether this is an ordinary field and not a group or union."""
        return self.kind == DeclarationKind.FIELD

    def attach(self) -> None:
        """Makes this the next field of its parent, and first the parent a field of its own parent."""
        if self.attached or self.parent is None:
            return
        self.attached = True
        parent = self.parent
        if not parent.children:
            parent.attach()
        self.index = len(parent.children)
        parent.children.append(self)
        parent._by_name = None
        if self.in_union:
            self.discriminant = parent.union_count
            parent.union_count += 1

    def find(self, name: str) -> MemberInfo | None:
        """Returns the field with a name, or None."""
        if self._by_name is None:
            self._by_name = {child.name: child for child in self.children}
        return self._by_name.get(name)


class StructMembers:
    """The members of one struct, laid out.

    Args:
        module: the file, for diagnostics.
        node_id: the id of the struct.
        display_name: the display name of the struct.
        type_of: gives the type of a field; it reports what is wrong and then gives Void.
    """

    __slots__ = ("all", "display_name", "module", "ordered", "root", "space", "type_of")

    def __init__(self, module: Module, node_id: int, display_name: str, type_of: Callable[[Expression], Type]) -> None:
        self.module = module
        self.type_of = type_of
        self.space = StructSpace()
        self.root = MemberInfo(None, DeclarationKind.STRUCT, "", 0, False)
        self.root.id = node_id
        self.root.display_name = display_name
        self.all: list[MemberInfo] = []
        self.ordered: list[tuple[int, MemberInfo]] = []

    @property
    def groups(self) -> list[MemberInfo]:
        """The groups and named unions, in the order of the text."""
        return [member for member in self.all if not member.is_field]

    def from_declaration(self, declaration: Declaration) -> StructMembers:
        """Takes the members of a struct declaration."""
        self.root.start, self.root.end = declaration.start, declaration.end
        self.add_members(declaration.nested, self.root, self.space)
        self.assign(declaration.incomplete)
        return self

    def from_params(self, params: Sequence[Param]) -> StructMembers:
        """Takes the parameters or results of a method as fields."""
        for number, param in enumerate(params):
            info = MemberInfo(self.root, DeclarationKind.FIELD, param.name.text, number, False)
            info.is_param = True
            info.type_expression = param.type
            info.value = param.default
            info.annotations = param.annotations
            info.start, info.end = param.start, param.end
            info.space = self.space
            self.all.append(info)
            self.ordered.append((number, info))
        self.assign()
        return self

    # -- collecting -----------------------------------------------------------------------------------------------------

    def new_member(self, declaration: Declaration, parent: MemberInfo, code_order: int, in_union: bool) -> MemberInfo:
        info = MemberInfo(parent, declaration.kind, declaration.name.text, code_order, in_union)
        info.ordinal = declaration.ordinal
        info.annotations = declaration.annotations
        info.doc_comment = declaration.doc_comment
        info.type_expression = declaration.type
        info.value = declaration.value
        info.start, info.end = declaration.start, declaration.end
        info.display_name = f"{parent.display_name}.{info.name}"
        self.all.append(info)
        if declaration.ordinal is not None:
            self.ordered.append((declaration.ordinal.value, info))
        return info

    def add_members(self, declarations: Sequence[Declaration], parent: MemberInfo, space: Space) -> None:
        """Collects the members of a struct or group; a group's fields share the space of what is around it."""
        code_order = 0
        for declaration in declarations:
            if declaration.kind == DeclarationKind.FIELD:
                self.new_member(declaration, parent, code_order, False).space = space
                code_order += 1
            elif declaration.kind == DeclarationKind.GROUP:
                group = self.new_member(declaration, parent, code_order, False)
                code_order += 1
                self.add_group(declaration, group, space)
            elif declaration.kind == DeclarationKind.UNION:
                union = UnionSpace(space)
                if declaration.name.text:
                    member = self.new_member(declaration, parent, code_order, False)
                    code_order += 1
                    member.union = union
                    self.add_union(declaration, member, union, 0)
                else:
                    parent.union = union
                    code_order = self.add_union(declaration, parent, union, code_order)

    def add_group(self, declaration: Declaration, group: MemberInfo, space: Space) -> None:
        if not declaration.incomplete and not any(member.kind in _MEMBER_KINDS for member in declaration.nested):
            self.module.error(
                declaration.name.start,
                declaration.name.end,
                f"the group '{group.name}' is empty; add a field, or remove it",
            )
        self.add_members(declaration.nested, group, space)

    def add_union(self, declaration: Declaration, parent: MemberInfo, union: UnionSpace, code_order: int) -> int:
        """Collects the members of a union into `parent`; returns the next code order."""
        members = [member for member in declaration.nested if member.kind in _MEMBER_KINDS]
        if len(members) < 2 and not declaration.incomplete:
            self.module.error(declaration.name.start, declaration.name.end, "a union needs at least two members")
        for member in members:
            if member.kind == DeclarationKind.UNION and not member.name.text:
                self.module.error(
                    member.name.start, member.name.end, "an unnamed union cannot stand in a union; give it a name"
                )
                continue
            info = self.new_member(member, parent, code_order, True)
            code_order += 1
            space = MemberSpace(union)
            if member.kind == DeclarationKind.FIELD:
                info.space = space
            elif member.kind == DeclarationKind.GROUP:
                self.add_group(member, info, space)
            else:
                info.union = UnionSpace(space)
                self.add_union(member, info, info.union, 0)
        return code_order

    # -- places ---------------------------------------------------------------------------------------------------------

    def assign(self, incomplete: bool = False) -> None:
        """Gives everything its place, in ordinal order, and then its id."""
        check = OrdinalCheck(self.module, incomplete)
        self.ordered.sort(key=lambda entry: entry[0])
        for _, member in self.ordered:
            if member.ordinal is not None:
                check.check(member.ordinal)
            member.attach()
            if member.is_field:
                self.place_field(member)
            elif member.union is not None and not member.union.add_discriminant():
                assert member.ordinal is not None
                self.module.error(
                    member.ordinal.start,
                    member.ordinal.end,
                    "the number of a union must come before those of all its members but one: only a single old field can "
                    "have become a union",
                )
        for member in (self.root, *self.all):
            if member.union is not None:
                member.union.add_discriminant()
            if member.parent is not None and not member.is_field:
                member.attach()
                member.id = group_id(member.parent.id, member.index)
        if self.space.data_words > _MOST_WORDS or self.space.pointers > _MOST_WORDS:
            self.module.error(
                self.root.start,
                self.root.start + 1,
                f"the struct is too large: a section holds at most {_MOST_WORDS} words",
            )

    def place_field(self, member: MemberInfo) -> None:
        assert member.space is not None
        assert member.type_expression is not None
        member.type = self.type_of(member.type_expression)
        kind = member.type.kind
        if kind == TypeKind.VOID:
            member.space.add_void()
        elif kind in DATA_BITS:
            # Spaces are told the logarithm.
            member.offset = member.space.add_data(DATA_BITS[kind].bit_length() - 1)
        else:
            member.offset = member.space.add_pointer()


_MEMBER_KINDS: Final = {DeclarationKind.FIELD, DeclarationKind.UNION, DeclarationKind.GROUP}
