"""How many calls may be under way at once with the default limits: 100,000 small ones, on both sides of a connection."""

from __future__ import annotations

from caplet.cap.call import IncomingCall
from caplet.cap.local import LocalCapability
from caplet.errors import Disconnected
from caplet.limits import DEFAULT_LIMITS
from caplet.rpc.connection import Connection
from caplet.testing.host import SimulatedHost
from caplet.vat import Vat
from caplet.wire.message import MessageReader

COUNT = 100_000


class Holder:
    """Keeps every call."""

    def __init__(self) -> None:
        self.held: list[IncomingCall] = []

    def method_flags(self, interface_id: int, method_id: int) -> int:
        return 0

    def dispatch(self, call: IncomingCall) -> None:
        self.held.append(call)

    def released(self) -> None:
        pass


class Pair:
    """A caller, and a callee who answers nothing."""

    def __init__(self) -> None:
        host = SimulatedHost()
        self.holder = Holder()
        self.there = Vat(host).add_connection()
        self.back = Vat(host, LocalCapability(self.holder)).add_connection()
        promise = self.there.bootstrap()
        carry(self.there, self.back)
        carry(self.back, self.there)
        self.target = promise.current()
        del promise
        self.there.turns.run()
        carry(self.there, self.back)


def carry(source: Connection, target: Connection) -> None:
    """Let everything that waits in `source` arrive, with the turns that follow."""
    for message in source.take_output():
        target.receive(MessageReader(message.output()))
    target.turns.run()


def test_the_default_limits_let_100000_small_calls_be_made() -> None:
    pair = Pair()
    answers = []
    for number in range(COUNT):
        request = pair.target.new_request(1, 0)
        request.params.init_struct(1, 0).set_u64(0, number)
        answers.append(request.send())
    assert all(answer.error is None for answer in answers)
    assert pair.there.stats()["questions"] == COUNT
    assert pair.there.sent_words < DEFAULT_LIMITS.unsent_words
    pair.there.check()
    pair.there.disconnect(Disconnected("the end"))
    assert all(isinstance(answer.error, Disconnected) for answer in answers)
    assert pair.there.is_idle


def test_the_default_limits_let_100000_small_calls_come_in_and_wait_for_their_answers() -> None:
    pair = Pair()
    request = pair.target.new_request(1, 0)
    request.params.init_struct(1, 0).set_u64(0, 7)
    answer = request.send()
    [message] = pair.there.take_output()
    [segment] = message.output()
    call = bytes(segment)
    for number in range(COUNT):
        # The question's id is the first number of the body, which lies behind the root pointer and the three words of Message.
        pair.back.receive(MessageReader([call[:24] + number.to_bytes(4, "little") + call[28:]]))
    pair.back.turns.run()
    assert len(pair.holder.held) == COUNT
    assert pair.back.stats()["answers"] == COUNT
    assert not pair.back.reading_paused
    assert pair.back.take_output() == []
    pair.back.check()
    pair.back.disconnect(Disconnected("the end"))
    assert pair.back.is_idle
    assert answer.error is None
    pair.there.disconnect(Disconnected("the end"))
