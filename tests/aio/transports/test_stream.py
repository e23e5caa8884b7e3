"""How messages are written to the transports of a loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import ssl
import struct
import threading
from typing import Any

import pytest

import caplet
from caplet.aio.options import StreamOptions
from caplet.aio.transports.stream import StreamTransport, open_stream, write_buffers
from caplet.limits import Limits
from caplet.testing.transport_ends import Recorder

from ..conftest import TIMEOUT_S, EchoServer, until
from .certificates import contexts

LARGE = memoryview(bytes(64 * 1024))


class Stream:
    """A transport that notes what it is given."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def is_closing(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))


def test_small_pieces_are_written_as_one_and_large_ones_as_they_are() -> None:
    stream: Any = Stream()
    write_buffers(stream, [b"one", memoryview(b"two"), LARGE, b"three", LARGE, LARGE])
    assert stream.writes == [b"onetwo", LARGE, b"three", LARGE, LARGE]
    write_buffers(stream, [b"end"])
    assert stream.writes[-1] == b"end"


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


@pytest.mark.usefixtures("each_loop")
def test_nor_by_tls_which_may_not_have_heard_of_it_yet(caplog: pytest.LogCaptureFixture) -> None:
    came: list[caplet.Connection] = []

    def connect(place: tuple[str, int], rules: ssl.SSLContext) -> ssl.SSLSocket:
        return rules.wrap_socket(socket.create_connection(place), server_hostname=place[0])

    async def main() -> None:
        server, client = contexts()
        async with caplet.serve("tls://127.0.0.1:0", EchoServer(), tls=server, on_connected=came.append) as serving:
            place = ("127.0.0.1", int(serving.address.rpartition(":")[2]))
            peer = await asyncio.to_thread(connect, place, client)
            await until(lambda: bool(came))
            # Closed at once, and with a reset.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            for _ in range(20):
                came[0]._link.transport.send([[LARGE]])
            await came[0].wait_closed()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
    assert caplog.text == ""


@pytest.mark.usefixtures("each_loop")
@pytest.mark.parametrize("kind", ["tcp", "ws", "tls"])
def test_a_server_that_resets_at_once_costs_its_client_no_descriptor_of_others(kind: str) -> None:
    def reset_all(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                came, _ = listening.accept()
                came.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                came.close()

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            resetting = threading.Thread(target=reset_all, args=(listening,))
            resetting.start()
            others: list[int] = []
            address = f"{kind}://127.0.0.1:{listening.getsockname()[1]}"
            for _ in range(100):
                with contextlib.suppress(caplet.Disconnected):
                    async with caplet.connect(address) as connection:
                        await connection.wait_closed()
                others.append(os.open(os.devnull, os.O_RDONLY))
                gc.collect()
            listening.shutdown(socket.SHUT_RDWR)
            await asyncio.to_thread(resetting.join)
        for descriptor in others:
            os.close(descriptor)

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


@pytest.mark.usefixtures("each_loop")
def test_who_gives_up_in_the_moment_in_which_a_stream_opens_leaves_nothing_open() -> None:
    async def main() -> None:
        near, far = socket.socketpair()
        receiver = Recorder()

        def accept(transport: Any) -> Any:
            opening.cancel()
            return receiver

        def make_transport() -> StreamTransport:
            return StreamTransport(accept, StreamOptions(Limits()).make_framing())

        loop = asyncio.get_running_loop()
        opening = asyncio.ensure_future(open_stream(loop, make_transport, near, None, ""))
        with pytest.raises(asyncio.CancelledError):
            await opening
        await receiver.wait_lost()
        far.setblocking(False)
        assert await loop.sock_recv(far, 1) == b""
        far.close()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
