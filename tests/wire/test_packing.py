"""The packed form: rules, streams cut anywhere, and damaged input."""

from __future__ import annotations

import os
import random
import sys

import pytest

from caplet.errors import DecodeError
from caplet.wire.packing import Unpacker, pack, unpack

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
def test_words_are_packed_by_the_rules(words: str, packed: str) -> None:
    assert pack(bytes.fromhex(words)).hex() == packed
    assert unpack(bytes.fromhex(packed)).hex() == words


def test_packed_words_may_be_cut_anywhere() -> None:
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
def test_packed_bytes_that_end_inside_a_word_are_refused(packed: str) -> None:
    with pytest.raises(DecodeError, match="end inside a word"):
        unpack(bytes.fromhex(packed))


def test_only_whole_words_can_be_packed() -> None:
    with pytest.raises(ValueError, match="7 bytes are not a whole number of words"):
        pack(bytes(7))
