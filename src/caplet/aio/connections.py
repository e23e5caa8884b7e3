"""A connection as programs hold it, and `connect`, which opens one.

Knows how each kind of address is opened and how errors of opening are told. Does not know how messages travel or what they mean.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

from caplet.aio.addresses import Address, parse_address
from caplet.aio.driver import Link, LoopVat, running_vat
from caplet.aio.reconnecting import Reconnecting
from caplet.aio.transports.memory import connect_memory
from caplet.aio.transports.stream import StreamTransport
from caplet.cap.reconnect import Reconnect
from caplet.errors import Disconnected
from caplet.limits import DEFAULT_LIMITS
from caplet.runtime.clients import Client
from caplet.runtime.servers import as_bootstrap
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from caplet.aio.transports.base import Receiver
    from caplet.limits import Limits
    from caplet.runtime.servers import Service

__all__ = ["CLOSE_TIMEOUT_S", "Connecting", "Connection", "connect"]

CLOSE_TIMEOUT_S = 10.0

ClientType = TypeVar("ClientType", bound=Client)


class Connection:
    """One connection to a peer; `async with` closes it.

    Made by `connect`, not by programs.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def peer(self) -> str:
        """Who is at the other end, as an address."""
        return self._link.transport.peer_name

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
        """
        self._link.owner.check_loop()
        return interface(self._link.connection.bootstrap())

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, whoever ended it."""
        await asyncio.shield(self._link.lost)

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send what is unsent, end the connection and wait until it has ended; calls that are not answered fail.

        Args:
            timeout_s: how long the peer may take to read what was sent; then the connection is cut.
        """
        link = self._link
        link.owner.check_loop()
        if link.connection.closed is None:
            link.connection.disconnect(Disconnected("this side closed the connection"))
            link.owner.turn()
            link.write()
        await link.wait_lost(timeout_s)

    def trace(self, callback: Callable[[str, MessageReader], None] | None) -> None:
        """Show every message from now on to a function; None ends that. Costs nothing when off.

        Args:
            callback: is given "sent" or "received", and the message; must not raise, nor keep the message.
        """
        if callback is None:
            self._link.connection.tracer = None
            return
        show = callback

        def tracer(direction: str, message: object) -> None:
            show(direction, message if isinstance(message, MessageReader) else MessageReader(message.output()))  # type: ignore[attr-defined]

        self._link.connection.tracer = tracer

    def stats(self) -> dict[str, int]:
        """Return counts of what the connection holds: questions, answers, exports, imports and more."""
        return self._link.connection.stats()

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

    def __init__(self, address: Address, bootstrap: Service | None, limits: Limits, timeout_s: float | None) -> None:
        self._address = address
        self._bootstrap = bootstrap
        self._limits = limits
        self._timeout_s = timeout_s
        self._connection: Connection | None = None

    async def _open(self) -> Connection:
        """Open it."""
        owner = running_vat()
        service = None if self._bootstrap is None else as_bootstrap(self._bootstrap)
        links: list[Link] = []

        def accept(transport: StreamTransport) -> Receiver:
            links.append(Link(owner, transport, service, self._limits))
            return links[0]

        def make_protocol() -> StreamTransport:
            return StreamTransport(accept, self._limits)

        try:
            async with asyncio.timeout(self._timeout_s):
                await _open_stream(owner, self._address, make_protocol)
        except TimeoutError as error:
            raise Disconnected(f"cannot connect to {self._address}: no answer within {self._timeout_s} s") from error
        except OSError as error:
            raise Disconnected(f"cannot connect to {self._address}: {error}") from error
        return Connection(links[0])

    def reconnecting(self, policy: Reconnect | None = None) -> Reconnecting:
        """Return the same with a connection that is opened again whenever it is lost.

        Args:
            policy: when; None for the defaults.

        Returns:
            Something to await or to enter with `async with`; both give a `ReconnectingConnection`, without waiting for the peer.
        """
        return Reconnecting(str(self._address), self._open, policy or Reconnect())

    def __await__(self) -> Generator[object, None, Connection]:
        return self._open().__await__()

    async def __aenter__(self) -> Connection:
        self._connection = await self._open()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()


async def _open_stream(owner: LoopVat, address: Address, make_protocol: Callable[[], StreamTransport]) -> None:
    """Open a stream to `address` and tie it to a protocol made by `make_protocol`."""
    if address.kind == "tcp":
        await owner.loop.create_connection(make_protocol, address.host or "localhost", address.port)
    elif address.kind == "memory":
        connect_memory(address.name, make_protocol())
    else:
        path = "\0" + address.name if address.kind == "unix-abstract" else address.name
        await owner.loop.create_unix_connection(make_protocol, path)


def connect(
    address: str,
    *,
    bootstrap: Service | None = None,
    limits: Limits | None = None,
    timeout_s: float | None = 30.0,
) -> Connecting:
    """Connect to a server.

    Args:
        address: where it listens: `tcp://host:port`, `unix:/path`, `unix-abstract:name` or `memory:name`.
        bootstrap: what the server may ask this side for; nothing by default.
        limits: bounds for messages and for the connection; None for the defaults.
        timeout_s: how long opening may take, in seconds; None for ever.

    Returns:
        Something to await or to enter with `async with`; both give a `Connection`.

    Raises:
        ValueError: the address has none of these forms.
        Disconnected: nobody listens there, or it cannot be reached (raised on await; also a `ConnectionError`).
    """
    return Connecting(parse_address(address), bootstrap, limits or DEFAULT_LIMITS, timeout_s)
