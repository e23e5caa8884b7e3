"""An Echo service, and a connection to it whose tables must be empty at the end of each test."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.aio.driver import running_vat

schema = caplet.load(Path(__file__).with_name("echo.capnp"))
TIMEOUT_S = 60

KINDS = {"failed": caplet.Failed, "overloaded": caplet.Overloaded, "unimplemented": caplet.Unimplemented}


class EchoServer(schema.Echo.Server):
    """The service; every test has its own."""

    def __init__(self) -> None:
        self.kept: Any = None
        self.waiting = asyncio.Event()
        self.cancelled = 0
        self.total = 0

    async def echo(self, number: int, text: str) -> tuple[int, str]:
        return number, text

    async def fail(self, reason: str, kind: str) -> None:
        raise KINDS.get(kind, ValueError)(reason)

    def next(self) -> Any:
        return EchoServer()

    async def call_back(self, listener: Any, times: int) -> int:
        for number in range(times):
            await listener.hear(number)
        return times

    async def wait(self) -> None:
        self.waiting.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def keep(self, listener: Any) -> None:
        self.kept = listener

    def drop(self) -> None:
        self.kept = None

    def nothing(self) -> None:
        return None

    def blob(self, size: int) -> bytes:
        return b"x" * size

    def both(self) -> dict[str, int]:
        return {"left": 1, "right": 2}

    async def push(self, content: bytes) -> None:
        self.total += len(content)

    def done(self) -> int:
        return self.total


class ListenerServer(schema.Listener.Server):
    """Hears numbers."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    async def hear(self, number: int) -> None:
        self.heard.append(number)


class World:
    """One server and one connection to it, in one loop."""

    def __init__(self, service: EchoServer, serving: Any, connection: Any) -> None:
        self.service = service
        self.serving = serving
        self.connection = connection
        self.echo = connection.bootstrap(schema.Echo)

    async def settle(self) -> None:
        """Let everything that is on its way arrive: a call there and back passes behind it."""
        for _ in range(3):
            gc.collect()
            await self.connection.bootstrap(schema.Echo).echo(number=0)


@asynccontextmanager
async def world(address: str) -> AsyncIterator[World]:
    """Serve and connect; at the end both sides' tables must be empty."""
    service = EchoServer()
    async with caplet.serve(address, service) as serving, caplet.connect(serving.address) as connection:
        made = World(service, serving, connection)
        yield made
        made.echo.close()
        links = list(running_vat().links)
    for link in links:
        link.check()
        counts = link.stats()
        for table in ("questions", "answers", "exports", "imports", "embargoes"):
            assert counts[table] == 0, (table, link.dump())


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop go on, one turn at a time, until `condition` holds; the test's own time limit ends it otherwise."""
    while not condition():  # noqa: ASYNC110  (what is waited for has no event: it is the end of something)
        await asyncio.sleep(0)


Scenario = Callable[[World], Awaitable[None]]

try:
    import uvloop
except ImportError:
    LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoopPolicy | None]] = {"asyncio": lambda: None}
else:
    LOOPS = {"asyncio": lambda: None, "uvloop": uvloop.EventLoopPolicy}


@pytest.fixture(params=LOOPS)
def each_loop(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let `asyncio.run` make loops of each kind in turns."""
    asyncio.set_event_loop_policy(LOOPS[request.param]())
    yield request.param
    asyncio.set_event_loop_policy(None)


@pytest.fixture(params=["memory:test", "tcp://127.0.0.1:0"])
def run(request: pytest.FixtureRequest, each_loop: str) -> Callable[[Scenario], None]:
    """Run a scenario over one kind of transport, in each kind of loop."""

    def run_scenario(scenario: Scenario) -> None:
        async def main() -> None:
            async with asyncio.timeout(TIMEOUT_S), world(request.param) as made:
                await scenario(made)

        asyncio.run(main())

    return run_scenario
