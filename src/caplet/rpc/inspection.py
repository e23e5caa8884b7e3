"""Looking inside a connection: numbers, a readable picture of the tables, and a check that they agree.

Knows every table and changes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.rpc import answer_states, embargo, export, import_, question

if TYPE_CHECKING:
    from caplet.rpc.connection import Connection

__all__ = ["check", "dump", "stats"]


def stats(connection: Connection) -> dict[str, int]:
    """Return how large each table is, and how many messages went each way, of how many bytes, before they were packed or framed."""
    return {
        "questions": len(connection.questions) + len(connection.silent),
        "answers": len(connection.answers),
        "exports": len(connection.exports),
        "imports": len(connection.imports),
        "embargoes": len(connection.embargoes),
        "sent": connection.sent,
        "received": connection.received,
        "sent_bytes": connection.sent_words << 3,
        "received_bytes": connection.received_words << 3,
        "unanswered_words": connection.flow.words,
    }


def dump(connection: Connection) -> str:
    """Return the tables as text, one line an entry."""
    lines = [f"connection {connection.name}: {'open' if connection.error is None else connection.error}"]
    lines += [
        f"  question {one.id}: {question.State(one.state).name}, wanted {one.answer_wanted}, "
        f"addressed {one.slot_uses}, paths {sorted(one.paths or {})}"
        for one in connection.questions.entries() + list(connection.silent.values())
    ]
    lines += [
        f"  answer {row.id}: {answer_states.State(row.state).name}, stage {row.stage}"
        for row in connection.answers.values()
    ]
    lines += [
        f"  export {one.id}: {export.State(one.state).name}, count {one.count}, {one.target.describe()}"
        for one in connection.exports.entries()
    ]
    lines += [
        f"  import {one.id}: {import_.State(one.state).name}, count {one.count}" for one in connection.imports.values()
    ]
    lines += [
        f"  embargo {one.id}: {embargo.State(one.state).name}, {one.promise.describe()}"
        for one in connection.embargoes.entries()
    ]
    return "\n".join(lines)


def check(connection: Connection) -> None:
    """Verify every invariant of the tables.

    Raises:
        AssertionError: one does not hold; the text says which.
    """
    for asked in connection.questions.entries():
        assert connection.questions.get(asked.id) is asked, f"question {asked.id} stands in another place"
        assert asked.state in (0, 1, 2), f"question {asked.id} is {question.State(asked.state).name} but in the table"
        assert asked.slot_uses >= 0, f"question {asked.id} has {asked.slot_uses} uses"
        if asked.state == question.State.CANCELLED:
            assert not asked.answer_wanted, f"question {asked.id} is cancelled but wanted"
    for asked in connection.silent.values():
        assert asked.state == question.State.SILENT, f"question {asked.id} is no silent one"
    for answer_id, row in connection.answers.items():
        assert row.id == answer_id, f"answer {row.id} stands in another place"
        assert row.state != answer_states.State.GONE, f"answer {answer_id} is over but in the table"
    for exported in connection.exports.entries():
        assert connection.exports.get(exported.id) is exported, f"export {exported.id} stands in another place"
        assert exported.count > 0, f"export {exported.id} has a count of {exported.count}"
        assert exported.state != export.State.GONE, f"export {exported.id} is over but in the table"
    for key, exported in connection.exported.items():
        assert id(exported.target) == key, f"export {exported.id} is known by another object than it has"
        assert connection.exports.get(exported.id) is exported, f"export {exported.id} is known but not in the table"
        assert exported.state != export.State.RESOLVED, f"export {exported.id} was resolved but could be named again"
    for import_id, imported in connection.imports.items():
        assert imported.id == import_id, f"import {imported.id} stands in another place"
        assert imported.count > 0, f"import {import_id} has a count of {imported.count}"
        assert imported.state != import_.State.GONE, f"import {import_id} is over but in the table"
    for waiting in connection.embargoes.entries():
        assert waiting.state == embargo.State.WAITING, f"embargo {waiting.id} is over but in the table"
    assert not connection.unresolved, "a broken capability was described and its Resolve not sent"
    assert connection.flow.words >= 0, "unanswered words are below zero"
