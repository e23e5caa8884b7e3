"""Servers: objects of a program that can be called.

Knows how an object becomes a capability, what it can say of itself (`this_cap`, `attach_fd`, `shorten`), and which of its methods serve which
calls. Does not know how a method is called and answers (`server_methods.py`), nor loops or connections.
"""

from __future__ import annotations

import inspect
import logging
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, TypeVar, cast

from caplet.cap.capability import NULL, Capability
from caplet.cap.handover import in_vat
from caplet.cap.local import LocalCapability, current_turns
from caplet.cap.shortening import ShorteningCapability
from caplet.errors import Failed, RpcError
from caplet.runtime.call_contexts import CallContext
from caplet.runtime.clients import Client, check_kind, described
from caplet.runtime.dispatching import DESCRIPTOR, HasFileno, ServerDispatcher
from caplet.runtime.interfaces import InterfacePlan
from caplet.runtime.names import context_name
from caplet.runtime.references import set_servers
from caplet.runtime.server_marks import may_shorten, release_hooks
from caplet.runtime.server_methods import ServerMethod

if TYPE_CHECKING:
    from collections.abc import Awaitable


__all__ = [
    "Server",
    "Service",
    "as_bootstrap",
    "attach_fd",
    "capability_of",
    "make_server_class",
    "shorten",
    "this_cap",
]

_log = logging.getLogger("caplet")

# Where an object keeps these: no attribute that a program writes can have such a name.
_CAPABILITY = "_caplet capability"
_STANDS_FOR = "_caplet stands for"

# An object has one capability, also when two threads ask for it.
_one_at_a_time = threading.Lock()

ClientType = TypeVar("ClientType", bound=Client, covariant=True)


class Server:
    """The base of server classes; generated classes say which interface they serve.

    It has no names that a schema's method could meet, and needs no `super().__init__()`.
    """

    _interface: ClassVar[InterfacePlan] = InterfacePlan(0, "Capability")
    _client: ClassVar[type[Client]] = Client

    def _this_cap(self) -> Client:
        """Return a client of this object."""
        return self._client(capability_of(self))


# What may be served: an object, a client, a class made once for each peer, or a function of the peer that returns an object or client.
Service: TypeAlias = Server | Client | type[Server] | Callable[[Any], Server | Client]


async def _await_hook(hook: Awaitable[None], owner: type[Server]) -> None:
    """Wait for what an object does when it is released."""
    try:
        await hook
    except Exception as error:
        _log_hook(owner, error)


def _log_hook(owner: type[Server], error: Exception) -> None:
    """Log what went wrong when an object was released; nobody else hears of it."""
    _log.error("%s failed when it was released", owner.__qualname__, exc_info=error)


class ServerPlan:
    """What is known of a server class.

    Args:
        owner: the class.

    Raises:
        TypeError: one of its methods wants params that the schema does not declare.
    """

    def __init__(self, owner: type[Server]) -> None:
        self.owner = owner
        self.release_hooks = release_hooks(owner)
        self.shortenable = may_shorten(owner)
        self.methods: dict[tuple[int, int], ServerMethod] = {}
        # Hints at methods that may have been meant by those that are not there: peers decide how often they are asked for.
        self._hints: dict[str, str] = {}
        for interface in owner._interface.lineage():
            for plan in interface.methods:
                function = inspect.getattr_static(owner, plan.name, None)
                if function is None:
                    continue
                if not inspect.isfunction(function):
                    kind = type(cast(object, function)).__name__
                    raise TypeError(f"{owner.__qualname__}.{plan.name} must be an ordinary method, not a {kind}")
                if plan.name in self.release_hooks:
                    raise TypeError(
                        f"{owner.__qualname__}.{plan.name} serves {plan}; what is marked by on_release needs another name"
                    )
                self.methods[plan.interface_id, plan.method_id] = ServerMethod(plan, function, owner)

    def near(self, name: str) -> str:
        """Return a hint at a method that may have been meant by `name`: one that nobody can call has nearly that name."""
        hint = self._hints.get(name)
        if hint is None:
            from difflib import get_close_matches

            own = vars(self.owner)
            called = {plan.name for interface in self.owner._interface.lineage() for plan in interface.methods}
            found = get_close_matches(name, [one for one in own if one not in called and callable(own[one])], 1, 0.7)
            hint = self._hints[name] = f"; it has a method {found[0]}()" if found else ""
        return hint

    def tell_released(self, server: Server) -> None:
        """Tell an object that no reference to it is left."""
        for name in self.release_hooks:
            try:
                outcome = getattr(server, name)()
                if inspect.isawaitable(outcome):
                    current_turns().host.start_method(_await_hook(outcome, self.owner), None)
            except Exception as error:
                _log_hook(self.owner, error)


_plans: weakref.WeakKeyDictionary[type[Server], ServerPlan] = weakref.WeakKeyDictionary()


def _plan_of(owner: type[Server]) -> ServerPlan:
    """Return what is known of a server class; found out once."""
    plan = _plans.get(owner)
    if plan is None:
        plan = _plans[owner] = ServerPlan(owner)
    return plan


def capability_of(server: Server) -> Capability:
    """Return the capability of a Server object; the same one as long as anybody holds it.

    Raises:
        TypeError: one of its methods wants params that the schema does not declare.
    """
    kept = server.__dict__
    reference: weakref.ref[Capability] | None = kept.get(_CAPABILITY)
    found = None if reference is None else reference()
    if found is None and _STANDS_FOR in kept:
        target: Capability = kept[_STANDS_FOR]
        return target
    if found is None:
        with _one_at_a_time:
            reference = kept.get(_CAPABILITY)
            found = None if reference is None else reference()
            if found is None:
                found = _make_capability(server)
                kept[_CAPABILITY] = weakref.ref(found)
    return found


def _make_capability(server: Server) -> Capability:
    """Return a new capability of a Server object."""
    dispatcher = ServerDispatcher(server, _plan_of(type(server)))
    first = LocalCapability(dispatcher)
    if dispatcher.plan.shortenable:
        return ShorteningCapability(current_turns(), first)
    if dispatcher.plan.release_hooks:
        # So that it hears of its release also when it was never called.
        first.bind(current_turns())
    return first


# --- what an object says of itself ------------------------------------------------------------------------------------------------------


class Serves(Protocol[ClientType]):
    """A Server object of the interface that a client class stands for."""

    def _this_cap(self) -> ClientType: ...


def check_server_class(kind: object) -> None:
    """Refuse what is no class of Server objects.

    Raises:
        TypeError: it is something else; the text says what was expected.
    """
    given = described(kind)
    if not (isinstance(kind, type) and issubclass(kind, Server)):
        raise TypeError(f"expected the class of a Server, not {given}")


def this_cap(server: Serves[ClientType]) -> ClientType:
    """Return a client of one's own Server object, to call it or to give it away; giving away the object itself is the same.

    Args:
        server: the object. One that keeps a client of itself is never released.

    Raises:
        TypeError: it is no Server object.
    """
    check_kind(server, Server, "an object of a Server class")
    return server._this_cap()


def attach_fd(server: Server, descriptor: HasFileno | int | None) -> None:
    """Let a file descriptor travel with every reference to an object that is sent over a Unix socket.

    Args:
        server: the object. Receivers get a copy of the descriptor with the first reference that they receive from then on.
        descriptor: a descriptor, or what has one; it stays this program's to close. None for none any more.

    Raises:
        TypeError: one of them is something else.
    """
    check_kind(server, Server, "an object of a Server class")
    if descriptor is not None and not isinstance(descriptor, int) and not hasattr(descriptor, "fileno"):
        raise TypeError(f"expected a file or a descriptor, not {described(descriptor)}")
    server.__dict__[DESCRIPTOR] = descriptor


def shorten(server: Server, target: Client | Server) -> None:
    """Announce that an object stands for another one from now on: whoever holds a reference to it then reaches that one without the detour.

    Calls that were made before still reach the object, which must pass them on in the order in which they came.

    Args:
        server: an object of a class that is marked by `shortenable`.
        target: what it stands for.

    Raises:
        TypeError: the class is not marked.
        Failed: it was announced before.
    """
    if not may_shorten(type(server)):
        raise TypeError(f"{type(server).__qualname__} is not marked by caplet.shortenable")
    kept = server.__dict__
    if _STANDS_FOR in kept:
        raise Failed(f"{type(server).__qualname__} stands for another object already")
    reference: weakref.ref[ShorteningCapability] | None = kept.get(_CAPABILITY)
    held = None if reference is None else reference()
    kept[_STANDS_FOR] = found = _one_capability(target)
    if held is not None:
        in_vat(held.turns, lambda: held.shorten(found))


def as_bootstrap(service: Service) -> Capability | Callable[[object], Capability]:
    """Return what a vat gives to peers that ask first.

    Args:
        service: a Server object or client, for all peers; a Server class, made once for each; or a function of the peer.

    Raises:
        TypeError: it is something else, or cannot be called like that.
    """
    if isinstance(service, Client | Server):
        return _one_capability(service)
    make = cast(Callable[..., object], service)
    if isinstance(service, type) and issubclass(service, Server):
        name = service.__name__
        _check_arguments(
            make, 0, f"a Server class is made without arguments; to give it some: lambda peer: {name}(...)"
        )
        return lambda peer: _made_for(peer, make)
    if callable(make):
        _check_arguments(
            make, 1, "a function for `serve` is given the peer, and returns its object without being awaited"
        )
        return lambda peer: _made_for(peer, make, peer)
    raise TypeError(
        f"expected a Server object, a Server class, a client or a function of the peer, not {type(make).__name__}"
    )


def _check_arguments(make: Callable[..., object], count: int, rule: str) -> None:
    """Refuse what cannot be called with so many arguments before a peer comes."""
    if inspect.iscoroutinefunction(make):
        raise TypeError(f"{make!r} is a coroutine function: {rule}")
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):
        return  # some that are built in do not say
    try:
        signature.bind(*[None] * count)
    except TypeError as error:
        raise TypeError(f"{make!r} cannot be served: {error}; {rule}") from None


def _made_for(peer: object, make: Callable[..., object], *arguments: object) -> Capability:
    """Make the object for one peer; the program hears of it when that fails, and not its peer alone."""
    try:
        return _one_capability(make(*arguments))
    except RpcError:
        raise
    except Exception as error:
        _log.error("no object could be made for %s", peer, exc_info=error)
        raise


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
    namespace.update((context_name(method.schema_name), CallContext) for method in plan.methods)
    return type(name, bases or (Server,), namespace)


set_servers(Server, capability_of)
