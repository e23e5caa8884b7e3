"""The packed form of messages: bytes without most of their zeros.

Knows how words are packed and unpacked, also as they arrive. Does not know what is in them.

A word becomes a tag, one bit for each of its bytes that is not zero, and those bytes. Behind the tag 0 follows how many more words of
zeros there are; behind 0xff, how many words follow as they are.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from caplet.errors import TruncatedError
from caplet.wire.buffers import Buffer

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LONGEST_WORDS", "Packer", "Unpacker", "new_room", "pack", "pack_each", "unpack", "unpack_into"]

COMPILED = not __file__.endswith(".py")

_LONGEST_RUN = 255
# The longest tag with its word and the length of its run, and what the longest run unpacks to.
_LONGEST_TAG = 10
LONGEST_WORDS = 8 + _LONGEST_RUN * 8
# How many bytes of a packed form are looked at together where they must be copied first.
_WINDOW_BYTES = 1 << 16

# How many bytes of its word follow a tag.
_WEIGHTS = bytes([tag.bit_count() for tag in range(256)])
if COMPILED:
    make_moves()  # type: ignore[name-defined]  # noqa: F821  (packing.pxd)
else:
    # What is 1 where a byte is not zero, the tag of each word that looks so, and how the bytes of a tag lie in their word.
    _MARKS = bytes(1) + b"\1" * 255
    _TAGS = {bytes([tag >> at & 1 for at in range(8)]): tag for tag in range(256)}
    _LAYOUTS = [Struct("".join(["B" if tag >> at & 1 else "x" for at in range(8)])) for tag in range(256)]


def pack(content: Buffer) -> bytes:
    """Return the packed form of whole words; it is the one that the C++ library makes of one run of memory.

    Args:
        content: bytes, a multiple of 8. The C++ library packs the segment table and each segment of a message by itself.

    Raises:
        ValueError: it is not a multiple of 8.
    """
    return pack_each((content,))


def pack_each(pieces: Iterable[Buffer]) -> bytes:
    """Return the packed forms of several runs of memory, each packed by itself, one behind the other.

    Args:
        pieces: bytes, each a multiple of 8.

    Raises:
        ValueError: one is not a multiple of 8.
    """
    views = [memoryview(piece) for piece in pieces]
    for view in views:
        if view.nbytes % 8:
            raise ValueError(f"{view.nbytes} bytes are not a whole number of words")
    packed = new_room(_most_bytes(sum([view.nbytes for view in views])))
    to = 0
    for view in views:
        to = _pack_whole(view, packed, to)
    return bytes(memoryview(packed)[:to])


def _pack_whole(content: memoryview, packed: bytearray, to: int) -> int:
    """Write the packed form of whole words to `packed` from `to` on, and return where that goes on."""
    if COMPILED:
        return pack_memory(content, packed, to)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (packing.pxd)
    return pack_words(bytes(content), 0, content.nbytes, packed, to, True)[1]


def _most_bytes(size: int) -> int:
    """Return how long the packed form of `size` bytes may be, at most ten bytes a word; a whole word is written before its zeros are left out."""
    return size // 8 * 10 + 8


def new_room(size: int) -> bytearray:
    """Return memory that is still to be written; compiled, it holds anything."""
    return any_bytes(size) if COMPILED else bytearray(size)  # type: ignore[name-defined]  # noqa: F821  (packing.pxd)


def pack_words(data: bytes, at: int, size: int, packed: bytearray, to: int, final: bool) -> tuple[int, int]:
    """Write the packed form of whole words to `packed`.

    Args:
        data: the words, as bytes.
        at: where to begin.
        size: where to end.
        packed: room for what `_most_bytes` says.
        to: where in `packed` to begin.
        final: whether nothing follows, so that a run which reaches the end ends there.

    Returns:
        Up to where `data` is packed: to the end, or to a run that what follows may prolong. And where `packed` goes on.
    """
    while at < size:
        start = to
        tag = pack_word(data, at, packed, start)
        to += 1 + _WEIGHTS[tag]
        at += 8
        if tag == 0 or tag == 0xFF:
            end = min(size, at + _LONGEST_RUN * 8)
            run = count_full(data, at, end) if tag else count_zeros(data, at, end)
            if at + run == size and run < _LONGEST_RUN * 8 and not final:
                return at - 8, start
            packed[to] = run >> 3
            to += 1
            if tag:
                to = copy_run(data, at, at + run, packed, to)
            at += run
    return at, to


def pack_word(data: bytes, at: int, packed: bytearray, to: int) -> int:
    """Write one word with its tag in front, and return the tag."""
    if COMPILED:
        return squeeze_word(data, at, packed, to)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (packing.pxd)
    word = data[at : at + 8]
    tag = packed[to] = _TAGS[word.translate(_MARKS)]
    packed[to + 1 : to + 1 + _WEIGHTS[tag]] = word.replace(b"\0", b"")
    return tag


def count_zeros(data: bytes, start: int, end: int) -> int:
    """Return how many bytes from `start` are words of zeros."""
    if COMPILED:
        return zeros_from(data, start, end)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (packing.pxd)
    return end - start - len(data[start:end].lstrip(b"\0")) & ~7


def count_full(data: bytes, start: int, end: int) -> int:
    """Return how many bytes from `start` are words with fewer than two zero bytes."""
    at = start
    while at < end and blanks_of(data, at) < 2:
        at += 8
    return at - start


def blanks_of(data: bytes, at: int) -> int:
    """Return how many bytes of a word are zero."""
    return 8 - _WEIGHTS[tag_of(data, at)] if COMPILED else data.count(0, at, at + 8)  # type: ignore[name-defined]  # noqa: F821  (packing.pxd)


def copy_run(data: bytes, at: int, end: int, target: bytearray, to: int) -> int:
    """Copy the bytes from `at` to `end` and return where the target goes on."""
    if COMPILED:
        copy_bytes(target, to, data, at, end - at)  # type: ignore[name-defined]  # noqa: F821  (packing.pxd)
    else:
        target[to : to + end - at] = data[at:end]
    return to + end - at


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
        packed = new_room(_most_bytes(size - at))
        done, length = pack_words(data, at, size, packed, 0, False)
        self._run += data[done:size]
        return prolonged + bytes(memoryview(packed)[:length])

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
            words = new_room(2 * (len(data) - at) + 2 * LONGEST_WORDS)
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
        words: where they are unpacked to.
        to: where in `words` to begin.
        limit: where in `words` the last tag may begin; `LONGEST_WORDS` of room must follow it.

    Returns:
        How many bytes of `packed` are used, and where in `words` the next tag begins.
    """
    size = len(packed)
    # A tag is looked at without asking whether it is whole as long as the longest one would be; the last ones are given room behind them.
    near_end = max(size - _LONGEST_TAG + 1, 0)
    at, to = _unpack_most(packed, near_end, size, words, to, limit)
    if near_end <= at < size:
        rest = bytes(memoryview(packed)[at:])
        used, to = unpack_words(rest + bytes(_LONGEST_TAG), len(rest), len(rest), words, to, limit)
        at += used
    return at, to


def _unpack_most(packed: Buffer, last: int, size: int, words: bytearray, to: int, limit: int) -> tuple[int, int]:
    """Unpack a buffer up to `last`; see `unpack_words`."""
    if COMPILED:
        return unpack_memory(packed, last, size, words, to, limit)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (packing.pxd)
    at = 0
    used = 1
    while used and at < last and to <= limit:
        # No more is copied than there is use for: behind one message there may be many.
        length = min(_WINDOW_BYTES, (limit - to) // 8 * _LONGEST_TAG + LONGEST_WORDS + _LONGEST_TAG, size - at)
        window = bytes(memoryview(packed)[at : at + length])
        used, to = unpack_words(window, length - _LONGEST_TAG + 1, length, words, to, limit)
        at += used
    return at, to


def unpack_words(data: bytes, last: int, size: int, words: bytearray, to: int, limit: int) -> tuple[int, int]:
    """Do what `unpack_into` does; up to `last` a tag may begin, and ten bytes from there on may be looked at.

    Returns:
        Where in `data` the next tag begins, and where in `words`.
    """
    at = 0
    while at < last and to <= limit:
        tag = data[at]
        next_at = at + 1 + _WEIGHTS[tag]
        if tag == 0 or tag == 0xFF:
            run = data[next_at] * 8
            next_at += 1
            after = next_at + run if tag else next_at
            if after > size:
                break
            unpack_word(data, at, words, to)
            if tag:
                copy_run(data, next_at, after, words, to + 8)
            else:
                clear_run(words, to + 8, run)
            to += 8 + run
            at = after
            continue
        if next_at > size:
            break
        unpack_word(data, at, words, to)
        to += 8
        at = next_at
    return at, to


def unpack_word(data: bytes, at: int, words: bytearray, to: int) -> None:
    """Write the word whose tag is at `at`."""
    if COMPILED:
        spread_word(data, at, words, to)  # type: ignore[name-defined]  # noqa: F821  (packing.pxd)
    else:
        tag = data[at]
        _LAYOUTS[tag].pack_into(words, to, *data[at + 1 : at + 1 + _WEIGHTS[tag]])


def clear_run(words: bytearray, to: int, length: int) -> None:
    """Write zeros."""
    if COMPILED:
        clear_bytes(words, to, length)  # type: ignore[name-defined]  # noqa: F821  (packing.pxd)
    else:
        words[to : to + length] = bytes(length)
