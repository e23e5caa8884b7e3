"""Two vats on a simulated network; after each test nothing may be left in any table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caplet.cap.capability import Capability
from caplet.cap.local import LocalCapability
from caplet.testing.network import Network
from caplet.testing.objects import Service


class Pair:
    """Alice and bob; bob's public object is `bob`."""

    def __init__(self) -> None:
        self.network = Network()
        self.bob = Service()
        self.network.add_vat("alice")
        self.network.add_vat("bob", self.make_bootstrap)
        self.network.connect("alice", "bob")

    def make_bootstrap(self, peer: object) -> LocalCapability:
        return self.bob.capability

    def bootstrap(self) -> Capability:
        return self.network.vats["alice"].bootstrap("bob")

    def ready(self) -> Capability:
        """Return bob's public object after all messages about it are through."""
        found = self.bootstrap()
        self.network.run()
        found = found.current()
        self.network.run()
        self.lines()
        return found

    def run(self) -> None:
        self.network.run()

    def lines(self) -> list[str]:
        """Return what was said since the last time, without the common part of each line."""
        short = {"alice -> bob": ">", "bob -> alice": "<"}
        found = []
        for line in self.network.transcript.take():
            way, text = line.split("  ", 1)
            found.append(f"{short.get(way, way)} {text}")
        return found


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.bob.held.clear()
    made.bob.cancelled.clear()
    made.network.assert_idle()
