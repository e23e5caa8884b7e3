"""How messages are written to the transports of a loop."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

import caplet
from caplet.aio.transports.stream import write_buffers

from ..conftest import TIMEOUT_S

LARGE = memoryview(bytes(64 * 1024))


class Stream:
    """A transport that notes what it is given."""

    def __init__(self, tls: bool) -> None:
        self.tls = tls
        self.writes: list[list[bytes]] = []

    def get_extra_info(self, name: str) -> object:
        return self if name == "ssl_object" and self.tls else None

    def is_closing(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        self.writes.append([bytes(data)])

    def writelines(self, pieces: Any) -> None:
        self.writes.append([bytes(piece) for piece in pieces])


@pytest.mark.parametrize("tls", [False, True])
def test_small_pieces_are_written_as_one_and_large_ones_as_they_are(tls: bool) -> None:
    stream: Any = Stream(tls)
    write_buffers(stream, [b"one", memoryview(b"two"), LARGE, b"three", LARGE, LARGE])
    pieces = [b"onetwo", LARGE, b"three", LARGE, LARGE]
    assert stream.writes == ([pieces] if tls else [[piece] for piece in pieces])
    write_buffers(stream, [b"end"])
    assert stream.writes[-1] == [b"end"]


@pytest.mark.usefixtures("each_loop")
def test_nothing_is_written_behind_a_write_that_failed_of_which_the_loop_would_warn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        near, far = socket.socketpair()
        stream, _ = await asyncio.get_running_loop().create_unix_connection(asyncio.Protocol, sock=near)
        async with caplet.connect(stream) as connection:
            far.close()
            connection._link.transport.send([[LARGE] for _ in range(20)])
            await connection.wait_closed()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
    assert caplog.text == ""
