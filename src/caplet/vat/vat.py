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

    def add_connection(self, peer: object | None = None, name: str = "peer", tail_calls: bool = True) -> Connection:
        """Return a new connection; the driver feeds it and writes what it says.

        Args:
            peer: the identity of the peer, as the network vouches for it.
            name: what the connection is called in descriptions.
            tail_calls: whether the peer can keep results of tail calls.
        """
        connection = self.connection_class(self.turns, self.make_bootstrap, peer, self.limits, name, tail_calls)
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

    def make_bootstrap(self, connection: Connection) -> Capability:
        """Return the public object for the peer of a connection."""
        return self.bootstrap_for(connection.peer)

    def bootstrap_for(self, peer: object | None) -> Capability:
        """Return the public object for a peer.

        Raises:
            Failed: there is none.
        """
        bootstrap = self.bootstrap
        if bootstrap is None:
            raise Failed("this vat has no public object (bootstrap interface)")
        if isinstance(bootstrap, Capability):
            return bootstrap
        return bootstrap(peer)

    def bootstrap_self(self, identity: object | None = None) -> Capability:
        """Return the vat's own public object, as a connection to itself would; no message is sent."""
        try:
            return self.bootstrap_for(identity)
        except Exception as error:
            return BrokenCapability(as_rpc_error(error))

    def close(self, error: RpcError | None = None) -> None:
        """End every connection."""
        for connection in list(self.connections):
            connection.disconnect(error)


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
