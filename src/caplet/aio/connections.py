"""A connection as programs hold it, and `connect`, which opens one.

Knows how each kind of address is opened and how errors of opening are told. Does not know how messages travel or what they mean.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar, overload

from caplet.aio.addresses import parse_address
from caplet.aio.driver import Link, running_vat
from caplet.aio.farewells import wait_lost
from caplet.aio.opening import begin, open_place
from caplet.aio.options import DEFAULT_STREAM_OPTIONS, StreamOptions, check_secure, window_maker
from caplet.aio.pipes import ChildProcess
from caplet.aio.reconnecting import Reconnecting
from caplet.aio.statistics import stats_of
from caplet.errors import Disconnected
from caplet.limits import DEFAULT_LIMITS
from caplet.rpc.tracing import as_reader
from caplet.runtime.clients import Client, check_interface
from caplet.runtime.interceptors import check_interceptor, public_object
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator
    from types import TracebackType
    from typing import Unpack

    from caplet.aio.addresses import Address
    from caplet.aio.opening import Place
    from caplet.aio.options import ConnectOptions, StreamWindow
    from caplet.aio.peers import Peer
    from caplet.aio.statistics import ConnectionStats
    from caplet.aio.transports.base import Receiver, Transport
    from caplet.cap.reconnect import Reconnect
    from caplet.limits import Limits
    from caplet.rpc.encode import OutgoingMessage
    from caplet.rpc.window import Window
    from caplet.runtime.interceptors import Interceptor
    from caplet.runtime.servers import Service

__all__ = ["CLOSE_TIMEOUT_S", "Connecting", "Connection", "connect"]

CLOSE_TIMEOUT_S = 10.0

ClientType = TypeVar("ClientType", bound=Client)


class Connection:
    """One connection to a peer; `async with` closes it.

    Made by `connect`, not by programs.
    """

    def __init__(self, link: Link, child: ChildProcess | None = None) -> None:
        self._link = link
        self._child = child

    @property
    def peer(self) -> Peer:
        """Who is at the other end, as far as the network vouches for it; as text, its address."""
        return self._link.transport.peer

    @property
    def closed(self) -> bool:
        """Whether the connection has ended; calls on what came over it fail from then on."""
        return self._link.connection.closed is not None

    def bootstrap(self, interface: type[ClientType]) -> ClientType:
        """Ask the peer for the object that it offers first; usable at once, before the peer has answered.

        Args:
            interface: the interface that the object is expected to have.

        Returns:
            A client of that interface. When the peer offers nothing, calls on it fail.

        Raises:
            TypeError: it is no interface.
        """
        check_interface(interface)
        self._link.owner.check_loop()
        return interface(self._link.bootstrap())

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, whoever ended it."""
        await asyncio.shield(self._link.lost)

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send what is unsent, end the connection and wait until it has ended; calls that are not answered fail.

        A child process that was connected to has ended too, then.

        Args:
            timeout_s: how long the peer may take to read what was sent; then the connection is cut.
        """
        link = self._link
        link.owner.check_loop()
        if link.connection.closed is None:
            link.connection.disconnect(Disconnected("this side closed the connection"))
            link.owner.turn()
            link.write()
        await wait_lost(link, timeout_s)
        if self._child is not None:
            await self._child.wait()

    def trace(self, callback: Callable[[str, MessageReader], None] | None) -> None:
        """Show every message from now on to a function; None ends that. Costs nothing when off.

        Args:
            callback: is given "sent" or "received", and the message; must not raise, nor keep the message.
        """
        if callback is None:
            self._link.connection.tracer = None
            return
        show = callback

        def tracer(direction: str, message: MessageReader | OutgoingMessage) -> None:
            show(direction, as_reader(message))

        self._link.connection.tracer = tracer

    def stats(self) -> ConnectionStats:
        """Return what the connection holds and has done, in numbers; also when it has ended."""
        return stats_of(self._link)

    def dump(self) -> str:
        """Return the connection's tables as text, for people."""
        return self._link.connection.dump()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<caplet.Connection to {self.peer}{' (closed)' if self.closed else ''}>"


class Connecting:
    """A connection that is being opened: await it, or enter it with `async with`."""

    def __init__(
        self,
        place: Address | Place,
        bootstrap: Service | None,
        options: StreamOptions,
        timeout_s: float | None,
        interceptor: Interceptor | None,
        make_window: Callable[[], Window] | None,
    ) -> None:
        self._place = place
        self._bootstrap = bootstrap
        self._interceptor = interceptor
        self._make_window = make_window
        self._options = options
        self._timeout_s = timeout_s
        self._connection: Connection | None = None

    async def open(self) -> Connection:
        """Open one."""
        owner = running_vat()
        service = None if self._bootstrap is None else public_object(self._bootstrap, self._interceptor)
        links: list[Link] = []

        def accept(transport: Transport) -> Receiver:
            limits, make_window = self._options.limits, self._make_window
            link = Link(owner, transport, service, limits, self._interceptor, make_window=make_window)
            links.append(link)
            return link

        place = self._place
        ended = None
        try:
            attempt = begin(owner.loop, place)
            if attempt is not None and attempt.connected:
                # Nothing is waited for, so that no time has to be bounded.
                attempt.open(owner.loop, str(place), accept, self._options)
            else:
                async with asyncio.timeout(self._timeout_s):
                    ended = await open_place(owner.loop, place, accept, self._options, attempt)
        except TimeoutError as error:
            raise Disconnected(f"cannot connect to {place}: no answer within {self._timeout_s} s") from error
        except OSError as error:
            # Some that end a TLS stream say nothing but what they are called.
            raise Disconnected(f"cannot connect to {place}: {str(error) or type(error).__name__}") from error
        if ended is not None:
            links[0].lost.add_done_callback(lambda _: ended.set())
        return Connection(links[0], place if isinstance(place, ChildProcess) else None)

    def __await__(self) -> Generator[object, None, Connection]:
        return self.open().__await__()

    def __repr__(self) -> str:
        return f"<caplet connection to {self._place}, not open: await it, or enter it with `async with`>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Explain to whoever takes this for the connection that it is none yet."""
            hint = ": await caplet.connect(...), or enter it with `async with`" if hasattr(Connection, name) else ""
            raise AttributeError(f"a connection that is not open has no {name!r}{hint}", name=name, obj=self)

    async def __aenter__(self) -> Connection:
        self._connection = await self.open()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()


@overload
def connect(address: str | Place, *, reconnect: None = ..., **options: Unpack[ConnectOptions]) -> Connecting: ...
@overload
def connect(address: str | Place, *, reconnect: Reconnect, **options: Unpack[ConnectOptions]) -> Reconnecting: ...
def connect(
    address: str | Place,
    *,
    bootstrap: Service | None = None,
    limits: Limits | None = None,
    timeout_s: float | None = 30.0,
    tls: ssl.SSLContext | None = None,
    server_hostname: str | None = None,
    packed: bool = False,
    stream_window_bytes: StreamWindow | None = None,
    interceptor: Interceptor | None = None,
    reconnect: Reconnect | None = None,
) -> Connecting | Reconnecting:
    """Connect to a server.

    Args:
        address: where it listens: `tcp://host:port`, `tls://host:port`, `ws://host:port/path`, `wss://host:port/path`, `unix:/path`,
            `unix-abstract:name`, `memory:name`, `fd:number` (a connected socket that was inherited) or `stdio:` (whoever started this
            program). Or what is connected already: a socket, an asyncio transport, a pair of a StreamReader and a StreamWriter; or a
            `ChildProcess` to be started. What is given belongs to the connection from then on.
        bootstrap: what the server may ask this side for; nothing by default.
        limits: bounds for messages and for the connection; None for the defaults.
        timeout_s: how long opening may take, in seconds; None for ever.
        tls: rules and certificates for `tls://` and `wss://`; None trusts the system's authorities.
        server_hostname: the name that the server's certificate must have; None for the host of the address.
        packed: whether messages travel packed; the server must say so too.
        stream_window_bytes: how many bytes of a stream this side may have under way; "adaptive" follows what the way to the peer carries
            (rate times round trip), which is more where it is long. None for as many as the send buffer holds.
        interceptor: is told of every call over the connection, in both directions, as `intercept` and `intercept_service` do it.
        reconnect: when the connection is opened again after it was lost; None for never.

    Returns:
        Something to await or to enter with `async with`; both give a `Connection`, or, with `reconnect`, a `ReconnectingConnection`,
        without waiting for the peer.

    Raises:
        ValueError: the address has none of these forms, a size is none, or there are rules for TLS where nothing would be encrypted.
        TypeError: an option is not what it has to be.
        Disconnected: nobody listens there, it cannot be reached, or a certificate was refused (raised on await; also a
            `ConnectionError`).
    """
    # Most programs choose nothing; options that are all the same are made once.
    chosen = limits is not None or packed or tls is not None or server_hostname is not None
    options = (
        StreamOptions(limits or DEFAULT_LIMITS, packed, tls, server_hostname) if chosen else DEFAULT_STREAM_OPTIONS
    )
    check_interceptor(interceptor)
    place = parse_address(address) if isinstance(address, str) else address
    check_secure(tls, [place])
    opening = Connecting(place, bootstrap, options, timeout_s, interceptor, window_maker(stream_window_bytes))
    return opening if reconnect is None else Reconnecting(str(place), opening.open, reconnect)
