"""The programs on the pages about capabilities, threads, reconnecting and observing run, and print what is expected."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import TIMEOUT_S

ROOT = Path(__file__).parent.parent.parent
SCHEMA = re.search(r"```capnp\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)

PRINTED = {
    "calls": "Hello, Ada! Hello, Grace!\nHello, you!\n",
    "blocking": "Hello, World!\nHello, you!\n",
    "reconnect": "Hello, World!\nHello, again!\n2\n",
    "capabilities": "Hello, Alice!\nPermissionError: we do not greet Mallory\nthe membrane was revoked\n",
    "observability": (
        "objects of the peer that are held here: 1\n{'Greeter.greet': 1}\n"
        "Hello, World, says acme!\n"
        "SERVER Greeter/greet\nCLIENT Greeter/greet\nINTERNAL checkout\none trace\n"
    ),
}


@pytest.mark.parametrize("page", PRINTED)
def test_the_programs_on_a_page_run(page: str, tmp_path: Path) -> None:
    assert SCHEMA is not None
    (tmp_path / "hello.capnp").write_text(SCHEMA[1])
    programs: list[str] = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL
    )
    printed, complaints = "", ""
    for program in programs:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        printed += done.stdout
        complaints += done.stderr
    assert printed == PRINTED[page], complaints
