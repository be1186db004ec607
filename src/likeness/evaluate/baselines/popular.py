"""What everybody buys: all the time, or in the last seven days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts
from likeness.types import DAY, Vectors

WINDOW_DAYS = 7.0


def _grid(facts: Facts) -> tuple[Settings, ...]:
    return tuple({"signal": signal, "count": count} for signal in facts.signals for count in ("events", "shoppers"))


def popularity(facts: Facts, settings: Settings, days: float | None) -> Vectors:
    """Return (n_items,): the number of events, or of different shoppers (anonymous ones as one each), per item.

    A negative event takes one away; whoever's events of an item sum to nothing or less does not count for it.
    """
    chosen = facts.mask(str(settings["signal"]))
    if days is not None:
        chosen &= facts.train.time >= facts.train.end - days * DAY
    row, who = facts.train.row[chosen].astype(np.int64), facts.train.shopper[chosen].astype(np.int64)
    weight = facts.train.weight[chosen] if settings["signal"] == "everything" else np.ones(len(row))
    if settings["count"] == "shoppers":
        who = np.where(who < 0, len(facts.train.shoppers) + np.arange(len(who)), who)
        cell, place = np.unique(who * facts.n_items + row, return_inverse=True)
        row, weight = cell % facts.n_items, np.maximum(np.bincount(place, weight, minlength=len(cell)), 0.0)
    count = np.bincount(row, np.sign(weight), minlength=facts.n_items)
    return np.maximum(count, 0.0).astype(np.float32)


def _same_for_all(score: Vectors) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        return np.broadcast_to(score, (len(codes), len(score))).copy()

    return scores


def _fit(days: float | None, facts: Facts, grid: Iterable[Settings]) -> Iterator[tuple[Settings, Scores]]:
    for settings in grid:
        yield settings, _same_for_all(popularity(facts, settings, days))


POPULARITY = Family(name="popularity", grid=_grid, fit=lambda facts, grid, seed: _fit(None, facts, grid))
RECENT_POPULARITY = Family(
    name="popularity, 7 days",
    grid=_grid,
    fit=lambda facts, grid, seed: _fit(WINDOW_DAYS, facts, grid),
    why_not=lambda facts: None if facts.timed else "the log has no times",
)
