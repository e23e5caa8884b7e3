"""Write `docs/conformance.md` and `docs/irregularities.md` from the tests, and `docs/states.md` from the tables of the core.

A test covers a rule by naming it: `row_51`, `E17`, `H6`, `T12`, `L2`, `W3`, `A8` as a part of its name. The table of irregularities covers the rules that
its rows are named after. `--check` fails when the documents are not what would be written.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from made_pages import write_or_compare

ROOT = Path(__file__).parent.parent
MENTION = re.compile(r"(?<![A-Za-z0-9])(?:(row)[_ ]?|([EHTLWA]))(\d+)(?![0-9])")
RANGES = {"row": range(1, 115), "E": range(1, 49), "H": range(1, 32), "T": range(1, 61), "L": range(1, 6)}
RANGES |= {"W": range(1, 20), "A": range(1, 10)}
TITLES = {
    "row": "Behaviours",
    "E": "Error paths",
    "H": "Rules of the current generation",
    "T": "Lessons of other implementations",
    "L": "Order",
    "W": "Messages",
    "A": "Security advisories of the C++ implementation",
}
# What the rules about messages and the advisories are about; the others have their texts in the tests.
SUBJECTS = {
    "W1": "kinds of pointers",
    "W2": "what is checked when a pointer is followed; lists and structs of older and newer schemas",
    "W3": "traversal limit",
    "W4": "nesting limit",
    "W5": "segments of a message on a stream",
    "W6": "size of a message on a stream, before room is made for it",
    "W7": "messages on a stream",
    "W8": "one buffer, and bare segments",
    "W9": "reading in place: maps and other buffers",
    "W10": "how segments grow",
    "W11": "orphans",
    "W12": "zeroing of what is replaced or dropped",
    "W13": "messages that are read without checks",
    "W14": "structs without pointers as bytes",
    "W15": "pointers, structs and lists without a type",
    "W16": "the canonical form",
    "W17": "the packed form",
    "W18": "unions, groups, defaults; growing what an older schema wrote",
    "W19": "the bits of NaN",
    "A1": "CVE-2015-2310: the size of a list wraps",
    "A2": "CVE-2015-2311: text of size zero, text without NUL",
    "A3": "CVE-2015-2312: lists of elements without size",
    "A4": "CVE-2015-2313: the same through copies and sizes",
    "A5": "CVE-2017-7892: far pointers at the end of memory",
    "A6": "CVE-2022-46149: pointers of a list of structs",
    "A7": "CVE-2023-48230: compressed WebSocket frames",
    "A8": "2026-03-12-0: the count of segments wraps",
    "A9": "CVE-2026-32239, CVE-2026-32240: lengths of HTTP bodies",
}
REASONS = {
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
    "W13": "everything is checked whenever it is read",
    "A9": "no HTTP is spoken here",
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
            subject = f"{rule}: {SUBJECTS[rule]}" if rule in SUBJECTS else rule
            lines.append(f"| {subject} | {'<br>'.join(tests) if tests else REASONS.get(rule, '**nothing yet**')} |")
        lines.append("")
    return "\n".join(lines), open_rules


def irregularity_table() -> str:
    """Return the document about what peers may do wrong."""
    lines = [
        "# What a peer may do wrong, and what comes of it",
        "",
        "Each row is a test: a scripted peer does it while other calls are under way, one of ours and one of its own, and the test sees what becomes of",
        "those. E38, E39 and E43 to E45 are not done by peers; their tests, and those of bytes that are no messages, are in [Conformance](conformance.md).",
        "Written by `scripts/conformance.py`.",
        "",
        "| | what the peer did | what comes of it | the calls under way |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.name} | {row.what} | {row.outcome} | {row.others} |" for row in irregularities()]
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
    text, open_rules = conformance()
    documents = {
        ROOT / "docs" / "conformance.md": text,
        ROOT / "docs" / "irregularities.md": irregularity_table(),
        ROOT / "docs" / "states.md": state_diagrams(),
    }
    print(f"not covered, and no reason given: {', '.join(open_rules) or 'nothing'}")
    return write_or_compare(documents)


if __name__ == "__main__":
    sys.exit(main())
