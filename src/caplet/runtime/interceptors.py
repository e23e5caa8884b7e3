"""Interceptors as programs write them: told when each call starts and how it ends.

Knows how a client or a service is put behind one. What is passed on, and in which order, is `caplet.cap.interception`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from caplet.cap.interception import Interception
from caplet.runtime.clients import Client
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

    __slots__ = ("_outgoing",)

    def __init__(self, passage: Passage, call: IncomingCall, outgoing: bool) -> None:
        super().__init__(passage, call)
        self._outgoing = outgoing

    @property
    def outgoing(self) -> bool:
        """Whether this program makes the call; otherwise an object of this program answers it."""
        return self._outgoing


class Interceptor:
    """Is told of calls; override what is to be heard. The methods are ordinary functions, called in the order of the calls.

    What they raise is logged by the name `caplet.interceptors`, and harms no call. Context variables that `on_start` sets hold for the method.
    """

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

    def begins(self, passage: Passage, call: IncomingCall) -> ToldEnding:
        """Tell the interceptor."""
        shown = InterceptedCall(passage, call, passage.outward == self.outgoing)
        return ToldEnding(self.interceptor, self.interceptor.on_start(shown))


class ToldEnding:
    """One call that an interceptor was told of."""

    def __init__(self, interceptor: Interceptor, token: object) -> None:
        self.interceptor = interceptor
        self.token = token

    def ended(self, error: RpcError | None) -> None:
        """Tell the interceptor."""
        self.interceptor.on_end(self.token, error)


def intercept(client: ClientType, interceptor: Interceptor) -> ClientType:
    """Return a client whose calls an interceptor is told of, and all calls of what comes back from them or goes with them.

    Args:
        client: the client, such as one that `bootstrap` returned.
        interceptor: is told.
    """
    return type(client)(Interception(Told(interceptor, True)).cross(client._capability, True))


def intercept_service(service: Service, interceptor: Interceptor) -> Callable[[object], Client]:
    """Return a service for `serve`, or for `connect(bootstrap=...)`, whose calls an interceptor is told of.

    Args:
        service: whatever `serve` takes.
        interceptor: is told, also of the calls that the service makes of what it was given.

    Raises:
        TypeError: `service` is nothing that can be served.
    """
    public = as_bootstrap(service)

    def make(peer: object) -> Client:
        capability: Capability = public(peer) if callable(public) else public
        return Client(Interception(Told(interceptor, False)).cross(capability, True))

    return make
