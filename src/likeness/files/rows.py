"""Any file as a stream of chunks of rows, in bounded memory, never raising on content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from likeness.files.chunk import Broken, Column, RawChunk
from likeness.files.container import Container
from likeness.files.csv_rows import csv_rows
from likeness.files.json_array import json_rows
from likeness.files.json_rows import Row, ndjson_rows
from likeness.files.source import Tally, open_bytes
from likeness.files.yaml_rows import yaml_rows

CHUNK_BYTES = 16 << 20
"""A chunk is closed after this much text even if it has few rows."""


def chunks_of(path: Path, container: Container, rows: int = 50_000) -> Iterator[RawChunk]:
    """Yield the file's rows in chunks; the same file and size always give the same chunks.

    Raises:
        FormatError: the file cannot be opened.
    """
    if container.layout == "parquet":
        yield from _parquet_chunks(path, rows)
        return
    with open_bytes(path) as (stream, tally):
        yield from _gather(_reader(container)(stream), container, rows, tally)


def _reader(container: Container) -> Callable[[IO[bytes]], Iterator[Row]]:
    if container.layout == "csv":
        return lambda stream: csv_rows(stream, container)
    read = {"ndjson": ndjson_rows, "json": json_rows, "yaml": yaml_rows}[container.layout]
    return lambda stream: read(stream, container.encoding)


def _gather(rows: Iterator[Row], container: Container, size: int, tally: Tally) -> Iterator[RawChunk]:
    held: list[Row] = []
    weight = 0
    for row in rows:
        held.append(row)
        weight += len(row.raw)
        if len(held) >= size or weight >= CHUNK_BYTES:
            yield _chunk(held, container, tally.done)
            held, weight = [], 0
    if held:
        yield _chunk(held, container, tally.done)


def _chunk(rows: list[Row], container: Container, done: int) -> RawChunk:
    good = [row for row in rows if row.broken is None]
    by_columns = container.layout == "csv"
    return RawChunk(
        lines=np.array([row.line for row in good], np.int64),
        next_line=rows[-1].line + 1,
        broken=tuple(row.broken for row in rows if row.broken is not None),
        mended={i: row.mended for i, row in enumerate(good) if row.mended is not None},
        columns=_columns(container.header, good) if by_columns else None,
        records=None if by_columns else [row.fields for row in good],
        raw=[row.raw for row in good],
        bytes_done=done,
    )


def _columns(header: tuple[str, ...], rows: list[Row]) -> dict[str, Column]:
    if not rows:
        return {name: [] for name in header}
    return {
        name: list(values) for name, values in zip(header, zip(*[row.fields for row in rows], strict=True), strict=True)
    }


def _parquet_chunks(path: Path, rows: int) -> Iterator[RawChunk]:
    done = 0
    total = path.stat().st_size
    file = pq.ParquetFile(path)
    count = max(1, file.metadata.num_rows)
    try:
        for batch in file.iter_batches(batch_size=rows):
            done += batch.num_rows
            yield _parquet_chunk(batch, done, int(total * done / count))
    except (pa.ArrowException, OSError) as error:
        broken = (Broken(done + 1, "truncated_file", str(error)[:200], ""),)
        yield RawChunk(lines=np.empty(0, np.int64), next_line=done + 2, broken=broken, records=[], bytes_done=total)


def _parquet_chunk(batch: Any, done: int, bytes_done: int) -> RawChunk:
    lines = np.arange(done - batch.num_rows + 1, done + 1, dtype=np.int64)
    if any(pa.types.is_nested(field.type) for field in batch.schema):
        return RawChunk(lines=lines, next_line=done + 1, records=batch.to_pylist(), bytes_done=bytes_done)
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    return RawChunk(lines=lines, next_line=done + 1, columns=columns, bytes_done=bytes_done)
