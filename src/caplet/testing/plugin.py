"""A pytest plugin for users' own tests: `pytest_plugins = ["caplet.testing.plugin"]` in a conftest.

Knows one fixture, `caplet_network`: a simulated network that must be empty again when the test ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from caplet.testing.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["caplet_network"]


@pytest.fixture
def caplet_network() -> Iterator[Network]:
    """A simulated network; the test fails if a table entry, a message or a waiting call is left at its end."""
    network = Network()
    yield network
    network.assert_idle()
