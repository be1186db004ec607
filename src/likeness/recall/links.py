"""Links: sparse weights from items a shopper wanted to items worth proposing, with the one that spoke loudest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Request, Rows, Vectors

FILE = "links.safetensors"
LATEST = 256  # items of a history that speak; older ones add little but time
Entries = NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Weights from each catalogue row (n of them) to a bounded number of others."""

    start: Entries  # (n + 1,) the links of row i are start[i]:start[i + 1]
    target: Rows  # (l,) catalogue rows
    weight: Vectors  # (l,) positive

    @classmethod
    def of(cls, matrix: Any) -> Self:
        """Take the entries, all positive, of a scipy.sparse (n, n) csr_matrix: row leads, column follows."""
        matrix = matrix.tocsr()
        matrix.sum_duplicates()
        return cls(
            matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32, copy=False)
        )

    def __len__(self) -> int:
        """Return the number of catalogue rows."""
        return len(self.start) - 1

    def spread(self, rows: Rows, weights: Floats) -> Floats:
        """Return (n,): what `rows` (m,) with `weights` (m,) say for every item together."""
        which, entry = self._entries(rows)
        said = np.bincount(self.target[entry], weights[which] * self.weight[entry], minlength=len(self))
        return said.astype(np.float64, copy=False)

    def loudest(self, rows: Rows, weights: Floats, chosen: Rows) -> Rows:
        """Return (c,): which of `rows` adds most to each of `chosen` (c,), -1 where none does."""
        which, entry = self._entries(rows)
        asked = np.full(len(self), -1)
        asked[chosen] = np.arange(len(chosen))
        place = asked[self.target[entry]]
        which, entry, place = which[place >= 0], entry[place >= 0], place[place >= 0]
        order = np.argsort(weights[which] * self.weight[entry], kind="stable")
        best = np.full(len(chosen), -1, np.int32)
        best[place[order]] = rows[which[order]]  # the last to write is the largest
        return best

    def propose(self, source: str, rows: Rows, weights: Floats, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the `n` allowed items of which `rows` say most, with the row that says most; ties by row."""
        scores = self.spread(rows, weights)
        found = best(scores, allowed, n)
        because = self.loudest(rows, weights, found)
        return Candidates(source=source, rows=found, scores=scores[found], because=because)

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        save_file({"start": self.start, "target": self.target, "weight": self.weight}, folder / FILE)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            links = cls(**load_file(folder / FILE))
        except (OSError, SafetensorError, TypeError) as broken:
            raise StoreError(
                f"the links in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        if len(links) != len(catalogue):
            found = f"{len(links)} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the links in {folder} are of {found}.", remedy="Fit the shop again.")
        return links

    def _entries(self, rows: Rows) -> tuple[Entries, Entries]:
        """Return (index into rows, index into the links) of all links of `rows`."""
        begin, length = self.start[rows], self.start[rows + 1] - self.start[rows]
        which = np.repeat(np.arange(len(rows)), length)
        return which, np.arange(len(which)) + np.repeat(begin - (np.cumsum(length) - length), length)


def best(scores: Floats, allowed: NDArray[np.bool_], n: int, *, above: float = 0.0) -> Rows:
    """Return the rows of the `n` highest scores among the allowed and `above` a floor, best first; ties by row."""
    rows = np.flatnonzero((scores > above) & allowed)
    if 0 < n < len(rows):
        least = np.partition(scores[rows], -n)[-n]
        rows = rows[scores[rows] >= least]
    return rows[np.lexsort((rows, -scores[rows]))][: max(n, 0)].astype(np.int32)


def history(request: Request, tempo: Tempo, paces: float) -> tuple[Rows, Floats]:
    """Return the rows that speak for a request, and how loudly.

    The items of the page being looked at, where there is one; else the shopper's latest, 1 for a purchase and less for
    a look, halved every so many `paces` since. What was sent back or disliked is silent.
    """
    taste = request.taste
    if len(request.context):
        return request.context, np.ones(len(request.context))
    rows, last, weight = taste.rows[:LATEST], taste.last[:LATEST], taste.weights[:LATEST, -1]
    age = np.maximum(taste.time - last, 0.0)
    strength = np.clip(
        weight * np.exp2(age / taste.half_lives[-1]) / tempo.unit, 0.0, 1.0
    )  # as it was at the last event
    loud = strength * np.exp2(-age / (paces * tempo.pace))
    return rows[loud > 0], loud[loud > 0]


def allowed_rows(request: Request, available: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (n_items,) what may be proposed."""
    return available if request.allowed is None else request.allowed & available
