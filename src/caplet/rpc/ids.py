"""The numbers that name table entries on the wire, one type for each table, and the tables that give numbers out.

Knows allocation. Does not know what is in a table.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, NewType

__all__ = [
    "FIRST_SILENT_ID",
    "AnswerId",
    "EmbargoId",
    "ExportId",
    "IdTable",
    "ImportId",
    "QuestionId",
]

# Chosen by us.
QuestionId = NewType("QuestionId", int)
ExportId = NewType("ExportId", int)
EmbargoId = NewType("EmbargoId", int)
# Chosen by the peer.
AnswerId = NewType("AnswerId", int)
ImportId = NewType("ImportId", int)

FIRST_SILENT_ID = 1 << 31
"""Question ids from here on are for calls that no Return is expected for."""


class IdTable:
    """Entries of one kind whose numbers we choose: always the lowest free one, so that tables of the peer stay compact."""

    __slots__ = ("count", "free", "rows")

    def __init__(self) -> None:
        # Both are made when they are needed: most tables of most connections stay empty, and there may be thousands of connections.
        self.rows: list[Any] | None = None
        self.free: list[int] | None = None
        self.count = 0

    def add(self, row: object) -> int:
        """Put an entry into the table and return its number."""
        self.count += 1
        rows = self.rows
        if rows is None:
            rows = self.rows = []
        elif self.free:
            number: int = heappop(self.free)
            rows[number] = row
            return number
        rows.append(row)
        return len(rows) - 1

    def get(self, number: int) -> Any:
        """Return the entry with this number, None when there is none."""
        rows = self.rows
        return None if rows is None or number >= len(rows) else rows[number]

    def remove(self, number: int) -> None:
        """Take an entry out; its number is free again."""
        rows = self.rows
        assert rows is not None
        rows[number] = None
        self.count -= 1
        if self.count == 0:
            rows.clear()
            self.free = None
        elif self.free is None:
            self.free = [number]
        else:
            heappush(self.free, number)

    def entries(self) -> list[Any]:
        """Return the entries in the order of their numbers."""
        return [] if self.rows is None else [row for row in self.rows if row is not None]

    def __len__(self) -> int:
        return self.count
