"""The examples of the page about testing are tests, and pass; the leak fixture finds what is left."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"

LEAK = """
from caplet.testing.host import SimulatedHost
from caplet.vat.vat import Vat

kept = []


def test_something_is_left(caplet_leaks):
    kept.append(Vat(SimulatedHost()).add_connection("peer").bootstrap())
"""


def test_every_example_passes_and_a_leak_is_found(tmp_path):
    text = PAGE.read_text()
    [plugins] = re.findall(r"^pytest_plugins = .*$", text, re.MULTILINE)
    (tmp_path / "conftest.py").write_text(plugins + "\n")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example)
    (tmp_path / "test_leak.py").write_text(LEAK)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    # The test that leaks passes, and its fixture fails at the end.
    assert f"{len(examples) + 1} passed, 1 error" in done.stdout, done.stdout
    assert "a connection still holds something" in done.stdout
