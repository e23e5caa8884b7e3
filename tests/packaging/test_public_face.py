"""Nothing public appears, changes or goes by accident, and pages that are made from sources are those of today's sources."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet import blocking

ROOT = Path(__file__).parent.parent.parent


def script(name: str) -> Any:
    """Return a script of the project as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Give scripts as modules; they may import one another."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return script


def test_the_list_of_public_names_is_that_of_the_sources(scripts: Callable[[str], Any]) -> None:
    listed = (ROOT / "docs" / "public-face.txt").read_text(encoding="utf-8")
    made = scripts("public_face").public_face()
    assert listed == made, "the public face changed: look at it, then run scripts/public_face.py"


def test_the_reference_says_what_the_docstrings_say(scripts: Callable[[str], Any]) -> None:
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert written == scripts("reference").reference(), "run scripts/reference.py"
    for name in caplet.__all__:
        assert f"### `caplet.{name}`" in written


def test_pages_about_examples_show_the_code_that_runs(scripts: Callable[[str], Any]) -> None:
    snippets = scripts("snippets")
    pages = {page.stem: page for page in snippets.PAGES.glob("*.md")}
    for page in pages.values():
        assert page.read_text(encoding="utf-8") == snippets.refreshed(page), "run scripts/snippets.py"
    folders = {folder.name for folder in (ROOT / "examples").iterdir() if folder.is_dir() and folder.name[0] != "_"}
    assert set(pages) == {"README", *folders}, "each example has a page"
    listed = pages["README"].read_text(encoding="utf-8")
    assert all(f"({name}.md)" in listed for name in folders)


def test_pages_about_the_protocol_say_what_its_tables_say(scripts: Callable[[str], Any]) -> None:
    conformance = scripts("conformance")
    made = {"states.md": conformance.state_diagrams(), "irregularities.md": conformance.irregularity_table()}
    for name, text in made.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, "run scripts/conformance.py"


def test_every_public_name_is_there() -> None:
    for module in (caplet, blocking):
        for name in module.__all__:
            assert getattr(module, name, None) is not None, f"{module.__name__}.{name}"
