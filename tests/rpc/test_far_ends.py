"""The end of a connection in the middle of something, limits, code of the program that fails."""

from __future__ import annotations

import pytest
from tests.rpc.scenes import end, given, started, three_in_a_row

from caplet.cap.capability import BrokenCapability
from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Failed
from caplet.limits import Limits
from caplet.rpc import decode, flow
from caplet.rpc.connection import Connection
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.rpc.window import FixedWindow
from caplet.testing.objects import Service, answer_call, call, new_call, number_of
from caplet.testing.scripted import ScriptedPeer, export, hosted


def test_an_object_may_close_the_connection_when_it_is_released():
    service = Service()
    peer = started(service)

    class Closing(Service):
        def released(self) -> None:
            peer.connection.disconnect(Failed("the last object went"))

    closing = Closing()
    reference = closing.capability
    reference.bind(peer.vat.turns)
    del reference
    peer.call(1, export(0))
    assert service.held == []
    assert "the last object went" in str(peer.connection.error)


class FailingWindow(FixedWindow):
    """Has no room for a second message, and does not know it twice."""

    asked = 0

    def has_room(self) -> bool:
        self.asked += 1
        if self.asked > 1:
            raise LookupError("no window today")
        return False


def test_an_error_in_code_of_the_program_ends_the_connection_as_internal(monkeypatch):
    """Here: the window of a stream, when the last of its calls is answered."""
    service = Service()
    peer = started(service)
    monkeypatch.setattr(flow, "FixedWindow", FailingWindow)
    target = given(peer, service, hosted(5))
    blocked = new_call(target).send_streaming()
    peer.run()
    assert not blocked.done
    peer.return_results(0)
    assert isinstance(blocked.error, Disconnected)
    assert peer.connection.error is not None
    assert peer.connection.error.fault == "internal"
    assert isinstance(peer.connection.error.__cause__, LookupError)
    assert not peer.connection.flow.streams
    assert isinstance(new_call(target).send_streaming().error, Disconnected)
    del target


def test_a_trace_encoder_that_fails_loses_its_trace_only():
    service = Service()
    peer = started(service)

    def broken(error):
        raise LookupError("no trace today")

    peer.connection.trace_encoder = broken
    peer.call(1, export(0))
    service.held.pop().fail(ValueError("no"))
    peer.run()
    _, body = decode.read_message(peer.messages[-1])
    assert decode.read_error(body.struct(0)).trace == (
        "no trace: the trace encoder failed with LookupError: no trace today"
    )
    assert peer.connection.error is None


def forwarding(service: Service, peer: ScriptedPeer, target) -> object:
    """Make call 1 of the script wait for a call of ours to the script; its end ends the call."""
    peer.call(1, export(0), number=1)
    held = service.held.pop()
    service.cancelled.clear()
    ours = call(target)
    ours.on_done(lambda state: held.fail(state.error))
    return ours


@pytest.mark.parametrize("finished", [False, True])
def test_a_call_that_ends_with_the_connection_says_nothing_H11(finished):
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = forwarding(service, peer, target)
    if finished:
        peer.finish(1)
    peer.lines()
    peer.connection.disconnect(Failed("over"))
    assert peer.lines() == ["abort 'over'"]
    assert isinstance(ours.error, Disconnected)
    assert peer.connection.is_idle
    del target, ours


def test_a_promise_that_breaks_with_the_connection_is_not_told_E45():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    exported = PromiseCapability(peer.vat.turns)
    ours = call(target, capabilities=[exported])
    ours.on_done(lambda state: exported.reject(state.error))
    peer.lines()
    peer.connection.disconnect(Failed("over"))
    assert peer.lines() == ["abort 'over'"]
    assert exported.error is not None
    del target, ours


def test_a_program_may_close_the_connection_while_a_promise_resolves():
    service = Service()
    peer = started(service)
    exported = PromiseCapability(peer.vat.turns)
    exported.when_resolved(lambda capability: peer.connection.disconnect(Failed("over")))
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [exported])
    peer.lines()
    exported.resolve(Service().capability)
    assert peer.lines() == ["abort 'over'"]


def test_a_program_may_close_a_connection_while_a_promise_of_another_resolves():
    carol, bob = Service(), Service()
    network = three_in_a_row(bob, carol)
    target = network.vats["bob"].bootstrap("carol")
    network.run()
    opened = call(target).pipeline((0,))
    opened.when_resolved(lambda capability: network.vats["bob"].connection("alice").disconnect(Failed("over")))
    ours = call(network.vats["alice"].bootstrap("bob"))
    network.run()
    answer_call(bob.held.pop(), 0, [opened])
    network.run()
    assert number_of(ours.result()) == 0
    answer_call(carol.held.pop(), 0, [Service().capability])
    network.run()
    assert not opened.is_promise
    assert network.vats["bob"].connection("alice").is_idle
    network.close()
    carol.cancelled.clear()
    bob.cancelled.clear()


def test_a_connection_needs_no_vat():
    connection = Connection(ScriptedPeer().vat.turns)
    connection.bootstrap()
    assert len(connection.take_output()) == 1
    connection.disconnect()


def test_a_broken_capability_in_a_call_that_was_not_sent_is_not_resolved_later():
    service = Service()
    peer = started(service, limits=Limits(message_words=100))
    target = given(peer, service, hosted(5))
    broken = BrokenCapability(Failed("broken"))
    request = new_call(target, capabilities=[broken])
    request.params.struct(1, 1).pointer(0)
    large = target.new_request(1, 0)
    struct = large.params.init_struct(0, 2)
    struct.pointer(0).set_capability(broken)
    struct.pointer(1).set_blob(bytes(8000))
    assert "the limit is 100" in str(large.send().error)
    ours = request.send()
    assert peer.lines() == [
        "call q1 of e1 method 0x1#0 (promise e2)",
        "resolve e2 exception 'broken'",
    ]
    ours.cancel()
    del target
    end(peer, service)


def test_ids_of_calls_without_a_return_go_round():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.connection.next_silent = 0xFFFFFFFF
    answers = [new_call(target).send_pipeline_only() for _ in range(2)]
    peer.connection.next_silent = 0xFFFFFFFF
    answers.append(new_call(target).send_pipeline_only())
    assert sorted(peer.connection.silent) == [FIRST_SILENT_ID, FIRST_SILENT_ID + 1, 0xFFFFFFFF]
    del answers, target
    end(peer, service)


def test_watches_that_were_cancelled_do_not_pile_up():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    for _ in range(1000):
        target.when_broken(lambda error: None).cancel()
    assert peer.connection.break_watches is not None
    assert len(peer.connection.break_watches) <= 32
    del target
    end(peer, service)


def test_reading_goes_on_also_when_nobody_listens_for_that():
    service = Service()
    peer = started(service, limits=Limits(call_words=8))
    peer.call(1, export(0))
    assert peer.connection.reading_paused
    answer_call(service.held.pop())
    assert not peer.connection.reading_paused
