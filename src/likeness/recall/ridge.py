"""Ridge: how much each companion says of an item once the others have spoken, solved item by item.

EASE (Steck 2019) solves one n x n system; the weights that matter are few, so each item gets a system of its own over
its nearest companions, as in sparse Markov random fields (Steck 2019b): (S + lambda I) b = k, with S the companions'
own company and k how they lead to the item. Items are independent of each other: when new events touch an item, its
column alone is solved again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.recall.company import Matrix
from likeness.recall.counts import Counts, nearest
from likeness.types import Floats, Vectors

NEAREST = 64  # companions that may speak for an item
SHRINK = 100.0  # purchases: companions known for fewer say little
Ints = NDArray[np.int64]


def ridge(counts: Counts) -> Matrix:
    """Return (n, n) float32: row leads to column, positive weights only, at most NEAREST in a column."""
    leads, follows, weights = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    for item, near, weight in columns(counts, range(len(counts.own))):
        leads.append(near)
        follows.append(np.full(len(near), item))
        weights.append(weight)
    cells = (np.concatenate(weights).astype(np.float32), (np.concatenate(leads), np.concatenate(follows)))
    return sp.csr_matrix(cells, shape=(len(counts.own), len(counts.own)))


def columns(counts: Counts, items: Iterable[int]) -> Iterator[tuple[int, Ints, Floats]]:
    """Yield (item, companions, positive weights) for some items."""
    system, rarity = _System(counts), counts.rarity
    for item in items:
        column, value = counts.towards.row(item)
        kept = nearest(item, column, value, rarity, NEAREST)
        near = column[kept].astype(np.int64)
        weight = system.solve(near, value[kept])
        yield item, near[weight > 0], weight[weight > 0]


class _System:
    """The symmetric matrix S + lambda I, of which small square parts are taken out and solved.

    Counts are kept as of an earlier moment, so that lambda grows instead of the counts fading.
    """

    def __init__(self, counts: Counts) -> None:
        self._both = counts.both
        self._diagonal = counts.own + SHRINK / counts.faded
        self._place = np.full(len(counts.own), -1)

    def solve(self, near: Ints, wanted: Vectors) -> Floats:
        """Return the weights (m,) of the items `near` (m,)."""
        count = len(near)
        row, entry = self._both.entries(near)
        self._place[near] = np.arange(count)
        column = self._place[self._both.column[entry]]
        self._place[near] = -1
        inside = column >= 0
        part = np.zeros((count, count))
        part[row[inside], column[inside]] = self._both.value[entry[inside]]
        part = np.maximum(part, part.T)  # one side may have been forgotten
        part[np.arange(count), np.arange(count)] = self._diagonal[near]
        return np.asarray(np.linalg.solve(part, wanted))
