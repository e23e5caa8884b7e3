"""The packed form of messages: bytes without most of their zeros.

Knows how words are packed and unpacked, also as they arrive. Does not know what is in them.

A word becomes a tag, one bit for each of its bytes that is not zero, and those bytes. Behind the tag 0 follows how many more words of
zeros there are; behind 0xff, how many words follow as they are.
"""

from __future__ import annotations

from caplet.errors import TruncatedError
from caplet.wire.buffers import Buffer

__all__ = ["LONGEST_WORDS", "Packer", "Unpacker", "pack", "unpack", "unpack_into"]

COMPILED = not __file__.endswith(".py")

_LONGEST_RUN = 255
# The longest tag with its word and the length of its run, and what the longest run unpacks to.
_LONGEST_TAG = 10
LONGEST_WORDS = 8 + _LONGEST_RUN * 8


def pack(content: Buffer) -> bytes:
    """Return the packed form of whole words; it is the one that the C++ library makes of one run of memory.

    Args:
        content: bytes, a multiple of 8. The C++ library packs the segment table and each segment of a message by itself.

    Raises:
        ValueError: it is not a multiple of 8.
    """
    data = content if isinstance(content, bytes) else bytes(content)
    if len(data) % 8:
        raise ValueError(f"{len(data)} bytes are not a whole number of words")
    packed = _room_for(len(data))
    _, size = pack_words(data, 0, len(data), packed, True)
    return bytes(memoryview(packed)[:size])


def _room_for(size: int) -> bytearray:
    """Return room for the packed form of `size` bytes, at most ten bytes a word; one more may be written before it is known to be zero."""
    return bytearray(size // 8 * 10 + 1)


def pack_words(data: bytes, at: int, size: int, packed: bytearray, final: bool) -> tuple[int, int]:
    """Write the packed form of whole words to the start of `packed`.

    Args:
        data: the words, as bytes.
        at: where to begin.
        size: where to end.
        packed: room for ten bytes a word, and one more.
        final: whether nothing follows, so that a run which reaches the end ends there.

    Returns:
        Up to where `data` is packed: to the end, or to a run that what follows may prolong. And how many bytes it became.
    """
    to = 0
    while at < size:
        if is_zero(data, at):
            run = count_zeros(data, at + 8, min(size, at + 8 + _LONGEST_RUN * 8))
            if at + 8 + run == size and run < _LONGEST_RUN * 8 and not final:
                return at, to
            packed[to] = 0
            packed[to + 1] = run >> 3
            to += 2
            at += 8 + run
            continue
        start = to
        tagged = pack_word(data, at, packed, to)
        tag = tagged & 0xFF
        to = tagged >> 8
        at += 8
        if tag == 0xFF:
            run = count_full(data, at, min(size, at + _LONGEST_RUN * 8))
            if at + run == size and run < _LONGEST_RUN * 8 and not final:
                return at - 8, start
            packed[to] = run >> 3
            to = copy_run(data, at, at + run, packed, to + 1)
            at += run
    return at, to


def pack_word(data: bytes, at: int, packed: bytearray, start: int) -> int:
    """Write one word that is not zero, with its tag.

    Each byte is written, and counts when it is not zero: no branch that the processor could guess wrong. It is no loop because a loop is a fifth slower.

    Returns:
        The tag, and from bit 8 on where the next one begins.
    """
    to = start + 1
    byte = packed[to] = data[at]
    bit = byte != 0
    tag = bit * 1
    to += bit
    byte = packed[to] = data[at + 1]
    bit = byte != 0
    tag |= bit << 1
    to += bit
    byte = packed[to] = data[at + 2]
    bit = byte != 0
    tag |= bit << 2
    to += bit
    byte = packed[to] = data[at + 3]
    bit = byte != 0
    tag |= bit << 3
    to += bit
    byte = packed[to] = data[at + 4]
    bit = byte != 0
    tag |= bit << 4
    to += bit
    byte = packed[to] = data[at + 5]
    bit = byte != 0
    tag |= bit << 5
    to += bit
    byte = packed[to] = data[at + 6]
    bit = byte != 0
    tag |= bit << 6
    to += bit
    byte = packed[to] = data[at + 7]
    bit = byte != 0
    tag |= bit << 7
    to += bit
    packed[start] = tag
    return to << 8 | tag


def is_zero(data: bytes, at: int) -> bool:
    """Return whether the word at `at` is zero; written so that a C compiler makes two loads of it."""
    low = data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24
    high = data[at + 4] | data[at + 5] << 8 | data[at + 6] << 16 | data[at + 7] << 24
    return low | high == 0


def count_zeros(data: bytes, start: int, end: int) -> int:
    """Return how many bytes from `start` are words of zeros."""
    at = start
    while at < end and is_zero(data, at):
        at += 8
    return at - start


def count_full(data: bytes, start: int, end: int) -> int:
    """Return how many bytes from `start` are words with fewer than two zero bytes."""
    at = start
    while at < end:
        blanks = 0
        for index in range(8):
            blanks += data[at + index] == 0
        if blanks > 1:
            break
        at += 8
    return at - start


def copy_run(data: bytes, at: int, end: int, target: bytearray, to: int) -> int:
    """Copy the bytes from `at` to `end` and return where the target goes on."""
    if COMPILED:
        copy_bytes(target, to, data, at, end - at)  # type: ignore[name-defined]  # noqa: F821  (inline in packing.pxd)
        return to + end - at
    while at < end:
        target[to] = data[at]
        at += 1
        to += 1
    return to


class Packer:
    """Packs bytes as they arrive; the result does not depend on how they are cut.

    A run of words that may still go on is held back, at most 2 KiB.
    """

    __slots__ = ("_rest", "_run")

    def __init__(self) -> None:
        self._rest = b""
        self._run = bytearray()

    def feed(self, chunk: Buffer) -> bytes:
        """Take more bytes and return what of the packed form is certain.

        Args:
            chunk: any number of bytes; they need not be whole words.
        """
        data = self._rest + bytes(chunk)
        size = len(data) & ~7
        self._rest = data[size:]
        prolonged = b""
        at = 0
        if self._run:
            at = self._prolong(data, size)
            if at == size and len(self._run) < _LONGEST_RUN * 8 + 8:
                return b""
            prolonged = self._end_run()
        packed = _room_for(size - at)
        done, length = pack_words(data, at, size, packed, False)
        self._run += data[done:size]
        return prolonged + packed[:length]

    def _prolong(self, data: bytes, size: int) -> int:
        """Take the words that go on with the open run, and return how many bytes they are."""
        run = self._run
        zeros = not any(run[:8])
        limit = min(size, 8 + _LONGEST_RUN * 8 - len(run))
        length = count_zeros(data, 0, limit) if zeros else count_full(data, 0, limit)
        run += data[:length]
        return length

    def _end_run(self) -> bytes:
        """Return the packed form of the open run, and close it."""
        run = bytes(self._run)
        self._run.clear()
        return pack(run)

    def finish(self) -> bytes:
        """End the run that is open and return the rest of the packed form; what is fed next is packed by itself.

        Raises:
            ValueError: the bytes end inside a word.
        """
        if self._rest:
            raise ValueError(f"the bytes to pack end {len(self._rest)} bytes into a word")
        return self._end_run()


def unpack(content: Buffer) -> bytes:
    """Return the words of a packed form.

    Raises:
        TruncatedError: it ends inside a word.
    """
    unpacker = Unpacker()
    words = unpacker.feed(content)
    unpacker.finish()
    return words


class Unpacker:
    """Unpacks bytes as they arrive."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending = b""

    @property
    def pending_bytes(self) -> int:
        """How many bytes of a word or run that is not whole yet have arrived."""
        return len(self._pending)

    def feed(self, chunk: Buffer) -> bytes:
        """Take more bytes and return the words that they complete."""
        data = memoryview(b"".join((self._pending, chunk)))
        pieces: list[bytes] = []
        at = 0
        while True:
            words = bytearray(2 * (len(data) - at) + 2 * LONGEST_WORDS)
            used, length = unpack_into(data[at:], words, 0, len(words) - LONGEST_WORDS)
            if not used:
                break
            at += used
            pieces.append(bytes(memoryview(words)[:length]))
        self._pending = bytes(data[at:])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def finish(self) -> None:
        """Take note that nothing more arrives.

        Raises:
            TruncatedError: the bytes end inside a word.
        """
        if self._pending:
            raise TruncatedError(f"the packed bytes end inside a word or run, {len(self._pending)} bytes after its tag")


def unpack_into(packed: Buffer, words: bytearray, to: int, limit: int) -> tuple[int, int]:
    """Unpack all tags that are whole, or as many as there is use for.

    Args:
        packed: bytes in the packed form.
        words: where they are unpacked to; zeros from `to` on, but for the word at `to` itself.
        to: where in `words` to begin.
        limit: where in `words` the last tag may begin; `LONGEST_WORDS` of room must follow it.

    Returns:
        How many bytes of `packed` are used, and where in `words` the next tag begins.
    """
    size = len(packed)
    # A tag is looked at without asking whether it is whole as long as the longest one would be; the last ones are given room behind them.
    near_end = max(size - _LONGEST_TAG + 1, 0)
    at, to = unpack_words_of(packed, near_end, size, words, to, limit)
    if near_end <= at < size:
        rest = bytes(memoryview(packed)[at:])
        used, to = unpack_words_of(rest + bytes(_LONGEST_TAG), len(rest), len(rest), words, to, limit)
        at += used
    return at, to


def unpack_words_of(packed: Buffer, last: int, size: int, words: bytearray, to: int, limit: int) -> tuple[int, int]:
    """Unpack a buffer; see `unpack_words`."""
    if COMPILED:
        return unpack_memory(packed, last, size, words, to, limit)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (inline in packing.pxd)
    return unpack_words(packed, last, size, words, to, limit)  # type: ignore[arg-type]


def unpack_words(data: bytes, last: int, size: int, words: bytearray, to: int, limit: int) -> tuple[int, int]:
    """Do what `unpack_into` does; up to `last` a tag may begin, and ten bytes from there on may be looked at.

    Returns:
        Where in `data` the next tag begins, and where in `words`.
    """
    at = 0
    while at < last and to <= limit:
        tag = data[at]
        # Each byte is written, times its bit: no branch that the processor could guess wrong. A loop would be a fifth slower.
        next_at = at + 1
        bit = tag & 1
        words[to] = data[next_at] * bit
        next_at += bit
        bit = tag >> 1 & 1
        words[to + 1] = data[next_at] * bit
        next_at += bit
        bit = tag >> 2 & 1
        words[to + 2] = data[next_at] * bit
        next_at += bit
        bit = tag >> 3 & 1
        words[to + 3] = data[next_at] * bit
        next_at += bit
        bit = tag >> 4 & 1
        words[to + 4] = data[next_at] * bit
        next_at += bit
        bit = tag >> 5 & 1
        words[to + 5] = data[next_at] * bit
        next_at += bit
        bit = tag >> 6 & 1
        words[to + 6] = data[next_at] * bit
        next_at += bit
        bit = tag >> 7 & 1
        words[to + 7] = data[next_at] * bit
        next_at += bit
        zeros = tag == 0
        run = data[next_at] * 8 * zeros
        next_at += zeros
        if tag == 0xFF:
            stop = next_at + 1 + data[next_at] * 8
            if stop > size:
                break
            to = copy_run(data, next_at + 1, stop, words, to + 8)
            at = stop
            continue
        if next_at > size:
            break
        to += 8 + run
        at = next_at
    return at, to
