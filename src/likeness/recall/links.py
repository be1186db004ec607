"""Links: sparse weights from items a shopper wanted to items worth proposing, with the one that spoke loudest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.once import Once
from likeness.recall.ragged import Entries, Ragged
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Request, Rows, Vectors

FILE = "links.safetensors"
SILENT = ("not_interested", "review")  # verdicts, see types.Taste: who hid or panned an item is not led by it
LATEST = 256  # items of a history that speak; older ones add little but time
Column = tuple[int, Rows | Entries, Floats]
"""An item, the items that lead to it, and how much each of them says."""


@dataclass(frozen=True)
class Links:
    """Weights from each catalogue row (n of them) to a bounded number of others."""

    rows: Ragged

    @classmethod
    def of(cls, matrix: Any) -> Self:
        """Take the entries, all positive, of a scipy.sparse (n, n) csr_matrix: row leads, column follows."""
        return cls(Ragged.of(matrix))

    def __len__(self) -> int:
        """Return the number of catalogue rows."""
        return len(self.rows)

    @cached_property
    def _packed(self) -> tuple[Entries, Rows, Vectors]:
        return self.rows.compact()

    @property
    def start(self) -> Entries:
        """(n + 1,): the links of row i are start[i]:start[i + 1] of `target` and `weight`."""
        return self._packed[0]

    @property
    def target(self) -> Rows:
        """(l,) catalogue rows."""
        return self._packed[1]

    @property
    def weight(self) -> Vectors:
        """(l,) positive."""
        return self._packed[2]

    def spread(self, rows: Rows, weights: Floats) -> Floats:
        """Return (n,): what `rows` (m,) with `weights` (m,) say for every item together."""
        which, entry = self.rows.entries(rows)
        said = np.bincount(self.rows.column[entry], weights[which] * self.rows.value[entry], minlength=len(self))
        return said.astype(np.float64, copy=False)

    def loudest(self, rows: Rows, weights: Floats, chosen: Rows) -> Rows:
        """Return (c,): which of `rows` adds most to each of `chosen` (c,), -1 where none does."""
        rows, weights = rows[weights > 0], weights[weights > 0]
        which, entry = self.rows.entries(rows)
        asked = np.full(len(self), -1)
        asked[chosen] = np.arange(len(chosen))
        place = asked[self.rows.column[entry]]
        which, entry, place = which[place >= 0], entry[place >= 0], place[place >= 0]
        order = np.argsort(weights[which] * self.rows.value[entry], kind="stable")
        best = np.full(len(chosen), -1, np.int32)
        best[place[order]] = rows[which[order]]  # the last to write is the largest
        return best

    def propose(self, source: str, rows: Rows, weights: Floats, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the `n` allowed items of which `rows` say most, with the row that says most; ties by row."""
        scores = self.spread(rows, weights)
        found = best(scores, allowed, n)
        because = self.loudest(rows, weights, found)
        return Candidates(source=source, rows=found, scores=scores[found], because=because)

    def with_columns(self, columns: Sequence[Column]) -> Links:
        """Return the links with everything that leads to some items replaced."""
        items = np.array([item for item, _, _ in columns], np.int32)
        leads = np.concatenate([np.empty(0, np.int64), *(near for _, near, _ in columns)])
        follows = np.repeat(items, [len(near) for _, near, _ in columns])
        weights = np.concatenate([np.empty(0), *(weight for _, _, weight in columns)]).astype(np.float32)
        touched = np.union1d(self.rows.holding(items), leads)
        parts = []
        for lead in touched:
            column, value = self.rows.row(lead)
            kept, more = ~np.isin(column, items), leads == lead
            column, value = np.append(column[kept], follows[more]), np.append(value[kept], weights[more])
            order = np.argsort(column)
            parts.append((column[order].astype(np.int32), value[order]))
        return Links(self.rows.replaced(touched.tolist(), parts))

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        save_file({"start": self.start, "target": self.target, "weight": self.weight}, folder / FILE)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            saved = load_file(folder / FILE)
            links = cls(Ragged.packed(saved["start"], saved["target"], saved["weight"]))
        except (OSError, SafetensorError, KeyError) as broken:
            raise StoreError(
                f"the links in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        if len(links) != len(catalogue):
            found = f"{len(links)} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the links in {folder} are of {found}.", remedy="Fit the shop again.")
        return links


_LOUD: Once[tuple[Rows, Floats]] = Once()
_SAID: Once[tuple[Rows, Floats]] = Once()


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
    rows, loud = opinions(request, tempo, paces)
    return _LOUD(request, (tempo, paces), lambda: (rows[loud > 0], loud[loud > 0]))


def opinions(request: Request, tempo: Tempo, paces: float) -> tuple[Rows, Floats]:
    """Return what `history` does, and below zero how loudly the latest rows speak against what is like them.

    On an item's page only the page speaks for, but the shopper's rejections still speak against.
    """
    return _SAID(request, (tempo, paces), lambda: _opinions(request, tempo, paces))


def _opinions(request: Request, tempo: Tempo, paces: float) -> tuple[Rows, Floats]:
    taste = request.taste
    rows, last, weight = taste.rows[:LATEST], taste.last[:LATEST], taste.weights[:LATEST, -1]
    age = np.maximum(taste.time - last, 0.0)
    strength = np.clip(
        weight * np.exp2(age / taste.half_lives[-1]) / tempo.unit, -1.0, 1.0
    )  # as it was at the last event
    for said in SILENT:
        strength[np.isin(rows, taste.verdicts.get(said, rows[:0]))] = 0.0
    loud = strength * np.exp2(-age / (paces * tempo.pace))
    if len(request.context):
        against = (loud < 0) & ~np.isin(rows, request.context)
        page = np.ones(len(request.context))
        return np.concatenate([request.context, rows[against]]), np.concatenate([page, loud[against]])
    return rows[loud != 0], loud[loud != 0]


def rejected(request: Request) -> Rows:
    """Return the rows that the shopper likes less than nothing, whatever else speaks for them."""
    return request.taste.rows[request.taste.weights[:, -1] < 0]


def allowed_rows(request: Request, available: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (n_items,) what may be proposed."""
    return available if request.allowed is None else request.allowed & available
