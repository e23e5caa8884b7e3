"""The packed form: rules, streams cut anywhere, and damaged input."""

from __future__ import annotations

import os
import random
import sys

import pytest

from caplet.errors import DecodeError
from caplet.wire.packing import Packer, Unpacker, pack, unpack

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))


@pytest.mark.parametrize(
    ("words", "packed"),
    [
        ("", ""),
        ("0000000000000000", "0000"),
        ("0000000000000000" * 3, "0002"),
        ("0000000000000000" * 257, "00ff0000"),
        ("00000c0022000000", "140c22"),
        ("0102030405060708", "ff010203040506070800"),
        ("0102030405060708" * 2, "ff0102030405060708010102030405060708"),
        ("010203040506070801020304050607000102030405060000", "ff01020304050607080101020304050607003f010203040506"),
    ],
)
def test_words_are_packed_by_the_rules_W17(words: str, packed: str) -> None:
    assert pack(bytes.fromhex(words)).hex() == packed
    assert unpack(bytes.fromhex(packed)).hex() == words


@pytest.mark.parametrize("behind", [b"", bytes(8), b"\1" * 8, b"\1" + bytes(7)])
def test_a_word_with_any_of_its_bytes_zero_is_packed_as_its_tag_and_the_others_W17(behind: bytes) -> None:
    rest = pack(behind)
    for tag in range(1, 255):
        others = bytes(range(251, 251 - tag.bit_count(), -1))
        left = iter(others)
        word = bytes(next(left) if tag >> at & 1 else 0 for at in range(8))
        assert pack(word + behind) == bytes([tag]) + others + rest
        assert unpack(bytes([tag]) + others + rest) == word + behind


def test_packed_words_may_be_cut_anywhere_W17() -> None:
    sys.stdout.write(f"seed {SEED}\n")
    source = random.Random(SEED)
    for _ in range(50):
        words = b"".join(source.choice([bytes(8), source.randbytes(8), bytes([5, *bytes(7)])]) for _ in range(300))
        packed = pack(words)
        assert unpack(packed) == words
        unpacker = Unpacker()
        found, at = b"", 0
        while at < len(packed):
            size = source.randint(1, 20)
            found += unpacker.feed(packed[at : at + size])
            at += size
        unpacker.finish()
        assert found == words


@pytest.mark.parametrize("packed", ["00", "14", "140c", "ff0102", "ff0102030405060708", "ff01020304050607080101"])
def test_packed_bytes_that_end_inside_a_word_are_refused_W17(packed: str) -> None:
    with pytest.raises(DecodeError, match="end inside a word"):
        unpack(bytes.fromhex(packed))


def test_only_whole_words_can_be_packed() -> None:
    with pytest.raises(ValueError, match="7 bytes are not a whole number of words"):
        pack(bytes(7))


def fed(words: bytes, sizes: list[int]) -> bytes:
    """Return what a packer makes of bytes that are cut into pieces of these sizes, over and over."""
    packer = Packer()
    packed, at, turn = b"", 0, 0
    while at < len(words):
        size = sizes[turn % len(sizes)]
        packed += packer.feed(words[at : at + size])
        at += size
        turn += 1
    return packed + packer.finish()


@pytest.mark.parametrize("sizes", [[1], [8], [3, 13], [16, 0, 24], [2040], [2048], [2056], [100_000]])
def test_what_is_packed_as_it_arrives_does_not_depend_on_how_it_is_cut_W17(sizes: list[int]) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    source = random.Random(SEED)
    full, one_zero = bytes(range(1, 9)), bytes([1, 2, 3, 0, 5, 6, 7, 8])
    kinds = [bytes(8), full, one_zero, bytes([5, *bytes(7)])]
    lengths = [1, 2, 254, 255, 256, 257, 511, 512, 513]
    for words in (
        b"",
        *[kind * length for kind in kinds for length in lengths],
        b"".join(source.choice(kinds) * source.choice([1, 1, 2, 3, 256, 300]) for _ in range(60)),
        b"".join(source.choice(kinds) for _ in range(1000)),
    ):
        packed = fed(words, sizes)
        assert packed == pack(words)
        assert unpack(packed) == words


def test_a_packer_that_is_finished_begins_anew() -> None:
    packer = Packer()
    first = packer.feed(bytes(16)) + packer.finish()
    second = packer.feed(bytes(8)) + packer.finish()
    assert (first.hex(), second.hex()) == ("0001", "0000")


def test_a_packer_holds_back_no_more_than_one_run() -> None:
    packer = Packer()
    assert len(packer.feed(b"\1" * 80_000)) > 80_000 - 2049


def test_bytes_that_end_inside_a_word_cannot_be_packed() -> None:
    packer = Packer()
    packer.feed(bytes(11))
    with pytest.raises(ValueError, match="end 3 bytes into a word"):
        packer.finish()
