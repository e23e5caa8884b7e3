"""The driver: carries messages between transports and the connections of this loop's vat.

Knows when turns are run and when output is written: after everything that arrived together (a flood is taken in rounds, so that other
connections have theirs), and once for each wake-up. Does not know addresses, framing, or the protocol.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol

from caplet.aio.host import LoopHost
from caplet.aio.trace_file import trace_to_file, traces_to_file
from caplet.aio.transports.sockets import close_descriptors
from caplet.cap.local import set_turns_provider
from caplet.errors import DecodeError, Disconnected, Failed, Overloaded, ProtocolError
from caplet.runtime.interceptors import intercept_capability
from caplet.vat.vat import Vat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextvars import Context

    from caplet.aio.transports.base import Transport
    from caplet.cap.capability import Capability
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError
    from caplet.limits import Limits
    from caplet.rpc.connection import Connection as ProtocolConnection
    from caplet.rpc.window import Window
    from caplet.runtime.interceptors import Interceptor
    from caplet.wire.message import MessageReader

__all__ = ["Link", "LoopVat", "running_vat", "shared_vats"]

# How many messages of one connection are digested before the loop looks at the others.
MESSAGES_A_ROUND = 128

_log = logging.getLogger("caplet")

# The vat that threads without a loop use, when there is one.
shared_vats: list[LoopVat] = []

_vats: dict[int, LoopVat] = {}
_vats_lock = threading.Lock()


class Link:
    """One connection of the vat on one transport.

    Args:
        owner: the vat and its loop.
        transport: what carries the messages.
        bootstrap: what the peer may ask for first: a capability, or a function that makes one for this peer; None for nothing.
        limits: bounds for messages and for the connection.
        interceptor: is told of the calls of the objects that the peer offers; None for nobody.
        context: the context variables that methods called by the peer see; None for those of the moment.
        keeper: is told when the connection is over; None for nobody.
        make_window: makes the window of each stream of calls; None for that of the transport.
    """

    def __init__(
        self,
        owner: LoopVat,
        transport: Transport,
        bootstrap: Capability | Callable[[object], Capability] | None,
        limits: Limits,
        interceptor: Interceptor | None = None,
        context: Context | None = None,
        keeper: Keeper | None = None,
        make_window: Callable[[], Window] | None = None,
    ) -> None:
        self.owner = owner
        self.transport = transport
        self._interceptor = interceptor
        self._keeper = keeper
        self.has_ended = False
        # What few connections need is made when it is needed: there may be thousands of them.
        self._lost: asyncio.Future[None] | None = None
        self.opened_s = owner.loop.time()
        # Is told of the first messages; None when nobody waits for them.
        self.on_first_word: Callable[[Link], None] | None = None
        self.connection: ProtocolConnection = owner.vat.add_connection(
            transport.peer, bootstrap=bootstrap, limits=limits, name=str(transport.peer)
        )
        self.connection.flow.driver = self
        self.connection.flow.make_window = make_window
        # Methods see the context variables of whoever opened the connection or began to serve, and never each other's.
        self.connection.context = copy_context() if context is None else context
        if owner.traces:
            trace_to_file(self.connection)
        owner.links[self.connection] = self
        self._reading = True
        self._waiting: deque[MessageReader] | None = None
        self._round_is_due = False
        # Descriptors that came with messages which are not digested yet, by the message.
        self._fds: dict[int, list[int]] | None = None
        self._held_fds = 0
        # Set when somebody waits until no call of the peer is under way.
        self.drained: asyncio.Future[None] | None = None
        self._limits = limits
        self._unsent_limit_bytes = limits.unsent_words << 3

    def bootstrap(self) -> Capability:
        """Return the object that the peer offers first."""
        if not self.connection.sent:
            self.owner.fresh.append(self)
        capability = self.connection.bootstrap()
        return capability if self._interceptor is None else intercept_capability(capability, self._interceptor)

    @property
    def lost(self) -> asyncio.Future[None]:
        """Done when the connection is over."""
        if self._lost is None:
            self._lost = self.owner.loop.create_future()
            if self.has_ended:
                self._lost.set_result(None)
        return self._lost

    # --- what the transport calls ---------------------------------------------------------------------------------------------------

    def receive_messages(self, messages: Sequence[MessageReader], fds: Mapping[int, list[int]] | None = None) -> None:
        """Digest messages that arrived together, a flood of them in rounds."""
        if self.on_first_word is not None:
            self.on_first_word(self)
            self.on_first_word = None
        if fds:
            self._fds = {} if self._fds is None else self._fds
            for place, brought in fds.items():
                self._fds[id(messages[place])] = brought
        if self._waiting or len(messages) > MESSAGES_A_ROUND:
            self._waiting = deque() if self._waiting is None else self._waiting
            self._waiting.extend(messages)
            if not self._round_is_due:
                self._take_round()
        else:
            self._digest(messages)
            self.choose_reading()

    def on_lost(self, error: BaseException | None) -> None:
        """Fail whatever is outstanding: nothing more will arrive."""
        if self._waiting:
            waiting = list(self._waiting)
            self._waiting = None
            self._digest(waiting)
        if self.connection.closed is None:
            self.connection.disconnect(self.reason_of_loss(error))
            self.owner.turn()
        self._close_discarded_fds()
        self.connection.on_resume = self.connection.flow.driver = None  # they would keep each other
        self.transport.close()
        self.owner.links.pop(self.connection, None)
        if not self.has_ended:
            self.has_ended = True
            if self._keeper is not None:
                self.owner.loop.call_soon(self._keeper.forget, self)
            if self._lost is not None:
                self._lost.set_result(None)

    def on_writable(self, writable: bool) -> None:
        """Nothing to do: what may be unsent is bounded by the connection's limits."""

    # --- what the connection and the vat call ---------------------------------------------------------------------------------------------------------

    def choose_reading(self) -> None:
        """Read while nothing waits to be digested and the peer's calls have room."""
        reading = not (self._waiting or self.connection.reading_paused)
        if reading != self._reading:
            self._reading = reading
            if reading:
                self.connection.on_resume = None
                self.transport.resume_reading()
            else:
                self.connection.on_resume = self.choose_reading
                self.transport.pause_reading()

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return self.transport.window_bytes()

    def send_output(self) -> None:
        """Give the transport what the connection has to send."""
        output = self.connection.take_output()
        if output:
            messages: list[list[memoryview | bytes]] = []
            fds: dict[int, list[int]] | None = None
            for message in output:
                if message.fds:
                    fds = {} if fds is None else fds
                    fds[len(messages)] = message.fds
                messages.append(message.pieces())
            self.transport.send(messages, fds)

    def write(self) -> None:
        """Send what there is at the end of a turn; close the transport behind the last word of a closed connection."""
        self.send_output()
        if self.connection.discarded_fds:
            self._close_discarded_fds()
        if self.drained is not None:
            self.check_drained()
        if self.connection.closed is not None:
            self.transport.close()
        elif self.transport.unsent_bytes > self._unsent_limit_bytes:
            # The peer does not take what it asked for; what waits for it must not fill our memory.
            unsent = self.transport.unsent_bytes
            self.connection.disconnect(
                Overloaded(f"{self.transport.peer} does not read: {unsent} bytes wait to be sent to it", fault="remote")
            )
            self.transport.abort()

    def _digest(self, messages: Sequence[MessageReader]) -> None:
        """Digest messages, run the turns that they cause, and write the answers in one go."""
        connection = self.connection
        self.owner.expect_turn()
        if self._fds:
            for message in messages:
                self._receive_with_fds(message, self._fds.pop(id(message), None))
        else:
            for message in messages:
                connection.receive(message)
        self.owner.turn()

    def _receive_with_fds(self, message: MessageReader, fds: list[int] | None) -> None:
        """Digest a message; descriptors that no object takes, or for which there is no room, are closed."""
        if fds is not None:
            room = max(0, self._limits.held_fds - self._held_fds)
            close_descriptors(fds[room:])
            del fds[room:]
        self.connection.receive(message, fds)
        if fds is not None:
            self._held_fds += fds.count(-1)
            close_descriptors(fds)

    def _close_discarded_fds(self) -> None:
        """Close the descriptors of objects that are gone."""
        discarded = self.connection.discarded_fds
        if discarded is None:
            return
        self._held_fds -= len(discarded)
        close_descriptors(discarded)
        discarded.clear()

    def _take_round(self) -> None:
        """Digest some of the messages that wait; the loop looks at others before the next ones."""
        self._round_is_due = False
        waiting = self._waiting
        if not waiting:
            return
        self._digest([waiting.popleft() for _ in range(min(MESSAGES_A_ROUND, len(waiting)))])
        if waiting:
            self._round_is_due = True
            self.owner.loop.call_soon(self._take_round)
        self.choose_reading()

    def check_drained(self) -> None:
        """Let go on who waits for the end of the peer's calls."""
        if self.drained is not None and not self.drained.done() and not self.connection.flow.words:
            self.drained.set_result(None)

    def reason_of_loss(self, error: BaseException | None) -> RpcError:
        """Return what callers are told about a transport that ended."""
        peer = self.transport.peer
        if error is None:
            return Disconnected(f"{peer} closed the connection", fault="remote")
        if isinstance(error, DecodeError):
            return ProtocolError(f"{peer} sent bytes that are no message: {error}")
        return Disconnected(f"the connection to {peer} was lost: {error}", fault="remote")


class Keeper(Protocol):
    """Who keeps links, and lets go of them when they are over."""

    def forget(self, link: Link) -> None:
        """A link is over; called in a round of the loop of its own."""


class LoopVat:
    """The vat of one event loop, with the links of its connections.

    Args:
        loop: the running loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.host = LoopHost(loop, self.turn, self.flush_and_rest, self.flush_fresh)
        self.vat = Vat(self.host)
        self.links: dict[ProtocolConnection, Link] = {}
        self.traces = traces_to_file()
        # Links whose first words wait.
        self.fresh: list[Link] = []

    def expect_turn(self) -> None:
        """Note that whoever calls this digests messages and then calls `turn`."""
        self.host.digesting = True
        self.vat.turns.expect()

    def turn(self) -> None:
        """Run what waits in the turn queue, then write what every connection has to send."""
        host = self.host
        turns = self.vat.turns
        try:
            turns.run()
            self.flush()
        finally:
            host.digesting = False
            if host.woken:
                self.step_woken()
        if host.wake_behind:
            host.wake_behind = False
            host.wake()

    def step_woken(self) -> None:
        """Let those go on who waited for what has come, and write what they send, in one go."""
        self.vat.turns.expect()
        try:
            self.host.step_woken()
        finally:
            self.vat.turns.run()
            self.flush()

    def flush(self) -> None:
        """Write what every connection has to send."""
        self.fresh.clear()
        for connection in self.vat.connections_with_output():
            link = self.links.get(connection)
            if link is not None:
                link.write()

    def flush_fresh(self) -> None:
        """Write the first words of connections; what others have to send may wait until more of it can leave together."""
        fresh = self.fresh
        while fresh:
            fresh.pop().write()

    def flush_and_rest(self) -> bool:
        """Write what every connection has to send, and say whether that left nothing for a turn to do."""
        self.flush()
        return self.vat.turns.rest()

    def check_loop(self) -> None:
        """Refuse to be used from another loop or thread.

        Raises:
            RuntimeError: this is not the loop that the vat belongs to.
        """
        if not self.host.is_here:
            raise RuntimeError(self.host.refusal())


def running_vat() -> LoopVat:
    """Return the vat of the running loop; there is one for each loop.

    Raises:
        RuntimeError: no event loop is running in this thread.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "no event loop is running here; call this inside a coroutine, or use caplet.blocking from ordinary threads"
        ) from None
    found = _vats.get(id(loop))
    if found is not None and found.loop is loop:
        return found
    with _vats_lock:
        for key in [key for key, vat in _vats.items() if vat.loop.is_closed()]:
            del _vats[key]
        found = _vats[id(loop)] = LoopVat(loop)
    return found


def _running_turns() -> Turns:
    """Return the turn queue that an object of this process joins when it is first called."""
    try:
        return running_vat().vat.turns
    except RuntimeError as error:
        if shared_vats:
            return shared_vats[0].vat.turns
        raise Failed(str(error)) from error


set_turns_provider(_running_turns)
