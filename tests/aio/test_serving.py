"""Servers: several addresses, limits, hooks, silent peers, and the gentle end; and what clients hear of failures."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import Any, cast

import pytest

import caplet
from caplet.aio.driver import running_vat
from caplet.rpc import decode, encode
from caplet.wire.framing import Framer, frame

from .conftest import TIMEOUT_S, EchoServer, schema, until
from .transports.certificates import contexts


def run(scenario: Any) -> None:
    asyncio.run(asyncio.wait_for(scenario, TIMEOUT_S))


def test_what_waits_to_be_sent_is_counted_row_110_H27() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving,
            caplet.connect(serving.address) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            await echo.echo(number=1)
            transport = connection._link.transport
            assert transport.unsent_bytes == 0
            call = echo.push(content=b"x" * (16 << 20))
            await until(lambda: transport.unsent_bytes > 0)
            await call
            await echo.done()
            assert transport.unsent_bytes == 0

    run(main())


def test_the_end_is_told_when_everything_that_the_connection_held_was_let_go_row_111() -> None:
    counts: list[Any] = []

    async def main() -> None:
        async with caplet.serve(
            "tcp://127.0.0.1:0", EchoServer(), on_lost=lambda connection, error: counts.append(connection.stats())
        ) as serving:
            connection = await caplet.connect(serving.address)
            call = connection.bootstrap(schema.Echo).wait()
            await until(lambda: serving.connections == 1)
            await connection.close()
            with pytest.raises(caplet.Disconnected):
                await call
            await until(lambda: bool(counts))

    run(main())
    assert all(counts[0][table] == 0 for table in ("questions", "answers", "exports", "imports", "embargoes"))


@pytest.mark.usefixtures("each_loop")
def test_a_listener_takes_any_number_of_peers_and_a_given_socket_is_one_row_108() -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            connections = [await caplet.connect(serving.address) for _ in range(5)]
            await until(lambda: serving.connections == 5)
            for connection in connections:
                await connection.close()
        ours, theirs = socket.socketpair()
        async with (
            caplet.connect(theirs, bootstrap=EchoServer()),
            caplet.connect(ours) as connection,
        ):
            assert (await connection.bootstrap(schema.Echo).echo(number=4)).number == 4

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_one_server_listens_at_several_addresses(tmp_path: Any) -> None:
    async def main() -> None:
        places = ["tcp://127.0.0.1:0", f"unix:{tmp_path}/s", "memory:several"]
        async with caplet.serve(places, EchoServer()) as serving:
            assert len(serving.addresses) == 3
            for address in serving.addresses:
                async with caplet.connect(address) as connection:
                    assert (await connection.bootstrap(schema.Echo).echo(number=3)).number == 3
            with pytest.raises(OSError, match="memory:several"):
                await caplet.serve(["tcp://127.0.0.1:0", "memory:several"], EchoServer()).start()
            with pytest.raises(OSError, match="cannot listen at unix"):
                await caplet.serve(f"unix:{tmp_path}/s", EchoServer()).start()

    run(main())


@pytest.mark.usefixtures("each_loop")
@pytest.mark.parametrize("kind", ["tcp", "ws"])
@pytest.mark.parametrize("host", ["*", ""])
def test_a_server_at_every_interface_is_reached_by_each_and_by_its_own_address(kind: str, host: str) -> None:
    async def main() -> None:
        async with caplet.serve(f"{kind}://{host}:0", EchoServer()) as serving:
            assert serving.address.startswith(f"{kind}://*:")
            port = serving.address.rpartition(":")[2]
            for address in (serving.address, f"{kind}://127.0.0.1:{port}", f"{kind}://localhost:{port}"):
                async with caplet.connect(address) as connection:
                    assert (await connection.bootstrap(schema.Echo).echo(number=3)).number == 3

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_socket_file_at_which_nobody_listens_any_more_is_replaced(tmp_path: Any) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(f"{tmp_path}/s")

    async def main() -> None:
        async with caplet.serve(f"unix:{tmp_path}/s", EchoServer()):
            pass

    run(main())
    assert not (tmp_path / "s").exists()


@pytest.mark.usefixtures("each_loop")
def test_a_peer_too_many_is_told_that_the_server_is_overloaded() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer(), max_connections=1) as serving,
            caplet.connect(serving.address) as first,
        ):
            echo = first.bootstrap(schema.Echo)
            await echo.echo(number=1)
            async with caplet.connect(serving.address) as second:
                with pytest.raises(caplet.Disconnected):
                    await second.bootstrap(schema.Echo).echo(number=1)
            assert (await echo.echo(number=2)).number == 2

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_programs_hear_of_connections_that_come_go_and_break_the_protocol() -> None:
    heard: list[str] = []

    async def main() -> None:
        async with caplet.serve(
            "tcp://127.0.0.1:0",
            EchoServer(),
            on_connected=lambda connection: heard.append("connected"),
            on_lost=lambda connection, error: heard.append("lost"),
            on_error=lambda connection, error: heard.append(f"error: {error.reason}"),
        ) as serving:
            async with caplet.connect(serving.address):
                await until(lambda: serving.connections == 1)
            await until(lambda: serving.connections == 0)
            _, writer = await asyncio.open_connection("127.0.0.1", int(serving.address.rpartition(":")[2]))
            writer.write(b"\xff" * 64)
            await until(lambda: len(heard) == 5)
            writer.close()

    run(main())
    assert heard[:3] == ["connected", "lost", "connected"]
    assert "no message" in heard[3]
    assert heard[4] == "lost"


@pytest.mark.usefixtures("each_loop")
def test_a_hook_that_fails_harms_nobody(caplog: Any) -> None:
    def broken(connection: Any) -> None:
        raise ValueError("a broken hook")

    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer(), on_connected=broken) as serving,
            caplet.connect(serving.address) as connection,
        ):
            assert (await connection.bootstrap(schema.Echo).echo(number=1)).number == 1

    with caplog.at_level(logging.ERROR, "caplet"):
        run(main())
    assert "a hook of" in caplog.text


@pytest.mark.usefixtures("each_loop")
def test_a_peer_that_says_nothing_is_cut_off_and_others_go_on() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer(), hello_timeout_s=0) as serving,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(serving.address.rpartition(":")[2]))
            assert await reader.read() == b""
            writer.close()
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer(), hello_timeout_s=None, idle_timeout_s=0) as serving,
            caplet.connect(serving.address) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            # It holds an object, and may be silent for as long as it likes.
            assert (await echo.echo(number=1)).number == 1

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_peer_that_has_closed_its_half_still_gets_its_answer() -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(serving.address.rpartition(":")[2]))
            [message] = encode.bootstrap(0).output()
            writer.write(b"".join(frame([message])))
            writer.write_eof()
            messages = Framer().feed(await reader.read())
            assert messages[0].root.struct().u16(0) == decode.RETURN
            writer.close()

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_the_reason_is_sent_before_the_end_T53() -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(serving.address.rpartition(":")[2]))
            writer.write(b"\xff" * 100_000)
            assert b"segments" in await reader.read()
            writer.close()

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_peer_that_goes_on_and_on_behind_its_mistake_is_cut_off() -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            _, writer = await asyncio.open_connection("127.0.0.1", int(serving.address.rpartition(":")[2]))

            async def go_on() -> None:
                while True:
                    writer.write(b"\xff" * 100_000)
                    await writer.drain()

            with pytest.raises(ConnectionError):
                await go_on()
            writer.close()
            await until(lambda: serving.connections == 0)
            async with caplet.connect(serving.address) as connection:
                assert (await connection.bootstrap(schema.Echo).echo(number=1)).number == 1

    run(main())


def test_tcp_connections_find_out_when_their_peer_has_vanished_T55() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving,
            caplet.connect(serving.address) as connection,
        ):
            await connection.bootstrap(schema.Echo).echo(number=1)
            links = list(running_vat().links.values())
            assert len(links) == 2
            for link in links:
                sock: socket.socket = link.transport._sock  # type: ignore[attr-defined]
                assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(main())


def test_close_returns_when_the_connection_is_really_over_T57() -> None:
    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            connection = await caplet.connect(serving.address)
            await connection.bootstrap(schema.Echo).echo(number=1)
            await connection.close()
            assert connection._link.transport._sock is None  # type: ignore[attr-defined]
            assert connection.closed

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_two_peers_that_flood_each_other_both_get_through_T40() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving,
            caplet.connect(serving.address, bootstrap=EchoServer()) as connection,
        ):
            calls = [connection.bootstrap(schema.Echo).blob(size=1 << 20) for _ in range(20)]
            await until(lambda: serving.connections == 1)
            back = next(link for link in running_vat().links.values() if link is not connection._link)
            more = [schema.Echo(back.connection.bootstrap()).blob(size=1 << 20) for _ in range(20)]
            for call in (*calls, *more):
                assert len((await call).content) == 1 << 20

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_write_that_fails_ends_the_connection_row_93() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        async with caplet.connect(ours) as connection:
            connection._link.transport.pause_reading()
            theirs.close()
            with pytest.raises(caplet.Disconnected, match="was lost"):
                await connection.bootstrap(schema.Echo).echo(number=1)
            assert connection.closed

    run(main())


@pytest.mark.usefixtures("each_loop")
@pytest.mark.parametrize("address", ["unix:{folder}/s", "memory:again"])
def test_a_server_is_started_once_and_again_when_it_has_ended(address: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with caplet.serve(address.format(folder=tmp_path), EchoServer()) as serving:
            first = serving.address
            with pytest.raises(RuntimeError, match=f"listens already, at {first}"):
                await serving.start()
            async with caplet.connect(first) as connection:
                assert (await connection.bootstrap(schema.Echo).echo(number=3)).number == 3
            await serving.close()
            await serving.serve_forever()
            await serving.start()
            assert serving.address == first
            running = asyncio.create_task(serving.serve_forever())
            async with caplet.connect(first) as connection:
                assert (await connection.bootstrap(schema.Echo).echo(number=4)).number == 4
            assert not running.done()
            await serving.shutdown()
            await running

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_gentle_end_lets_calls_under_way_finish() -> None:
    async def main() -> None:
        release = asyncio.Event()

        class Slow(EchoServer):
            async def echo(self, number: int, text: str) -> tuple[int, str]:
                self.waiting.set()
                await release.wait()
                return number, text

        service = Slow()
        serving = caplet.serve("tcp://127.0.0.1:0", service)
        await serving.start()
        async with caplet.connect(serving.address) as connection:
            call = connection.bootstrap(schema.Echo).echo(number=7)
            await service.waiting.wait()
            ending = asyncio.ensure_future(serving.shutdown())
            await asyncio.sleep(0)
            with pytest.raises(caplet.Disconnected):
                await caplet.connect(serving.address)
            release.set()
            assert (await call).number == 7
            await ending
            await connection.wait_closed()

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_handler_that_never_returns_does_not_keep_a_server_from_ending() -> None:
    async def main() -> None:
        service = EchoServer()
        serving = caplet.serve("tcp://127.0.0.1:0", service)
        await serving.start()
        async with caplet.connect(serving.address) as connection:
            call = connection.bootstrap(schema.Echo).wait()
            await service.waiting.wait()
            await serving.shutdown(drain_timeout_s=0)
            with pytest.raises(caplet.Disconnected, match="server was closed"):
                await call
            assert serving.connections == 0
            await until(lambda: service.cancelled == 1)

    run(main())


@pytest.mark.usefixtures("each_loop")
def test_a_caller_that_is_cancelled_while_its_call_is_written_harms_nobody() -> None:
    async def main() -> None:
        async with (
            caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving,
            caplet.connect(serving.address) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            await echo.echo(number=1)

            async def send() -> None:
                await echo.push(content=b"x" * (8 << 20))
                await echo.done()

            task = asyncio.ensure_future(send())
            await until(lambda: connection._link.transport.unsent_bytes > 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await echo.echo(number=2)).number == 2

    run(main())


@pytest.mark.usefixtures("each_loop")
@pytest.mark.parametrize("scheme", ["tcp", "tls", "ws", "wss"])
def test_a_name_that_is_not_known_is_named(scheme: str) -> None:
    async def main() -> None:
        with pytest.raises(caplet.Disconnected, match=rf"cannot connect to {scheme}://nowhere\.invalid:1"):
            await caplet.connect(f"{scheme}://nowhere.invalid:1")
        tls = contexts()[0] if scheme in ("tls", "wss") else None
        with pytest.raises(OSError, match=rf"{scheme}://nowhere\.invalid:1"):
            await caplet.serve(f"{scheme}://nowhere.invalid:1", EchoServer(), tls=tls).start()

    run(main())


class SleeplessLoop(asyncio.SelectorEventLoop):
    """A loop that does not sleep until a timer is due: its clock leaps there, and it counts how often that was."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0
        self.leaps = 0
        self.leaping = False
        self._wait = self._selector.select  # type: ignore[attr-defined]
        self._selector.select = self._leap  # type: ignore[attr-defined]

    def time(self) -> float:
        return super().time() + self.ahead_s

    def _leap(self, timeout: float | None) -> Any:
        if not self.leaping or not timeout:
            return self._wait(timeout)
        events = self._wait(0)
        if not events:
            self.leaps += 1
            self.ahead_s += timeout
        return events


@pytest.mark.parametrize(
    "address",
    [
        "tcp://127.0.0.1:0",
        "unix:{folder}/s",
        "memory:idle",
        "tls://127.0.0.1:0",
        "ws://127.0.0.1:0/rpc",
        "wss://127.0.0.1:0/rpc",
    ],
)
def test_an_idle_connection_wakes_nobody(address: str, tmp_path: Path) -> None:
    secure = address.startswith(("tls", "wss"))
    server, client = contexts() if secure else (None, None)

    async def main() -> None:
        async with (
            caplet.serve(address.format(folder=tmp_path), EchoServer(), tls=server) as serving,
            caplet.connect(serving.address, tls=client) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            for _ in range(2):
                await echo.echo(number=1)
            loop = cast("SleeplessLoop", asyncio.get_running_loop())
            over = loop.create_future()
            loop.call_later(86_400, over.set_result, None)
            loop.leaping = True
            await over
            loop.leaping = False
            # At the end of that day, and once before that to see that the peer was no silent one.
            assert loop.leaps <= 2
            assert (await echo.echo(number=2)).number == 2

    with asyncio.Runner(loop_factory=SleeplessLoop) as runner:
        runner.run(main())
