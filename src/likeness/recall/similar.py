"""Similar: items whose texts mean the same as what the shopper wanted lately; the only source a new item needs."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.recall.links import Links, allowed_rows, history
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Interactions, Pool, Request, Vectors

NEAREST = 50  # neighbours kept of each item
CLOSE = 0.25  # the least cosine of a neighbour
QUICK = 2.0  # paces after which an item of the history speaks half as loud
BLOCK = 1024  # items compared at once, to bound memory
Ints = NDArray[np.int64]
EXACT_LIMIT = 50_000  # items; above, neighbours come from a graph (Malkov and Yashunin 2020)


class Similar:
    """A source over neighbours in the space of item texts."""

    name = "similar"
    columns = ("score",)  # the loudness-weighted mean cosine to the history, 0 beyond its neighbours

    def __init__(self, links: Links, catalogue: Catalogue, tempo: Tempo) -> None:
        """Keep the links and the units of time and weight."""
        self._links = links
        self._available = catalogue.available
        self._tempo = tempo

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue, *, vectors: Vectors) -> Self:
        """Find each item's neighbours among (n_items, d) unit `vectors`; the log only tells the pace."""
        links = neighbours(np.ascontiguousarray(vectors, np.float32))
        return cls(links, catalogue, Tempo.of(interactions))

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items like those of the page, else like the shopper's latest; ties by row."""
        rows, loud = history(request, self._tempo, QUICK)
        return self._links.propose(self.name, rows, loud, allowed_rows(request, self._available), n)

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 1) of the pool's rows, in the order of `columns`."""
        rows, loud = history(request, self._tempo, QUICK)
        return self._links.spread(rows, loud)[pool.rows, None] / max(float(loud.sum()), 1e-9)

    def save(self, folder: Path) -> None:
        """Write two files into an existing folder."""
        self._links.save(folder)
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        return cls(Links.load(folder, catalogue), catalogue, Tempo.load(folder))


def neighbours(vectors: Vectors, *, exact_limit: int = EXACT_LIMIT) -> Links:
    """Return each row's NEAREST others of (n, d) unit vectors with a cosine of at least CLOSE; ties by row."""
    n = len(vectors)
    if n > exact_limit:
        found, cosines = _from_graph(vectors)
    else:
        blocks = [_nearest(vectors[first : first + BLOCK], first, vectors) for first in range(0, n, BLOCK)]
        found = np.concatenate([np.empty((0, min(NEAREST, n)), np.int64), *(block[0] for block in blocks)])
        cosines = np.concatenate([np.empty((0, min(NEAREST, n)), np.float32), *(block[1] for block in blocks)])
    lead = np.repeat(np.arange(n), found.shape[1]).reshape(found.shape)
    kept = (cosines >= CLOSE) & (found != lead) & (found >= 0)
    return Links.of(sp.csr_matrix((cosines[kept], (lead[kept], found[kept])), shape=(n, n)))


def _nearest(block: Vectors, first: int, vectors: Vectors) -> tuple[Ints, Vectors]:
    """Return (b, k) rows and cosines of the nearest to each of `block`, which starts at row `first`."""
    cosines = block @ vectors.T
    cosines[np.arange(len(block)), first + np.arange(len(block))] = -1.0
    count = min(NEAREST, len(vectors))
    found = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    return found, np.take_along_axis(cosines, found, axis=1)


def _from_graph(vectors: Vectors) -> tuple[Ints, Vectors]:
    import faiss

    graph = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efSearch = 2 * NEAREST
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the same graph from the same vectors
    try:
        graph.add(vectors)
        cosines, found = graph.search(vectors, NEAREST + 1)
    finally:
        faiss.omp_set_num_threads(threads)
    return found, cosines
