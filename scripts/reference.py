"""Write `docs/reference.md`: every public name with its signature and what its docstring says, read from the sources.

Run it again after a change of the public face or of a docstring; a test compares the file with the sources. `--check` only compares.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys

import public_face as face
from made_pages import write_or_compare

__all__ = ["main", "reference"]

PAGE = face.ROOT / "docs" / "reference.md"
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Yields")
SHOWN = ("__init__", "__await__", "__aenter__", "__enter__", "__aiter__", "__iter__", "__call__")
WIDTH = 110
# What is neither a class nor a function.
VALUES = {
    "ByteStream": "The client class of the standard interface of that name, of `/capnp/compat/byte-stream.capnp`; see [streaming.md](streaming.md).",
    "__version__": "The version, as text.",
    "accelerated": "Whether the compiled modules are in use; without them everything is interpreted, and the same.",
}


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str = "") -> str:
    """Return the head of a function, in several lines when it is long."""
    kind = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    arguments = ast.unparse(node.args)
    line = f"{kind}{prefix}{node.name}({arguments}){returns}"
    if len(line) <= WIDTH:
        return line
    parts = re.split(r", (?![^\[(]*[\])])", arguments)
    return "\n".join([f"{kind}{prefix}{node.name}(", *[f"    {part}," for part in parts], f"){returns}"])


def prose(doc: str) -> list[str]:
    """Return the Markdown lines of a docstring: its sections become lists."""
    lines: list[str] = []
    section = ""
    for line in inspect.cleandoc(doc).splitlines():
        if line.rstrip(":") in SECTIONS and line.endswith(":"):
            section = line[:-1]
            lines += ["", f"*{section}*", ""]
        elif section and line.startswith("    "):
            text = line.strip()
            starts = (
                re.match(r"^(\*{0,2}\w+(?:, \w+)*): (.*)$", text) if line[4] != " " and section != "Returns" else None
            )
            if starts is not None:
                lines.append(f"* `{starts[1]}`: {starts[2]}")
            elif lines[-1] == "" or line[4] != " ":
                lines.append(text)
            else:
                lines.append(f"  {text}")
        else:
            section = section if line == "" else ""
            lines.append(line)
    return lines


def doc_of(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the Markdown lines of what a definition says of itself."""
    doc = ast.get_docstring(node)
    return prose(doc) if doc else []


def marks_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the decorators of a function."""
    return {ast.unparse(mark) for mark in node.decorator_list}


def class_members(node: ast.ClassDef) -> list[str]:
    """Return the Markdown lines of the public members of a class."""
    lines: list[str] = []
    for member in node.body:
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name) and member.target.id[0] != "_":
            lines += [f"* `{ast.unparse(member)}`"]
        if not isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if member.name.startswith("_") and member.name not in SHOWN:
            continue
        marks = marks_of(member)
        said = doc_of(member)
        if not said or any(mark.endswith(".setter") for mark in marks):
            continue
        if "property" in marks:
            returns = ast.unparse(member.returns) if member.returns is not None else "object"
            lines += ["", f"**`{node.name}.{member.name}`**: `{returns}`", "", *said]
        else:
            kind = "classmethod " if "classmethod" in marks else ""
            lines += ["", "```python", f"{kind}{signature(member, f'{node.name}.')}", "```", "", *said]
    return lines


def entry(module: str, name: str) -> list[str]:
    """Return the Markdown lines of one public name."""
    where, nodes = face.definitions(module, name)
    lines = ["", f"### `{module}.{name}`", ""]
    if not nodes:
        if where.endswith(f".{name}"):
            return [*lines, f"A module, described [below](#{where.replace('.', '').lower()})."]
        return [*lines, VALUES[name]]
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            return [*lines, "```python", face.class_line(node), "```", "", *doc_of(node), "", *class_members(node)]
    stated = [node for node in nodes if "overload" not in marks_of(node)] or nodes
    heads = [signature(node) for node in stated if not isinstance(node, ast.ClassDef)]
    return [*lines, "```python", *heads, "```", "", *doc_of(stated[-1])]


def reference() -> str:
    """Return the whole page."""
    lines = [
        "# Reference",
        "",
        "Every public name, from its docstring; made by `scripts/reference.py`. The pages of [the README's list](../README.md) tell how they are used.",
    ]
    for module in face.MODULES:
        tree = face.tree_of(module)
        names = face.literal(tree, "__all__")
        assert isinstance(names, list), f"{module} says no __all__"
        said = ast.get_docstring(tree)
        lines += ["", f"## {module}", "", *(prose(said) if said else [])]
        for name in sorted(names):
            lines += entry(module, name)
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def main() -> int:
    """Write the file, or compare it."""
    return write_or_compare({PAGE: reference()})


if __name__ == "__main__":
    sys.exit(main())
