"""Calls of ours, and the places in answers that they are made on."""

from __future__ import annotations

import pytest
from tests.rpc.scenes import end, given, given_as, started, three_in_a_row

from caplet.cap.capability import NULL
from caplet.cap.hints import NO_PROMISE_PIPELINING
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed
from caplet.limits import Limits
from caplet.rpc import decode, encode
from caplet.rpc.remote import RemoteCapability
from caplet.testing.objects import Service, answer_call, call, capabilities_of, new_call, number_of
from caplet.testing.scripted import answer, answer_descriptor, export, hosted, mine, promise


def test_a_kind_of_remote_capability_that_does_not_say_how_it_is_addressed_is_an_error():
    peer = started(Service())
    nameless = RemoteCapability(peer.connection)
    message = encode.call(16)
    for write in (nameless.write_target, nameless.write_descriptor):
        with pytest.raises(NotImplementedError):
            write(message.body)
    with pytest.raises(NotImplementedError):
        nameless.mark_called()


def test_a_request_made_on_a_promise_of_ours_moves_into_a_message_when_that_is_remote():
    service, thing = Service(), Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    waiting = PromiseCapability(peer.vat.turns)
    request = new_call(waiting, number=6, capabilities=[thing.capability])
    waiting.resolve(target)
    ours = request.send()
    assert peer.lines() == ["call q1 of e1 method 0x1#0 (mine e2)"]
    _, body = decode.read_message(peer.messages[-1])
    assert body.struct(1).struct(0).u64(0) == 6
    ours.cancel()
    del target, waiting
    end(peer, service)


def test_params_that_cannot_be_copied_fail_the_call_that_is_passed_on():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(3, export(0))
    answer_call(service.held.pop(), 0, [target])
    peer.lines()
    message = encode.call(16)
    message.payload.pointer(0).init_struct(1, 1)
    answer(3, 0)(message.body.init_struct(0, 1, 1))
    message.write_call(4, 1, 0, False, 0)
    position = message.payload._pointers
    message.segments[0].view[position << 3 : (position + 1) << 3] = (0x00000001_0000FFFC).to_bytes(8, "little")
    peer.send(message)
    [line] = peer.lines()
    assert line.startswith("return q4 exception")
    assert not peer.connection.questions
    del target
    end(peer, service)


def test_a_tail_call_that_cannot_be_sent_fails_the_call():
    service = Service()
    peer = started(service, limits=Limits(message_words=60))
    peer.call(1, export(0), hosted(5))
    held = service.held.pop()
    service.cancelled.clear()
    request = capabilities_of(held.params)[0].new_request(1, 0)
    request.params.init_struct(0, 1).pointer(0).set_blob(bytes(4000))
    held.tail_call(request)
    assert "the limit is 60" in peer.lines()[0]
    del request, held
    end(peer, service)


def test_a_place_that_was_asked_for_and_let_go_of_needs_nothing_when_other_results_are_taken():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    ours.pipeline((0,))
    kept = ours.pipeline((1,))
    peer.call(2, export(0), results_to=decode.TO_YOURSELF)
    peer.lines()
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 2)
    assert peer.lines()[0] == "return q3 sent elsewhere"
    answer_call(service.held.pop(), 8, [NULL, NULL])
    assert number_of(ours.result()) == 8
    assert kept.is_null
    del target, kept
    end(peer, service)


def test_references_say_what_they_are_H26():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    waiting = given_as(peer, service, 2, promise(6))
    assert target.describe() == "import 5 of peer"
    assert target.turns is waiting.turns is peer.vat.turns
    assert waiting.describe() == "promise, import 6 of peer"
    assert waiting.connection is peer.connection
    place = call(target).pipeline((3,))
    assert place.describe() == "promise, answer 0[3] of peer"
    peer.resolve(6, hosted(5))
    assert waiting.describe() == "import 5 of peer"
    assert waiting.connection is peer.connection
    reflected = given_as(peer, service, 3, answer_descriptor(99))
    assert reflected.describe() == "named back by the peer, local Service"
    del target, waiting, place, reflected
    end(peer, service)


def test_an_answer_says_at_once_what_is_known_of_a_place():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    plain, failed, taken = call(target), call(target), call(target)
    request = new_call(target)
    request.hints |= NO_PROMISE_PIPELINING
    unpiped = request.send()
    assert "promise not to pipeline" in str(unpiped.pipeline((0,)).error)
    peer.call(2, export(0), results_to=decode.TO_YOURSELF)
    peer.return_results(0, hosted(7))
    peer.return_error(1, "no")
    early = taken.pipeline((0,))
    peer.return_kind(2, decode.TAKE_FROM_OTHER_QUESTION, 2)
    assert plain.pipeline((0,)).describe() == "import 7 of peer"
    assert "no" in str(failed.pipeline((0,)).error)
    assert taken.pipeline((0,)).current() is early.current()
    assert taken.pipeline((1,)).is_promise
    answer_call(service.held.pop(), 0, [service.capability, service.capability])
    peer.return_results(3)
    assert early.current() is service.capability
    del plain, failed, taken, unpiped, early, target
    end(peer, service)


def test_places_that_were_called_are_followed_when_other_results_are_taken():
    """Also those whose promise nobody holds any more, and several of them."""
    service, thing = Service(), Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    first = call(ours.pipeline((0,)), number=1)
    second = call(ours.pipeline((1,)), number=2)
    # What these calls keep until they are answered is let go of as when they had been.
    first.state.target = second.state.target = None
    held = ours.pipeline((2,))
    peer.call(2, export(0), results_to=decode.TO_YOURSELF)
    peer.lines()
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 2)
    assert [line.split()[0] for line in peer.lines()] == ["return", "disembargo", "disembargo"]
    answer_call(service.held.pop(), 8, [thing.capability] * 3)
    peer.disembargo(answer(2, 0), decode.RECEIVER_LOOPBACK, 0)
    peer.disembargo(answer(2, 1), decode.RECEIVER_LOOPBACK, 1)
    result = ours.result()
    assert [one.current() for one in capabilities_of(result)] == [thing.capability] * 3
    assert held.current() is thing.capability
    del first, second, held, result, ours, target
    end(peer, service, thing)


def test_a_promise_that_resolves_after_programs_let_go_of_it_is_followed_by_nobody():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    peer.call(1, export(0))
    # The answer keeps what the promise is addressed by.
    answer_call(service.held.pop(), 0, [found])
    del found
    peer.lines()
    peer.resolve(5, hosted(6))
    assert peer.connection.imports[5].resolution is not None
    again = given_as(peer, service, 3, answer_descriptor(1, 0))
    assert again.current().describe() == "import 6 of peer"
    del again
    end(peer, service)


def test_a_promise_that_only_a_stream_keeps_is_resolved_for_nobody():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    new_call(found).send_streaming()
    del found
    peer.lines()
    peer.resolve(5, hosted(6))
    peer.return_results(0)
    assert peer.lines() == ["finish q1", "release e1 x1", "release e2 x1"]


def test_a_disembargo_follows_what_became_of_a_promise_in_results_that_were_taken():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    found = given_as(peer, service, 3, promise(6))
    ours = call(target)
    peer.call(2, export(0), results_to=decode.TO_YOURSELF)
    answer_call(service.held.pop(), 0, [found])
    peer.return_kind(0, decode.TAKE_FROM_OTHER_QUESTION, 2)
    peer.lines()
    peer.disembargo(answer(2, 0), decode.SENDER_LOOPBACK, 3)
    assert peer.lines() == ["disembargo e2 d1 back"]
    peer.resolve(6, hosted(5))
    peer.lines()
    peer.disembargo(answer(2, 0), decode.SENDER_LOOPBACK, 4)
    assert peer.lines() == ["disembargo e1 d2 back"]
    assert ours.done
    del target, found, ours
    end(peer, service)


def test_a_method_may_end_well_when_the_connection_is_gone():
    service, thing = Service(), Service()
    peer = started(service)
    peer.call(1, export(0))
    peer.call(2, answer(1, 0))
    held = service.held.pop()
    peer.lines()
    peer.connection.disconnect(Failed("over"))
    answer_call(held, 0, [thing.capability])
    assert peer.lines() == ["abort 'over'"]
    assert thing.numbers == []


def test_a_call_that_ends_well_after_its_finish_cancels_what_was_pipelined_on_it():
    service = Service()
    peer = started(service)
    peer.call(1, export(0))
    peer.call(2, answer(1, 0))
    peer.finish(1)
    answer_call(service.held.pop(), 0, [service.capability])
    lines = peer.lines()
    assert lines[0] == "return q2 canceled"
    assert "the call was cancelled" in lines[1]


def test_an_answer_that_failed_has_only_broken_places():
    service = Service()
    peer = started(service)
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    peer.call(2, answer(1, 0))
    waiting.reject(Failed("broken"))
    peer.lines()
    found = given_as(peer, service, 4, answer_descriptor(2, 0))
    assert "broken" in str(found.error)
    end(peer, service)


def test_references_to_answers_that_were_handed_on_lead_to_the_new_answer():
    """The peer names a place in an answer of ours that is a call of its own: what it gets is that place, of which we never hear more."""
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    peer.call(2, export(0))
    service.held.pop().tail_call(target.new_request(1, 0))
    service.cancelled.clear()
    found = given_as(peer, service, 3, answer_descriptor(2, 0))
    assert found.current().describe() == "answer 0[0] of peer"
    peer.return_kind(0, decode.RESULTS_SENT_ELSEWHERE)
    again = given_as(peer, service, 4, answer_descriptor(2, 0))
    assert again.current() is found.current()
    assert not again.is_promise
    del found, again, target
    end(peer, service)


def test_a_place_in_an_answer_of_ours_that_is_known_meanwhile_is_what_it_became():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.call(2, export(0))
    answer_call(service.held.pop(), 0, [ours.pipeline((0,))])
    peer.return_results(0, hosted(7))
    found = given_as(peer, service, 3, answer_descriptor(2, 0))
    assert found.current().describe() == "import 7 of peer"
    del found, ours, target
    end(peer, service)


def test_a_place_in_an_answer_of_ours_that_is_not_known_yet_is_the_promise_for_it():
    service = Service()
    peer = started(service)
    ours = call(given(peer, service, hosted(5)))
    peer.call(2, export(0))
    answer_call(service.held.pop(), 0, [ours.pipeline((0,))])
    found = given_as(peer, service, 3, answer_descriptor(2, 0))
    assert found.current().describe() == "promise, answer 0[0] of peer"
    peer.return_results(0, hosted(7))
    assert found.current().describe() == "import 7 of peer"
    del found, ours
    end(peer, service)


def test_a_promise_of_a_third_vat_that_is_released_is_watched_no_longer():
    carol, bob = Service(), Service()
    network = three_in_a_row(bob, carol)
    opened = call(network.vats["bob"].bootstrap("carol")).pipeline((0,))
    ours = call(network.vats["alice"].bootstrap("bob"))
    network.run()
    answer_call(bob.held.pop(), 0, [opened])
    bob.cancelled.clear()
    network.run()
    assert len(opened.watches) == 1
    del ours
    network.run()
    assert opened.watches == []
    answer_call(carol.held.pop(), 0, [])
    carol.cancelled.clear()
    del opened
    network.assert_idle()


def test_the_tables_can_be_looked_at():
    service, thing = Service(), Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    ours = call(found, capabilities=[thing.capability])
    place = call(ours.pipeline((0,)))
    peer.call(2, export(0))
    peer.resolve(5, mine(1))
    text = peer.connection.dump()
    assert text.splitlines()[0] == "connection peer: open"
    for part in (
        "question 0: WAITING",
        "paths [(0,)]",
        "answer 2: RUNNING",
        "export 0: HOSTED, count 1, local Service",
    ):
        assert part in text
    assert "import 5: " not in text
    assert "embargo 0: WAITING, promise" in text
    del found, ours, place
    end(peer, service, thing)
    assert "connection was closed" in peer.connection.dump()
