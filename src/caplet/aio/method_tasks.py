"""The tasks of server methods: each is a task of its own, and takes its first step at once.

Knows how tasks begin on each version of Python. Does not know what a method is for, nor what is done with those that wait.

Most methods end in their first step. On Python 3.11, whose tasks cannot be asked for it, that step is taken by hand, under the name of a task that
is made in earnest only when somebody looks at it or the method waits.
"""

from __future__ import annotations

import asyncio
import sys
from sys import getrefcount
from typing import TYPE_CHECKING, Any, cast
from weakref import getweakrefcount

from caplet.runtime.server_methods import RunningCall

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context

    from caplet.cap.host import Steps

__all__ = ["TaskStarter", "current_task"]

# Whether methods take their first step before there is a task of them: where tasks cannot be asked for that, and are those of C.
FIRST_STEP_BY_HAND = sys.version_info < (3, 12) and asyncio.Task.__module__ == "_asyncio"
# What the first step of a method gives that has ended.
ENDED = object()


def _count_alone() -> int:
    """Return how many references are counted to what only one variable holds; compiled, it is one less."""
    thing = object()
    return getrefcount(thing)


HELD_BY_ONE = _count_alone()

# Where 3.11 has the current task of each loop, for which `asyncio.current_task` asks the system first; it has no public name.
current_tasks: dict[asyncio.AbstractEventLoop, asyncio.Task[Any]] = getattr(asyncio.tasks, "_current_tasks", {})
current_task: Callable[[asyncio.AbstractEventLoop], asyncio.Task[Any] | None]
current_task = current_tasks.get if sys.version_info < (3, 12) else asyncio.current_task


class MethodTask(asyncio.Task[None]):
    """The task of a server method whose first step is taken by hand; it is made in earnest when somebody looks at it, or the method waits.

    Most methods have ended before that, and the next one gets the same. Nobody sees the difference: it is one object from the first step of a
    method to the last.
    """

    # Who makes it in earnest; None once that has happened or is not wanted any more.
    __slots__ = ("maker",)

    maker: TaskStarter | None

    def __getattribute__(self, name: str) -> Any:
        maker = MAKER.__get__(self)
        if maker is not None:
            maker.make_task(self)
        return super().__getattribute__(name)


MAKER: Any = MethodTask.__dict__["maker"]
TASK: Any = asyncio.Task


class TaskStarter:
    """Starts the methods of one loop.

    Args:
        loop: the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # A task that nobody has looked at, nor can.
        self._spare: MethodTask | None = None
        # What the task is made of whose first step is taken by hand just now, and the step that it wants once it is made.
        self._starting: tuple[RunningCall, Context] | None = None
        self._step: Callable[[], object] | None = None

    def start(self, method: Steps, variables: Context) -> asyncio.Task[None] | None:
        """Start a method as a task, and run it to its first wait; inside of another task, the loop takes the first step.

        Args:
            method: the method.
            variables: the context variables that are its own.

        Returns:
            The task; None when the method has ended and nobody has asked for its task.
        """
        loop = self._loop
        if current_task(loop) is not None or loop.get_task_factory() is not None:
            return loop.create_task(cast("Coroutine[Any, Any, None]", method), context=variables)
        if FIRST_STEP_BY_HAND and isinstance(method, RunningCall):
            return self._start_by_hand(method, variables)
        coroutine = cast("Coroutine[Any, Any, None]", method)
        if sys.version_info >= (3, 12):
            return asyncio.Task(coroutine, loop=loop, eager_start=True, context=variables)
        task = cast("asyncio.Task[None]", TASK.__new__(TASK))
        variables.run(self._init_task(task, coroutine, variables))
        return task

    def _start_by_hand(self, method: RunningCall, variables: Context) -> MethodTask | None:
        """Take the first step of a method, and make a task in earnest only when it waits or somebody has looked at the task."""
        loop = self._loop
        task = MethodTask.__new__(MethodTask) if self._spare is None else self._spare
        self._spare = None
        task.maker = self
        starting = self._starting = (method, variables)
        current_tasks[loop] = task
        waits_for: object = ENDED
        try:
            waits_for = variables.run(next, method, ENDED)
        except asyncio.CancelledError:
            pass
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            loop.call_exception_handler({"message": "a server method was stopped", "exception": error})
        finally:
            del current_tasks[loop]
            if waits_for is not ENDED:
                method.hold(waits_for)
            # Somebody else may hold it, and look at it later.
            if self._starting is starting and (waits_for is not ENDED or getrefcount(task) > HELD_BY_ONE):
                self.make_task(task)
            seen = self._starting is not starting
            task.maker = self._starting = None
            step, self._step = self._step, None
        if not seen:
            if not getweakrefcount(task):
                self._spare = task
            return None
        if step is not None:
            variables.run(step)
        return task

    def make_task(self, task: MethodTask) -> None:
        """Make a task in earnest; the step that it wants is taken behind the one that is taken by hand."""
        assert self._starting is not None
        (method, variables), self._starting = self._starting, None
        task.maker = None
        self._step = self._init_task(task, cast("Coroutine[Any, Any, None]", method), variables)
        method.task = task

    def _init_task(
        self, task: asyncio.Task[None], coroutine: Coroutine[Any, Any, None], variables: Context
    ) -> Callable[[], object]:
        """Initialize a new task, and return its first step, which it would ask the loop for."""
        loop: Any = self._loop
        steps: list[Callable[[], object]] = []

        def call_soon(step: Callable[[], object], *, context: Context) -> None:
            steps.append(step)

        loop.call_soon = call_soon
        try:
            TASK.__init__(task, coroutine, loop=loop, context=variables)
        finally:
            del loop.call_soon
        return steps[0]
