"""Orphans: objects of a message that no field holds, to be moved between places of it without a copy, made first and put in place later, cut and prolonged.

Knows which kind of object each field and list element can hold. Does not know how objects lie in memory (`wire.orphans`). These are functions,
because a field of a user may have any name that a method would take.

An orphan belongs to one message. When it is dropped without having been adopted its memory is zeroed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.errors import BuildError
from caplet.runtime.kinds import (
    AnyPointerKind,
    DataKind,
    InterfaceKind,
    Kind,
    PointerKind,
    TextKind,
    pointer_at,
)
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.lists import List, PointerList
from caplet.runtime.object_types import DATA, object_kind
from caplet.runtime.plans import StructKind
from caplet.runtime.pointer_fields import PointerField
from caplet.wire.arena import Arena
from caplet.wire.builder import BuilderArena
from caplet.wire.orphans import Detached
from caplet.wire.sizes import BYTE
from caplet.wire.untyped_builder import AnyPointerBuilder
from caplet.wire.views import StructBuilder, StructReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from caplet.wire.buffers import Buffer
    from caplet.wire.segment import Segment

__all__ = ["Orphan", "adopt", "concatenate", "copy_orphan", "disown", "new_orphan", "refer_to"]

_STRUCT, _LIST, _CAPABILITY = 0, 1, 3


class Orphan:
    """An object of a message that no field or list holds, or null. Functions of this module make orphans.

    An orphan that is not adopted is zeroed when it is dropped; used with `with`, at the end of the block.
    """

    __slots__ = ("_detached", "_kind")

    def __init__(self, detached: Detached, kind: PointerKind) -> None:
        self._detached = detached
        self._kind = kind

    def __bool__(self) -> bool:
        return not self._detached.is_null

    def __len__(self) -> int:
        return max(self._detached.length - (isinstance(self._kind, TextKind)), 0)

    def __repr__(self) -> str:
        return f"<orphan of type {self._kind.name}>" if self else f"<orphan of type {self._kind.name}, null>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.discard()

    def get(self) -> Any:
        """Return the object: a builder of a struct, a list that can be written, a str, bytes, a client, an `AnyPointer` to be read.

        A null struct is made when it is asked for; other null objects are empty. What was got before the orphan was cut or prolonged must not
        be used any more. A list of an orphan grows by `extend`.
        """
        detached, kind = self._detached, self._kind
        if isinstance(kind, StructKind):
            if detached.is_null:
                detached.new_struct(kind.data_words, kind.pointer_count)
            made = kind.new(True)
            detached.open_struct(made)
            return made
        if isinstance(kind, ListKind) and not detached.is_null:
            found = kind.new()
            found.title = kind.name
            found.set_kind(kind.element, True, None, 0)
            detached.open_list(found)
            found._capacity = found._length
            if detached.segment is not None and detached.segment.fixed:
                found.writable = False
            return found
        return self.as_reader()

    def as_reader(self) -> Any:
        """Return the object to be read: a struct or list that cannot be written, a str, bytes, a client, an `AnyPointer`."""
        message = self._detached.arena
        scratch = self._detached.scratch()
        arena = Arena([*message.segments, scratch])
        arena.capabilities = message.capabilities
        arena.budget, arena.nesting = message.budget, message.nesting
        if isinstance(self._kind, AnyPointerKind):
            return pointer_at(arena, scratch, 0, arena.nesting)
        return self._kind.load(arena, scratch, 0, arena.nesting, False)

    def view(self) -> memoryview:
        """Return the bytes of a Text (without its NUL) or a Data, over the message's memory, to be written; external data cannot be written.

        Raises:
            TypeError: it is something else.
        """
        if not isinstance(self._kind, TextKind | DataKind):
            raise TypeError(f"an orphan of type {self._kind.name} is no text or data")
        if self._detached.is_null:
            return memoryview(b"")
        return self._detached.bytes_view()[: len(self)]

    def truncate(self, length: int) -> None:
        """Make a list, text or data shorter; what goes is zeroed, and at the end of a segment its space is used again.

        Args:
            length: elements or bytes that stay.

        Raises:
            ValueError: it is not longer than that, or no list, text or data (`BuildError`).
        """
        if not 0 <= length <= len(self):
            raise ValueError(f"{self._kind.name} of {len(self)} cannot be cut to {length}")
        self._resize(length)

    def extend(self, length: int) -> None:
        """Make a list, text or data longer by empty elements; it stays in place when there is room behind it, and moves otherwise.

        Args:
            length: elements or bytes to have then.

        Raises:
            ValueError: it is longer already, or no list, text or data (`BuildError`).
        """
        if length < len(self):
            raise ValueError(f"{self._kind.name} of {len(self)} cannot be prolonged to {length}")
        self._resize(length)

    def _resize(self, length: int) -> None:
        """Give it another length."""
        if self._detached.is_null:
            if not isinstance(self._kind, ListKind | TextKind | DataKind):
                raise BuildError(f"only a list, text or data has a length that can be changed, not {self._kind.name}")
            _make(self._detached, self._kind, length)
            return
        text = isinstance(self._kind, TextKind)
        self._detached.resize(length + text)
        if text:
            self._detached.bytes_view()[length] = 0

    def discard(self) -> None:
        """Zero the object and become null; nothing when it was adopted."""
        self._detached.discard()


# --- making orphans -------------------------------------------------------------------------------------------------------------------


def disown(holder: Any, key: str | int) -> Orphan:
    """Take an object out of the field or list element that holds it, which becomes null.

    Args:
        holder: a builder of a struct, or of a list of texts, data, lists, capabilities or any pointers.
        key: the field's name, or the element's index.

    Returns:
        The orphan, null when the field was.

    Raises:
        AttributeError: there is no such field, or it is not the active member of its union (`InactiveMemberError`).
        TypeError: the holder is no builder, or the field holds no object.
    """
    kind, segment, position = _find(holder, key, False)
    detached = Detached(holder._arena)
    if isinstance(kind, StructKind | ListKind) and not AnyPointerBuilder(holder._arena, segment, position).is_null:
        # What an older program wrote is made large enough while it still has a place.
        kind.load(holder._arena, segment, position, holder._depth, True)
    detached.disown(segment, position)
    return Orphan(detached, kind)


def adopt(holder: Any, key: str | int, orphan: Orphan) -> None:
    """Put an orphan into a field or list element of its message; it is no orphan any more, and what was there is zeroed.

    Args:
        holder: as for `disown`.
        key: the field's name, or the element's index. A member of a union becomes the active one.
        orphan: it becomes null. It must not contain the place where it goes.

    Raises:
        TypeError: the orphan is of another type than the place.
        ValueError: it belongs to another message.
    """
    kind, segment, position = _find(holder, key, True)
    if orphan._detached.arena is not holder._arena:
        raise ValueError(
            "an orphan can be adopted only in the message that it belongs to; copy_orphan makes a copy there"
        )
    if not _fits(kind, orphan._kind) or not _leads_to(kind, orphan._detached):
        raise TypeError(f"a place for {kind.name} cannot adopt an orphan of type {orphan._kind.name}")
    orphan._detached.adopt_into(segment, position)


def new_orphan(message: Any, type: Any, length: int = 0) -> Orphan:
    """Make an empty object that no field holds yet.

    Args:
        message: any builder of the message that it is to belong to.
        type: a struct class, `str`, `bytes`, `list[...]` of one of these, of an enum, of `bool` or of `float`; or a field, such as
            `Person.phones`, for an object of its type.
        length: elements of a list, bytes of a text or data.

    Raises:
        TypeError: it is none of these types.
    """
    kind = object_kind(type)
    detached = Detached(_arena_of(message))
    _make(detached, kind, length)
    return Orphan(detached, kind)


def copy_orphan(message: Any, value: Any) -> Orphan:
    """Make a deep copy that no field holds yet.

    Args:
        message: any builder of the message that it is to belong to.
        value: a struct or list, of any message, a str, or any buffer, which becomes Data.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(value, str):
        encoded = value.encode()
        orphan = new_orphan(message, str, len(encoded))
        orphan.view()[:] = encoded
        return orphan
    if isinstance(value, List):
        return concatenate(message, [value])
    if isinstance(value, StructReader):
        kind: StructKind = getattr(value, "_plan")  # noqa: B009  (every generated class has one)
        detached = Detached(_arena_of(message))
        detached.copy_struct(value, kind.data_words, kind.pointer_count)
        return Orphan(detached, kind)
    source = memoryview(value).cast("B")
    orphan = new_orphan(message, bytes, source.nbytes)
    orphan.view()[:] = source
    return orphan


def concatenate(message: Any, parts: Sequence[Any]) -> Orphan:
    """Make one object of the contents of several: of lists of one type, of texts, or of data.

    Args:
        message: any builder of the message that it is to belong to.
        parts: lists (of any messages), str, or buffers; at least one. Elements are deep copies, as large as those of the largest list, so that
            nothing is lost of what a newer program wrote.

    Raises:
        TypeError: they are not all of one type.
        ValueError: there are none.
    """
    if not parts:
        raise ValueError("nothing to join, and so no type of what is to be made")
    if all(isinstance(part, str) for part in parts):
        return copy_orphan(message, "".join(parts))
    if not isinstance(parts[0], List):
        return copy_orphan(message, b"".join(parts))
    element = parts[0].kind
    for part in parts:
        if not isinstance(part, List) or not _fits(element, part.kind):
            raise TypeError(f"lists to join must be of one type; {part!r:.60} is no List({element.name})")
    sizes = (element.data_words, element.pointer_count) if isinstance(element, StructKind) else (0, 0)
    detached = Detached(_arena_of(message))
    detached.join(parts, element.size, *sizes)
    return Orphan(detached, ListKind(element))


def refer_to(message: Any, content: Buffer) -> Orphan:
    """Make a Data of memory that lies outside of the message, without a copy.

    The memory becomes a segment of the message, which keeps it alive and open (a bytearray keeps its size, an `mmap` cannot be closed) and never
    writes it. Later changes of it are changes of the message. When its size is no multiple of 8, the zeros behind it that the message needs are
    added when the message is written.

    Args:
        message: any builder of the message.
        content: any contiguous buffer.
    """
    detached = Detached(_arena_of(message))
    detached.refer(content)
    return Orphan(detached, DATA)


# --- places and types -----------------------------------------------------------------------------------------------------------------


def _arena_of(message: Any) -> BuilderArena:
    """Return the message that a builder belongs to.

    Raises:
        TypeError: it is no builder.
    """
    arena = getattr(message, "_arena", None)
    if isinstance(message, List) and not message.writable:
        arena = None
    if not isinstance(arena, BuilderArena) or not isinstance(message, StructBuilder | List):
        raise TypeError(f"expected a builder, not {message!r:.60}")
    return arena


def _find(holder: Any, key: str | int, activate: bool) -> tuple[PointerKind, Segment, int]:
    """Return what a place can hold, and where its pointer stands.

    Args:
        holder: the builder of a struct or list.
        key: the field's name, or the element's index.
        activate: whether to make a member of a union the active one; otherwise it must be.
    """
    _arena_of(holder)
    if isinstance(holder, List):
        if not isinstance(holder, PointerList):
            raise TypeError(f"elements of a List({holder.kind.name}) are no objects of their own")
        at = holder.pointer_at(holder.place(key))
        assert isinstance(holder.kind, PointerKind)
        return holder.kind, holder._segment, at
    plan: StructKind = holder._plan
    field = plan.by_name.get(str(key))
    if field is None:
        raise AttributeError(plan.no_field(str(key)))
    if not isinstance(field, PointerField):
        raise TypeError(f"{field.where} holds no object of its own")
    if activate:
        field.activate(holder)
    elif field.tag >= 0 and field.current_tag(holder) != field.tag:
        raise field.inactive(holder)
    return field.kind, holder._segment, field.position(holder)


def _make(detached: Detached, kind: PointerKind, length: int) -> None:
    """Make an empty object of a type.

    Raises:
        TypeError: there are no empty ones of it.
    """
    if isinstance(kind, StructKind):
        if length:
            raise TypeError(f"{kind.name} is a struct and has no length")
        detached.new_struct(kind.data_words, kind.pointer_count)
    elif isinstance(kind, TextKind | DataKind):
        detached.new_list(BYTE, length + isinstance(kind, TextKind))
    elif isinstance(kind, ListKind):
        element = kind.element
        if isinstance(element, StructKind):
            detached.new_struct_list(length, element.data_words, element.pointer_count)
        else:
            detached.new_list(element.size, length)
    else:
        raise TypeError(f"there is no empty object of type {kind.name}")


def _fits(place: Kind, kind: Kind) -> bool:
    """Tell whether objects of a type can be where objects of another are held."""
    if place is kind or isinstance(place, AnyPointerKind) or isinstance(kind, AnyPointerKind):
        return True
    if isinstance(place, StructKind):
        return isinstance(kind, StructKind) and place.type_id == kind.type_id
    if isinstance(place, ListKind):
        return isinstance(kind, ListKind) and _fits(place.element, kind.element)
    if isinstance(place, InterfaceKind):
        return isinstance(kind, InterfaceKind)
    return place.name == kind.name


def _leads_to(place: PointerKind, detached: Detached) -> bool:
    """Tell whether an object is of the kind that a place holds, as far as pointers tell; an orphan of any type may be of another one."""
    if detached.is_null or place.name == "AnyPointer":
        return True
    if isinstance(place, StructKind) or place.name == "AnyStruct":
        return detached.kind == _STRUCT
    if isinstance(place, InterfaceKind):
        return detached.kind == _CAPABILITY
    return detached.kind == _LIST
