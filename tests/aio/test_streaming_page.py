"""The program in docs/streaming.md runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_the_program_of_the_page_about_streaming_runs() -> None:
    page = Path(__file__).parents[2] / "docs" / "streaming.md"
    found = re.search(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    done = subprocess.run([sys.executable, "-c", found[1]], capture_output=True, text=True, check=True)
    assert done.stdout == "from bytes, a file, a pipe or a stream\n"
