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
from collections.abc import Coroutine, Mapping
from contextvars import copy_context
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from caplet.cap.call import STARTED
from caplet.cap.local import CANCELLABLE, ONE_AT_A_TIME
from caplet.errors import Disconnected, Failed, RpcError
from caplet.runtime.awaiting import result_of, result_of_result
from caplet.runtime.call_contexts import CallContext
from caplet.runtime.server_marks import may_be_cancelled, takes_context
from caplet.runtime.structs import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.call import IncomingCall
    from caplet.cap.host import RunningMethod
    from caplet.runtime.fields import Field
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.plans import StructKind
    from caplet.runtime.servers import Server
    from caplet.wire.views import StructReader

__all__ = ["RunningCall", "ServerMethod"]

COMPILED = not __file__.endswith(".py")

_log = logging.getLogger("caplet")

# In place of what a coroutine gave, when nothing is held.
NOTHING = object()

NO_NAMES: dict[str, object] = {}

# What an `async def` gives; it is asked for without its type parameters.
_native_coroutine: Any = CoroutineType

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


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
        "in_order",
        "interface_id",
        "is_coroutine",
        "members",
        "method_id",
        "names",
        "params",
        "plan",
        "readers",
        "results",
        "single",
        "wants_context",
        "wants_context_alone",
    )

    def __init__(self, plan: MethodPlan, function: Callable[..., Any], owner: type[Server]) -> None:
        self.plan = plan
        self.interface_id = plan.interface_id
        self.method_id = plan.method_id
        self.params: StructKind = plan.params._plan
        self.results: StructKind = plan.results._plan
        self.function = function
        self.is_coroutine = inspect.iscoroutinefunction(function)
        self.names: list[str] = []
        # How many of the names are given by position; those behind them are given by name.
        self.in_order = 0
        # Those of the names that are members of a union.
        self.members: list[str] = []
        self.wants_context = False
        self.wants_context_alone = takes_context(function)
        self.read_signature(owner)
        fields: dict[str, Field] = plan.params._fields
        self.readers: tuple[Field, ...] = tuple([fields[name] for name in self.names])
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
        in_order = True
        for parameter in parameters:
            known = len(self.names)
            self.read_parameter(parameter, where)
            in_order = in_order and parameter.kind in _POSITIONAL and len(self.names) > known
            if in_order:
                self.in_order += 1
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
            self.names.extend([other for other in always if other not in self.names])
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
                f"{where} wants {name!r}, which {self.plan} does not have; its params are: {', '.join(fields) or 'none'} "
                "(and `context`, for the call's context)"
            )

    # --- calling ----------------------------------------------------------------------------------------------------------------------

    def start(self, server: Server, call: IncomingCall) -> None:
        """Call the function for `call`."""
        content = call.params_or_none
        assert content is not None
        params = self.params.open_at(content)
        context: CallContext[Any, Any] | None = None
        if self.wants_context or self.wants_context_alone:
            context = CallContext(call, self.plan, params)
        positional: list[object] = [server]
        named: dict[str, object] = {}
        if self.wants_context_alone:
            positional.append(context)
        else:
            self.read_params(params, positional, named)
            if self.wants_context:
                named["context"] = context
        if self.is_coroutine:
            self.run(RunningCall(self, call, context, tuple(positional), named))
        else:
            self.start_function(call, context, partial(self.function, *positional, **named))

    def read_params(self, params: StructReader, positional: list[object], named: dict[str, object]) -> None:
        """Take out of the params what the function gets by position and by name."""
        readers = self.readers
        for index in range(len(readers)):
            field = readers[index]
            if index < self.in_order:
                positional.append(field.read(params))
            else:
                named[field.name] = field.read(params)
        if self.members:
            active = params.which  # type: ignore[attr-defined]
            for name in self.members:
                if name == active:
                    named[name] = getattr(params, name)

    def start_function(
        self, call: IncomingCall, context: CallContext[Any, Any] | None, function: Callable[[], Any]
    ) -> None:
        """Call a function that is no coroutine function; what it returns may have to be awaited all the same."""
        variables = copy_context() if call.context is None else call.context.copy()
        elsewhere = call.turns.host.run_function(partial(variables.run, function))
        if elsewhere is not None:
            self.run(RunningCall(self, call, context, (elsewhere,), {}, result_of_result))
            return
        try:
            outcome = variables.run(function)
            if inspect.isawaitable(outcome):
                self.run(RunningCall(self, call, context, (outcome,), {}, result_of))
            else:
                self.finish(call, context, outcome)
        except Exception as error:
            self.fail(call, error)
        except (KeyboardInterrupt, SystemExit) as error:
            self.stop(call, error, None)
            raise
        except BaseException as error:
            # What would stop a task stops no more than the call: there is no task here, and others are served in this turn.
            self.stop(call, error, None)

    def run(self, running: RunningCall) -> None:
        """Let the host run a call."""
        call = running.call
        task = call.turns.host.start_method(running, call.context)
        if not running.ended:
            running.task = task
            if self.flags & CANCELLABLE and call.stage == STARTED:
                call.on_cancel(running.cancel)

    # --- answering --------------------------------------------------------------------------------------------------------------------

    def finish(self, call: IncomingCall, context: CallContext[Any, Any] | None, outcome: object) -> None:
        """Answer with what the function returned."""
        if context is not None and context._handed_on:
            if outcome is not None:
                _log.error("%s made a tail call and returned %s, which is lost", self.plan, type(outcome).__name__)
            return
        if outcome is not None:
            self.take(call, context, outcome)
        elif call.stage == STARTED and not call.results_touched:
            self.results.init_at(call.results())
        call.finish()

    def take(self, call: IncomingCall, context: CallContext[Any, Any] | None, outcome: object) -> None:
        """Put what the function returned into the results.

        Raises:
            TypeError: it cannot be the results.
        """
        if isinstance(outcome, tuple):
            self.results.fill_in_order(self.begun_results(call, context), outcome, NO_NAMES)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(outcome, Struct) and outcome._plan.type_id == self.results.type_id:
            if context is None or outcome is not context._results:
                call.results().set(outcome)
        elif isinstance(outcome, Mapping):
            self.results.fill_in_order(self.begun_results(call, context), (), outcome)  # pyright: ignore[reportUnknownArgumentType]
        elif self.single is not None:
            setattr(self.begun_results(call, context), self.single, outcome)
        else:
            raise TypeError(
                f"{self.plan} returned {type(outcome).__name__}; expected nothing, a mapping by name, a tuple in declared order "
                f"or {self.plan.results.__qualname__}"
            )

    def begun_results(self, call: IncomingCall, context: CallContext[Any, Any] | None) -> StructReader:
        """Return the results as a builder, those that the method has begun, or new ones, to be filled: long bytes are not copied."""
        begun: StructReader = self.results.init_at(call.results()) if context is None else context.results
        begun._arena.by_reference = True  # type: ignore[attr-defined]
        return begun

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


class RunningCall:
    """A call whose method runs, as a coroutine that the host steps: it calls the method when it is begun, and answers when that returns.

    It is stopped when its caller cancels, and not before it could begin, so that every call is answered.

    Args:
        method: the method.
        call: the call.
        context: what the method was given of it, if anything.
        positional: arguments.
        named: arguments.
        function: the coroutine function that is called with them; None for the method's own.
    """

    __slots__ = (
        "__weakref__",
        "_arguments",
        "_context",
        "_coroutine",
        "_function",
        "_held",
        "_method",
        "_named",
        "begun",
        "call",
        "cancel_wanted",
        "ended",
        "task",
    )

    def __init__(
        self,
        method: ServerMethod,
        call: IncomingCall,
        context: CallContext[Any, Any] | None,
        positional: tuple[object, ...],
        named: dict[str, object],
        function: Callable[..., Any] | None = None,
    ) -> None:
        self._method = method
        self._context = context
        self._function = method.function if function is None else function
        self._arguments = positional
        self._named = named
        self._coroutine: Any = None
        self._held: object = NOTHING
        self.call = call
        self.begun = False
        self.ended = False
        self.cancel_wanted = False
        self.task: RunningMethod | None = None

    def __iter__(self) -> RunningCall:
        return self

    def __await__(self) -> RunningCall:
        return self

    def __next__(self) -> object:
        """Go on to what the method waits for next, and return that."""
        held = self._held
        if held is not NOTHING:
            self._held = NOTHING
            return held
        if not self.ended:
            self.begun = True
            if self.cancel_wanted and self._coroutine is None:
                self.end()
                self.call.fail(Failed(f"{self._method.plan} was cancelled before it began"))
            else:
                waits_for = self.go_on(None)
                if not self.ended:
                    return waits_for
        raise StopIteration

    def send(self, value: None) -> object:
        """Go on to what the method waits for next, and return that; `value` is of no use.

        Raises:
            StopIteration: the method has ended.
        """
        return next(self)

    def throw(self, error: BaseException, /) -> object:
        """Go on with an exception.

        Args:
            error: raised where the method waits.

        Raises:
            StopIteration: the method has ended.
        """
        self._held = NOTHING
        if self.ended:
            raise error
        self.begun = True
        waits_for = self.go_on(error)
        if self.ended:
            raise StopIteration
        return waits_for

    def go_on(self, thrown: BaseException | None) -> object:
        """Step the coroutine, and answer the call when it has ended."""
        method = self._method
        call = self.call
        came: object
        try:
            coroutine = self._coroutine
            if coroutine is None:
                if thrown is not None:
                    raise thrown
                coroutine = self.make_coroutine()
            if COMPILED and thrown is None:
                came = advanced(coroutine, self)  # type: ignore[name-defined]  # noqa: F821  (server_methods.pxd)
            else:
                came = self.advance(coroutine, thrown)
            if not self.ended:
                return came  # pyright: ignore[reportUnknownVariableType]
            method.finish(call, self._context, came)  # pyright: ignore[reportUnknownArgumentType]
        except Exception as error:
            method.fail(call, error)
        except BaseException as error:
            method.stop(call, error, self)
            self.end()
            raise
        self.end()
        return None

    def make_coroutine(self) -> Any:
        """Call the method; one that is never begun leaves nothing behind."""
        made = self._function(*self._arguments, **self._named)
        if not isinstance(made, _native_coroutine):
            made = result_of(made)
        self._coroutine = made
        return made

    def advance(self, coroutine: Any, thrown: BaseException | None) -> object:
        """Step a coroutine and return what it gives; its last word is the method's result."""
        try:
            return coroutine.send(None) if thrown is None else coroutine.throw(thrown)
        except StopIteration as stop:
            self.ended = True
            return stop.value

    def end(self) -> None:
        """Let go of everything but the call: the task holds this, and this the task."""
        self.ended = True
        self._coroutine = None
        self._context = None
        self._arguments = ()
        self._named = NO_NAMES
        self.task = None

    def hold(self, waits_for: object) -> None:
        """Give what the method waits for once more, to a task that goes on from here."""
        self._held = waits_for

    def close(self) -> None:
        """Stop the method where it waits."""
        if not self.ended:
            coroutine = self._coroutine
            self._method.stop(self.call, GeneratorExit(), self)
            self.end()
            if coroutine is not None:
                coroutine.close()

    def __del__(self) -> None:
        if not self.ended:
            self.close()

    def __getattr__(self, name: str) -> Any:
        """Show the method, or its coroutine, to whoever looks into a task."""
        return getattr(self._function if self._coroutine is None else self._coroutine, name)

    def cancel(self) -> None:
        """Stop it at its next await."""
        self.cancel_wanted = True
        if self.begun and self.task is not None:
            self.task.cancel()


_coroutine: Any = Coroutine
_coroutine.register(RunningCall)
