"""Fresh: products nobody has bought yet, or hardly anybody, through the company of their nearest kin by text.

A new item has no company of its own. What leads to the items it reads like will lead to it: its links are the mean of
theirs, weighted by likeness, as in the content-to-collaborative maps of Gantner et al. (2010). What it will sell is the
mean demand of its shelf, shrunk from price band to category to the whole shop (empirical Bayes, Casella 1985), and of
its kin. Every column fades as an item's own purchases come in, so that nothing is said of items that have a past.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.links import Links, allowed_rows, history
from likeness.recall.once import Once
from likeness.recall.popular import HALF_LIVES, RECALLED
from likeness.recall.tempo import PURCHASE, Tempo
from likeness.types import Candidates, Catalogue, Floats, Interactions, Pool, Request, Rows, Vectors

KIN, CLOSE, SHARP = 30, 0.25, 4.0  # kin of an item, their least cosine, the power of it that weighs them
YOUNG = 3.0  # purchases at which an item counts as half new
OLD = 9.0  # purchases from which it counts as old
SHELF = 5.0  # items: what a shelf's mean demand is shrunk by
BLOCK = 1024  # items compared at once, to bound memory
QUICK = 2.0  # paces after which an item of the history speaks half as loud
FLOOR, LEAST = 1e-4, 0.05  # of a share, and of a demand, before a logarithm
FILE, COMPANY, TEXT = "fresh.safetensors", "company", "text"
Matrix = Any  # scipy.sparse.csr_matrix


class Fresh:
    """A source over items with no past, or little of it."""

    name = "fresh"
    columns = ("new", "demand", "kin", "company", "close", "taste")

    def __init__(
        self,
        rows: Rows,
        known: Floats,
        vectors: Vectors,
        links: tuple[Links, Links],
        catalogue: Catalogue,
        tempo: Tempo,
    ) -> None:
        """Keep the new `rows` (c,), `known` (c, 3) of each (newness, logs of shelf's and kin's demand), their (c, d)
        unit vectors, and the links that lead to them: of company and of text."""
        self._rows, self._known, self._vectors = rows, known, vectors
        self._company, self._text = links
        self._available = catalogue.available
        self._place = np.full(len(catalogue), -1)
        self._place[rows] = np.arange(len(rows))
        self._tempo = tempo
        self._once: Once[Floats] = Once()

    @classmethod
    def fit(
        cls, interactions: Interactions, catalogue: Catalogue, *, vectors: Vectors, links: Links | None = None
    ) -> Self:
        """Find what is new before `interactions.end`, and its kin among the rest by (n_items, d) unit `vectors`.

        `links` are those of `together`, item leads to item; without them company is what text says.
        """
        tempo, n = Tempo.of(interactions), len(catalogue)
        sold = np.bincount(interactions.row[(interactions.row >= 0) & (interactions.event == PURCHASE)], minlength=n)
        rows = np.flatnonzero(sold < OLD).astype(np.int32)
        kin = _kin(rows, sold, np.ascontiguousarray(vectors, np.float32))
        wanted = _demand(interactions, tempo, n)
        shelf = _shelf(wanted, sold, catalogue)[rows]
        weight = np.maximum(np.asarray(kin.sum(axis=0)).ravel()[rows], 1e-9)
        near = np.asarray(wanted @ _sharp(kin)).ravel()[rows]
        own = np.column_stack([YOUNG / (YOUNG + sold[rows]), np.log(shelf + LEAST), np.log(near + LEAST)])
        own[weight <= 1e-9, 2] = own[weight <= 1e-9, 1]
        leads = kin if links is None else (_matrix(links, n) @ _sharp(kin)).tocsr()
        return cls(rows, own, np.asarray(vectors[rows], np.float32), (Links.of(leads), Links.of(kin)), catalogue, tempo)

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` new items, the likeliest to be wanted by this shopper first; ties by row."""
        kept = np.flatnonzero(allowed_rows(request, self._available)[self._rows])
        said = self._said(request)[kept]
        scores = np.exp(np.clip(said[:, 1:] @ RECALL, -30.0, 30.0))
        rows = self._rows[kept]
        if 0 < n < len(rows):  # a sort of all new items would cost more than all else here
            near = scores >= np.partition(scores, -n)[-n]
            rows, scores = rows[near], scores[near]
        order = np.lexsort((rows, -scores))[: max(n, 0)]
        rows, scores = rows[order], scores[order]
        lead, loud = history(request, self._tempo, QUICK)
        return Candidates(source=self.name, rows=rows, scores=scores, because=self._text.loudest(lead, loud, rows))

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 6) of the pool's rows, in the order of `columns`; zeros for items that are not new."""
        out = np.zeros((len(pool.rows), len(self.columns)))
        place = self._place[pool.rows]
        there = place >= 0
        out[there] = self._said(request)[place[there]] * self._known[place[there], :1]
        return out

    def _said(self, request: Request) -> Floats:
        """Return (c, 6), see `_speaks`, worked out once per request."""
        return self._once(request, "said", lambda: self._speaks(request))

    def _speaks(self, request: Request) -> Floats:
        """Return (c, 6) of every new item: 1, logs of shelf's and kin's demand and of company, likeness, taste."""
        lead, loud = history(request, self._tempo, QUICK)
        total = max(float(loud.sum()), 1e-9)
        company, text = ((links.spread(lead, loud)[self._rows] / total) for links in (self._company, self._text))
        vector = request.taste.vectors.get("long")
        length = 0.0 if vector is None else float(np.linalg.norm(vector))
        cosine = self._vectors @ vector / length if vector is not None and length > 0 else np.zeros(len(self._rows))
        return np.column_stack(
            [np.ones(len(self._rows)), self._known[:, 1], self._known[:, 2], np.log(company + FLOOR), text, cosine]
        )

    def save(self, folder: Path) -> None:
        """Write two files and two folders into an existing folder."""
        save_file({"rows": self._rows, "known": self._known, "vectors": self._vectors}, folder / FILE)
        for name, links in ((COMPANY, self._company), (TEXT, self._text)):
            (folder / name).mkdir()
            links.save(folder / name)
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            saved = load_file(folder / FILE)
            rows, known, vectors = saved["rows"], saved["known"], saved["vectors"]
        except (OSError, SafetensorError, KeyError) as broken:
            raise StoreError(f"{folder / FILE} cannot be read: {broken}.", remedy="Fit the shop again.") from broken
        links = Links.load(folder / COMPANY, catalogue), Links.load(folder / TEXT, catalogue)
        return cls(rows, known, vectors, links, catalogue, Tempo.load(folder))


RECALL = np.array([0.3, 0.3, 0.5, 3.0, 3.0])
"""Weights of `columns` but the first by which new items are proposed; the scorer, which is fitted, orders them."""


def _kin(rows: Rows, sold: NDArray[np.int64], vectors: Vectors) -> Matrix:
    """Return (n, n) cosines: column `row` holds the KIN sold items that read most like it, CLOSE at least."""
    others = np.flatnonzero(sold > 0)
    count = min(KIN, len(others))
    lead, follow, value = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for first in range(0, len(rows) if count else 0, BLOCK):
        block = rows[first : first + BLOCK]
        cosines = vectors[block] @ vectors[others].T
        cosines[block[:, None] == others[None, :]] = -1.0
        near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        lead.append(others[near].ravel())
        follow.append(np.repeat(block.astype(np.int64), count))
        value.append(np.take_along_axis(cosines, near, axis=1).ravel())
    cells = np.concatenate(value)
    kept = cells >= CLOSE
    shape = (len(sold), len(sold))
    return sp.csr_matrix((cells[kept], (np.concatenate(lead)[kept], np.concatenate(follow)[kept])), shape=shape)


def _sharp(kin: Matrix) -> Matrix:
    """Return the same matrix raised to SHARP, each column summing to one."""
    out = kin.copy()
    out.data = out.data**SHARP
    total = np.maximum(np.asarray(out.sum(axis=0)).ravel(), 1e-9)
    return (out @ sp.diags_array(1.0 / total)).tocsr().astype(np.float32)


def _matrix(links: Links, n: int) -> Matrix:
    return sp.csr_matrix((links.weight, links.target, links.start), shape=(n, n))


def _demand(log: Interactions, tempo: Tempo, n: int) -> Floats:
    """Return (n,) what everybody wants lately, as `popular` proposes; all events alike in a log of positions."""
    kept = log.row >= 0
    fade = np.inf if log.clock == "position" else HALF_LIVES[RECALLED]
    weight = log.weight[kept] / tempo.unit * np.exp2((log.time[kept] - log.end) / fade)
    return np.maximum(np.bincount(log.row[kept], weight, n), 0.0)


def _shelf(wanted: Floats, sold: NDArray[np.int64], catalogue: Catalogue) -> Floats:
    """Return (n,) mean demand of the sold items of a price band, shrunk to its category's, shrunk to the shop's."""
    there = sold > 0
    overall = float(wanted[there].mean()) if there.any() else 0.0
    category = catalogue.category.astype(np.int64) + 1
    band = category * 6 + catalogue.band + 1
    within = _shrunk(wanted, there, category, np.full(len(wanted), overall))
    return _shrunk(wanted, there, band, within)


def _shrunk(wanted: Floats, there: NDArray[np.bool_], group: NDArray[np.int64], towards: Floats) -> Floats:
    size = int(group.max(initial=0)) + 1
    total = np.bincount(group[there], wanted[there], size)[group]
    count = np.bincount(group[there], minlength=size)[group]
    return np.asarray((total + SHELF * towards) / (count + SHELF))
