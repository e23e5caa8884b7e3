"""Every row there is, in the order in which they are shown."""

from __future__ import annotations

from bench import bulk_rows, call_rows, data_rows, import_rows, schema_rows, transport_rows
from bench.row import Row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        *data_rows.ROWS,
        *bulk_rows.ROWS,
        *import_rows.ROWS,
        *schema_rows.ROWS,
        *call_rows.ROWS,
        *transport_rows.ROWS,
    )
}
