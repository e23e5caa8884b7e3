"""`serve`: listening at an address and giving every peer its bootstrap capability.

Knows how each kind of address is listened at, and the connections that came in by it. Does not know how messages travel or what they mean.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Self

from caplet.aio.addresses import Address, parse_address
from caplet.aio.connections import CLOSE_TIMEOUT_S
from caplet.aio.driver import Link, running_vat
from caplet.aio.transports.memory import MemoryListener
from caplet.aio.transports.stream import StreamTransport
from caplet.errors import Disconnected
from caplet.limits import DEFAULT_LIMITS
from caplet.runtime.servers import as_bootstrap

if TYPE_CHECKING:
    from types import TracebackType

    from caplet.aio.driver import LoopVat
    from caplet.aio.transports.base import Receiver
    from caplet.limits import Limits
    from caplet.runtime.servers import Service

__all__ = ["Serving", "serve"]


class Serving:
    """A server: `async with` starts it and stops it.

    Made by `serve`, not by programs.
    """

    def __init__(self, address: Address, service: Service, limits: Limits) -> None:
        self._wanted = address
        self._service = service
        self._limits = limits
        self._owner: LoopVat | None = None
        self._listener: asyncio.Server | MemoryListener | None = None
        self._links: set[Link] = set()
        self._stopped: asyncio.Event = asyncio.Event()
        self._address = address

    @property
    def address(self) -> str:
        """Where it listens; for port 0, with the port that the system chose."""
        return str(self._address)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._links)

    async def start(self) -> None:
        """Start to listen.

        Raises:
            OSError: the address is in use, or cannot be listened at; the text says which address.
        """
        owner = self._owner = running_vat()
        bootstrap = as_bootstrap(self._service)

        def accept(transport: StreamTransport) -> Receiver:
            link = Link(owner, transport, bootstrap, self._limits)
            self._links.add(link)
            link.lost.add_done_callback(lambda _: self._links.discard(link))
            return link

        def make_protocol() -> StreamTransport:
            return StreamTransport(accept, self._limits)

        wanted = self._wanted
        try:
            if wanted.kind == "tcp":
                self._listener = await owner.loop.create_server(make_protocol, wanted.host or None, wanted.port)
                port = self._listener.sockets[0].getsockname()[1]
                self._address = Address("tcp", wanted.host or socket.gethostname(), port)
            elif wanted.kind == "memory":
                self._listener = MemoryListener(wanted.name, make_protocol)
            else:
                path = "\0" + wanted.name if wanted.kind == "unix-abstract" else wanted.name
                self._listener = await owner.loop.create_unix_server(make_protocol, path)
        except OSError as error:
            raise OSError(error.errno, f"cannot listen at {wanted}: {error.strerror or error}") from error

    async def serve_forever(self) -> None:
        """Wait until the server is closed."""
        await self._stopped.wait()

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Stop listening, end every connection behind what was sent, and wait until they have ended.

        Args:
            timeout_s: how long peers may take to read what was sent; then their connections are cut.
        """
        listener, self._listener = self._listener, None
        self._stopped.set()
        if listener is None or self._owner is None:
            return
        listener.close()
        links = list(self._links)
        for link in links:
            if link.connection.closed is None:
                link.connection.disconnect(Disconnected("the server was closed"))
        self._owner.turn()
        for link in links:
            link.write()
        await asyncio.gather(*[link.wait_lost(timeout_s) for link in links])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<caplet server at {self.address}, {self.connections} connections>"


def serve(address: str, service: Service, *, limits: Limits | None = None) -> Serving:
    """Serve an object to every peer that connects.

    Args:
        address: where to listen: `tcp://host:port` (port 0 lets the system choose), `unix:/path`, `unix-abstract:name` or `memory:name`.
        service: the object that peers meet first: a Server object or client, shared by all peers; a Server class, made once for each
            peer; or any other callable, which is given the peer and returns one.
        limits: bounds for messages and for each connection; None for the defaults.

    Returns:
        A server to be entered with `async with`.

    Raises:
        ValueError: the address has none of these forms.
    """
    return Serving(parse_address(address), service, limits or DEFAULT_LIMITS)
