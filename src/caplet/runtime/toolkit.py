"""What programs do with capabilities beside calling them: promise them, break them, take them back, recognise them, hear of their end.

Knows clients and Server objects; the capabilities themselves are `cap`'s. Does not know loops: the host of each vat waits and starts.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Generic, TypeVar

from caplet.cap.capability import NULL, BrokenCapability
from caplet.cap.handover import in_vat
from caplet.cap.local import current_turns
from caplet.cap.promise import PromiseCapability
from caplet.cap.revocation import Revocable, make_revocable
from caplet.cap.unwrap import when_local
from caplet.errors import Failed, as_rpc_error
from caplet.runtime.clients import Client, check_client, check_interface, check_kind, described
from caplet.runtime.dispatching import ServerDispatcher
from caplet.runtime.references import as_capability
from caplet.runtime.servers import Server, check_server_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.capability import BrokenWatch, Capability
    from caplet.cap.local import Dispatcher
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError

__all__ = [
    "BrokenHandle",
    "Resolver",
    "Revoker",
    "broken",
    "debug_info",
    "local_server",
    "null",
    "on_broken",
    "promise",
    "revocable",
    "when_resolved",
]

_log = logging.getLogger("caplet")

ClientType = TypeVar("ClientType", bound=Client)
ServerType = TypeVar("ServerType", bound=Server)


# --- making -----------------------------------------------------------------------------------------------------------------------------


def null(interface: type[ClientType]) -> ClientType:
    """Return a client of no object, which reads and is sent as null; calls on it fail.

    Args:
        interface: the client class.

    Raises:
        TypeError: it is no interface.
    """
    check_interface(interface)
    return interface(NULL)


def broken(interface: type[ClientType], error: BaseException) -> ClientType:
    """Return a client whose calls all fail.

    Args:
        interface: the client class.
        error: what they fail with; an exception that is no `RpcError` becomes a `Failed` with its type and message.

    Raises:
        TypeError: one of them is something else.
    """
    check_interface(interface)
    check_kind(error, BaseException, "an exception")
    return interface(BrokenCapability(as_rpc_error(error)))


class Resolver(Generic[ClientType]):
    """What makes a promise come true, or breaks it; made by `promise`.

    A resolver that is dropped before it did either breaks the promise.
    """

    __slots__ = ("_done", "_interface", "_promise")

    def __init__(self, interface: type[ClientType], promise: PromiseCapability) -> None:
        self._interface = interface
        self._promise = promise
        self._done = False

    def __repr__(self) -> str:
        return f"<resolver of a promise of {self._interface.__qualname__}{', done' if self._done else ''}>"

    @property
    def done(self) -> bool:
        """Whether the promise was resolved or rejected."""
        return self._done

    def resolve(self, value: ClientType | Server | None) -> None:
        """Let the promise become an object: calls that wait go to it, in the order in which they were made. Only the first time counts.

        Args:
            value: a client, which may be a promise itself, or a Server object; None for null.

        Raises:
            TypeError: it has another interface.
        """
        capability = as_capability(value, self._interface)
        self._settle(NULL if capability is None else capability)

    def reject(self, error: BaseException) -> None:
        """Break the promise: calls that wait fail, and all later ones. Only the first time counts.

        Args:
            error: what they fail with.

        Raises:
            TypeError: it is no exception.
        """
        check_kind(error, BaseException, "an exception")
        self._settle(BrokenCapability(as_rpc_error(error)))

    def _settle(self, capability: Capability) -> None:
        """Resolve the promise where its vat lives."""
        turns = self._promise.turns
        if turns is not None:
            capability.bind(turns)
        in_vat(turns, Settling(self._promise, capability).happen)
        self._done = True

    def __del__(self) -> None:
        # May run anywhere, also in a garbage collection: only enqueue.
        if not self._done:
            turns = self._promise.turns
            if turns is not None:
                turns.drop(
                    Settling(
                        self._promise,
                        BrokenCapability(Failed("the promise was given up: nobody is left to resolve it")),
                    )
                )


class Settling:
    """What is done when a promise gets its end."""

    __slots__ = ("_capability", "_promise")

    def __init__(self, promise: PromiseCapability, capability: Capability) -> None:
        self._promise = promise
        self._capability = capability

    def happen(self) -> None:
        """Resolve it."""
        self._promise.resolve(self._capability)

    drop_use = happen


def promise(interface: type[ClientType]) -> tuple[ClientType, Resolver[ClientType]]:
    """Return a client of an object that does not exist yet, and what resolves it.

    The client can be called and sent at once; calls wait until the promise is resolved.

    Args:
        interface: the client class.

    Returns:
        The client and its resolver.

    Raises:
        Failed: no event loop is running here.
        TypeError: it is no interface.
    """
    check_interface(interface)
    made = PromiseCapability(current_turns())
    return interface(made), Resolver(interface, made)


class Revoker:
    """What takes a reference back; made by `revocable`."""

    __slots__ = ("_revocable", "_turns")

    def __init__(self, revocable: Revocable, turns: Turns | None) -> None:
        self._revocable = revocable
        self._turns = turns

    @property
    def held(self) -> bool:
        """Whether the reference is good, and anybody holds it."""
        return self._revocable.target is not None

    def revoke(self, error: BaseException | None = None) -> None:
        """Fail every call that is under way through the reference, and every later one. Only the first time counts.

        Args:
            error: what they fail with.
        """
        reason = None if error is None else as_rpc_error(error)
        in_vat(self._turns, lambda: self._revocable.revoke(reason))


def revocable(client: ClientType) -> tuple[ClientType, Revoker]:
    """Return a reference to give away, and what takes it back.

    Args:
        client: a client of the object.

    Raises:
        TypeError: it is no client.
    """
    check_client(client)
    reference, made = make_revocable(client._capability)
    return type(client)(reference), Revoker(made, client._capability.turns)


# --- looking and waiting --------------------------------------------------------------------------------------------------------------------


async def when_resolved(client: ClientType) -> ClientType:
    """Wait until it is known which object a client stands for.

    Args:
        client: a client, of a promise or not.

    Returns:
        A client of the object.

    Raises:
        RpcError: the promise was broken.
        TypeError: it is no client.
    """
    check_client(client)
    capability = client._capability
    turns = capability.turns
    if capability.current().is_promise and turns is not None:
        waiter = turns.host.make_waiter()
        watch = capability.when_resolved(waiter.set)
        try:
            await waiter
        finally:
            watch.cancel()
    final = capability.current()
    if final.error is not None and not final.is_null:
        raise final.error.again()
    return type(client)(final)


async def local_server(client: Client, kind: type[ServerType]) -> ServerType | None:
    """Find the own Server object behind a client that came back.

    Waits for promises, and behind calls that were made on the client before, so that the object has seen those.

    Args:
        client: the client.
        kind: the class of the objects to recognise.

    Returns:
        The object; None when the client stands for something else.

    Raises:
        RpcError: the promise was broken.
        TypeError: one of them is something else.
    """
    check_client(client)
    check_server_class(kind)
    capability = client._capability
    turns = capability.turns
    found: list[Dispatcher | None] = []
    if turns is None:
        when_local(capability, found.append)
    else:
        waiter = turns.host.make_waiter()

        def note(dispatcher: Dispatcher | None) -> None:
            found.append(dispatcher)
            waiter.set()

        when_local(capability, note)
        await waiter
    [dispatcher] = found
    error = capability.current().error
    if error is not None and not capability.is_null:
        raise error.again()
    server = dispatcher.server if isinstance(dispatcher, ServerDispatcher) else None
    return server if isinstance(server, kind) else None


class BrokenHandle:
    """What `on_broken` returns: `cancel()` forgets the callback."""

    __slots__ = ("_callback", "_turns", "_watch")

    def __init__(self, callback: Callable[[RpcError], object], turns: Turns) -> None:
        self._callback: Callable[[RpcError], object] | None = callback
        self._turns = turns
        self._watch: BrokenWatch | None = None

    def cancel(self) -> None:
        """Forget the callback."""
        self._callback = None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()

    def _begin(self, capability: Capability) -> None:
        """Watch a capability."""
        self._watch = capability.when_broken(self._broken)

    def _broken(self, error: RpcError) -> None:
        """The program hears of it in a turn, as it hears of everything."""
        self._turns.defer(lambda: self._tell(error))

    def _tell(self, error: RpcError) -> None:
        """Call back."""
        callback, self._callback = self._callback, None
        if callback is not None:
            try:
                callback(error)
            except Exception as failure:
                _log.error("a callback of on_broken() failed", exc_info=failure)


def on_broken(client: Client, callback: Callable[[RpcError], object]) -> BrokenHandle:
    """Call back once when calls on a client can no longer succeed: its promise broke, its connection ended, or it was revoked.

    Args:
        client: the client; nothing may be heard of one whose last reference was dropped.
        callback: is given the reason, in the event loop of the client, soon after; at once when it is broken already.

    Returns:
        A handle whose `cancel()` forgets the callback.

    Raises:
        TypeError: one of them is something else.
    """
    check_client(client)
    if not callable(callback):
        raise TypeError(f"expected a function of the reason, not {described(callback)}")
    capability = client._capability
    turns = capability.turns or current_turns()
    handle = BrokenHandle(callback, turns)
    in_vat(turns, lambda: handle._begin(capability))
    return handle


def debug_info(client: Client) -> str:
    """Return what a client stands for, in words for people: the chain of promises, membranes and connections down to the object.

    Raises:
        TypeError: it is no client.
    """
    check_client(client)
    return client._capability.describe()
