"""A scripted peer that holds a service, and what it passes to it."""

from __future__ import annotations

import gc

from caplet.testing.network import Network
from caplet.testing.objects import Service, answer_call, capabilities_of
from caplet.testing.scripted import ScriptedPeer, export


def started(service: Service, **arguments) -> ScriptedPeer:
    """Return a script that holds the service as export 0."""
    peer = ScriptedPeer(service.capability, **arguments)
    peer.bootstrap(99)
    peer.lines()
    return peer


def end(peer: ScriptedPeer, *services: Service) -> None:
    """End the connection; nothing may be left."""
    peer.connection.disconnect()
    for service in services:
        service.held.clear()
        service.cancelled.clear()
    gc.collect()
    peer.run()
    assert peer.connection.is_idle


def given(peer: ScriptedPeer, service: Service, describe) -> object:
    """Have the script pass something in a call of question 1, and return it."""
    return given_as(peer, service, 1, describe)


def given_as(peer: ScriptedPeer, service: Service, number: int, describe) -> object:
    """As `given`, by another question."""
    peer.call(number, export(0), describe)
    held = service.held.pop()
    [found] = capabilities_of(held.params)
    service.cancelled.clear()
    answer_call(held)
    peer.lines()
    return found


def three_in_a_row(bob: Service, carol: Service) -> Network:
    """Return a network in which Alice knows Bob and Bob knows Carol."""
    network = Network()
    network.add_vat("carol", carol.capability)
    network.add_vat("bob", bob.capability)
    network.add_vat("alice")
    network.connect("alice", "bob")
    network.connect("bob", "carol")
    return network
