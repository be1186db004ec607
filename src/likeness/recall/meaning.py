"""Meaning: items whose vectors lie near the query's. Exact to 50,000 items, a navigable graph above.

The graph is HNSW (Malkov & Yashunin 2020) in faiss. Item vectors are kept as one matrix, which personas, `similar` and
the features of ranking read too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.types import Candidates, Catalogue, Request, Rows, Vectors

if TYPE_CHECKING:
    import faiss

EXACT_LIMIT = 50_000  # items
LINKS, BUILD_DEPTH, SEARCH_DEPTH = 32, 120, 512  # M, efConstruction, efSearch
OVERDRAW = 2  # neighbours drawn per one asked for when a filter may take some
VECTORS, GRAPH = "vectors.safetensors", "graph.faiss"


class Meaning:
    """A source over the item vectors; rows without a vector (all zero) are never proposed."""

    name = "meaning"

    def __init__(self, vectors: Vectors, catalogue: Catalogue, graph: faiss.Index | None = None) -> None:
        """Keep (n, d) unit rows, one per catalogue row. Raises StoreError when the numbers differ."""
        if len(vectors) != len(catalogue):
            found = f"{len(vectors)} vectors, {len(catalogue)} items"
            raise StoreError(f"the item vectors do not fit the catalogue: {found}.", remedy="Fit the shop again.")
        self.vectors = vectors
        self._available = catalogue.available
        self._graph = graph

    @classmethod
    def build(cls, catalogue: Catalogue, vectors: Vectors, *, exact_limit: int = EXACT_LIMIT) -> Self:
        """Keep the vectors, and link them into a graph when there are more than `exact_limit`."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        graph = _graph(vectors) if len(vectors) > exact_limit else None
        return cls(vectors, catalogue, graph)

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items with a positive cosine to `request.vector`, best first; ties by row."""
        allowed = self._available if request.allowed is None else request.allowed & self._available
        if request.vector is None or not request.vector.any() or n <= 0 or not allowed.any():
            return Candidates(source=self.name, rows=np.empty(0, np.int32), scores=np.empty(0))
        rows, scores = self.nearest(request.vector, n, allowed)
        return Candidates(source=self.name, rows=rows, scores=scores.astype(np.float64))

    def nearest(self, vector: Vectors, n: int, allowed: NDArray[np.bool_]) -> tuple[Rows, Vectors]:
        """Return (rows, cosines) of the allowed items nearest to a unit vector (d,), positive cosines only."""
        rows = self._drawn(vector, n, allowed) if self._graph is not None else None
        if rows is None:
            rows = _best(np.where(allowed, self.vectors @ vector, -1.0), n)
            rows = rows[allowed[rows]]
        scores = self.vectors[rows] @ vector
        rows, scores = rows[scores > 0], scores[scores > 0]
        order = np.lexsort((rows, -scores))[:n]
        return rows[order].astype(np.int32), scores[order]

    def save(self, folder: Path) -> None:
        """Write the vectors, and the graph where there is one, into an existing folder."""
        save_file({"vectors": self.vectors}, folder / VECTORS)
        if self._graph is not None:
            import faiss

            faiss.write_index(self._graph, str(folder / GRAPH))

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            vectors = load_file(folder / VECTORS)["vectors"]
            graph = _read_graph(folder / GRAPH) if (folder / GRAPH).exists() else None
        except (OSError, SafetensorError, KeyError, RuntimeError) as broken:
            raise StoreError(
                f"the item vectors in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        return cls(vectors, catalogue, graph)

    def _drawn(self, vector: Vectors, n: int, allowed: NDArray[np.bool_]) -> Rows | None:
        """Return at least `n` allowed neighbours from the graph, or None where a filter leaves too few."""
        assert self._graph is not None
        few = OVERDRAW * n
        _, found = self._graph.search(vector[None], min(few, len(self.vectors)))
        rows = found[0][found[0] >= 0]
        rows = rows[allowed[rows]]
        return rows if len(rows) >= n else None


def _best(scores: Vectors, n: int) -> Rows:
    """Return the rows of the `n` highest scores, and of those equal to the last of them."""
    if n >= len(scores):
        return np.arange(len(scores), dtype=np.int32)
    least = np.partition(scores, -n)[-n]
    return np.flatnonzero(scores >= least).astype(np.int32)


def _graph(vectors: Vectors) -> faiss.Index:
    import faiss

    graph = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = BUILD_DEPTH
    graph.hnsw.efSearch = SEARCH_DEPTH
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the same graph from the same vectors
    try:
        graph.add(vectors)
    finally:
        faiss.omp_set_num_threads(threads)
    return graph


def _read_graph(path: Path) -> faiss.Index:
    import faiss

    return faiss.read_index(str(path))
