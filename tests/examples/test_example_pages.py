"""The pages about the examples: their commands are typed into one shell each, and what they print is compared."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from .shell import COMMAND, PORT, Shell, free_port, needs_bash, needs_openssl

ROOT = Path(__file__).parent.parent.parent
PAGES = ROOT / "docs" / "examples"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@needs_bash
@needs_openssl
@pytest.mark.parametrize("page", sorted(page.stem for page in PAGES.glob("*.md") if "```console" in page.read_text()))
def test_the_commands_of_a_page_do_what_it_says(page: str, tmp_path: Path) -> None:
    port = str(free_port())
    shell = Shell(tmp_path)
    shutil.copytree(ROOT / "examples" / page, shell.folder / "examples" / page)
    shutil.copy(ROOT / "LICENSE", shell.folder)
    [commands] = BLOCK.findall((PAGES / f"{page}.md").read_text(encoding="utf-8"))
    typed = COMMAND.findall(commands.replace(PORT, port))
    try:
        for command, expected in typed:
            wanted = expected.splitlines()
            # Two programs that print at the same time do so in either order.
            assert sorted(shell.type(command, len(wanted))) == sorted(wanted), command
    finally:
        shell.end()
    assert len(typed) >= 2


def test_each_example_has_commands_that_are_typed_by_a_test_but_the_notebook() -> None:
    without = {page.stem for page in PAGES.glob("*.md") if not BLOCK.findall(page.read_text(encoding="utf-8"))}
    assert without == {"README", "notebook"}
