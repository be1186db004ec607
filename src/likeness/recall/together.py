"""Together: what others wanted along with, or after, what this shopper wanted lately.

Counts of pairs (see company) become weights by a small ridge regression per item (see ridge). Both halves can be kept
up to date event by event: a new purchase adds its pairs to the counts, and only the columns of the items it names are
solved again. `docs/decisions/together.md` compares the alternatives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from likeness.recall.company import company
from likeness.recall.links import Links, allowed_rows, history
from likeness.recall.ridge import ridge
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Interactions, Pool, Request

QUICK, SLOW = 2.0, 8.0  # paces after which an item of the history speaks half as loud
FLOOR = 1e-4  # what silence counts for, as a share of what the whole history could say


class Together:
    """A source over item-to-item links."""

    name = "together"
    columns = ("score", "slow")  # logarithms: what the latest items say, what the longer history says

    def __init__(self, links: Links, catalogue: Catalogue, tempo: Tempo) -> None:
        """Keep the links and the units of time and weight."""
        self._links = links
        self._available = catalogue.available
        self._tempo = tempo

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue) -> Self:
        """Learn the links from everything before `interactions.end`."""
        links = Links.of(ridge(company(interactions, len(catalogue))))
        return cls(links, catalogue, Tempo.of(interactions))

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items that go with the page's items, else with the shopper's latest; ties by row."""
        rows, loud = history(request, self._tempo, QUICK)
        return self._links.propose(self.name, rows, loud, allowed_rows(request, self._available), n)

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 2) of the pool's rows, in the order of `columns`."""
        return np.column_stack([self._said(pool, request, paces) for paces in (QUICK, SLOW)])

    def _said(self, pool: Pool, request: Request, paces: float) -> NDArray[np.float64]:
        rows, loud = history(request, self._tempo, paces)
        share = self._links.spread(rows, loud)[pool.rows] / max(float(loud.sum()), 1e-9)
        return np.log(share + FLOOR)

    def save(self, folder: Path) -> None:
        """Write two files into an existing folder."""
        self._links.save(folder)
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        return cls(Links.load(folder, catalogue), catalogue, Tempo.load(folder))
