"""What a call is to its caller: awaited by many, cancelled, dropped, pipelined, its errors seen or reported."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import caplet

pytest_plugins = ["caplet.testing.plugin"]

schema = caplet.load(Path(__file__).with_name("calls.capnp"))
TIMEOUT_S = 60


class WorkerServer(schema.Worker.Server):
    """Holds every call of `hold` until it is told to go on."""

    def __init__(self) -> None:
        self.started = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()
        self.cancelled = 0
        self.numbers: list[int] = []

    async def run(self, number: int, note: str) -> tuple[int, str]:
        self.numbers.append(number)
        if note == "fail":
            raise caplet.Overloaded("too much")
        return number, note

    async def hold(self) -> Any:
        self.started.release()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self

    async def quiet(self) -> None:
        self.started.release()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


class World:
    """A worker, and a client of it on the other side of a connection."""

    def __init__(self, server: WorkerServer, connection: Any) -> None:
        self.server = server
        self.connection = connection
        self.worker = connection.bootstrap(schema.Worker)

    async def settle(self) -> None:
        """Let what is on its way arrive: calls there and back pass behind it."""
        for _ in range(3):
            gc.collect()
            await self.worker.run(0)

    @property
    def questions(self) -> int:
        """How many calls the client has open."""
        count: int = self.connection.stats()["questions"]
        return count


@asynccontextmanager
async def opened() -> AsyncIterator[World]:
    server = WorkerServer()
    async with caplet.serve("memory:calls", server), caplet.connect("memory:calls") as connection:
        world = World(server, connection)
        yield world
        world.worker.close()


@pytest.fixture
def run(caplet_leaks: Any) -> Callable[[Callable[[World], Awaitable[None]]], None]:
    """Run a scenario; nothing may be left in any table when it ends."""

    def run_scenario(scenario: Callable[[World], Awaitable[None]]) -> None:
        async def main() -> None:
            async with asyncio.timeout(TIMEOUT_S), opened() as world:
                await scenario(world)

        asyncio.run(main())

    return run_scenario


Run = Callable[[Callable[[World], Awaitable[None]]], None]


# --- waiting and giving up --------------------------------------------------------------------------------------------------------------


def test_a_cancelled_waiter_leaves_the_call_to_the_other_waiters(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.hold()
        first, second = asyncio.ensure_future(call), asyncio.ensure_future(call)
        await world.server.started.acquire()
        first.cancel()
        await asyncio.wait([first])
        await world.settle()
        assert world.server.cancelled == 0
        world.server.go_on.set()
        assert isinstance((await second).worker, schema.Worker)
        assert first.cancelled()

    run(scenario)


@pytest.mark.parametrize("way", ["timeout", "task group", "cancel"])
def test_the_last_cancelled_waiter_cancels_the_call(run: Run, way: str) -> None:
    async def wait(world: World) -> None:
        await world.worker.quiet()

    async def fail(world: World) -> None:
        await world.server.started.acquire()
        raise ValueError("the group fails")

    async def time_out(world: World) -> None:
        async with asyncio.timeout(None) as limit:

            async def expire() -> None:
                await world.server.started.acquire()
                limit.reschedule(asyncio.get_running_loop().time())

            expiring = asyncio.create_task(expire())
            await world.worker.quiet()
        await expiring

    async def in_a_group(world: World) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait(world))
            group.create_task(fail(world))

    async def scenario(world: World) -> None:
        if way == "timeout":
            with pytest.raises(TimeoutError):
                await time_out(world)
        elif way == "task group":
            with pytest.raises(ExceptionGroup):
                await in_a_group(world)
        else:
            task = asyncio.create_task(wait(world))
            await world.server.started.acquire()
            task.cancel()
            await asyncio.wait([task])
        await world.settle()
        assert (world.server.cancelled, world.questions) == (1, 0)

    run(scenario)


def test_a_cancelled_waiter_leaves_the_call_to_a_pipelined_capability(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.hold()
        child = call.worker
        waiting = asyncio.ensure_future(call)
        await world.server.started.acquire()
        waiting.cancel()
        await asyncio.wait([waiting])
        await world.settle()
        assert world.server.cancelled == 0
        early = child.run(5, "early")
        world.server.go_on.set()
        assert (await early).number == 5
        assert (await child.run(6)).number == 6

    run(scenario)


def test_dropping_the_last_pipelined_capability_then_cancels_it(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.hold()
        child = call.worker
        waiting = asyncio.ensure_future(call)
        await world.server.started.acquire()
        waiting.cancel()
        await asyncio.wait([waiting])
        child.close()
        await world.settle()
        assert (world.server.cancelled, world.questions) == (1, 0)

    run(scenario)


def test_cancel_reaches_the_callee_also_where_capabilities_are_held(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.hold()
        child = call.worker
        early = child.run(1)
        waiting = asyncio.ensure_future(call)
        await world.server.started.acquire()
        call.cancel()
        with pytest.raises(caplet.Failed, match=r"Worker\.hold\(\) was cancelled"):
            await waiting
        with pytest.raises(caplet.Failed, match="cancelled"):
            await call
        with pytest.raises(caplet.Failed, match="cancelled"):
            await child.run(2)
        with pytest.raises(caplet.RpcError):
            await early
        await world.settle()
        assert (world.server.cancelled, world.questions) == (1, 0)
        assert world.server.numbers.count(1) == 0

    run(scenario)


def test_what_can_be_used_before_the_results_are_there_are_attributes_of_the_call(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.hold()
        assert isinstance(call, caplet.Call)
        assert "worker" in dir(call)
        assert "number" not in dir(world.worker.run(1))
        with pytest.raises(AttributeError):
            call.worker = None
        assert call.worker == call.worker
        call.cancel()
        await world.settle()

    run(scenario)


def test_a_call_that_was_used_and_dropped_goes_on_without_what_was_taken_from_it(run: Run) -> None:
    async def scenario(world: World) -> None:
        world.worker.hold().worker.close()
        await world.server.started.acquire()
        await world.settle()
        assert (world.server.cancelled, world.questions) == (0, 1)
        world.server.go_on.set()
        await world.settle()
        assert (world.server.cancelled, world.questions) == (0, 0)

    run(scenario)


def test_cancelling_twice_or_too_late_does_nothing(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.run(4)
        assert (await call).number == 4
        call.cancel()
        assert (await call).number == 4
        other = world.worker.quiet()
        other.cancel()
        other.cancel()
        await world.settle()

    run(scenario)


def test_a_call_inside_the_process_is_cancelled_alike() -> None:
    async def main() -> None:
        server = WorkerServer()
        worker = schema.Worker(caplet.runtime.servers.capability_of(server))
        call = worker.hold()
        child = call.worker
        await server.started.acquire()
        call.cancel()
        with pytest.raises(caplet.Failed, match="was cancelled"):
            await call
        with pytest.raises(caplet.Failed, match="was cancelled"):
            await child.run(1)
        await asyncio.sleep(0)
        assert server.cancelled == 1

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


# --- before anything is awaited ---------------------------------------------------------------------------------------------------------


def test_requests_pipelines_and_calls_need_no_await_before(run: Run) -> None:
    async def scenario(world: World) -> None:
        request = world.worker.hold.request()
        child = request.send().worker
        second = child.run.request(size_hint_words=4)
        second.params.number, second.params.note = 7, "built"
        answer = second.send()
        world.server.go_on.set()
        results = await answer
        assert (results.number, results.note) == (7, "built")

    run(scenario)


def test_a_call_for_its_pipeline_only_is_used_and_ends_with_it(run: Run) -> None:
    async def scenario(world: World) -> None:
        world.server.go_on.set()
        call = world.worker.hold.request().pipeline_only()
        child = call.worker
        with pytest.raises(TypeError, match=r"pipeline_only\(\)"):
            await call
        del call
        assert (await child.run(8)).number == 8
        child.close()
        world.worker.hold.request().pipeline_only()
        await world.settle()
        assert world.questions == 0

    run(scenario)


# --- errors that nobody looks at --------------------------------------------------------------------------------------------------------


def reports(caplog: Any) -> list[str]:
    return [record.getMessage() for record in caplog.records if "nobody looked" in record.getMessage()]


@pytest.mark.parametrize("dropped", ["before", "after"])
def test_an_error_that_nobody_looks_at_is_reported_once(run: Run, caplog: Any, dropped: str) -> None:
    async def scenario(world: World) -> None:
        call = world.worker.run(1, "fail")
        if dropped == "before":
            del call
        await world.settle()
        if dropped == "after":
            del call
        gc.collect()

    with caplog.at_level(logging.ERROR, "caplet"):
        run(scenario)
    assert reports(caplog) == [
        "nobody looked at the error of a call of Worker.run(): Overloaded: remote exception: too much",
    ]


def test_a_call_that_is_dropped_where_code_has_no_line_is_reported_with_one(run: Run, caplog: Any) -> None:
    def drop(calls: list[Any]) -> None:
        calls.clear()

    drop.__code__ = drop.__code__.replace(co_linetable=b"")

    async def scenario(world: World) -> None:
        calls = [world.worker.run(1, "fail")]
        await world.settle()
        drop(calls)

    with caplog.at_level(logging.ERROR, "caplet"):
        run(scenario)
    assert len(reports(caplog)) == 1
    assert all(isinstance(record.lineno, int) for record in caplog.records)


def test_errors_that_somebody_sees_are_not_reported(run: Run, caplog: Any) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(caplet.Overloaded):
            await world.worker.run(1, "fail")
        missing = world.worker.missing()
        missing.cancel()
        world.worker.missing.request().pipeline_only()
        child = world.worker.child().worker
        with pytest.raises(caplet.Unimplemented):
            await child.run(1)
        await world.settle()

    run(scenario)
    assert reports(caplog) == []


def test_calls_that_end_because_this_side_closes_are_not_reported(caplog: Any) -> None:
    async def main() -> None:
        async with opened() as world:
            world.worker.quiet()
            await world.server.started.acquire()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
    gc.collect()
    assert reports(caplog) == []


def test_a_lost_connection_is_reported_once_for_all_its_calls(caplog: Any) -> None:
    async def main() -> None:
        server = WorkerServer()
        async with (
            caplet.serve("memory:lost", server) as serving,
            caplet.connect("memory:lost") as connection,
        ):
            worker = connection.bootstrap(schema.Worker)
            for _ in range(3):
                worker.quiet()
                await server.started.acquire()
            await serving.close()
            await connection.wait_closed()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
    gc.collect()
    assert len(reports(caplog)) == 1


# --- types ------------------------------------------------------------------------------------------------------------------------------


class AnyServer(schema.Any.Server):
    """Gives back what it gets."""

    async def echo(self, value: Any, other: Any) -> dict[str, Any]:
        return {"value": value, "other": other}

    async def box(self, content: Any) -> Any:
        return schema.Box(content=content)


def test_implicit_parameters_of_a_method_are_bound_by_brackets() -> None:
    async def main() -> None:
        async with caplet.serve("memory:any", AnyServer()), caplet.connect("memory:any") as connection:
            anything = connection.bootstrap(schema.Any)
            bound = anything.echo[schema.Person, str]
            results = await bound(value={"name": "Ann", "age": 3}, other="x")
            assert (results.value.name, results.value.age, results.other) == ("Ann", 3, "x")
            request = bound.request()
            request.params.value.name = "Bob"
            assert (await request.send()).value.name == "Bob"
            unbound = await anything.echo(value=schema.Person(name="Cid"), other="x")
            assert unbound.value.as_(schema.Person).name == "Cid"
            store = anything.find[schema.Person]().store
            assert isinstance(store, schema.Store[schema.Person])
            store.close()
            assert (await anything.box[schema.Person](content={"name": "Dan"})).content.name == "Dan"
            with pytest.raises(TypeError, match=r"Any\.echo\(\) has the parameters T, U; 1 types were given"):
                anything.echo[str]
            with pytest.raises(TypeError, match="cannot be a type argument"):
                anything.find[int]
            with pytest.raises(TypeError, match="no type parameters"):
                store.cast_as(schema.Worker).run[str]

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_capabilities_named_like_what_calls_have_get_an_underscore() -> None:
    async def main() -> None:
        class OddServer(schema.Odd.Server):
            async def next(self) -> dict[str, Any]:
                return {"cancel": self, "inner": {"odd": self}}

            async def close_(self) -> None:
                return None

        async with caplet.serve("memory:odd", OddServer()), caplet.connect("memory:odd") as connection:
            odd = connection.bootstrap(schema.Odd)
            call = odd.next()
            await call.cancel_.close_()
            await call.inner.odd.close_()
            assert isinstance((await call).cancel, schema.Odd)

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_long_bytes_of_params_and_results_travel_whole_and_bytes_that_may_change_are_copied() -> None:
    class Server(schema.Blobs.Server):
        async def turn(self, parts: Any, last: bytes) -> Any:
            return {"parts": list(reversed(parts)), "last": last[::-1]}

        def one(self, length: int) -> bytes:
            return b"z" * length

    async def main() -> None:
        server = caplet.serve("memory:blobs", Server())
        async with server, caplet.connect("memory:blobs") as connection:
            client: Any = connection.bootstrap(schema.Blobs)
            changing = bytearray(b"c" * 70_001)
            parts = [b"a" * 65_536, changing, b"", b"b" * 16_385]
            call = client.turn(parts=parts, last=b"xy" * 50_000)
            changing[:] = bytes(70_001)
            results = await call
            assert list(results.parts) == [b"b" * 16_385, b"", b"c" * 70_001, b"a" * 65_536]
            assert results.last == b"yx" * 50_000
            for length in (3, 65_536, 100_001):
                assert (await client.one(length=length)).content == b"z" * length

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
