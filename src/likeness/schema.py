"""Arrow schemas of the tables that cross a boundary: the event log, the import ledger, exports."""

from __future__ import annotations

import pyarrow as pa

EVENT_SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("event", pa.string()),
        ("time", pa.float64()),
        ("user_id", pa.string()),
        ("visitor_id", pa.string()),
        ("session_id", pa.string()),
        ("item_id", pa.string()),
        ("query", pa.string()),
        ("quantity", pa.float64()),
        ("value", pa.float64()),
        ("currency", pa.string()),
        ("discount", pa.float64()),
        ("rating", pa.float64()),
        ("text", pa.string()),
        ("request_id", pa.string()),
        ("position", pa.int32()),
        ("device", pa.string()),
        ("undoes", pa.string()),
        ("consent", pa.string()),  # JSON object purpose -> bool
    ]
)
"""One event per row; the same fields in the same order as `types.Event`."""

QUARANTINE_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),  # 1-based; for Parquet the 1-based row
        ("status", pa.string()),  # "quarantined" or "repaired"
        ("rule", pa.string()),
        ("value", pa.string()),  # the offending value, shortened to 200 characters
        ("user_id", pa.string()),  # when it could be read, so that erasure finds it
        ("raw", pa.string()),  # the whole row (as JSON for Parquet), shortened to 2,000 characters
    ]
)
"""One row per repair or quarantine decision."""

OBSERVATION_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("field", pa.string()),  # a field of types.Item: title, brand, category, ...; or "attribute:<name>"
        ("value", pa.string()),
        ("count", pa.int64()),
        ("first", pa.float64()),
        ("last", pa.float64()),
    ]
)
"""What event files say about items in passing (an order line carries a description); sums, so it merges."""
