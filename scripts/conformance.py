"""Write `docs/conformance.md` and `docs/irregularities.md` from the tests, and `docs/states.md` from the tables of the core.

A test covers a rule by naming it: `row_51`, `E17`, `H6`, `T12`, `L2` as a part of its name. The table of irregularities covers the rules that
its rows are named after. `--check` fails when the documents are not what would be written.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MENTION = re.compile(r"(?<![A-Za-z0-9])(?:(row)[_ ]?|([EHTL]))(\d+)(?![0-9])")
RANGES = {"row": range(1, 115), "E": range(1, 49), "H": range(1, 32), "T": range(1, 61), "L": range(1, 6)}
TITLES = {
    "row": "Behaviours",
    "E": "Error paths",
    "H": "Rules of the current generation",
    "T": "Lessons of other implementations",
    "L": "Order",
}
SOCKETS = "needs sockets; belongs to the transports"
REASONS = {
    **dict.fromkeys(["row 107", "row 108", "row 109", "row 110", "row 111", "row 112", "row 93"], SOCKETS),
    **dict.fromkeys(["H23", "H27", "T40", "T53", "T55", "T57"], SOCKETS),
    **dict.fromkeys(["H28", "H29", "row 82"], "three-party handoff belongs to a later level"),
    **dict.fromkeys(["T19", "T39"], "no such lesson"),
    **dict.fromkeys(["row 30", "row 31", "row 32", "row 90", "row 97"], "a matter of the driver, not of the core"),
    **dict.fromkeys(["E40", "E41"], "an internal check of the original without a counterpart here"),
    **dict.fromkeys(
        ["H12", "H16", "H18"], "about the original's event loop or a later level; nothing to see on the wire"
    ),
    "H20": "a stream is kept until its calls are answered, so no sender is left blocked",
    "row 50": "replaced by H9",
    "row 58": "resolution happens inside the message that causes it, whose errors end the connection",
    "T41": "no locks, and no programs' code inside the core",
}


def mentions(text: str) -> set[str]:
    """Return the rules that a text names."""
    return {f"{row or letter}{' ' if row else ''}{int(number)}" for row, letter, number in MENTION.findall(text)}


def coverage() -> dict[str, list[str]]:
    """Return the tests of each rule."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        where = path.relative_to(ROOT).as_posix()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for rule in mentions(node.name.replace("_row_", " row ").replace("_", " ")):
                    found.setdefault(rule, []).append(f"`{where}::{node.name}`")
    for row in irregularities():
        for rule in mentions(f"{row.name} {row.what}"):
            found.setdefault(rule, []).append(f"`tests/spec/irregularities.py`, {row.name}")
    return found


def irregularities() -> list:
    """Return the rows of the table of irregularities."""
    sys.path[:0] = [str(ROOT / "tests" / "spec"), str(ROOT / "src")]
    from irregularities import ROWS

    return ROWS


def conformance() -> tuple[str, list[str]]:
    """Return the document, and the rules that nothing covers and nothing excuses."""
    found = coverage()
    lines = [
        "# Conformance",
        "",
        "What each rule of the protocol is covered by. Written by `scripts/conformance.py`.",
        "",
    ]
    open_rules: list[str] = []
    for kind, numbers in RANGES.items():
        lines += [f"## {TITLES[kind]}", "", "| rule | covered by |", "|---|---|"]
        for number in numbers:
            rule = f"row {number}" if kind == "row" else f"{kind}{number}"
            tests = found.get(rule)
            if tests is None and rule not in REASONS:
                open_rules.append(rule)
            lines.append(f"| {rule} | {'<br>'.join(tests) if tests else REASONS.get(rule, '**nothing yet**')} |")
        lines.append("")
    return "\n".join(lines), open_rules


def irregularity_table() -> str:
    """Return the document about what peers may do wrong."""
    lines = [
        "# What a peer may do wrong, and what comes of it",
        "",
        "Each row is a test: a scripted peer does it while other calls are under way, and the test states what becomes of those.",
        "Written by `scripts/conformance.py`.",
        "",
        "| | what the peer did | what comes of it |",
        "|---|---|---|",
    ]
    lines += [f"| {row.name} | {row.what} | {row.outcome} |" for row in irregularities()]
    return "\n".join([*lines, ""])


def state_diagrams() -> str:
    """Return the document with the state machines of the connection's tables."""
    from caplet.rpc import answer_states, embargo, export, import_, question

    lines = [
        "# The states of the tables",
        "",
        "Drawn from the tables that the core runs. Written by `scripts/conformance.py`.",
        "",
    ]
    for module in (question, answer_states, export, import_, embargo):
        machine = module.MACHINE
        lines += [f"## {machine.name.capitalize()}", "", "```mermaid", "stateDiagram-v2"]
        broken = []
        for (state, event), row in machine.rows.items():
            if isinstance(row, str):
                broken.append(f"* {state.name}, {event.name}: {row}")
                continue
            following, actions = row
            if following is not state or actions:
                names = ", ".join(action.name for action in actions)
                lines.append(f"    {state.name} --> {following.name}: {event.name}{' / ' + names if names else ''}")
        lines += ["```", ""]
        if broken:
            lines += ["What breaks the protocol:", "", *broken, ""]
    return "\n".join(lines)


def main() -> int:
    """Write or check the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the documents are not up to date")
    wanted = parser.parse_args()
    text, open_rules = conformance()
    documents = {
        ROOT / "docs" / "conformance.md": text,
        ROOT / "docs" / "irregularities.md": irregularity_table(),
        ROOT / "docs" / "states.md": state_diagrams(),
    }
    stale = [path.name for path, content in documents.items() if not path.exists() or path.read_text() != content]
    if wanted.check:
        if stale:
            print(f"not up to date: {', '.join(stale)}; run scripts/conformance.py")
        return 1 if stale else 0
    for path, content in documents.items():
        path.write_text(content)
    print(f"not covered, and no reason given: {', '.join(open_rules) or 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
