"""The shelf an item stands on: its category and every category above it, compared with a weighting of categories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from likeness.types import Catalogue, Floats, Rows

PATH = " > "
NO_SHELF = 0.5  # an item without category has this share of what the weighting gives itself on average


class Shelf:
    """The category paths of a catalogue, as codes of all their prefixes."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Number every prefix of every category name."""
        self.names: dict[str, int] = {}
        paths = [[self._number(prefix) for prefix in _prefixes(name)] for name in catalogue.category_names]
        depth = max(map(len, paths), default=1)
        self._above: NDArray[np.int32] = np.full((len(paths) + 1, depth), -1, np.int32)  # the last row: no category
        for code, path in enumerate(paths):
            self._above[code, : len(path)] = path
        self._category = catalogue.category

    def shared(self, rows: Rows, best: Rows, weights: Floats) -> Floats:
        """Return (n,) the mean weight that `best` (k,) with `weights` (k,) puts on the categories of each of `rows`."""
        above = self._above[self._category[best]]  # (k, depth)
        there = above >= 0
        given = np.zeros(len(self.names))
        np.add.at(given, above[there], np.broadcast_to(weights[:, None], above.shape)[there])
        on_best = self.mean(best, given, 0.0)
        return self.mean(rows, given, NO_SHELF * float(on_best.mean()) if len(best) else 0.0)

    def liked(self, rows: Rows, weights: Mapping[str, float]) -> Floats:
        """Return (n,) the mean of `weights` (category or prefix -> weight) over the categories of each of `rows`."""
        given = np.zeros(len(self.names))
        for name, weight in weights.items():
            if name in self.names:
                given[self.names[name]] = weight
        return self.mean(rows, given, 0.0)

    def mean(self, rows: Rows, given: Floats, otherwise: float) -> Floats:
        """Return (n,) the mean of `given` (by prefix number) over each row's path, `otherwise` without a category."""
        above = self._above[self._category[rows]]  # (n, depth)
        there = above >= 0
        depth = there.sum(axis=1)
        total = (np.append(given, 0.0)[above] * there).sum(axis=1)
        return np.where(depth > 0, total / np.maximum(depth, 1), otherwise)

    def _number(self, prefix: str) -> int:
        return self.names.setdefault(prefix, len(self.names))


def _prefixes(name: str) -> list[str]:
    parts = name.split(PATH)
    return [PATH.join(parts[: depth + 1]) for depth in range(len(parts))]
