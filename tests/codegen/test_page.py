"""The page about typed code does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import caplet

PAGE = Path(__file__).parent.parent.parent / "docs" / "typed-code.md"
SOURCE = Path(caplet.__file__).parent.parent


def snippet(label: str) -> str:
    found = re.search(rf"^```{re.escape(label)}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "src"), str(folder), str(SOURCE)])}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def test_a_schema_becomes_typed_code(tmp_path: Path) -> None:
    (tmp_path / "person.capnp").write_text(snippet("capnp"))
    command = snippet("sh").split()
    assert command[0] == "caplet"
    run(tmp_path, "-m", *command)
    (tmp_path / "use.py").write_text(snippet("python"))
    assert run(tmp_path, "use.py") == "Alice alice@example.com\n"


def test_setuptools_compiles_schemas_when_it_builds(tmp_path: Path) -> None:
    package = tmp_path / "src" / "project"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "person.capnp").write_text(snippet("capnp"))
    (tmp_path / "setup.py").write_text(snippet("python setuptools"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "project"\nversion = "1"\n')
    run(tmp_path, "setup.py", "-q", "build")
    assert (tmp_path / "build" / "lib" / "project" / "person_capnp.py").exists()
    assert run(tmp_path, "-c", "from project.person_capnp import Person; print(Person(name='x').name)") == "x\n"


HATCH_PROJECT = """
[project]
name = "project"
version = "1"

[tool.hatch.build]
artifacts = ["*_capnp.py", "*_capnp.pyi"]

[tool.hatch.build.hooks.custom]
"""


def test_hatch_compiles_schemas_when_it_builds(tmp_path: Path) -> None:
    package = tmp_path / "src" / "project"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "person.capnp").write_text(snippet("capnp"))
    (tmp_path / ".gitignore").write_text("*_capnp.py*\n")
    (tmp_path / "hatch_build.py").write_text(snippet("python hatch"))
    (tmp_path / "pyproject.toml").write_text(HATCH_PROJECT)
    run(tmp_path, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist")
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"project/person_capnp.py", "project/person_capnp.pyi", "project/person.capnp"} <= set(names)
    code = "from project.person_capnp import Person; print(Person(name='x').name)"
    assert run(tmp_path / "dist", "-c", f"import sys; sys.path.insert(0, {str(wheel)!r}); {code}") == "x\n"
