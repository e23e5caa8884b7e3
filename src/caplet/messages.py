"""How much room a message is given, text and data seen in place, structs that can be keys, and whether bytes are canonical.

Knows first segments, growth, views of single fields and hashes. These are functions, because a field of a user may have any name that a method would
take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.runtime.kinds import DataKind, PointerKind, TextKind
from caplet.runtime.lists import PointerList
from caplet.runtime.plans import GroupField, StructKind
from caplet.runtime.pointer_fields import PointerField, TextField
from caplet.runtime.structs import finish_class
from caplet.wire.builder import DEFAULT_FIRST_SEGMENT_WORDS
from caplet.wire.canonical import is_canonical
from caplet.wire.message import MessageBuilder
from caplet.wire.views import StructBuilder, StructReader

if TYPE_CHECKING:
    from caplet.runtime.structs import Struct
    from caplet.wire.arena import Arena
    from caplet.wire.segment import Segment

__all__ = ["freeze", "is_canonical", "new_message", "view"]

# What makes frozen structs, by the class of which they are readers.
_FROZEN: dict[Any, StructKind] = {}


def new_message(cls: type[Struct], *, first_segment_words: int = DEFAULT_FIRST_SEGMENT_WORDS, grow: bool = True) -> Any:
    """Make a message and return its root as a builder, as `cls()` does, with a say in how its memory grows.

    Args:
        cls: the class of the root.
        first_segment_words: room in the first segment, in words of 8 bytes; at least 1. A message that fits has one segment.
        grow: whether each further segment is as large as all before it together; otherwise each is as large as the first. An object that is
            larger gets a segment of its own size.

    Raises:
        ValueError: `first_segment_words` is less than 1.
    """
    if first_segment_words < 1:
        raise ValueError(f"the first segment must hold the root pointer, so {first_segment_words} words are too few")
    return cls._init(MessageBuilder(first_segment_words, grow).root)


def freeze(struct: Any) -> Any:
    """Return a reader of a copy that nobody can change, and that therefore has a hash: it can be a key and a member of sets.

    Equal structs have equal hashes; numbers, enumerants and texts of the struct itself go into it, what it leads to does not.

    Args:
        struct: a reader or builder. A copy or pickle of a frozen one is not frozen.

    Raises:
        DecodeError: the message is malformed, or larger than its limits allow.
    """
    plan: StructKind = struct._plan
    frozen = _FROZEN.get(plan.struct)
    if frozen is None:
        namespace = {"__slots__": (), "__hash__": _hash, "__module__": plan.struct.__module__}
        cls: Any = type(plan.struct.__name__, (plan.struct,), namespace)
        finish_class(cls)
        frozen = _FROZEN[plan.struct] = StructKind(plan.name, plan.type_id, plan.data_words, plan.pointer_count)
        frozen.set_classes(cls, plan.builder)
    return frozen.view(struct.as_builder(), False)


def _hash(struct: Any) -> int:
    """Return the hash of a frozen struct, from what its fields read as."""
    plan: StructKind = struct._plan
    tag = plan.tag(struct)
    parts: list[object] = [plan.type_id, tag]
    for field in plan.fields:
        plain = isinstance(field, TextField) or not isinstance(field, PointerField | GroupField)
        if plain and (field.tag < 0 or field.tag == tag):
            value = field.read(struct)
            parts.append(value if value == value else "NaN")
    return hash(tuple(parts))


def view(holder: Any, key: str | int) -> memoryview:
    """Return a Text (without its NUL) or Data in place, without a copy.

    The view keeps the memory that it shows: the buffer of a message that is read stays open, as a bytearray stays as long as it is while it is
    exported. It is read-only unless it shows a Data of a builder. When that Data is replaced or cleared the view stays valid and shows zeros.

    Args:
        holder: a struct, or a list of Text or Data.
        key: the field's name, or the element's index.

    Returns:
        Its bytes; none for null, whatever the default is.

    Raises:
        AttributeError: there is no such field, or it is not the active member of its union (`InactiveMemberError`).
        TypeError: it is no Text or Data.
        DecodeError: the message is malformed there.
    """
    kind: PointerKind
    if isinstance(holder, PointerList):
        kind = holder.kind  # type: ignore[assignment]  # elements of such lists are pointers
        writable = holder.writable
        at = holder.pointer_at(holder.place(key))
    elif isinstance(holder, StructReader) and isinstance(key, str):
        plan: StructKind = getattr(holder, "_plan")  # noqa: B009  (every generated class has one)
        field = plan.by_name.get(key)
        if field is None:
            raise AttributeError(plan.no_field(key))
        if not isinstance(field, PointerField):
            raise TypeError(f"{field.where} is no text or data")
        if field.tag >= 0 and field.current_tag(holder) != field.tag:
            raise field.inactive(holder)
        kind = field.kind
        writable = isinstance(holder, StructBuilder)
        at = holder._pointers + field.index if field.index < holder._pointer_count else -1
    else:
        raise TypeError(f"expected a struct, or a list of texts or data, not {holder!r:.60}")
    if not isinstance(kind, TextKind | DataKind):
        raise TypeError(f"{key!r} is a {kind.name}, and no text or data")
    return _bytes_at(holder._arena, holder._segment, at, kind, writable) if at >= 0 else memoryview(b"")


def _bytes_at(arena: Arena, segment: Segment, position: int, kind: PointerKind, writable: bool) -> memoryview:
    """Return the bytes that the pointer at word `position` leads to."""
    found = arena.open_bytes(segment, position)
    if found is None:
        return memoryview(b"")
    target, start, length = found
    if isinstance(kind, TextKind):
        if length == 0 or target.view[start + length - 1]:
            raise arena.fail(segment, position, "text without the NUL that must end it")
        length -= 1
        writable = False
    shown = target.view[start : start + length]
    return shown if writable and not shown.readonly else shown.toreadonly()
