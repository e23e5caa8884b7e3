"""The tutorial: its files are written, its commands typed into one shell, and what they print is compared."""

from __future__ import annotations

import re
from pathlib import Path

from .shell import COMMAND, PORT, Shell, free_port, needs_bash, needs_openssl

PAGE = Path(__file__).parent.parent.parent / "docs" / "tutorial.md"
STEPS = re.compile(r"^\*\*`([\w.]+)`\*\*\n\n```\w+\n(.*?)^```|^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@needs_bash
@needs_openssl
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    port = str(free_port())
    shell = Shell(tmp_path)
    steps = 0
    try:
        for name, content, commands in STEPS.findall(PAGE.read_text(encoding="utf-8")):
            if name:
                (shell.folder / name).write_text(content.replace(PORT, port), encoding="utf-8")
                continue
            for command, expected in COMMAND.findall(commands):
                wanted = expected.replace(PORT, port).splitlines()
                assert shell.type(command, len(wanted)) == wanted, command
                steps += 1
    finally:
        shell.end()
    assert steps == 11
