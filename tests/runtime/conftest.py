"""The classes of shapes.capnp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import caplet


@pytest.fixture(scope="session")
def shapes() -> Any:
    return caplet.load(Path(__file__).with_name("shapes.capnp"))
