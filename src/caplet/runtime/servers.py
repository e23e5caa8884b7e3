"""Servers: objects of a program that can be called.

Knows how a call becomes a Python call of a method and how what it returns becomes results. Does not know loops or connections: a coroutine
is handed to the host of the call's vat.

The rules. A method gets the params that it names; a parameter called `params` gets all of them as one reader, and `context` gets the
`CallContext` (unless the schema has params of these names). It may be a coroutine function or an ordinary one. It returns nothing (results
are empty, or were built by `context.results`), a mapping by name, a tuple in declared order, or, when the method has exactly one result
that is not a struct, that value. What it raises fails that call alone.
"""

from __future__ import annotations

import inspect
import logging
import weakref
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar, cast

from caplet.cap.call import STARTED
from caplet.cap.capability import NULL, Capability
from caplet.cap.local import CANCELLABLE, ONE_AT_A_TIME, LocalCapability
from caplet.errors import Failed, RpcError, Unimplemented
from caplet.runtime.clients import Client
from caplet.runtime.interfaces import InterfacePlan, MethodPlan
from caplet.runtime.structs import Struct

if TYPE_CHECKING:
    from caplet.cap.call import IncomingCall
    from caplet.cap.host import RunningMethod
    from caplet.runtime.clients import Request

__all__ = [
    "CallContext",
    "Server",
    "ServerDispatcher",
    "Service",
    "as_bootstrap",
    "cancellable",
    "capability_of",
    "make_server_class",
]

_log = logging.getLogger("caplet")

_CAPABILITY = "_caplet capability"
_CANCELLABLE = "_caplet_cancellable"

Decorated = TypeVar("Decorated")


class Server:
    """The base of server classes; generated classes say which interface they serve.

    It has no names that a schema's method could meet, and needs no `super().__init__()`.
    """

    _interface: ClassVar[InterfacePlan] = InterfacePlan(0, "Capability")


# What may be served: an object, a client, a class made once for each peer, or a function of the peer that returns an object or client.
Service: TypeAlias = Server | Client | type[Server] | Callable[[Any], Server | Client]


def cancellable(allowed: bool) -> Callable[[Decorated], Decorated]:
    """Say whether running calls of a server method, or of all methods of a Server class, stop when their caller cancels.

    Args:
        allowed: True: the method sees `CancelledError` at its next await. False: it runs on, and its results are discarded.
    """

    def decorate(decorated: Decorated) -> Decorated:
        setattr(decorated, _CANCELLABLE, allowed)
        return decorated

    return decorate


class CallContext:
    """One call, in the hands of the method that answers it."""

    __slots__ = ("_call", "_method", "_params", "_results")

    def __init__(self, call: IncomingCall, method: ServerMethod, params: Struct) -> None:
        self._call = call
        self._method = method
        self._params: Struct | None = params
        self._results: Struct | None = None

    @property
    def params(self) -> Any:
        """The params, as one reader.

        Raises:
            Failed: they were released.
        """
        if self._params is None:
            raise Failed("the params of this call were released")
        return self._params

    def release_params(self) -> None:
        """Let go of the params, and of the capabilities in them that nobody else holds."""
        self._params = None
        self._call.release_params()

    @property
    def results(self) -> Any:
        """The results, built in place inside the answer."""
        if self._results is None:
            self._results = self._method.plan.results._init(self._call.results())
        return self._results

    @property
    def peer(self) -> object | None:
        """Who called, as the network knows it; None for calls from this process."""
        return self._call.peer

    @property
    def cancelled(self) -> bool:
        """Whether the caller has cancelled."""
        return self._call.cancel_requested

    def tail_call(self, request: Request) -> None:
        """Answer with whatever another call answers; the method must return nothing.

        Args:
            request: the other call, built by `client.method.request()` and not sent.

        Raises:
            Failed: results were begun already.
        """
        self._call.tail_call(request._request)

    def set_pipeline(self, results: Struct) -> None:
        """Let pipelined calls go to the capabilities in `results` from now on, before the method returns.

        Args:
            results: a struct of the method's results class; the final results must lead to the same objects.
        """
        self._call.set_pipeline(results._as_pointer())


class ServerMethod:
    """A method of one server class, with what it wants to be called with.

    Args:
        plan: the method of the interface.
        function: the Python function, or what stands in its place.
        owner: the server class, for messages.
    """

    __slots__ = (
        "everything",
        "flags",
        "function",
        "is_coroutine",
        "names",
        "plan",
        "single",
        "wants_context",
        "wants_params",
    )

    def __init__(self, plan: MethodPlan, function: Callable[..., Any], owner: type[Server]) -> None:
        self.plan = plan
        self.function = function
        self.is_coroutine = inspect.iscoroutinefunction(function)
        self.names: list[str] = []
        self.wants_context = False
        self.wants_params = False
        self.everything = False
        self.read_signature(owner)
        allowed = getattr(function, _CANCELLABLE, None)
        if allowed is None:
            allowed = getattr(owner, _CANCELLABLE, None)
        if allowed is None:
            allowed = plan.allow_cancellation or not plan.streaming
        self.flags = (CANCELLABLE if allowed else 0) | (ONE_AT_A_TIME if plan.streaming else 0)
        self.single = plan.results._single_value_field()

    def read_signature(self, owner: type[Server]) -> None:
        """Find out which params the function wants.

        Raises:
            TypeError: it wants one that the schema does not declare.
        """
        fields = self.plan.params._fields
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        for parameter in parameters:
            name = parameter.name
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                self.everything = True
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                continue
            elif name in fields:
                self.names.append(name)
            elif name == "context":
                self.wants_context = True
            elif name == "params":
                self.wants_params = True
            elif parameter.default is inspect.Parameter.empty:
                raise TypeError(
                    f"{owner.__qualname__}.{self.function.__name__}() wants {name!r}, which {self.plan} does not have; "
                    f"its params are: {', '.join(fields) or 'none'}"
                )
        if self.everything:
            self.names = self.plan.params._readable_names()

    def start(self, server: Server, call: IncomingCall) -> None:
        """Call the function for `call`."""
        params = self.plan.params._open(call.params)
        context = CallContext(call, self, params)
        arguments: dict[str, object] = {name: getattr(params, name) for name in self.names}
        if self.wants_params:
            arguments["params"] = params
        if self.wants_context:
            arguments["context"] = context
        if self.is_coroutine:
            self.start_coroutine(call, context, CoroutineStart(self.function, server, arguments))
            return
        try:
            outcome = self.function(server, **arguments)
            if inspect.isawaitable(outcome):
                self.start_coroutine(call, context, outcome)
            else:
                self.finish(call, context, outcome)
        except Exception as error:
            self.fail(call, error)

    def start_coroutine(self, call: IncomingCall, context: CallContext, awaitable: Awaitable[Any]) -> None:
        """Let the host run the method."""
        running = RunningCall()
        running.task = call.turns.host.start_method(self.run(call, context, awaitable, running))
        if self.flags & CANCELLABLE and call.stage == STARTED:
            call.on_cancel(running.cancel)

    async def run(
        self, call: IncomingCall, context: CallContext, awaitable: Awaitable[Any], running: RunningCall
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
            # A cancelled task, or the end of the program: it goes on, and the caller is not left waiting.
            wanted = "its caller cancelled it" if call.cancel_requested else f"it was stopped by {type(error).__name__}"
            call.fail(Failed(f"{self.plan} did not finish: {wanted}"))
            raise

    def finish(self, call: IncomingCall, context: CallContext, outcome: object) -> None:
        """Answer with what the function returned."""
        if outcome is not None:
            if isinstance(outcome, Struct) and outcome._plan.type_id == self.plan.results._plan.type_id:
                if outcome is not context._results:
                    call.results().set(outcome)
            elif isinstance(outcome, Mapping):
                context.results._fill((), outcome)
            elif isinstance(outcome, tuple):
                context.results._fill(outcome, {})
            elif self.single is not None:
                setattr(context.results, self.single, outcome)
            else:
                raise TypeError(
                    f"{self.plan} returned {type(outcome).__name__}; expected nothing, a mapping by name or a tuple in declared order"
                )
        elif context._results is None and not call.results_touched and call.stage == STARTED and call.forwarded is None:
            self.plan.results._init(call.results())
        if call.forwarded is None:
            call.finish()

    def fail(self, call: IncomingCall, error: Exception) -> None:
        """Fail the call, and log what the program did not mean to raise."""
        if not isinstance(error, RpcError | NotImplementedError):
            _log.error("%s failed", self.plan, exc_info=error)
        call.fail(error)


class CoroutineStart:
    """A coroutine function with its arguments, called when it is awaited: one that is never begun leaves nothing behind."""

    __slots__ = ("_arguments", "_function", "_server")

    def __init__(self, function: Callable[..., Any], server: Server, arguments: dict[str, object]) -> None:
        self._function = function
        self._server = server
        self._arguments = arguments

    def __await__(self) -> Generator[Any, Any, Any]:
        result: Generator[Any, Any, Any] = self._function(self._server, **self._arguments).__await__()
        return result


class RunningCall:
    """A method on its way: stopped when its caller cancels, and not before it could begin, so that every call is answered."""

    __slots__ = ("begun", "cancel_wanted", "task")

    task: RunningMethod

    def __init__(self) -> None:
        self.begun = False
        self.cancel_wanted = False

    def cancel(self) -> None:
        """Stop it at its next await."""
        self.cancel_wanted = True
        if self.begun:
            self.task.cancel()


class ServerDispatcher:
    """A Server object, as capabilities see it.

    Args:
        server: the object.
    """

    __slots__ = ("methods", "server")

    def __init__(self, server: Server) -> None:
        self.server = server
        self.methods = _methods_of(type(server))

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return whether the method may be cancelled, and whether its calls run one at a time."""
        method = self.methods.get((interface_id, method_id))
        return 0 if method is None else method.flags

    def dispatch(self, call: IncomingCall) -> None:
        """Start the method."""
        method = self.methods.get((call.interface_id, call.method_id))
        if method is None:
            raise Unimplemented(self.missing(call.interface_id, call.method_id))
        method.start(self.server, call)

    def missing(self, interface_id: int, method_id: int) -> str:
        """Return what is wrong with a call of a method that is not there."""
        for interface in self.server._interface.lineage():
            if interface.id == interface_id:
                for plan in interface.methods:
                    if plan.method_id == method_id:
                        return f"{type(self.server).__qualname__} does not implement {plan}"
                return f"interface {interface.display_name} has no method @{method_id} here"
        return f"{type(self.server).__qualname__} has no interface @0x{interface_id:016x} (method @{method_id})"

    def released(self) -> None:
        """No reference to the object is left."""


_tables: weakref.WeakKeyDictionary[type[Server], dict[tuple[int, int], ServerMethod]] = weakref.WeakKeyDictionary()


def _methods_of(owner: type[Server]) -> dict[tuple[int, int], ServerMethod]:
    """Return the methods that a server class implements, by interface and method id.

    Raises:
        TypeError: one of them wants params that the schema does not declare.
    """
    table = _tables.get(owner)
    if table is None:
        table = {}
        for interface in owner._interface.lineage():
            for plan in interface.methods:
                function = inspect.getattr_static(owner, plan.name, None)
                if function is None:
                    continue
                if not inspect.isfunction(function):
                    kind = type(cast(object, function)).__name__
                    raise TypeError(f"{owner.__qualname__}.{plan.name} must be an ordinary method, not a {kind}")
                table[plan.interface_id, plan.method_id] = ServerMethod(plan, function, owner)
        _tables[owner] = table
    return table


def capability_of(server: Server) -> Capability:
    """Return the capability of a Server object; the same one as long as anybody holds it.

    Raises:
        TypeError: one of its methods wants params that the schema does not declare.
    """
    reference: weakref.ref[LocalCapability] | None = server.__dict__.get(_CAPABILITY)
    found = None if reference is None else reference()
    if found is None:
        found = LocalCapability(ServerDispatcher(server))
        server.__dict__[_CAPABILITY] = weakref.ref(found)
    return found


def as_bootstrap(service: Service) -> Capability | Callable[[object], Capability]:
    """Return what a vat gives to peers that ask first.

    Args:
        service: a Server object or client, for all peers; a Server class, made once for each; or a function of the peer.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(service, Client | Server):
        return _one_capability(service)
    if isinstance(service, type) and issubclass(service, Server):
        make_one: Callable[[], Server] = service
        return lambda peer: _one_capability(make_one())
    make = cast(Callable[[Any], object], service)
    if callable(make):
        return lambda peer: _one_capability(make(peer))
    raise TypeError(
        f"expected a Server object, a Server class, a client or a function of the peer, not {type(make).__name__}"
    )


def _one_capability(value: object) -> Capability:
    """Return the capability of a Server object or client."""
    if isinstance(value, Client):
        return value._capability
    if isinstance(value, Server):
        return capability_of(value)
    if value is None:
        return NULL
    raise TypeError(f"expected a Server object or a client for the peer, not {type(value).__name__}")


def make_server_class(
    name: str, qualname: str, module: str, plan: InterfacePlan, bases: tuple[type[Server], ...]
) -> type[Server]:
    """Make the base class of servers of an interface.

    Args:
        name: its name.
        qualname: its name with the scopes that it stands in.
        module: the name of its module.
        plan: the interface.
        bases: the server classes of the interfaces that it extends.
    """
    namespace: dict[str, object] = {"__module__": module, "__qualname__": qualname, "_interface": plan}
    return type(name, bases or (Server,), namespace)
