"""The pages hang together: links lead somewhere, the README names each page, and what the page for newcomers shows is so."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`(?!\])", re.MULTILINE | re.DOTALL)
LOGGERS = {"reconnect", "interceptors", "trace"}  # what is called `caplet.…` and is no name of Python
TIMEOUT_S = 120


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings as links write them."""
    headings = re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_page_that_is_there() -> None:
    seen = 0
    for page in PAGES:
        for link in LINK.findall(CODE.sub("", read(page))):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page.name} links to {link}"
            if anchor:
                assert anchor in anchors(target), f"{page.name} links to {link}"
            seen += 1
    assert seen > 50


def test_the_readme_names_every_page_once() -> None:
    named = re.findall(r"^\| \[docs/[\w./-]+\]\((docs/[\w./-]+)\) \|", read(ROOT / "README.md"), re.MULTILINE)
    there = [path.relative_to(ROOT).as_posix() for path in DOCS.iterdir() if path.is_file()]
    assert sorted(named) == sorted([*there, "docs/examples/README.md"])


def section(page: str, title: str) -> str:
    """Return what stands below a heading, to the next one."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def lines_of(table: str) -> list[str]:
    """Return the code in the right column of the first table of a section."""
    rows = re.findall(r"^\| .* \| (.*) \|$", table.strip().split("\n\n")[0], re.MULTILINE)
    return [line for row in rows for line in re.findall(r"`([^`]+)`", row)]


PROGRAM_BEGINS = """
import asyncio
import caplet

hello = caplet.load("hello.capnp")


class GreeterServer(hello.Greeter.Server):
    def greet(self, name, context):
        return f"Hello, {name}, at {context.peer.address}!"

    @caplet.by_context
    async def colleague(self, context):
        return GreeterServer()


async def main():
    reader = asyncio.StreamReader()
    reader.feed_data(caplet.load("book.capnp").Person(name="Bob").to_bytes())
"""


def test_what_newcomers_are_told_to_write_runs(tmp_path: Path) -> None:
    """The lines become one program; whatever stands below one that ends in a colon is inside of it."""
    page = read(DOCS / "coming-from.md")
    for name, source in (("book.capnp", DOCS / "data.md"), ("hello.capnp", ROOT / "README.md")):
        found = re.search(r"```capnp\n(.*?)```", read(source), re.DOTALL)
        assert found is not None
        (tmp_path / name).write_text(found[1], encoding="utf-8")
    lines = ["    " + line for line in lines_of(section(page, "Messages"))]
    depth = 1
    for line in lines_of(section(page, "Calls")):
        lines.append("    " * depth + line)
        depth += line.endswith(":")
    assert len(lines) > 30
    program = PROGRAM_BEGINS + "\n".join(lines) + "\n\nasyncio.run(main())\nprint('done')\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


def test_every_name_of_caplet_on_a_page_is_there() -> None:
    for page in PAGES:
        for dotted in re.findall(r"`(caplet(?:\.[A-Za-z]\w*)+)", read(page)):
            if dotted.split(".")[1] in LOGGERS:
                continue
            try:
                pkgutil.resolve_name(dotted)
            except (AttributeError, ImportError) as error:
                pytest.fail(f"{page.name} says {dotted}: {error}")
