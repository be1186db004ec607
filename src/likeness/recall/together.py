"""Together: what others wanted along with, or after, what this shopper wanted lately.

Counts of pairs (see company) become weights by a small ridge regression per item (see ridge). Both are kept up to date
event by event: a new purchase adds its pairs to the counts, and only the columns of the items it names are solved
again. `docs/decisions/together.md` compares the alternatives.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from likeness.errors import StoreError
from likeness.recall.company import age_half_life, company, news
from likeness.recall.counts import Counts
from likeness.recall.links import Links, allowed_rows, opinions, rejected
from likeness.recall.ridge import columns, ridge
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Clock, Floats, Interactions, Pool, Request

QUICK, SLOW = 2.0, 8.0  # paces after which an item of the history speaks half as loud
FLOOR = 1e-4  # what silence counts for, as a share of what the whole history could say
FILE = "together.json"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """How far the counts go."""

    clock: Clock
    counted: float  # the moment as of which pairs are counted; they fade from then on
    end: float  # nothing at or after this time is counted


class Together:
    """A source over item-to-item links."""

    name = "together"
    columns = ("score", "slow")  # logarithms: what the latest items say, what the longer history says

    def __init__(self, links: Links, catalogue: Catalogue, tempo: Tempo, known: Known, counts: Counts | Path) -> None:
        """Keep the links, the units of time and weight, and the counts or the folder they lie in."""
        self._links = links
        self._catalogue = catalogue
        self._tempo = tempo
        self._known = known
        self._kept = counts

    @cached_property
    def _counts(self) -> Counts:
        """What `update` and `save` need, and nothing else does: read when first asked for."""
        return Counts.load(self._kept, self._catalogue) if isinstance(self._kept, Path) else self._kept

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue, tempo: Tempo | None = None) -> Self:
        """Learn the links from everything before `interactions.end`, in the log's own tempo unless another is given."""
        tempo = Tempo.of(interactions) if tempo is None else tempo
        counts = Counts.of(company(interactions, len(catalogue), tempo))
        known = Known(clock=interactions.clock, counted=float(interactions.end), end=float(interactions.end))
        return cls(Links.of(ridge(counts)), catalogue, tempo, known, counts)

    def update(self, events: Interactions, new: NDArray[np.bool_] | None = None) -> Self:
        """Return the source that has also seen the events marked `new`: by default those not before the fit's end.

        `events` holds everything known of each shopper (or anonymous session) that has a new event, old events too:
        their pairs are what is new. Counts become those of a fit on everything in the same tempo; the links towards
        items that new events name are solved again, all others stay until the next fit.
        """
        new = events.time >= self._known.end if new is None else new
        if not new.any():
            return self
        end = max(self._known.end, float(events.end))
        faded = np.exp2(-(end - self._known.counted) / age_half_life(self._tempo, self._known.clock))
        counts = self._counts.plus(*news(events, new, self._tempo, self._known.counted), float(faded))
        named = np.unique(events.row[new & (events.row >= 0) & (events.weight != 0)])
        links = self._links.with_columns(list(columns(counts, named.tolist())))
        return type(self)(links, self._catalogue, self._tempo, msgspec.structs.replace(self._known, end=end), counts)

    @property
    def links(self) -> Links:
        """What leads from item to item."""
        return self._links

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items that go with the page's items, else with the shopper's latest; ties by row."""
        rows, loud = opinions(request, self._tempo, QUICK)
        allowed = allowed_rows(request, self._catalogue.available)
        if len(refused := rejected(request)):
            allowed = allowed.copy()
            allowed[refused] = False
        return self._links.propose(self.name, rows, loud, allowed, n)

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 2) of the pool's rows, in the order of `columns`."""
        return np.column_stack([self._said(pool, request, paces) for paces in (QUICK, SLOW)])

    def _said(self, pool: Pool, request: Request, paces: float) -> NDArray[np.float64]:
        rows, loud = opinions(request, self._tempo, paces)
        said = np.maximum(self._links.spread(rows, loud), 0.0)
        said[rejected(request)] = 0.0
        return np.log(said[pool.rows] / max(float(np.abs(loud).sum()), 1e-9) + FLOOR)

    def save(self, folder: Path) -> None:
        """Write four files into an existing folder."""
        self._links.save(folder)
        self._tempo.save(folder)
        self._counts.save(folder)
        (folder / FILE).write_bytes(msgspec.json.encode(self._known))

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        links, tempo = Links.load(folder, catalogue), Tempo.load(folder)
        try:
            known = msgspec.json.decode((folder / FILE).read_bytes(), type=Known)
        except (OSError, msgspec.MsgspecError) as broken:
            raise StoreError(f"{folder / FILE} cannot be read: {broken}.", remedy="Fit the shop again.") from broken
        return cls(links, catalogue, tempo, known, folder)
