"""The report: every recommender on every task, with intervals, slices and ratios to the best baseline."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from likeness.evaluate.bootstrap import Interval
from likeness.evaluate.tune import Tuned


class Row(msgspec.Struct, frozen=True):
    """One recommender on one task."""

    recommender: str
    baseline: bool
    metrics: Mapping[str, Interval]  # "ndcg@10", ...; means over the shoppers of the task
    coverage: float  # share of the catalogue in anybody's first k: a property of all lists, so it has no interval
    slices: Mapping[str, Mapping[str, Interval]]  # "cold" -> "ndcg@10" -> ...


class Comparison(msgspec.Struct, frozen=True):
    """Two recommenders on the same shoppers, resampled together."""

    metric: str
    recommender: str
    against: str
    best_baseline: bool  # whether `against` is the baseline with the highest mean of this metric
    ratio: Interval
    difference: Interval


class Table(msgspec.Struct, frozen=True):
    """All recommenders on one task."""

    task: str  # "all": the next purchases; "new": those the shopper had never bought
    headline: str  # the measure the task is decided by
    shoppers: int
    wanted: float  # mean number of wanted items
    slice_sizes: Mapping[str, int]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]

    def row(self, recommender: str) -> Row:
        """Return one recommender's row; KeyError when it is not there."""
        return {row.recommender: row for row in self.rows}[recommender]


class Report(msgspec.Struct, frozen=True):
    """The whole evaluation. The same inputs give the same report."""

    protocol: str  # "time" or "last-out"
    cutoff: float | None  # None for last-out
    days: float | None
    train_events: int
    items: int
    budget: int  # settings tried per baseline at most
    seed: int
    resamples: int
    tuned: tuple[Tuned, ...]
    left_out: Mapping[str, str]  # baseline -> why
    tables: tuple[Table, ...]

    def table(self, task: str) -> Table:
        """Return the table of one task; KeyError when nobody could be asked."""
        return {table.task: table for table in self.tables}[task]

    def to_json(self) -> bytes:
        """Return the report as JSON."""
        return msgspec.json.encode(self)
