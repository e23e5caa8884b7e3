"""The window of a stream of calls is what the system buffers for the connection."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

import caplet
from caplet.aio.transports.windows import send_buffer_bytes
from caplet.rpc.window import DEFAULT_WINDOW_BYTES
from caplet.testing.transports import Recorder

from ..conftest import TIMEOUT_S, EchoServer, schema
from .certificates import contexts
from .pairs import open_place_pair, pair_at

CHUNK_BYTES = 16 * 1024


class Holding(EchoServer):
    """Takes chunks when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def push(self, content: bytes) -> None:
        await self.let.wait()
        await super().push(content)


async def push_until_the_sender_waits(connection: caplet.Connection, receiver: Holding) -> int:
    """Return how many chunks are sent to the peer's object before one has to wait."""
    echo: Any = connection.bootstrap(schema.Echo)
    # The promise has become the object: the stream is one.
    await echo.echo(number=1, text="")
    sent = [echo.push(content=bytes(CHUNK_BYTES))]
    while sent[-1]._answer.done:
        sent.append(echo.push(content=bytes(CHUNK_BYTES)))
    receiver.let.set()
    await sent[-1]
    assert (await echo.done()).total == len(sent) * CHUNK_BYTES
    return len(sent)


async def chunks_until_the_sender_waits(size_bytes: int | None, **options: Any) -> tuple[int, int]:
    """Return how many chunks are sent before one has to wait, and the size of the send buffer.

    Args:
        size_bytes: what the system is asked for; None for what it does by itself.
        options: those of `connect`.
    """
    near, far = socket.socketpair()
    if size_bytes is not None:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)
    buffer_bytes = near.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    server = Holding()
    async with caplet.connect(far, bootstrap=server), caplet.connect(near, **options) as connection:
        sent = await push_until_the_sender_waits(connection, server)
    return sent, buffer_bytes


@pytest.mark.parametrize("size_bytes", [None, 100_000, 30_000])
def test_as_much_of_a_stream_is_under_way_as_the_send_buffer_holds_row_103(size_bytes: int | None) -> None:
    async def main() -> None:
        async with asyncio.timeout(TIMEOUT_S):
            sent, buffer_bytes = await chunks_until_the_sender_waits(size_bytes)
        # With one message more than the window, each a little longer than its chunk.
        assert buffer_bytes // CHUNK_BYTES <= sent <= buffer_bytes // CHUNK_BYTES + 2

    asyncio.run(main())


@pytest.mark.parametrize(("window", "window_bytes"), [(5 * CHUNK_BYTES, 5 * CHUNK_BYTES), ("adaptive", 256 * 1024)])
def test_a_program_says_how_much_of_a_stream_is_under_way_H19(window: Any, window_bytes: int) -> None:
    async def main() -> None:
        async with asyncio.timeout(TIMEOUT_S):
            sent, _ = await chunks_until_the_sender_waits(None, stream_window_bytes=window)
        assert window_bytes // CHUNK_BYTES <= sent <= window_bytes // CHUNK_BYTES + 2

    asyncio.run(main())


def test_a_server_has_a_window_of_its_own_for_streams_to_its_clients_H19() -> None:
    async def main() -> None:
        receiver = Holding()
        connections: list[caplet.Connection] = []
        async with (
            asyncio.timeout(TIMEOUT_S),
            caplet.serve(
                "tcp://127.0.0.1:0",
                EchoServer(),
                stream_window_bytes=3 * CHUNK_BYTES,
                on_connected=connections.append,
            ) as server,
            caplet.connect(server.address, bootstrap=receiver) as connection,
        ):
            await connection.bootstrap(schema.Echo).echo(number=1, text="")
            assert 3 <= await push_until_the_sender_waits(connections[0], receiver) <= 5

    asyncio.run(main())


@pytest.mark.parametrize("window", [0, -1])
def test_a_window_that_lets_nothing_through_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match=f"a window of {window} bytes lets nothing through"):
        caplet.connect("memory:x", stream_window_bytes=window)
    with pytest.raises(ValueError, match=f"a window of {window} bytes lets nothing through"):
        caplet.serve("memory:x", EchoServer(), stream_window_bytes=window)


def new_buffer_bytes(family: int) -> int:
    """Return the size of the send buffer of a new socket."""
    with socket.socket(family) as sock:
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


@pytest.mark.parametrize("kind", ["tcp", "tls", "memory", "socket", "streams", "asyncio transport"])
def test_a_transport_tells_the_size_of_its_send_buffer_and_the_default_where_there_is_none_row_103(kind: str) -> None:
    async def main() -> None:
        near, far = Recorder(), Recorder()
        limits = caplet.Limits()
        if kind in ("tcp", "memory"):
            address = "tcp://127.0.0.1:0" if kind == "tcp" else "memory:windows"
            transport, other = await pair_at(address)(near, far, limits, None)
        elif kind == "tls":
            server, client = contexts()
            open_pair = pair_at("tls://127.0.0.1:0", {"tls": client}, tls=server)
            transport, other = await open_pair(near, far, limits, None)
        else:
            transport, other = await open_place_pair(kind, near, far, limits, None)
        size_bytes = transport.window_bytes()
        if kind == "memory":
            assert size_bytes == DEFAULT_WINDOW_BYTES
        else:
            # A TCP socket that is connected has a larger one than a new one.
            assert size_bytes >= new_buffer_bytes(socket.AF_INET if kind in ("tcp", "tls") else socket.AF_UNIX)
        transport.close()
        await far.wait_lost()
        other.close()
        await near.wait_lost()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_a_socket_that_does_not_tell_has_the_default_window_row_103() -> None:
    sock = socket.socket()
    sock.close()
    assert send_buffer_bytes(sock) == DEFAULT_WINDOW_BYTES
    assert send_buffer_bytes(None) == DEFAULT_WINDOW_BYTES
