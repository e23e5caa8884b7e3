"""Interceptors as programs write them: told when each call starts and how it ends.

Knows how a client or a service is put behind one. What is passed on, and in which order, is `caplet.cap.interception`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from caplet.cap.handover import in_vat
from caplet.cap.interception import Interception
from caplet.runtime.clients import Client, check_client, check_kind
from caplet.runtime.membranes import MembraneCall
from caplet.runtime.servers import as_bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.membrane import Passage
    from caplet.errors import RpcError
    from caplet.runtime.servers import Service

__all__ = ["InterceptedCall", "Interceptor", "intercept", "intercept_service"]

ClientType = TypeVar("ClientType", bound=Client)


class InterceptedCall(MembraneCall):
    """A call that an interceptor is told of."""

    __slots__ = ("_metadata", "_outgoing")

    def __init__(self, passage: Passage, call: IncomingCall, outgoing: bool, metadata: dict[str, str]) -> None:
        super().__init__(passage, call)
        self._outgoing = outgoing
        self._metadata = metadata

    @property
    def outgoing(self) -> bool:
        """Whether this program makes the call; otherwise an object of this program answers it."""
        return self._outgoing

    @property
    def metadata(self) -> dict[str, str]:
        """What travels beside the call: of a call that arrives, what came with it; `on_start` puts in it what goes with one that leaves.

        It reaches a peer whose service is behind an interceptor too, and is left out for every other.
        """
        return self._metadata

    @property
    def cancelled(self) -> bool:
        """Whether the caller has cancelled."""
        return self._call.cancel_requested


class Interceptor:
    """Is told of calls; override what is to be heard. The methods are ordinary functions, called in the order of the calls.

    What they raise is logged by the name `caplet.interceptors`, and harms no call. Context variables that `on_start` sets hold for the method.

    Attributes:
        sends_metadata: whether it puts anything in `call.metadata`. Then the peer is asked first whether it takes that, and the first calls wait
            until it has answered.
    """

    sends_metadata: bool = False

    def on_start(self, call: InterceptedCall) -> object:
        """A call starts; what this returns is given to `on_end`."""
        return None

    def on_end(self, token: object, error: RpcError | None) -> None:
        """A call has ended.

        Args:
            token: what `on_start` returned.
            error: what it failed with; None when it did not. A cancelled call has failed.
        """


class Told:
    """An interceptor, as `cap` sees it.

    Args:
        interceptor: the interceptor.
        outgoing: whether calls of what is behind it are this program's.
    """

    def __init__(self, interceptor: Interceptor, outgoing: bool) -> None:
        self.interceptor = interceptor
        self.outgoing = outgoing

    def begins(self, passage: Passage, call: IncomingCall, metadata: dict[str, str]) -> ToldEnding:
        """Tell the interceptor."""
        shown = InterceptedCall(passage, call, passage.outward == self.outgoing, metadata)
        ending = ToldEnding(self.interceptor, self.interceptor.on_start(shown))
        "".join([*metadata, *metadata.values()]).encode()  # raises unless all of it is text
        return ending


class ToldEnding:
    """One call that an interceptor was told of."""

    def __init__(self, interceptor: Interceptor, token: object) -> None:
        self.interceptor = interceptor
        self.token = token

    def ended(self, error: RpcError | None) -> None:
        """Tell the interceptor."""
        self.interceptor.on_end(self.token, error)


def intercept_capability(capability: Capability, interceptor: Interceptor) -> Capability:
    """Return a capability of the peer as `intercept` shows it."""
    interception = Interception(Told(interceptor, True), True)
    return (
        interception.cross_when_asked(capability)
        if interceptor.sends_metadata
        else interception.cross(capability, True)
    )


def check_interceptor(interceptor: object) -> None:
    """Refuse what is neither an interceptor nor None.

    Raises:
        TypeError: it is something else.
    """
    if interceptor is not None:
        check_kind(interceptor, Interceptor, "an object of a class that extends caplet.Interceptor")


def intercept(client: ClientType, interceptor: Interceptor) -> ClientType:
    """Return a client whose calls an interceptor is told of, and all calls of what comes back from them or goes with them.

    Args:
        client: the client. For an interceptor that sends metadata it must be one that `bootstrap` returned, and be used for nothing else.
        interceptor: is told.

    Raises:
        TypeError: one of them is something else.
    """
    check_client(client)
    check_interceptor(interceptor)
    made: list[Capability] = []
    in_vat(client._capability.turns, lambda: made.append(intercept_capability(client._capability, interceptor)))
    return type(client)(made[0])


def intercept_service(service: Service, interceptor: Interceptor) -> Callable[[object], Client]:
    """Return a service for `serve`, or for `connect(bootstrap=...)`, whose calls an interceptor is told of.

    Args:
        service: whatever `serve` takes.
        interceptor: is told, also of the calls that the service makes of what it was given.

    Raises:
        TypeError: `service` is nothing that can be served, or the interceptor is none.
    """
    check_interceptor(interceptor)
    public = as_bootstrap(service)

    def make(peer: object) -> Client:
        capability: Capability = public(peer) if callable(public) else public
        return Client(Interception(Told(interceptor, False), False).cross(capability, True))

    return make


def public_object(service: Service, interceptor: Interceptor | None) -> Capability | Callable[[object], Capability]:
    """Return what a vat gives to peers that ask first.

    Args:
        service: whatever `serve` takes.
        interceptor: is told of the calls; None for nobody.

    Raises:
        TypeError: `service` is nothing that can be served.
    """
    return as_bootstrap(service if interceptor is None else intercept_service(service, interceptor))
