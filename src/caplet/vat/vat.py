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

__all__ = ["BootstrapFactory", "Vat"]

BootstrapFactory: TypeAlias = "Callable[[object | None], Capability]"


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
        "bootstrap",
        "connection_class",
        "connections",
        "limits",
        "name",
        "ready",
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
        self.connections: list[Connection] = []
        # Connections with something in their outbox, in the order in which they got it.
        self.ready: list[Connection] = []

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
        make = None if public is None else PublicObject(public).make
        connection = self.connection_class(
            self.turns, make, peer, self.limits if limits is None else limits, name, tail_calls
        )
        connection.trace_encoder = self.trace_encoder
        connection.on_output = self.note_output
        self.connections.append(connection)
        connection.on_closed(Closed(self, connection).forget)
        return connection

    def note_output(self, connection: Connection) -> None:
        """A connection has something to write."""
        if connection not in self.ready:
            self.ready.append(connection)

    def connections_with_output(self) -> list[Connection]:
        """Return the connections that have something to write, and forget them."""
        ready = self.ready
        self.ready = []
        return ready

    def bootstrap_self(self, identity: object | None = None) -> Capability:
        """Return the vat's own public object, as a connection to itself would; no message is sent."""
        if self.bootstrap is None:
            return BrokenCapability(Failed("this vat has no public object (bootstrap interface)"))
        try:
            capability = PublicObject(self.bootstrap).make(identity)
        except Exception as error:
            return BrokenCapability(as_rpc_error(error))
        capability.bind(self.turns)
        return capability

    def close(self, error: RpcError | None = None) -> None:
        """End every connection."""
        for connection in list(self.connections):
            connection.disconnect(error)


class PublicObject:
    """How the public object is made.

    Args:
        bootstrap: the object, or a function that is given the identity of the peer.
    """

    __slots__ = ("bootstrap",)

    def __init__(self, bootstrap: Capability | BootstrapFactory) -> None:
        self.bootstrap = bootstrap

    def make(self, peer: object | None) -> Capability:
        """Return the object for a peer."""
        bootstrap = self.bootstrap
        return bootstrap if isinstance(bootstrap, Capability) else bootstrap(peer)


class Closed:
    """What is done when a connection ends."""

    __slots__ = ("connection", "vat")

    def __init__(self, vat: Vat, connection: Connection) -> None:
        self.vat = vat
        self.connection = connection

    def forget(self, error: RpcError) -> None:
        """Take it out of the list, before anybody is told, so that who reconnects at once gets a new one."""
        if self.connection in self.vat.connections:
            self.vat.connections.remove(self.connection)
