"""What peers may send that is odd, and not always wrong."""

from __future__ import annotations

import pytest
from tests.rpc.scenes import end, given, given_as, started

from caplet.cap.capability import BrokenCapability
from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected, Failed, Overloaded, ProtocolError, Unimplemented
from caplet.limits import Limits
from caplet.rpc import decode, encode, question
from caplet.rpc.encode import OutgoingMessage
from caplet.testing.objects import Service, answer_call, call, new_call
from caplet.testing.scripted import ScriptedPeer, answer, export, hosted, mine, promise
from caplet.wire.message import MessageReader


def test_operations_that_do_nothing_are_skipped_in_a_path():
    service = Service()
    peer = started(service)

    def target(struct):
        struct.set_u16(4, decode.TARGET_PROMISED_ANSWER)
        promised = struct.init_struct(0, 1, 1)
        promised.set_u32(0, 99)
        promised.init_struct_list(0, 2, 1, 0)

    peer.call(1, target)
    assert len(service.held) == 1
    answer_call(service.held.pop())


def test_the_old_id_of_a_resolved_promise_leads_on_when_it_comes_as_settled():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    peer.call(1, export(0))
    # An answer names the promise, so its id is kept.
    answer_call(service.held.pop(), 0, [found])
    peer.resolve(5, hosted(6))
    again = given_as(peer, service, 3, hosted(5))
    assert again is found.current()
    del found, again
    end(peer, service)


def test_a_resolve_that_is_said_twice_counts_once():
    service = Service()
    peer = started(service)
    found = given(peer, service, promise(5))
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [found])
    peer.resolve(5, hosted(6))
    peer.resolve(5, hosted(7))
    assert found.current().describe() == "import 6 of peer"
    assert "release e?7 x1" not in peer.lines()
    assert sorted(peer.connection.imports) == [5, 6]
    del found
    end(peer, service)


def test_a_reference_that_goes_in_the_middle_of_a_message_does_not_take_a_new_one_with_it():
    service = Service()
    peer = started(service)
    kept = [given(peer, service, hosted(5))]
    # As a garbage collection would do it, at any time.
    peer.connection.tracer = lambda way, message: kept.clear()
    again = given_as(peer, service, 2, hosted(5))
    peer.connection.tracer = None
    assert peer.connection.imports[5].count == 2
    ours = call(again)
    assert peer.lines() == ["call q1 of e1 method 0x1#0"]
    peer.return_results(0)
    assert ours.done
    del again
    assert peer.lines() == ["finish q1", "release e1 x2"]


def test_the_public_object_may_be_broken():
    peer = ScriptedPeer(BrokenCapability(Overloaded("not now")))
    peer.bootstrap(1)
    [line] = peer.lines()
    assert "not now" in line


def test_a_second_return_while_something_addresses_the_answer_ends_the_connection():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    other = call(target, capabilities=[ours.pipeline((0,))])
    peer.call(2, export(0))
    answer_call(service.held.pop(), 0, [ours.pipeline((0,))])
    peer.lines()
    peer.return_results(0, hosted(7))
    assert peer.connection.error is None
    peer.return_results(0, hosted(7))
    assert "a second Return for question 0" in str(peer.connection.error)
    assert isinstance(other.error, Disconnected)
    del target
    end(peer, service)


def test_a_second_return_is_refused_by_the_table_too():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    ours.state.advance(question.Event.RETURNED)
    with pytest.raises(ProtocolError, match="a second Return"):
        ours.state.advance(question.Event.RETURNED)
    del target
    end(peer, service)


def test_what_a_peer_was_told_to_lead_to_an_answer_fails_when_that_held_nothing():
    """The peer's own later calls go strictly there, and the peer said that the answer needs no Finish."""
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = call(target)
    peer.call(2, export(0))
    answer_call(service.held.pop(), 0, [ours.pipeline((0,))])
    peer.lines()
    peer.return_results(0, no_finish_needed=True)
    peer.call(3, answer(2, 0))
    [line] = peer.lines()
    assert "holds no capabilities" in line
    assert ours.done
    del target
    end(peer, service)


def test_a_disembargo_that_waits_when_the_connection_ends_is_forgotten():
    service = Service()
    peer = started(service)
    waiting = PromiseCapability(peer.vat.turns)
    outer = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [outer])
    peer.disembargo(answer(1, 0), decode.SENDER_LOOPBACK, 3)
    assert peer.connection.markers == 1
    peer.connection.disconnect(Failed("over"))
    outer.resolve(waiting)
    waiting.reject(Failed("gone"))
    assert peer.connection.markers == 0
    assert peer.lines()[-1] == "abort 'over'"


def test_disembargoes_that_wait_are_limited():
    service = Service()
    peer = started(service, limits=Limits(embargoes=2))
    waiting = PromiseCapability(peer.vat.turns)
    peer.call(1, export(0))
    answer_call(service.held.pop(), 0, [waiting])
    for number in range(3):
        peer.disembargo(answer(1, 0), decode.SENDER_LOOPBACK, number)
    assert "2 Disembargoes wait" in str(peer.connection.error)
    waiting.reject(Failed("gone"))
    assert peer.connection.markers == 0


def test_embargoes_of_ours_are_limited():
    """What would need one more is broken, so that nothing is ever out of order."""
    service, thing = Service(), Service()
    peer = started(service, limits=Limits(embargoes=1))
    first, second = given(peer, service, promise(5)), given_as(peer, service, 2, promise(6))
    ours = call(first, capabilities=[thing.capability])
    call(second)
    peer.lines()
    peer.resolve(5, mine(1))
    assert next(line.split()[0] for line in peer.lines()) == "disembargo"
    peer.resolve(6, mine(1))
    assert isinstance(second.error, Overloaded)
    assert first.error is None
    ours.cancel()
    del first, second
    end(peer, service, thing)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (answer(77, 0), "answer 77, which is not there"),
        (lambda struct: struct.set_u16(4, 7), "message target of unknown kind 7"),
    ],
)
def test_a_disembargo_that_goes_nowhere_ends_the_connection(target, reason):
    peer = started(Service())
    peer.disembargo(target, decode.SENDER_LOOPBACK)
    assert reason in str(peer.connection.error)


def test_an_unknown_message_too_large_to_send_back_ends_the_connection():
    peer = started(Service(), limits=Limits(message_words=50))
    message = OutgoingMessage(40, 1, 1, 200)
    message.body.set_blob(0, bytes(800))
    peer.send(message)
    assert "too large to send back" in str(peer.connection.error)


def unimplemented(peer: ScriptedPeer, message: OutgoingMessage) -> None:
    """Send a message back as unimplemented that the vat may never have sent."""
    peer.unimplemented(MessageReader([bytes(view) for view in message.output()]))


def test_a_resolve_to_an_error_that_the_peer_does_not_know_is_nothing():
    peer = started(Service())
    unimplemented(peer, encode.resolve_error(0, Failed("x"), ""))
    assert peer.lines() == []
    assert peer.connection.error is None


def test_a_return_that_took_results_of_a_cancelled_question_may_be_unimplemented():
    peer = started(Service())
    unimplemented(peer, encode.return_without_results(0, decode.TAKE_FROM_OTHER_QUESTION, 1))
    assert peer.connection.error is None


def test_a_resolve_to_a_capability_of_the_peers_own_gives_nothing_back():
    peer = started(Service())
    message = encode.resolve(0)
    mine(3)(message.body.init_struct(0, 1, 1))
    unimplemented(peer, message)
    assert peer.connection.error is None


def wrong_resolve():
    message = encode.resolve(0)
    hosted(77)(message.body.init_struct(0, 1, 1))
    return message


def wrong_disembargo():
    message = encode.disembargo(decode.SENDER_LOOPBACK, 77)
    export(0)(message.body.init_struct(0, 1, 1))
    return message


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (wrong_resolve, "a Resolve to export 77, which is not there"),
        (wrong_disembargo, "Disembargo of embargo 77, which is not there"),
        (lambda: encode.bootstrap(77), "question 77, which is not there"),
    ],
)
def test_unimplemented_about_what_was_never_sent_ends_the_connection(make, reason):
    peer = started(Service())
    unimplemented(peer, make())
    assert reason in str(peer.connection.error)


def test_a_call_without_a_return_that_the_peer_does_not_know_breaks_its_pipeline():
    service = Service()
    peer = started(service)
    target = given(peer, service, hosted(5))
    ours = new_call(target).send_pipeline_only()
    place = ours.pipeline((0,))
    peer.run()
    peer.unimplemented(peer.messages[-1])
    assert isinstance(place.error, Unimplemented)
    assert not peer.connection.silent
    del target, place, ours
    end(peer, service)
