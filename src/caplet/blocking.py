"""Caplet without `await`: the same names, for ordinary functions and any number of threads.

Knows the facade over one event loop that runs in a thread of its own (`caplet.aio.background`). It starts on first use and ends with the program.
Clients are those of the asyncio form: a call is sent when it is made and gives a `Call`, whose `wait()` returns the results. Until then its
capabilities can be used already. Does not know the protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar, overload

from caplet.aio import connections, reconnecting, serving
from caplet.aio.background import background
from caplet.cap.reconnect import Reconnect
from caplet.runtime import servers, toolkit
from caplet.runtime.calls import Call
from caplet.runtime.clients import Client
from caplet.runtime.membranes import Membrane, MembraneCall, MembranePolicy
from caplet.runtime.servers import Server
from caplet.runtime.toolkit import BrokenHandle, Resolver, Revoker, broken, debug_info, null, on_broken, revocable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Unpack

    from caplet.aio.opening import Place
    from caplet.aio.options import ConnectOptions, ServeOptions
    from caplet.aio.peers import Peer
    from caplet.aio.statistics import ConnectionStats, ReconnectingStats
    from caplet.runtime.servers import Serves, Service

__all__ = [
    "BrokenHandle",
    "Call",
    "Client",
    "Connection",
    "Membrane",
    "MembraneCall",
    "MembranePolicy",
    "Reconnect",
    "ReconnectingConnection",
    "Resolver",
    "Revoker",
    "Server",
    "Serving",
    "broken",
    "connect",
    "debug_info",
    "local_server",
    "null",
    "on_broken",
    "promise",
    "revocable",
    "serve",
    "this_cap",
    "when_resolved",
]

CLOSE_TIMEOUT_S = connections.CLOSE_TIMEOUT_S

ClientType = TypeVar("ClientType", bound=Client)
ServedType = TypeVar("ServedType", bound=Client, covariant=True)
ServerType = TypeVar("ServerType", bound=Server)


class Connection:
    """One connection to a peer; `with` closes it. Made by `connect`; any thread may use it."""

    def __init__(self, connection: connections.Connection) -> None:
        self._connection = connection

    @property
    def peer(self) -> Peer:
        """Who is at the other end, as far as the network vouches for it; as text, its address."""
        return self._connection.peer

    @property
    def closed(self) -> bool:
        """Whether the connection has ended; calls on what came over it fail from then on."""
        return self._connection.closed

    def bootstrap(self, interface: type[ClientType]) -> ClientType:
        """Ask the peer for the object that it offers first; usable at once, before the peer has answered.

        Args:
            interface: the interface that the object is expected to have.

        Returns:
            A client of that interface: its calls give a `Call`, whose `wait()` returns the results.
        """
        return background().run(lambda: self._connection.bootstrap(interface))

    def wait_closed(self, timeout_s: float | None = None) -> None:
        """Wait until the connection has ended, whoever ended it.

        Args:
            timeout_s: how long to wait, in seconds; None for ever.

        Raises:
            TimeoutError: the time is up.
        """
        background().wait(self._connection.wait_closed, timeout_s)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send what is unsent, end the connection and wait until it has ended; calls that are not answered fail.

        Args:
            timeout_s: how long the peer may take to read what was sent; then the connection is cut.
        """
        background().wait(lambda: self._connection.close(timeout_s))

    def stats(self) -> ConnectionStats:
        """Return what the connection holds and has done, in numbers; also when it has ended."""
        return background().run(self._connection.stats)

    def dump(self) -> str:
        """Return the connection's tables as text, for people."""
        return background().run(self._connection.dump)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._connection).replace("caplet.Connection", "caplet.blocking.Connection", 1)


@overload
def connect(address: str | Place, *, reconnect: None = ..., **options: Unpack[ConnectOptions]) -> Connection: ...
@overload
def connect(
    address: str | Place, *, reconnect: Reconnect, **options: Unpack[ConnectOptions]
) -> ReconnectingConnection: ...
def connect(
    address: str | Place, *, reconnect: Reconnect | None = None, **options: Unpack[ConnectOptions]
) -> Connection | ReconnectingConnection:
    """Connect to a server, and wait until that is done.

    Args:
        address: where it listens, as for `caplet.connect`.
        reconnect: when the connection is opened again after it was lost; None for never.
        options: those of `caplet.connect`: `bootstrap`, `limits`, `timeout_s`, `tls`, `server_hostname`, `packed`, `stream_window_bytes`,
            `interceptor`.

    Returns:
        The connection; `with` closes it. With `reconnect` it does not wait for the peer.

    Raises:
        ValueError: the address has none of the forms that there are.
        Disconnected: nobody listens there, or it cannot be reached (also a `ConnectionError`).
    """
    if reconnect is not None:
        again = connections.connect(address, reconnect=reconnect, **options)

        async def begin() -> reconnecting.ReconnectingConnection:
            return await again

        return ReconnectingConnection(background().wait(begin))
    opening = connections.connect(address, **options)

    async def open_it() -> connections.Connection:
        return await opening

    return Connection(background().wait(open_it))


class ReconnectingConnection:
    """A connection that is opened again whenever it is lost; `with` closes it for good. Made by `connect(..., reconnect=...)`; any thread may use it."""

    def __init__(self, connection: reconnecting.ReconnectingConnection) -> None:
        self._connection = connection

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection.connected

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""
        return self._connection.closed

    @property
    def generation(self) -> int:
        """How many connections were tried so far."""
        return self._connection.generation

    def bootstrap(self, interface: type[ClientType]) -> ClientType:
        """Return the object that the peer offers first, over whichever connection there is when it is called.

        Args:
            interface: the interface that the object is expected to have.
        """
        return background().run(lambda: self._connection.bootstrap(interface))

    def wait_connected(self, timeout_s: float | None = None) -> Connection:
        """Wait until there is a connection, and return it.

        Args:
            timeout_s: how long to wait, in seconds; None for ever.

        Raises:
            Disconnected: it was closed for good.
            TimeoutError: the time is up.
        """
        return Connection(background().wait(self._connection.wait_connected, timeout_s))

    def stats(self) -> ReconnectingStats:
        """Return how often a connection was tried, and the numbers of the one of the moment."""
        return background().run(self._connection.stats)

    def reset(self) -> None:
        """Drop the connection of the moment, or the wait for the next: that is opened at once, or, if lazy, with the next call."""
        background().run(self._connection.reset)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """End it for good; calls that are not answered fail, those that wait for a connection too.

        Args:
            timeout_s: how long the peer may take to read what was sent; then the connection is cut.
        """
        background().wait(lambda: self._connection.close(timeout_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._connection)


class Serving:
    """A server that runs; `with` closes it. Made by `serve`; any thread may use it."""

    def __init__(self, server: serving.Serving) -> None:
        self._server = server

    @property
    def address(self) -> str:
        """Where it listens; for port 0, with the port that the system chose."""
        return self._server.address

    @property
    def addresses(self) -> list[str]:
        """All places where it listens."""
        return self._server.addresses

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return self._server.connections

    def serve_forever(self) -> None:
        """Wait until the server is closed, by another thread or with Ctrl-C."""
        background().wait(self._server.serve_forever)

    def shutdown(self, drain_timeout_s: float = serving.DRAIN_TIMEOUT_S, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Stop gently: accept nothing more, end each connection when none of its calls is under way, at the latest after a while.

        Args:
            drain_timeout_s: how long calls may take that are under way; then they are cancelled and their connections ended.
            timeout_s: how long peers may take then to read what was sent.
        """
        background().wait(lambda: self._server.shutdown(drain_timeout_s, timeout_s))

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Stop listening, end every connection behind what was sent, and wait until they have ended.

        Args:
            timeout_s: how long peers may take to read what was sent; then their connections are cut.
        """
        background().wait(lambda: self._server.close(timeout_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._server)


def serve(address: str | Sequence[str], service: Service, **options: Unpack[ServeOptions]) -> Serving:
    """Serve an object to every peer that connects; returns when the server listens.

    Methods that are ordinary functions run in threads, started in the order of the calls, several at a time; they may wait for calls of their own.
    Coroutine functions run in the background loop, and so do the hooks `on_connected`, `on_lost` and `on_error`, which must not wait for anything.

    Args:
        address: where to listen, as for `caplet.serve`.
        service: the object that peers meet first, as for `caplet.serve`.
        options: those of `caplet.serve`: `limits`, `tls`, `packed`, `stream_window_bytes`, `origins`, `max_connections`, `hello_timeout_s`,
            `idle_timeout_s`, `on_connected`, `on_lost`, `on_error`, `interceptor`.

    Returns:
        The server; `with` closes it.

    Raises:
        ValueError: the address has none of the forms that there are.
        OSError: the address is in use, or cannot be listened at.
    """
    server = serving.serve(address, service, **options)
    background().wait(server.start)
    return Serving(server)


def promise(interface: type[ClientType]) -> tuple[ClientType, Resolver[ClientType]]:
    """Return a client of an object that does not exist yet, and what resolves it; any thread may do so.

    Args:
        interface: the client class.

    Returns:
        The client and its resolver.
    """
    background()
    return toolkit.promise(interface)


def this_cap(server: Serves[ServedType]) -> ServedType:
    """Return a client of one's own Server object; see `caplet.this_cap`.

    Args:
        server: the object.
    """
    turns = background().owner.vat.turns
    made = servers.this_cap(server)
    made._capability.bind(turns)
    return made


def when_resolved(client: ClientType, timeout_s: float | None = None) -> ClientType:
    """Wait until it is known which object a client stands for.

    Args:
        client: a client, of a promise or not.
        timeout_s: how long to wait, in seconds; None for ever.

    Returns:
        A client of the object.

    Raises:
        RpcError: the promise was broken.
        TimeoutError: the time is up.
    """
    return background().wait(lambda: toolkit.when_resolved(client), timeout_s)


def local_server(client: Client, kind: type[ServerType], timeout_s: float | None = None) -> ServerType | None:
    """Find the own Server object behind a client that came back; see `caplet.local_server`.

    Args:
        client: the client.
        kind: the class of the objects to recognise.
        timeout_s: how long to wait, in seconds; None for ever.

    Returns:
        The object; None when the client stands for something else.

    Raises:
        RpcError: the promise was broken.
        TimeoutError: the time is up.
    """
    return background().wait(lambda: toolkit.local_server(client, kind), timeout_s)


def __dir__() -> list[str]:
    return sorted(__all__)
