"""What an adapter makes of a chunk: the parts of its rows, each to become one event, as columns under our names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from likeness.events.fields import FIELDS
from likeness.files.chunk import Column, RawChunk


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One entry per event to be; nothing is checked yet."""

    row: NDArray[np.int64]  # (m,) which row of the chunk each part comes from
    columns: dict[str, Column]  # field -> (m,) values as they came
    lost: dict[str, NDArray[np.int64]] = field(default_factory=dict)  # rule -> parts the format itself rules out
    noted: dict[str, NDArray[np.int64]] = field(default_factory=dict)  # rule -> parts that are only counted

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self.row)


Adapt = Callable[[RawChunk, Mapping[str, str]], Parts]
"""An adapter: a chunk and the mapping field -> column."""


def flat(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one part per row, every field from its mapped column; a record's own field of that name counts too."""
    if chunk.records is not None:  # a record may hold a field that none of the first records held
        mapping = {field: field for field in FIELDS} | dict(mapping)
    columns = {name: values for name, column in mapping.items() if (values := column_of(chunk, column)) is not None}
    return Parts(row=np.arange(len(chunk)), columns=columns)


def column_of(chunk: RawChunk, column: str) -> Column | None:
    """Return a column; "=text" is a constant, "date+time" two columns with a space between."""
    if column.startswith("="):
        return pa.repeat(pa.scalar(column[1:]), len(chunk))
    found = chunk.column(column)
    if found is None and "+" in column:
        pieces = [chunk.column(name) for name in column.split("+")]
        if all(piece is not None for piece in pieces):
            return [" ".join(str(v) for v in row if v is not None) for row in zip(*map(_plain, pieces), strict=True)]
    return found


def _plain(column: Any) -> list[Any]:
    return column if isinstance(column, list) else list(column.to_pylist())


def of_records(rows: list[int], records: list[dict[str, Any]]) -> Parts:
    """Return parts from dictionaries under our names; `rows` says which row each comes from."""
    names = sorted({name for record in records for name in record})
    columns: dict[str, Column] = {name: [record.get(name) for record in records] for name in names}
    return Parts(row=np.array(rows, np.int64), columns=columns)
