"""Looks: items that look (or sound) like what the shopper wanted lately; says nothing of items without a picture.

Pictures are fused late: they are a source and a column of their own beside the text's. The column is centred so that 0
is what any two items have in common, and 0 is what an item without a picture has, so that it loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from likeness.errors import InputError
from likeness.recall.links import Links, allowed_rows, history
from likeness.recall.similar import neighbours
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Interactions, Pool, Request, Vectors

QUICK = 2.0  # paces after which an item of the history speaks half as loud
STEADY = 20.0  # vectors at which half of their mean is taken for what all have in common
NOTHING = 1e-6  # a vector shorter than this has no direction


class Looks:
    """A source over neighbours in the space of pictures, and of sound and video where such vectors were given."""

    name = "looks"
    columns = ("score",)  # the loudness-weighted mean likeness to the history, 0 beyond its neighbours

    def __init__(self, links: Links, catalogue: Catalogue, tempo: Tempo) -> None:
        """Keep the links and the units of time and weight."""
        self._links = links
        self._available = catalogue.available
        self._tempo = tempo

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue, *, media: Sequence[Vectors]) -> Self:
        """Find each item's neighbours; the log only tells the pace.

        `media` holds one (n_items, d_k) array per kind (pictures, sound, video ...), zero rows where an item has none;
        no array at all is a source that is silent. Raises InputError for an array of another number of items.
        """
        for vectors in media:
            if vectors.ndim != 2 or len(vectors) != len(catalogue):
                what = f"vectors of shape {vectors.shape} for {len(catalogue)} items."
                raise InputError(what, remedy="Give one row per item of the catalogue, zero where there is none.")
        return cls(neighbours(fused(media, len(catalogue))), catalogue, Tempo.of(interactions))

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items that look like those of the page, else like the shopper's latest; ties by row."""
        rows, loud = history(request, self._tempo, QUICK)
        return self._links.propose(self.name, rows, loud, allowed_rows(request, self._available), n)

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 1) of the pool's rows, in the order of `columns`."""
        rows, loud = history(request, self._tempo, QUICK)
        shown = self._links.start[rows + 1] > self._links.start[rows]  # what has no picture neither speaks nor dilutes
        rows, loud = rows[shown], loud[shown]
        return self._links.spread(rows, loud)[pool.rows, None] / max(float(loud.sum()), 1e-9)

    def save(self, folder: Path) -> None:
        """Write two files into an existing folder."""
        self._links.save(folder)
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        return cls(Links.load(folder, catalogue), catalogue, Tempo.load(folder))


def fused(media: Sequence[Vectors], n: int) -> Vectors:
    """Return (n, sum of d_k) unit rows: every kind centred on its own mean, side by side; zero where nothing is given.

    The dot product of two items is the sum of their likenesses by the kinds both have, over the geometric mean of how
    many kinds each has.
    """
    whole = np.hstack([np.zeros((n, 1), np.float32), *(centred(vectors) for vectors in media)])
    length = np.linalg.norm(whole, axis=1, keepdims=True)
    return np.asarray(whole / np.maximum(length, NOTHING), np.float32)


def centred(vectors: Vectors) -> Vectors:
    """Return unit rows less what all have in common, zero rows staying zero.

    The mean is shrunk while the vectors are few, as one of them is no measure of what all have in common.
    """
    vectors = np.nan_to_num(np.asarray(vectors, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    given = length[:, 0] > NOTHING
    unit = vectors / np.maximum(length, NOTHING)
    rest = np.where(given[:, None], unit - unit[given].sum(axis=0) / (given.sum() + STEADY), 0.0)
    size = np.linalg.norm(rest, axis=1, keepdims=True)
    return np.asarray(np.where(size > NOTHING, rest / np.maximum(size, NOTHING), 0.0), np.float32)
