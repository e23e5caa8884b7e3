"""What the tests of the command line share: a small schema in a directory, and both programs run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import caplet

SCHEMA = b"""@0xbf5147cbbecf40c1;
struct Person {
  name @0 :Text = "nobody";
  age @1 :UInt8 = 7;
  friends @2 :List(Person);
  struct Inner { deep @0 :List(List(Int32)); }
  union { home @3 :Void; work @4 :Inner; }
}
struct Pair(First, Second) { first @0 :First; second @1 :Second; }
using Names = Pair(Text, Person);
enum Color { red @0; green @1; }
const limit :Int32 = 12;
const someone :Person = (name = "Ada", friends = [(name = "B"), (work = (deep = [[1, 2], [3]]))]);
const color :Color = green;
const names :List(Text) = ["a", "b"];
"""
SOURCE = str(Path(caplet.__file__).parent.parent)


class Programs:
    """Runs `capnp` and `python -m caplet` in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def ours(self, *arguments: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return self._run([sys.executable, "-m", "caplet", *arguments], content)

    def theirs(self, *arguments: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        if shutil.which("capnp") is None:
            pytest.skip("the capnp program is not installed (Debian package capnproto)")
        return self._run(["capnp", *arguments], content)

    def _run(self, command: Sequence[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
        paths = os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": paths}
        return subprocess.run(
            command, input=content, capture_output=True, cwd=self.directory, env=environment, check=False
        )


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Both programs, in a directory with the schema `person.capnp`."""
    (tmp_path / "person.capnp").write_bytes(SCHEMA)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.capnp").write_bytes(
        b'@0xbf5147cbbecf40c2; using P = import "/person.capnp"; struct O { p @0 :P.Person; }'
    )
    (tmp_path / "broken.capnp").write_bytes(b"@0xbf5147cbbecf40c3; struct S { a @0 :Nothing; }")
    return Programs(tmp_path)
