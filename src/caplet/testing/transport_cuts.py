"""What becomes of a conversation that is cut, at every byte of it.

Knows what must hold wherever it is cut: both ends hear of it once, what has arrived is a beginning of what was sent, every caller is answered
or told that the connection is gone, and nothing is left in any table. Does not know how connections are made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from caplet.aio.driver import Link, running_vat
from caplet.errors import Disconnected
from caplet.limits import Limits
from caplet.testing.objects import Service, answer_call, call, capabilities_of, number_of
from caplet.testing.relay import Relay
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from caplet.aio.transports.base import Transport
    from caplet.cap.answer import Answer
    from caplet.cap.call import IncomingCall
    from caplet.rpc.encode import OutgoingMessage
    from caplet.testing.transport_ends import Transports

__all__ = ["check_cuts"]


async def check_cuts(kind: Transports) -> None:
    """Wherever calls are cut, both ends hear of it once, every caller is answered or told so, and nothing is left in any table."""
    if kind.relayed:
        await cut_everywhere(kind)
        return
    # Nothing gets between the two ends: they end it themselves.
    whole = await call_each_other(kind, None)
    for count in range(whole):
        for who in (0, 1):
            await call_each_other(kind, None, Ending(count, who))


async def cut_everywhere(kind: Transports) -> None:
    """Hold a conversation over and over, and cut it behind each of its bytes; what goes before it at some of them."""
    async with Relay() as whole:
        opening_bytes = await call_each_other(kind, whole)
    for cut in (*range(0, opening_bytes, kind.opening_step), *range(opening_bytes, whole.passed_bytes, kind.cut_step)):
        # Every other one is no orderly end, as of a host that forgot the connection.
        relay = Relay(resets=cut % 2 == 1)
        if cut < opening_bytes:
            relay.cut_after(cut)
        else:
            relay.cut_after_opening = cut - opening_bytes
        async with relay:
            try:
                await call_each_other(kind, relay)
            except OSError:
                assert cut < opening_bytes, "it was open, and then it was not"


class Ending:
    """An end that one of the two makes itself.

    Args:
        count: behind so many messages.
        who: which of the two, 0 or 1.
    """

    def __init__(self, count: int, who: int) -> None:
        self.count = count
        self.who = who


class Caller:
    """One end of a connection over which calls go both ways: the receiver of its transport."""

    def __init__(self) -> None:
        self.service = Service(handler=self._answer)
        self.calls: list[Answer] = []
        self.sent: list[list[bytes]] = []
        self.received: list[list[bytes]] = []
        self.ends = 0
        self.link: Link | None = None
        self.on_message: Callable[[], None] = lambda: None
        self._early: list[Callable[[Link], None]] = []

    def attach(self, transport: Transport) -> Link:
        """Take the transport of this end, and what it has told so far."""
        link = self.link = Link(running_vat(), transport, self.service.capability, Limits())
        link.connection.tracer = self._note
        early, self._early = self._early, []
        for told in early:
            told(link)
        return link

    def _note(self, direction: str, message: MessageReader | OutgoingMessage) -> None:
        """Note a message."""
        if isinstance(message, MessageReader):
            self.received.append([bytes(segment.view) for segment in message.segments])
        else:
            self.sent.append([bytes(segment) for segment in message.output()])

    def _answer(self, incoming: IncomingCall) -> None:
        """Answer at once, or, when there is somebody to call back, when that was done."""
        [other] = capabilities_of(incoming.params) or [None]
        number = number_of(incoming.params)
        if other is None:
            answer_call(incoming, number + 1)
            return
        back = call(other, number=number)
        self.calls.append(back)

        def on_back(_: object) -> None:
            if back.error is not None:
                incoming.fail(back.error)
            else:
                answer_call(incoming, number_of(back.result()) + 1)

        back.on_done(on_back)

    def _tell(self, told: Callable[[Link], None]) -> None:
        """Pass on to the link, when there is one."""
        if self.link is None:
            self._early.append(told)
        else:
            told(self.link)

    def receive_messages(self, messages: Sequence[MessageReader], fds: Mapping[int, list[int]] | None = None) -> None:
        """Pass messages on."""
        assert not self.ends, "a message came behind the end"
        self._tell(lambda link: link.receive_messages(messages, fds))
        self.on_message()

    def on_lost(self, error: BaseException | None) -> None:
        """Note the end, and pass it on."""
        self.ends += 1
        self._tell(lambda link: link.on_lost(error))

    def on_writable(self, writable: bool) -> None:
        """Pass it on."""
        self._tell(lambda link: link.on_writable(writable))


async def call_each_other(kind: Transports, relay: Relay | None, ending: Ending | None = None) -> int:
    """Call, be called back, and end; the connection may be cut at any moment.

    Args:
        kind: the kind of transport.
        relay: what cuts it; None when nothing gets between.
        ending: who ends it when; None for nobody.

    Returns:
        How many bytes had passed when the connection was open; without a relay, how many messages passed in all.
    """
    near, far = Caller(), Caller()
    transports = await kind.open_pair(near, far, Limits(), relay)
    opening_bytes = 0 if relay is None else relay.opened()

    def on_message() -> None:
        if ending is not None and len(near.received) + len(far.received) == ending.count:
            transports[ending.who].abort()

    near.on_message = far.on_message = on_message
    far_link, near_link = far.attach(transports[1]), near.attach(transports[0])
    on_message()
    done = asyncio.Event()
    answer = call(near_link.connection.bootstrap(), number=7, capabilities=[near.service.capability])
    near.calls.append(answer)
    answer.on_done(lambda _: done.set())
    near_link.owner.turn()
    await done.wait()
    if near_link.connection.closed is None:
        near_link.connection.disconnect(Disconnected("this end has what it wanted"))
        near_link.owner.turn()
        near_link.write()
    for link in (near_link, far_link):
        await link.lost
    check_what_is_left(near, far)
    return len(near.received) + len(far.received) if relay is None else opening_bytes


def check_what_is_left(near: Caller, far: Caller) -> None:
    """Every caller knows what became of its call, and nothing is left."""
    for end, other in ((near, far), (far, near)):
        assert end.ends == 1, "the end is told exactly once"
        assert end.received == other.sent[: len(end.received)], "what has arrived is no beginning of what was sent"
        for answer in end.calls:
            assert answer.done, "somebody waits for ever"
            error = answer.error
            assert error is None or isinstance(error, Disconnected), repr(error)
            assert error is not None or number_of(answer.result()) in (8, 9)
        assert end.link is not None
        connection = end.link.connection
        connection.check()
        assert connection.is_idle, connection.dump()
