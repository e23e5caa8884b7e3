"""The capability toolkit over real transports."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import caplet

from .conftest import EchoServer, ListenerServer, World, schema, until


def test_a_membrane_stands_between_two_ends_of_a_connection(run: Any) -> None:
    class Count(caplet.MembranePolicy):
        def __init__(self) -> None:
            self.names: list[str] = []

        def inbound(self, call: caplet.MembraneCall) -> None:
            self.names.append(f"in {call.name}")

        def outbound(self, call: caplet.MembraneCall) -> None:
            self.names.append(f"out {call.name}")

    async def scenario(world: World) -> None:
        policy = Count()
        membrane = caplet.Membrane(policy)
        guarded = membrane.to_outside(world.echo)
        listener = ListenerServer()
        assert (await guarded.call_back(listener, 3)).heard == 3
        assert listener.heard == [0, 1, 2]
        assert (await guarded.next().echo.next().echo.echo(number=4)).number == 4
        assert policy.names[:4] == ["in Echo.callBack"] + ["out Listener.hear"] * 3
        assert policy.names[4:] == ["in Echo.next", "in Echo.next", "in Echo.echo"]
        waiting = guarded.wait()
        await world.service.waiting.wait()
        membrane.revoke()
        with pytest.raises(caplet.Failed, match="revoked"):
            await waiting
        with pytest.raises(caplet.Failed, match="revoked"):
            await guarded.echo(number=1)
        for _ in range(3):
            await world.echo.echo(number=1)
        assert world.service.cancelled == 1

    run(scenario)


def test_cancelling_passes_through_a_membrane(run: Any) -> None:
    async def scenario(world: World) -> None:
        guarded = caplet.Membrane(caplet.MembranePolicy()).to_outside(world.echo)
        call = guarded.wait()
        await world.service.waiting.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await call
        await until(lambda: world.service.cancelled == 1)

    run(scenario)


def test_promises_become_own_objects_and_broken_references_travel(run: Any) -> None:
    async def scenario(world: World) -> None:
        made, resolver = caplet.promise(schema.Listener)
        call = world.echo.call_back(made, 3)
        await world.echo.echo(number=1)
        own = ListenerServer()
        resolver.resolve(own)
        assert (await call).heard == 3
        assert own.heard == [0, 1, 2]
        assert await caplet.local_server(made, ListenerServer) is own
        made.close()
        await world.echo.keep(caplet.broken(schema.Listener, caplet.Overloaded("worn out")))
        with pytest.raises(caplet.Overloaded, match="worn out"):
            await caplet.when_resolved(world.service.kept)
        await world.echo.drop()

    run(scenario)


def test_what_a_client_stands_for_is_said_with_the_place_that_it_came_from_H26(run: Any) -> None:
    async def scenario(world: World) -> None:
        address = world.serving.address
        waiting, resolver = caplet.promise(schema.Echo)
        assert caplet.debug_info(waiting).startswith("promise")
        resolver.resolve(world.echo)
        await waiting.echo(number=1)
        for client in (world.echo, waiting):
            assert caplet.debug_info(client) == f"import 0 of {address}"
        outside = caplet.Membrane(caplet.MembranePolicy()).to_outside(world.echo)
        assert caplet.debug_info(outside) == f"outside of a membrane, import 0 of {address}"
        assert caplet.debug_info(caplet.this_cap(EchoServer())) == "local EchoServer"
        lent, revoker = caplet.revocable(world.echo)
        assert caplet.debug_info(lent) == f"revocable, import 0 of {address}"
        revoker.revoke(caplet.Failed("no longer"))
        assert caplet.debug_info(lent) == "revocable, broken: no longer"
        waiting.close()
        outside.close()
        await world.settle()

    run(scenario)


def test_the_end_of_a_connection_breaks_what_came_over_it(run: Any) -> None:
    async def scenario(world: World) -> None:
        heard: asyncio.Future[caplet.RpcError] = asyncio.get_running_loop().create_future()
        told: list[caplet.RpcError] = []
        async with caplet.connect(world.serving.address) as connection:
            echo = connection.bootstrap(schema.Echo)
            await echo.echo(number=1)
            caplet.on_broken(echo, heard.set_result)
            forgotten = caplet.on_broken(echo, lambda error: heard.set_exception(AssertionError("was cancelled")))
            forgotten.cancel()
            # One that hears of the end may forget another that is about to.
            late: list[caplet.BrokenHandle] = []
            caplet.on_broken(echo, lambda error: late[0].cancel())
            late += [caplet.on_broken(echo, lambda error: told.append(error))]
        assert isinstance(await heard, caplet.Disconnected)
        await world.settle()
        assert told == []

    run(scenario)
