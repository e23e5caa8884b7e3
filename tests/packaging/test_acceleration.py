"""`caplet.accelerated`: all, none, and the half-compiled installation that refuses to be imported."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path

import pytest

import caplet

PACKAGE = Path(caplet.__file__).parent
MODULES = (PACKAGE / "compiled_modules.txt").read_text(encoding="ascii").split()


@pytest.fixture
def stripped(tmp_path: Path) -> Path:
    """A copy of the package with nothing compiled in it."""
    copy = tmp_path / "caplet"
    shutil.copytree(
        PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", *(f"*{end}" for end in EXTENSION_SUFFIXES))
    )
    return copy


def accelerated(package: Path) -> subprocess.CompletedProcess[str]:
    """Import a copy of the package in a fresh interpreter and print what it says."""
    program = f"import sys; sys.path.insert(0, {str(package.parent)!r}); import caplet; print(caplet.accelerated)"
    return subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


def fake_compiled(package: Path, name: str) -> None:
    package.joinpath(*name.split(".")).with_suffix(EXTENSION_SUFFIXES[0]).touch()


def test_accelerated_tells_what_is_imported() -> None:
    loaders = {type(importlib.util.find_spec(f"caplet.{name}").loader) for name in MODULES}  # type: ignore[union-attr]
    assert len(loaders) == 1
    assert caplet.accelerated == ("all" if loaders == {ExtensionFileLoader} else "none")


def test_a_package_with_no_compiled_module_says_none(stripped: Path) -> None:
    done = accelerated(stripped)
    assert (done.returncode, done.stdout.strip()) == (0, "none"), done.stderr


def test_a_package_with_every_module_compiled_says_all(stripped: Path) -> None:
    for name in MODULES:
        fake_compiled(stripped, name)
    done = accelerated(stripped)
    assert (done.returncode, done.stdout.strip()) == (0, "all"), done.stderr


def test_a_half_compiled_package_refuses_to_be_imported_and_says_what_to_do(stripped: Path) -> None:
    fake_compiled(stripped, MODULES[0])
    done = accelerated(stripped)
    assert done.returncode != 0
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("ImportError: ")
    assert "half compiled" in message
    assert "install it again" in message
    assert MODULES[1] in message
    assert MODULES[0] not in message.split("(")[1].split(")")[0].split(": ")[1].split(", ")


def test_importing_caplet_does_not_load_what_it_does_not_need_yet() -> None:
    program = (
        "import sys; import caplet; "
        "print([name for name in ('asyncio', 'socket', 'ssl', 'caplet.compiler', 'caplet.aio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="lod"):
        caplet.lod  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_the_one_of_the_installation() -> None:
    try:
        installed = importlib.metadata.version("caplet")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("caplet is imported from its source tree, not installed")
    assert caplet.__version__ == installed
