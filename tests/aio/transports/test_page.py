"""The programs of the page about connections run from top to bottom."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from .certificates import Authority

PAGE = Path(__file__).parents[3] / "docs" / "transports.md"
TIMEOUT_S = 120


def test_the_programs_of_the_page_run(tmp_path: Path) -> None:
    program = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    (tmp_path / "greeting.txt").write_text("hello", encoding="utf-8")
    shutil.copy(Path(__file__).with_name("files.capnp"), tmp_path)
    Authority().write(tmp_path)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
