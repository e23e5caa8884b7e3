"""Connections that are opened again when they are lost, as programs hold them.

Knows how an attempt is run in the event loop, and what the log says about it. When attempts are made is `caplet.cap.reconnect`'s; how a connection is
opened is told by whoever makes one of these.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Self, TypeVar

from caplet.aio.driver import running_vat
from caplet.cap.reconnect import Reconnect, Reconnector, State
from caplet.errors import Disconnected, as_rpc_error
from caplet.runtime.clients import Client, check_interface, check_kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from types import TracebackType

    from caplet.aio.connections import Connection
    from caplet.aio.statistics import ReconnectingStats
    from caplet.cap.reconnect import Generation
    from caplet.errors import RpcError

__all__ = ["Reconnecting", "ReconnectingConnection"]

_log = logging.getLogger("caplet.reconnect")

CLOSE_TIMEOUT_S = 10.0

ClientType = TypeVar("ClientType", bound=Client)


class ReconnectingConnection:
    """A connection that is opened again whenever it is lost; `async with` closes it for good.

    Made by `connect(..., reconnect=...)`, not by programs.
    """

    def __init__(self, address: str, make: Callable[[], Awaitable[Connection]], policy: Reconnect) -> None:
        self._address = address
        self._make = make
        self._owner = running_vat()
        self._current: Connection | None = None
        self._changed = asyncio.Event()
        self._callbacks: list[Callable[[Connection], object]] = []
        # Attempts, and goodbyes of connections that were dropped, that have not ended.
        self._tasks: set[asyncio.Task[None]] = set()
        self._reconnector = Reconnector(self._owner.vat.turns, policy, self._begin, random.random)

    # --- what it is ------------------------------------------------------------------------------------------------------------------

    @property
    def current(self) -> Connection | None:
        """The connection of the moment; None while there is none."""
        connection = self._current
        return None if connection is None or connection.closed else connection

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self.current is not None

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""
        return self._reconnector.state is State.CLOSED

    @property
    def generation(self) -> int:
        """How many connections were tried so far."""
        return self._reconnector.number

    @property
    def last_error(self) -> RpcError | None:
        """Why the last connection was lost, or the last attempt failed; None when neither has happened."""
        return self._reconnector.last_error

    def bootstrap(self, interface: type[ClientType]) -> ClientType:
        """Return the object that the peer offers first, over whichever connection there is when it is called.

        A connection that is lost fails its own calls; calls made later go to the next connection, and wait for it.

        Args:
            interface: the interface that the object is expected to have.

        Raises:
            TypeError: it is no interface.
        """
        check_interface(interface)
        self._owner.check_loop()
        return interface(self._reconnector.capability())

    def on_connected(self, callback: Callable[[Connection], object]) -> None:
        """Call back with each new connection, and at once when there is one: what a peer was told before has to be told again.

        Args:
            callback: an ordinary function; what it raises is logged.
        """
        self._owner.check_loop()
        self._callbacks.append(callback)
        current = self.current
        if current is not None:
            self._call_back(callback, current)

    async def wait_connected(self) -> Connection:
        """Wait until there is a connection, and return it.

        A lazy one is opened by this.

        Raises:
            Disconnected: it was closed for good.
        """
        self._owner.check_loop()
        while True:
            if self.closed:
                raise Disconnected(f"the connection to {self._address} was closed")
            current = self.current
            if current is not None:
                return current
            if self._reconnector.state is State.IDLE:
                self._reconnector.schedule()
            self._changed.clear()
            await self._changed.wait()

    def stats(self) -> ReconnectingStats:
        """Return how often a connection was tried, and the numbers of the one of the moment."""
        current = self.current
        return {
            "connected": current is not None,
            "generation": self.generation,
            "failures": self._reconnector.failures,
            "current": None if current is None else current.stats(),
        }

    # --- the controller ---------------------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Drop the connection of the moment, or the wait for the next: that is opened at once, or, if lazy, with the next call."""
        self._owner.check_loop()
        self._reconnector.reset(Disconnected("this side reset the connection"))
        self._owner.turn()

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """End it for good; calls that are not answered fail, those that wait for a connection too.

        Args:
            timeout_s: how long the peer may take to read what was sent; then the connection is cut.
        """
        self._owner.check_loop()
        connection, self._current = self._current, None
        self._reconnector.close(Disconnected("this side closed the connection"))
        self._owner.turn()
        self._changed.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if connection is not None:
            await connection.close(timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<caplet.ReconnectingConnection to {self._address}, generation {self.generation}, {self._reconnector.state.value}>"

    # --- attempts ---------------------------------------------------------------------------------------------------------------------

    def _begin(self, generation: Generation) -> None:
        """Start an attempt."""
        task = self._owner.loop.create_task(self._attempt(generation))

        def drop(error: RpcError) -> None:
            task.cancel()

        generation.drop = drop
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, generation: Generation) -> None:
        """Open a connection, and tell how that went."""
        try:
            connection = await self._make()
        except Exception as error:
            reason = as_rpc_error(error).with_traceback(None)  # whose frames hold this connection
            _log.warning("attempt %d to connect to %s failed: %s", generation.number, self._address, reason)
            generation.failed(reason)
            self._owner.turn()
            return
        protocol = connection._link.connection

        def drop(error: RpcError) -> None:
            protocol.disconnect(error)

        def lost(error: RpcError) -> None:
            if self._current is connection:
                self._current = None
            if not self.closed:
                _log.warning("the connection to %s was lost: %s", self._address, error)
            generation.lost(error)

        generation.drop = drop
        self._current = connection
        generation.opened(connection._link.bootstrap())
        protocol.on_closed(lost)
        _log.info("connected to %s, generation %d", self._address, generation.number)
        self._changed.set()
        for callback in list(self._callbacks):
            self._call_back(callback, connection)

    def _call_back(self, callback: Callable[[Connection], object], connection: Connection) -> None:
        """Tell the program of a connection."""
        try:
            callback(connection)
        except Exception as error:
            _log.error("a callback of on_connected() failed", exc_info=error)


class Reconnecting:
    """A connection that will be opened again when it is lost: await it, or enter it with `async with`; neither waits for the peer."""

    def __init__(self, address: str, make: Callable[[], Awaitable[Connection]], policy: Reconnect) -> None:
        check_kind(policy, Reconnect, "caplet.Reconnect(...) for reconnect=")
        self._address = address
        self._make = make
        self._policy = policy
        self._connection: ReconnectingConnection | None = None

    async def _begin(self) -> ReconnectingConnection:
        """Begin."""
        return ReconnectingConnection(self._address, self._make, self._policy)

    def __await__(self) -> Generator[object, None, ReconnectingConnection]:
        return self._begin().__await__()

    async def __aenter__(self) -> ReconnectingConnection:
        self._connection = await self._begin()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()
