"""How the package is built: what is compiled, when, and what is said about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "caplet"
TIMEOUT_S = 240

pytest.importorskip("setuptools", "77", reason="setuptools is what builds the package")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what building needs, so that no test writes into the real one."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", copy / "src", ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


def build(checkout: Path, extensions: str, compiler: str = "/bin/false") -> subprocess.CompletedProcess[str]:
    """Run the build step with one form asked for and a compiler that, unless told otherwise, always fails."""
    environment = {**os.environ, "CAPLET_EXTENSIONS": extensions, "CC": compiler, "PYTHONWARNINGS": "ignore"}
    environment.pop("LDSHARED", None)
    return subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def compiled_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".c", ".o", ".so", ".pyd")]


def reasons(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("caplet: ")]


def test_without_a_working_compiler_nothing_is_compiled_and_one_line_says_why(checkout: Path) -> None:
    done = build(checkout, "auto")
    assert done.returncode == 0, done.stderr
    assert compiled_files(checkout) == []
    (reason,) = reasons(done)
    assert "nothing is compiled" in reason
    assert "/bin/false" in reason


@pytest.mark.parametrize("form", ["require", "checked"])
def test_without_a_working_compiler_requiring_extensions_is_an_error(checkout: Path, form: str) -> None:
    done = build(checkout, form)
    assert done.returncode != 0
    (reason,) = reasons(done)
    assert f"CAPLET_EXTENSIONS={form}" in reason
    assert not (checkout / "build").exists()


def test_a_form_that_does_not_exist_is_an_error(checkout: Path) -> None:
    done = build(checkout, "yes")
    assert done.returncode != 0
    (reason,) = reasons(done)
    assert "'yes'" in reason


def test_nothing_is_compiled_when_not_wanted_and_all_data_files_are_copied(checkout: Path) -> None:
    done = build(checkout, "no", compiler="cc")
    assert done.returncode == 0, done.stderr
    assert compiled_files(checkout) == []
    built = checkout / "build" / "no" / "lib" / "caplet"

    def listing(folder: Path) -> set[str]:
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        return {name for name in names if "__pycache__" not in name and not name.endswith(".pxd")}

    assert listing(built) == listing(checkout / "src" / "caplet")


def test_the_list_of_compiled_modules_is_the_modules_with_c_types() -> None:
    listed = (SOURCE / "compiled_modules.txt").read_text(encoding="ascii").split()
    typed = {path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".") for path in SOURCE.rglob("*.pxd")}
    assert listed == sorted(typed)
    for name in listed:
        assert (SOURCE / f"{name.replace('.', '/')}.py").exists()


def test_no_compiled_file_is_in_the_source_tree() -> None:
    assert compiled_files(ROOT / "src") == []


def test_the_build_script_stays_short() -> None:
    assert len((ROOT / "setup.py").read_text(encoding="utf-8").splitlines()) <= 50
