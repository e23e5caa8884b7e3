"""The form without `await`: threads, waiting, servers of ordinary functions, and what is refused."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet import blocking
from caplet.aio.background import background

from .conftest import TIMEOUT_S, schema


class EchoServer(schema.Echo.Server):
    """The service, in ordinary functions."""

    def __init__(self) -> None:
        self.waiting = threading.Event()
        self.go_on = threading.Event()
        self.threads: set[str] = set()
        self.kept: Any = None
        self.total = 0

    def echo(self, number: int, text: str) -> tuple[int, str]:
        self.threads.add(threading.current_thread().name)
        return number, text

    def fail(self, reason: str) -> None:
        raise caplet.Overloaded(reason)

    def next(self) -> Any:
        return EchoServer()

    def call_back(self, listener: Any, times: int) -> int:
        for number in range(times):
            listener.hear(number=number).wait(TIMEOUT_S)
        return times

    def wait(self) -> None:
        self.waiting.set()
        assert self.go_on.wait(TIMEOUT_S)

    def keep(self, listener: Any) -> None:
        self.kept = listener

    def drop(self) -> None:
        self.kept = None

    async def push(self, content: bytes) -> None:
        self.total += len(content)

    async def done(self) -> int:
        return self.total


class ListenerServer(schema.Listener.Server):
    """Hears numbers, also in an ordinary function."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, number: int) -> None:
        self.heard.append(number)


class World:
    """A server and a connection to it."""

    def __init__(self, address: str) -> None:
        self.service = EchoServer()
        self.serving = blocking.serve(address, self.service)
        self.connection = blocking.connect(self.serving.address)
        self.echo: Any = self.connection.bootstrap(schema.Echo)


@pytest.fixture(params=["memory:blocking", "tcp://127.0.0.1:0"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(request.param)
    yield made
    made.service.go_on.set()
    made.echo.close()
    for _ in range(3):
        gc.collect()
        made.connection.bootstrap(schema.Echo).echo(number=0).wait(TIMEOUT_S)
    links = list(background().owner.links)
    made.connection.close()
    made.serving.close()
    for link in links:
        counts = link.stats()
        assert all(counts[table] == 0 for table in ("questions", "answers", "exports", "imports", "embargoes")), (
            link.dump()
        )


def test_a_call_waits_for_its_results(world: World) -> None:
    assert world.echo.echo(number=4, text="x").wait().number == 4
    assert world.echo.echo(5, "y").wait(TIMEOUT_S).text == "y"
    assert all(name.startswith("caplet-worker-") for name in world.service.threads)


def test_a_request_is_built_in_place(world: World) -> None:
    request = world.echo.echo.request()
    request.params.number = 7
    assert request.send().wait().number == 7
    with pytest.raises(caplet.Failed, match="used once"):
        request.send()


def test_capabilities_are_used_before_anything_is_waited_for(world: World) -> None:
    call = world.echo.next().echo.next().echo.echo(number=9)
    assert call.wait(TIMEOUT_S).number == 9
    found = world.echo.next().wait().echo
    assert found.echo(number=10).wait().number == 10
    only = world.echo.next.request().pipeline_only()
    assert only.echo.echo(number=11).wait(TIMEOUT_S).number == 11


def test_errors_keep_their_kind_and_wrong_params_are_refused_where_they_are_given(world: World) -> None:
    with pytest.raises(caplet.Overloaded, match="full"):
        world.echo.fail(reason="full").wait()
    with pytest.raises((AttributeError, TypeError), match="numbre"):
        world.echo.echo(numbre=1)
    with pytest.raises(caplet.Unimplemented):
        world.echo.missing().wait()


def test_objects_of_the_program_are_called_back_in_threads(world: World) -> None:
    listener = ListenerServer()
    assert world.echo.call_back(listener, 5).wait(TIMEOUT_S).heard == 5
    assert listener.heard == [0, 1, 2, 3, 4]


def test_streams_wait_for_room_and_arrive_in_order(world: World) -> None:
    for _ in range(50):
        world.echo.push(content=b"x" * 1000).wait(TIMEOUT_S)
    assert world.echo.done().wait().total == 50_000


def test_many_threads_use_one_client(world: World) -> None:
    failures: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for number in range(start, start + 40):
                assert world.echo.echo(number=number).wait(TIMEOUT_S).number == number
                assert world.echo.next().echo.echo(number=number).wait(TIMEOUT_S).number == number
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(1000 * start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_several_threads_wait_for_one_call(world: World) -> None:
    call = world.echo.wait()
    assert world.service.waiting.wait(TIMEOUT_S)
    outcomes: list[object] = []
    threads = [threading.Thread(target=lambda: outcomes.append(call.wait(TIMEOUT_S))) for _ in range(3)]
    for thread in threads:
        thread.start()
    with pytest.raises(TimeoutError, match=r"within 0\.0 s"):
        call.wait(0.0)
    world.service.go_on.set()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 3


def test_a_wait_that_takes_too_long_cancels_the_call(world: World) -> None:
    call = world.echo.wait()
    assert world.service.waiting.wait(TIMEOUT_S)
    with pytest.raises(TimeoutError):
        call.wait(0)
    with pytest.raises(caplet.Failed, match="cancel"):
        call.wait(TIMEOUT_S)
    assert world.echo.echo(number=1).wait().number == 1


def test_a_call_is_cancelled_from_any_thread(world: World) -> None:
    call = world.echo.wait()
    assert world.service.waiting.wait(TIMEOUT_S)
    threading.Thread(target=call.cancel).start()
    with pytest.raises(caplet.Failed, match="cancel"):
        call.wait(TIMEOUT_S)


def test_closing_ends_what_is_outstanding(world: World) -> None:
    call = world.echo.wait()
    assert world.service.waiting.wait(TIMEOUT_S)
    world.connection.close()
    assert world.connection.closed
    world.connection.wait_closed(TIMEOUT_S)
    with pytest.raises(ConnectionError, match="closed"):
        call.wait(TIMEOUT_S)
    with pytest.raises(caplet.Disconnected):
        world.echo.echo(number=1).wait(TIMEOUT_S)
    world.connection = blocking.connect(world.serving.address)


def test_the_toolkit_works_in_threads(world: World) -> None:
    made, resolver = blocking.promise(schema.Echo)
    call = made.echo(number=3)
    resolver.resolve(world.echo)
    assert resolver.done
    assert call.wait(TIMEOUT_S).number == 3
    assert blocking.when_resolved(made, TIMEOUT_S).echo(number=4).wait().number == 4
    reference, revoker = blocking.revocable(world.echo)
    assert reference.echo(number=5).wait(TIMEOUT_S).number == 5
    revoker.revoke(caplet.Failed("enough"))
    with pytest.raises(caplet.Failed, match="enough"):
        reference.echo(number=6).wait(TIMEOUT_S)
    own = EchoServer()
    local = blocking.this_cap(own)
    assert local.echo(number=7).wait(TIMEOUT_S).number == 7
    assert blocking.local_server(local, EchoServer, TIMEOUT_S) is own
    assert blocking.local_server(world.echo, EchoServer, TIMEOUT_S) in (world.service, None)
    with pytest.raises(caplet.Failed, match="no more"):
        blocking.broken(schema.Echo, ValueError("no more")).echo(number=1).wait()
    heard: list[str] = []
    told = threading.Event()
    with blocking.connect(world.serving.address) as other:
        kept = other.bootstrap(schema.Echo)
        blocking.on_broken(kept, lambda error: heard.append("never")).cancel()
        blocking.on_broken(kept, lambda error: (heard.append(threading.current_thread().name), told.set()))
    assert told.wait(TIMEOUT_S)
    assert heard == ["caplet-loop"]
    blocking.on_broken(kept, lambda error: (heard.append("again"), told.set()))
    made.close()
    reference.close()


def test_a_dropped_call_goes_on_and_a_dropped_client_is_released(world: World) -> None:
    listener = ListenerServer()
    gone = weakref.ref(listener)
    world.echo.keep(listener).wait()
    del listener
    world.echo.call_back(ListenerServer(), 1)
    world.echo.drop().wait()
    # The method that hears of the release runs in a thread of its own; the time limit of the test ends this.
    while gone() is not None:
        gc.collect()
        world.echo.echo(number=0).wait(TIMEOUT_S)


def test_nothing_listening_is_a_connection_error() -> None:
    with pytest.raises(ConnectionError, match="memory:nobody"):
        blocking.connect("memory:nobody")
    with pytest.raises(ValueError, match="expected"):
        blocking.connect("nonsense")


def test_a_program_with_a_running_loop_may_wait_too(world: World) -> None:
    """As in a notebook."""

    async def main() -> None:
        assert world.echo.echo(number=8).wait(TIMEOUT_S).number == 8
        call = world.echo.wait()
        with pytest.raises(RuntimeError, match=r"caplet\.blocking.*wait\(\)"):
            await call
        world.service.go_on.set()
        await asyncio.to_thread(call.wait, TIMEOUT_S)

    asyncio.run(main())


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
@pytest.mark.parametrize("kind", ["coroutine function", "function"])
def test_what_would_end_a_program_ends_no_more_than_the_call_that_raises_it(
    world: World, caplog: pytest.LogCaptureFixture, error: type[BaseException], kind: str
) -> None:
    class Raises(schema.Echo.Server):  # type: ignore[name-defined,misc]
        async def wait(self) -> None:
            raise error("enough")

        def done(self) -> None:
            raise error("enough")

    with blocking.serve("tcp://127.0.0.1:0", Raises()) as serving, blocking.connect(serving.address) as connection:
        echo: Any = connection.bootstrap(schema.Echo)
        call = echo.wait() if kind == "coroutine function" else echo.done()
        with pytest.raises((caplet.Failed, caplet.Disconnected), match=error.__name__):
            call.wait(TIMEOUT_S)
        with pytest.raises(caplet.Unimplemented):
            echo.echo(number=1).wait(TIMEOUT_S)
    assert world.echo.echo(number=4, text="x").wait(TIMEOUT_S).number == 4
    assert error.__name__ in caplog.text


def test_the_background_loop_cannot_wait_for_itself(world: World) -> None:
    def inside() -> None:
        call = world.echo.echo(number=1)
        with pytest.raises(RuntimeError, match="wait for itself"):
            call.wait()
        with pytest.raises(RuntimeError, match="wait for itself"):
            world.connection.stats()

    background().run(inside)


def test_objects_of_an_event_loop_are_refused_in_other_threads_and_after_it() -> None:
    kept: list[Any] = []

    def elsewhere(connection: Any, echo: Any, call: Any, outcomes: list[BaseException]) -> None:
        uses = [
            lambda: connection.bootstrap(schema.Echo),
            lambda: echo.echo(number=1),
            lambda: echo.echo.request(),
            lambda: echo.next().echo,
            lambda: call.cancel(),
            lambda: call.wait(),
            lambda: asyncio.run(asyncio.wait_for(call, TIMEOUT_S)),
            lambda: caplet.on_broken(echo, print),
        ]
        for use in uses:
            try:
                use()
            except RuntimeError as error:
                outcomes.append(error)

    class Waits(schema.Echo.Server):  # type: ignore[name-defined,misc]
        async def wait(self) -> None:
            await asyncio.get_running_loop().create_future()

    async def main() -> None:
        async with caplet.serve("memory:own", Waits()) as serving, caplet.connect(serving.address) as connection:
            echo = connection.bootstrap(schema.Echo)
            call = echo.wait()
            outcomes: list[BaseException] = []
            await asyncio.to_thread(elsewhere, connection, echo, call, outcomes)
            assert len(outcomes) == 8, outcomes
            assert all("event loop" in str(error) for error in outcomes)
            assert any("caplet.blocking" in str(error) for error in outcomes)
            call.cancel()
            kept.append(echo)

    asyncio.run(main())
    with pytest.raises(RuntimeError, match="none is running here"):
        kept[0].echo(number=1)
    kept.pop().close()


PROGRAM = """
import os, signal, sys, threading
import caplet
from caplet import blocking
from caplet.aio.latches import ThreadLatch

# Who runs tests in the background may have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
schema = caplet.load({schema!r})
begun = threading.Event()
end = threading.Event()


class Echo(schema.Echo.Server):
    def wait(self):
        begun.set()
        end.wait()

    def echo(self, number):
        return number, ""


def interrupt():
    begun.wait()
    main = threading.main_thread().ident
    while sys._current_frames()[main].f_code is not ThreadLatch.wait.__code__:
        pass
    os.kill(os.getpid(), signal.SIGINT)


with blocking.serve("tcp://127.0.0.1:0", Echo()) as server:
    connection = blocking.connect(server.address)
    echo = connection.bootstrap(schema.Echo)
    call = echo.wait()
    # Not before: whoever sends a call waits for a moment too.
    threading.Thread(target=interrupt).start()
    try:
        call.wait()
    except KeyboardInterrupt:
        print("interrupted")
    try:
        call.wait()
    except caplet.Failed as error:
        print(error)
    print(echo.echo(number=5).wait().number)
    if os.fork() == 0:
        try:
            echo.echo(number=1)
        except RuntimeError as error:
            print(error, flush=True)
        with blocking.connect(server.address) as again:
            print(again.bootstrap(schema.Echo).echo(number=6).wait().number, flush=True)
        os._exit(0)
    os.wait()
print("the end, with a method that never returns")
"""


def run_program() -> list[str]:
    text = PROGRAM.format(schema=str(Path(__file__).with_name("echo.capnp")))
    # Unbuffered: a fork would print once more what its parent has not written yet.
    # Python 3.12 and later warn of the fork of a program with threads, which is what is tried here.
    done = subprocess.run(
        [sys.executable, "-u", "-W", "ignore::DeprecationWarning", "-c", text],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="signals and fork")
def test_ctrl_c_cancels_the_call_and_the_rest_goes_on() -> None:
    lines = run_program()
    assert lines[0] == "interrupted"
    assert "cancel" in lines[1]
    assert lines[2] == "5"
    assert "has ended" in lines[3]
    assert lines[4:] == ["6", "the end, with a method that never returns"]


def test_a_server_has_every_option_of_the_other_form() -> None:
    seen: list[str] = []
    ended = threading.Event()

    class Names(caplet.Interceptor):
        sends_metadata = True

        def on_start(self, call: caplet.InterceptedCall) -> object:
            if call.outgoing:
                call.metadata["who"] = "this one"
            else:
                seen.append(f"{call.name} of {call.metadata['who']}")
            return None

    def lost(connection: object, error: caplet.RpcError) -> None:
        seen.append(type(error).__name__)
        ended.set()

    with blocking.serve(
        ["memory:options", "tcp://127.0.0.1:0"],
        EchoServer(),
        max_connections=1,
        hello_timeout_s=None,
        idle_timeout_s=None,
        on_connected=lambda connection: seen.append("connected"),
        on_lost=lost,
        interceptor=Names(),
    ) as server:
        assert server.addresses[0] == "memory:options"
        assert server.addresses[1].startswith("tcp://127.0.0.1:")
        with blocking.connect(server.addresses[1], interceptor=Names()) as connection:
            assert connection.bootstrap(schema.Echo).echo(number=5).wait(TIMEOUT_S).number == 5
            with blocking.connect("memory:options") as second, pytest.raises(caplet.Disconnected, match="1 connection"):
                second.bootstrap(schema.Echo).echo(number=5).wait(TIMEOUT_S)
            server.shutdown()
            assert ended.wait(TIMEOUT_S)
            assert server.connections == 0
    assert seen == ["connected", "Echo.echo of this one", "Disconnected"]


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="tmeout"):
        blocking.connect("memory:nobody", tmeout=5)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="pakced"):
        blocking.serve("memory:nobody", EchoServer(), pakced=True)  # type: ignore[call-arg]


@pytest.mark.parametrize("function", ["connect", "serve"])
def test_the_options_have_one_list_of_names_and_types(function: str) -> None:
    from caplet.aio import options

    listed = {"connect": options.ConnectOptions, "serve": options.ServeOptions}[function]
    stated = {
        name: parameter.annotation
        for name, parameter in inspect.signature(getattr(caplet, function)).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != "reconnect"
    }
    assert {name: found.__forward_arg__ for name, found in listed.__annotations__.items()} == stated
    doc = getattr(blocking, function).__doc__
    assert [name for name in stated if f"`{name}`" not in doc] == []
