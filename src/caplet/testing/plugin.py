"""A pytest plugin for users' own tests: `pytest_plugins = ["caplet.testing.plugin"]` in a conftest.

Knows two fixtures. `caplet_network` is a simulated network that must be empty again when the test ends. `caplet_leaks` watches the
connections that a test makes, over sockets too: when it ends, they must be closed, or hold nothing.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from caplet.testing.network import Network
from caplet.vat.vat import observers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caplet.rpc.connection import Connection

__all__ = ["caplet_leaks", "caplet_network"]


@pytest.fixture
def caplet_network() -> Iterator[Network]:
    """A simulated network; the test fails if a table entry, a message or a waiting call is left at its end."""
    network = Network()
    yield network
    network.assert_idle()


@pytest.fixture
def caplet_leaks() -> Iterator[list[Connection]]:
    """The connections that the test makes; the test fails if one still holds something at its end, closed or not."""
    made: list[Connection] = []
    observe = made.append
    observers.append(observe)
    try:
        yield made
    finally:
        observers.remove(observe)
    gc.collect()
    for connection in made:
        connection.turns.settle_drops()
        connection.check()
        assert connection.is_idle, f"a connection still holds something\n{connection.dump()}"
