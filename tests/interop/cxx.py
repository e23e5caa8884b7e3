"""Peers that stand on the C++ implementation, compiled for the tests; where it is not installed the tests are left out."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
COMPILE_TIMEOUT_S = 300
LIBRARIES = ["-lcapnp-rpc", "-lcapnp", "-lkj-async", "-lkj", "-lpthread"]


def compile_peers(folder: Path, schema: str, text: str, *names: str, libraries: Sequence[str] = ()) -> None:
    """Compile programs into a folder.

    Args:
        folder: where to.
        schema: the file name of the schema that they use.
        text: the schema.
        names: the programs; their sources lie beside this file.
        libraries: what they need beside the library for calls.
    """
    for program in ("capnp", "capnpc-c++", "g++"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not Path("/usr/include/capnp/rpc-twoparty.h").exists() and shutil.which("pkg-config") is None:
        pytest.skip("the C++ library's headers are not installed")
    (folder / schema).write_text(text, encoding="utf-8")
    subprocess.run(["capnp", "compile", "-oc++", schema], cwd=folder, check=True, timeout=COMPILE_TIMEOUT_S)
    for name in names:
        command = [
            "g++",
            "-O1",
            "-std=c++14",
            "-I.",
            str(HERE / f"{name}.c++"),
            f"{schema}.c++",
            "-o",
            name,
            *(f"-l{library}" for library in libraries),
            *LIBRARIES,
        ]
        subprocess.run(command, cwd=folder, check=True, timeout=COMPILE_TIMEOUT_S)
