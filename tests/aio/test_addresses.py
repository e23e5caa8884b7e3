"""Addresses and their parts."""

from __future__ import annotations

import pytest

from caplet.aio.addresses import Address, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp://127.0.0.1:5923", Address("tcp", "127.0.0.1", 5923)),
        ("tcp://[::1]:80", Address("tcp", "::1", 80)),
        ("tcp://*:0", Address("tcp", "", 0)),
        ("unix:/run/x", Address("unix", name="/run/x")),
        ("unix-abstract:x", Address("unix-abstract", name="x")),
        ("memory:x", Address("memory", name="x")),
    ],
)
def test_an_address_has_its_parts(text: str, expected: Address) -> None:
    assert parse_address(text) == expected


def test_an_address_prints_as_it_was_written() -> None:
    for text in ("tcp://127.0.0.1:5923", "tcp://[::1]:80", "tcp://*:80", "unix:/run/x", "unix-abstract:x", "memory:x"):
        assert str(parse_address(text)) == text
