"""`serve`: listening at addresses and giving every peer its bootstrap capability.

Knows the connections that came in, how many there may be, and how a server stops. Does not know how messages travel or what they mean.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from caplet.aio.addresses import parse_address
from caplet.aio.connections import CLOSE_TIMEOUT_S, Connection
from caplet.aio.driver import Link, running_vat
from caplet.aio.farewells import wait_drained, wait_lost
from caplet.aio.listening import listen
from caplet.aio.options import StreamOptions
from caplet.aio.transports.base import NOBODY
from caplet.errors import Disconnected, Overloaded
from caplet.limits import DEFAULT_LIMITS
from caplet.rpc import encode
from caplet.runtime.interceptors import public_object

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from caplet.aio.addresses import Address
    from caplet.aio.driver import LoopVat
    from caplet.aio.listening import Listener
    from caplet.aio.options import ConnectedHook, EndedHook
    from caplet.aio.transports.base import Receiver, Transport
    from caplet.cap.capability import Capability
    from caplet.limits import Limits
    from caplet.runtime.interceptors import Interceptor
    from caplet.runtime.servers import Service

__all__ = ["MAX_CONNECTIONS", "Serving", "serve"]

MAX_CONNECTIONS = 10_000
HELLO_TIMEOUT_S = 60.0
DRAIN_TIMEOUT_S = 30.0

_log = logging.getLogger("caplet")


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
        self._bootstrap: Capability | Callable[[object], Capability] | None = None
        self._listeners: list[Listener] = []
        self._links: dict[Link, Connection] = {}
        # Peers that were not heard lately: how many messages of theirs there were when they were last looked at, and when that was.
        self._heard: dict[Link, tuple[int, float]] = {}
        self._look: asyncio.TimerHandle | None = None
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
        return len(self._links)

    async def start(self) -> None:
        """Start to listen.

        Raises:
            OSError: an address is in use, or cannot be listened at; the text says which address.
        """
        owner = self._owner = running_vat()
        self._bootstrap = public_object(self._service, self._rules.interceptor)
        try:
            for address in self._wanted:
                self._listeners.append(await listen(owner.loop, address, self._accept, self._options))
        except BaseException:
            self._stop_listening()
            raise

    # --- connections ----------------------------------------------------------------------------------------------------------------

    def _accept(self, transport: Transport) -> Receiver:
        """Take a connection that came in."""
        assert self._owner is not None
        limit = self._rules.max_connections
        if limit is not None and len(self._links) >= limit:
            refusal = encode.abort(Overloaded(f"this server has its {limit} connections; try again later"), "")
            transport.send([refusal.output()])
            transport.close()
            return NOBODY
        link = Link(self._owner, transport, self._bootstrap, self._options.limits, self._rules.interceptor)
        connection = self._links[link] = Connection(link)
        link.lost.add_done_callback(lambda _: self._forget(link))
        if self._rules.silence_s is not None:
            self._heard[link] = (0, self._owner.loop.time())
            if self._look is None:
                self._look = self._owner.loop.call_later(self._rules.silence_s, self._look_for_silent_peers)
        if self._rules.on_connected is not None:
            self._call_hook(self._rules.on_connected, connection)
        return link

    def _forget(self, link: Link) -> None:
        """A connection is over."""
        connection = self._links.pop(link)
        self._heard.pop(link, None)
        if not self._heard and self._look is not None:
            self._look.cancel()
            self._look = None
        error = link.connection.closed
        assert error is not None
        if self._rules.on_error is not None and error.__cause__ is not None:
            self._call_hook(self._rules.on_error, connection, error)
        if self._rules.on_lost is not None:
            self._call_hook(self._rules.on_lost, connection, error)

    def _call_hook(self, hook: Callable[..., object], *arguments: object) -> None:
        """Tell the program; what it raises is its own affair."""
        try:
            hook(*arguments)
        except Exception as error:
            _log.error("a hook of %r failed", self, exc_info=error)

    def _look_for_silent_peers(self) -> None:
        """End connections that say nothing; look again only while there are any that might have to end."""
        assert self._owner is not None
        rules, now_s = self._rules, self._owner.loop.time()
        next_s: float | None = None
        for link, (count, since_s) in list(self._heard.items()):
            received = link.connection.received
            allowed_s = rules.hello_timeout_s if received == 0 else rules.idle_timeout_s
            if allowed_s is None:
                del self._heard[link]
                continue
            if received != count:
                self._heard[link] = (received, now_s)
                due_s = now_s + allowed_s
            elif now_s - since_s >= allowed_s and (received == 0 or link.connection.is_idle):
                link.connection.disconnect(
                    Disconnected(f"nothing was heard from {link.transport.peer} for {allowed_s:g} s")
                )
                link.write()
                continue
            else:
                due_s = max(since_s + allowed_s, now_s + allowed_s / 4)
            next_s = due_s if next_s is None else min(next_s, due_s)
        self._look = None if next_s is None else self._owner.loop.call_at(next_s, self._look_for_silent_peers)

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
        links = list(self._links)
        waiting = [asyncio.ensure_future(self._drain(link, timeout_s)) for link in links]
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
        await self._end(list(self._links), timeout_s)

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


class Rules:
    """What a server does about its connections; the arguments are explained at `serve`."""

    __slots__ = (
        "hello_timeout_s",
        "idle_timeout_s",
        "interceptor",
        "max_connections",
        "on_connected",
        "on_error",
        "on_lost",
    )

    def __init__(
        self,
        max_connections: int | None,
        hello_timeout_s: float | None,
        idle_timeout_s: float | None,
        on_connected: ConnectedHook | None,
        on_lost: EndedHook | None,
        on_error: EndedHook | None,
        interceptor: Interceptor | None,
    ) -> None:
        self.max_connections = max_connections
        self.hello_timeout_s = hello_timeout_s
        self.idle_timeout_s = idle_timeout_s
        self.on_connected = on_connected
        self.on_lost = on_lost
        self.on_error = on_error
        self.interceptor = interceptor

    @property
    def silence_s(self) -> float | None:
        """How soon a peer may have been silent for too long; None when none can be."""
        bounds = [bound for bound in (self.hello_timeout_s, self.idle_timeout_s) if bound is not None]
        return min(bounds) if bounds else None


def serve(
    address: str | Sequence[str],
    service: Service,
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    packed: bool = False,
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
        origins: web pages whose scripts may connect to a WebSocket, as `https://host`; None for all.
        max_connections: how many connections there may be; further peers are told that the server is overloaded. None for any number.
        hello_timeout_s: how long a peer may be connected without a word; then it is told so and cut off. None for ever.
        idle_timeout_s: how long a peer may be silent that has no call under way and holds no object. None for ever.
        on_connected: called with each new connection.
        on_lost: called with each connection that has ended, and the reason that callers are given.
        on_error: the same, before it, for connections that ended because the peer broke the protocol or went beyond its limits.
        interceptor: is told of every call over the connections, in both directions, as `intercept_service` and `intercept` do it.

    Returns:
        A server to be entered with `async with`.

    Raises:
        ValueError: an address has none of these forms.
    """
    texts = [address] if isinstance(address, str) else list(address)
    if not texts:
        raise ValueError("a server needs at least one address")
    options = StreamOptions(limits or DEFAULT_LIMITS, packed, tls, origins=None if origins is None else tuple(origins))
    rules = Rules(max_connections, hello_timeout_s, idle_timeout_s, on_connected, on_lost, on_error, interceptor)
    return Serving([parse_address(text) for text in texts], service, options, rules)
