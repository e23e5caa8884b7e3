"""Every row there is, in the order in which they are shown."""

from __future__ import annotations

from bench import call_rows, data_rows, read_uint32, schema_rows
from bench.row import Row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {row.name: row for row in (read_uint32.ROW, *data_rows.ROWS, *schema_rows.ROWS, *call_rows.ROWS)}
