"""CAPLET_TRACE names a file, and every message of the program stands in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .conftest import TIMEOUT_S

PROGRAM = """
import caplet
from caplet import blocking

schema = caplet.load({schema!r})


class Echo(schema.Echo.Server):
    def echo(self, number):
        return number, ""


with blocking.serve("memory:trace", Echo()) as server, blocking.connect("memory:trace") as connection:
    print(connection.bootstrap(schema.Echo).echo(number=5).wait().number)
"""


def run_program(trace: str) -> subprocess.CompletedProcess[str]:
    text = PROGRAM.format(schema=str(Path(__file__).with_name("echo.capnp")))
    return subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, "CAPLET_TRACE": trace},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )


def test_every_message_is_a_line_of_json(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    for _ in range(2):
        assert run_program(str(path)).stdout == "5\n"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    kinds = [(line["way"], line["kind"]) for line in lines]
    for way in ("sent", "received"):
        assert kinds.count((way, "call")) == 2
        assert kinds.count((way, "bootstrap")) == 2
    assert {"at_s", "process", "connection", "peer", "way", "kind", "words"} <= set(lines[0])
    # Two programs, each with the two ends of its connection: four conversations can be told apart.
    conversations: dict[tuple[int, int], list[str]] = {}
    for line in lines:
        assert line["peer"] == "memory:trace"
        conversations.setdefault((line["process"], line["connection"]), []).append(f"{line['way']} {line['kind']}")
    assert len({process for process, _ in conversations}) == 2
    assert sorted(kinds[0] for kinds in conversations.values()) == ["received bootstrap"] * 2 + ["sent bootstrap"] * 2


def test_a_file_that_cannot_be_written_is_said_and_harms_nothing(tmp_path: Path) -> None:
    done = run_program(str(tmp_path / "missing" / "trace.jsonl"))
    assert done.stdout == "5\n"
    assert "CAPLET_TRACE" in done.stderr
