"""Related: what the knowledge graph says goes with, or instead of, the page's item or the shopper's latest.

On a page both are of use, and a slot may wish for one of them. Without a page, what was looked at and not bought asks
for alternatives, what was bought for what goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.recall.links import Links, allowed_rows, best, history
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Graph, Interactions, Pool, Relation, Request, Rows

QUICK = 2.0  # paces after which an item of the history speaks half as loud
FLOOR = 1e-3  # what silence counts for, as a share of what the whole history could say
COLUMNS = {
    "substitute": "substitute",
    "complement": "complement",
    "after": "bought_after",
    "instead": "viewed_then_bought",
}  # column of the source -> relation of the graph
WISHES: Mapping[str, tuple[str, ...]] = {
    "any": tuple(COLUMNS),
    "substitutes": ("substitute", "instead"),
    "complements": ("complement", "after"),
}


class Related:
    """A source over the typed edges of the knowledge graph."""

    name = "related"
    columns = tuple(COLUMNS)  # logarithms of the share of the history's loudness that says so

    def __init__(self, links: Mapping[str, Links], catalogue: Catalogue, tempo: Tempo) -> None:
        """Keep the links of every column, and the units of time and weight."""
        self._links = dict(links)
        self._available = catalogue.available
        self._tempo = tempo

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue, *, graph: Graph) -> Self:
        """Take the edges of a graph of the same catalogue; the log only tells the pace."""
        links = {column: links_of(graph, relation) for column, relation in COLUMNS.items()}
        return cls(links, catalogue, Tempo.of(interactions))

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` related items, obeying the request's wish for substitutes or complements; ties by row.

        Every relation is scaled by the most it says of any item, so that each has its say.
        """
        rows, loud = history(request, self._tempo, QUICK)
        bought = bought_of(rows, request)
        said = {name: self._links[name].spread(rows, loud * _speaks(name, bought)) for name in wished(request)}
        allowed = allowed_rows(request, self._available).copy()
        allowed[request.context] = False
        if wish_of(request) == "complements":
            allowed &= self._links["substitute"].spread(rows, loud) <= 0.0
        parts = np.array([part / max(float(part[allowed].max(initial=0.0)), 1e-9) for part in said.values()])
        scores = parts.sum(axis=0)
        found = best(scores, allowed, n)
        loudest = [self._links[name].loudest(rows, loud * _speaks(name, bought), found) for name in said]
        because = np.array(loudest)[parts[:, found].argmax(axis=0), np.arange(len(found))]
        return Candidates(source=self.name, rows=found, scores=scores[found], because=because.astype(np.int32))

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 4) of the pool's rows, in the order of `columns`, whatever the wish."""
        rows, loud = history(request, self._tempo, QUICK)
        bought, total = bought_of(rows, request), max(float(loud.sum()), 1e-9)
        said = [self._links[name].spread(rows, loud * _speaks(name, bought))[pool.rows] for name in self.columns]
        return np.log(np.column_stack(said) / total + FLOOR)

    def save(self, folder: Path) -> None:
        """Write a folder per column and one file into an existing folder."""
        for name, links in self._links.items():
            (folder / name).mkdir(exist_ok=True)
            links.save(folder / name)
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        links = {name: Links.load(folder / name, catalogue) for name in COLUMNS}
        return cls(links, catalogue, Tempo.load(folder))


def wish_of(request: Request) -> Relation:
    """Return what the slot of a request wishes for; "any" where it says nothing."""
    return request.relation


def wished(request: Request) -> tuple[str, ...]:
    """Return the columns that speak for a request."""
    return WISHES[wish_of(request)]


def bought_of(rows: Rows, request: Request) -> NDArray[np.bool_] | None:
    """Return (m,) which rows of the history the shopper bought; None on a page, whose items are only looked at."""
    if len(request.context):
        return None
    return np.isin(rows, request.taste.rows[request.taste.bought > 0])


def links_of(graph: Graph, relation: str) -> Links:
    """Return one relation's edges between items."""
    start = graph.start[graph.relations.index(relation)]
    cut = slice(int(start[0]), int(start[-1]))
    cells = (graph.weight[cut], graph.target[cut], start - start[0])
    return Links.of(sp.csr_matrix(cells, shape=(graph.n_items, graph.n_items), copy=True))


def _speaks(column: str, bought: NDArray[np.bool_] | None) -> NDArray[np.bool_] | float:
    """Return which rows of the history ask for what a column offers."""
    if bought is None:
        return 1.0
    return bought if column in WISHES["complements"] else ~bought
