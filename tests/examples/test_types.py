"""The examples with modules made from their schemas are what strict type checkers accept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TIMEOUT_S = 240
# The first example loads its schema with caplet.load, which a type checker cannot follow.
NAMES = sorted({path.parent.name for path in EXAMPLES.glob("*/*.py")} - {"hello"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All examples, each with the modules of its schemas."""
    made = tmp_path_factory.mktemp("examples")
    for name in NAMES:
        ignored = shutil.ignore_patterns("__pycache__", "*_capnp.*")
        shutil.copytree(EXAMPLES / name, made / name, ignore=ignored)
        for schema in (made / name).glob("*.capnp"):
            command = [sys.executable, "-m", "caplet", "compile", "-o", "python", schema.name]
            subprocess.run(command, cwd=made / name, check=True, timeout=TIMEOUT_S)
    return made


def programs(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.glob("*.py")) if not path.name.endswith("_capnp.py")]


@pytest.mark.parametrize("name", NAMES)
def test_mypy_accepts_the_example(name: str, folder: Path) -> None:
    here = folder / name
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(folder / "cache")]
    done = subprocess.run(
        [*command, *programs(here)], cwd=here, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert not done.stdout, done.stdout
    assert done.returncode == 0, done.stderr


def test_pyright_accepts_all_examples(folder: Path) -> None:
    paths = [str(folder / name / program) for name in NAMES for program in programs(folder / name)]
    settings = {
        "typeCheckingMode": "strict",
        "reportPrivateUsage": False,
        "executionEnvironments": [{"root": str(folder / name)} for name in NAMES],
        "include": paths,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--project", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout
