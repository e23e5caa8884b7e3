"""Streaming calls of ours: order, windows, errors."""

from __future__ import annotations

from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected
from caplet.limits import Limits
from caplet.rpc.encode import call as make_call
from caplet.rpc.window import FixedWindow
from caplet.testing.objects import Service, answer_call, call, capabilities_of, fill
from caplet.testing.scripted import ScriptedPeer, export, mine, promise

# So much is written without waiting for the end of the turn.
EARLY_WORDS = 8 * 1024


def stream(target, number, words=0):
    request = target.new_request(1, 0)
    fill(request.params, number, [])
    if words:
        struct = request.params.init_struct(1, 1)
        struct.set_u64(0, number)
        struct.set_blob(0, bytes(words * 8))
    return request.send_streaming()


def test_streaming_calls_are_sent_at_once_and_only_the_sender_waits_row_99_row_100_T48(pair):
    target = pair.ready()
    sent = [stream(target, number, 4000) for number in range(6)]
    pair.run()
    assert pair.bob.numbers == list(range(6))
    assert [one.done for one in sent] == [True, True, True, False, False, False]
    for held in pair.bob.held:
        answer_call(held)
    pair.bob.held.clear()
    del held
    pair.run()
    assert all(one.done and one.error is None for one in sent)


def test_a_failed_streaming_call_fails_the_stream_row_101(pair):
    target = pair.ready()
    sent = [stream(target, number, 4000) for number in range(4)]
    pair.run()
    pair.bob.held[0].fail(ValueError("disk full"))
    pair.run()
    assert "disk full" in str(sent[3].error)
    late = stream(target, 9)
    assert "disk full" in str(late.error)
    for held in pair.bob.held[1:]:
        answer_call(held)
    pair.bob.held.clear()
    del held
    pair.run()
    assert 9 not in pair.bob.numbers
    del target, sent, late


def test_dropping_the_capability_does_not_cancel_streaming_calls_row_105_H21_T47(pair):
    target = pair.ready()
    sent = stream(target, 1)
    pair.run()
    del target, sent
    pair.run()
    assert pair.lines() == ["> call q2 of e1 method 0x1#0"]
    answer_call(pair.bob.held.pop())
    pair.run()
    assert pair.lines() == ["< return q2 results for good", "> release e1 x1"]


def test_a_streaming_call_on_a_promise_streams_when_it_resolves_H22(pair):
    promise = PromiseCapability(pair.network.vats["alice"].vat.turns)
    waiting = stream(promise, 1)
    assert not waiting.done
    promise.resolve(pair.ready())
    pair.run()
    assert waiting.done
    assert pair.bob.numbers == [1]
    answer_call(pair.bob.held.pop())
    pair.run()


def test_a_stream_breaks_with_the_connection_T47(pair):
    target = pair.ready()
    sent = [stream(target, number, 4000) for number in range(5)]
    pair.network.cut("alice", "bob")
    assert "cut" in str(sent[4].error)
    del target


def test_ordinary_calls_do_not_overtake_streaming_ones_T46(pair):
    target = pair.ready()
    sent = [stream(target, number) for number in range(3)]
    last = call(target, number=3)
    pair.run()
    assert pair.bob.numbers == [0, 1, 2, 3]
    for held in pair.bob.held:
        answer_call(held)
    pair.bob.held.clear()
    del held
    pair.run()
    assert last.done
    assert all(one.done for one in sent)


def test_a_fixed_window_lets_one_large_message_through_alone_row_100_row_103():
    window = FixedWindow(1000)
    assert window.has_room()
    window.sent(0.0, 5000)
    assert window.has_room()
    window.sent(0.0, 1000)
    assert not window.has_room()
    window.acked(1.0, 5000)
    assert window.has_room()


def test_a_stream_goes_on_when_its_promise_resolves_row_104(pair):
    """The window and the error of the promise's stream hold for what it became."""
    thing = Service()
    target = pair.ready()
    answer = call(target)
    promise = answer.pipeline((0,))
    sent = [stream(promise, number, 4000) for number in range(3)]
    pair.run()
    answer_call(pair.bob.held.pop(), 0, [thing.capability])
    pair.run()
    sent.append(stream(promise, 3, 4000))
    pair.run()
    assert thing.numbers == [0, 1, 2, 3]
    assert [one.done for one in sent] == [True, True, True, False]
    thing.held.pop(0).fail(ValueError("disk full"))
    pair.run()
    assert "disk full" in str(stream(promise, 4).error)
    for held in thing.held:
        answer_call(held)
    thing.held.clear()
    del held, promise, answer
    pair.run()


def test_a_streaming_call_that_is_too_large_fails_alone():
    peer = ScriptedPeer(limits=Limits(message_words=200))
    target = peer.connection.bootstrap()
    assert "the limit is 200" in str(stream(target, 1, 4000).error)
    fine = stream(target, 2)
    assert fine.error is None
    assert target.raw.stream.wait_all_acked().done is False
    del target, fine


def test_who_waits_for_all_answers_hears_of_an_error(pair):
    target = pair.ready()
    sent = [stream(target, number) for number in range(2)]
    waiting = target.stream.wait_all_acked()
    pair.run()
    pair.bob.held[0].fail(ValueError("disk full"))
    pair.run()
    assert not waiting.done
    assert "disk full" in str(target.stream.wait_all_acked().error)
    answer_call(pair.bob.held[1])
    pair.run()
    assert "disk full" in str(waiting.error)
    pair.bob.held.clear()
    assert sent[0].done
    del target


def test_a_stream_goes_on_in_the_promise_that_its_promise_became_and_not_at_another_peer():
    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(99)
    peer.call(1, export(0), promise(5), promise(6), promise(7))
    held = service.held.pop()
    first, second, third = capabilities_of(held.params)
    service.cancelled.clear()
    answer_call(held)
    sent = [stream(first, 1), stream(third, 1)]
    kept = first.raw.stream
    thing = Service()
    ours = call(second, capabilities=[thing.capability])
    peer.resolve(5, promise(6))
    assert second.raw.stream is kept
    # The object of our own has no stream; what waits for the embargo is not one either.
    peer.resolve(7, mine(1))
    assert not isinstance(third.current(), type(kept))
    assert stream(second, 2).error is None
    assert kept.in_flight == 2
    del first, second, third, held, sent, ours
    peer.connection.disconnect()


class Impatient:
    """Throws away what it is to write, and ends the connection the second time that much waits."""

    def __init__(self, connection):
        self.connection = connection
        self.asked = 0

    def window_bytes(self):
        return 1 << 30

    def send_output(self):
        self.asked += 1
        self.connection.take_output()
        if self.asked == 2:
            self.connection.disconnect(Disconnected("nobody reads"))


def test_who_writes_is_told_whenever_much_of_a_stream_waits_and_may_end_the_connection():
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    peer.connection.flow.driver = driver = Impatient(peer.connection)
    words = EARLY_WORDS // 2
    sent = [stream(target, number, words) for number in range(3)]
    assert driver.asked == 1
    assert [(one.done, one.error) for one in sent] == [(True, None)] * 3
    last = stream(target, 3, words)
    assert driver.asked == 2
    assert "nobody reads" in str(last.error)
    del target, sent, last


def test_a_program_makes_the_windows_of_its_streams_H19():
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    peer.connection.flow.make_window = lambda: FixedWindow(1)
    sent = [stream(target, number, 1) for number in range(2)]
    assert [one.done for one in sent] == [True, False]
    del target, sent
    peer.connection.disconnect()


def test_what_is_sent_of_a_message_is_a_copy_where_it_is_short():
    for words, kind in ((1, bytes), (10_000, memoryview)):
        message = make_call(words)
        message.content().set_blob(bytes(range(8)) * words)
        [piece] = message.pieces()
        assert isinstance(piece, kind)
        assert bytes(piece) == bytes(message.output()[0])
