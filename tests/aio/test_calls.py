"""Calls over real transports: results, errors, callbacks, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import caplet

from .conftest import ListenerServer, Scenario, World, schema

Run = Callable[[Scenario], None]


def test_a_call_returns_results_by_name(run: Run) -> None:
    async def scenario(world: World) -> None:
        results = await world.echo.echo(number=7, text="hello")
        assert (results.number, results.text) == (7, "hello")
        both = await world.echo.both()
        assert (both.left, both.right) == (1, 2)

    run(scenario)


def test_params_may_be_given_in_declared_order(run: Run) -> None:
    async def scenario(world: World) -> None:
        assert (await world.echo.echo(7, "x")).to_dict() == {"number": 7, "text": "x"}

    run(scenario)


def test_params_may_be_built_in_place(run: Run) -> None:
    async def scenario(world: World) -> None:
        request = world.echo.echo.request()
        request.params.text = "built"
        assert (await request.send()).text == "built"
        with pytest.raises(caplet.Failed, match="used once"):
            request.send()

    run(scenario)


def test_results_of_calls_can_be_called_before_they_arrive(run: Run) -> None:
    async def scenario(world: World) -> None:
        far = world.echo.next().echo.next().echo.next().echo
        assert (await far.echo(number=3)).number == 3

    run(scenario)


def test_a_call_may_be_awaited_by_many_and_again(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.echo.echo(number=1)
        first, second = await asyncio.gather(call, call)
        assert first.number == second.number == (await call).number == 1

    run(scenario)


def test_a_hundred_calls_in_flight_return_their_own_results(run: Run) -> None:
    async def scenario(world: World) -> None:
        calls = [world.echo.echo(number=number) for number in range(100)]
        assert [(await call).number for call in calls] == list(range(100))

    run(scenario)


def test_an_object_of_the_client_is_called_back(run: Run) -> None:
    async def scenario(world: World) -> None:
        listener = ListenerServer()
        assert (await world.echo.call_back(listener=listener, times=5)).heard == 5
        assert listener.heard == [0, 1, 2, 3, 4]
        await world.settle()

    run(scenario)


def test_an_object_that_the_server_keeps_is_released_when_it_lets_go(run: Run) -> None:
    async def scenario(world: World) -> None:
        await world.echo.keep(listener=ListenerServer())
        await world.service.kept.hear(1)
        assert world.connection.stats()["exports"] == 1
        await world.echo.drop()
        await world.settle()
        assert world.connection.stats()["exports"] == 0

    run(scenario)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("failed", caplet.Failed), ("overloaded", caplet.Overloaded), ("unimplemented", caplet.Unimplemented)],
)
def test_errors_keep_their_kind(run: Run, kind: str, expected: type[caplet.RpcError]) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(expected, match="no luck"):
            await world.echo.fail(reason="no luck", kind=kind)

    run(scenario)


def test_any_other_exception_is_failed_with_type_and_message_and_logged(run: Run, caplog: Any) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(caplet.Failed, match="ValueError: bad luck"):
            await world.echo.fail(reason="bad luck", kind="other")
        assert (await world.echo.echo(number=1)).number == 1

    run(scenario)
    assert any(record.name == "caplet" and record.exc_info for record in caplog.records)


def test_a_method_that_the_server_lacks_is_unimplemented(run: Run) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(NotImplementedError, match="EchoServer does not implement"):
            await world.echo.missing()

    run(scenario)


def test_an_object_without_the_interface_says_so(run: Run) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(caplet.Unimplemented, match="has no interface"):
            await world.echo.cast_as(schema.Listener).hear(number=1)

    run(scenario)


def test_calling_a_null_capability_fails(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.echo.nothing()
        with pytest.raises(caplet.Failed, match="null"):
            await call.echo.echo(number=1)
        assert (await call).echo is None

    run(scenario)


def test_a_cancelled_task_cancels_its_call_at_the_server(run: Run) -> None:
    async def scenario(world: World) -> None:
        async def wait() -> None:
            await world.echo.wait()

        waiting = asyncio.create_task(wait())
        await world.service.waiting.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await world.settle()
        assert world.service.cancelled == 1

    run(scenario)


def test_cancel_of_a_call_reaches_the_server(run: Run) -> None:
    async def scenario(world: World) -> None:
        call = world.echo.wait()
        await world.service.waiting.wait()
        call.cancel()
        await world.settle()
        assert world.service.cancelled == 1

    run(scenario)


def test_dropping_a_call_does_not_cancel_it(run: Run) -> None:
    async def scenario(world: World) -> None:
        world.echo.wait()
        await world.service.waiting.wait()
        await world.settle()
        assert world.service.cancelled == 0

    run(scenario)


def test_streaming_calls_arrive_in_order_and_wait_for_room(run: Run) -> None:
    async def scenario(world: World) -> None:
        for _ in range(50):
            await world.echo.push(content=b"x" * 10_000)
        assert (await world.echo.done()).total == 500_000

    run(scenario)


def test_results_of_a_mebibyte_arrive(run: Run) -> None:
    async def scenario(world: World) -> None:
        assert len((await world.echo.blob(size=1 << 20)).content) == 1 << 20

    run(scenario)


def test_unknown_names_name_the_nearest(run: Run) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(AttributeError, match=r"Echo has no method 'ehco'; did you mean echo"):
            world.echo.ehco  # noqa: B018
        with pytest.raises(AttributeError, match="did you mean number"):
            world.echo.echo(nmber=1)
        with pytest.raises(AttributeError, match="await the call first"):
            world.echo.echo(number=1).text  # noqa: B018
        with pytest.raises(TypeError, match=r"number: expected UInt32, not str"):
            world.echo.echo(number="one")
        await world.settle()

    run(scenario)
