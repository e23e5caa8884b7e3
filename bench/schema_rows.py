"""The rows about loading: from a schema to classes in use, in a fresh process, less bare Python.

A schema of a number of lines is structs of ten lines each, every one with a field of the one before it; "in use" is a message of the first and of the last.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.row import Contestant, Measure, Row

__all__ = ["ROWS"]

_LINES = 1000
_TIMEOUT_S = 120
_BY_TEXT = "import caplet; made = caplet.load('large.capnp'); made.S0(a=1); made.S{last}(a=1)"
_BY_MODULE = "import large_capnp as made; made.S0(a=1); made.S{last}(a=1)"
_BY_PYCAPNP = "import capnp; made = capnp.load('large.capnp'); made.S0.new_message(a=1); made.S{last}.new_message(a=1)"


def schema_of(lines: int) -> str:
    """Return a schema of about that many lines."""
    structs = (
        f"struct S{number} {{\n  a @0 :UInt32;\n  b @1 :Text;\n  c @2 :List(UInt16);\n  d @3 :S{max(number - 1, 0)};\n"
        f"  e @4 :Float64;\n  union {{ f @5 :Bool; g @6 :Data; }}\n  h @7 :UInt8 = 5;\n  i @8 :Text;\n}}\n"
        for number in range(lines // 10)
    )
    return "@0xd2a1f4b0c3d59699;\n" + "".join(structs)


def loading(code: str, lines: int, needs: str | None = None) -> Contestant:
    """Return a contestant that runs `code` in a fresh process; its figure is the time beyond a process that does nothing, in ms."""

    @contextmanager
    def contestant() -> Iterator[Measure]:
        if needs is not None and importlib.util.find_spec(needs) is None:
            raise ImportError(f"{needs} is not installed")
        from caplet.codegen import build_modules

        with TemporaryDirectory() as folder:
            Path(folder, "large.capnp").write_text(schema_of(lines), encoding="ascii")
            build_modules(folder)
            path = os.pathsep.join(entry for entry in (folder, os.environ.get("PYTHONPATH")) if entry)

            def seconds(program: str) -> float:
                began = time.perf_counter()
                command = [sys.executable, "-c", program]
                environment = {**os.environ, "PYTHONPATH": path}
                subprocess.run(command, cwd=folder, env=environment, check=True, timeout=_TIMEOUT_S)
                return time.perf_counter() - began

            yield lambda: (seconds(code.format(last=lines // 10 - 1)) - seconds("pass")) * 1000

    return contestant


def row(name: str, code: str, lines: int = _LINES) -> Row:
    """Return one row; the peer always loads the text."""
    return Row(name, "ms", "lower", loading(code, lines), {"pycapnp": loading(_BY_PYCAPNP, lines, "capnp")})


ROWS = (
    row("load-schema-text", _BY_TEXT),
    row("load-schema-module", _BY_MODULE),
    row("load-schema-text-100", _BY_TEXT, 100),
    row("load-schema-text-10000", _BY_TEXT, 10_000),
    row("load-schema-module-100", _BY_MODULE, 100),
    row("load-schema-module-10000", _BY_MODULE, 10_000),
)
