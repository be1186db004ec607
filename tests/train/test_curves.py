"""Learning curves survive the way to disk and back, in both formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeness.train.curves import Point, read_parquet, write_events, write_parquet

POINTS = (
    Point(1, 0, 0.5, "loss", 2.0),
    Point(2, 0, 1.0, "loss", 1.25),
    Point(2, 0, 1.5, "validation", -3.5),
)


def test_parquet(tmp_path: Path) -> None:
    write_parquet(POINTS, tmp_path / "curve.parquet")
    assert read_parquet(tmp_path / "curve.parquet") == POINTS
    write_parquet((), tmp_path / "curve.parquet")
    assert read_parquet(tmp_path / "curve.parquet") == ()
    assert [path.name for path in tmp_path.iterdir()] == ["curve.parquet"]


def test_tensorboard_reads_the_event_file(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    write_events(POINTS, tmp_path, started=1_700_000_000.0)
    path = write_events(POINTS, tmp_path, started=1_700_000_000.0)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    read = EventAccumulator(str(tmp_path)).Reload()
    assert sorted(read.Tags()["scalars"]) == ["loss", "validation"]
    assert [(s.step, s.wall_time - 1_700_000_000.0, s.value) for s in read.Scalars("loss")] == [
        (1, 0.5, 2.0),
        (2, 1.0, 1.25),
    ]
    assert [s.value for s in read.Scalars("validation")] == [-3.5]
