"""The connections that came to a server: how many there may be, which of them are silent, and what the program is told about them.

Knows the rules of one server. Does not know where it listens, nor how it stops.
"""

from __future__ import annotations

import logging
from contextvars import copy_context
from typing import TYPE_CHECKING

from caplet.aio.arrivals import Arrivals
from caplet.aio.connections import Connection
from caplet.aio.driver import Link
from caplet.aio.transports.base import NOBODY
from caplet.errors import Disconnected, Overloaded
from caplet.rpc import encode
from caplet.vat.vat import factory_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from caplet.aio.driver import LoopVat
    from caplet.aio.options import ConnectedHook, EndedHook
    from caplet.aio.transports.base import Receiver, Transport
    from caplet.cap.capability import Capability
    from caplet.errors import RpcError
    from caplet.limits import Limits
    from caplet.rpc.window import Window
    from caplet.runtime.interceptors import Interceptor

__all__ = ["AcceptedLinks", "Rules"]

_log = logging.getLogger("caplet")


class Rules:
    """What a server does about its connections; the arguments are explained at `serve`."""

    __slots__ = (
        "has_hooks",
        "hello_timeout_s",
        "idle_timeout_s",
        "interceptor",
        "make_window",
        "max_connections",
        "on_connected",
        "on_error",
        "on_lost",
        "silence_s",
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
        make_window: Callable[[], Window] | None,
    ) -> None:
        self.max_connections = max_connections
        self.hello_timeout_s = hello_timeout_s
        self.idle_timeout_s = idle_timeout_s
        self.on_connected = on_connected
        self.on_lost = on_lost
        self.on_error = on_error
        self.interceptor = interceptor
        self.make_window = make_window
        self.has_hooks = any(hook is not None for hook in (on_connected, on_lost, on_error))
        # How soon a peer may have been silent for too long; None when none can be.
        self.silence_s = min((bound for bound in (hello_timeout_s, idle_timeout_s) if bound is not None), default=None)


class AcceptedLinks:
    """The connections of one server; each is kept until it is over.

    Args:
        owner: the vat and its loop.
        bootstrap: what peers may ask for first: a capability, or a function that makes one for each.
        limits: bounds for messages and for each connection.
        rules: what is done about connections.
    """

    def __init__(
        self,
        owner: LoopVat,
        bootstrap: Capability | Callable[[object], Capability],
        limits: Limits,
        rules: Rules,
    ) -> None:
        self._owner = owner
        self._bootstrap = factory_of(bootstrap)
        self._limits = limits
        self._rules = rules
        # Methods see the context variables of whoever began to serve.
        self._context = copy_context()
        # With what hooks are shown of each, when there are hooks.
        self._links: dict[Link, Connection | None] = {}
        # Peers that were not heard lately: how many messages of theirs there were when they were last looked at, and when that was.
        self._heard: dict[Link, tuple[int, float]] = {}
        self._look: asyncio.TimerHandle | None = None
        self.arrivals = Arrivals(rules.max_connections, rules.hello_timeout_s)
        # Set when the server accepts nothing more: what was being opened then, as by TLS, may be open only now.
        self.stopped = False

    def __len__(self) -> int:
        return len(self._links)

    @property
    def links(self) -> list[Link]:
        """The connections that are open."""
        return list(self._links)

    def accept(self, transport: Transport) -> Receiver:
        """Take a connection that came in, and is open now."""
        self.arrivals.leave(transport)
        limit = self._rules.max_connections
        if self.stopped:
            return refuse(transport, Disconnected("the server was closed"))
        if limit is not None and len(self._links) >= limit:
            return refuse(transport, Overloaded(f"this server has its {limit} connections; try again later"))
        rules = self._rules
        link = Link(
            self._owner,
            transport,
            self._bootstrap,
            self._limits,
            rules.interceptor,
            self._context,
            keeper=self,
            make_window=rules.make_window,
        )
        connection = self._links[link] = Connection(link) if rules.has_hooks else None
        if rules.silence_s is not None:
            self._heard[link] = (0, link.opened_s)
            if self._look is None:
                self._look = self._owner.loop.call_later(rules.silence_s, self._look_for_silent_peers)
            if rules.idle_timeout_s is None:
                link.on_first_word = self._watch_no_more
        if rules.on_connected is not None:
            self._call_hook(rules.on_connected, connection)
        return link

    def forget(self, link: Link) -> None:
        """A connection is over."""
        connection = self._links.pop(link)
        self._watch_no_more(link)
        error = link.connection.closed
        assert error is not None
        if self._rules.on_error is not None and error.__cause__ is not None:
            self._call_hook(self._rules.on_error, connection, error)
        if self._rules.on_lost is not None:
            self._call_hook(self._rules.on_lost, connection, error)

    def _watch_no_more(self, link: Link) -> None:
        """A peer may be silent from now on; a timer that nobody needs would cost the loop something each time that it waits."""
        self._heard.pop(link, None)
        if not self._heard and self._look is not None:
            self._look.cancel()
            self._look = None

    def _call_hook(self, hook: Callable[..., object], *arguments: object) -> None:
        """Tell the program; what it raises is its own affair."""
        try:
            hook(*arguments)
        except Exception as error:
            _log.error("a hook of a server failed", exc_info=error)

    def _look_for_silent_peers(self) -> None:
        """End connections that say nothing; look again only while there are any that might have to end."""
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


def refuse(transport: Transport, reason: RpcError) -> Receiver:
    """Tell a peer why it is not welcome, and let go of it."""
    transport.send([encode.abort(reason, "").output()])
    transport.close()
    return NOBODY
