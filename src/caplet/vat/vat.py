"""A vat: its turn queue, its public object, and its connections.

Knows how the public object is made for each peer, and which connections have something to write. Does not know how connections come about
or who their peers are: a network says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from caplet.cap.capability import BrokenCapability, Capability
from caplet.cap.turns import Turns
from caplet.errors import Failed, as_rpc_error
from caplet.limits import DEFAULT_LIMITS
from caplet.rpc.connection import Connection

if TYPE_CHECKING:
    from caplet.cap.host import Host
    from caplet.errors import RpcError
    from caplet.limits import Limits

__all__ = ["BootstrapFactory", "Vat", "factory_of", "observers"]

BootstrapFactory: TypeAlias = "Callable[[object | None], Capability]"

# Who is told of every new connection of every vat: tests that look for leaks.
observers: list[Callable[[Connection], None]] = []


class Vat:
    """A vat.

    Args:
        host: the loop that it belongs to.
        bootstrap: the public object, the same for every peer; or a function that is called with the identity of each peer that asks,
            and returns the object for it; or None for none.
        limits: bounds for each connection; None for the defaults.
        trace_encoder: turns an error into text that travels to peers with it; None sends none, because traces tell a lot.
        name: what the vat is called in descriptions.
    """

    __slots__ = (
        "__weakref__",
        "_connections",
        "_ready",
        "bootstrap",
        "connection_class",
        "limits",
        "name",
        "trace_encoder",
        "turns",
    )

    def __init__(
        self,
        host: Host,
        bootstrap: Capability | BootstrapFactory | None = None,
        limits: Limits | None = None,
        trace_encoder: Callable[[RpcError], str] | None = None,
        name: str = "vat",
    ) -> None:
        self.turns = Turns(host)
        self.bootstrap = bootstrap
        self.limits = DEFAULT_LIMITS if limits is None else limits
        self.trace_encoder = trace_encoder
        self.name = name
        self.connection_class = Connection
        # Used as a set that keeps the order: a vat may have ten thousand connections.
        self._connections: dict[Connection, None] = {}
        # Connections with something in their outbox, in the order in which they got it; one that sent early may be there twice.
        self._ready: list[Connection] = []

    def add_connection(
        self,
        peer: object | None = None,
        *,
        bootstrap: Capability | BootstrapFactory | None = None,
        limits: Limits | None = None,
        name: str = "peer",
        tail_calls: bool = True,
    ) -> Connection:
        """Return a new connection; the driver feeds it and writes what it says.

        Args:
            peer: the identity of the peer, as the network vouches for it.
            bootstrap: the public object for this peer, if it is another than the vat's.
            limits: bounds for this connection, if they are others than the vat's.
            name: what the connection is called in descriptions.
            tail_calls: whether the peer can keep results of tail calls.
        """
        public = self.bootstrap if bootstrap is None else bootstrap
        connection = self.connection_class(
            self.turns, factory_of(public), peer, self.limits if limits is None else limits, name, tail_calls
        )
        connection.trace_encoder = self.trace_encoder
        connection.watcher = self
        self._connections[connection] = None
        for observe in observers:
            observe(connection)
        return connection

    @property
    def connections(self) -> list[Connection]:
        """The connections that have not ended, in the order in which they were made."""
        return list(self._connections)

    def note_output(self, connection: Connection) -> None:
        """A connection has something to write."""
        self._ready.append(connection)

    def note_end(self, connection: Connection) -> None:
        """A connection ends: it is forgotten before anybody else is told, so that who reconnects at once gets a new one."""
        self._connections.pop(connection, None)

    def connections_with_output(self) -> list[Connection]:
        """Return the connections that have something to write, and forget them."""
        ready = self._ready
        if ready:
            self._ready = []
        return ready

    def bootstrap_self(self, identity: object | None = None) -> Capability:
        """Return the vat's own public object, as a connection to itself would; no message is sent."""
        if self.bootstrap is None:
            return BrokenCapability(Failed("this vat has no public object (bootstrap interface)"))
        try:
            bootstrap = self.bootstrap
            capability = bootstrap if isinstance(bootstrap, Capability) else bootstrap(identity)
        except Exception as error:
            return BrokenCapability(as_rpc_error(error))
        capability.bind(self.turns)
        return capability

    def close(self, error: RpcError | None = None) -> None:
        """End every connection."""
        for connection in self.connections:
            connection.disconnect(error)


def factory_of(public: Capability | BootstrapFactory | None) -> BootstrapFactory | None:
    """Return what makes the public object for each peer that asks; None when there is none."""
    return OneObject(public).make if isinstance(public, Capability) else public


class OneObject:
    """A public object that is the same for every peer."""

    __slots__ = ("capability",)

    def __init__(self, capability: Capability) -> None:
        self.capability = capability

    def make(self, peer: object | None) -> Capability:
        """Return the object."""
        return self.capability
