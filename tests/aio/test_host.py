"""The task that a server method sees, whether anybody looks at it or not."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.aio.driver import running_vat

from .conftest import until

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


# --- who waits for answers --------------------------------------------------------------------------------------------------------------


class Counting:
    """A transport that counts how often something is sent, and how many messages."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.sends: list[int] = []

    def send(self, messages: Any, fds: Any = None) -> None:
        self.sends.append(len(messages))
        self.transport.send(messages, fds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


async def say_back(text: str) -> str:
    return text


def test_what_tasks_send_that_go_on_together_leaves_together() -> None:
    async def use(echo: Any) -> None:
        await call_once(echo)
        link = next(link for link in running_vat().links.values() if link.connection.imports)
        link.transport = counting = Counting(link.transport)

        async def ten_times() -> None:
            for _ in range(10):
                await call_once(echo)

        await asyncio.gather(*(ten_times() for _ in range(5)))
        assert sum(counting.sends) >= 50
        assert len(counting.sends) <= 20
        link.transport = counting.transport

    served(say_back, use)


def test_tasks_that_go_on_together_do_so_in_the_order_in_which_they_called() -> None:
    order: list[int] = []

    async def use(echo: Any) -> None:
        async def note(number: int) -> None:
            await call_once(echo)
            order.append(number)

        await asyncio.gather(*(note(number) for number in range(10)))

    served(say_back, use)
    assert order == list(range(10))


def test_a_task_that_is_cancelled_between_its_answer_and_its_step_is_cancelled() -> None:
    async def use(echo: Any) -> None:
        outcomes: list[str] = []

        async def first() -> None:
            await call_once(echo)
            tasks[1].cancel()
            outcomes.append("first")

        async def second() -> None:
            try:
                await call_once(echo)
            except asyncio.CancelledError:
                outcomes.append("cancelled")
                raise

        tasks = [asyncio.ensure_future(first()), asyncio.ensure_future(second())]
        await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes == ["first", "cancelled"]
        assert tasks[1].cancelled()
        await call_once(echo)

    served(say_back, use)


def test_a_task_that_is_cancelled_while_it_waits_for_an_answer_keeps_nothing_alive() -> None:
    class Thing:
        pass

    async def say(text: str) -> str:
        await asyncio.get_running_loop().create_future()
        return text

    async def use(echo: Any) -> None:
        seen: list[weakref.ref[Thing]] = []

        async def ask() -> None:
            thing = Thing()
            seen.append(weakref.ref(thing))
            await echo.echo(1, "x")

        task = asyncio.ensure_future(ask())
        await until(lambda: bool(running_vat().host.methods))
        gc.collect()
        gc.disable()
        try:
            task.cancel()
            outcomes = await asyncio.gather(task, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError]
            del task, outcomes
            await asyncio.sleep(0)
            assert seen[0]() is None
        finally:
            gc.enable()

    served(say, use)


def test_what_is_awaited_for_an_answer_has_one_task_and_goes_on_once() -> None:
    async def main() -> None:
        waiter = running_vat().host.make_waiter()

        async def wait() -> None:
            await waiter

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        assert waiter.get_loop() is asyncio.get_running_loop()
        with pytest.raises(RuntimeError, match="awaited already"):
            waiter.add_done_callback(lambda _: None)
        assert not waiter.done()
        waiter.set()
        waiter.set()
        # Too late: the task sees the cancellation at its end, as with a future of asyncio's.
        assert not waiter.cancel()
        await task
        await waiter
        assert waiter.done()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_a_cancelled_wait_says_why() -> None:
    async def main() -> None:
        async def wait() -> None:
            await running_vat().host.make_waiter()

        for message in ((), ("enough",)):
            task = asyncio.ensure_future(wait())
            await asyncio.sleep(0)
            task.cancel(*message)
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert caught.value.args == message

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_an_interrupt_in_one_task_does_not_keep_the_others_from_going_on() -> None:
    done: list[int] = []

    async def main(loop: asyncio.AbstractEventLoop) -> None:
        class Server(schema.Echo.Server):
            async def echo(self, text: str) -> tuple[int, str]:
                return 0, text

        async with caplet.serve("memory:hosts", Server()), caplet.connect("memory:hosts") as connection:
            echo: Any = connection.bootstrap(schema.Echo)

            async def note(number: int) -> None:
                await call_once(echo)
                if number == 1:
                    raise KeyboardInterrupt
                done.append(number)

            await asyncio.gather(*(note(number) for number in range(4)), return_exceptions=True)

    loop = asyncio.new_event_loop()
    task = loop.create_task(main(loop))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(asyncio.wait_for(asyncio.shield(task), TIMEOUT_S))
    loop.run_until_complete(asyncio.wait([task], timeout=TIMEOUT_S))
    assert done == [0, 2, 3]
    loop.close()
