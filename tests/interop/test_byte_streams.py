"""Byte streams between Caplet and the C++ implementation, in both directions: the interface has one id everywhere."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import caplet

from .cxx import compile_peers

TIMEOUT_S = 60
DATA = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the C++ peer."""
    folder = tmp_path_factory.mktemp("cxx")
    schema = files("caplet.std").joinpath("byte-stream.capnp").read_text(encoding="utf-8")
    # The one thing in it that the original of this age does not know.
    compile_peers(folder, "byte-stream.capnp", schema.replace("$Cxx.allowCancellation;", ""), "byte_stream_peer")
    return folder / "byte_stream_peer"


@pytest.fixture
def server(peer: Path) -> Iterator[subprocess.Popen[str]]:
    """A C++ server that takes bytes; it has not printed its port yet."""
    with subprocess.Popen(
        [peer, "serve", "127.0.0.1:0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


class Callback(caplet.ByteStream.SubstreamCallback.Server):
    def __init__(self) -> None:
        self.counts: list[int] = []

    async def ended(self, byte_count: int) -> None:
        self.counts.append(byte_count)


def hash_of(data: bytes) -> int:
    found = 0
    for byte in data:
        found = (found * 31 + byte) % (1 << 64)
    return found


def test_bytes_flow_into_a_cxx_stream_and_through_its_substreams(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    callback = Callback()

    async def main() -> None:
        async with caplet.connect(f"tcp://127.0.0.1:{port}") as connection:
            stream = connection.bootstrap(caplet.ByteStream)
            substream = stream.get_substream(callback=callback).substream
            assert await caplet.copy_bytes(b"hello", substream) == 5
            assert callback.counts == [5]
            assert await caplet.copy_bytes(DATA, stream, chunk_bytes=10_000) == len(DATA)

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
    assert server.stdout.readline() == f"{5 + len(DATA)} {hash_of(b'hello' + DATA)}\n"


@pytest.mark.parametrize("chunk", [1000, 65536])
def test_bytes_flow_out_of_a_cxx_client_and_through_our_substreams(peer: Path, chunk: int) -> None:
    receiver = caplet.ByteReceiver()

    async def main() -> str:
        async with caplet.serve("tcp://127.0.0.1:0", receiver) as serving:
            place = serving.address.removeprefix("tcp://")
            client = await asyncio.create_subprocess_exec(
                peer, "send", place, str(len(DATA)), str(chunk), stdout=asyncio.subprocess.PIPE
            )
            assert await receiver.read() == b"hello" + DATA
            printed, _ = await client.communicate()
            assert client.returncode == 0
            return printed.decode()

    assert asyncio.run(asyncio.wait_for(main(), TIMEOUT_S)) == "substream 5\nended\n"
