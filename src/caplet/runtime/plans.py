"""Struct types: how a struct behind a pointer is opened, made, filled, compared and taken apart.

Knows a struct class's sizes and fields, in one plan for each class. Does not know what users call on a struct (`structs.py`) or how the
plan is made (`factory.py`).
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from caplet.runtime.fields import Field
from caplet.runtime.kinds import PointerKind
from caplet.runtime.pointer_fields import PointerField
from caplet.wire.copying import copy_struct
from caplet.wire.segment import EMPTY_SEGMENT
from caplet.wire.sizes import COMPOSITE
from caplet.wire.views import StructBuilder, StructReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caplet.wire.arena import Arena
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment
    from caplet.wire.untyped import AnyPointer
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["GroupField", "StructField", "StructKind"]

COMPILED = not __file__.endswith(".py")
CALL_WEIGHT = weigh_calls() if COMPILED else 1  # type: ignore[name-defined]  # noqa: F821  (plans.pxd)


class StructKind(PointerKind):
    """A struct type: its classes, its sizes and its fields.

    Slots: `struct` the reader class and `builder` the builder class; `data_words` and `pointer_count` of new structs; `fields` in declared
    order and `by_name`, by name in Python and in the schema; `tag_index` where the tag of the union is, in 16-bit units, -1 without one;
    `weight` what one costs to be taken apart, in words; `registry` holds its schema; `origin_of` says how another process finds the class again;
    `json` is its form in JSON, once one was asked for.
    """

    __slots__ = (
        "builder",
        "by_name",
        "data_words",
        "fields",
        "json",
        "origin_of",
        "pointer_count",
        "registry",
        "struct",
        "tag_index",
        "type_id",
        "weight",
    )

    struct: Any
    builder: Any

    def __init__(self, name: str, type_id: int, data_words: int, pointer_count: int) -> None:
        self.name = name
        self.size = COMPOSITE
        self.type_id = type_id
        self.data_words = data_words
        self.pointer_count = pointer_count
        self.fields: tuple[Field, ...] = ()
        self.by_name: dict[str, Field] = {}
        self.tag_index = -1
        self.weight = 0
        self.origin_of: Any = None
        self.registry: Any = None
        self.json: Any = None

    def set_classes(self, struct: Any, builder: Any) -> None:
        """Say which classes readers and builders are of."""
        self.struct = struct
        self.builder = builder
        if COMPILED:
            pool_instances(struct)  # type: ignore[name-defined]  # noqa: F821  (plans.pxd)
            pool_instances(builder)  # type: ignore[name-defined]  # noqa: F821  (plans.pxd)

    def set_fields(self, fields: Sequence[Field], tag_index: int) -> None:
        """Say what the fields are.

        Args:
            fields: in declared order.
            tag_index: where the tag of the union is, in 16-bit units; -1 without one.
        """
        self.fields = tuple(fields)
        self.tag_index = tag_index
        self.weight = max(self.data_words + self.pointer_count, len(fields) >> 2)
        self.by_name = {field.schema_name: field for field in fields}
        self.by_name.update({field.name: field for field in fields})

    # --- places -------------------------------------------------------------------------------------------------------------------

    def new(self, writable: bool) -> StructReader:
        """Return a new reader or builder that lies nowhere yet."""
        if COMPILED:
            return new_struct(self.builder if writable else self.struct)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (plans.pxd)
        made: StructReader = StructReader.__new__(self.builder if writable else self.struct)
        return made

    def nowhere(self) -> StructReader:
        """Return a reader that lies nowhere and reads as defaults."""
        made = self.new(False)
        made._arena = None  # type: ignore[assignment]  # nothing lies there, so nothing is ever followed
        made._segment = EMPTY_SEGMENT
        made._data = 0
        made._data_bytes = 0
        made._pointers = 0
        made._pointer_count = 0
        made._depth = 0
        return made

    def view(self, obj: StructReader, writable: bool) -> StructReader:
        """Return the place of `obj` as a reader or builder of this type."""
        made = self.new(writable)
        made._arena = obj._arena
        made._segment = obj._segment
        made._data = obj._data
        made._data_bytes = obj._data_bytes
        made._pointers = obj._pointers
        made._pointer_count = obj._pointer_count
        made._depth = obj._depth
        return made

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return the struct; a builder is made room for when the pointer is null, a reader reads as defaults."""
        if writable:
            return self.open_or_init(arena, segment, position)  # type: ignore[arg-type]
        made = self.new(False)
        if arena.open_struct(made, segment, position, depth):
            return made
        return self.nowhere()

    def open_or_init(self, arena: BuilderArena, segment: Segment, position: int) -> StructReader:
        """Return a builder of the struct that a pointer leads to, with room for all fields; a new one for null."""
        made = self.new(True)
        if not arena.writable_struct(made, segment, position, self.data_words, self.pointer_count):
            arena.init_struct(made, segment, position, self.data_words, self.pointer_count)
        return made

    def init(self, arena: BuilderArena, segment: Segment, position: int) -> StructReader:
        """Make the pointer at word `position` lead to a new struct and return its builder."""
        made = self.new(True)
        arena.init_struct(made, segment, position, self.data_words, self.pointer_count)
        return made

    def open_at(self, pointer: AnyPointer) -> StructReader:
        """Return a reader of the struct that an untyped pointer leads to; null reads as defaults."""
        segment = pointer._segment
        if segment.u64s[pointer._position] == 0:
            return self.nowhere()
        made = self.new(False)
        pointer._arena.open_struct(made, segment, pointer._position, pointer._depth)
        return made

    def init_at(self, pointer: AnyPointerBuilder) -> StructReader:
        """Make an untyped pointer lead to a new struct and return its builder."""
        return self.init(pointer._arena, pointer._segment, pointer._position)

    # --- values in ------------------------------------------------------------------------------------------------------------------

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: object, where: str) -> None:
        """Write a copy of a struct of the class, or a new one from a mapping or a sequence of fields."""
        if isinstance(value, StructReader):
            self.check_class(value, where)
            copy_struct(arena, segment, position, value)
        else:
            self.take(self.init(arena, segment, position), value, where)

    def check_class(self, value: Any, where: str) -> None:
        """Refuse a struct of another type.

        Raises:
            TypeError: it is of another type.
        """
        plan = getattr(value, "_plan", None)
        if plan is not None and plan is not self and plan.type_id != self.type_id:
            raise TypeError(f"{where}: expected {self.name}, not {plan.name}")

    def take(self, made: StructReader, value: Any, where: str) -> None:
        """Set the fields of a fresh builder from a mapping, a sequence of fields, or a struct of the class."""
        if type(value) is dict:
            if not COMPILED:
                self.fill(made, value)  # pyright: ignore[reportUnknownArgumentType]
                return
            # Compiled, nobody else counts how deep dicts are nested.
            enter_call()  # type: ignore[name-defined]  # noqa: F821  (plans.pxd)
            try:
                self.fill(made, value)  # pyright: ignore[reportUnknownArgumentType]
            finally:
                leave_call()  # type: ignore[name-defined]  # noqa: F821  (plans.pxd)
        elif isinstance(value, StructReader):
            self.check_class(value, where)
            self.copy_fields(made, value)
        elif hasattr(value, "keys"):
            self.fill(made, dict(value))
        elif isinstance(value, tuple | list):
            self.fill_in_order(made, value, {})  # pyright: ignore[reportUnknownArgumentType]
        else:
            raise TypeError(f"{where}: expected {self.name} or a mapping, not {type(value).__name__} ({value!r:.60})")

    def fill(self, made: StructReader, values: dict[str, object]) -> None:
        """Set fields of a builder by name.

        Raises:
            AttributeError: there is no field of a name.
        """
        by_name = self.by_name
        for name, value in values.items():
            field = by_name.get(name)
            if field is None:
                raise AttributeError(self.no_field(name))
            field.write(made, value)

    def fill_in_order(self, made: StructReader, values: Sequence[object], named: Mapping[str, object]) -> None:
        """Set fields of a builder in declared order, None leaving one alone, and then by name.

        Raises:
            TypeError: there are more values than fields, or two for one field.
        """
        fields = self.fields
        if len(values) > len(fields):
            raise TypeError(f"{self.name} has {len(fields)} fields; {len(values)} values were given")
        for index in range(len(values)):
            field = fields[index]
            if named and field.name in named:
                raise TypeError(f"{self.name}: two values for {field.name!r}")
            value = values[index]
            if value is not None:
                field.write(made, value)
        if named:
            self.fill(made, named if type(named) is dict else dict(named))  # pyright: ignore[reportUnknownArgumentType]

    def copy_fields(self, made: StructReader, source: StructReader) -> None:
        """Set the fields of a fresh builder as they are in another struct of the class."""
        reader = self.view(source, False)
        tag = self.tag(reader)
        for field in self.fields:
            if field.tag == tag if field.tag >= 0 else field.is_set(reader):
                field.write(made, field.read(reader))

    def reset(self, obj: StructReader) -> None:
        """Set every field of a builder back to its default; the union's first member becomes the active one."""
        tag = self.tag(obj)
        for field in self.fields:
            if field.tag < 0 or field.tag == tag:
                field.clear(obj)
        if tag > 0:
            obj._segment.u16s[(obj._data + (self.tag_index << 1)) >> 1] = 0

    def no_field(self, name: str) -> str:
        """Return what is wrong with a name that is no field."""
        if name == "which":
            return f"{self.name} has no union, and so no member that is the active one"
        near = difflib.get_close_matches(name, [field.name for field in self.fields], 3, 0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"{self.name} has no field {name!r}{hint}"

    # --- values out -----------------------------------------------------------------------------------------------------------------

    def tag(self, obj: StructReader) -> int:
        """Return the number of the union's active member, -1 when there is no union."""
        index = self.tag_index
        if index < 0:
            return -1
        if (index << 1) + 2 > obj._data_bytes:
            return 0
        return obj._segment.u16s[(obj._data >> 1) + index]

    def export_at(self, arena: Arena, segment: Segment, position: int, depth: int) -> object:
        """Return the struct that a pointer leads to as a dict."""
        made = self.new(False)
        if not arena.open_struct(made, segment, position, depth):
            made = self.nowhere()
        return self.export_struct(made)

    def export_struct(self, obj: StructReader) -> dict[str, Any]:
        """Return a reader as a dict: fields that say something, by their names in Python.

        Raises:
            DecodeError: the message is malformed; or larger than its limits allow, where a struct counts as large as its type.
        """
        obj._charge_at_least(self.weight)
        made: dict[str, Any] = {}
        tag = self.tag(obj)
        for field in self.fields:
            if field.tag == tag if field.tag >= 0 else field.is_set(obj):
                made[field.name] = field.export(obj)
        return made

    def same(self, one: StructReader, two: StructReader) -> bool:
        """Tell whether two readers say the same, field by field as they read."""
        tag = self.tag(one)
        if tag != self.tag(two):
            return False
        for field in self.fields:
            # Pointers that are null on both sides are equal; reading them would go round in types that hold themselves.
            if (field.tag < 0 or field.tag == tag) and (field.is_set(one) or field.is_set(two)):
                mine: Any = field.read(one)
                theirs: Any = field.read(two)
                if mine != theirs and (mine == mine or theirs == theirs):  # NaN equals NaN here
                    return False
        return True


class StructField(PointerField):
    """A field of a struct type.

    Args:
        kind: the type.
        index: its pointer in the pointer section.
        default: what null reads as: a flat message, or None for a struct of defaults.
    """

    __slots__ = ("plan",)

    def __init__(self, kind: StructKind, index: int, default: bytes | None) -> None:
        PointerField.__init__(self, kind, index, default)
        self.plan = kind

    def read(self, obj: StructReader) -> object:
        """Return the struct."""
        if isinstance(obj, StructBuilder):
            return self.touch(obj)
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.index < obj._pointer_count:
            found = self.plan.new(False)
            if obj._arena.open_struct(found, obj._segment, obj._pointers + self.index, obj._depth):
                return found
        return self.plan.nowhere() if self.default_bytes is None else self.read_default(obj)


class GroupField(Field):
    """A group: a struct that lies in the same place as the struct around it.

    Args:
        plan: the group's plan.
    """

    __slots__ = ("plan",)

    def __init__(self, plan: StructKind) -> None:
        self.plan = plan

    def read(self, obj: StructReader) -> object:
        """Return the group."""
        if isinstance(obj, StructBuilder):
            if self.tag >= 0:
                self.activate(obj)
            return self.plan.view(obj, True)
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        return self.plan.view(obj, False)

    def write(self, obj: StructReader, value: object) -> None:
        """Set the group's fields from a mapping or from a group of the same class."""
        if self.tag < 0 or self.current_tag(obj) == self.tag:
            self.clear(obj)
        self.activate(obj)
        self.plan.take(self.plan.view(obj, True), value, self.where)

    def export(self, obj: StructReader) -> object:
        """Return the group as a dict."""
        return self.plan.export_struct(self.plan.view(obj, False))

    def clear(self, obj: StructReader) -> None:
        """Set every field of the group to its default."""
        self.plan.reset(self.plan.view(obj, True))
