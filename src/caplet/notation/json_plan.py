"""From schema nodes to forms: what the annotations of json.capnp and a program's handlers say, gathered once for each struct.

Knows names, flattening, discriminators and the forms of Data. Does not know values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from caplet.errors import SchemaError
from caplet.notation.json_forms import JsonForm
from caplet.notation.json_names import JsonNames
from caplet.notation.json_numbers import EnumForm, NumberForm, bits_of
from caplet.notation.json_pointers import DataForm, ListForm, OpaqueForm, TextForm
from caplet.notation.json_raw import RAW_VALUE_ID, RawForm
from caplet.notation.json_structs import JsonMember, StructForm
from caplet.notation.reading import Shapes, default_pointer, weight_of
from caplet.schema.model import (
    Annotation,
    EnumType,
    Field,
    InterfaceType,
    ListType,
    Slot,
    StructNode,
    StructType,
    Type,
    TypeKind,
)
from caplet.schema.registry import Registry
from caplet.schema.type_sizes import DATA_BITS, ELEMENT_SIZES
from caplet.wire.message import MessageReader
from caplet.wire.sizes import COMPOSITE, POINTER
from caplet.wire.untyped import AnyStruct
from caplet.wire.untyped_builder import AnyStructBuilder

__all__ = ["FieldHandler", "JsonPlans", "TypeKey"]

_NAME: Final = 0xFA5B1FD61C2E7C3D
_FLATTEN: Final = 0x82D3E852AF0336BF
_DISCRIMINATOR: Final = 0xCFA794E8D19A0162
_BASE64: Final = 0xD7D879450A253E4B
_HEX: Final = 0xF061E22F0AE5C7B5
_FLATTENED: Final = 64
_DATA_FORMS: Final = ((_BASE64, "base64"), (_HEX, "hex"))
TypeKey = TypeKind | int
"""What handlers of types are found by: the id of a struct, enum or interface, or a kind of type without one."""


class FieldHandler(Protocol):
    """A program's own form of one field."""

    def write(self, source: AnyStruct, /) -> object:
        """Return plain Python for the field of a struct."""
        ...

    def read(self, target: AnyStructBuilder, source: object, /) -> None:
        """Set the field of a struct from plain Python."""
        ...


class JsonPlans:
    """Makes the form of each type when it is first asked for.

    Args:
        registry: the schemas.
        types: makes the form of a type that a program handles, of the type and its sizes in words and pointers.
        fields: handlers of fields, by the id of the struct or group and the index of the field in it.
    """

    __slots__ = ("_depth", "_fields", "_forms", "_structs", "_types", "shapes")

    def __init__(
        self,
        registry: Registry,
        types: Mapping[TypeKey, Callable[[Type, int, int], JsonForm]] | None = None,
        fields: Mapping[tuple[int, int], FieldHandler] | None = None,
    ) -> None:
        self.shapes = Shapes(registry)
        self._types = types or {}
        self._fields = fields or {}
        self._forms: dict[tuple[Type, str], JsonForm] = {}
        self._depth = 0
        self._structs: dict[tuple[int, Type], StructForm] = {}

    def form(self, type_: Type, data_form: str = "") -> JsonForm:
        """Return the form of a type; `data_form` is `base64` or `hex` for Data that an annotation wants as a string."""
        found = self._forms.get((type_, data_form))
        if found is None:
            found = self._forms[type_, data_form] = self._make(type_, data_form)
        return found

    def struct(self, type_: StructType) -> StructForm:
        """Return the form of a struct that no program handles."""
        if type_.type_id == RAW_VALUE_ID:
            return RawForm()
        node = self.shapes.registry.get(type_.type_id)
        return self._struct(type_.type_id, type_, node.annotations, None)

    def _make(self, type_: Type, data_form: str) -> JsonForm:
        kind = type_.kind
        handled = self._handled(type_) if not data_form else None
        if handled is not None:
            return handled
        if isinstance(type_, ListType):
            element = self.form(type_.element)
            size = COMPOSITE if element.is_struct else ELEMENT_SIZES.get(type_.element.kind, POINTER)
            return ListForm(element, size)
        if isinstance(type_, StructType):
            return self.struct(type_)
        if isinstance(type_, EnumType):
            members = self.shapes.enum(type_).enumerants
            names = [_text(member.annotations, _NAME) or member.name for member in members]
            return EnumForm(self.shapes.registry.get(type_.type_id).name, names)
        if kind == TypeKind.TEXT:
            return TextForm()
        if kind == TypeKind.DATA:
            return DataForm(data_form)
        if kind in DATA_BITS:
            return NumberForm(kind)
        return OpaqueForm("capabilities" if kind == TypeKind.INTERFACE else "AnyPointer")

    def _handled(self, type_: Type) -> JsonForm | None:
        key = type_.type_id if isinstance(type_, (StructType, EnumType, InterfaceType)) else type_.kind
        make = self._types.get(key)
        if make is None:
            return None
        body = self.shapes.shape(type_.type_id).node if isinstance(type_, StructType) else None
        return make(type_, body.data_word_count if body else 0, body.pointer_count if body else 0)

    # -- structs ------------------------------------------------------------------------------------------------------

    def _struct(
        self, type_id: int, type_: StructType, annotations: Sequence[Annotation], union_name: str | None
    ) -> StructForm:
        """Return the form of a struct, or of a group of one."""
        found = self._structs.get((type_id, type_))
        if found is None:
            node = self.shapes.registry.get(type_id)
            body = self.shapes.shape(type_id).node
            prepare = partial(self._fill, type_id=type_id, type_=type_, body=body)
            found = StructForm(node.name, body.data_word_count, body.pointer_count, prepare)
            found.weight = weight_of(body)
            found.tag_offset = body.discriminant_offset * 2
            _discriminate(found, annotations, union_name)
            self._structs[type_id, type_] = found
        return found

    def _fill(self, form: StructForm, type_id: int, type_: StructType, body: StructNode) -> None:
        self._depth += 1
        try:
            if self._depth > _FLATTENED:
                raise SchemaError("structs are flattened into each other too deeply")
            self._gather(form, type_id, type_, body)
        finally:
            self._depth -= 1

    def _gather(self, form: StructForm, type_id: int, type_: StructType, body: StructNode) -> None:
        members = [self._member(index, field, type_id, type_, body) for index, field in enumerate(body.fields)]
        form.plain = [member for member in members if member.tag < 0]
        form.union = [member for member in members if member.tag >= 0]
        form.by_tag = {member.tag: member for member in form.union}
        if form.union and (form.tag_offset + 2) > body.data_word_count * 8:
            raise SchemaError(f"the tag of the union of {form.title} lies outside of the struct")
        if form.tag_name is None and form.value_name is None and all(member.prefix is None for member in members):
            form.simple = {member.name: member for member in members}
            if len(form.simple) != len(members):
                raise SchemaError(f"two members of {form.title} have the same name in JSON")
        else:
            form.names = JsonNames(form)

    def _member(self, index: int, field: Field, type_id: int, type_: StructType, body: StructNode) -> JsonMember:
        annotations = field.annotations
        given = _text(annotations, _NAME)
        name = field.name if given is None else given
        slot = field.body
        tag = field.discriminant_value if field.in_union else -1
        flatten = _find(annotations, _FLATTEN)
        data_form = _data_form(field)
        if not isinstance(slot, Slot):
            own = None if flatten is None else field.name
            member = JsonMember(name, tag, partial(self._struct, slot.type_id, type_, annotations, own))
            member.is_group = True
        else:
            field_type = self.shapes.field_type(field, type_)
            if flatten is None:
                member = JsonMember(name, tag, partial(self.form, field_type, data_form))
            elif isinstance(field_type, StructType):
                member = JsonMember(name, tag, partial(self.struct, field_type))
            else:
                raise SchemaError(f"only structs, groups and unions can be flattened, and '{field.name}' is none")
            _place(member, field.name, slot, body)
        if flatten is not None:
            content = flatten.value.content
            member.prefix = MessageReader([content]).root.struct().text(0) if isinstance(content, bytes) else ""
        member.handler = self._fields.get((type_id, index))
        return member


def _discriminate(form: StructForm, annotations: Sequence[Annotation], union_name: str | None) -> None:
    """Take the names of the discriminator and of the value from an annotation; `union_name` is the name that a flattened union has by itself."""
    options = _find(annotations, _DISCRIMINATOR)
    if options is None:
        return
    form.tag_name = union_name
    if isinstance(options.value.content, bytes):
        root = MessageReader([options.value.content]).root.struct()
        form.tag_name = root.text(0) if root.has(0) else union_name
        form.value_name = root.text(1) if root.has(1) else None


def _place(member: JsonMember, name: str, slot: Slot, body: StructNode) -> None:
    """Say where a field lies and what its default is."""
    kind, content = slot.type.kind, slot.default.content
    member.offset = slot.offset
    member.is_void = kind == TypeKind.VOID
    if kind in DATA_BITS:
        width = DATA_BITS[kind]
        outside = (slot.offset + 1) * width > body.data_word_count * 64
        if isinstance(content, float):
            member.mask = bits_of(content, width // 8)
        else:
            member.mask = int(content or 0)
    else:
        outside = slot.offset >= body.pointer_count
        member.is_pointer = True
        if kind in (TypeKind.TEXT, TypeKind.DATA):
            member.content = content
        elif content is not None:
            member.default = default_pointer(slot.default)
    if outside:
        raise SchemaError(f"the field '{name}' lies outside of its struct")


def _data_form(field: Field) -> str:
    """Return the form that an annotation wants for Data."""
    form = ""
    for annotation_id, name in _DATA_FORMS:
        if _find(field.annotations, annotation_id) is not None:
            if not isinstance(field.body, Slot) or field.body.type.kind != TypeKind.DATA:
                raise SchemaError(f"only Data can be written as {name}, and '{field.name}' is of another type")
            form = name
    return form


def _find(annotations: Sequence[Annotation], wanted: int) -> Annotation | None:
    return next((found for found in annotations if found.id == wanted), None)


def _text(annotations: Sequence[Annotation], wanted: int) -> str | None:
    found = _find(annotations, wanted)
    return found.value.content if found is not None and isinstance(found.value.content, str) else None
