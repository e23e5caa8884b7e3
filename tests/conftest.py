"""What every test run says about itself, which caplet it tests, and what the collector of cycles need not look at."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

import caplet


def pytest_report_header() -> str:
    return f"caplet {caplet.__version__}, compiled modules: {caplet.accelerated}, from {caplet.__file__}"


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Iterator[None]:
    """Set everything that is there aside, so that tests that often look for cycles do not look through the whole suite."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
