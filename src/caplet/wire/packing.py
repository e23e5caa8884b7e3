"""The packed form of messages: bytes without most of their zeros.

Knows how words are packed and unpacked, also as they arrive. Does not know what is in them.

A word becomes a tag, one bit for each of its bytes that is not zero, and those bytes. Behind the tag 0 follows how many more words of
zeros there are; behind 0xff, how many words follow as they are.
"""

from __future__ import annotations

from caplet.errors import DecodeError
from caplet.wire.buffers import Buffer

__all__ = ["Packer", "Unpacker", "pack", "unpack"]

_ZERO_WORD = bytes(8)
_LONGEST_RUN = 255
_INDEXES = [[bit for bit in range(8) if tag >> bit & 1] for tag in range(256)]


def pack(content: Buffer) -> bytes:
    """Return the packed form of whole words; it is the one that the C++ library makes of one run of memory.

    Args:
        content: bytes, a multiple of 8. The C++ library packs the segment table and each segment of a message by itself.

    Raises:
        ValueError: it is not a multiple of 8.
    """
    view = memoryview(content).cast("B")
    if len(view) % 8:
        raise ValueError(f"{len(view)} bytes are not a whole number of words")
    packed = bytearray()
    _pack_words(view, packed, True)
    return bytes(packed)


def _pack_words(view: memoryview, packed: bytearray, final: bool) -> int:
    """Add the packed form of whole words to `packed`.

    Args:
        view: the words, as bytes.
        packed: what is packed so far.
        final: whether nothing follows, so that a run which reaches the end of `view` ends there.

    Returns:
        How many bytes of `view` are packed: all, or all but those of a run that what follows may prolong.
    """
    words = [bytes(view[start : start + 8]) for start in range(0, len(view), 8)]
    index, count = 0, len(words)
    while index < count:
        word = words[index]
        tag = sum(1 << bit for bit in range(8) if word[bit])
        index += 1
        if 0 < tag < 0xFF:
            packed.append(tag)
            packed += word.replace(b"\0", b"")
            continue
        start, limit = index, min(count, index + _LONGEST_RUN)
        if tag == 0:
            while index < limit and words[index] == _ZERO_WORD:
                index += 1
        else:
            while index < limit and words[index].count(0) < 2:
                index += 1
        if index == count and index - start < _LONGEST_RUN and not final:
            return (start - 1) * 8
        packed.append(tag)
        if tag == 0:
            packed.append(index - start)
        else:
            packed += word
            packed.append(index - start)
            packed += b"".join(words[start:index])
    return count * 8


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
        packed = bytearray()
        at = self._prolong(data, size, packed) if self._run else 0
        if not self._run:
            at += _pack_words(memoryview(data)[at:size], packed, False)
            self._run += data[at:size]
        return bytes(packed)

    def _prolong(self, data: bytes, size: int, packed: bytearray) -> int:
        """Take the words that go on with the open run, and return how many bytes they are; when it ends it is packed."""
        run = self._run
        zeros = run[0] == 0
        limit = min(size, 8 + _LONGEST_RUN * 8 - len(run))
        at = 0
        while at < limit and (data[at : at + 8] == _ZERO_WORD if zeros else data.count(0, at, at + 8) < 2):
            at += 8
        run += data[:at]
        if at < size or len(run) == 8 + _LONGEST_RUN * 8:
            _pack_words(memoryview(bytes(run)), packed, True)
            run.clear()
        return at

    def finish(self) -> bytes:
        """End the run that is open and return the rest of the packed form; what is fed next is packed by itself.

        Raises:
            ValueError: the bytes end inside a word.
        """
        if self._rest:
            raise ValueError(f"the bytes to pack end {len(self._rest)} bytes into a word")
        packed = bytearray()
        _pack_words(memoryview(bytes(self._run)), packed, True)
        self._run.clear()
        return bytes(packed)


def unpack(content: Buffer) -> bytes:
    """Return the words of a packed form.

    Raises:
        DecodeError: it ends inside a word.
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

    def feed(self, chunk: Buffer) -> bytes:
        """Take more bytes and return the words that they complete."""
        data = self._pending + bytes(chunk)
        words = bytearray()
        at, end = 0, len(data)
        while at < end:
            tag = data[at]
            indexes = _INDEXES[tag]
            stop = at + 1 + len(indexes)
            if tag in (0, 0xFF):
                stop += 1
                if stop > end:
                    break
                run = data[stop - 1] * 8
                if tag == 0:
                    words += bytes(8 + run)
                else:
                    if stop + run > end:
                        break
                    words += data[at + 1 : at + 9]
                    words += data[stop : stop + run]
                    stop += run
            else:
                if stop > end:
                    break
                word = bytearray(8)
                for source, index in enumerate(indexes, at + 1):
                    word[index] = data[source]
                words += word
            at = stop
        self._pending = data[at:]
        return bytes(words)

    def finish(self) -> None:
        """Take note that nothing more arrives.

        Raises:
            DecodeError: the bytes end inside a word.
        """
        if self._pending:
            raise DecodeError(f"the packed bytes end inside a word or run, {len(self._pending)} bytes after its tag")
