"""A shell that types what a page says: the commands behind `$` of a console block, with what they print below them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
PORT = "5923"  # of the pages; each test has a free one instead
TIMEOUT_S = 120
MARK = "--- the end of a command"

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Shell:
    """A shell that a person types into, one command after the other."""

    def __init__(self, folder: Path) -> None:
        binaries = folder / "bin"
        binaries.mkdir()
        for name, words in (("python", ""), ("caplet", "-m caplet")):
            program = binaries / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
            program.chmod(0o755)
        work = folder / "work"
        work.mkdir()
        self.folder = work
        environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
        # Unbuffered, Python writes a line and its end one after the other, and another program's line may come in between.
        environment.pop("PYTHONUNBUFFERED", None)
        self.process = subprocess.Popen(
            ["bash"], cwd=work, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def type(self, command: str, lines: int) -> list[str]:
        """Type a command and return what it prints; one that goes on in the background prints so many lines at once."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n")
        if command.endswith("&"):
            self.process.stdin.flush()
            return [self.process.stdout.readline().rstrip("\n") for _ in range(lines)]
        self.process.stdin.write(f"echo '{MARK}'\n")
        self.process.stdin.flush()
        found = []
        while (line := self.process.stdout.readline().rstrip("\n")) != MARK:
            found.append(line)
        return found

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("kill $(jobs -p) 2>/dev/null; exit\n")
        self.process.stdin.close()
        self.process.wait(TIMEOUT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
