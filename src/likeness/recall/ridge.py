"""Ridge: how much each companion says of an item once the others have spoken, solved item by item.

EASE (Steck 2019) solves one n x n system; the weights that matter are few, so each item gets a system of its own over
its nearest companions, as in sparse Markov random fields (Steck 2019b): (S + lambda I) b = k, with S the companions'
own company and k how they lead to the item. Items are independent of each other: when new events touch an item, its
column alone is solved again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.recall.company import Company, Matrix
from likeness.types import Floats

NEAREST = 64  # companions that may speak for an item
KNOWN = 800  # companions of a companion that are remembered
SHRINK = 100.0  # purchases: companions known for fewer say little
Ints = NDArray[np.int64]


def ridge(company: Company) -> Matrix:
    """Return (n, n) float32: row leads to column, positive weights only, at most NEAREST in a column."""
    own = np.asarray(company.both.diagonal(), np.float64)
    rarity = 1.0 / np.sqrt(own + 1e-9)
    system = _System(_pruned(company.both, rarity), own + SHRINK)
    towards = company.later.T.tocsr()
    leads, follows, weights = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    for item, entries in _heaviest(towards, rarity, NEAREST):
        near = towards.indices[entries]
        weight = system.solve(near, towards.data[entries])
        kept = weight > 0
        leads.append(near[kept])
        follows.append(np.full(int(kept.sum()), item))
        weights.append(weight[kept])
    cells = (np.concatenate(weights).astype(np.float32), (np.concatenate(leads), np.concatenate(follows)))
    return sp.csr_matrix(cells, shape=company.both.shape)


class _System:
    """The symmetric matrix S + lambda I, of which small square parts are taken out and solved."""

    def __init__(self, matrix: Matrix, diagonal: Floats) -> None:
        self._start, self._column, self._value = matrix.indptr, matrix.indices, matrix.data
        self._diagonal = diagonal
        self._place = np.full(matrix.shape[0], -1)

    def solve(self, near: Ints, wanted: Floats) -> Floats:
        """Return the weights (m,) of the items `near` (m,)."""
        count, begin = len(near), self._start[near]
        length = self._start[near + 1] - begin
        row = np.repeat(np.arange(count), length)
        entry = np.arange(len(row)) + np.repeat(begin - (np.cumsum(length) - length), length)
        self._place[near] = np.arange(count)
        column = self._place[self._column[entry]]
        self._place[near] = -1
        inside = column >= 0
        part = np.zeros((count, count))
        part[row[inside], column[inside]] = self._value[entry[inside]]
        part = np.maximum(part, part.T)  # one side may have been forgotten
        part[np.arange(count), np.arange(count)] = self._diagonal[near]
        return np.asarray(np.linalg.solve(part, wanted))


def _pruned(matrix: Matrix, rarity: Floats) -> Matrix:
    """Return the KNOWN nearest companions of each item."""
    chosen = [entries for _, entries in _heaviest(matrix, rarity, KNOWN)]
    ends = np.cumsum([0, *map(len, chosen)])
    every = np.concatenate([np.empty(0, np.int64), *chosen])
    return sp.csr_matrix((matrix.data[every], matrix.indices[every], ends), shape=matrix.shape)


def _heaviest(matrix: Matrix, rarity: Floats, most: int) -> Iterator[tuple[int, Ints]]:
    """Yield (row, entries): where the `most` largest of value x rarity[column] of each row lie, itself left out."""
    for row in range(matrix.shape[0]):
        cut = np.arange(matrix.indptr[row], matrix.indptr[row + 1])
        cut = cut[matrix.indices[cut] != row]
        if len(cut) > most:
            nearness = matrix.data[cut] * rarity[matrix.indices[cut]]
            least = np.partition(nearness, -most)[-most]
            cut, nearness = cut[nearness >= least], nearness[nearness >= least]
            cut = cut[np.lexsort((matrix.indices[cut], -nearness))[:most]]
        yield row, cut
