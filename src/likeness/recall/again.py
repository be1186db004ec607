"""Again: what this shopper bought before and may be about to buy again.

What the shopper's own habit says (see habit) meets what everybody does with the item: how often it is bought again at
all, how often lately, and after how long.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall import habit
from likeness.recall.habit import habits
from likeness.recall.links import allowed_rows
from likeness.recall.tempo import PURCHASE, Tempo
from likeness.types import DAY, Candidates, Catalogue, Floats, Interactions, Pool, Request

WINDOW = 2.0  # paces: "lately"
PRIOR = 5.0  # shoppers: an item known for fewer is taken for an average one
FILE = "again.safetensors"
Ints = NDArray[np.int64]
Hits = NDArray[np.bool_]
FADED = habit.COLUMNS.index("faded_6")
SINCE = habit.COLUMNS.index("since")


class Again:
    """A source over the shopper's own purchases."""

    name = "again"
    columns = ("bought", *habit.COLUMNS, "repeat", "lately_repeat", "ripe", "unripe")

    def __init__(self, items: Floats, catalogue: Catalogue, tempo: Tempo) -> None:
        """Keep (n, 3) per item: logs of how often it is bought again, how often lately, and of the gap in paces."""
        if len(items) != len(catalogue):
            raise StoreError(
                f"repeats of {len(items)} items, the catalogue has {len(catalogue)}.", remedy="Fit the shop again."
            )
        self._items = items
        self._available = catalogue.available
        self._tempo = tempo

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue) -> Self:
        """Learn how items are bought again from everything before `interactions.end`."""
        tempo = Tempo.of(interactions)
        return cls(_repeats(interactions, len(catalogue), tempo.pace), catalogue, tempo)

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items bought before: the faded count times how often the item is bought again lately."""
        rows, said = habits(request.taste, self._tempo)
        scores = np.exp(said[:, FADED] + self._items[rows, 1])
        free = allowed_rows(request, self._available)[rows]
        rows, scores = rows[free], scores[free]
        order = np.lexsort((rows, -scores))[: max(n, 0)]
        return Candidates(source=self.name, rows=rows[order], scores=scores[order], because=rows[order])

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 20) of the pool's rows, in the order of `columns`; zeros for what was never bought."""
        out = np.zeros((len(pool.rows), len(self.columns)))
        rows, said = habits(request.taste, self._tempo)
        if not len(rows):
            return out
        order = np.argsort(rows)
        place = order[np.minimum(np.searchsorted(rows, pool.rows, sorter=order), len(rows) - 1)]
        bought = rows[place] == pool.rows
        here, items = said[place[bought]], self._items[pool.rows[bought]]
        ripe = here[:, SINCE] - items[:, 2]
        out[bought] = np.column_stack([np.ones(len(here)), here, items[:, :2], ripe, np.abs(ripe)])
        return out

    def save(self, folder: Path) -> None:
        """Write two files into an existing folder."""
        save_file({"items": self._items}, folder / FILE)
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            items = load_file(folder / FILE)["items"]
        except (OSError, SafetensorError, KeyError) as broken:
            raise StoreError(
                f"the repeats in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        return cls(items, catalogue, Tempo.load(folder))


def _repeats(log: Interactions, n: int, beat: float) -> Floats:
    """Return (n, 3): log of repeat and of recent repeat against the average item, log of the mean gap in paces."""
    kept = (log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0)
    buys = np.unique(
        np.column_stack([log.shopper[kept], log.row[kept], log.time[kept] // DAY]).astype(np.int64), axis=0
    )
    new = np.append(True, (buys[1:, :2] != buys[:-1, :2]).any(axis=1))[: len(buys)]
    pair = np.cumsum(new) - 1  # buys are sorted: one run per shopper and item
    shopper, row = buys[new, 0], buys[new, 1]
    again = np.bincount(pair) > 1 if len(pair) else np.zeros(0, bool)
    edge = (log.end - WINDOW * beat) / DAY
    late = np.bincount(pair, buys[:, 2] >= edge) > 0 if len(pair) else again
    came = np.bincount(shopper, late, len(log.shoppers)) > 0
    asked = (buys[new, 2] < edge) & came[shopper]  # bought before, and the shopper was there again
    gaps = np.diff(buys[:, 2])[~new[1:]] * DAY / beat
    return np.column_stack(
        [
            _against_average(row, again, n),
            _against_average(row[asked], late[asked], n),
            _mean_log(row[pair[1:][~new[1:]]], gaps, n),
        ]
    )


def _against_average(row: Ints, hit: Hits, n: int) -> Floats:
    """Return (n,): log of each item's share of hits over that of all, shrunk to the average by PRIOR."""
    overall = (hit.sum() + 1e-3) / (len(hit) + 1.0)
    share = (np.bincount(row, hit, n) + PRIOR * overall) / (np.bincount(row, minlength=n) + PRIOR)
    return np.asarray(np.log(share / overall))


def _mean_log(row: Ints, gaps: Floats, n: int) -> Floats:
    """Return (n,): mean log of the gaps of each item, shrunk to that of all by PRIOR."""
    logs = np.log(gaps + habit.EARLY)
    overall = float(logs.mean()) if len(logs) else 0.0
    return np.asarray((np.bincount(row, logs, n) + PRIOR * overall) / (np.bincount(row, minlength=n) + PRIOR))
