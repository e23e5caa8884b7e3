"""Reconnecting over sockets: a server that goes and comes back, and what callers see."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import caplet
from caplet import blocking

from .conftest import TIMEOUT_S, EchoServer, schema, until

pytestmark = pytest.mark.usefixtures("each_loop")

# No connection lasts so long that what failed before it is forgotten.
QUICK = caplet.Reconnect(first_delay_s=0.001, longest_delay_s=0.01, steady_s=10 * TIMEOUT_S)


def run(coroutine: Any) -> None:
    asyncio.run(asyncio.wait_for(coroutine, TIMEOUT_S))


def test_calls_go_on_after_the_server_was_away() -> None:
    async def main() -> None:
        service = EchoServer()
        serving = caplet.serve("tcp://127.0.0.1:0", service)
        await serving.start()
        address = serving.address
        seen: list[caplet.Connection] = []
        async with caplet.connect(address, reconnect=QUICK) as connection:
            connection.on_connected(seen.append)
            connection.on_connected(lambda made: 1 / 0)
            echo = connection.bootstrap(schema.Echo)
            assert (await echo.echo(number=1)).number == 1
            waiting = echo.wait()
            await service.waiting.wait()
            await serving.close()
            with pytest.raises(caplet.Disconnected):
                await waiting
            await until(lambda: connection.last_error is not None)
            call = echo.echo(number=2)
            await until(lambda: connection.generation > 2)
            assert not connection.connected
            assert connection.stats() == {
                "connected": False,
                "generation": connection.generation,
                "failures": connection.generation - 1,
                "current": None,
            }
            serving = caplet.serve(address, EchoServer())
            await serving.start()
            assert (await call).number == 2
            assert connection.connected
            assert len(seen) == 2
            assert connection.current is seen[1]
            connection.reset()
            assert (await echo.echo(number=3)).number == 3
            stats = connection.stats()
            assert (stats["connected"], stats["generation"]) == (True, connection.generation)
            assert stats["current"] is not None
            assert stats["current"]["peer"] == address
        assert connection.closed
        with pytest.raises(caplet.Disconnected, match="closed"):
            await echo.echo(number=4)
        with pytest.raises(caplet.Disconnected, match="closed"):
            await connection.wait_connected()
        await serving.close()

    run(main())


def test_a_lazy_one_opens_when_it_is_used_and_closing_ends_an_attempt() -> None:
    async def main() -> None:
        async with caplet.serve("memory:lazy", EchoServer()):
            connection = await caplet.connect("memory:lazy", reconnect=caplet.Reconnect(lazy=True))
            assert connection.generation == 0
            assert (await connection.bootstrap(schema.Echo).echo(number=1)).number == 1
            assert (await connection.wait_connected()).stats()["questions"] == 0
            await connection.close()
            await connection.close()
        connection = await caplet.connect("memory:nobody", reconnect=QUICK)
        waiter = asyncio.ensure_future(connection.wait_connected())
        call = connection.bootstrap(schema.Echo).echo(number=1)
        await until(lambda: connection.generation > 2)
        await connection.close()
        for ended in (waiter, call):
            with pytest.raises(caplet.Disconnected):
                await ended

    run(main())


def test_a_blocking_connection_is_opened_again_too() -> None:
    with blocking.serve("tcp://127.0.0.1:0", EchoServer) as serving:
        with blocking.connect(serving.address, reconnect=QUICK) as connection:
            echo = connection.bootstrap(schema.Echo)
            assert echo.echo(number=1).wait(TIMEOUT_S).number == 1
            assert connection.wait_connected(TIMEOUT_S).stats()["exports"] == 0
            connection.reset()
            assert echo.echo(number=2).wait(TIMEOUT_S).number == 2
            assert connection.stats()["generation"] == connection.generation == 2
            assert connection.connected
        assert connection.closed
