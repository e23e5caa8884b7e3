"""Python programs that tests start, speak to line by line, and end; every wait has an end."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

WAIT_S = 60


class Program:
    """One running program; `with` ends it whatever happens.

    Args:
        script: the program.
        arguments: its arguments.
        prefix: what stands before the interpreter on the command line.
    """

    def __init__(self, script: Path, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(script), *arguments],
            cwd=script.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.errors: list[str] = []
        self.readers = [threading.Thread(target=target, daemon=True) for target in (self.read_lines, self.read_errors)]
        for reader in self.readers:
            reader.start()

    def read_lines(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)

    def hear(self) -> str:
        """Return the next line that it prints."""
        try:
            line = self.lines.get(timeout=WAIT_S)
        except queue.Empty:
            raise AssertionError(f"nothing was printed within {WAIT_S} s; its errors: {''.join(self.errors)}") from None
        if not line:
            raise AssertionError(f"the program ended; its errors: {''.join(self.errors)}")
        return line.rstrip("\n")

    def hear_json(self) -> Any:
        """Return the value that the next line holds."""
        return json.loads(self.hear())

    def say(self, *words: object) -> None:
        """Give it one line."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Close its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self._close()

    def wait(self) -> None:
        """Wait for its end, which must be a good one, without a word of complaint."""
        self._close()
        assert self.process.returncode == 0, "".join(self.errors)
        assert not self.errors, "".join(self.errors)

    def _close(self) -> None:
        self.process.wait(WAIT_S)
        for reader in self.readers:
            reader.join(WAIT_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        else:
            self._close()
