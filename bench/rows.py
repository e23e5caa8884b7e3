"""Every row there is, in the order in which they are shown."""

from __future__ import annotations

from bench import call_latency, read_uint32
from bench.row import Row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {module.ROW.name: module.ROW for module in (read_uint32, call_latency)}
