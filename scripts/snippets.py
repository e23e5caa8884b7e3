"""Put the code of the examples into the pages about them, so that what a page shows is what runs.

A page says what it wants by a comment, and the block behind it is replaced:

    <!-- examples/chat/server.py: SeatServer, RoomServer -->

Without names it is the whole file; of a notebook, its cells. Run it again after a change of an example or of a comment; a test compares.
`--check` only compares.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

from made_pages import write_or_compare

__all__ = ["PAGES", "main", "refreshed"]

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "examples"
BLOCK = re.compile(r"^<!-- (examples/[^ :]+)(?:: ([\w, ]+))? -->\n\n```(?:\w*)\n.*?^```\n", re.DOTALL | re.MULTILINE)
LANGUAGES = {".py": "python", ".capnp": "capnp", ".ipynb": "python"}


def definitions(text: str, names: list[str], path: str) -> str:
    """Return classes, functions and constants of a Python file, in the order of the names."""
    lines = text.splitlines()
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *[mark.lineno for mark in node.decorator_list]])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    missing = [name for name in names if name not in found]
    if missing:
        raise SystemExit(f"{path} has no {', '.join(missing)}")
    return "\n\n\n".join(found[name] for name in names) + "\n"


def cells(text: str) -> str:
    """Return the code of a notebook, with an empty line between cells."""
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n\n".join("".join(cell["source"]) for cell in code) + "\n"


def block(match: re.Match[str]) -> str:
    """Return a block with the code of today."""
    path, names = match[1], match[2]
    text = (ROOT / path).read_text(encoding="utf-8")
    if names is not None:
        text = definitions(text, [name.strip() for name in names.split(",")], path)
    elif path.endswith(".ipynb"):
        text = cells(text)
    wanted = path if names is None else f"{path}: {names}"
    return f"<!-- {wanted} -->\n\n```{LANGUAGES[Path(path).suffix]}\n{text}```\n"


def refreshed(page: Path) -> str:
    """Return the text of a page with the code of today."""
    text, count = BLOCK.subn(block, page.read_text(encoding="utf-8"))
    if count != text.count("<!-- examples/"):
        raise SystemExit(f"{page.name}: a comment has no block behind it")
    return text


def main() -> int:
    """Write the pages, or compare them."""
    return write_or_compare({page: refreshed(page) for page in sorted(PAGES.glob("*.md"))})


if __name__ == "__main__":
    sys.exit(main())
