"""Peers that send anything but messages to the examples' servers: each is told so or cut off, and a client that was there before is answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.programs import Program

import caplet
from caplet.runtime.clients import Client

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SERVERS = ["calculator", "chat", "pubsub", "reconnect", "file_transfer"]
SILENT = 100
TIMEOUT_S = 60

# What is no message, or none that a peer may send; the peer hears why, or is cut off.
JUNK = {
    "another protocol": b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "more segments than there can be": struct.pack("<II", 0xFFFFFFFF, 0),
    "a huge table": struct.pack("<513I", 510, *[0xFFFFFFFF] * 512),
    "a huge segment": struct.pack("<II", 0, 0xFFFFFFFF),
    "an empty message": struct.pack("<II", 0, 0),
    "a null root": struct.pack("<IIQ", 0, 1, 0),
    "zeros": bytes(100_000),
    "ones": b"\xff" * 1000,
}
# What may still become a message.
UNFINISHED = [b"", b"\0", struct.pack("<I", 3), struct.pack("<II", 0, 1 << 22) + b"x" * 100]


@pytest.fixture
def silent() -> Iterator[list[socket.socket]]:
    """Connections that nothing comes of; closed in the end."""
    with contextlib.ExitStack() as stack:
        opened: list[socket.socket] = []
        yield opened
        for sock in opened:
            stack.callback(sock.close)


def held_kb(process_id: int) -> int:
    """Return how much memory a process holds."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_goes_on_among_hostile_peers(name: str, tmp_path: Path, silent: list[socket.socket]) -> None:
    async def main(address: str, process_id: int) -> None:
        host, port = address.removeprefix("tcp://").split(":")
        loop = asyncio.get_running_loop()
        async with caplet.connect(address) as earlier:

            async def is_answered() -> None:
                await caplet.when_resolved(earlier.bootstrap(Client))

            await is_answered()
            for junk in JUNK.values():
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(junk)
                # Reading ends when the server has closed the connection; it may have reset it, with bytes of ours unread.
                with contextlib.suppress(ConnectionResetError):
                    await reader.read()
                writer.close()
                await is_answered()
            before_kb = held_kb(process_id)
            for number in range(SILENT):
                sock = socket.socket()
                silent.append(sock)
                sock.setblocking(False)
                await loop.sock_connect(sock, (host, int(port)))
                await loop.sock_sendall(sock, UNFINISHED[number % len(UNFINISHED)])
            await is_answered()
            assert held_kb(process_id) - before_kb < SILENT * 128, "what is announced costs little"

    arguments = [str(tmp_path)] if name == "file_transfer" else []
    with Program(EXAMPLES / name / "server.py", *arguments) as server:
        address = server.hear()
        asyncio.run(asyncio.wait_for(main(address, server.process.pid), TIMEOUT_S))
        assert server.process.poll() is None
        assert "Traceback" not in "".join(server.errors)
