"""Fields whose values lie behind a pointer.

Knows what null reads as, and that touching a builder's field makes room. Does not know what the pointer leads to (`kinds.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.runtime.fields import Field
from caplet.wire.message import MessageReader
from caplet.wire.views import StructBuilder, StructReader

if TYPE_CHECKING:
    from caplet.runtime.kinds import PointerKind
    from caplet.wire.arena import Arena
    from caplet.wire.builder import BuilderArena

__all__ = ["PointerField", "TextField"]

COMPILED = not __file__.endswith(".py")


class PointerField(Field):
    """A field whose value lies behind a pointer.

    Args:
        kind: the type.
        index: its pointer in the pointer section.
        default: what null reads as: a flat message, or None for the type's own default.
    """

    __slots__ = ("default_arena", "default_bytes", "index", "kind")

    def __init__(self, kind: PointerKind, index: int, default: bytes | None) -> None:
        self.kind = kind
        self.index = index
        self.default_bytes = default
        self.default_arena: Arena | None = None

    def is_set(self, obj: StructReader) -> bool:
        """Tell whether the pointer is not null."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            return False
        return self.index < obj._pointer_count and obj._segment.u64s[obj._pointers + self.index] != 0

    def read(self, obj: StructReader) -> object:
        """Return what the pointer leads to."""
        if isinstance(obj, StructBuilder):
            return self.touch(obj)
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.index >= obj._pointer_count or obj._segment.u64s[obj._pointers + self.index] == 0:
            return self.read_default(obj)
        return self.kind.load(obj._arena, obj._segment, obj._pointers + self.index, obj._depth, False)

    def export(self, obj: StructReader) -> object:
        """Return what the pointer leads to as plain Python."""
        if self.index >= obj._pointer_count or obj._segment.u64s[obj._pointers + self.index] == 0:
            arena = self.default_message()
            return self.kind.export_at(arena, arena.segments[0], 0, arena.nesting)
        return self.kind.export_at(obj._arena, obj._segment, obj._pointers + self.index, obj._depth)

    def read_default(self, obj: StructReader) -> object:
        """Return what null reads as."""
        arena = self.default_message()
        return self.kind.load(arena, arena.segments[0], 0, arena.nesting, False)

    def default_message(self) -> Arena:
        """Return the message that holds the default; an empty one when the type's own default holds."""
        if self.default_arena is None:
            self.default_arena = MessageReader([self.default_bytes or bytes(8)])
            self.default_arena.budget = 1 << 62  # our own bytes, read by every message that lacks the field
        return self.default_arena

    def touch(self, obj: StructReader) -> object:
        """Return what the pointer of a builder leads to, for writing."""
        if self.tag >= 0:
            self.activate(obj)
        position = self.position(obj)
        if self.default_bytes is not None and obj._segment.u64s[position] == 0:
            self.store_default(obj, position)
        return self.kind.load(obj._arena, obj._segment, position, obj._depth, True)

    def store_default(self, obj: StructReader, position: int) -> None:
        """Write a copy of the default, so that it can be changed."""
        from caplet.wire.untyped_builder import AnyPointerBuilder

        message = self.default_message()
        assert isinstance(message, MessageReader)
        AnyPointerBuilder(obj._arena, obj._segment, position).set(message.root)  # type: ignore[arg-type]

    def position(self, obj: StructReader) -> int:
        """Return the word position of the pointer in a builder."""
        if self.index >= obj._pointer_count:
            raise self.too_small(obj)
        return obj._pointers + self.index

    def write(self, obj: StructReader, value: object) -> None:
        """Make the pointer lead to `value`; None is null."""
        if self.tag >= 0:
            self.activate(obj)
        if self.index >= obj._pointer_count:
            raise self.too_small(obj)
        position = obj._pointers + self.index
        arena: BuilderArena = obj._arena  # type: ignore[assignment]
        if value is None:
            arena.clear(obj._segment, position)
        else:
            self.kind.store(arena, obj._segment, position, value, self.where)

    def clear(self, obj: StructReader) -> None:
        """Set the pointer to null."""
        arena: BuilderArena = obj._arena  # type: ignore[assignment]
        arena.clear(obj._segment, self.position(obj))


class TextField(PointerField):
    """A field of type Text."""

    __slots__ = ()

    def write(self, obj: StructReader, value: object) -> None:
        """Make the pointer lead to a text; None is null."""
        if self.tag >= 0:
            self.activate(obj)
        if not (
            COMPILED
            and self.index < obj._pointer_count
            and put_plain_text(obj._arena, obj._segment, obj._pointers + self.index, value)  # type: ignore[name-defined]  # noqa: F821  (pointer_fields.pxd)
        ):
            PointerField.write(self, obj, value)

    def read(self, obj: StructReader) -> object:
        """Return the text."""
        if self.tag >= 0 and self.current_tag(obj) != self.tag:
            raise self.inactive(obj)
        if self.index < obj._pointer_count:
            if COMPILED:
                plain = plain_text(obj._arena, obj._segment, obj._pointers + self.index)  # type: ignore[name-defined]  # noqa: F821  (pointer_fields.pxd)
                if plain is not None:
                    return plain  # pyright: ignore[reportUnknownVariableType]
            found = obj._arena.text(obj._segment, obj._pointers + self.index)
            if found is not None:
                return found
        return self.read_default(obj)
