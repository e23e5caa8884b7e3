"""Corners of the rules about answers and tail calls: each test fails when one line of the core is wrong."""

from __future__ import annotations

import pytest
from tests.rpc.scenes import end, given, started

from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed, Overloaded
from caplet.limits import Limits
from caplet.rpc import decode
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.testing.objects import Service, answer_call, call, capabilities_of, fill, new_call
from caplet.testing.scripted import answer, answer_descriptor, described, export, hosted, promise

CANCELLABLE = 1


# --- returns -------------------------------------------------------------------------------------------------------------------------


def test_the_capabilities_of_a_result_that_is_too_large_are_not_exported_row_64():
    service, thing = Service(), Service()
    peer = started(service, limits=Limits(message_words=100))
    peer.call(1, export(0))
    struct = (held := service.held.pop()).results().init_struct(1, 2)
    struct.pointer(0).set_capability(thing.capability)
    struct.set_blob(1, bytes(4000))
    held.finish()
    [line] = peer.lines()
    assert "the limit is 100" in line
    assert peer.connection.stats()["exports"] == 1
    del held, struct
    end(peer, service, thing)


def test_a_call_whose_results_stay_here_and_that_fails_is_returned_when_they_are_taken_row_62():
    service = Service()
    peer = started(service)
    ours = call(given(peer, service, hosted(5)))
    peer.lines()
    peer.call(7, export(0), results_to=decode.TO_YOURSELF)
    service.held.pop().fail(Failed("no luck"))
    assert peer.lines() == []
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 7)
    assert str(ours.error) == "no luck"
    assert [line for line in peer.lines() if line.startswith("return")] == ["return q3 sent elsewhere"]
    end(peer, service)


@pytest.mark.parametrize("started_already", [True, False])
def test_a_call_whose_results_stay_here_says_so_also_when_it_is_cancelled_row_62(started_already):
    service = Service(CANCELLABLE)
    peer = started(service)
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    peer.lines()
    peer.call(7, export(0) if started_already else export(1), results_to=decode.TO_YOURSELF)
    peer.finish(7)
    for cancelled in service.cancelled:
        cancelled.cancelled()
    assert [line for line in peer.lines() if line.startswith("return")] == ["return q3 sent elsewhere"]
    end(peer, service)


@pytest.mark.parametrize("how", ["finish", "finish and release", "disconnect"])
def test_a_call_whose_results_were_taken_is_cancelled_when_nobody_wants_them_row_78_row_85(how):
    service = Service(CANCELLABLE)
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.call(7, export(0), results_to=decode.TO_YOURSELF)
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 7)
    assert service.cancelled == []
    if how == "disconnect":
        peer.connection.disconnect()
    else:
        peer.finish(7, release_results=how == "finish and release")
    assert len(service.cancelled) == 1
    service.cancelled[0].cancelled()
    peer.run()
    assert ours.error is not None
    del target
    end(peer, service)


def test_a_call_whose_results_stay_here_may_have_none_row_77():
    service = Service()
    peer = started(service)
    ours = call(given(peer, service, hosted(5)))
    peer.call(7, export(0), results_to=decode.TO_YOURSELF)
    service.held.pop().finish()
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 7)
    assert ours.result().is_null
    end(peer, service)


def test_a_finish_lets_the_call_go_that_was_handed_on_also_when_the_method_keeps_its_own_row_75():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(7, export(0))
    held = service.held.pop()
    held.tail_call(new_call(target))
    peer.return_kind(0, decode.RESULTS_SENT_ELSEWHERE)
    peer.lines()
    peer.finish(7)
    assert [line.split()[0] for line in peer.lines()] == ["finish"]
    assert held.id == 7
    del target, held
    end(peer, service)


# --- tail calls ----------------------------------------------------------------------------------------------------------------------


def test_a_call_that_was_cancelled_is_not_handed_to_its_caller_row_63():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(7, export(0))
    held = service.held.pop()
    peer.finish(7)
    peer.lines()
    held.tail_call(new_call(target))
    lines = peer.lines()
    assert not any("yourself" in line or "taken" in line for line in lines), lines
    for question in peer.connection.questions.entries():
        peer.return_results(question.id)
    assert 7 not in peer.connection.answers
    del target, held
    end(peer, service)


def test_a_call_without_a_return_is_not_handed_to_its_caller_H2():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(FIRST_SILENT_ID, export(0), hints=2)
    held = service.held.pop()
    peer.lines()
    held.tail_call(new_call(target))
    assert not any(line.startswith("return") for line in peer.lines())
    peer.finish(FIRST_SILENT_ID)
    del target, held
    end(peer, service)


def test_a_call_with_results_and_a_request_that_was_sent_are_not_handed_to_the_caller_row_81_E38():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(7, export(0))
    held = service.held.pop()
    fill(held.results(), 1, [])
    with pytest.raises(Failed, match="after its results were begun"):
        held.tail_call(new_call(target))
    peer.call(8, export(0))
    other = service.held.pop()
    request = new_call(target)
    request.send().cancel()
    with pytest.raises(Failed, match="used once"):
        other.tail_call(request)
    held.finish()
    other.fail(Failed("no"))
    del target, held, other, request
    end(peer, service)


def test_a_call_is_handed_to_its_caller_with_its_hints_and_is_over_for_its_method_row_75():
    """Also through a promise of the caller's, and what was in its params is let go of at once."""
    service = Service()
    peer = started(service)
    target = given(peer, service, promise(5))
    peer.call(7, export(0), hosted(6), hints=1)
    held = service.held.pop()
    request = new_call(target)
    peer.lines()
    held.tail_call(request)
    assert peer.lines() == [
        "call q1 of e1 method 0x1#0 to yourself no pipelining",
        "return q3 take from q1",
        "release e2 x1",
    ]
    held.finish()
    held.fail(Failed("too late"))
    with pytest.raises(Failed, match="used once"):
        request.send()
    peer.return_kind(0, decode.RESULTS_SENT_ELSEWHERE)
    peer.finish(7)
    assert [line.split()[0] for line in peer.lines()] == ["finish"]
    del target, held, request
    end(peer, service)


def test_what_is_pipelined_on_a_call_whose_results_were_taken_goes_where_they_are_row_78():
    """Also what is asked for behind the Return that took them, and through an embargo where one is needed."""
    service, thing = Service(), Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    early = ours.pipeline((0,))
    call(early, number=1).keep()
    peer.call(7, export(0), results_to=decode.TO_YOURSELF)
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 7)
    lines = peer.lines()
    assert any(line.startswith("disembargo") for line in lines)
    call(ours.pipeline((0,)), number=2).keep()
    call(ours.pipeline((1,)), number=3).keep()
    # Neither goes to the peer any more.
    assert peer.lines() == []
    answer_call(service.held.pop(), 0, [thing.capability, service.capability])
    peer.run()
    assert service.numbers[-1] == 3
    assert thing.numbers == []
    peer.disembargo(export(0), decode.RECEIVER_LOOPBACK, 0)
    assert thing.numbers == [2]
    for held in thing.held + service.held:
        answer_call(held)
    del target, early, ours, held
    end(peer, service, thing)


@pytest.mark.parametrize("named_first", [True, False])
def test_a_place_in_results_that_stay_at_the_peer_is_no_promise_for_ever_row_75(named_first):
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(7, export(0))
    held = service.held.pop()
    if named_first:
        peer.call(8, export(0), answer_descriptor(7, 0))
    held.tail_call(new_call(target))
    if not named_first:
        peer.call(8, export(0), answer_descriptor(7, 0))
    naming = service.held.pop()
    [place] = capabilities_of(naming.params)
    peer.return_kind(0, decode.RESULTS_SENT_ELSEWHERE)
    known = []
    place.when_resolved(known.append)
    assert len(known) == 1
    assert not place.is_promise
    peer.lines()
    call(place, number=1).keep()
    [line] = peer.lines()
    assert line.startswith("call ")
    assert "[0] method" in line
    answer_call(naming)
    del target, held, naming, place
    known.clear()
    end(peer, service)


def test_an_overloaded_vat_says_so_also_to_what_waits_for_its_answer():
    service = Service()
    peer = started(service, limits=Limits(answers=2))
    peer.call(1, export(0))
    peer.call(2, answer(1, 0))
    [line] = peer.lines()
    assert "2 calls are open" in line
    assert isinstance(peer.connection.overloaded("x"), Overloaded)
    peer.call(3, export(0), answer_descriptor(2, 0), described(decode.CAP_NONE, 0))
    answer_call(service.held.pop())
    end(peer, service)
