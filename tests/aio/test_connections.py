"""Opening, ending and losing connections, and what hostile bytes do."""

from __future__ import annotations

import asyncio
import gc
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import caplet
from caplet.aio.driver import running_vat
from caplet.testing.scripted import answer
from caplet.testing.stream_peer import StreamPeer

from .conftest import TIMEOUT_S, EchoServer, schema, until
from .transports.certificates import contexts


def within_a_minute(coroutine: Any) -> None:
    asyncio.run(asyncio.wait_for(coroutine, TIMEOUT_S))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_nothing_listening_is_a_connection_error_with_the_address() -> None:
    async def main() -> None:
        address = f"tcp://127.0.0.1:{free_port()}"
        with pytest.raises(ConnectionError, match=address):
            async with caplet.connect(address):
                pass

    within_a_minute(main())


def test_nobody_listening_in_memory_is_a_connection_error_with_the_address() -> None:
    async def main() -> None:
        with pytest.raises(caplet.Disconnected, match="memory:nobody"):
            await caplet.connect("memory:nobody")

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:0", "tls://127.0.0.1:0", "ws://127.0.0.1:0/rpc", "unix:{folder}/s"]
)
def test_a_place_in_use_is_named_and_who_listens_there_goes_on(address: str, tmp_path: Path) -> None:
    async def main() -> None:
        tls, client = contexts() if address.startswith("tls") else (None, None)
        async with caplet.serve(address.format(folder=tmp_path), EchoServer(), tls=tls) as serving:
            with pytest.raises(OSError, match=serving.address.removesuffix("/rpc")):
                async with caplet.serve(["tcp://127.0.0.1:0", serving.address], EchoServer(), tls=tls):
                    pass
            async with caplet.connect(serving.address, tls=client) as connection:
                assert (await connection.bootstrap(schema.Echo).echo(number=5)).number == 5

    within_a_minute(main())


@pytest.mark.parametrize(
    "address",
    [
        "localhost:5923",
        "tcp:localhost:1",
        "tcp://localhost",
        "tcp://::1:80",
        "tcp://h:x",
        "http://h:1",
        "tcp://somebody@h:1",
        "tls://two words:1",
        "ws://h:1/path#part",
        "ws://h:1/two words",
        "ws://h:1/gr\u00fc\u00dfe",
        "memory:",
        "unix:",
        "",
    ],
)
def test_an_address_that_is_none_says_what_was_expected(address: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        caplet.connect(address)


def test_a_service_that_is_none_is_refused_before_listening() -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="Server object"):
            async with caplet.serve("memory:wrong", 5):  # type: ignore[arg-type]
                pass

    within_a_minute(main())


class Picky(EchoServer):
    """Cannot be made without saying for whom."""

    def __init__(self, peer: object) -> None:
        super().__init__()


async def make_later(peer: object) -> EchoServer:
    return EchoServer()


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        (Picky, r"'peer'; a Server class is made without arguments; to give it some: lambda peer: Picky\(...\)"),
        (lambda: EchoServer(), "too many positional arguments; a function for `serve` is given the peer"),
        (make_later, "is a coroutine function"),
    ],
    ids=["class", "function", "coroutine function"],
)
def test_a_service_that_cannot_be_made_like_that_is_refused_before_listening(service: Any, problem: str) -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match=problem):
            await caplet.serve("memory:picky", service).start()
        async with caplet.serve("memory:picky", EchoServer):
            with pytest.raises(TypeError, match=problem):
                await caplet.connect("memory:picky", bootstrap=service)

    within_a_minute(main())


@pytest.mark.parametrize(("error", "logged"), [(ValueError("no key"), 1), (caplet.Overloaded("full"), 0)])
def test_an_object_that_could_not_be_made_for_its_peer_is_told_to_the_program_too(
    caplog: pytest.LogCaptureFixture, error: Exception, logged: int
) -> None:
    def make(peer: object) -> EchoServer:
        raise error

    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", make) as serving, caplet.connect(serving.address) as connection:
            with pytest.raises(caplet.RpcError, match=str(error)) as caught:
                await connection.bootstrap(schema.Echo).echo(number=1)
            assert type(caught.value) is (caplet.Failed if logged else type(error))

    within_a_minute(main())
    found = [record for record in caplog.records if record.exc_info]
    assert len(found) == logged
    assert all(record.name == "caplet" and "for tcp://127.0.0.1:" in record.message for record in found)


def test_a_server_method_with_a_param_that_the_schema_lacks_is_refused() -> None:
    class Wrong(schema.Echo.Server):  # type: ignore[name-defined,misc]
        async def echo(self, numbre: int) -> None: ...

    async def main() -> None:
        with pytest.raises(TypeError, match=r"wants 'numbre'.*number, text"):
            async with caplet.serve("memory:wrong", Wrong()):
                pass

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
def test_closing_the_client_fails_what_is_outstanding_on_both_sides() -> None:
    async def main() -> None:
        service = EchoServer()
        async with caplet.serve("tcp://127.0.0.1:0", service) as serving:
            connection = await caplet.connect(serving.address)
            call = connection.bootstrap(schema.Echo).wait()
            await service.waiting.wait()
            await connection.close()
            assert connection.closed
            with pytest.raises(ConnectionError, match="closed"):
                await call
            with pytest.raises(caplet.Disconnected):
                await connection.bootstrap(schema.Echo).echo(number=1)
            await until(lambda: service.cancelled > 0)

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
def test_closing_the_server_fails_every_caller() -> None:
    async def main() -> None:
        service = EchoServer()
        serving = caplet.serve("tcp://127.0.0.1:0", service)
        await serving.start()
        async with caplet.connect(serving.address) as connection:
            echo = connection.bootstrap(schema.Echo)
            calls = [echo.wait() for _ in range(1000)]
            await service.waiting.wait()
            await serving.close()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(outcome, caplet.Disconnected) for outcome in outcomes)
            await connection.wait_closed()
            assert all(connection.stats()[table] == 0 for table in ("questions", "answers", "exports", "imports"))

    within_a_minute(main())


async def send_raw(address: str, data: bytes) -> bytes:
    """Send bytes, end the sending side, and return all that comes back."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff" * 64,
        bytes(8),
        b"\x00\x00\x00\x00\x01\x00\x00\x00" + b"\x00" * 8,
        b"\x00\x00\x00\x00\x02\x00\x00\x00" + b"\xfc" * 16,
        b"\x00\x00\x00\x00\xff\xff\xff\x7f",
        b"\x00\x00\x00\x00\x10\x00\x00\x00cut short",
        b"",
    ],
    ids=["http", "ones", "empty-message", "null-root", "wild-pointers", "giant", "truncated", "nothing"],
)
@pytest.mark.usefixtures("each_loop")
def test_garbage_ends_that_connection_and_the_server_goes_on(data: bytes) -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving, caplet.connect(serving.address) as good:
            echo = good.bootstrap(schema.Echo)
            await echo.echo(number=1)
            await send_raw(serving.address, data)
            assert (await echo.echo(number=2)).number == 2
            await until(lambda: serving.connections == 1)

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
def test_the_peer_is_told_why_its_connection_ends() -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            answer = await send_raw(serving.address, b"\xff" * 64)
            assert b"segments" in answer

    within_a_minute(main())


def test_each_peer_may_get_an_object_of_its_own() -> None:
    async def main() -> None:
        peers: list[caplet.Peer] = []

        def make(peer: caplet.Peer) -> EchoServer:
            peers.append(peer)
            return EchoServer()

        places: list[str] = []
        async with caplet.serve("tcp://127.0.0.1:0", make) as serving:
            for _ in range(2):
                sock = socket.create_connection(("127.0.0.1", int(serving.address.rpartition(":")[2])))
                places.append(f"tcp://127.0.0.1:{sock.getsockname()[1]}")
                async with caplet.connect(sock) as connection:
                    await connection.bootstrap(schema.Echo).echo(number=1)
        assert [peer.address for peer in peers] == places
        assert all(peer.name is None and peer.credentials is None for peer in peers)

    within_a_minute(main())


def test_a_server_class_is_made_once_for_each_peer() -> None:
    made = 0

    class Counting(EchoServer):
        def __init__(self) -> None:
            nonlocal made
            made += 1
            super().__init__()

    async def main() -> None:
        async with caplet.serve("memory:counting", Counting):
            for _ in range(3):
                async with caplet.connect("memory:counting") as connection:
                    await connection.bootstrap(schema.Echo).echo(number=1)

    within_a_minute(main())
    assert made == 3


def test_a_server_may_ask_for_the_bootstrap_object_of_its_client() -> None:
    async def main() -> None:
        async with (
            caplet.serve("memory:plain", EchoServer()),
            caplet.connect("memory:plain", bootstrap=EchoServer()) as connection,
        ):
            assert (await connection.bootstrap(schema.Echo).echo(number=4)).number == 4

    within_a_minute(main())


def test_objects_do_not_move_between_event_loops() -> None:
    async def open_one() -> Any:
        async with caplet.serve("memory:loops", EchoServer()), caplet.connect("memory:loops") as connection:
            return connection

    async def use(connection: Any) -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            connection.bootstrap(schema.Echo)

    connection = asyncio.run(open_one())
    within_a_minute(use(connection))


@pytest.mark.usefixtures("each_loop")
def test_a_unix_socket_carries_calls(tmp_path: Any) -> None:
    async def main() -> None:
        async with caplet.serve(f"unix:{tmp_path}/s", EchoServer()), caplet.connect(f"unix:{tmp_path}/s") as connection:
            assert (await connection.bootstrap(schema.Echo).echo(number=4)).number == 4

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
def test_a_peer_that_does_not_read_is_cut_off_and_others_go_on() -> None:
    async def main() -> None:
        limits = caplet.Limits(unsent_words=1 << 17)
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer(), limits=limits) as serving,
            caplet.connect(serving.address) as slow,
            caplet.connect(serving.address) as good,
        ):
            echo = slow.bootstrap(schema.Echo)
            await echo.echo(number=1)
            slow._link.transport.pause_reading()
            calls = [echo.blob(size=1 << 20) for _ in range(40)]
            await until(lambda: serving.connections == 1)
            assert (await good.bootstrap(schema.Echo).echo(number=2)).number == 2
            slow._link.transport.resume_reading()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert any(isinstance(outcome, caplet.Disconnected) for outcome in outcomes)

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
def test_closing_does_not_wait_for_ever_for_a_peer_that_does_not_read() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving,
            caplet.connect(serving.address) as slow,
        ):
            echo = slow.bootstrap(schema.Echo)
            await echo.echo(number=1)
            slow._link.transport.pause_reading()
            call = echo.blob(size=1 << 24)
            await until(
                lambda: (
                    running_vat().links
                    and max(link.transport.unsent_bytes for link in running_vat().links.values()) > 0
                )
            )
            await serving.close(timeout_s=0)
            assert serving.connections == 0
            slow._link.transport.resume_reading()
            with pytest.raises(caplet.Disconnected):
                await call

    within_a_minute(main())


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "memory:cycles"])
def test_a_connection_that_has_ended_leaves_no_cycles_of_ours(address: str) -> None:
    async def one() -> None:
        async with caplet.serve(address, EchoServer()) as serving, caplet.connect(serving.address) as connection:
            assert (await connection.bootstrap(schema.Echo).echo(number=1)).number == 1

    names: list[str] = []

    async def main() -> None:
        await one()
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await one()
            gc.collect()
            names.extend(f"{type(thing).__module__}.{type(thing).__qualname__}" for thing in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()

    within_a_minute(main())
    assert not [name for name in names if "caplet" in name]  # what is left is asyncio's


@pytest.mark.parametrize("address", ["memory:stats", "tcp://127.0.0.1:0"])
def test_a_connection_tells_of_itself_in_numbers(address: str) -> None:
    async def main() -> None:
        made: list[caplet.Connection] = []
        async with (
            caplet.serve(address, EchoServer(), on_connected=made.append) as serving,
            caplet.connect(serving.address) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            await echo.blob(size=100_000)
            [other] = made
            ours, theirs = connection.stats(), other.stats()
            assert ours["peer"] == serving.address
            assert ours["received_bytes"] > 100_000 > ours["sent_bytes"] > 0
            assert ours["received_bytes"] == theirs["sent_bytes"]
            assert ours["age_s"] >= 0
            assert (ours["imports"], theirs["exports"]) == (1, 1)
            assert set(ours) == set(caplet.ConnectionStats.__annotations__)
            waiting = echo.wait()
            await connection.bootstrap(schema.Echo).echo(number=1)
            assert other.stats()["unanswered_words"] > 0
            waiting.cancel()
        ended = connection.stats()
        assert (ended["unsent_bytes"], ended["questions"], ended["imports"]) == (0, 0, 0)
        assert ended["received_bytes"] > 100_000

    within_a_minute(main())


def test_what_a_trace_reads_of_a_message_counts_for_nobody_else() -> None:
    async def main() -> None:
        limits = caplet.Limits(traversal_words=1000)
        async with (
            caplet.serve("memory:looked-at", EchoServer()),
            caplet.connect("memory:looked-at", limits=limits) as connection,
        ):
            connection.trace(lambda direction, message: [message.root.struct() for _ in range(1000)] and None)
            assert (await connection.bootstrap(schema.Echo).echo(number=7)).number == 7

    within_a_minute(main())


@pytest.mark.usefixtures("each_loop")
def test_what_could_not_be_written_is_released_at_once_without_the_collector_of_cycles() -> None:
    """The error of the write does not keep it, nor the connection."""
    released = asyncio.Event()

    class Child(EchoServer):
        @caplet.on_release
        def gone(self) -> None:
            released.set()

    class Parent(EchoServer):
        def next(self) -> Child:
            return Child()

    async def main() -> None:
        near, far = socket.socketpair()
        async with caplet.connect(near, bootstrap=Parent()):
            # It asks, and is gone before the answer is written.
            peer = StreamPeer(asyncio.StreamReader(), SimpleNamespace(write=far.sendall))  # type: ignore[arg-type]
            peer.bootstrap(0)
            peer.call(1, answer(0), method=2, interface=schema.Echo._schema_type.type_id)
            far.close()
            await released.wait()

    gc.collect()
    gc.disable()
    try:
        within_a_minute(main())
    finally:
        gc.enable()
