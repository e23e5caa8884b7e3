"""The pages about the command line and about JSON do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import caplet
from caplet.schema import evolution

from .conftest import SOURCE

DOCS = Path(__file__).parent.parent.parent / "docs"


def snippet(page: str, label: str) -> str:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^```{label}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    (tmp_path / "person.capnp").write_text(snippet("command-line.md", "capnp"))
    program = f"caplet() {{ '{sys.executable}' -m caplet \"$@\"; }}\nset -e -o pipefail\n"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([SOURCE, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        ["bash", "-c", program + snippet("command-line.md", "sh")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for part in ('(name = "Ada", age = 36)\n"Ada"\n', '{"name": "Ada", "age": 36}', '(name = "Bob", age = 0)'):
        assert part in done.stdout
    assert (tmp_path / "person_capnp.py").is_file()


def test_every_rule_of_check_is_in_the_page() -> None:
    source = Path(evolution.__file__ or "").with_suffix(".py").read_text(encoding="utf-8")
    rules = set(re.findall(r'"([a-z]+-[a-z-]+)"', source)) | {"renamed"}
    rules |= {f"{what}-{how}" for what in ("enumerant", "method") for how in ("renumbered", "renamed", "removed")}
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    harmless = {rule for rule in rules if rule.endswith(("-added", "-grew", "-joined-union"))}
    assert rules - harmless == set(re.findall(r"`((?:[a-z]+-)*[a-z]+)`", page[page.index("| rule |") :]))


def test_the_snippet_about_json_runs(tmp_path: Path) -> None:
    (tmp_path / "person.capnp").write_text(snippet("command-line.md", "capnp"))
    environment = {**os.environ, "PYTHONPATH": str(Path(caplet.__file__).parent.parent)}
    command = [sys.executable, "-c", snippet("json.md", "python")]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
