"""One message that is read: its segments, its capability table, and what may still be read of it.

Knows pointers: how each kind is found, checked and followed, lazily, one at a time. Does not know where the segments came from
(`framing.py`), how a message is built (`builder.py`), or what schemas say.

The checks are those of the encoding reference: a target inside its segment, no far pointer that leads nowhere, a tag that says what
it is, element sizes that the reader can use, a nesting limit, and a traversal budget that every followed pointer draws from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import DecodeError
from caplet.limits import DEFAULT_LIMITS
from caplet.wire.sizes import BIT, BYTE, COMPOSITE, DATA_BITS, LOW_HALF, POINTER, VOID

if TYPE_CHECKING:
    from caplet.limits import Limits
    from caplet.wire.segment import Segment
    from caplet.wire.views import ListReader, StructReader

__all__ = ["Arena"]

COMPILED = not __file__.endswith(".py")

_DEFAULT_BUDGET = DEFAULT_LIMITS.traversal_words
_DEFAULT_NESTING = DEFAULT_LIMITS.nesting

# The table of every message that is read and has no capabilities, as most have none; only tables of messages that are built grow.
NO_CAPABILITIES: list[object] = []

_KINDS = ("struct pointer", "list pointer", "far pointer", "capability pointer")


class Arena:
    """The memory of one message and the budget for reading it.

    Args:
        segments: the message's segments in order.
        limits: bounds for reading; None for the defaults.
    """

    __slots__ = ("budget", "capabilities", "nesting", "segments")

    segments: list[Segment]
    capabilities: list[object]
    budget: int
    nesting: int

    def __init__(self, segments: list[Segment], limits: Limits | None = None) -> None:
        if limits is None:
            limits = DEFAULT_LIMITS
        self.start_reading(segments, limits)

    def start_reading(self, segments: list[Segment], limits: Limits) -> None:
        """Start with these segments and bounds."""
        self.segments = segments
        self.capabilities = NO_CAPABILITIES
        if limits is DEFAULT_LIMITS:
            self.budget = _DEFAULT_BUDGET
            self.nesting = _DEFAULT_NESTING
        else:
            self.budget = limits.traversal_words
            self.nesting = limits.nesting

    def charge(self, words: int) -> None:
        """Take `words` from the traversal budget.

        Raises:
            DecodeError: the budget is used up; a message that leads to itself many times is an attack.
        """
        self.budget -= words
        if self.budget < 0:
            self.budget = 0
            raise DecodeError(
                "the message's pointers lead to more words than the traversal limit allows; "
                "a larger Limits(traversal_words=...) reads it"
            )

    def fail(self, segment: Segment, position: int, problem: str) -> DecodeError:
        """Return the error for the pointer at word `position` of `segment`."""
        return DecodeError(f"{problem} (pointer at word {position} of segment {segment.id})")

    def kind_error(self, segment: Segment, position: int, pointer: int, expected: str) -> DecodeError:
        """Return the error for a pointer of another kind than `expected`."""
        return self.fail(segment, position, f"expected a {expected} pointer, found a {_KINDS[pointer & 3]}")

    # --- far pointers -----------------------------------------------------------------------------------------------------------

    def segment_at(self, segment: Segment, position: int, segment_id: int) -> Segment:
        """Return segment `segment_id`, named by the far pointer at `position` of `segment`."""
        if segment_id >= len(self.segments):
            raise self.fail(segment, position, f"far pointer to segment {segment_id} of {len(self.segments)}")
        return self.segments[segment_id]

    def follow_far(self, segment: Segment, position: int) -> tuple[Segment, int, int]:
        """Follow the far pointer at word `position`.

        Returns:
            The segment of the object, the word position where it starts, and the pointer word that describes it.
        """
        pointer = segment.u64s[position]
        pad_segment = self.segment_at(segment, position, pointer >> 32)
        pad = (pointer >> 3) & 0x1FFFFFFF
        pad_words = 2 if pointer & 4 else 1
        if pad + pad_words > pad_segment.words:
            raise self.fail(segment, position, "far pointer to a landing pad outside its segment")
        self.charge(pad_words)
        landing = pad_segment.u64s[pad]
        if not pointer & 4:
            if landing & 3 > 1:
                if landing & 3 == 2:
                    raise self.fail(segment, position, "landing pad holds another far pointer")
                return pad_segment, 0, landing
            return pad_segment, pad + 1 + self.offset_of(landing), landing
        if landing & 7 != 2:
            raise self.fail(segment, position, "first word of a double landing pad is not a single far pointer")
        tag = pad_segment.u64s[pad + 1]
        if tag & 3 > 1:
            raise self.fail(segment, position, "second word of a double landing pad describes no struct or list")
        return self.segment_at(segment, position, landing >> 32), (landing >> 3) & 0x1FFFFFFF, tag

    def offset_of(self, pointer: int) -> int:
        """Return the signed word offset of a struct or list pointer."""
        offset = (pointer >> 2) & 0x3FFFFFFF
        if offset >= 0x20000000:
            offset -= 0x40000000
        return offset

    # --- structs ----------------------------------------------------------------------------------------------------------------

    def open_struct(self, reader: StructReader, segment: Segment, position: int, depth: int) -> bool:
        """Make `reader` lie where the struct pointer at word `position` leads.

        Args:
            reader: its slots are filled; left alone when the pointer is null.
            depth: how many pointers deep may still be read.

        Returns:
            False for a null pointer.
        """
        pointer = segment.u64s[position]
        if pointer == 0:
            return False
        content = position + 1
        if pointer & 3 == 0:
            offset = (pointer >> 2) & 0x3FFFFFFF
            if offset >= 0x20000000:
                offset -= 0x40000000
            content += offset
        elif pointer & 3 == 2:
            source = segment
            segment, content, pointer = self.follow_far(segment, position)
            if pointer & 3 != 0:
                raise self.kind_error(source, position, pointer, "struct")
        else:
            raise self.kind_error(segment, position, pointer, "struct")
        data_words = (pointer >> 32) & 0xFFFF
        pointer_count = pointer >> 48
        words = data_words + pointer_count
        if content < 0 or content + words > segment.words:
            raise self.fail(
                segment, position, f"struct of {words} words at word {content} leaves its segment of {segment.words}"
            )
        if depth <= 0:
            raise self.fail(
                segment,
                position,
                "message is nested deeper than the nesting limit; a larger Limits(nesting=...) reads it",
            )
        self.budget -= words
        if self.budget < 0:
            self.charge(0)
        reader._arena = self
        reader._segment = segment
        reader._data = content << 3
        reader._data_bytes = data_words << 3
        reader._pointers = content + data_words
        reader._pointer_count = pointer_count
        reader._depth = depth - 1
        return True

    # --- lists ------------------------------------------------------------------------------------------------------------------

    def open_list(self, reader: ListReader, segment: Segment, position: int, depth: int, expected: int) -> bool:
        """Make `reader` lie where the list pointer at word `position` leads.

        Args:
            reader: its slots are filled; left alone when the pointer is null.
            depth: how many pointers deep may still be read.
            expected: element size code that the reader will use, VOID when any will do.

        Returns:
            False for a null pointer.
        """
        pointer = segment.u64s[position]
        if pointer == 0:
            return False
        source = segment
        content = position + 1
        if pointer & 3 == 1:
            offset = (pointer >> 2) & 0x3FFFFFFF
            if offset >= 0x20000000:
                offset -= 0x40000000
            content += offset
        elif pointer & 3 == 2:
            segment, content, pointer = self.follow_far(segment, position)
            if pointer & 3 != 1:
                raise self.kind_error(source, position, pointer, "list")
        else:
            raise self.kind_error(segment, position, pointer, "list")
        if depth <= 0:
            raise self.fail(
                source,
                position,
                "message is nested deeper than the nesting limit; a larger Limits(nesting=...) reads it",
            )
        size = (pointer >> 32) & 7
        count = pointer >> 35
        if size == COMPOSITE:
            self.open_composite(reader, segment, content, count, source, position)
        else:
            step = self.step_bits(size)
            data_bits = 0 if size == POINTER else step
            words = (count * step + 63) >> 6
            if content < 0 or content + words > segment.words:
                raise self.fail(
                    source, position, f"list of {words} words at word {content} leaves its segment of {segment.words}"
                )
            self.budget -= count if size == VOID else words
            if self.budget < 0:
                self.charge(0)
            reader._segment = segment
            reader._start = content << 3
            reader._length = count
            reader._step_bits = step
            reader._data_bytes = data_bits >> 3
            reader._pointer_count = 1 if size == POINTER else 0
        reader._arena = self
        reader._depth = depth - 1
        reader._size = size
        if expected != VOID and expected != size:
            self.check_elements(reader, expected, source, position)
        return True

    def open_composite(
        self, reader: ListReader, segment: Segment, tag_position: int, word_count: int, source: Segment, position: int
    ) -> None:
        """Fill `reader` from the tag word of a list of structs at `tag_position`; `source` and `position` are for errors."""
        if tag_position < 0 or tag_position + 1 + word_count > segment.words:
            raise self.fail(
                source,
                position,
                f"list of {word_count + 1} words at word {tag_position} leaves its segment of {segment.words}",
            )
        self.budget -= word_count + 1
        if self.budget < 0:
            self.charge(0)
        tag = segment.u64s[tag_position]
        if tag & 3 != 0:
            raise self.fail(source, position, "the tag of a list of structs does not describe a struct")
        length = (tag >> 2) & 0x3FFFFFFF
        data_words = (tag >> 32) & 0xFFFF
        pointer_count = tag >> 48
        step = data_words + pointer_count
        if length * step > word_count:
            raise self.fail(
                source, position, f"list of {length} structs of {step} words overruns its {word_count} words"
            )
        if step == 0:
            # Elements without size cost nothing to send; charging them is what stops amplification.
            self.charge(length)
        reader._segment = segment
        reader._start = (tag_position + 1) << 3
        reader._length = length
        reader._step_bits = step << 6
        reader._data_bytes = data_words << 3
        reader._pointer_count = pointer_count

    def check_elements(self, reader: ListReader, expected: int, source: Segment, position: int) -> None:
        """Refuse a list whose elements cannot be read as `expected` (the upgrade rules of the encoding reference)."""
        found = reader._size
        problem = ""
        if expected == BIT or found == BIT:
            problem = "a list of bits can be read only as a list of bits"
        elif expected == POINTER:
            if reader._pointer_count == 0:
                problem = "expected a list of pointers, found one without pointers"
        elif expected != COMPOSITE and reader._data_bytes * 8 < DATA_BITS[expected]:
            problem = f"expected elements of {DATA_BITS[expected]} bits, found {reader._data_bytes * 8}"
        if problem:
            raise self.fail(source, position, problem)

    def step_bits(self, size: int) -> int:
        """Return how many bits one element of a list of this size code takes, structs excepted."""
        return 64 if size == POINTER else size if size < BYTE else 2 << size

    # --- text, data, capabilities ---------------------------------------------------------------------------------------------------

    def open_bytes(self, segment: Segment, position: int) -> tuple[Segment, int, int] | None:
        """Find the list of bytes that the pointer at word `position` leads to.

        Returns:
            The segment, the byte offset and the length in bytes; None for a null pointer.
        """
        pointer = segment.u64s[position]
        if pointer == 0:
            return None
        source = segment
        content = position + 1
        if pointer & 3 == 1:
            content += self.offset_of(pointer)
        elif pointer & 3 == 2:
            segment, content, pointer = self.follow_far(segment, position)
        if pointer & 3 != 1:
            raise self.kind_error(source, position, pointer, "list")
        if (pointer >> 32) & 7 != BYTE:
            raise self.fail(source, position, "expected a list of bytes for text or data, found another list")
        length = pointer >> 35
        words = (length + 7) >> 3
        if content < 0 or content + words > segment.words:
            raise self.fail(
                source, position, f"{length} bytes at word {content} leave their segment of {segment.words} words"
            )
        self.charge(words)
        return segment, content << 3, length

    def text(self, segment: Segment, position: int) -> str | None:
        """Return the text that the pointer at word `position` leads to, None for a null pointer.

        Raises:
            DecodeError: no NUL at its end, or not UTF-8.
        """
        pointer = segment.u64s[position]
        length = pointer >> 35
        start = (position + 1 + ((pointer >> 2) & 0x3FFFFFFF)) << 3
        # The plain case, a list of bytes ahead in the same segment, without making a tuple.
        if pointer & 0x700000003 == 0x200000001 and length and start + length <= segment.words << 3:
            self.budget -= (length + 7) >> 3
            if self.budget < 0:
                self.charge(0)
        else:
            found = self.open_bytes(segment, position)
            if found is None:
                return None
            source = segment
            segment, start, length = found
            if length == 0:
                raise self.fail(source, position, "text without the NUL that must end it")
        if segment.u8s[start + length - 1]:
            raise self.fail(segment, position, "text without the NUL that must end it")
        try:
            # Uncompiled, what `segment.text` does without one more call.
            return (
                segment.text(start, length - 1) if COMPILED else str(segment.u8s[start : start + length - 1], "utf-8")
            )
        except UnicodeDecodeError as error:
            raise self.fail(segment, position, f"text is not UTF-8: {error.reason} at byte {error.start}") from error

    def blob(self, segment: Segment, position: int) -> bytes | None:
        """Return a copy of the data that the pointer at word `position` leads to, None for a null pointer."""
        found = self.open_bytes(segment, position)
        if found is None:
            return None
        target, start, length = found
        return target.blob(start, length)

    def capability_index(self, segment: Segment, position: int) -> int:
        """Return the capability table index in the pointer at word `position`, -1 for a null pointer."""
        pointer = segment.u64s[position]
        if pointer == 0:
            return -1
        source = segment
        if pointer & 3 == 2:
            segment, _, pointer = self.follow_far(segment, position)
        if pointer & LOW_HALF != 3:
            if pointer & 3 == 3:
                raise self.fail(source, position, "pointer of an unknown kind")
            raise self.kind_error(source, position, pointer, "capability")
        return pointer >> 32
