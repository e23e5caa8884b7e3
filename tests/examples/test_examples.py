"""Every example runs as its page says, and the README shows what is in the files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
TIMEOUT_S = 120


def run(script: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, script], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_of_the_readme_runs_as_it_stands_there(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL))
    (tmp_path / "hello.capnp").write_text(blocks["capnp"], encoding="utf-8")
    (tmp_path / "example.py").write_text(blocks["python"], encoding="utf-8")
    assert run("example.py", tmp_path) == "Hello, World!\n"


def test_the_readme_shows_the_hello_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("hello.capnp", "hello.py"):
        assert (EXAMPLES / "hello" / name).read_text(encoding="utf-8") in readme


def test_the_demo_prints_correct_results_and_one_round_trip() -> None:
    output = run("demo.py", EXAMPLES / "calculator")
    for line in ("= 123.0", "123 + 45 - 67       = 101.0", "= 1336.0", "= 1024.0", "4 calls", "1 round trip."):
        assert line in output
