"""One message that is built in place: where new objects go, and how pointers to them are written.

Knows allocation (which segment, when a far pointer is needed), how a pointer is set, moved and cleared, and that replaced objects are
zeroed. Does not know how objects are copied between messages (`copying.py`) or what schemas say.

Objects are laid out as the reference implementation lays them out (same first segment, same growth), so that equal steps give equal
bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import BuildError
from caplet.wire.arena import Arena
from caplet.wire.segment import Segment
from caplet.wire.sizes import (
    BYTE,
    COMPOSITE,
    EMPTY_STRUCT,
    HIGH_HALF,
    MAX_LIST_ELEMENTS,
    MAX_SEGMENT_WORDS,
    POINTER,
    UNLIMITED_DEPTH,
    UNLIMITED_WORDS,
)

if TYPE_CHECKING:
    from caplet.wire.views import ListReader, StructReader

__all__ = ["DEFAULT_FIRST_SEGMENT_WORDS", "BuilderArena"]

COMPILED = not __file__.endswith(".py")

DEFAULT_FIRST_SEGMENT_WORDS = 1024
# From this length on, bytes are referred to where that is allowed; in a message of so many segments no more are, as readers bound their number.
REFERRED_BYTES = 16 * 1024
REFERRED_SEGMENTS = 64


class BuilderArena(Arena):
    """The memory of one message that is being built.

    Args:
        first_segment_words: size of the first segment.
        grow: whether later segments are as large as all before them together; otherwise each has the size of the first.
    """

    __slots__ = ("by_reference", "grow", "newest", "next_words", "target")

    # Whether long bytes that it is filled with may stay where they are: nobody writes them later, or looks for them in the message.
    by_reference: bool
    grow: bool
    newest: Segment
    next_words: int
    target: Segment

    def __init__(self, first_segment_words: int = DEFAULT_FIRST_SEGMENT_WORDS, grow: bool = True) -> None:
        self.start(first_segment_words, grow)

    def start(self, first_segment_words: int, grow: bool) -> None:
        """Make the first segment; the arguments are those of the class."""
        words = first_segment_words if first_segment_words > 0 else 1
        first = Segment.__new__(Segment)
        first.allocate(words, 0, 1)
        self.segments = [first]
        self.capabilities = []
        self.budget = UNLIMITED_WORDS
        self.nesting = UNLIMITED_DEPTH
        self.newest = first
        self.target = first
        self.by_reference = False
        self.grow = grow
        self.next_words = words

    # --- allocation -------------------------------------------------------------------------------------------------------------

    def allocate(self, words: int) -> int:
        """Reserve `words` zeroed words in the newest segment, or in a new one when it is full.

        Returns:
            The word position; the segment is `self.newest`.
        """
        segment = self.newest
        if segment.used + words > segment.words:
            if words > MAX_SEGMENT_WORDS:
                raise BuildError(
                    f"an object of {words} words is larger than a segment can be ({MAX_SEGMENT_WORDS} words)"
                )
            size = max(words, self.next_words)
            segment = Segment.__new__(Segment)
            segment.allocate(size, len(self.segments), 0)
            self.segments.append(segment)
            self.newest = segment
            if self.grow:
                self.next_words = min(self.next_words + size, MAX_SEGMENT_WORDS)
        position = segment.used
        segment.used = position + words
        return position

    def new_object(self, segment: Segment, position: int, words: int, descriptor: int) -> int:
        """Reserve `words` and make the pointer at word `position` of `segment` lead there.

        Args:
            descriptor: the pointer word without its offset: kind in the low two bits, sizes in the high half.

        Returns:
            The word position of the object; its segment is `self.target`.
        """
        if segment.u64s[position]:
            self.clear(segment, position)
        content = segment.used
        if content + words <= segment.words:
            segment.used = content + words
            segment.u64s[position] = descriptor | ((content - position - 1) & 0x3FFFFFFF) << 2
            self.target = segment
            return content
        # No room: the object goes elsewhere behind a landing pad, and a far pointer leads to the pad.
        pad = self.allocate(words + 1)
        segment_id = self.newest.id
        self.newest.u64s[pad] = descriptor
        segment.u64s[position] = 2 | pad << 3 | segment_id << 32
        self.target = self.newest
        return pad + 1

    # --- structs ----------------------------------------------------------------------------------------------------------------

    def lay_struct(
        self, builder: StructReader, segment: Segment, content: int, data_words: int, pointer_count: int
    ) -> None:
        """Make `builder` lie at word `content` of `segment`."""
        builder._arena = self
        builder._segment = segment
        builder._data = content << 3
        builder._data_bytes = data_words << 3
        builder._pointers = content + data_words
        builder._pointer_count = pointer_count
        builder._depth = UNLIMITED_DEPTH

    def init_struct(
        self, builder: StructReader, segment: Segment, position: int, data_words: int, pointer_count: int
    ) -> None:
        """Make the pointer at word `position` lead to a new struct, and `builder` lie there; what it led to is cleared."""
        words = data_words + pointer_count
        if words == 0:
            if segment.u64s[position]:
                self.clear(segment, position)
            segment.u64s[position] = EMPTY_STRUCT
            self.lay_struct(builder, segment, position, 0, 0)
            return
        content = self.new_object(segment, position, words, data_words << 32 | pointer_count << 48)
        self.lay_struct(builder, self.target, content, data_words, pointer_count)

    def writable_struct(
        self, builder: StructReader, segment: Segment, position: int, data_words: int, pointer_count: int
    ) -> bool:
        """Make `builder` lie at the struct that the pointer leads to, grown to at least the given sizes.

        Returns:
            False for a null pointer; `builder` is left alone.
        """
        if not self.open_struct(builder, segment, position, UNLIMITED_DEPTH):
            return False
        if builder._data_bytes >= data_words << 3 and builder._pointer_count >= pointer_count:
            return True
        # An older, smaller struct moves to a larger place; its old place is zeroed.
        old_segment = builder._segment
        old_data = builder._data
        old_bytes = builder._data_bytes
        old_pointers = builder._pointers
        old_count = builder._pointer_count
        data_words = max(data_words, old_bytes >> 3)
        pointer_count = max(pointer_count, old_count)
        self.forget_pointer(segment, position)
        content = self.new_object(segment, position, data_words + pointer_count, data_words << 32 | pointer_count << 48)
        self.lay_struct(builder, self.target, content, data_words, pointer_count)
        self.move_contents(
            builder._segment, content << 3, builder._pointers, old_segment, old_data, old_bytes, old_pointers, old_count
        )
        return True

    def move_contents(
        self,
        segment: Segment,
        data: int,
        pointers: int,
        old_segment: Segment,
        old_data: int,
        old_bytes: int,
        old_pointers: int,
        old_count: int,
    ) -> None:
        """Move a struct's data bytes and pointers to a zeroed place that is at least as large, and zero the old one."""
        if old_bytes:
            segment.put_bytes(data, old_segment.view[old_data : old_data + old_bytes])
            old_segment.zero(old_data, old_bytes)
        for index in range(old_count):
            self.move_pointer(segment, pointers + index, old_segment, old_pointers + index)

    # --- lists ------------------------------------------------------------------------------------------------------------------

    def init_list(self, builder: ListReader, segment: Segment, position: int, size: int, length: int) -> None:
        """Make the pointer at word `position` lead to a new list of `length` elements of size code `size`."""
        if length > MAX_LIST_ELEMENTS or length < 0:
            raise BuildError(f"a list holds 0 to {MAX_LIST_ELEMENTS} elements, not {length}")
        step = self.step_bits(size)
        content = self.new_object(segment, position, (length * step + 63) >> 6, 1 | size << 32 | length << 35)
        builder._arena = self
        builder._segment = self.target
        builder._start = content << 3
        builder._length = length
        builder._step_bits = step
        builder._data_bytes = 0 if size == POINTER else step >> 3
        builder._pointer_count = 1 if size == POINTER else 0
        builder._depth = UNLIMITED_DEPTH
        builder._size = size

    def init_struct_list(
        self, builder: ListReader, segment: Segment, position: int, length: int, data_words: int, pointer_count: int
    ) -> None:
        """Make the pointer at word `position` lead to a new list of `length` structs of the given sizes."""
        step = data_words + pointer_count
        words = length * step
        if length < 0 or words > MAX_LIST_ELEMENTS or length > MAX_LIST_ELEMENTS:
            raise BuildError(f"a list of {length} structs of {step} words is larger than a list can be")
        content = self.new_object(segment, position, words + 1, 1 | COMPOSITE << 32 | words << 35)
        target = self.target
        target.u64s[content] = length << 2 | data_words << 32 | pointer_count << 48
        builder._arena = self
        builder._segment = target
        builder._start = (content + 1) << 3
        builder._length = length
        builder._step_bits = step << 6
        builder._data_bytes = data_words << 3
        builder._pointer_count = pointer_count
        builder._depth = UNLIMITED_DEPTH
        builder._size = COMPOSITE

    def writable_struct_list(
        self, builder: ListReader, segment: Segment, position: int, data_words: int, pointer_count: int
    ) -> bool:
        """Make `builder` lie at the list of structs that the pointer leads to, elements grown to at least the given sizes.

        Returns:
            False for a null pointer; `builder` is left alone.
        """
        if not self.open_list(builder, segment, position, UNLIMITED_DEPTH, COMPOSITE):
            return False
        if (
            builder._size == COMPOSITE
            and builder._data_bytes >= data_words << 3
            and builder._pointer_count >= pointer_count
        ):
            return True
        # Smaller or primitive elements move to a list with larger ones; the old list is zeroed.
        old_segment = builder._segment
        old_start = builder._start
        old_bytes = builder._data_bytes
        old_count = builder._pointer_count
        old_step = builder._step_bits >> 3
        length = builder._length
        if builder._size == COMPOSITE:
            old_segment.u64s[(old_start >> 3) - 1] = 0
        data_words = max(data_words, (old_bytes + 7) >> 3)
        pointer_count = max(pointer_count, old_count)
        self.forget_pointer(segment, position)
        self.init_struct_list(builder, segment, position, length, data_words, pointer_count)
        for index in range(length):
            start = builder._start + index * ((data_words + pointer_count) << 3)
            old = old_start + index * old_step
            self.move_contents(
                builder._segment,
                start,
                (start >> 3) + data_words,
                old_segment,
                old,
                old_bytes,
                (old + old_bytes) >> 3,
                old_count,
            )
        return True

    # --- bytes and capabilities ---------------------------------------------------------------------------------------------------

    def new_bytes(self, segment: Segment, position: int, length: int) -> int:
        """Make the pointer at word `position` lead to a new list of `length` bytes.

        Returns:
            The byte offset where they start; the segment is `self.target`.
        """
        if length > MAX_LIST_ELEMENTS:
            raise BuildError(f"text or data of {length} bytes is larger than a list can be ({MAX_LIST_ELEMENTS} bytes)")
        return self.new_object(segment, position, (length + 7) >> 3, 1 | BYTE << 32 | length << 35) << 3

    def set_bytes(self, segment: Segment, position: int, content: bytes) -> None:
        """Make the pointer at word `position` lead to `content`: to a copy of it, or, `by_reference`, to itself when it is long."""
        length = len(content)
        if not self.by_reference or length < REFERRED_BYTES or len(self.segments) >= REFERRED_SEGMENTS:
            start = self.new_bytes(segment, position, length)
            self.target.put_bytes(start, content)
            return
        if length > MAX_LIST_ELEMENTS:
            self.new_bytes(segment, position, length)  # refuses it
        if segment.u64s[position]:
            self.clear(segment, position)
        if length & 7:
            content += bytes(8 - (length & 7))
        made = Segment.__new__(Segment)
        made.refer(memoryview(content), len(self.segments))
        self.segments.append(made)
        self.point_at(segment, position, made, 0, 1 | BYTE << 32 | length << 35)

    def set_text(self, segment: Segment, position: int, text: str) -> None:
        """Make the pointer at word `position` lead to a copy of `text`."""
        if COMPILED and is_ascii(text):  # type: ignore[name-defined]  # noqa: F821  (builder.pxd)
            start = self.new_bytes(segment, position, len(text) + 1)
            put_ascii(self.target, start, text)  # type: ignore[name-defined]  # noqa: F821  (builder.pxd)
            return
        content = text.encode()
        start = self.new_bytes(segment, position, len(content) + 1)
        self.target.put_bytes(start, content)

    def set_capability(self, segment: Segment, position: int, capability: object) -> None:
        """Make the pointer at word `position` refer to `capability`, which joins the message's capability table."""
        if segment.u64s[position]:
            self.clear(segment, position)
        segment.u64s[position] = 3 | len(self.capabilities) << 32
        self.capabilities.append(capability)

    # --- moving and clearing pointers -----------------------------------------------------------------------------------------------

    def move_pointer(self, segment: Segment, position: int, old_segment: Segment, old_position: int) -> None:
        """Move the pointer at `old_position` to the null pointer at `position`; what it leads to stays where it is."""
        pointer = old_segment.u64s[old_position]
        if pointer == 0:
            return
        old_segment.u64s[old_position] = 0
        if pointer & 3 > 1 or pointer == EMPTY_STRUCT:
            segment.u64s[position] = pointer
            return
        content = old_position + 1 + self.offset_of(pointer)
        self.point_at(segment, position, old_segment, content, pointer & (HIGH_HALF | 3))

    def point_at(self, segment: Segment, position: int, target: Segment, content: int, descriptor: int) -> None:
        """Make the pointer at word `position` lead to the object at word `content` of `target`, by landing pads where needed."""
        if target is segment:
            segment.u64s[position] = descriptor | ((content - position - 1) & 0x3FFFFFFF) << 2
        elif target.used < target.words:
            pad = target.used
            target.used = pad + 1
            target.u64s[pad] = descriptor | ((content - pad - 1) & 0x3FFFFFFF) << 2
            segment.u64s[position] = 2 | pad << 3 | target.id << 32
        else:
            pad = self.allocate(2)
            self.newest.u64s[pad] = 2 | content << 3 | target.id << 32
            self.newest.u64s[pad + 1] = descriptor
            segment.u64s[position] = 6 | pad << 3 | self.newest.id << 32

    def forget_pointer(self, segment: Segment, position: int) -> None:
        """Null the pointer at word `position` and zero its landing pads; what it leads to stays."""
        pointer = segment.u64s[position]
        segment.u64s[position] = 0
        if pointer & 3 == 2:
            pad_segment = self.segments[pointer >> 32]
            pad = (pointer >> 3) & 0x1FFFFFFF
            pad_segment.u64s[pad] = 0
            if pointer & 4:
                pad_segment.u64s[pad + 1] = 0

    def clear(self, segment: Segment, position: int) -> None:
        """Null the pointer at word `position` and zero all that it leads to, so that no old content is sent."""
        plain = segment.u64s[position]
        if plain == 0:
            return
        if plain & 3 == 1 and (plain >> 32) & 7 < POINTER:
            # The plain case, text or numbers in the same segment, without a list of what is still to be cleared.
            segment.u64s[position] = 0
            start = position + 1 + self.offset_of(plain)
            segment.zero(start << 3, (((plain >> 35) * self.step_bits((plain >> 32) & 7) + 63) >> 6) << 3)
            return
        self.clear_waiting([(segment, position)])

    def clear_waiting(self, waiting: list[tuple[Segment, int]]) -> None:
        """Null every pointer that waits, a segment and a word position each, and zero all that they lead to."""
        while waiting:
            holder, at = waiting.pop()
            pointer = holder.u64s[at]
            if pointer == 0:
                continue
            if pointer & 3 == 3:
                holder.u64s[at] = 0
                self.capabilities[pointer >> 32] = None
                continue
            if pointer & 3 == 2:
                target, content, tag = self.follow_far(holder, at)
                self.forget_pointer(holder, at)
                if tag & 3 == 3:
                    self.capabilities[tag >> 32] = None
                    continue
                pointer = tag
            else:
                holder.u64s[at] = 0
                target = holder
                content = at + 1 + self.offset_of(pointer)
            self.clear_object(target, content, pointer, waiting)

    def clear_object(self, segment: Segment, content: int, tag: int, waiting: list[tuple[Segment, int]]) -> None:
        """Zero the object at word `content` that `tag` describes; its pointers are put on `waiting` to be cleared."""
        length = 1
        data_words = (tag >> 32) & 0xFFFF
        pointer_count = tag >> 48
        if tag & 3 == 1:
            size = (tag >> 32) & 7
            length = tag >> 35
            if size == COMPOSITE:
                tag = segment.u64s[content]
                segment.u64s[content] = 0
                content += 1
                length = (tag >> 2) & 0x3FFFFFFF
                data_words = (tag >> 32) & 0xFFFF
                pointer_count = tag >> 48
            elif size == POINTER:
                data_words = 0
                pointer_count = 1
            else:
                segment.zero(content << 3, ((length * self.step_bits(size) + 63) >> 6) << 3)
                return
        if data_words + pointer_count == 0:
            return
        for _ in range(length):
            segment.zero(content << 3, data_words << 3)
            content += data_words
            for _pointer in range(pointer_count):
                if segment.u64s[content]:
                    waiting.append((segment, content))
                content += 1
