"""A chunk of rows as read: columns or records, with the line of each, and the rows that could not be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Column: TypeAlias = Any
"""The values of one field as they came: a list of plain values, or an Arrow array. `None` is missing."""

ROW_CHARS = 2_000
VALUE_CHARS = 200


class Broken(NamedTuple):
    """A row that could not be read, or (in `RawChunk.mended`) one that was read against the rules of its container."""

    line: int
    rule: str
    value: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class RawChunk:
    """Some rows of a file. Exactly one of `columns` and `records` is given."""

    lines: NDArray[np.int64]  # (n,) 1-based line (row of Parquet, JSON array or YAML) of each readable row
    next_line: int  # the first line after the chunk
    broken: tuple[Broken, ...] = ()
    mended: dict[int, tuple[str, str]] = field(default_factory=dict)  # index -> (rule, value)
    columns: dict[str, Column] | None = None
    records: list[dict[str, Any]] | None = None
    raw: Sequence[bytes] | None = None  # the rows' own bytes, when the container has lines
    bytes_done: int = 0

    def __len__(self) -> int:
        """Return the number of readable rows."""
        return len(self.lines)

    @property
    def rows(self) -> int:
        """Return the number of rows, readable or not."""
        return len(self.lines) + len(self.broken)

    def column(self, name: str) -> Column | None:
        """Return the values of one column; `a.b` looks into records; None when no row has it."""
        if self.columns is not None:
            return self.columns.get(name)
        records = self.records or []
        found = [r.get(name) for r in records] if "." not in name else [value_at(r, name) for r in records]
        return found if any(value is not None for value in found) else None

    def as_records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        if self.records is not None:
            return self.records
        columns = {name: values if isinstance(values, list) else values.to_pylist() for name, values in self.named()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def named(self) -> list[tuple[str, Column]]:
        """Return the columns with their names."""
        return list((self.columns or {}).items())

    def raw_of(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the text of some rows, shortened: the line itself where there is one, else JSON."""
        if self.raw is not None:
            return [self.raw[i].decode("utf-8", "replace").strip()[:ROW_CHARS] for i in rows.tolist()]
        if self.records is not None:
            return [as_json(self.records[i]) for i in rows.tolist()]
        picked = {name: pick(values, rows) for name, values in self.named()}
        return [as_json(dict(zip(picked, row, strict=True))) for row in zip(*picked.values(), strict=True)]


def value_at(record: dict[str, Any], name: str) -> Any:
    """Return a record's field, `a.b` being the field b of the object a unless a field is called `a.b`."""
    if name in record or "." not in name:
        return record.get(name)
    head, _, rest = name.partition(".")
    inner = record.get(head)
    return value_at(inner, rest) if isinstance(inner, dict) else None


def pick(column: Column, rows: NDArray[np.int64]) -> list[Any]:
    """Return plain values of a column at some rows."""
    if isinstance(column, list):
        return [column[i] for i in rows.tolist()]
    return list(column.take(pa.array(rows)).to_pylist())


def as_json(value: Any) -> str:
    """Return a value as short JSON text, whatever it is."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:ROW_CHARS]
    except (ValueError, RecursionError, TypeError):
        return repr(type(value))


def shown(value: Any) -> str:
    """Return a value as the short text that a report shows."""
    if isinstance(value, str):
        return value[:VALUE_CHARS]
    return "" if value is None else as_json(value)[:VALUE_CHARS]
