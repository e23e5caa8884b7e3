"""Objects of a message that no pointer leads to: taken out of their place, made without one, put elsewhere, cut and prolonged.

Knows where such an object lies and the pointer word that describes it. Does not know schemas; the sizes that an object needs are told.

An object that is dropped without having been adopted is zeroed, so that nothing of it is sent. New objects are laid out as the reference
implementation lays out its orphans.
"""

from __future__ import annotations

from sys import is_finalizing
from typing import TYPE_CHECKING

from caplet.errors import BuildError
from caplet.wire.builder import BuilderArena
from caplet.wire.copying import DeepCopy
from caplet.wire.segment import Segment
from caplet.wire.sizes import BIT, BYTE, COMPOSITE, DATA_BITS, POINTER
from caplet.wire.views import ListReader, StructReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.wire.buffers import Buffer

__all__ = ["Detached"]

_MAX_COUNT = (1 << 29) - 1
_UNLIMITED_DEPTH = 1 << 30


class Detached:
    """An object without a pointer to it, or null.

    Slots: `arena` the message; `segment` where the object lies, None for null; `content` its word position there; `tag` its pointer word
    without the offset; `far` the far pointer that led to it and may do so again, 0 when there was none.

    Args:
        arena: the message.
    """

    __slots__ = ("arena", "content", "far", "segment", "tag")

    arena: BuilderArena
    segment: Segment | None
    content: int
    far: int
    tag: int

    def __init__(self, arena: BuilderArena) -> None:
        self.arena = arena
        self.segment = None
        self.content = 0
        self.far = 0
        self.tag = 0

    def __del__(self) -> None:
        if is_finalizing is not None and not is_finalizing():  # the end of the process takes away what is needed here
            self.discard()

    @property
    def is_null(self) -> bool:
        """Whether there is no object (any more)."""
        return self.segment is None

    @property
    def kind(self) -> int:
        """What it is: 0 a struct, 1 a list, 3 a capability."""
        return self.tag & 3

    @property
    def length(self) -> int:
        """How many elements a list has; 0 for anything else."""
        if self.segment is None or self.tag & 3 != 1:
            return 0
        if (self.tag >> 32) & 7 == COMPOSITE:
            return (self.segment.u64s[self.content] >> 2) & 0x3FFFFFFF
        return self.tag >> 35

    # --- pointers -----------------------------------------------------------------------------------------------------------------

    def disown(self, segment: Segment, position: int) -> None:
        """Become the object that the pointer at word `position` leads to; the pointer becomes null."""
        self.discard()
        pointer = segment.u64s[position]
        if pointer == 0:
            return
        target, content = segment, position + 1
        if pointer & 3 == 2:
            self.far = pointer
            target, content, pointer = self.arena.follow_far(segment, position)
        elif pointer & 3 < 2:
            content += self.arena.offset_of(pointer)
        segment.u64s[position] = 0
        self.segment = target
        self.content = content
        self.tag = pointer if pointer & 3 == 3 else pointer & 0xFFFFFFFF00000003

    def adopt_into(self, segment: Segment, position: int) -> None:
        """Make the pointer at word `position` lead to the object, which is then no orphan any more; what it led to is cleared."""
        if segment.u64s[position]:
            self.arena.clear(segment, position)
        target = self.segment
        if target is None:
            return
        if self.far:
            segment.u64s[position] = self.far
        elif self.tag & 3 == 3:
            segment.u64s[position] = self.tag
        elif self.tag == 0:
            segment.u64s[position] = 0xFFFFFFFC  # a struct without size, found just before its pointer's end
        else:
            self.arena.point_at(segment, position, target, self.content, self.tag)
        self.segment = None
        self.far = 0

    def discard(self) -> None:
        """Zero the object with all that it leads to, and become null."""
        segment = self.segment
        if segment is None:
            return
        self.segment = None
        self.forget_pads()
        if self.tag & 3 == 3:
            self.arena.capabilities[self.tag >> 32] = None
            return
        waiting: list[tuple[Segment, int]] = []
        self.arena.clear_object(segment, self.content, self.tag, waiting)
        self.arena.clear_waiting(waiting)

    def forget_pads(self) -> None:
        """Zero the landing pads of the far pointer, which leads here no longer."""
        if self.far:
            pads: Segment = self.arena.segments[self.far >> 32]
            pads.zero((self.far >> 3 & 0x1FFFFFFF) << 3, 16 if self.far & 4 else 8)
            self.far = 0

    # --- new objects --------------------------------------------------------------------------------------------------------------

    def place(self, words: int, tag: int) -> None:
        """Become a new object of `words` zeroed words that `tag` describes."""
        self.discard()
        self.content = self.arena.allocate(words)
        self.segment = self.arena.newest
        self.tag = tag

    def new_struct(self, data_words: int, pointer_count: int) -> None:
        """Become a new struct."""
        self.place(data_words + pointer_count, data_words << 32 | pointer_count << 48)

    def new_list(self, size: int, length: int) -> None:
        """Become a new list of elements of this size code, structs excepted."""
        if length < 0 or length > _MAX_COUNT:
            raise BuildError(f"a list holds 0 to {_MAX_COUNT} elements, not {length}")
        step = 64 if size == POINTER else DATA_BITS[size]
        self.place((length * step + 63) >> 6, 1 | size << 32 | length << 35)

    def new_struct_list(self, length: int, data_words: int, pointer_count: int) -> None:
        """Become a new list of structs of these sizes."""
        words = length * (data_words + pointer_count)
        if length < 0 or length > _MAX_COUNT or words > _MAX_COUNT:
            raise BuildError(
                f"a list of {length} structs of {data_words + pointer_count} words is larger than a list can be"
            )
        self.place(words + 1, 1 | COMPOSITE << 32 | words << 35)
        target: Segment = self.segment  # type: ignore[assignment]
        target.u64s[self.content] = length << 2 | data_words << 32 | pointer_count << 48

    def new_capability(self, capability: object) -> None:
        """Become a reference to a capability, which joins the message's table."""
        self.discard()
        self.segment = self.arena.newest
        self.tag = 3 | len(self.arena.capabilities) << 32
        self.arena.capabilities.append(capability)

    def refer(self, content: Buffer) -> None:
        """Become data that lies outside: the buffer becomes a segment of the message, is kept alive by it and never written."""
        source = memoryview(content)
        if source.nbytes > _MAX_COUNT:
            raise BuildError(f"data of {source.nbytes} bytes is larger than a list can be ({_MAX_COUNT} bytes)")
        if source.nbytes == 0:
            self.new_list(BYTE, 0)
            return
        self.discard()
        segment = Segment.__new__(Segment)
        segment.refer(source, len(self.arena.segments))
        self.arena.segments.append(segment)
        self.segment = segment
        self.content = 0
        self.tag = 1 | BYTE << 32 | source.nbytes << 35

    def copy_struct(self, source: StructReader, data_words: int, pointer_count: int) -> None:
        """Become a deep copy of a struct, with sections of at least these sizes.

        Raises:
            DecodeError: the source is not well-formed, or larger than its limits allow.
        """
        self.new_struct(max(data_words, (source._data_bytes + 7) >> 3), max(pointer_count, source._pointer_count))
        made = StructReader()
        self.open_struct(made)
        if source._data_bytes:
            start = source._data
            made._segment.put_bytes(made._data, source._segment.view[start : start + source._data_bytes])
        copy = DeepCopy(self.arena)
        copy.put_off(made._segment, made._pointers, source, source._segment, source._pointers, source._pointer_count)
        copy.run()

    # --- the object -----------------------------------------------------------------------------------------------------------------

    def open_struct(self, builder: StructReader) -> None:
        """Make `builder` lie at the struct."""
        segment: Segment = self.segment  # type: ignore[assignment]
        self.arena.lay_struct(builder, segment, self.content, (self.tag >> 32) & 0xFFFF, self.tag >> 48)

    def open_list(self, builder: ListReader) -> None:
        """Make `builder` lie at the list."""
        segment: Segment = self.segment  # type: ignore[assignment]
        size = (self.tag >> 32) & 7
        data_bits = DATA_BITS[size]
        step = 64 if size == POINTER else data_bits
        pointer_count = 1 if size == POINTER else 0
        content = self.content
        if size == COMPOSITE:
            described = segment.u64s[content]
            data_bits = ((described >> 32) & 0xFFFF) << 6
            pointer_count = described >> 48
            step = data_bits + (pointer_count << 6)
            content += 1
        builder._arena = self.arena
        builder._segment = segment
        builder._start = content << 3
        builder._length = self.length
        builder._step_bits = step
        builder._data_bytes = data_bits >> 3
        builder._pointer_count = pointer_count
        builder._depth = _UNLIMITED_DEPTH
        builder._size = size

    def bytes_view(self) -> memoryview:
        """Return the bytes of a text or data, over the message's own memory."""
        segment: Segment = self.segment  # type: ignore[assignment]
        view = segment.view[self.content << 3 : (self.content << 3) + (self.tag >> 35)]
        return view.toreadonly() if segment.fixed else view

    # --- cutting and prolonging -------------------------------------------------------------------------------------------------------

    def resize(self, length: int) -> None:
        """Give a list another length.

        Elements that go are zeroed with what they lead to, and the space of those at the end of a segment is used again. New ones are
        empty; the list stays in place when what is behind it is free, and otherwise moves, its elements keeping what they lead to.

        Raises:
            BuildError: the object is no list, is external data, or the length is more than a list can have.
        """
        segment = self.segment
        if segment is None or self.tag & 3 != 1:
            raise BuildError("only a list, text or data has a length that can be changed")
        if segment.fixed:
            raise BuildError("external data is never written, and cannot be cut or prolonged")
        if length < 0 or length > _MAX_COUNT:
            raise BuildError(f"a list holds 0 to {_MAX_COUNT} elements, not {length}")
        old = ListReader()
        self.open_list(old)
        tags = 1 if old._size == COMPOSITE else 0
        old_words = tags + ((old._length * old._step_bits + 63) >> 6)
        words = tags + ((length * old._step_bits + 63) >> 6)
        if words - tags > _MAX_COUNT:
            raise BuildError(f"a list of {words} words is larger than a list can be")
        at_end = self.content + old_words == segment.used
        if length < old._length:
            self.cut(old, length)
            if at_end:
                segment.used = self.content + words
        elif not at_end or self.content + words > segment.words:
            self.move(old, words, tags)
        else:
            segment.used = self.content + words
        self.tell_length(length, old._step_bits)

    def tell_length(self, length: int, step_bits: int) -> None:
        """Write another length into the words that describe the list."""
        count = length
        if (self.tag >> 32) & 7 == COMPOSITE:
            target: Segment = self.segment  # type: ignore[assignment]
            described = target.u64s[self.content]
            target.u64s[self.content] = described & 0xFFFFFFFF00000000 | length << 2
            count = length * (step_bits >> 6)
        self.tag = self.tag & 0x7FFFFFFFF | count << 35
        if self.far:
            pads: Segment = self.arena.segments[self.far >> 32]
            at = (self.far >> 3 & 0x1FFFFFFF) + (self.far >> 2 & 1)
            pads.u64s[at] = pads.u64s[at] & 0xFFFFFFFF | self.tag & 0xFFFFFFFF00000000

    def cut(self, old: ListReader, length: int) -> None:
        """Zero the elements from `length` on, with all that they lead to."""
        segment = old._segment
        step = old._step_bits
        if old._pointer_count:
            for index in range(length, old._length):
                at = (old._start + (index * step >> 3) + old._data_bytes) >> 3
                for pointer in range(old._pointer_count):
                    self.arena.clear(segment, at + pointer)
        first = (length * step + 7) >> 3
        last = (old._length * step + 7) >> 3
        segment.zero(old._start + first, last - first)
        spare = length * step & 7
        if spare:
            segment.u8s[old._start + first - 1] &= (1 << spare) - 1

    def move(self, old: ListReader, words: int, tags: int) -> None:
        """Move the list to a new place of `words` words; its elements keep what they lead to, the old place is zeroed."""
        segment = old._segment
        content = self.arena.allocate(words)
        target = self.arena.newest
        start = (content + tags) << 3
        size = (old._length * old._step_bits + 7) >> 3
        if tags:
            target.u64s[content] = segment.u64s[self.content]
            segment.u64s[self.content] = 0
        if old._pointer_count:
            step = old._step_bits >> 3
            for index in range(old._length):
                to = start + index * step
                at = old._start + index * step
                self.arena.move_contents(
                    target,
                    to,
                    (to + old._data_bytes) >> 3,
                    segment,
                    at,
                    old._data_bytes,
                    (at + old._data_bytes) >> 3,
                    old._pointer_count,
                )
        elif size:
            target.put_bytes(start, segment.view[old._start : old._start + size])
            segment.zero(old._start, size)
        self.forget_pads()
        self.segment = target
        self.content = content

    # --- joining --------------------------------------------------------------------------------------------------------------------

    def copy_list(self, source: ListReader) -> None:
        """Become a deep copy of a list.

        Raises:
            DecodeError: the source is not well-formed, or larger than its limits allow.
        """
        structs = source._size == COMPOSITE
        self.join([source], source._size, source._data_bytes >> 3 if structs else 0, source._pointer_count)

    def join(self, lists: Sequence[ListReader], size: int, data_words: int, pointer_count: int) -> None:
        """Become a new list of copies of the elements of other lists, large enough for the largest of them.

        Args:
            lists: what to join, of one type.
            size: size code of an element of that type.
            data_words: data section that elements need at least, when they are structs.
            pointer_count: pointers that elements need at least, when they are structs.

        Raises:
            DecodeError: a list is not well-formed, or larger than its limits allow.
        """
        length = 0
        for items in lists:
            length += items._length
            if items._length and items._size == COMPOSITE:
                size = COMPOSITE
            data_words = max(data_words, (items._data_bytes + 7) >> 3)
            pointer_count = max(pointer_count, items._pointer_count)
        if size == COMPOSITE:
            self.new_struct_list(length, data_words, pointer_count)
        else:
            self.new_list(size, length)
        made = ListReader()
        self.open_list(made)
        copy = DeepCopy(self.arena)
        at = 0
        for items in lists:
            if size == BIT:
                self.join_bits(made, at, items)
            else:
                self.join_elements(made, at, items, copy)
            at += items._length

    def join_bits(self, made: ListReader, first: int, items: ListReader) -> None:
        """Copy bits from element `first` on."""
        for index in range(items._length):
            bit = items._segment.u8s[items._start + (index >> 3)] >> (index & 7) & 1
            at = first + index
            made._segment.u8s[made._start + (at >> 3)] |= bit << (at & 7)

    def join_elements(self, made: ListReader, first: int, items: ListReader, copy: DeepCopy) -> None:
        """Copy elements from element `first` on, one after the other with what it leads to."""
        size = items._data_bytes if made._size == COMPOSITE else min(items._data_bytes, made._data_bytes)
        pointers = min(items._pointer_count, made._pointer_count)
        step = items._step_bits >> 3
        start = made._start + first * (made._step_bits >> 3)
        if pointers == 0 and step == made._step_bits >> 3 and size == made._data_bytes:
            length = items._length * step
            made._segment.put_bytes(start, items._segment.view[items._start : items._start + length])
            return
        for index in range(items._length):
            to = start + index * (made._step_bits >> 3)
            at = items._start + index * step
            if size:
                made._segment.put_bytes(to, items._segment.view[at : at + size])
            copy.put_off(
                made._segment,
                (to + made._data_bytes) >> 3,
                items,
                items._segment,
                (at + items._data_bytes) >> 3,
                pointers,
            )
            copy.run()

    # --- reading without a type -------------------------------------------------------------------------------------------------------

    def scratch(self) -> Segment:
        """Return a segment outside of the message whose first word is a pointer to the object, to be read with `segments` behind it."""
        segment = Segment(bytearray(24), len(self.arena.segments), 3)
        target = self.segment
        if target is not None:
            if self.tag & 3 == 3:
                segment.u64s[0] = self.tag
            elif self.tag == 0:
                segment.u64s[0] = 0xFFFFFFFC
            else:
                segment.u64s[0] = 6 | 1 << 3 | segment.id << 32
                segment.u64s[1] = 2 | self.content << 3 | target.id << 32
                segment.u64s[2] = self.tag
        return segment
