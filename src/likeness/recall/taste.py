"""Taste: what is wanted most on the shelves this shopper likes, nearest first to the shopper's own vector."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.links import allowed_rows
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Interactions, Pool, Request, Rows, Vectors

SHELVES = 8  # best-liked categories looked at
PER_SHELF = 60  # items looked at in each, most wanted first
FADE = 2.0  # paces after which demand counts half
FILE = "taste.safetensors"


class Taste:
    """A source over the persona's categories and vectors."""

    name = "taste"
    columns = ("long", "interest")  # cosines with the long-term vector and with the closest interest

    def __init__(self, demand: Floats, vectors: Vectors, catalogue: Catalogue) -> None:
        """Keep demand (n,) in purchases and (n, d) unit vectors; order each shelf by demand."""
        if len(demand) != len(catalogue) or len(vectors) != len(catalogue):
            found = f"{len(demand)} items with {len(vectors)} vectors, the catalogue {len(catalogue)}"
            raise StoreError(f"the shelves are of {found}.", remedy="Fit the shop again.")
        self._demand, self._vectors = demand, vectors
        self._available = catalogue.available
        self._code = {name: code for code, name in enumerate(catalogue.category_names)}
        self._order = np.lexsort((np.arange(len(demand)), -demand, catalogue.category)).astype(np.int32)
        self._start = np.searchsorted(catalogue.category[self._order], np.arange(len(self._code) + 1))

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue, *, vectors: Vectors) -> Self:
        """Sum up the demand before `interactions.end`; `vectors` are (n_items, d) unit rows."""
        log, tempo = interactions, Tempo.of(interactions)
        kept = log.row >= 0
        fade = np.inf if log.clock == "position" else FADE * tempo.pace
        weight = log.weight[kept] / tempo.unit * np.exp2((log.time[kept] - log.end) / fade)
        demand = np.maximum(np.bincount(log.row[kept], weight, len(catalogue)), 0.0)
        return cls(demand, np.ascontiguousarray(vectors, np.float32), catalogue)

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items of the best-liked shelves; ties by row."""
        rows, liked = self._shelves(request, allowed_rows(request, self._available))
        scores = liked * np.log1p(self._demand[rows]) * (1.0 + self._cosine(rows, request.taste.vectors.get("long")))
        kept = np.lexsort((rows, -scores))[: max(n, 0)]
        return Candidates(source=self.name, rows=rows[kept], scores=scores[kept])

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 2) of the pool's rows, in the order of `columns`; zeros without a persona."""
        vectors = request.taste.vectors
        return np.column_stack([self._cosine(pool.rows, vectors.get(name)) for name in ("long", "interests")])

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        save_file({"demand": self._demand, "vectors": self._vectors}, folder / FILE)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            saved = load_file(folder / FILE)
            return cls(saved["demand"], saved["vectors"], catalogue)
        except (OSError, SafetensorError, KeyError) as broken:
            raise StoreError(f"{folder / FILE} cannot be read: {broken}.", remedy="Fit the shop again.") from broken

    def _shelves(self, request: Request, allowed: NDArray[np.bool_]) -> tuple[Rows, Floats]:
        """Return (rows, how much their category is liked) of the most wanted items of the best-liked categories."""
        weights = request.taste.facets.get("category", {})
        liked = [(float(weight[-1]), self._code[name]) for name, weight in weights.items() if name in self._code]
        most = sorted((pair for pair in liked if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))[:SHELVES]
        rows, share = [np.empty(0, np.int32)], [np.empty(0)]
        for weight, code in most:
            shelf = self._order[self._start[code] : self._start[code + 1]]
            shelf = shelf[allowed[shelf]][:PER_SHELF]
            rows.append(shelf)
            share.append(np.full(len(shelf), weight / most[0][0]))
        return np.concatenate(rows), np.concatenate(share)

    def _cosine(self, rows: Rows, vectors: Vectors | None) -> Floats:
        """Return (n,) the cosine with a vector (d,), or with the closest of several (k, d)."""
        if vectors is None or not vectors.size:
            return np.zeros(len(rows))
        several = np.atleast_2d(vectors)
        length = np.maximum(np.linalg.norm(several, axis=1), 1e-9)
        return np.asarray((self._vectors[rows] @ (several / length[:, None]).T).max(axis=1), np.float64)
