"""The page about schemas does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import caplet

PAGE = Path(__file__).parent.parent / "docs" / "reflection.md"
SOURCE = Path(caplet.__file__).parent.parent
ANNOTATED_CLASSES = """
import attrs
import pydantic


@attrs.define
class AttrsNovel:
    title: str
    page_count: int = 1
    genre: str = "novel"


class Model(pydantic.BaseModel):
    title: str
    page_count: int
    genre: str


made = AttrsNovel(**library.Book(title="Emma").to_dict())
assert library.Book.from_dict(attrs.asdict(made)).title == "Emma"
model = Model.model_validate(library.Book(title="Emma", page_count=3).to_dict())
assert library.Book.from_dict(model.model_dump()) == library.Book(title="Emma", page_count=3)
"""


def test_every_example_of_the_page_runs(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (schema,) = re.findall(r"^```capnp\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    examples = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(examples) == 4
    (tmp_path / "library.capnp").write_text(schema)
    (tmp_path / "page.py").write_text("\n\n".join([*examples, ANNOTATED_CLASSES]))
    done = subprocess.run(
        [sys.executable, "page.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = re.findall(r"^# (\w+ \w+ \w+ .*)$", examples[0], re.MULTILINE)
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == [" ".join(line.split()) for line in shown]
