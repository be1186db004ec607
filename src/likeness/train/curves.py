"""Learning curves: points of a run, written as Parquet and as TensorBoard event files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from likeness.errors import MissingExtra

EVENTS_FILE = "events.out.tfevents.0.likeness"
FILE_VERSION = "brain.Event:2"  # the first record of every event file
SCHEMA = pa.schema(
    [
        ("step", pa.int64()),
        ("epoch", pa.int64()),
        ("seconds", pa.float64()),
        ("name", pa.string()),
        ("value", pa.float64()),
    ]
)


class Point(NamedTuple):
    """One value of one curve."""

    step: int  # optimiser steps done
    epoch: int  # 0-based
    seconds: float  # of training so far
    name: str  # "loss", "rate", "gradient", "validation"
    value: float


def write_parquet(points: Iterable[Point], path: Path) -> None:
    """Write points in rows, replacing the file whole."""
    columns = list(zip(*points, strict=True)) or [()] * len(SCHEMA)
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA)
    scratch = path.with_name(path.name + ".part")
    pq.write_table(table, scratch)
    os.replace(scratch, path)


def read_parquet(path: Path) -> tuple[Point, ...]:
    """Read what `write_parquet` wrote."""
    return tuple(Point(**row) for row in pq.read_table(path, schema=SCHEMA).to_pylist())


def write_events(points: Iterable[Point], folder: Path, *, started: float = 0.0) -> Path:
    """Write scalars to a TensorBoard event file in the folder, replacing it, and return its path.

    `started` is the wall time of the run's start in seconds UTC. Raises MissingExtra without tensorboard.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ModuleNotFoundError as missing:
        raise MissingExtra("a TensorBoard event file", "learn") from missing
    folder.mkdir(parents=True, exist_ok=True)
    path, scratch = folder / EVENTS_FILE, folder / f"part.{os.getpid()}"
    with scratch.open("wb") as file:
        records = RecordWriter(file)
        records.write(Event(wall_time=started, file_version=FILE_VERSION).SerializeToString())
        for point in points:
            summary = Summary(value=[Summary.Value(tag=point.name, simple_value=point.value)])
            event = Event(wall_time=started + point.seconds, step=point.step, summary=summary)
            records.write(event.SerializeToString())
        records.flush()
    os.replace(scratch, path)
    return path
