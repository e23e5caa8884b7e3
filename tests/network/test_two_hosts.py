"""A server and its clients on two hosts: what is left when one of them dies, stops, leaves, or the cable is cut."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from tests.network.hosts import Hosts
from tests.programs import Program

MIB = 1 << 20


def ask(server: Program, connections: int) -> Any:
    """Return the state of the server as soon as it has so many connections."""
    server.say(connections)
    return server.hear_json()


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with Hosts() as made:
        yield made


@pytest.fixture
def server(hosts: Hosts) -> Program:
    return hosts.start(0, "server.py", f"tcp://{hosts.addresses[0]}:0")


def test_ten_thousand_calls_fail_as_disconnected_when_their_server_is_killed(hosts: Hosts, server: Program) -> None:
    client = hosts.start(1, "client.py", server.hear_json(), "hang", "10000")
    assert client.hear_json() == "under way"
    server.kill()
    assert client.hear_json() == {"outcomes": {"Disconnected": 10000}, "left": {}}
    client.wait()


def test_a_client_that_stops_reading_is_cut_off_and_the_others_are_served(hosts: Hosts, server: Program) -> None:
    address = server.hear_json()
    before = ask(server, 0)
    slow = hosts.start(1, "client.py", address, "stop-reading", "200")
    assert slow.hear_json() == "stopping"
    quick = hosts.start(1, "client.py", address, "echo", "500")
    assert quick.hear_json() == {"answered": 500}
    quick.wait()
    after = ask(server, 0)  # the slow one included
    assert after["resident_bytes"] < before["resident_bytes"] + 100 * MIB  # it had asked for 200
    slow.process.send_signal(signal.SIGCONT)
    outcomes = slow.hear_json()["outcomes"]
    # A few results may have been in the system's buffers when it stopped.
    assert outcomes["Disconnected"] + outcomes.get("Results", 0) == 200
    assert outcomes["Disconnected"] > 150
    slow.wait()
    server.end_input()
    server.wait()


def test_a_thousand_clients_that_leave_without_closing_leave_nothing(hosts: Hosts, server: Program) -> None:
    address = server.hear_json()
    states = []
    for _ in range(4):
        crowd = hosts.start(1, "client.py", address, "leave", "1000")
        assert crowd.hear_json() == "there"
        assert ask(server, 1000)["connections"] == 1000
        crowd.kill()
        states.append(ask(server, 0))
    assert states[3]["objects"] <= states[1]["objects"] + 100  # not one for each of two thousand connections
    assert states[3]["resident_bytes"] < states[1]["resident_bytes"] + 4 * MIB
    server.end_input()
    server.wait()


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_client_comes_back_when_the_cable_is_mended(namespaces: bool) -> None:
    with Hosts(namespaces) as hosts:
        server = hosts.start(0, "server.py", f"tcp://{hosts.addresses[0]}:0")
        client = hosts.start(1, "client.py", hosts.across(server.hear_json()), "come-back", "3")
        assert client.hear_json() == "before"
        hosts.set_cable(False)
        client.say("cut")
        assert client.hear_json() == "Disconnected"
        hosts.set_cable(True)
        assert client.hear_json() == ["after 0", "after 1", "after 2"]
        client.end_input()
        client.wait()
        assert ask(server, 0)["connections"] == 0
