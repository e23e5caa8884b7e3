"""The packed form of messages: bytes without most of their zeros.

Knows how words are packed and unpacked, also as they arrive. Does not know what is in them.

A word becomes a tag, one bit for each of its bytes that is not zero, and those bytes. Behind the tag 0 follows how many more words of
zeros there are; behind 0xff, how many words follow as they are.
"""

from __future__ import annotations

from caplet.errors import DecodeError
from caplet.wire.buffers import Buffer

__all__ = ["Unpacker", "pack", "unpack"]

_ZERO_WORD = bytes(8)
_LONGEST_RUN = 255
_INDEXES = [[bit for bit in range(8) if tag >> bit & 1] for tag in range(256)]


def pack(content: Buffer) -> bytes:
    """Return the packed form of whole words; it is the one that the C++ library makes.

    Args:
        content: bytes, a multiple of 8.

    Raises:
        ValueError: it is not a multiple of 8.
    """
    view = memoryview(content).cast("B")
    if len(view) % 8:
        raise ValueError(f"{len(view)} bytes are not a whole number of words")
    words = [bytes(view[start : start + 8]) for start in range(0, len(view), 8)]
    packed = bytearray()
    index, count = 0, len(words)
    while index < count:
        word = words[index]
        index += 1
        start, limit = index, min(count, index + _LONGEST_RUN)
        if word == _ZERO_WORD:
            while index < limit and words[index] == _ZERO_WORD:
                index += 1
            packed += bytes((0, index - start))
            continue
        tag = sum(1 << bit for bit in range(8) if word[bit])
        packed.append(tag)
        packed += word if tag == 0xFF else word.replace(b"\0", b"")
        if tag == 0xFF:
            while index < limit and words[index].count(0) < 2:
                index += 1
            packed.append(index - start)
            packed += b"".join(words[start:index])
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
