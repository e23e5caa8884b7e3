"""Write `docs/public-face.txt`: every public name with its signature, read from the sources, so that it is the same in both forms.

Run it again after a change of the public face; a test compares the file with the sources. `--check` only compares.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from typing import TypeAlias

from made_pages import write_or_compare

__all__ = ["main", "public_face"]

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
FACE = ROOT / "docs" / "public-face.txt"
MODULES = [
    "caplet",
    "caplet.blocking",
    "caplet.json_codec",
    "caplet.messages",
    "caplet.orphans",
    "caplet.streams",
    "caplet.telemetry",
    "caplet.testing",
]


def path_of(module: str) -> Path:
    """Return the file of a module."""
    path = SOURCE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def tree_of(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


def literal(tree: ast.Module, name: str) -> object:
    """Return what a module sets a name to, None when it does not."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            return ast.literal_eval(statement.value)
    return None


def imported_from(tree: ast.Module, name: str) -> str | None:
    """Return the module that a name is imported from, also for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
            return node.module
    return None


Definition: TypeAlias = "ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef"


def definitions(module: str, name: str) -> tuple[str, list[Definition]]:
    """Return the module that a public name is defined in, and the nodes that define it: the overloads of a function are several."""
    tree = tree_of(module)
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    if found and isinstance(found[0], ast.ClassDef):
        return module, found[:1]
    if found:
        return module, [node for node in found if not isinstance(node, ast.ClassDef)]
    source = imported_from(tree, name)
    if source is not None and (SOURCE / source.split(".")[0]).is_dir():
        if path_of(f"{source}.{name}").exists():
            return f"{source}.{name}", []
        return definitions(source, name)
    return module, []


def described(module: str, name: str) -> list[str]:
    """Return the lines of one public name."""
    where, nodes = definitions(module, name)
    if not nodes:
        return [f"module {name}" if where.endswith(f".{name}") else name]
    return [
        line
        for node in nodes
        for line in ([class_line(node), *members(node)] if isinstance(node, ast.ClassDef) else [function_line(node)])
    ]


def class_line(node: ast.ClassDef) -> str:
    """Return the head of a class."""
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    return f"class {node.name}({bases})" if bases else f"class {node.name}"


def function_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the head of a function."""
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return f"{kind} {node.name}({ast.unparse(node.args)}){returns}"


def members(node: ast.ClassDef) -> list[str]:
    """Return the public members of a class."""
    lines: list[str] = []
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            if member.name.startswith("_") and member.name not in ("__init__", "__await__", "__aenter__", "__enter__"):
                continue
            marks = {ast.unparse(mark) for mark in member.decorator_list}
            if any(mark.endswith(".setter") for mark in marks):
                lines.append(f"    {member.name} can be set")
            elif "property" in marks:
                returns = ast.unparse(member.returns) if member.returns is not None else "object"
                lines.append(f"    {member.name}: {returns}")
            else:
                lines.append(f"    {function_line(member)}")
        elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name) and member.target.id[0] != "_":
            lines.append(f"    {ast.unparse(member)}")
    return lines


def public_face() -> str:
    """Return the whole text."""
    lines = ["Every public name; made by scripts/public_face.py."]
    for module in MODULES:
        names = literal(tree_of(module), "__all__")
        assert isinstance(names, list), f"{module} says no __all__"
        lines += ["", f"# {module}", ""]
        for name in sorted(names):
            lines += described(module, name)
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or compare it."""
    return write_or_compare({FACE: public_face()})


if __name__ == "__main__":
    sys.exit(main())
