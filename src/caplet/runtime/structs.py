"""Struct classes: what every generated class can do.

Knows whole structs: making one, opening one, copying, comparing, showing, and the forms in which a message travels. Does not know how a
class is made from a schema (`factory.py`) or how fields work (`fields.py`).

A class `Person` is what readers are; `Person.Builder`, a subclass of it, is what can be changed. `Person(...)` makes a message and gives its
root as a builder.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, cast

from caplet.errors import DecodeError
from caplet.runtime.fields import Field, FieldBuilder, GroupField, PointerField
from caplet.runtime.lists import List, ListKind
from caplet.wire.copying import copy_struct
from caplet.wire.framing import frame, read_table
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.untyped import AnyPointer
from caplet.wire.untyped_builder import AnyPointerBuilder
from caplet.wire.views import StructReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO, Self

    from caplet.limits import Limits
    from caplet.runtime.pipelines import PipelineMember
    from caplet.schema.model import Node
    from caplet.wire.arena import Arena
    from caplet.wire.buffers import Buffer
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment

__all__ = ["Struct"]

_REPR_CHARACTERS = 1000


class Struct(StructReader):
    """A struct in a message; the base of all generated classes.

    Args:
        args: fields in declared order.
        kwargs: fields by name.

    Making one makes a new message, whose root it is.
    """

    __slots__ = ()

    Builder: ClassVar[Any]
    _node: ClassVar[Node]
    _data_words: ClassVar[int] = 0
    _struct_pointers: ClassVar[int] = 0
    _fields: ClassVar[dict[str, Field]] = {}
    _members: ClassVar[tuple[str, ...]] = ()
    _tag_index: ClassVar[int] = -1

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        made: Self = StructReader.__new__(cls.Builder)
        return made

    def __init__(self, *args: object, **kwargs: object) -> None:
        message = MessageBuilder()
        message.init_struct(self, message.segments[0], 0, self._data_words, self._struct_pointers)
        if args or kwargs:
            self._fill(args, kwargs)

    # --- opening and making inside a message --------------------------------------------------------------------------------------

    @classmethod
    def _open(cls, pointer: AnyPointer) -> Self:
        """Return the struct that an untyped pointer leads to; null reads as defaults."""
        if pointer.is_null:
            return cls._default()
        return cls._open_at(pointer._arena, pointer._segment, pointer._position, pointer._depth)

    @classmethod
    def _open_at(cls, arena: Arena, segment: Segment, position: int, depth: int) -> Self:
        """Return the struct that the pointer at word `position` leads to; null reads as defaults."""
        found: Self = StructReader.__new__(cls)
        if arena.open_struct(found, segment, position, depth):
            return found
        return cls._default()

    @classmethod
    def _default(cls) -> Self:
        """Return a struct that lies nowhere and reads as defaults."""
        found: Self = StructReader.__new__(cls)
        StructReader.__init__(found)
        return found

    @classmethod
    def _init(cls, pointer: AnyPointerBuilder) -> Any:
        """Make an untyped pointer lead to a new struct and return it as a builder."""
        made: Any = StructReader.__new__(cls.Builder)
        pointer._arena.init_struct(made, pointer._segment, pointer._position, cls._data_words, cls._struct_pointers)
        return made

    @classmethod
    def _open_or_init(cls, arena: Any, segment: Segment, position: int) -> Any:
        """Return a builder of the struct that a pointer leads to, with room for all fields; a new one for null."""
        made: Any = StructReader.__new__(cls.Builder)
        if not arena.writable_struct(made, segment, position, cls._data_words, cls._struct_pointers):
            arena.init_struct(made, segment, position, cls._data_words, cls._struct_pointers)
        return made

    @classmethod
    def _store(cls, arena: BuilderArena, segment: Segment, position: int, value: object, where: str) -> None:
        """Make a pointer lead to a copy of a struct of this class, or to a new one with the fields of a mapping."""
        if isinstance(value, Struct):
            if not value._is_a(cls):
                raise TypeError(f"{where}: expected {cls.__qualname__}, not {type(value).__qualname__}")
            copy_struct(arena, segment, position, value)
            return
        made: Any = StructReader.__new__(cls.Builder)
        arena.init_struct(made, segment, position, cls._data_words, cls._struct_pointers)
        made._take(value, where)

    @classmethod
    def _is_same(cls, other: type[Struct]) -> bool:
        """Tell whether another class stands for the same schema type."""
        return cls._node.id == other._node.id

    def _is_a(self, cls: type[Struct]) -> bool:
        """Tell whether this struct is of the type that `cls` stands for."""
        return isinstance(self, cls) or type(self)._is_same(cls)

    # --- fields -------------------------------------------------------------------------------------------------------------------

    def _fill(self, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        """Set fields, `args` in declared order and `kwargs` by name."""
        fields = self._fields
        if args:
            names = list(fields)
            if len(args) > len(names):
                raise TypeError(f"{self._title()} has {len(names)} fields; {len(args)} values were given")
            for name, value in zip(names, args, strict=False):
                if name in kwargs:
                    raise TypeError(f"{self._title()}: two values for {name!r}")
                if value is not None:
                    fields[name].write(self, value)
        for name, value in kwargs.items():
            field = fields.get(name)
            if field is None:
                field = self._field_named(name)
            if value is None and not isinstance(field, PointerField) and field.tag < 0:
                continue
            field.write(self, value)

    @classmethod
    def _field_named(cls, name: str) -> Field:
        """Return the field called `name` in the schema.

        Raises:
            AttributeError: there is none; the text names the nearest.
        """
        for field in cls._fields.values():
            if field.schema_name == name:
                return field
        raise AttributeError(cls._no_field(name))

    @classmethod
    def _no_field(cls, name: str) -> str:
        """Return what is wrong with a name that is no field."""
        near = difflib.get_close_matches(name, list(cls._fields), 3, 0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"{cls._title()} has no field {name!r}{hint}"

    @classmethod
    def _title(cls) -> str:
        """Return the class's name, the same for readers and builders."""
        return cls.__qualname__.removesuffix(".Builder")

    def _take(self, value: object, where: str) -> None:
        """Set all fields of a fresh struct from a mapping or from another struct of the class."""
        if isinstance(value, Struct):
            if not value._is_a(type(self)):
                raise TypeError(f"{where}: expected {self._title()}, not {type(value)._title()}")
            for name, field in value._present():
                self._fields[name].write(self, field.read(value._reading()))
        elif hasattr(value, "keys"):
            self._fill((), value)  # type: ignore[arg-type]
        elif isinstance(value, tuple | list):
            values = cast(Any, value)
            self._fill(values, {})
        else:
            raise TypeError(
                f"{where}: expected {self._title()} or a mapping, not {type(value).__name__} ({value!r:.60})"
            )

    def _present(self) -> Iterator[tuple[str, Field]]:
        """Yield the fields that say something: pointers that are not null, the active member of the union, and all others."""
        reading = self._reading()
        active = reading._tag()
        for name, field in self._fields.items():
            if field.tag >= 0:
                if field.tag == active:
                    yield name, field
            elif field.is_set(reading):
                yield name, field

    def _reading(self) -> Self:
        """Return this struct as a reader, which makes no room for anything."""
        return self

    def _tag(self) -> int:
        """Return the number of the union's active member, -1 when there is no union."""
        index = self._tag_index
        if index < 0:
            return -1
        if (index << 1) + 2 > self._data_bytes:
            return 0
        return int.from_bytes(self._segment.blob(self._data + (index << 1), 2), "little")

    def __getattr__(self, name: str) -> Any:
        field = self._fields.get(name)
        if field is not None:
            return field.read(self)  # it raised an AttributeError of its own, which is the one to show
        if name.startswith("has_"):
            field = self._fields.get(name[4:])
            if isinstance(field, PointerField):
                return field.is_set(self)
        raise AttributeError(self._no_field(name), name=name, obj=None)

    # --- copies, comparison, showing ------------------------------------------------------------------------------------------------

    def as_reader(self) -> Any:
        """Return a reader of the same memory; of a reader, itself."""
        return self

    def as_builder(self) -> Any:
        """Return a copy that can be changed, in a message of its own."""
        message = MessageBuilder(max(self._data_bytes // 8 + self._pointer_count + 1, 64))
        copy_struct(message, message.segments[0], 0, self)
        return type(self)._open_or_init(message, message.segments[0], 0)

    def copy(self) -> Any:
        """Return a copy in a message of its own: a builder of a builder, a reader of a reader."""
        copied = self.as_builder()
        return copied.as_reader() if self._reading() is self else copied

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Any:
        return self.copy()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Struct):
            return NotImplemented
        if not other._is_a(type(self)) and not self._is_a(type(other)):
            return False
        mine, theirs = self._reading(), other._reading()
        if mine._tag() != theirs._tag():
            return False
        tag = mine._tag()
        # Pointers that are null on both sides are equal; reading them would go round in types that hold themselves.
        return all(
            field.read(mine) == field.read(theirs)
            for field in self._fields.values()
            if (field.tag < 0 or field.tag == tag) and (field.is_set(mine) or field.is_set(theirs))
        )

    __hash__ = None  # type: ignore[assignment]  # what a builder holds changes, and it equals readers

    def __repr__(self) -> str:
        pieces: list[str] = []
        try:
            for name, field in self._present():
                pieces.append(f"{name}={field.read(self._reading())!r}")
        except Exception as error:  # a repr never raises, whatever the message holds
            pieces.append(f"<{type(error).__name__}: {error}>")
        text = f"{self._title()}({', '.join(pieces)})"
        return text if len(text) <= _REPR_CHARACTERS else f"{text[:_REPR_CHARACTERS]}..."

    def __reduce__(self) -> Any:
        return _unpickle, (type(self), self.to_bytes())

    # --- forms ----------------------------------------------------------------------------------------------------------------------

    @classmethod
    def from_bytes(cls, data: Buffer, limits: Limits | None = None) -> Self:
        """Read a message that lies in a buffer, without a copy.

        Args:
            data: one framed message; it must not be changed while anything of it is in use.
            limits: bounds for reading; None for the defaults.

        Raises:
            DecodeError: it is no whole message, or bytes follow it.
        """
        from caplet.limits import DEFAULT_LIMITS

        view = memoryview(data)
        if view.ndim != 1 or view.itemsize != 1:
            view = view.cast("B")
        found = read_table(view, 0, limits or DEFAULT_LIMITS)
        if found is None:
            raise DecodeError(f"{len(view)} bytes hold no whole segment table")
        sizes, at = found
        segments: list[memoryview] = []
        for words in sizes:
            segments.append(view[at : at + (words << 3)])
            at += words << 3
        if at > len(view):
            raise DecodeError(f"the segment table tells of {at} bytes; there are {len(view)}")
        if at < len(view):
            raise DecodeError(f"{len(view) - at} bytes follow the message")
        return cls._open(MessageReader(segments, limits).root)

    @classmethod
    def from_segments(cls, segments: Sequence[Buffer], limits: Limits | None = None) -> Self:
        """Read a message whose segments lie in buffers of their own, without a copy.

        Args:
            segments: the segments in order.
            limits: bounds for reading; None for the defaults.
        """
        return cls._open(MessageReader(segments, limits).root)

    def _message(self) -> list[memoryview]:
        """Return the segments of a message whose root this struct is: its own when it is a root already."""
        arena = getattr(self, "_arena", None)
        if isinstance(arena, MessageBuilder) and arena.segments[0] is self._segment and self._data == 8:
            # The root pointer leads to the word behind it, and says these sizes: this is the root.
            root = (self._data_bytes >> 3) << 32 | self._pointer_count << 48
            if self._segment.blob(0, 8) == root.to_bytes(8, "little"):
                return arena.output()
        message = MessageBuilder()
        copy_struct(message, message.segments[0], 0, self)
        return message.output()

    def to_segments(self) -> list[bytes]:
        """Return the message as the bytes of each of its segments."""
        return [bytes(segment) for segment in self._message()]

    def to_bytes(self) -> bytes:
        """Return the message with its segment table, as it travels on a stream."""
        return b"".join(frame(self._message()))

    def write(self, file: BinaryIO) -> None:
        """Write the message to a file as it travels on a stream.

        Args:
            file: any object with `write`.
        """
        file.write(self.to_bytes())

    def to_dict(self) -> dict[str, Any]:
        """Return the struct as plain Python values.

        Null pointers and union members that are not active are left out; groups and structs are dicts, lists are lists, enumerants are
        their names in the schema (their numbers, when the schema does not know them), Void is None, capabilities stay what they are.
        """
        return {name: plain_value(field.read(self._reading())) for name, field in self._present()}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Any:
        """Return a builder with the fields of a mapping; the inverse of `to_dict`.

        Args:
            values: fields by their names in Python or in the schema.
        """
        made = cls()
        made._fill((), values)
        return made

    def clear(self) -> None:
        """Set every field back to its default.

        Raises:
            AttributeError: this is a reader.
        """
        raise AttributeError(f"{self._title()} cannot be cleared: readers are immutable")

    # --- for clients and servers ----------------------------------------------------------------------------------------------------

    def _as_pointer(self) -> AnyPointer:
        """Return an untyped pointer to a copy of this struct, with its capabilities."""
        message = MessageBuilder()
        copy_struct(message, message.segments[0], 0, self)
        return message.root.as_reader()

    @classmethod
    def _pipeline_members(cls) -> Mapping[str, PipelineMember]:
        """Return the members that can be used before the struct is there."""
        from caplet.runtime.pipelines import members_of

        return members_of(cls)

    @classmethod
    def _can_hold_capabilities(cls) -> bool:
        """Tell whether a capability may stand anywhere in such a struct; true when that is not known."""
        from caplet.runtime.pipelines import can_hold_capabilities

        return can_hold_capabilities(cls)

    @classmethod
    def _single_value_field(cls) -> str | None:
        """Return the name of the one field that is no struct or group, None when there are other fields or none."""
        if len(cls._fields) != 1:
            return None
        ((name, field),) = cls._fields.items()
        from caplet.runtime.kinds import StructKind

        if isinstance(field, GroupField) or (isinstance(field, PointerField) and isinstance(field.kind, StructKind)):
            return None
        return name

    @classmethod
    def _readable_names(cls) -> list[str]:
        """Return the names of the fields that can always be read."""
        return [name for name, field in cls._fields.items() if field.tag < 0]


class BuilderMixin(FieldBuilder):
    """What builders have beyond readers; generated `Builder` classes derive from their class and from this."""

    __slots__ = ()

    _fields: ClassVar[dict[str, Field]]
    _reader_class: ClassVar[type[Struct]]

    def as_reader(self) -> Any:
        """Return a reader of the same memory; it sees later changes."""
        found: Any = StructReader.__new__(self._reader_class)
        found._arena = self._arena
        found._segment = self._segment
        found._data = self._data
        found._data_bytes = self._data_bytes
        found._pointers = self._pointers
        found._pointer_count = self._pointer_count
        found._depth = self._depth
        return found

    def _reading(self) -> Any:
        """Return this struct as a reader, which makes no room for anything."""
        return self.as_reader()

    def clear(self) -> None:
        """Set every field back to its default; the union's first member becomes the active one."""
        cls: Any = type(self)
        for field in self._fields.values():
            if field.tag < 0:
                field.clear(self)
        if cls._tag_index >= 0:
            active = cls._tag(self)
            for field in self._fields.values():
                if field.tag == active:
                    field.clear(self)
            if (cls._tag_index << 1) + 2 <= self._data_bytes:
                self._segment.zero(self._data + (cls._tag_index << 1), 2)

    def _unknown(self, name: str) -> str:
        """Return what is wrong with a name that is no field."""
        cls: Any = type(self)
        return cls._no_field(name)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("init_"):
            field = self._fields.get(name[5:])
            if field is not None:
                return Initializer(self, field)
        return Struct.__getattr__(self, name)  # type: ignore[arg-type]


class Initializer:
    """What `init_x` of a builder is: call it to make the field anew."""

    __slots__ = ("_field", "_owner")

    def __init__(self, owner: StructReader, field: Field) -> None:
        self._owner = owner
        self._field = field

    def __call__(self, length: int | None = None) -> Any:
        """Make the field anew and return it.

        Args:
            length: how many elements, of a list; how many bytes, of data.

        Raises:
            TypeError: the field is no list, struct or group, or `length` does not fit it.
        """
        field, owner = self._field, self._owner
        if isinstance(field, GroupField):
            field.write(owner, {})
            return field.read(owner)
        if not isinstance(field, PointerField):
            raise TypeError(f"{field.where} is no list, struct or group")
        field.writable(owner)
        field.clear(owner)
        arena: Any = owner._arena
        kind = field.kind
        if isinstance(kind, ListKind):
            if length is None:
                raise TypeError(f"{field.where} is a list; say how many elements it is to have")
            return kind.init(arena, owner._segment, field.position(owner), length)
        if length is not None:
            raise TypeError(f"{field.where} is no list and has no length")
        return kind.load(arena, owner._segment, field.position(owner), owner._depth, True)


def plain_value(value: Any) -> Any:
    """Return a field's value as plain Python."""
    if isinstance(value, Struct):
        return value.to_dict()
    if isinstance(value, List):
        return [plain_value(item) for item in value]
    schema_name = getattr(value, "schema_name", value)
    if schema_name is not value:
        return int(value) if schema_name is None else schema_name
    return value


def _unpickle(cls: type[Struct], data: bytes) -> Any:
    """Return a pickled struct again."""
    return (
        cls.from_bytes(data) if not issubclass(cls, BuilderMixin) else cls._reader_class.from_bytes(data).as_builder()
    )
