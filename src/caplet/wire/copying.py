"""Deep copies between messages.

Knows how whatever a pointer leads to is written again behind another pointer, objects in the order in which a reader meets them. Does
not know schemas; capabilities move from one message's table to the other's.

The walk keeps its own stack, so that deep messages cost memory and never recursion; the source's nesting limit and traversal budget
bound it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import DecodeError
from caplet.wire.sizes import COMPOSITE, POINTER, VOID
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct
from caplet.wire.views import ListReader, StructReader

if TYPE_CHECKING:
    from caplet.wire.arena import Arena
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment

__all__ = ["copy_list", "copy_pointer", "copy_struct"]


class DeepCopy:
    """One deep copy into `target`; `waiting` holds the pointers still to be copied, the next one last.

    Args:
        target: the message to copy into.
        segment: where the pointer that is to lead to the copy stands, None when none does yet. It may be a part of what is copied, and was null
            when the copying began; so it is in the copy, which would have no end otherwise.
        position: its word.
    """

    __slots__ = ("position", "segment", "target", "waiting")

    def __init__(self, target: BuilderArena, segment: Segment | None = None, position: int = 0) -> None:
        self.target = target
        self.segment = segment
        self.position = position
        self.waiting: list[tuple[Segment, int, Arena, Segment, int, int]] = []

    def run(self) -> None:
        """Copy what waits until nothing does."""
        while self.waiting:
            segment, position, arena, source, source_position, depth = self.waiting.pop()
            self.copy_one(segment, position, arena, source, source_position, depth)

    def copy_one(
        self, segment: Segment, position: int, arena: Arena, source: Segment, source_position: int, depth: int
    ) -> None:
        """Copy the object behind one pointer; its own pointers wait."""
        if source_position == self.position and source is self.segment:
            return
        pointer = source.u64s[source_position]
        if pointer == 0:
            if segment.u64s[position]:
                self.target.clear(segment, position)
            return
        if pointer & 3 == 2:
            _, _, pointer = arena.follow_far(source, source_position)
        kind = pointer & 3
        if kind == 0:
            struct = AnyStruct()
            arena.open_struct(struct, source, source_position, depth)
            self.copy_struct(segment, position, struct)
        elif kind == 1:
            items = AnyList()
            arena.open_list(items, source, source_position, depth, VOID)
            self.copy_list(segment, position, items)
        else:
            index = arena.capability_index(source, source_position)
            if index >= len(arena.capabilities):
                raise DecodeError(f"pointer to capability {index} of a table of {len(arena.capabilities)}")
            capability = arena.capabilities[index]
            if capability is not None:
                self.target.set_capability(segment, position, capability)
            elif segment.u64s[position]:
                # A table may say that there is none; the copy says so by its pointer, because tables of nothing are left out.
                self.target.clear(segment, position)

    def copy_struct(self, segment: Segment, position: int, source: StructReader) -> None:
        """Copy one struct behind the pointer at `position`; its pointers wait."""
        made = StructReader()
        data_words = (source._data_bytes + 7) >> 3
        self.target.init_struct(made, segment, position, data_words, source._pointer_count)
        data_bytes = source._data_bytes
        if data_bytes:
            made._segment.put_bytes(made._data, source._segment.view[source._data : source._data + data_bytes])
        self.put_off(made._segment, made._pointers, source, source._segment, source._pointers, source._pointer_count)

    def copy_list(self, segment: Segment, position: int, source: ListReader) -> None:
        """Copy one list behind the pointer at `position`; its pointers wait."""
        made = ListReader()
        length = source._length
        if source._size != COMPOSITE:
            self.target.init_list(made, segment, position, source._size, length)
            if source._size == POINTER:
                self.put_off(made._segment, made._start >> 3, source, source._segment, source._start >> 3, length)
            else:
                size = (length * source._step_bits + 7) >> 3
                made._segment.put_bytes(made._start, source._segment.view[source._start : source._start + size])
                spare = length * source._step_bits & 7
                if spare:
                    # Bits behind the last element are not part of the list.
                    made._segment.u8s[made._start + size - 1] &= (1 << spare) - 1
            return
        data_words = source._data_bytes >> 3
        pointer_count = source._pointer_count
        self.target.init_struct_list(made, segment, position, length, data_words, pointer_count)
        step = (data_words + pointer_count) << 3
        if pointer_count == 0:
            made._segment.put_bytes(made._start, source._segment.view[source._start : source._start + length * step])
            return
        size = data_words << 3
        for index in range(length - 1, -1, -1):
            start = source._start + index * step
            to = made._start + index * step
            if size:
                made._segment.put_bytes(to, source._segment.view[start : start + size])
            self.put_off(made._segment, (to + size) >> 3, source, source._segment, (start + size) >> 3, pointer_count)

    def put_off(
        self,
        segment: Segment,
        position: int,
        source: StructReader | ListReader,
        source_segment: Segment,
        source_position: int,
        count: int,
    ) -> None:
        """Let `count` pointers wait, the first of them to be copied first."""
        for index in range(count - 1, -1, -1):
            if source_segment.u64s[source_position + index]:
                self.waiting.append(
                    (segment, position + index, source._arena, source_segment, source_position + index, source._depth)
                )


def copy_pointer(target: BuilderArena, segment: Segment, position: int, source: AnyPointer) -> None:
    """Make the pointer at word `position` lead to a deep copy of what `source` leads to.

    Raises:
        DecodeError: the source is not well-formed, or larger than its limits allow.
    """
    if source.is_null:
        target.clear(segment, position)
        return
    if source._arena is target and segment.u64s[position]:
        if source._segment is not segment or source._position != position:
            copy_within(target, segment, position, source)
        return
    copy = DeepCopy(target, segment, position)
    copy.copy_one(segment, position, source._arena, source._segment, source._position, source._depth)
    copy.run()


def copy_struct(target: BuilderArena, segment: Segment, position: int, source: StructReader) -> None:
    """Make the pointer at word `position` lead to a deep copy of `source`.

    Raises:
        DecodeError: the source is not well-formed, or larger than its limits allow.
    """
    if source._arena is target and segment.u64s[position]:
        copy_within(target, segment, position, source)
        return
    copy = DeepCopy(target, segment, position)
    copy.copy_struct(segment, position, source)
    copy.run()


def copy_list(target: BuilderArena, segment: Segment, position: int, source: ListReader) -> None:
    """Make the pointer at word `position` lead to a deep copy of `source`.

    Raises:
        DecodeError: the source is not well-formed, or larger than its limits allow.
    """
    if source._arena is target and segment.u64s[position]:
        copy_within(target, segment, position, source)
        return
    copy = DeepCopy(target, segment, position)
    copy.copy_list(segment, position, source)
    copy.run()


def copy_within(
    target: BuilderArena, segment: Segment, position: int, source: AnyPointer | StructReader | ListReader
) -> None:
    """Copy from the same message behind a pointer that is not null: what it leads to is zeroed only when the copy is there, for it may be the source."""
    from caplet.wire.orphans import Detached

    copied = Detached(target)
    if isinstance(source, AnyPointer):
        kind = source.kind
        if kind == "struct":
            copied.copy_struct(source.struct(), 0, 0)
        elif kind == "list":
            copied.copy_list(source.list())
        else:
            copied.new_capability(source.capability())
    elif isinstance(source, ListReader):
        copied.copy_list(source)
    else:
        copied.copy_struct(source, 0, 0)
    copied.adopt_into(segment, position)
