"""References that are taken back, and objects that stand for others."""

from __future__ import annotations

import gc

from caplet.cap.local import CANCELLABLE, LocalCapability
from caplet.cap.revocation import Revocable, make_revocable
from caplet.cap.shortening import ShorteningCapability
from caplet.errors import Overloaded
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, new_call, number_of
from caplet.testing.scripted import ScriptedPeer, export


def served(service: Service) -> tuple[ScriptedPeer, Revocable]:
    """Return a script to whom a revocable reference to the service was given."""
    peer = ScriptedPeer()
    service.capability.bind(peer.vat.turns)
    reference, revocable = make_revocable(service.capability)
    peer.vat.bootstrap = None
    peer.connection.make_bootstrap = lambda identity: reference
    peer.bootstrap(99)
    peer.lines()
    peer.connection.make_bootstrap = None
    return peer, revocable


def test_calls_pass_until_the_reference_is_revoked_H24():
    service = Service(CANCELLABLE)
    # The only strong reference to the object while it is not called.
    kept = service.capability
    peer, revocable = served(service)
    peer.call(1, export(0), number=1)
    answer_call(service.held.pop(), 5)
    assert peer.lines() == ["return q2 results for good"]
    peer.call(2, export(0), number=2)
    peer.call(3, export(0), number=3)
    assert service.numbers == [1, 2, 3]
    revocable.revoke(Overloaded("taken back"))
    revocable.revoke()
    lines = peer.lines()
    assert [line.split()[1] for line in lines] == ["q3", "q4"]
    assert all("taken back" in line for line in lines)
    assert len(service.cancelled) == 2
    assert not revocable.under_way
    peer.call(4, export(0))
    assert "taken back" in peer.lines()[0]
    assert service.numbers == [1, 2, 3]
    service.held.clear()
    service.cancelled.clear()
    del kept


def test_a_revocable_reference_lets_go_of_the_object_with_its_last_caller():
    service = Service()
    kept = service.capability
    peer, revocable = served(service)
    gc.collect()
    gc.disable()
    try:
        peer.call(1, export(0), number=1)
        answer_call(service.held.pop())
        assert revocable.target is kept
        peer.finish(99, release_results=True)
        peer.run()
        assert revocable.target is None
        assert "released" in str(revocable.reason)
    finally:
        gc.enable()


def test_a_cancelled_call_leaves_nothing_at_a_revocable_reference():
    service = Service(CANCELLABLE)
    kept = service.capability
    peer, revocable = served(service)
    peer.call(1, export(0), number=1)
    peer.finish(1)
    peer.run()
    assert len(service.cancelled) == 1
    service.held.pop().fail(Overloaded("stopped"))
    service.cancelled.clear()
    assert not revocable.under_way
    del kept


def test_streams_pass_through_a_revocable_reference():
    peer = ScriptedPeer()
    service = Service()
    kept = service.capability
    kept.bind(peer.vat.turns)
    reference, _ = make_revocable(kept)
    sent = new_call(reference, number=4).send_streaming()
    peer.run()
    answer_call(service.held.pop())
    peer.run()
    assert sent.done
    assert sent.error is None
    assert service.numbers == [4]


def test_an_object_that_stands_for_another_is_a_promise_to_the_peer_row_113():
    network = Network()
    real, front = Service(), Service()
    vat = network.add_vat("bob")
    reference = ShorteningCapability(vat.vat.turns, LocalCapability(front))
    vat.vat.bootstrap = reference
    network.add_vat("alice")
    network.connect("alice", "bob")
    target = network.vats["alice"].bootstrap("bob")
    first = call(target, number=1)
    network.run()
    assert front.numbers == [1]
    assert target.is_promise
    second = call(target, number=2)
    reference.shorten(real.capability)
    network.run()
    third = call(target, number=3)
    local = call(reference, number=4)
    network.run()
    assert not target.is_promise
    assert front.numbers + [number for number in real.numbers if number != 4] == [1, 2, 3]
    assert sorted(real.numbers[-2:]) == [3, 4]
    assert any(" resolve e1 to mine " in line for line in network.transcript.lines)
    for service in (front, real):
        for held in service.held:
            answer_call(held, 7)
        service.held.clear()
        service.cancelled.clear()
    network.run()
    assert [number_of(one.result()) for one in (first, second, third, local)] == [7] * 4
    del target, held, first, second, third, local, reference
    vat.vat.bootstrap = None
    network.close()
    gc.collect()
    network.run()
