"""mypy and pyright accept good use of generated modules, reject bad use, and find nothing in the stubs themselves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import caplet
from caplet.codegen import write_modules
from caplet.compiler import compile_files

FILES = Path(__file__).parent / "types"
SOURCE = Path(caplet.__file__).parent.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with schemas, their modules and the programs that use them."""
    folder = tmp_path_factory.mktemp("types")
    for file in FILES.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    names = {str(folder / name): name for name in ("every.capnp", "other.capnp", "named.capnp", "standard.capnp")}
    write_modules(compile_files(list(names), display_names=names).request, folder)
    return folder


def lines_with_errors(found: list[tuple[str, int]]) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {}
    for file, line in found:
        lines.setdefault(Path(file).name, set()).add(line)
    return lines


def expected_lines() -> set[int]:
    text = (FILES / "bad_use.py").read_text(encoding="utf-8")
    return {number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# expected")}


def test_mypy_reports_bad_use_and_nothing_else(project: Path) -> None:
    # mypy finds an installed package by itself, and refuses to be told where it is.
    where = "" if SOURCE.name == "site-packages" else f"mypy_path = {SOURCE}\n"
    (project / "mypy.ini").write_text(f"[mypy]\nstrict = true\n{where}", encoding="utf-8")
    files = ["every_capnp.pyi", "other_capnp.pyi", "named_capnp.pyi", "standard_capnp.pyi", "good_use.py", "bad_use.py"]
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", *files]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found = re.findall(r"^(?:.*/)?([\w.]+):(\d+): error:", done.stdout, re.MULTILINE)
    lines = lines_with_errors([(file, int(line)) for file, line in found])
    assert lines == {"bad_use.py": expected_lines()}, done.stdout + done.stderr


def test_pyright_reports_bad_use_and_nothing_else(project: Path) -> None:
    settings = {"include": ["."], "typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(SOURCE)]}
    (project / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", "."]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)["generalDiagnostics"]
    errors = [entry for entry in report if entry["severity"] == "error"]
    lines = lines_with_errors([(entry["file"], entry["range"]["start"]["line"] + 1) for entry in errors])
    assert lines == {"bad_use.py": expected_lines()}, errors
