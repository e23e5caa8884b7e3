"""The rows about transports: many bytes, many connections, calls without an event loop and on another one, between two processes over TCP loopback."""

from __future__ import annotations

from functools import partial

from bench.call_rows import WAITING_ROUNDS
from bench.memory import in_fresh_processes
from bench.processes import cxx_over_loopback, over_loopback
from bench.row import ROUNDS, Contestant, Row

__all__ = ["ROWS"]


def payload(work: str) -> dict[str, Contestant]:
    """Return what every row about many bytes is compared with."""
    return {
        "raw-asyncio": partial(over_loopback, "bench.peers.payload_asyncio", work),
        "pycapnp": partial(over_loopback, "bench.peers.payload_pycapnp", work, needs="capnp"),
        "c++": partial(cxx_over_loopback, "payload_cxx", "payload", work),
    }


def connections(name: str, unit: str, figure: str) -> Row:
    """Return a row about 1,000 connections that are open at once."""
    return Row(
        name,
        unit,
        "higher" if figure == "rate" else "lower",
        partial(in_fresh_processes, "bench.peers.connections_caplet", figure),
        {
            "pycapnp": partial(in_fresh_processes, "bench.peers.connections_pycapnp", figure, needs="capnp"),
            "grpc.aio": partial(in_fresh_processes, "bench.peers.connections_grpc", figure, needs="grpc"),
        },
        # Two processes that set up connections keep both processors of a small machine busy, whose other work shows in most rounds.
        WAITING_ROUNDS if figure == "rate" else ROUNDS,
    )


def on_uvloop(name: str, work: str) -> Row:
    """Return a row of calls on uvloop, beside the same calls on the loop that asyncio has."""
    return Row(
        name,
        "us",
        "lower",
        partial(over_loopback, "bench.peers.echo_caplet_uvloop", work, needs="uvloop"),
        {"asyncio": partial(over_loopback, "bench.peers.echo_caplet", work)},
        WAITING_ROUNDS,
    )


ROWS = [
    Row(
        "stream-64k",
        "MB/s",
        "higher",
        partial(over_loopback, "bench.peers.payload_caplet", "stream"),
        payload("stream"),
    ),
    Row(
        "payload-1m",
        "us",
        "lower",
        partial(over_loopback, "bench.peers.payload_caplet", "fetch"),
        payload("fetch") | {"grpc.aio": partial(over_loopback, "bench.peers.payload_grpc", "fetch", needs="grpc")},
    ),
    connections("connections-rate", "1/s", "rate"),
    connections("connections-memory", "bytes", "memory"),
    Row(
        "blocking-latency",
        "us",
        "lower",
        partial(over_loopback, "bench.peers.blocking_caplet"),
        {
            "rpyc": partial(over_loopback, "bench.peers.blocking_rpyc", needs="rpyc"),
            "grpc": partial(over_loopback, "bench.peers.blocking_grpc", needs="grpc"),
        },
    ),
    on_uvloop("call-latency-uvloop", "one"),
    on_uvloop("calls-100-uvloop", "100"),
]
