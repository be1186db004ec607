"""Popular: what everybody wants, lately and at this time of year.

Demand is the sum of event weights, each faded by its age over four half-lives, and what the weeks ahead brought a year
ago. A log of positions has no common time: there every event counts alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.links import allowed_rows, best
from likeness.recall.tempo import Tempo
from likeness.types import DAY, Candidates, Catalogue, Floats, Interactions, Pool, Request

HALF_LIVES = (7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY)
RECALLED = 1  # the half-life by which items are proposed
YEAR, WEEKS = 365 * DAY, 60 * DAY  # the season: from a year ago on for so long, against as long before
PRIOR = 0.5  # purchases added before a logarithm
SEASON_PRIOR = 5.0
FILE = "popular.safetensors"


class Popular:
    """A source over the items' demand."""

    name = "popular"
    columns = ("week", "month", "season", "year", "ahead", "upswing", "age", "gone")

    def __init__(self, demand: Floats, ahead: Floats, days: Floats, catalogue: Catalogue) -> None:
        """Keep demand (n, 4) in purchases, ahead (n, 2) and days (n, 2) since the first and the last event."""
        if len(demand) != len(catalogue):
            found = f"{len(demand)} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the demand is of {found}.", remedy="Fit the shop again.")
        self._demand, self._ahead, self._days = demand, ahead, days
        self._available = catalogue.available
        self._described = _described(demand, ahead, days)

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue) -> Self:
        """Sum up everything before `interactions.end`."""
        log, n = interactions, len(catalogue)
        kept = log.row >= 0
        row, weight, age = log.row[kept], log.weight[kept] / Tempo.of(log).unit, log.end - log.time[kept]
        if log.clock == "position":
            total = np.maximum(np.bincount(row, weight, n), 0.0)
            return cls(np.tile(total[:, None], len(HALF_LIVES)), np.zeros((n, 2)), np.zeros((n, 2)), catalogue)
        demand = [np.bincount(row, weight * np.exp2(-age / half_life), n) for half_life in HALF_LIVES]
        then = [(age <= YEAR) & (age > YEAR - WEEKS), (age <= YEAR + WEEKS) & (age > YEAR)]
        ahead = [np.bincount(row, weight * window, n) for window in then]
        longest = float(age.max(initial=0.0))
        first, last = np.zeros(n), np.full(n, longest)
        np.maximum.at(first, row, age)
        np.minimum.at(last, row, age)
        days = np.column_stack([first, last]) / DAY
        return cls(np.maximum(np.column_stack(demand), 0.0), np.maximum(np.column_stack(ahead), 0.0), days, catalogue)

    @property
    def demand(self) -> Floats:
        """Return (n,) the demand by which items are proposed, in purchases."""
        return self._demand[:, RECALLED]

    def recall(self, request: Request, n: int) -> Candidates:
        """Return the `n` allowed items of highest demand over the last weeks, wanted or not; ties by row."""
        scores = self._demand[:, RECALLED]
        rows = best(scores, allowed_rows(request, self._available), n, above=-1.0)
        return Candidates(source=self.name, rows=rows, scores=scores[rows])

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 8) of the pool's rows, in the order of `columns`."""
        return self._described[pool.rows]

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        save_file({"demand": self._demand, "ahead": self._ahead, "days": self._days}, folder / FILE)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            saved = load_file(folder / FILE)
            return cls(saved["demand"], saved["ahead"], saved["days"], catalogue)
        except (OSError, SafetensorError, KeyError) as broken:
            raise StoreError(f"{folder / FILE} cannot be read: {broken}.", remedy="Fit the shop again.") from broken


def _described(demand: Floats, ahead: Floats, days: Floats) -> Floats:
    """Return (n, 8): logs of demand, of last year's weeks ahead and their upswing, of days since first and last."""
    upswing = np.log((ahead[:, 0] + SEASON_PRIOR) / (ahead[:, 1] + SEASON_PRIOR))
    return np.column_stack([np.log(demand + PRIOR), np.log(ahead[:, 0] + PRIOR), upswing, np.log1p(days)])
