"""How a received call becomes a Python call of a server method, and what that gives becomes results.

Knows signatures, what may be returned, and what errors mean. Does not know loops: a coroutine is handed to the host of the call's vat. Does not
know how objects are found (`servers.py`).

The rules. A method gets the params that it names, and by a parameter called `context` its `CallContext` (unless the schema has a param
of that name); one marked by `by_context` gets the context alone. A param in a union is given when it is active; otherwise the parameter's default
holds. The method may be a coroutine function or an ordinary one. What it returns becomes the results:

    None                           what was built by `context.results`; otherwise they are empty
    a struct of the results' type  its fields
    a mapping                      fields by name
    a tuple                        fields in declared order
    anything else                  the value of the only field, when it is no struct or group

What it raises fails that call alone: `RpcError` and its kinds as they are, `NotImplementedError` as unimplemented, anything else as failed, and
logged.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from caplet.cap.call import STARTED
from caplet.cap.local import CANCELLABLE, ONE_AT_A_TIME
from caplet.errors import Disconnected, Failed, RpcError
from caplet.runtime.call_contexts import CallContext
from caplet.runtime.server_marks import may_be_cancelled, takes_context
from caplet.runtime.structs import Struct

if TYPE_CHECKING:
    from caplet.cap.call import IncomingCall
    from caplet.cap.host import RunningMethod
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.servers import Server

__all__ = ["ServerMethod"]

_log = logging.getLogger("caplet")


class ServerMethod:
    """A method of one server class, with what it wants to be called with.

    Args:
        plan: the method of the interface.
        function: the Python function.
        owner: the server class, for messages.

    Raises:
        TypeError: the function wants what the schema does not declare.
    """

    __slots__ = (
        "flags",
        "function",
        "is_coroutine",
        "members",
        "names",
        "plan",
        "single",
        "wants_context",
        "wants_context_alone",
    )

    def __init__(self, plan: MethodPlan, function: Callable[..., Any], owner: type[Server]) -> None:
        self.plan = plan
        self.function = function
        self.is_coroutine = inspect.iscoroutinefunction(function)
        self.names: list[str] = []
        # Those of the names that are members of a union.
        self.members: list[str] = []
        self.wants_context = False
        self.wants_context_alone = takes_context(function)
        self.read_signature(owner)
        allowed = may_be_cancelled(function, owner)
        if allowed is None:
            allowed = plan.allow_cancellation or not plan.streaming
        self.flags = (CANCELLABLE if allowed else 0) | (ONE_AT_A_TIME if plan.streaming else 0)
        self.single = plan.results._single_value_field()

    def read_signature(self, owner: type[Server]) -> None:
        """Find out which params the function wants.

        Raises:
            TypeError: it wants one that the schema does not declare, or cannot be called with those that it wants.
        """
        where = f"{owner.__qualname__}.{self.function.__name__}()"
        parameters = list(inspect.signature(self.function).parameters.values())
        if not parameters:
            raise TypeError(f"{where} must have a first parameter, the object")
        this = parameters.pop(0)
        if self.wants_context_alone:
            if len(parameters) != 1:
                raise TypeError(f"{where} is marked by_context and must have one parameter beside {this.name}")
            return
        for parameter in parameters:
            self.read_parameter(parameter, where)
        if this.name in self.names and this.kind is not inspect.Parameter.POSITIONAL_ONLY:
            raise TypeError(
                f"{where} is to get a param {this.name!r} of {self.plan}; call its first parameter, the object, otherwise"
            )

    def read_parameter(self, parameter: inspect.Parameter, where: str) -> None:
        """Find out what one parameter is to be given.

        Args:
            parameter: the parameter.
            where: the function, for messages.

        Raises:
            TypeError: there is nothing to give.
        """
        fields = self.plan.params._fields
        name = parameter.name
        always = self.plan.params._readable_names()
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            self.names.extend(other for other in always if other not in self.names)
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return
        elif name in fields:
            if name in always:
                self.names.append(name)
            elif parameter.default is inspect.Parameter.empty:
                raise TypeError(
                    f"{where} wants {name!r}, a member of a union; give it a default, which holds while another member is active"
                )
            else:
                self.members.append(name)
        elif name == "context":
            self.wants_context = True
        elif parameter.default is inspect.Parameter.empty:
            raise TypeError(
                f"{where} wants {name!r}, which {self.plan} does not have; its params are: {', '.join(fields) or 'none'}"
            )

    # --- calling ----------------------------------------------------------------------------------------------------------------------

    def start(self, server: Server, call: IncomingCall) -> None:
        """Call the function for `call`."""
        params = self.plan.params._open(call.params)
        context: CallContext[Any, Any] = CallContext(call, self.plan, params)
        positional: tuple[object, ...] = (server, context) if self.wants_context_alone else (server,)
        named: dict[str, object] = {name: getattr(params, name) for name in self.names}
        if self.members:
            active = params.which  # type: ignore[attr-defined]
            named.update((name, getattr(params, name)) for name in self.members if name == active)
        if self.wants_context:
            named["context"] = context
        if self.is_coroutine:
            self.start_coroutine(call, context, CoroutineStart(self.function, positional, named))
            return
        variables = copy_context() if call.context is None else call.context.copy()
        elsewhere = call.turns.host.run_function(partial(variables.run, self.function, *positional, **named))
        if elsewhere is not None:
            self.start_coroutine(call, context, Elsewhere(elsewhere))
            return
        try:
            outcome = variables.run(self.function, *positional, **named)
            if inspect.isawaitable(outcome):
                self.start_coroutine(call, context, outcome)
            else:
                self.finish(call, context, outcome)
        except Exception as error:
            self.fail(call, error)
        except BaseException as error:
            self.stop(call, error, None)
            raise

    def start_coroutine(self, call: IncomingCall, context: CallContext[Any, Any], awaitable: Awaitable[Any]) -> None:
        """Let the host run the method."""
        running = RunningCall()
        running.task = call.turns.host.start_method(self.run(call, context, awaitable, running), call.context)
        if self.flags & CANCELLABLE and call.stage == STARTED:
            call.on_cancel(running.cancel)

    async def run(
        self, call: IncomingCall, context: CallContext[Any, Any], awaitable: Awaitable[Any], running: RunningCall
    ) -> None:
        """Await the method and answer the call."""
        running.begun = True
        if running.cancel_wanted:
            call.fail(Failed(f"{self.plan} was cancelled before it began"))
            return
        try:
            self.finish(call, context, await awaitable)
        except Exception as error:
            self.fail(call, error)
        except BaseException as error:
            self.stop(call, error, running)
            raise

    # --- answering --------------------------------------------------------------------------------------------------------------------

    def finish(self, call: IncomingCall, context: CallContext[Any, Any], outcome: object) -> None:
        """Answer with what the function returned."""
        if context._handed_on:
            if outcome is not None:
                _log.error("%s made a tail call and returned %s, which is lost", self.plan, type(outcome).__name__)
            return
        if outcome is not None:
            self.take(call, context, outcome)
        elif context._results is None and not call.results_touched and call.stage == STARTED:
            self.plan.results._init(call.results())
        call.finish()

    def take(self, call: IncomingCall, context: CallContext[Any, Any], outcome: object) -> None:
        """Put what the function returned into the results.

        Raises:
            TypeError: it cannot be the results.
        """
        if isinstance(outcome, Struct) and outcome._plan.type_id == self.plan.results._plan.type_id:
            if outcome is not context._results:
                call.results().set(outcome)
        elif isinstance(outcome, tuple):
            context.results._fill(outcome, {})
        elif isinstance(outcome, Mapping):
            context.results._fill((), outcome)
        elif self.single is not None:
            setattr(context.results, self.single, outcome)
        else:
            raise TypeError(
                f"{self.plan} returned {type(outcome).__name__}; expected nothing, a mapping by name, a tuple in declared order "
                f"or {self.plan.results.__qualname__}"
            )

    def fail(self, call: IncomingCall, error: Exception) -> None:
        """Fail the call, and log what the program did not mean to raise."""
        if not isinstance(error, RpcError | NotImplementedError):
            _log.error("%s failed", self.plan, exc_info=error)
        call.fail(error)

    def stop(self, call: IncomingCall, error: BaseException, running: RunningCall | None) -> None:
        """Fail a call whose method was stopped by a cancelled task or by the end of the program; the caller is not left waiting."""
        name = type(error).__name__
        if running is not None and running.cancel_wanted:
            call.fail(Failed(f"{self.plan} did not finish: its caller cancelled it"))
        elif isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit) or (
            running is not None and running.task is not None and running.task.cancelling()
        ):
            # The task as a whole is stopped, as by the end of `asyncio.run`.
            call.fail(Disconnected(f"{self.plan} did not finish: its program is ending ({name})"))
        else:
            _log.error("%s was stopped by a %s that nobody asked for", self.plan, name, exc_info=error)
            call.fail(Failed(f"{self.plan} did not finish: it was stopped by {name}"))


class Elsewhere:
    """A function that runs in a thread of its own; what it returns may have to be awaited as well."""

    __slots__ = ("_outcome",)

    def __init__(self, outcome: Awaitable[Any]) -> None:
        self._outcome = outcome

    def __await__(self) -> Generator[Any, Any, Any]:
        outcome = yield from self._outcome.__await__()
        if inspect.isawaitable(outcome):
            outcome = yield from outcome.__await__()
        return outcome


class CoroutineStart:
    """A coroutine function with its arguments, called when it is awaited: one that is never begun leaves nothing behind."""

    __slots__ = ("_function", "_named", "_positional")

    def __init__(self, function: Callable[..., Any], positional: tuple[object, ...], named: dict[str, object]) -> None:
        self._function = function
        self._positional = positional
        self._named = named

    def __await__(self) -> Generator[Any, Any, Any]:
        result: Generator[Any, Any, Any] = self._function(*self._positional, **self._named).__await__()
        return result


class RunningCall:
    """A method on its way: stopped when its caller cancels, and not before it could begin, so that every call is answered."""

    __slots__ = ("begun", "cancel_wanted", "task")

    def __init__(self) -> None:
        self.begun = False
        self.cancel_wanted = False
        self.task: RunningMethod | None = None

    def cancel(self) -> None:
        """Stop it at its next await."""
        self.cancel_wanted = True
        if self.begun and self.task is not None:
            self.task.cancel()
