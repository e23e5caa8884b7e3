"""Row `call-latency`: one Echo call after another between two processes over TCP loopback."""

from __future__ import annotations

from functools import partial

from bench.processes import over_loopback
from bench.row import Row

__all__ = ["ROW"]

ROW = Row(
    "call-latency",
    "us",
    "lower",
    partial(over_loopback, "bench.peers.echo_caplet"),
    {
        "raw-asyncio": partial(over_loopback, "bench.peers.echo_asyncio"),
        "pycapnp": partial(over_loopback, "bench.peers.echo_pycapnp", needs="capnp"),
    },
)
