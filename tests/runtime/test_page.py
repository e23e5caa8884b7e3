"""The page about messages says what happens."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent / "docs" / "data.md"


def test_every_example_of_the_page_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    text = PAGE.read_text(encoding="utf-8")
    [schema] = re.findall(r"^```capnp\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "book.capnp").write_text(schema, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    # The fences are left out, so that the examples are one session and each counts the lines of the page.
    session = re.sub(r"^```.*$", "", text, flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(session, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    failed, tried = doctest.DocTestRunner().run(examples, out=told.append)
    assert failed == 0, "".join(told)
    assert tried > 50
