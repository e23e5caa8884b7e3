"""Every kind of connection that the C++ implementation has beside TCP, in both directions: Unix sockets with descriptors, TLS with
certificates on both sides, WebSockets.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import caplet

from ..aio.transports.certificates import Authority
from .cxx import HERE, compile_peers

try:
    import uvloop
except ImportError:
    LOOPS: dict[str, Any] = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

TIMEOUT_S = 60
CONTENT = bytes(range(256)) * 4096
schema = caplet.load(HERE / "places.capnp")

# What the kind is called there, and what the addresses of a client and of a server are here.
KINDS = {
    "unix": ("unix", "unix:{folder}/s", "unix:{folder}/s"),
    "unix-abstract": ("unix", "unix-abstract:{folder}", "unix-abstract:{folder}"),
    "tls": ("tls", "tls://127.0.0.1:{port}", "tls://127.0.0.1:0"),
    "ws": ("ws", "ws://127.0.0.1:{port}/rpc", "ws://127.0.0.1:0/rpc"),
}


KINDS_OF_ERRORS = (caplet.Failed, caplet.Overloaded, caplet.Disconnected, caplet.Unimplemented)


class BoxServer(schema.Box.Server):
    """A pipe with something in it."""

    def __init__(self, text: str) -> None:
        source, sink = os.pipe()
        os.write(sink, text.encode())
        os.close(sink)
        self.file = os.fdopen(source, "rb")
        caplet.attach_fd(self, self.file)

    @caplet.on_release
    def close(self) -> None:
        self.file.close()


async def text_of(box: Any) -> str:
    """Return what is in somebody's pipe."""
    fd = await caplet.duplicate_fd(box)
    if fd is None:
        return "none"
    with os.fdopen(fd) as file:
        return file.read()


class ServiceServer(schema.Service.Server):
    def __init__(self, peer: caplet.Peer) -> None:
        self.peer = peer
        self.count = 0

    def open(self, text: str) -> Any:
        return BoxServer(text)

    async def read(self, box: Any) -> str:
        return await text_of(box)

    def who(self) -> str:
        return self.peer.name or "nobody"

    def echo(self, content: bytes) -> bytes:
        return content

    async def fail(self, kind: int) -> None:
        raise KINDS_OF_ERRORS[kind]("on purpose")

    async def hang(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.count += 1
            raise

    def cancelled(self) -> int:
        return self.count


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the C++ peer."""
    folder = tmp_path_factory.mktemp("cxx")
    text = (HERE / "places.capnp").read_text(encoding="utf-8")
    compile_peers(
        folder, "places.capnp", text, "place_peer", libraries=("capnp-websocket", "kj-http", "kj-tls", "capnp-rpc")
    )
    return folder / "place_peer"


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the rules of a server and of a client, each of which must have a certificate."""
    Authority().write(folder)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.pem")
    server.load_cert_chain(folder / "server.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=folder / "authority.pem")
    client.load_cert_chain(folder / "client.pem")
    return server, client


@asynccontextmanager
async def running(peer: Path, folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the C++ peer in the folder of the certificates; it has ended at the end."""
    pipe = asyncio.subprocess.PIPE
    # It complains of a PWD that is not where it is.
    variables = {**os.environ, "PWD": str(folder)}
    process = await asyncio.create_subprocess_exec(peer, *arguments, stdin=pipe, stdout=pipe, cwd=folder, env=variables)
    try:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def fail_and_cancel(service: Any) -> None:
    """Every kind of error comes as what it is, and a call that is cancelled ends there too."""
    for kind, error in enumerate(KINDS_OF_ERRORS):
        with pytest.raises(error, match="on purpose") as caught:
            await service.fail(kind=kind)
        assert type(caught.value) is error
        assert caught.value.fault == "remote"
    with pytest.raises(caplet.Unimplemented):
        await service.missing()
    waiting = asyncio.create_task(asyncio.wait_for(service.hang(), None))
    await service.who()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    while not (await service.cancelled()).count:
        pass


def run(loop: str, main: Any) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(asyncio.wait_for(main, TIMEOUT_S))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("kind", KINDS)
def test_our_client_talks_to_a_cxx_server_at_every_kind_of_place_row_22(
    peer: Path, tmp_path: Path, kind: str, loop: str
) -> None:
    theirs, address, _ = KINDS[kind]
    _, tls = contexts(tmp_path)
    passes = theirs == "unix"

    async def main() -> None:
        place = address.format(folder=tmp_path, port="") if passes else "127.0.0.1:0"
        async with running(peer, tmp_path, "serve", theirs, place) as process:
            assert process.stdout is not None
            port = (await process.stdout.readline()).decode().strip()
            target = address.format(folder=tmp_path, port=port)
            async with caplet.connect(target, tls=tls if theirs == "tls" else None) as connection:
                service = connection.bootstrap(schema.Service)
                opened = service.open(text="from the server").box  # asked for its descriptor before it is there
                assert await text_of(opened) == ("from the server" if passes else "none")
                ours = BoxServer("from the client")
                assert (await service.read(box=ours)).text == ("from the client" if passes else "none")
                assert (await service.who()).name == {"unix": "unix", "tls": "alice.example", "ws": "web"}[theirs]
                assert (await service.echo(content=CONTENT)).content == CONTENT
                assert connection.peer.name == ("localhost" if theirs == "tls" else None)
                await fail_and_cancel(service)
            assert ours.file.closed, "it was not released"

    run(loop, main())


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_cxx_client_talks_to_our_server_at_every_kind_of_place_row_22(
    peer: Path, tmp_path: Path, kind: str, loop: str
) -> None:
    theirs, _, address = KINDS[kind]
    tls, _ = contexts(tmp_path)
    lost: list[BaseException] = []

    async def main() -> None:
        async with caplet.serve(
            address.format(folder=tmp_path),
            lambda peer: ServiceServer(peer),
            tls=tls if theirs == "tls" else None,
            on_lost=lambda connection, error: lost.append(error),
        ) as serving:
            place = serving.address if theirs == "unix" else serving.address.split("/")[2]
            async with running(peer, tmp_path, "call", theirs, place) as process:
                printed, _ = await process.communicate()
            came = ["from the server", "from the client"] if theirs == "unix" else ["none", "none"]
            who = "alice.example" if theirs == "tls" else "nobody"
            errors = [f"{kind} on purpose" for kind in range(4)]
            assert printed.decode().splitlines() == [*came, who, "all", *errors, "3 missing", "1 cancelled"]

    run(loop, main())
    assert [type(error) for error in lost] == [caplet.Disconnected]


def test_a_cxx_client_without_a_certificate_that_we_trust_is_refused(peer: Path, tmp_path: Path) -> None:
    tls, _ = contexts(tmp_path)
    another = tmp_path / "another"
    another.mkdir()
    Authority().write(another)
    (another / "client.pem").replace(tmp_path / "client.pem")

    async def main() -> None:
        connected: list[object] = []
        async with caplet.serve(
            "tls://127.0.0.1:0", lambda peer: ServiceServer(peer), tls=tls, on_connected=connected.append
        ) as serving:
            process = await asyncio.create_subprocess_exec(
                peer, "call", "tls", serving.address.split("/")[2], cwd=tmp_path, stderr=asyncio.subprocess.PIPE
            )
            _, said = await process.communicate()
            assert process.returncode != 0
            assert b"kj::Exception" in said
            assert connected == []

    run("asyncio", main())
