"""`serve`: listening at addresses and giving every peer its bootstrap capability.

Knows how a server starts and how it stops. Does not know how messages travel or what they mean, nor what becomes of a connection that came in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from caplet.aio.accepted import AcceptedLinks, Rules
from caplet.aio.addresses import parse_address
from caplet.aio.connections import CLOSE_TIMEOUT_S
from caplet.aio.driver import running_vat
from caplet.aio.farewells import wait_drained, wait_lost
from caplet.aio.listening import listen
from caplet.aio.options import StreamOptions, check_secure, window_maker
from caplet.errors import Disconnected
from caplet.limits import DEFAULT_LIMITS
from caplet.runtime.clients import check_kind
from caplet.runtime.interceptors import check_interceptor, public_object

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from types import TracebackType

    from caplet.aio.addresses import Address
    from caplet.aio.driver import Link, LoopVat
    from caplet.aio.listening import Listener
    from caplet.aio.options import ConnectedHook, EndedHook, StreamWindow
    from caplet.limits import Limits
    from caplet.runtime.interceptors import Interceptor
    from caplet.runtime.servers import Service

__all__ = ["MAX_CONNECTIONS", "Serving", "serve"]

MAX_CONNECTIONS = 10_000
HELLO_TIMEOUT_S = 60.0
DRAIN_TIMEOUT_S = 30.0


class Serving:
    """A server: `async with` starts it and stops it.

    Made by `serve`, not by programs.
    """

    def __init__(self, addresses: Sequence[Address], service: Service, options: StreamOptions, rules: Rules) -> None:
        self._wanted = list(addresses)
        self._service = service
        self._options = options
        self._rules = rules
        self._owner: LoopVat | None = None
        self._accepted: AcceptedLinks | None = None
        self._listeners: list[Listener] = []
        self._stopped: asyncio.Event = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it listens, the first place if there are several; for port 0, with the port that the system chose."""
        return self.addresses[0]

    @property
    def addresses(self) -> list[str]:
        """All places where it listens."""
        return [str(listener.address) for listener in self._listeners] or [str(address) for address in self._wanted]

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return 0 if self._accepted is None else len(self._accepted)

    async def start(self) -> None:
        """Start to listen.

        Raises:
            OSError: an address is in use, or cannot be listened at; the text says which address.
            RuntimeError: it listens already.
        """
        if self._listeners:
            raise RuntimeError(f"this server listens already, at {', '.join(self.addresses)}")
        self._stopped.clear()
        owner = self._owner = running_vat()
        bootstrap = public_object(self._service, self._rules.interceptor)
        accepted = self._accepted = AcceptedLinks(owner, bootstrap, self._options.limits, self._rules)
        try:
            for address in self._wanted:
                self._listeners.append(
                    await listen(owner.loop, address, accepted.accept, self._options, accepted.arrivals)
                )
        except BaseException:
            self._stop_listening()
            raise

    # --- the end --------------------------------------------------------------------------------------------------------------------

    async def serve_forever(self) -> None:
        """Wait until the server is closed."""
        await self._stopped.wait()

    async def shutdown(self, drain_timeout_s: float = DRAIN_TIMEOUT_S, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Stop gently: accept nothing more, end each connection when none of its calls is under way, at the latest after a while.

        Args:
            drain_timeout_s: how long calls may take that are under way; then they are cancelled and their connections ended.
            timeout_s: how long peers may take then to read what was sent.
        """
        self._stop_listening()
        waiting = [asyncio.ensure_future(self._drain(link, timeout_s)) for link in self._open_links()]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=drain_timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        await self.close(timeout_s)

    async def _drain(self, link: Link, timeout_s: float) -> None:
        """End a connection when none of its calls is under way."""
        await wait_drained(link)
        await self._end([link], timeout_s)

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Stop listening, end every connection behind what was sent, and wait until they have ended.

        Args:
            timeout_s: how long peers may take to read what was sent; then their connections are cut.
        """
        self._stop_listening()
        self._stopped.set()
        await self._end(self._open_links(), timeout_s)

    def _open_links(self) -> list[Link]:
        """Return the connections that are open."""
        return [] if self._accepted is None else self._accepted.links

    async def _end(self, links: list[Link], timeout_s: float) -> None:
        """End connections."""
        if not links or self._owner is None:
            return
        for link in links:
            if link.connection.closed is None:
                link.connection.disconnect(Disconnected("the server was closed"))
        self._owner.turn()
        for link in links:
            link.write()
        await asyncio.gather(*[wait_lost(link, timeout_s) for link in links])

    def _stop_listening(self) -> None:
        """Accept nothing more."""
        if self._accepted is not None:
            self._accepted.stopped = True
        listeners, self._listeners = self._listeners, []
        # What it was called is still of interest.
        self._wanted = [listener.address for listener in listeners] or self._wanted
        for listener in listeners:
            listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<caplet server at {', '.join(self.addresses)}, {self.connections} connections>"


def serve(
    address: str | Sequence[str],
    service: Service,
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    packed: bool = False,
    stream_window_bytes: StreamWindow | None = None,
    origins: Sequence[str] | None = None,
    max_connections: int | None = MAX_CONNECTIONS,
    hello_timeout_s: float | None = HELLO_TIMEOUT_S,
    idle_timeout_s: float | None = None,
    on_connected: ConnectedHook | None = None,
    on_lost: EndedHook | None = None,
    on_error: EndedHook | None = None,
    interceptor: Interceptor | None = None,
) -> Serving:
    """Serve an object to every peer that connects.

    Args:
        address: where to listen, or several places: `tcp://host:port` (port 0 lets the system choose), `tls://host:port`,
            `ws://host:port/path`, `wss://host:port/path`, `unix:/path`, `unix-abstract:name` or `memory:name`; `stdio:` and `fd:number`
            serve the one peer that is there.
        service: the object that peers meet first: a Server object or client, shared by all peers; a Server class, made once for each
            peer; or any other callable, which is given the `Peer` and returns one.
        limits: bounds for messages and for each connection; None for the defaults.
        tls: the certificate of the server, and the rules for those of its clients, for `tls://` and `wss://`.
        packed: whether messages travel packed; clients must say so too.
        stream_window_bytes: how many bytes of a stream this side may have under way; "adaptive" follows what the way to the peer carries
            (rate times round trip), which is more where it is long. None for as many as the send buffer holds.
        origins: web pages whose scripts may connect to a WebSocket, as `https://host`; None for all.
        max_connections: how many connections there may be; further peers are told that the server is overloaded. As many more may be
            agreeing on TLS or a WebSocket; one beyond that ends the one that takes longest. None for any number.
        hello_timeout_s: how long a peer may be connected without a word; then it is told so and cut off. Also how long agreeing on TLS or
            a WebSocket may take, the latter never more than 15 s. None for ever (60 s for TLS).
        idle_timeout_s: how long a peer may be silent that has no call under way and holds no object. None for ever.
        on_connected: called with each new connection.
        on_lost: called with each connection that has ended, and the reason that callers are given.
        on_error: the same, before it, for connections that ended because the peer broke the protocol or went beyond its limits.
        interceptor: is told of every call over the connections, in both directions, as `intercept_service` and `intercept` do it.

    Returns:
        A server to be entered with `async with`.

    Raises:
        ValueError: an address has none of these forms, a size is none, or there are rules for TLS where nothing would be encrypted.
        TypeError: an option is not what it has to be.
    """
    check_kind(address, Iterable, "an address such as 'tcp://127.0.0.1:0', or several")
    check_interceptor(interceptor)
    texts = [address] if isinstance(address, str) else list(address)
    if not texts:
        raise ValueError("a server needs at least one address")
    options = StreamOptions(limits or DEFAULT_LIMITS, packed, tls, origins=None if origins is None else tuple(origins))
    make_window = window_maker(stream_window_bytes)
    rules = Rules(
        max_connections, hello_timeout_s, idle_timeout_s, on_connected, on_lost, on_error, interceptor, make_window
    )
    addresses = [parse_address(text) for text in texts]
    check_secure(tls, addresses)
    return Serving(addresses, service, options, rules)
