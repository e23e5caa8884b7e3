"""Struct classes: what every generated class can do.

Knows what users call on whole structs: making one, copying, comparing, showing, and the forms in which a message travels. Does not know how
a class is made from a schema (`factory.py`), how fields work (`fields.py`) or how structs are filled and taken apart (`plans.py`).

A class `Person` is what readers are; `Person.Builder`, a subclass of it, is what can be changed. `Person(...)` makes a message and gives its
root as a builder.
"""

from __future__ import annotations

from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any, ClassVar

from caplet.runtime.conversions import bounded, export_whole
from caplet.runtime.documentation import CLASS_SIGNATURE
from caplet.runtime.fields import Field, FieldBuilder
from caplet.runtime.forms import (
    MessageStream,
    frame_struct,
    new_root,
    open_framed,
    open_next,
    open_packed,
    open_segments,
    own_message,
    pack_struct,
    write_struct,
)
from caplet.runtime.object_types import see_as
from caplet.runtime.plans import GroupField, StructKind
from caplet.runtime.pointer_fields import PointerField
from caplet.wire.copying import copy_struct
from caplet.wire.message import MessageBuilder
from caplet.wire.streams import open_source
from caplet.wire.untyped import AnyPointer, set_caster
from caplet.wire.untyped_builder import AnyPointerBuilder
from caplet.wire.views import StructReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from caplet.limits import Limits
    from caplet.runtime.factory import ClassFactory
    from caplet.runtime.sent_calls import PipelineMember
    from caplet.schema.model import Node, StructType
    from caplet.wire.buffers import Buffer
    from caplet.wire.streams import Source, Target

__all__ = ["BuilderMixin", "Struct", "finish_class"]

COMPILED = not __file__.endswith(".py")

_REPR_CHARACTERS = 1000

# From here on untyped places can be seen as types.
set_caster(see_as)


class Struct(StructReader):
    """A struct in a message; the base of all generated classes.

    Args:
        args: fields in declared order.
        kwargs: fields by name.

    Making one makes a new message, whose root it is.
    """

    __slots__ = ()

    Builder: ClassVar[Any]
    _plan: ClassVar[StructKind]
    _node: ClassVar[Node]
    _schema_type: ClassVar[StructType]
    _fields: ClassVar[dict[str, Field]] = {}
    # Those that can be used before a struct of the class is there, once somebody asked for them.
    _members: ClassVar[dict[str, PipelineMember]]
    _factory: ClassVar[ClassFactory]
    __signature__: ClassVar[Any] = CLASS_SIGNATURE

    def __new__(cls, /, *args: object, **kwargs: object) -> Self:
        plan = cls._plan
        made = plan.new(True)
        new_root(plan, made)
        if args:
            plan.fill_in_order(made, args, kwargs)
        elif kwargs:
            plan.fill(made, kwargs)
        return made  # type: ignore[return-value]

    def __init__(self, /, *args: object, **kwargs: object) -> None:
        """Nothing is left to do."""

    # --- opening and making inside a message --------------------------------------------------------------------------------------

    @classmethod
    def _open(cls, pointer: AnyPointer) -> Self:
        """Return the struct that an untyped pointer leads to; null reads as defaults."""
        return cls._plan.open_at(pointer)  # type: ignore[return-value]

    @classmethod
    def _init(cls, pointer: AnyPointerBuilder) -> Any:
        """Make an untyped pointer lead to a new struct and return it as a builder."""
        return cls._plan.init_at(pointer)

    def _fill(self, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        """Set fields, `args` in declared order and `kwargs` by name, of a builder that nobody holds: long bytes are not copied."""
        self._arena.by_reference = True  # type: ignore[attr-defined]
        self._plan.fill_in_order(self, args, kwargs)

    def _reading(self) -> Any:
        """Return this struct as a reader, which makes no room for anything."""
        return self

    def _present(self) -> Iterator[tuple[str, Field]]:
        """Yield the fields that say something: pointers that are not null, the active member of the union, and all others."""
        reading = self._reading()
        active = self._plan.tag(reading)
        for field in self._plan.fields:
            if field.tag == active if field.tag >= 0 else field.is_set(reading):
                yield field.name, field

    def _explain(self, name: str) -> Any:
        """Raise the error for reading an attribute that is not there.

        Raises:
            AttributeError: always; it names the nearest fields.
        """
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__qualname__!r} object has no attribute {name!r}", name=name, obj=self)
        field = self._fields.get(name)
        if field is not None:
            return field.read(self)  # it raised an error of its own, which is the one to show
        raise AttributeError(self._plan.no_field(name))

    # --- copies, comparison, showing ------------------------------------------------------------------------------------------------

    def as_reader(self) -> Any:
        """Return a reader of the same memory; of a reader, itself."""
        return self

    def as_builder(self) -> Any:
        """Return a copy that can be changed, in a message of its own."""
        message = MessageBuilder(max(self._data_bytes // 8 + self._pointer_count + 1, 64))
        copy_struct(message, message.newest, 0, self)
        return self._plan.open_or_init(message, message.segments[0], 0)

    def copy(self, /, **changes: object) -> Any:
        """Return a copy in a message of its own: a builder of a builder, a reader of a reader.

        Args:
            changes: fields that are to have other values in the copy.
        """
        copied = self.as_builder()
        if changes:
            self._plan.fill(copied, changes)
        return copied.as_reader() if self._reading() is self else copied

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Any:
        return self.copy()

    def __replace__(self, /, **changes: object) -> Any:
        return self.copy(**changes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Struct):
            return NotImplemented
        plan = self._plan
        if other._plan is not plan and other._plan.type_id != plan.type_id:
            return False
        return plan.same(bounded(plan, self), bounded(other._plan, other))

    __hash__ = None  # type: ignore[assignment]  # what a builder holds changes, and it equals readers

    def __repr__(self) -> str:
        pieces: list[str] = []
        size = 0
        try:
            reading = bounded(self._plan, self)
            for name, field in self._present():
                piece = f"{name}={field.read(reading)!r}"
                pieces.append(piece)
                size += len(piece)
                if size > _REPR_CHARACTERS:
                    break
        except Exception as error:  # a repr never raises, whatever the message holds
            pieces.append(f"<{type(error).__name__}: {error}>")
        text = f"{self._plan.name}({', '.join(pieces)})"
        return text if len(text) <= _REPR_CHARACTERS else f"{text[:_REPR_CHARACTERS]}..."

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        for name, field in self._present():
            yield name, field.read(self._reading())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the struct in an interactive session."""
        printer.text(repr(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        plan = self._plan
        if plan.origin_of is None:
            raise TypeError(
                f"{self._plan.name} cannot be pickled: its schema comes from no file that could be loaded again"
            )
        message = MessageBuilder()
        copy_struct(message, message.newest, 0, self)
        if any(capability is not None for capability in message.capabilities):
            raise TypeError(f"this {self._plan.name} holds capabilities, which cannot be pickled")
        data: Any = frame_struct(self._plan.open_or_init(message, message.segments[0], 0))
        if protocol >= 5:
            data = PickleBuffer(data)
        return _unpickle, (*plan.origin_of(self._schema_type), data, self._reading() is not self)

    # --- forms ----------------------------------------------------------------------------------------------------------------------

    @classmethod
    def from_bytes(cls, data: Buffer, limits: Limits | None = None) -> Self:
        """Read a message that lies in a buffer, without a copy; what follows the message is not looked at.

        Args:
            data: one framed message; it must not be changed while anything of it is in use.
            limits: bounds for reading; None for the defaults.

        Raises:
            DecodeError: it is no whole message.
        """
        return open_framed(cls._plan, data, limits)  # type: ignore[return-value]

    @classmethod
    def from_segments(cls, segments: Sequence[Buffer], limits: Limits | None = None) -> Self:
        """Read a message whose segments lie in buffers of their own, without a copy.

        Args:
            segments: the segments in order.
            limits: bounds for reading; None for the defaults.

        Raises:
            DecodeError: there is no segment, or the first is empty.
        """
        return open_segments(cls._plan, segments, limits)  # type: ignore[return-value]

    @classmethod
    def read(cls, file: Source, limits: Limits | None = None, *, packed: bool = False) -> Self:
        """Read one message from a file, a socket or a buffer, and nothing that follows it.

        Args:
            file: any object with `read`, a socket that blocks, or a buffer, which is read in place; an `mmap` is read from its position on.
            limits: bounds for reading; None for the defaults.
            packed: whether the message is packed.

        Raises:
            EOFError: the file has ended.
            TruncatedError: the file ends inside the message.
            DecodeError: the message is larger than the limits allow.
        """
        found = open_next(cls._plan, open_source(file), limits, packed)
        if found is None:
            raise EOFError(f"the file has no further {cls._plan.name}")
        return found  # type: ignore[return-value]

    @classmethod
    def read_many(cls, file: Source, limits: Limits | None = None, *, packed: bool = False) -> Iterator[Self]:
        """Read the messages of a file, a socket or a buffer one by one, each when it is asked for.

        Args:
            file: as for `read`.
            limits: bounds for each message; None for the defaults.
            packed: whether the messages are packed.

        Raises:
            TruncatedError: the file ends inside a message.
            DecodeError: a message is larger than the limits allow.
        """
        return iter(MessageStream(cls._plan, file, limits, packed))

    def to_bytes(self) -> bytes:
        """Return the message with its segment table, as it travels on a stream."""
        return frame_struct(self)

    def to_segments(self) -> list[bytes]:
        """Return the message as the bytes of each of its segments."""
        return [bytes(segment.content()) for segment in own_message(self).segments]

    def write(self, file: Target, *, packed: bool = False) -> None:
        """Write the message to a file, a socket or a buffer as it travels on a stream.

        Args:
            file: any object with `write`, a socket that blocks, or a writable buffer, which is written from its start.
            packed: whether to pack the message.

        Raises:
            ValueError: a buffer has no room for the message.
        """
        write_struct(self, file, packed)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Any:
        """Return a builder with the fields of a mapping; the inverse of `to_dict`.

        Args:
            values: fields by their names in Python or in the schema. None is null for a field behind a pointer.

        Raises:
            AttributeError: there is no field of a name.
            TypeError: a value is of the wrong type.
            ValueError: a value does not fit.
        """
        plan = cls._plan
        made = plan.new(True)
        new_root(plan, made)
        plan.take(made, values, plan.name)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return the struct as plain Python values.

        Null pointers and union members that are not active are left out; groups and structs are dicts, lists are lists, enumerants are
        their names in the schema (their numbers, when the schema does not know them), Void is None, capabilities stay what they are.

        Raises:
            DecodeError: the message is malformed, nested deeper than 1000 structs and lists, or leads to the same content many times.
        """
        return export_whole(self._plan, self)

    @classmethod
    def from_packed(cls, data: Buffer, limits: Limits | None = None) -> Self:
        """Read a packed message.

        Args:
            data: one framed message, packed.
            limits: bounds for reading; None for the defaults.

        Raises:
            TruncatedError: the bytes end inside the message.
            DecodeError: the message is larger than the limits allow; no more is unpacked than they do.
        """
        return open_packed(cls._plan, data, limits)  # type: ignore[return-value]

    def to_packed(self) -> bytes:
        """Return the message with its segment table, packed."""
        return pack_struct(self)

    def to_canonical(self) -> bytes:
        """Return the canonical form: one segment without a table, equal for equal content.

        Raises:
            BuildError: the message holds capabilities.
        """
        from caplet.runtime.notations import as_canonical

        return as_canonical(self)

    @classmethod
    def from_canonical(cls, data: Buffer, limits: Limits | None = None) -> Self:
        """Read a message in canonical form, or any other single segment without a table.

        Args:
            data: the segment.
            limits: bounds for reading; None for the defaults.
        """
        return cls.from_segments([data], limits)

    @classmethod
    def from_text(cls, text: str) -> Any:
        """Return a builder of what a text in Cap'n Proto's own notation describes.

        Args:
            text: a struct, such as `(name = "Alice")`.

        Raises:
            ValueError: it describes no such struct; the text of the error says where.
        """
        from caplet.runtime.notations import of_text

        return of_text(cls, text)

    def to_text(self, *, pretty: bool = True) -> str:
        """Return the struct in Cap'n Proto's own notation, as `capnp decode` prints it.

        Args:
            pretty: whether long values take several lines.
        """
        from caplet.runtime.notations import as_text

        return as_text(self, pretty)

    @classmethod
    def from_json(cls, text: str | bytes) -> Any:
        """Return a builder of what a JSON text describes.

        Args:
            text: a JSON object with the schema's own names.

        Raises:
            ValueError: it describes no such struct; the text of the error says where.
        """
        from caplet.runtime.notations import of_json

        return of_json(cls, text)

    def to_json(self, *, pretty: bool = False) -> str:
        """Return the struct as JSON, with the schema's own names.

        Args:
            pretty: whether it takes several lines.
        """
        from caplet.runtime.notations import as_json

        return as_json(self, pretty)

    def __str__(self) -> str:
        try:
            return self.to_text(pretty=False)
        except Exception:  # like repr, it never raises, whatever the message holds
            return repr(self)

    def clear(self, *names: str) -> None:
        """Set fields back to their defaults.

        Args:
            names: the fields' names; none for every field.

        Raises:
            AttributeError: this is a reader.
        """
        raise AttributeError(f"{self._plan.name} cannot be cleared: readers are immutable")

    @property
    def total_words(self) -> int:
        """How many words the struct takes with all that it leads to, in a message of its own."""
        message = MessageBuilder()
        copy_struct(message, message.newest, 0, self)
        return sum(segment.used for segment in message.segments) - 1

    # --- for clients and servers ----------------------------------------------------------------------------------------------------

    def _as_pointer(self) -> AnyPointer:
        """Return an untyped pointer to a copy of this struct, with its capabilities."""
        message = MessageBuilder()
        copy_struct(message, message.newest, 0, self)
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
        if len(cls._plan.fields) != 1:
            return None
        (field,) = cls._plan.fields
        if isinstance(field, GroupField) or (isinstance(field, PointerField) and isinstance(field.kind, StructKind)):
            return None
        return field.name

    @classmethod
    def _readable_names(cls) -> list[str]:
        """Return the names of the fields that can always be read."""
        return [field.name for field in cls._plan.fields if field.tag < 0]


class BuilderMixin(FieldBuilder):
    """What builders have beyond readers; generated `Builder` classes derive from this and from their class."""

    __slots__ = ()

    _plan: ClassVar[StructKind]

    def as_reader(self) -> Any:
        """Return a reader of the same memory; it sees later changes."""
        return self._plan.view(self, False)

    def _reading(self) -> Any:
        """Return this struct as a reader, which makes no room for anything."""
        return self._plan.view(self, False)

    def clear(self, *names: str) -> None:
        """Set fields back to their defaults; without names all, and the union's first member becomes the active one.

        Args:
            names: the fields' names.

        Raises:
            AttributeError: there is no field of a name.
        """
        plan = self._plan
        if not names:
            plan.reset(self)
        for name in names:
            field = plan.by_name.get(name)
            if field is None:
                raise AttributeError(plan.no_field(name))
            field.activate(self)
            field.clear(self)


def finish_class(cls: type[Struct]) -> None:
    """Let a class explain attributes that are not there, at no cost for those that are; compiled, also make instances directly."""
    if COMPILED:
        set_slots(cls)  # type: ignore[name-defined]  # noqa: F821  (structs.pxd)
    else:
        cls.__getattr__ = Struct._explain  # type: ignore[attr-defined]


def _unpickle(find: Callable[..., type[Struct]], place: tuple[object, ...], data: Buffer, writable: bool) -> Any:
    """Return a pickled struct again.

    Args:
        find: returns the class, given `place`.
        data: the message.
        writable: whether it was a builder.
    """
    found = find(*place).from_bytes(data)
    return found.as_builder() if writable else found
