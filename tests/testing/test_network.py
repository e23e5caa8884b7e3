"""The simulated network itself: moving, holding, dropping and cutting, and what it finds at the end."""

from __future__ import annotations

import pytest

from caplet.testing.host import SimulatedHost
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call

pytest_plugins = ["caplet.testing.plugin"]


def two(network):
    service = Service(handler=lambda call: answer_call(call, 1))
    network.add_vat("alice")
    network.add_vat("bob", lambda peer: service.capability)
    network.connect("alice", "bob")
    return service


def test_the_fixture_is_a_network_that_must_end_empty(caplet_network):
    two(caplet_network)
    answer = call(caplet_network.vats["alice"].bootstrap("bob"))
    caplet_network.run()
    assert answer.error is None


def test_what_is_left_is_found():
    network = Network()
    two(network)
    kept = network.vats["alice"].bootstrap("bob")
    with pytest.raises(AssertionError, match="import 0"):
        network.assert_idle()
    assert kept.error is None


def test_messages_move_one_at_a_time_and_can_be_held_and_lost():
    network = Network()
    two(network)
    first = network.vats["alice"].bootstrap("bob")
    network.hold("alice", "bob")
    assert not network.deliver("alice", "bob")
    network.release("alice", "bob")
    assert network.deliver("alice", "bob")
    assert not network.deliver("alice", "bob")
    network.drop("bob", "alice")
    network.run()
    assert first.is_promise
    network.cut("alice", "bob")
    assert first.error is not None


def test_a_pipe_can_be_held_before_a_message():
    network = Network()
    service = two(network)
    answer = call(network.vats["alice"].bootstrap("bob"))
    network.run_vats()
    network.pipe("alice", "bob").hold_before = lambda message: message.root.struct().u16(0) == 2
    network.run()
    assert service.numbers == []
    network.release("alice", "bob")
    network.run()
    assert answer.done
    network.assert_idle()


def test_virtual_time_moves_when_it_is_told_to():
    host = SimulatedHost()
    seen = []
    host.call_later(2.0, lambda: seen.append("second"))
    host.call_later(1.0, lambda: seen.append("first"))
    host.call_later(1.5, lambda: seen.append("never")).cancel()
    host.advance(1.2)
    assert seen == ["first"]
    host.advance(1.0)
    assert seen == ["first", "second"]
    assert host.now_s() == pytest.approx(2.2)


def test_methods_are_stepped_and_can_be_cancelled():
    host = SimulatedHost()
    waiter, never = host.make_waiter(), host.make_waiter()
    seen = []

    async def method():
        await waiter
        seen.append("went on")

    async def other():
        try:
            await never
        finally:
            seen.append("stopped")

    first, second = host.start_method(method()), host.start_method(other())
    host.run_ready()
    second.cancel()
    host.run_ready()
    assert seen == ["stopped"]
    waiter.set()
    host.run_ready()
    assert seen == ["stopped", "went on"]
    assert first.coroutine is None
