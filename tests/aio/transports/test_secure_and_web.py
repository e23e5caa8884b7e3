"""TLS and WebSockets: who the peer is, what is refused, and that the others go on."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

import caplet
from caplet.aio.driver import running_vat
from caplet.aio.transports.stream import StreamTransport
from caplet.aio.transports.websocket import SUBPROTOCOL, WebSocketTransport

from ..conftest import TIMEOUT_S, EchoServer, schema, until
from .certificates import Authority, contexts

pytestmark = pytest.mark.usefixtures("each_loop")


def run(scenario: Any) -> None:
    asyncio.run(asyncio.wait_for(scenario, TIMEOUT_S))


async def still_works(serving: Any, **options: Any) -> None:
    async with caplet.connect(serving.address, **options) as connection:
        assert (await connection.bootstrap(schema.Echo).echo(number=5)).number == 5


async def read_all(socket: Any) -> None:
    while True:
        await socket.recv()


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "wss://127.0.0.1:0/rpc"])
def test_both_sides_see_the_other_ones_certificate(address: str) -> None:
    peers: list[caplet.Peer] = []

    def make(peer: caplet.Peer) -> EchoServer:
        peers.append(peer)
        return EchoServer()

    async def main() -> None:
        server, client = contexts()
        async with (
            caplet.serve(address, make, tls=server) as serving,
            caplet.connect(serving.address, tls=client) as connection,
        ):
            await connection.bootstrap(schema.Echo).echo(number=1)
            assert connection.peer.name == "localhost"
            assert connection.peer.certificate_der is not None
            assert str(connection.peer) == serving.address

    run(main())
    assert peers[0].name == "alice.example"
    assert peers[0].certificate is not None


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "wss://127.0.0.1:0/rpc"])
def test_a_server_that_the_client_does_not_trust_is_refused(address: str) -> None:
    async def main() -> None:
        server, client = contexts(False)
        async with caplet.serve(address, EchoServer(), tls=server) as serving:
            with pytest.raises(caplet.Disconnected, match="CERTIFICATE_VERIFY_FAILED"):
                await caplet.connect(serving.address)
            with pytest.raises(caplet.Disconnected, match=r"other\.example"):
                await caplet.connect(serving.address, tls=client, server_hostname="other.example")
            await still_works(serving, tls=client)

    run(main())


@pytest.mark.parametrize("scheme", ["tls", "wss", "ws"])
def test_who_gives_up_in_the_moment_in_which_the_stream_is_open_leaves_nothing_open(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a socket that is closed under the loop's transport: its number would be that of the next connection."""
    kind: Any = StreamTransport if scheme == "tls" else WebSocketTransport
    made = kind.connection_made
    connecting: list[asyncio.Task[Any]] = []

    def connection_made(self: Any, transport: Any) -> None:
        made(self, transport)
        if connecting and self._opened:
            connecting[0].cancel()

    monkeypatch.setattr(kind, "connection_made", connection_made)

    async def main() -> None:
        server, client = contexts() if scheme in ("tls", "wss") else (None, None)
        ended = asyncio.Event()
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer()) as plain,
            caplet.serve(
                f"{scheme}://127.0.0.1:0", EchoServer(), tls=server, on_lost=lambda connection, error: ended.set()
            ) as serving,
        ):
            connecting.append(asyncio.ensure_future(caplet.connect(serving.address, tls=client).open()))
            with pytest.raises(asyncio.CancelledError):
                await connecting[0]
            connecting.clear()
            others = [await caplet.connect(plain.address) for _ in range(3)]
            for other in others:
                assert (await other.bootstrap(schema.Echo).echo(number=5)).number == 5
                await other.close()
            if scheme == "tls":
                await ended.wait()
            await until(lambda: serving.connections == 0)
            await until(lambda: not running_vat().links)

    run(main())


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "wss://127.0.0.1:0/rpc"])
@pytest.mark.parametrize("whose", ["nobody", "another authority"])
def test_a_client_without_a_certificate_that_the_server_trusts_is_refused(
    address: str, whose: str, tmp_path: Path
) -> None:
    async def main() -> None:
        server, client = contexts()
        refused = ssl.create_default_context()
        refused.check_hostname = False
        refused.verify_mode = ssl.CERT_NONE
        if whose != "nobody":
            Authority().write(tmp_path)
            refused.load_cert_chain(tmp_path / "client.pem")
        connected: list[object] = []
        async with caplet.serve(address, EchoServer(), tls=server, on_connected=connected.append) as serving:
            with pytest.raises(caplet.Disconnected, match="servers do that refuse the certificate of a client"):
                async with caplet.connect(serving.address, tls=refused) as connection:
                    await connection.bootstrap(schema.Echo).echo(number=1)
            assert connected == []
            await still_works(serving, tls=client)

    run(main())


def test_a_server_by_tls_needs_a_certificate() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="needs tls="):
            await caplet.serve("tls://127.0.0.1:0", EchoServer()).start()

    run(main())


def test_a_text_frame_on_a_websocket_ends_that_connection_with_a_clear_reason() -> None:
    async def main() -> None:
        async with caplet.serve("ws://127.0.0.1:0/rpc", EchoServer()) as serving:
            async with connect_websocket(serving.address, subprotocols=[SUBPROTOCOL]) as socket:
                assert socket.subprotocol == SUBPROTOCOL
                await socket.send("hello")
                with pytest.raises(ConnectionClosed) as caught:
                    await read_all(socket)
            assert caught.value.rcvd is not None
            assert (caught.value.rcvd.code, "text frame" in caught.value.rcvd.reason) == (1003, True)
            await still_works(serving)

    run(main())


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0\0\0\0\1\0\0\0" + bytes(16), b"\xff" * 100])
def test_a_frame_that_is_not_one_message_ends_that_connection(data: bytes) -> None:
    async def main() -> None:
        async with caplet.serve("ws://127.0.0.1:0/rpc", EchoServer()) as serving:
            async with connect_websocket(serving.address) as socket:
                await socket.send(data)
                with pytest.raises(ConnectionClosed):
                    await read_all(socket)
            await still_works(serving)
            await until(lambda: serving.connections == 0)

    run(main())


def test_compression_is_declined_and_compressed_frames_are_an_error_A7() -> None:
    async def main() -> None:
        async with caplet.serve("ws://127.0.0.1:0/rpc", EchoServer()) as serving:
            async with connect_websocket(serving.address, compression="deflate") as socket:
                assert socket.response is not None
                assert "Sec-WebSocket-Extensions" not in socket.response.headers
                # A frame whose first reserved bit says that it is compressed.
                socket.transport.write(bytes([0xC2, 0x80, 0, 0, 0, 0]))
                with pytest.raises(ConnectionClosed) as caught:
                    await socket.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1002
            await still_works(serving)

    run(main())


def test_a_message_larger_than_the_limit_is_refused_before_it_has_come() -> None:
    async def main() -> None:
        limits = caplet.Limits(traversal_words=1000)
        async with caplet.serve("ws://127.0.0.1:0/rpc", EchoServer(), limits=limits) as serving:
            async with connect_websocket(serving.address) as socket:
                with pytest.raises(ConnectionClosed) as caught:  # noqa: PT012  (either may be the first to hear of it)
                    await socket.send(bytes(100_000))
                    await socket.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1009

    run(main())


def test_requests_for_something_else_are_refused() -> None:
    async def main() -> None:
        async with caplet.serve("ws://127.0.0.1:0/rpc", EchoServer(), origins=["https://good.example"]) as serving:
            base = serving.address.removesuffix("/rpc")
            for address, options, status in (
                (f"{base}/other", {}, 404),
                (serving.address, {"subprotocols": ["chat"]}, 400),
                (serving.address, {"origin": "https://evil.example"}, 403),
            ):
                with pytest.raises(InvalidStatus) as caught:
                    await connect_websocket(address, **options)  # type: ignore[arg-type]
                assert caught.value.response.status_code == status
            async with connect_websocket(serving.address, origin="https://good.example"):  # type: ignore[arg-type]
                pass
            with pytest.raises(caplet.Disconnected, match="404"):
                await caplet.connect(f"{base}/other")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
            writer.write(b"GET /rpc HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"426" in await reader.readline()
            writer.close()
            await writer.wait_closed()
            await still_works(serving)

    run(main())


class SlowClient:
    """A client of TLS that takes one step at a time."""

    def __init__(self, sock: socket.socket, rules: ssl.SSLContext) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = rules.wrap_bio(self._came, self._goes, server_hostname="127.0.0.1")

    async def _exchange(self) -> bool:
        """Send what there is, and take what comes; return whether the stream goes on."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._sock, self._goes.read())
        data = await loop.sock_recv(self._sock, 65536)
        self._came.write(data)
        return bool(data)

    async def begin(self) -> None:
        """Say hello, and hear the server's."""
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.do_handshake()
        await self._exchange()

    async def finish(self, request: bytes, wanted: bytes) -> bytes:
        """Do the rest of the handshake, send a request, and return what comes then, up to what is wanted or to the end."""
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._exchange()
        self._tls.write(request or b"\0")
        answer = b""
        while wanted not in answer and await self._exchange():
            try:
                while data := self._tls.read():
                    answer += data
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                break
        return answer


UPGRADE = (
    b"GET /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "wss://127.0.0.1:0/rpc"])
@pytest.mark.parametrize("way", ["close", "shutdown"])
def test_a_connection_that_is_open_only_when_its_server_has_ended_is_not_served(address: str, way: str) -> None:
    async def main() -> None:
        rules, client = contexts()
        connected: list[object] = []
        serving = caplet.serve(address, EchoServer(), tls=rules, on_connected=connected.append)
        await serving.start()
        with socket.create_connection(("127.0.0.1", int(serving.address.split(":")[2].partition("/")[0]))) as sock:
            slow = SlowClient(sock, client)
            await slow.begin()
            await getattr(serving, way)()
            reason = b"the server was closed"
            answer = await slow.finish(UPGRADE if address.startswith("wss") else b"", reason)
        assert reason in answer
        assert connected == []
        assert serving.connections == 0

    run(main())
