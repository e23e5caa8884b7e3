"""The task that a server method sees, whether anybody looks at it or not."""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import caplet

schema: Any = caplet.load(Path(__file__).with_name("echo.capnp"))
TIMEOUT_S = 60


def served(method: Callable[[str], Awaitable[str]], use: Callable[[Any], Awaitable[None]]) -> None:
    """Serve an object whose method `echo` does what `method` does, and use it."""

    class Server(schema.Echo.Server):
        async def echo(self, text: str) -> tuple[int, str]:
            return 0, await method(text)

    async def main() -> None:
        async with caplet.serve("memory:hosts", Server()), caplet.connect("memory:hosts") as connection:
            await use(connection.bootstrap(schema.Echo))

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


async def call_once(echo: Any) -> None:
    assert (await echo.echo(1, "x")).text == "x"


def test_the_task_of_a_method_is_the_same_from_its_first_step_to_its_last() -> None:
    seen: list[object] = []

    async def say(text: str) -> str:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())
        return text

    served(say, call_once)
    assert seen[0] is seen[1]
    assert isinstance(seen[0], asyncio.Task)
    assert seen[0].done()


def test_a_task_that_was_looked_at_in_the_only_step_of_its_method_is_done_afterwards() -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def say(text: str) -> str:
        task = asyncio.current_task()
        assert task is not None
        assert not task.done()
        assert "Server.echo" in repr(task)
        assert task.get_loop() is asyncio.get_running_loop()
        assert task in asyncio.all_tasks()
        tasks.append(task)
        return text

    async def use(echo: Any) -> None:
        await call_once(echo)
        await tasks[0]
        assert tasks[0].done()

    served(say, use)


def test_a_task_that_was_kept_and_not_looked_at_is_done_afterwards() -> None:
    tasks: list[Any] = []

    async def say(text: str) -> str:
        tasks.append(asyncio.current_task())
        return text

    async def use(echo: Any) -> None:
        await call_once(echo)
        await tasks[0]
        assert tasks[0].done()

    served(say, use)


def test_tasks_of_methods_that_end_at_once_are_gone_at_once() -> None:
    tasks: list[weakref.ref[Any]] = []

    async def say(text: str) -> str:
        tasks.append(weakref.ref(asyncio.current_task()))  # type: ignore[arg-type]
        return text

    async def use(echo: Any) -> None:
        for _ in range(3):
            await call_once(echo)
        assert [task() for task in tasks] == [None] * 3

    served(say, use)


def test_time_limits_and_task_groups_work_in_the_first_step_of_a_method() -> None:
    async def say(text: str) -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.get_running_loop().create_future()
        with pytest.raises(ExceptionGroup):
            await wait_beside_failure()
        return text

    async def wait_beside_failure() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await asyncio.get_running_loop().create_future()

    async def fail() -> None:
        raise ValueError("on purpose")

    served(say, call_once)


def test_a_method_that_cancels_its_own_task_in_its_first_step_is_stopped_at_its_first_wait() -> None:
    async def say(text: str) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        return text

    async def use(echo: Any) -> None:
        with pytest.raises(caplet.Disconnected, match="its program is ending"):
            await echo.echo(1, "x")

    served(say, use)


def test_context_variables_of_one_call_are_not_seen_by_the_next() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="untouched")
    seen: list[str] = []

    async def say(text: str) -> str:
        seen.append(variable.get())
        variable.set(text)
        if text == "waits":
            await asyncio.sleep(0)
        seen.append(variable.get())
        return text

    async def use(echo: Any) -> None:
        await echo.echo(1, "ends")
        await echo.echo(1, "waits")
        assert variable.get() == "untouched"

    served(say, use)
    assert seen == ["untouched", "ends", "untouched", "waits"]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("factory", [False, True])
def test_methods_run_with_a_task_factory_and_in_debug_mode(debug: bool, factory: bool) -> None:
    made: list[object] = []

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **options)

    async def say(text: str) -> str:
        assert asyncio.current_task() is not None
        await asyncio.sleep(0)
        return text

    async def use(echo: Any) -> None:
        asyncio.get_running_loop().set_debug(debug)
        if factory:
            asyncio.get_running_loop().set_task_factory(make)
        await call_once(echo)
        asyncio.get_running_loop().set_task_factory(None)
        assert bool(made) == factory

    served(say, use)


def test_a_turn_that_was_asked_for_in_an_earlier_step_is_not_taken_out_of_the_loop() -> None:
    """A call that nobody awaits asks for a turn; another task's call, awaited behind it, must leave the loop's queue whole."""

    async def say(text: str) -> str:
        return text

    async def use(echo: Any) -> None:
        calls: list[Any] = []

        async def begin() -> None:
            calls.append(echo.echo(1, "a"))
            await asyncio.sleep(0)
            calls.append(echo.echo(1, "b"))

        async def wait() -> None:
            assert (await echo.echo(1, "c")).text == "c"

        for _ in range(20):
            await asyncio.gather(begin(), wait(), begin(), wait())
        assert [(await call).text for call in calls] == ["a", "a", "b", "b"] * 20

    served(say, use)
