"""Much data between Caplet and the C++ implementation, in both directions: streams of many chunks, large params and results, all at once."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.aio.driver import running_vat

from .cxx import HERE, compile_peers

SCHEMA = HERE / "payload.capnp"
schema = caplet.load(SCHEMA)
TIMEOUT_S = 60
MEBIBYTE = 1 << 20
PATTERN = bytes(range(256)) * (MEBIBYTE // 256 + 2)
# How large the system's buffers are, 0 for what they are; how many chunks, and how large. The large chunks are larger than any buffer.
LOADS = [(0, 400, 64 << 10), (4096, 200, 64 << 10), (4096, 1000, 1000), (0, 20, 2 << 20)]

each_load = pytest.mark.parametrize(("buffer", "chunks", "size"), LOADS)


def pattern(number: int, size: int) -> bytes:
    """Return chunk number `number`."""
    if size <= MEBIBYTE:
        return PATTERN[number % 256 : number % 256 + size]
    return pattern(number, MEBIBYTE) + pattern(number + MEBIBYTE, size - MEBIBYTE)


class PayloadServer(schema.Payload.Server):
    def __init__(self) -> None:
        self.chunks = self.wrong = 0

    async def write(self, number: int, chunk: bytes) -> None:
        self.wrong += number != self.chunks or chunk != pattern(number, len(chunk))
        self.chunks += 1

    def end(self) -> tuple[int, int]:
        return self.chunks, self.wrong

    def fetch(self, number: int, size: int) -> bytes:
        return pattern(number, size)

    async def echo(self, content: bytes) -> bytes:
        return content


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the C++ peer."""
    folder = tmp_path_factory.mktemp("cxx")
    compile_peers(folder, "payload.capnp", SCHEMA.read_text(), "payload_peer")
    return folder / "payload_peer"


@contextmanager
def serving(peer: Path, buffer: int) -> Iterator[tuple[str, int]]:
    """Run a C++ server, and give its place."""
    command = [peer, "serve", "127.0.0.1:0", str(buffer)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield "127.0.0.1", int(process.stdout.readline())
        process.kill()


def set_buffers(sock: socket.socket, buffer: int) -> None:
    """Let the system's buffers of a socket, or of those that a listener accepts, have a size."""
    if buffer:
        # Larger segments than fit into the buffer, as loopback has, would be waited for.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)


def assert_idle(connection: Any) -> None:
    link = connection._link
    link.connection.check()
    assert link.connection.is_idle, link.connection.dump()


@each_load
def test_much_data_goes_to_a_cxx_server_and_comes_back(peer: Path, buffer: int, chunks: int, size: int) -> None:
    async def main(place: tuple[str, int]) -> None:
        sock = socket.socket()
        set_buffers(sock, buffer)
        sock.connect(place)
        async with caplet.connect(sock) as connection:
            payload = connection.bootstrap(schema.Payload)

            async def stream() -> None:
                for number in range(chunks):
                    await payload.write(number=number, chunk=pattern(number, size))

            async def fetch(number: int) -> None:
                assert (await payload.fetch(number=number, size=MEBIBYTE)).content == pattern(number, MEBIBYTE)

            async def echo(number: int) -> None:
                content = pattern(number, MEBIBYTE)
                assert (await payload.echo(content=content)).content == content

            numbers = range(chunks // 100)
            await asyncio.gather(stream(), *map(fetch, numbers), *map(echo, numbers))
            ended = await payload.end()
            assert (ended.chunks, ended.wrong) == (chunks, 0)
            del ended
            payload.close()
        assert_idle(connection)

    with serving(peer, buffer) as place:
        asyncio.run(asyncio.wait_for(main(place), TIMEOUT_S))


@each_load
def test_much_data_comes_from_a_cxx_client_and_goes_back(peer: Path, buffer: int, chunks: int, size: int) -> None:
    lost: list[Any] = []

    async def main() -> str:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            set_buffers(listener, buffer)
            listener.setblocking(False)
            place = "{}:{}".format(*listener.getsockname())
            command = [str(argument) for argument in (peer, "call", place, buffer, chunks, size)]
            client = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            came, _ = await loop.sock_accept(listener)
        ended = asyncio.Event()

        def on_lost(connection: caplet.Connection, error: caplet.RpcError) -> None:
            lost.append(connection)
            ended.set()

        with came:
            async with caplet.serve(f"fd:{came.fileno()}", PayloadServer(), on_lost=on_lost):
                printed, _ = await client.communicate()
                came.close()
                await ended.wait()
        assert client.returncode == 0
        assert not running_vat().links
        return printed.decode()

    at_once = 1 + 2 * (chunks // 100)
    assert asyncio.run(asyncio.wait_for(main(), TIMEOUT_S)) == f"{chunks} chunks, 0 wrong, {at_once} at once\n"
    [connection] = lost
    assert_idle(connection)
