"""What goes wrong around connections: who does it hears a clear error, and everybody else goes on."""

from __future__ import annotations

import asyncio
import gc
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.aio import opening
from caplet.aio.arrivals import Arrivals
from caplet.rpc import encode
from caplet.wire.framing import frame

from .conftest import TIMEOUT_S, EchoServer, schema, until
from .transports.certificates import contexts


class LoopWithClock(asyncio.SelectorEventLoop):
    """A loop whose clock jumps when a test says so."""

    ahead_s = 0.0

    def time(self) -> float:
        return super().time() + self.ahead_s


def run(scenario: Callable[[Any], Any], make_loop: Callable[[], asyncio.AbstractEventLoop] = LoopWithClock) -> None:
    """Run a scenario, in a loop whose clock can be moved if nothing else is said."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(scenario(loop))
        # By another clock: that of the loop jumps.
        watchdog = threading.Timer(TIMEOUT_S, loop.call_soon_threadsafe, [task.cancel])
        watchdog.start()
        try:
            await task
        finally:
            watchdog.cancel()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(main())


@pytest.fixture
def loop_of_each_kind(each_loop: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes loops of each kind in turns, for what needs no clock."""
    return asyncio.new_event_loop


async def still_works(address: str, **options: Any) -> None:
    async with caplet.connect(address, **options) as connection:
        assert (await connection.bootstrap(schema.Echo).echo(number=5)).number == 5


def host_and_port(address: str) -> tuple[str, int]:
    host, port = address.partition("://")[2].partition("/")[0].split(":")
    return host, int(port)


# --- out of descriptors -----------------------------------------------------------------------------------------------------------------


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Let this process open nothing more."""
    # What nobody holds must not give back a descriptor in between.
    gc.collect()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as last:
        lowest_free = last.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    taken: list[socket.socket] = []

    def take_all() -> None:
        while True:
            taken.append(socket.socket())

    try:
        with pytest.raises(OSError, match="Too many open files"):
            take_all()
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for sock in taken:
            sock.close()


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:0", "unix:{folder}/s", "tls://127.0.0.1:0", "ws://127.0.0.1:0/rpc"]
)
def test_a_server_without_descriptors_pauses_and_accepts_again_when_there_are_some(
    address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(loop: LoopWithClock) -> None:
        tls, client = contexts() if address.startswith("tls") else (None, None)
        async with (
            caplet.serve(address.format(folder=tmp_path), EchoServer(), tls=tls) as serving,
            caplet.connect(serving.address, tls=client) as earlier,
        ):
            echo = earlier.bootstrap(schema.Echo)
            await echo.echo(number=1)
            family = socket.AF_UNIX if address.startswith("unix") else socket.AF_INET
            with socket.socket(family) as late:
                late.setblocking(False)
                with no_descriptors():
                    place = f"{tmp_path}/s" if family is socket.AF_UNIX else host_and_port(serving.address)
                    await loop.sock_connect(late, place)
                    await until(lambda: "no connection is accepted" in caplog.text)
                    # Who is connected notices nothing.
                    assert (await echo.echo(number=2)).number == 2
                    loop.ahead_s += 1
                    await until(lambda: len(caplog.records) >= 2)
                assert serving.connections == 1
                loop.ahead_s += 1
                if address.startswith(("tcp", "unix")):
                    await until(lambda: serving.connections == 2)
            await still_works(serving.address, tls=client)
        # Once for each attempt, of which there is one in a second.
        assert len(caplog.records) < 60

    run(scenario)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "unix:{folder}/s"])
def test_a_server_in_any_loop_survives_the_want_of_descriptors(
    address: str, tmp_path: Path, loop_of_each_kind: Any
) -> None:
    """Some loops turn peers away, others let them wait; who is connected goes on, and later ones are served."""

    async def scenario(loop: Any) -> None:
        async with (
            caplet.serve(address.format(folder=tmp_path), EchoServer()) as serving,
            caplet.connect(serving.address) as earlier,
        ):
            echo = earlier.bootstrap(schema.Echo)
            await echo.echo(number=1)
            family = socket.AF_UNIX if address.startswith("unix") else socket.AF_INET
            with socket.socket(family) as late:
                late.setblocking(False)
                with no_descriptors():
                    await loop.sock_connect(
                        late, f"{tmp_path}/s" if family is socket.AF_UNIX else host_and_port(serving.address)
                    )
                    for number in range(20):
                        assert (await echo.echo(number=number)).number == number
            await still_works(serving.address)

    run(scenario, loop_of_each_kind)


def test_a_server_that_is_closed_while_it_pauses_stays_closed(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(loop: LoopWithClock) -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            with socket.socket() as late:
                late.setblocking(False)
                with no_descriptors():
                    await loop.sock_connect(late, host_and_port(serving.address))
                    await until(lambda: "no connection is accepted" in caplog.text)
                await serving.close()
                loop.ahead_s += 1
                with pytest.raises(caplet.Disconnected):
                    await caplet.connect(serving.address)

    run(scenario)


def test_a_client_without_descriptors_is_told_so(loop_of_each_kind: Any) -> None:
    async def scenario(loop: Any) -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            with no_descriptors(), pytest.raises(caplet.Disconnected, match="Too many open files"):
                await caplet.connect(serving.address)
            await still_works(serving.address)

    run(scenario, loop_of_each_kind)


# --- silence ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "unix:{folder}/s"])
def test_a_peer_without_a_word_is_cut_off_after_a_minute_and_others_are_not(address: str, tmp_path: Path) -> None:
    lost: list[str] = []

    async def scenario(loop: LoopWithClock) -> None:
        service = EchoServer()
        async with (
            caplet.serve(
                address.format(folder=tmp_path), service, on_lost=lambda connection, error: lost.append(error.reason)
            ) as serving,
            caplet.connect(serving.address) as talks,
            caplet.connect(serving.address) as silent,
        ):
            echo = talks.bootstrap(schema.Echo)
            await echo.echo(number=1)
            await until(lambda: serving.connections == 2)
            loop.ahead_s += 20
            for _ in range(20):
                await asyncio.sleep(0)
            assert serving.connections == 2
            loop.ahead_s += 41
            await silent.wait_closed()
            assert lost == [f"nothing was heard from {lost[0].split()[4]} for 60 s"]
            with pytest.raises(caplet.Disconnected, match="closed the connection"):
                await silent.bootstrap(schema.Echo).echo(number=1)
            assert (await echo.echo(number=2)).number == 2
            assert serving.connections == 1

    run(scenario)


def is_cut_off(sock: socket.socket) -> bool:
    """Tell whether the peer of a socket has ended the connection, on which it has said nothing."""
    try:
        return sock.recv(100) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def silent_connections(address: str, count: int) -> list[socket.socket]:
    """Return connections to a server on which nothing is said."""
    made = [socket.create_connection(host_and_port(address)) for _ in range(count)]
    for sock in made:
        sock.setblocking(False)
    return made


async def serve_in_a_crowd(address: str) -> None:
    """Let many peers begin a handshake and say nothing; the slowest must make room, and others be served."""
    server, client = contexts()
    options = {} if address.startswith("ws:") else {"tls": client}
    async with caplet.serve(address, EchoServer(), tls=server if options else None, max_connections=3) as serving:
        silent = silent_connections(serving.address, 5)
        try:
            await until(lambda: is_cut_off(silent[0]) and is_cut_off(silent[1]))
            await still_works(serving.address, **options)
            await until(lambda: is_cut_off(silent[2]))
            assert not any(is_cut_off(sock) for sock in silent[3:])
            # The two that are still silent are no connections: three more have room.
            async with (
                caplet.connect(serving.address, **options) as first,
                caplet.connect(serving.address, **options) as second,
            ):
                # Who is open arrives no more, and makes no room for anybody.
                for _ in range(4):
                    await still_works(serving.address, **options)
                for connection in (first, second):
                    assert (await connection.bootstrap(schema.Echo).echo(number=1)).number == 1
        finally:
            for sock in silent:
                sock.close()
        await still_works(serving.address, **options)


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "wss://127.0.0.1:0/rpc"])
def test_of_too_many_peers_in_a_handshake_of_TLS_the_slowest_make_room_and_others_are_served(address: str) -> None:
    run(lambda loop: serve_in_a_crowd(address))


def test_of_too_many_peers_in_a_handshake_of_a_WebSocket_the_slowest_make_room_and_others_are_served(
    loop_of_each_kind: Any,
) -> None:
    run(lambda loop: serve_in_a_crowd("ws://127.0.0.1:0/rpc"), loop_of_each_kind)


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "ws://127.0.0.1:0/rpc", "wss://127.0.0.1:0/rpc"])
def test_a_server_that_wants_the_first_word_soon_wants_it_in_a_handshake_too(address: str) -> None:
    server, client = contexts()
    options = {} if address.startswith("ws:") else {"tls": client}

    async def scenario(loop: LoopWithClock) -> None:
        tls = server if options else None
        async with caplet.serve(address, EchoServer(), tls=tls, hello_timeout_s=5) as serving:
            (silent,) = silent_connections(serving.address, 1)
            with silent:
                # When this one is served the other one is known.
                await still_works(serving.address, **options)
                loop.ahead_s += 4
                for _ in range(20):
                    # Nothing is waited for: whatever would cut it too early has these rounds of the loop to do so.
                    await asyncio.sleep(0)
                assert not is_cut_off(silent)
                loop.ahead_s += 2
                await until(lambda: is_cut_off(silent))

    run(scenario)


def test_of_arrivals_the_first_makes_room_and_who_has_left_needs_none() -> None:
    ended: list[str] = []
    arrivals = Arrivals(2)
    for name in ("a", "b", "a", "c", "d"):
        arrivals.enter(name, partial(ended.append, name))
    assert ended == ["a", "b"]
    arrivals.leave("c")
    arrivals.leave("never heard of")
    arrivals.enter("e", partial(ended.append, "e"))
    assert ended == ["a", "b"]
    arrivals.enter("f", partial(ended.append, "f"))
    assert ended == ["a", "b", "d"]


@pytest.mark.parametrize("address", ["tls://127.0.0.1:0", "ws://127.0.0.1:0/rpc", "wss://127.0.0.1:0/rpc"])
def test_a_peer_that_does_not_say_the_first_word_of_a_handshake_is_cut_off_and_others_are_not(address: str) -> None:
    server, client = contexts()
    options = {} if address.startswith("ws:") else {"tls": client}

    async def scenario(loop: LoopWithClock) -> None:
        async with caplet.serve(address, EchoServer(), tls=server if options else None) as serving:
            with socket.create_connection(host_and_port(serving.address)) as silent:
                silent.setblocking(False)
                async with caplet.connect(serving.address, **options) as connection:
                    echo = connection.bootstrap(schema.Echo)
                    assert (await echo.echo(number=1)).number == 1
                    for _ in range(20):
                        try:
                            assert silent.recv(100) == b""
                            break
                        except BlockingIOError:
                            loop.ahead_s += 5
                            for _ in range(20):
                                await asyncio.sleep(0)
                    else:
                        raise AssertionError("a silent peer is kept for more than a minute")
                    assert (await echo.echo(number=2)).number == 2

    run(scenario)


def test_an_idle_peer_is_cut_off_but_neither_one_that_holds_an_object_nor_one_whose_call_is_under_way() -> None:
    async def scenario(loop: LoopWithClock) -> None:
        service = EchoServer()
        async with (
            caplet.serve("tcp://127.0.0.1:0", service, idle_timeout_s=100) as serving,
            caplet.connect(serving.address) as idle,
            caplet.connect(serving.address) as holds,
            caplet.connect(serving.address) as waits,
        ):
            echo = holds.bootstrap(schema.Echo)
            await echo.echo(number=1)
            call = waits.bootstrap(schema.Echo).wait()
            await service.waiting.wait()
            passing = idle.bootstrap(schema.Echo)
            await passing.echo(number=1)
            passing.close()
            await until(lambda: sum(link.connection.is_idle for link in running_links()) == 1)
            # Once it is looked at as one that talked, then as one that did not.
            loop.ahead_s += 101
            for _ in range(20):
                await asyncio.sleep(0)
            assert serving.connections == 3
            loop.ahead_s += 101
            await idle.wait_closed()
            loop.ahead_s += 10_000
            for _ in range(20):
                await asyncio.sleep(0)
            assert serving.connections == 2
            assert (await echo.echo(number=2)).number == 2
            call.cancel()

    run(scenario)


def running_links() -> list[Any]:
    """Return the links of this loop that came in."""
    from caplet.aio.driver import running_vat

    return [link for link in running_vat().links.values() if link.connection.make_bootstrap is not None]


# --- several addresses ------------------------------------------------------------------------------------------------------------------


class Resolver:
    """Stands for the names of hosts: one name with several addresses."""

    def __init__(self, *addresses: tuple[str, int]) -> None:
        self._addresses = addresses

    async def __call__(self, loop: Any, host: str, port: int, flags: int = 0) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in self._addresses]


@pytest.fixture
def deaf() -> Iterator[tuple[str, int]]:
    """An address at which connections are neither made nor refused: its queue is full."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        more: list[socket.socket] = []
        first.connect(address)
        while True:
            one = socket.socket()
            more.append(one)
            one.settimeout(0.05)
            try:
                one.connect(address)
            except TimeoutError:
                break
        yield address
        for one in more:
            one.close()


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_of_several_addresses_the_first_that_answers_is_used(
    monkeypatch: pytest.MonkeyPatch, deaf: tuple[str, int]
) -> None:
    async def scenario(loop: LoopWithClock) -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving:
            alive = host_and_port(serving.address)
            dead = ("127.0.0.1", closed_port())
            # One that refuses is passed over at once.
            monkeypatch.setattr(opening, "resolve", Resolver(dead, dead, alive))
            await still_works("tcp://many.example:1")
            # One that keeps quiet is waited for a moment, and no longer.
            monkeypatch.setattr(opening, "resolve", Resolver(deaf, alive))
            connecting = asyncio.ensure_future(caplet.connect("tcp://many.example:1").open())
            for _ in range(20):
                await asyncio.sleep(0)
            assert not connecting.done()
            loop.ahead_s += 0.25
            async with await connecting as connection:
                assert (await connection.bootstrap(schema.Echo).echo(number=5)).number == 5
            # The attempt that is not needed any more is given up.
            assert not [task for task in asyncio.all_tasks() if "_connect_socket" in repr(task)]

    run(scenario)


def test_when_no_address_answers_the_error_tells_of_each(
    monkeypatch: pytest.MonkeyPatch, loop_of_each_kind: Any
) -> None:
    async def scenario(loop: Any) -> None:
        one, other = closed_port(), closed_port()
        monkeypatch.setattr(opening, "resolve", Resolver(("127.0.0.1", one), ("127.0.0.1", other)))
        with pytest.raises(caplet.Disconnected, match=r"cannot connect to tcp://many\.example:1: ") as caught:
            await caplet.connect("tcp://many.example:1")
        for port in (one, other):
            assert str(port) in str(caught.value)

    run(scenario, loop_of_each_kind)


def test_opening_takes_no_longer_than_was_said(deaf: tuple[str, int]) -> None:
    async def scenario(loop: LoopWithClock) -> None:
        connecting = asyncio.ensure_future(caplet.connect(f"tcp://127.0.0.1:{deaf[1]}").open())
        for _ in range(20):
            await asyncio.sleep(0)
        loop.ahead_s += 31
        with pytest.raises(caplet.Disconnected, match=r"no answer within 30\.0 s"):
            await connecting

    run(scenario)


# --- half a connection, half a write, half an end ---------------------------------------------------------------------------------------


def test_a_peer_that_reads_no_more_loses_its_connection_and_others_go_on(tmp_path: Path) -> None:
    async def scenario(loop: LoopWithClock) -> None:
        address = f"unix:{tmp_path}/s"
        lost: list[str] = []
        async with caplet.serve(
            address, EchoServer(), on_lost=lambda connection, error: lost.append(error.reason)
        ) as serving:
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(address.removeprefix("unix:"))
            peer.shutdown(socket.SHUT_RD)
            # It asks, and will not hear the answer.
            [message] = encode.bootstrap(0).output()
            peer.send(b"".join(frame([message])))
            await until(lambda: any(link.transport._error for link in running_links()))
            await still_works(serving.address)
            assert not any("Broken pipe" in reason for reason in lost)
            # What it may still say is waited for, but not for ever.
            loop.ahead_s += 1
            await until(lambda: any("Broken pipe" in reason for reason in lost))
            await still_works(serving.address)
            peer.close()

    run(scenario)


def test_a_caller_whose_peer_reads_no_more_is_told_so() -> None:
    async def scenario(loop: LoopWithClock) -> None:
        near, far = socket.socketpair()
        far.shutdown(socket.SHUT_RD)
        async with caplet.connect(near) as connection:
            call = asyncio.ensure_future(wait_for(connection.bootstrap(schema.Echo).echo(number=1)))
            await until(lambda: connection._link.transport._error is not None)  # type: ignore[attr-defined]
            loop.ahead_s += 1
            with pytest.raises(caplet.Disconnected, match="Broken pipe"):
                await call
        far.close()

    run(scenario)


def test_a_connection_that_is_opened_half_does_not_keep_a_server_from_ending(loop_of_each_kind: Any) -> None:
    async def scenario(loop: Any) -> None:
        tls, _ = contexts()
        async with caplet.serve(["tls://127.0.0.1:0", "ws://127.0.0.1:0/rpc"], EchoServer(), tls=tls) as serving:
            writers = []
            for address in serving.addresses:
                _, writer = await asyncio.open_connection(*host_and_port(address))
                writer.write(b"\x16" if address.startswith("tls") else b"GET /rpc HT")
                writers.append(writer)
            await still_works(serving.addresses[1])
        for writer in writers:
            writer.close()

    run(scenario, loop_of_each_kind)


def test_a_method_that_will_not_be_stopped_does_not_keep_a_server_from_ending(loop_of_each_kind: Any) -> None:
    async def scenario(loop: Any) -> None:
        stop = asyncio.Event()

        class Stubborn(EchoServer):
            async def wait(self) -> None:
                self.waiting.set()
                while not stop.is_set():
                    try:
                        await stop.wait()
                    except asyncio.CancelledError:
                        self.cancelled += 1

        service = Stubborn()
        serving = caplet.serve("tcp://127.0.0.1:0", service)
        await serving.start()
        async with caplet.connect(serving.address) as connection:
            call = connection.bootstrap(schema.Echo).wait()
            await service.waiting.wait()
            await serving.shutdown(drain_timeout_s=0)
            with pytest.raises(caplet.Disconnected, match="server was closed"):
                await call
        assert serving.connections == 0
        assert service.cancelled == 1
        stop.set()

    run(scenario, loop_of_each_kind)


@pytest.mark.parametrize("count", [1, 5])
def test_whoever_is_cancelled_in_the_middle_of_a_write_takes_no_byte_of_it_back(
    count: int, loop_of_each_kind: Any
) -> None:
    """What has begun to be written is written to its end: the peer would take the next message for the rest of it."""

    async def scenario(loop: Any) -> None:
        service = EchoServer()
        async with (
            caplet.serve("tcp://127.0.0.1:0", service) as serving,
            caplet.connect(serving.address) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            await echo.echo(number=1)
            transport = connection._link.transport
            served = next(link for link in running_links())
            served.transport.pause_reading()
            calls = [echo.push(content=b"x" * (8 << 20)) for _ in range(count)]
            tasks = [asyncio.ensure_future(wait_for(call)) for call in calls]
            await until(lambda: transport.unsent_bytes > 0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert transport.unsent_bytes > 0
            served.transport.resume_reading()
            assert (await echo.echo(number=2)).number == 2
            assert (await echo.done()).total in range(0, (count * 8 << 20) + 1, 8 << 20)

    run(scenario, loop_of_each_kind)


async def wait_for(call: Any) -> None:
    await call
