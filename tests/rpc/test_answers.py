"""Answers of ours at the far ends: results that cannot be sent, pipelines that were set, calls without a Return."""

from __future__ import annotations

import pytest
from tests.rpc.scenes import end, given, started

from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed, ProtocolError
from caplet.limits import Limits
from caplet.rpc import answer_states, decode
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.testing.objects import Service, answer_call, call, fill
from caplet.testing.scripted import ScriptedPeer, answer, export, hosted
from caplet.wire.message import MessageBuilder


def test_a_method_sees_who_called_and_has_one_place_for_results():
    service = Service()
    peer = started(service)
    peer.call(1, export(0))
    held = service.held.pop()
    assert held.peer == "script"
    held.results().init_struct(1, 0)
    held.results().struct(1, 0).set_u64(0, 6)
    held.finish()
    assert peer.lines() == ["return q2 results for good"]


def test_results_that_would_export_too_much_become_an_error():
    service = Service()
    peer = started(service, limits=Limits(exports=2))
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [Service().capability, Service().capability])
    [line] = peer.lines()
    assert "2 objects are exported" in line
    assert peer.connection.stats()["exports"] == 1


def test_capabilities_that_were_taken_out_of_results_again_are_described_as_none():
    service = Service()
    peer = started(service)
    peer.call(1, export(0))
    held = service.held.pop()
    struct = held.results().init_struct(1, 2)
    struct.pointer(0).set_capability(Service().capability)
    struct.pointer(0).clear()
    held.finish()
    peer.call(2, export(0))
    held = service.held.pop()
    struct = held.results().init_struct(1, 2)
    struct.pointer(0).set_capability(Service().capability)
    struct.pointer(0).clear()
    struct.pointer(1).set_capability(service.capability)
    held.finish()
    assert peer.lines() == ["return q2 results for good", "return q3 results (none, mine e1)"]


def test_a_redirected_call_that_fails_after_its_finish_says_that_nothing_will_come():
    service = Service()
    peer = started(service)
    peer.call(1, export(0), results_to=decode.TO_YOURSELF)
    peer.finish(1)
    service.held.pop().fail(ValueError("no"))
    assert peer.lines() == ["return q2 sent elsewhere"]
    assert peer.connection.answers.keys() == {99}


def test_a_redirected_call_that_fails_keeps_its_error_for_the_question_that_takes_it():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.run()
    peer.call(2, export(0), results_to=decode.TO_YOURSELF)
    service.held.pop().fail(ValueError("kept"))
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 2)
    assert "kept" in str(ours.error)
    del target


def silent_call(peer: ScriptedPeer, number: int) -> None:
    """Send a call that no Return is wanted for."""
    peer.call(FIRST_SILENT_ID + number, export(0), hints=2)


def test_a_call_without_a_return_may_fail_or_be_cancelled_in_silence():
    service = Service()
    peer = started(service)
    silent_call(peer, 1)
    service.held.pop().fail(ValueError("no"))
    peer.call(2, answer(FIRST_SILENT_ID + 1, 0))
    silent_call(peer, 3)
    peer.finish(FIRST_SILENT_ID + 1, workaround=False)
    peer.finish(FIRST_SILENT_ID + 3, workaround=False)
    service.held.pop().fail(ValueError("no"))
    lines = peer.lines()
    assert [line.split()[0] for line in lines] == ["return"]
    assert "exception" in lines[0]
    assert peer.connection.flow.words == 0


def test_a_call_without_a_return_that_never_started_is_withdrawn_in_silence():
    service = Service()
    peer = started(service)
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    peer.lines()
    peer.call(FIRST_SILENT_ID + 1, answer(1, 0), hints=2)
    peer.finish(FIRST_SILENT_ID + 1, workaround=False)
    assert peer.lines() == []
    assert waiting.waiting == 0
    waiting.reject(Failed("over"))


def test_a_peer_that_said_not_to_pipeline_and_does_is_told_off():
    service = Service()
    peer = started(service)
    peer.call(1, export(0), hints=1)
    peer.call(2, answer(1, 0))
    [line] = peer.lines()
    assert "promise not to pipeline" in line
    answer_call(service.held.pop())


def test_a_row_that_returned_cannot_return_again():
    service = Service()
    peer = started(service)
    peer.call(1, export(0))
    row = peer.connection.answers[1]
    answer_call(service.held.pop(), 0, [service.capability])
    with pytest.raises(ProtocolError, match="a second Return"):
        row.advance(answer_states.Event.RETURNED)


def test_results_nobody_will_take_leave_nothing_to_pipeline_on():
    """The peer's tail call belongs to a question that was cancelled here; its results are thrown away."""
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.run()
    ours.cancel()
    peer.run()
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(3, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    peer.call(2, answer(3, 0), results_to=decode.TO_YOURSELF)
    peer.lines()
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 2)
    assert peer.lines() == ["return q4 sent elsewhere"]
    peer.call(4, answer(2, 0))
    [line] = peer.lines()
    assert "hold no capabilities" in line
    # The same, with a call that was pipelined on them before.
    ours = call(target)
    ours.cancel()
    peer.call(5, answer(3, 0), results_to=decode.TO_YOURSELF)
    peer.call(6, answer(5, 0))
    peer.lines()
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 5)
    lines = peer.lines()
    assert lines[0].endswith("sent elsewhere")
    assert "the call was cancelled" in lines[1]
    waiting.reject(Failed("over"))
    del target


def test_a_cancelled_question_may_be_answered_with_results_that_are_not_there():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.run()
    ours.cancel()
    peer.run()
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 77)
    assert peer.connection.error is None
    assert not peer.connection.questions
    del target


def pipeline_of(*capabilities):
    """Return content for set_pipeline."""
    message = MessageBuilder()
    fill(message.root, 0, capabilities)
    return message.root.as_reader()


def gated(peer: ScriptedPeer, service: Service):
    """Answer call 1 with a promise after its pipeline was set to another promise; return both."""
    ahead = PromiseCapability(peer.vat.turns)
    returned = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    held = service.held.pop()
    held.set_pipeline(pipeline_of(ahead))
    peer.call(2, answer(1, 0), number=2)
    answer_call(held, 0, [returned])
    peer.call(3, answer(1, 0), number=3)
    peer.call(4, answer(1, 0), number=4)
    peer.lines()
    return ahead, returned


def test_calls_wait_until_the_pipeline_and_the_results_are_the_same_object():
    service, thing = Service(), Service()
    peer = started(service)
    ahead, returned = gated(peer, service)
    returned.resolve(thing.capability)
    peer.run()
    assert thing.numbers == []
    ahead.resolve(thing.capability)
    peer.run()
    assert thing.numbers == [2, 3, 4]
    end(peer, service, thing)


def test_calls_fail_when_the_pipeline_turns_out_to_be_another_object():
    service, thing, other = Service(), Service(), Service()
    peer = started(service)
    ahead, returned = gated(peer, service)
    returned.resolve(thing.capability)
    ahead.resolve(other.capability)
    lines = peer.lines()
    assert other.numbers == [2]
    assert thing.numbers == []
    assert sum("another object" in line for line in lines) == 2
    end(peer, service, other)


def test_nothing_in_the_results_is_null_whatever_the_pipeline_said():
    service, thing = Service(), Service()
    peer = started(service)
    peer.call(1, export(0))
    held = service.held.pop()
    held.set_pipeline(pipeline_of(thing.capability))
    struct = held.results().init_struct(1, 2)
    struct.pointer(0).set_capability(thing.capability)
    struct.pointer(1).set_capability(thing.capability)
    number = len(held.message.capabilities) - 1
    held.message.capabilities[number] = None
    held.finish()
    peer.lines()
    peer.call(2, answer(1, 1))
    [line] = peer.lines()
    assert "null capability" in line
    end(peer, service)
