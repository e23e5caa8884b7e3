"""The simulated network itself: moving, holding, dropping and cutting, and what it finds at the end."""

from __future__ import annotations

import itertools
import random

import pytest

import caplet
from caplet.testing.host import SimulatedHost
from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, call, number_of
from caplet.testing.scripted import ScriptedPeer

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


def connected_vats(*names):
    network = Network()
    services = {}
    for name in names:
        services[name] = Service(handler=lambda call: answer_call(call, number_of(call.params)))
        network.add_vat(name, services[name].capability)
    for first, second in itertools.combinations(names, 2):
        network.connect(first, second)
    return network, services


def test_vats_of_different_groups_do_not_hear_each_other_until_that_is_healed():
    network, services = connected_vats("alice", "bob", "carol")
    targets = {name: network.vats["alice"].bootstrap(name) for name in ("bob", "carol")}
    network.run()
    network.partition(["alice", "bob"], ["carol"])
    answers = {name: call(target, number=3) for name, target in targets.items()}
    network.run()
    assert answers["bob"].done
    assert not answers["carol"].done
    assert services["carol"].numbers == []
    network.heal()
    network.run()
    assert answers["carol"].done
    targets.clear()
    answers.clear()
    network.assert_idle()


def test_messages_may_take_virtual_time_and_stay_in_order():
    network, services = connected_vats("alice", "bob")
    target = network.vats["alice"].bootstrap("bob")
    network.run()
    network.delay("alice", "bob", 2.0)
    first = call(target, number=1)
    network.advance(1.5)
    network.delay("alice", "bob", 0.1)
    second = call(target, number=2)
    network.advance(0.4)
    assert services["bob"].numbers == []
    network.advance(0.1)
    assert services["bob"].numbers == [1, 2]
    assert first.done
    assert second.done
    del target, first, second
    network.delay("alice", "bob", 0)
    network.assert_idle()


def test_chance_picks_what_happens_next_and_the_same_seed_picks_the_same():
    def conversation(seed):
        network, services = connected_vats("alice", "bob", "carol")
        targets = [network.vats["alice"].bootstrap(name) for name in ("bob", "carol")]
        answers = [call(targets[number % 2], number=number) for number in range(6)]
        network.run_at_random(random.Random(seed))
        assert services["bob"].numbers == [0, 2, 4]
        assert services["carol"].numbers == [1, 3, 5]
        assert all(answer.done for answer in answers)
        answers.clear()
        targets.clear()
        network.assert_idle()
        return str(network.transcript)

    assert conversation(5) == conversation(5)
    assert len({conversation(seed) for seed in range(5)}) > 1


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


ECHO = """
@0xd4c3b2a190807063;
interface Echo { echo @0 (number :UInt32) -> (number :UInt32); }
"""


def test_vats_and_scripts_take_servers_and_clients_of_a_schema(tmp_path):
    (tmp_path / "echo.capnp").write_text(ECHO)
    schema = caplet.load(tmp_path / "echo.capnp")

    class EchoServer(schema.Echo.Server):
        def echo(self, number):
            if not number:
                raise ValueError("nothing to say")
            return number

    network = Network()
    network.add_vat("alice")
    network.add_vat("bob", EchoServer())
    # Carol hands out what she has of bob, as her own.
    network.add_vat("carol", lambda peer: network.vats["carol"].bootstrap("bob"))
    network.connect("alice", "carol")
    network.connect("carol", "bob")
    network.add_vat("dave", schema.Echo(network.vats["carol"].bootstrap("bob")))
    network.connect("alice", "dave")

    async def ask(vat: str, number: int) -> int:
        return (await schema.Echo(network.vats["alice"].bootstrap(vat)).echo(number=number)).number

    assert network.run_program(ask("carol", 5)) == 5
    assert network.run_program(ask("dave", 6)) == 6
    with pytest.raises(caplet.Failed, match="nothing to say"):
        network.run_program(ask("carol", 0))
    peer = ScriptedPeer(EchoServer())
    peer.bootstrap(1)
    assert peer.lines() == ["return q1 results (mine e1)"]
    network.close()
