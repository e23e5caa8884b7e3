"""What every test run says about itself: which caplet it tests."""

from __future__ import annotations

import caplet


def pytest_report_header() -> str:
    return f"caplet {caplet.__version__}, compiled modules: {caplet.accelerated}, from {caplet.__file__}"
