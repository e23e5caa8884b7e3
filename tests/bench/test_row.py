"""How contestants of the bench take turns, and what a row says when one is missing."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.memory import COUNTS, grown_bytes
from bench.peers import connections
from bench.peers.payload import CONTENT_BYTES, measured_payload
from bench.processes import cxx_program, over_loopback
from bench.row import ROUNDS, Contestant, Measure, Row, run_row
from bench.rows import ROWS
from bench.timing import ns_per_run

ROOT = Path(__file__).resolve().parents[2]


def contestant(measure: Callable[[], float]) -> Contestant:
    @contextmanager
    def make() -> Iterator[Measure]:
        yield measure

    return make


@contextmanager
def missing() -> Iterator[Measure]:
    raise ImportError("no such package")
    yield


def test_contestants_are_measured_alternately() -> None:
    order: list[str] = []

    def note(name: str) -> Callable[[], float]:
        return lambda: order.append(name) or 1.0

    run_row(Row("some", "ns", "lower", contestant(note("caplet")), {"peer": contestant(note("peer"))}))
    assert order == ["caplet", "peer"] * ROUNDS


@pytest.mark.parametrize(("better", "expected"), [("lower", 1.0), ("higher", float(ROUNDS))])
def test_the_best_round_counts(better: str, expected: float) -> None:
    rounds = iter(range(1, ROUNDS + 1))
    result = run_row(Row("some", "ns", better, contestant(lambda: float(next(rounds))), {}))  # type: ignore[arg-type]
    assert result.caplet == expected


def test_a_peer_that_is_not_installed_is_an_absent_column() -> None:
    result = run_row(Row("some", "ns", "lower", contestant(lambda: 1.0), {"peer": missing}))
    assert result.peers == {}
    assert result.absent == {"peer": "no such package"}
    assert json.loads(json.dumps(result.as_json())) == {
        "name": "some",
        "unit": "ns",
        "better": "lower",
        "caplet": 1.0,
        "peers": {},
    }


def test_caplet_that_cannot_run_is_an_error() -> None:
    with pytest.raises(ImportError):
        run_row(Row("some", "ns", "lower", missing, {"peer": contestant(lambda: 1.0)}))


def test_a_statement_is_run_and_timed_with_the_names_it_was_given() -> None:
    seen: list[int] = []
    measure = ns_per_run("seen.append(number)", seen=seen, number=3)
    before = len(seen)
    assert measure() > 0
    assert len(seen) > before
    assert set(seen) == {3}


def test_two_processes_talk_over_a_port_that_the_system_chose() -> None:
    with over_loopback("bench.peers.echo_asyncio", "10") as measure:
        assert measure() > 0


def test_a_server_that_does_not_start_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="failed before it listened"), over_loopback("bench.no_such_module"):
        pass
    assert "no_such_module" in capfd.readouterr().err


def test_a_two_process_peer_that_is_not_installed_is_an_import_error() -> None:
    with (
        pytest.raises(ImportError, match="no_such_package"),
        over_loopback("bench.peers.echo_asyncio", needs="no_such_package"),
    ):
        pass


def test_a_peer_in_another_language_without_its_compiler_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(ImportError, match="capnp is not installed"):
        cxx_program.__wrapped__("echo_cxx", "echo")


def test_memory_is_counted_for_each_thing_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COUNTS, "import", (10, 200))

    async def make() -> object:
        # Not from memory that was freed before.
        pages = mmap.mmap(-1, 65_536)
        pages.write(b"x" * 65_536)
        return pages

    taken = asyncio.run(grown_bytes(os.getpid(), "import", make))
    assert 60_000 < taken < 80_000


@pytest.mark.parametrize("work", ["stream", "fetch"])
def test_all_bytes_are_counted(work: str) -> None:
    written = 0

    async def write(chunk: bytes) -> None:
        nonlocal written
        written += len(chunk)

    async def end() -> int:
        nonlocal written
        taken, written = written, 0
        return taken

    async def fetch() -> int:
        return CONTENT_BYTES

    assert asyncio.run(measured_payload(work, fetch, write, end)) > 0


async def one_byte_less(*_: object) -> int:
    return CONTENT_BYTES - 1


@pytest.mark.parametrize("work", ["stream", "fetch"])
def test_bytes_that_are_missing_are_an_error(work: str) -> None:
    with pytest.raises(RuntimeError, match=f"{CONTENT_BYTES - 1} bytes came"):
        asyncio.run(measured_payload(work, one_byte_less, one_byte_less, one_byte_less))


@pytest.mark.parametrize("module", ["bench.peers.payload_asyncio", "bench.peers.payload_caplet"])
def test_many_bytes_go_between_two_processes(module: str) -> None:
    with over_loopback(module, "fetch") as measure:
        assert measure() > 0


@pytest.mark.parametrize("figure", ["rate", "memory"])
def test_connections_are_all_open_when_the_figure_is_taken(figure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WARM_UP", 10)
    monkeypatch.setattr(connections, "COUNT", 70)
    ever: list[weakref.ref[object]] = []
    most_open = 0

    class Connection:
        """Nothing but something that can go away."""

    async def open_one() -> Connection:
        nonlocal most_open
        connection = Connection()
        ever.append(weakref.ref(connection))
        most_open = max(most_open, sum(one() is not None for one in ever))
        return connection

    asyncio.run(connections.measured_connections(figure, os.getpid(), open_one))
    assert most_open == 80


def test_an_unknown_row_is_refused_with_the_names_that_exist() -> None:
    command = [sys.executable, "-m", "bench", "--only", "no-such-row"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "no-such-row" in done.stderr
    assert all(name in done.stderr for name in ROWS)
