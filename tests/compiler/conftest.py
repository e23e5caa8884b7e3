"""What the compiler's tests share: the original tool, as the judge of our nodes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from caplet.schema.codec import decode_request
from caplet.schema.model import CodeGeneratorRequest


class Tool:
    """The `capnp` program."""

    def run(self, paths: Sequence[str | Path], directory: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        """Compiles files and returns what the program did; schemas that old versions laid out wrongly are accepted."""
        return subprocess.run(
            ["capnp", "compile", "-o-", *map(str, paths)],
            capture_output=True,
            cwd=directory,
            env={**os.environ, "CAPNP_IGNORE_ISSUE_344": "1"},
            check=False,
        )

    def compile(self, paths: Sequence[str | Path], directory: Path | None = None) -> CodeGeneratorRequest:
        """Compiles files that are known to be good."""
        done = self.run(paths, directory)
        assert done.returncode == 0, done.stderr.decode()
        return decode_request(done.stdout)


@pytest.fixture(scope="session")
def tool() -> Tool:
    """The `capnp` program; without it the test is skipped."""
    if shutil.which("capnp") is None:
        pytest.skip("the capnp program is not installed (Debian package capnproto)")
    return Tool()
