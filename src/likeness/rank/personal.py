"""What a shopper's taste says about the items of a search: four bounded numbers per item."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from likeness.rank.shelf import Shelf
from likeness.types import Catalogue, Floats, Rows, Taste, Vectors


class Personal:
    """Compares items with a taste; every number lies in -1 to 1 and is 0 where nothing is known."""

    def __init__(self, catalogue: Catalogue, shelf: Shelf, vectors: Vectors) -> None:
        """Read the catalogue's brands, its shelf and the (n_items, d) item vectors."""
        self._brand = catalogue.brand
        self._brand_names = {name: code for code, name in enumerate(catalogue.brand_names)}
        self._shelf = shelf
        self._vectors = vectors

    def __call__(self, rows: Rows, taste: Taste) -> Floats:
        """Return (n, 4): interest in category and in brand, cosine with the taste's vector, own history."""
        return np.column_stack(
            [
                np.clip(self._shelf.liked(rows, shares(taste, "category")), -1.0, 1.0),
                self._brands(rows, shares(taste, "brand")),
                self._likeness(rows, taste),
                _history(rows, taste),
            ]
        )

    def _brands(self, rows: Rows, liked: Mapping[str, float]) -> Floats:
        given = np.zeros(len(self._brand_names) + 1)  # the last one: no brand, code -1
        for name, weight in liked.items():
            if name in self._brand_names:
                given[self._brand_names[name]] = weight
        return given[self._brand[rows]]

    def _likeness(self, rows: Rows, taste: Taste) -> Floats:
        vector = taste.vectors.get("recent", taste.vectors.get("long"))
        if vector is None or not len(vector):
            return np.zeros(len(rows))
        length = float(np.linalg.norm(vector))
        return np.asarray(self._vectors[rows] @ vector / length if length > 0 else np.zeros(len(rows)), np.float64)


def shares(taste: Taste, kind: str) -> dict[str, float]:
    """Return value -> share of the shopper's interest of a facet kind at the longest half-life, -1 to 1."""
    weights = {value: float(weight[-1]) for value, weight in taste.facets.get(kind, {}).items()}
    total = max((abs(weight) for weight in weights.values()), default=0.0)
    return {value: weight / total for value, weight in weights.items()} if total > 0 else {}


def _history(rows: Rows, taste: Taste) -> Floats:
    if not len(taste.rows):
        return np.zeros(len(rows))
    order = np.argsort(taste.rows)
    known = taste.rows[order]
    place = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    weight = taste.weights[order, -1][place]
    return np.where(known[place] == rows, np.tanh(weight / 5.0), 0.0)
