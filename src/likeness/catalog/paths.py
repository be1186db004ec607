"""Paths: how two items are related, in one step or over one thing between them, with the names of the relations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from likeness.types import Catalogue, Floats, Graph

ARROWS = ("<-{}-", "-{}->")  # by direction


@dataclass(frozen=True)
class Path:
    """One way from an item to another: `nodes` has one more than `relations`."""

    nodes: tuple[int, ...]  # of the graph
    relations: tuple[str, ...]
    forward: tuple[bool, ...]  # False where the edge points back
    strength: float  # 0 to 1: the product of what is said of the steps

    def told(self, graph: Graph, catalogue: Catalogue) -> str:
        """Return the path in names, e.g. `Red mug -in_category-> Mugs <-in_category- Blue mug`."""
        arrows = [ARROWS[there].format(name) for name, there in zip(self.relations, self.forward, strict=True)]
        names = [name_of(node, graph, catalogue) for node in self.nodes]
        return " ".join([names[0], *chain.from_iterable(zip(arrows, names[1:], strict=True))])


class Paths:
    """Finds paths of at most two steps; it counts once how common each value is."""

    def __init__(self, graph: Graph) -> None:
        """Read a graph."""
        self._graph = graph
        values = graph.target[graph.target >= graph.n_items] - graph.n_items
        bearers = np.bincount(values, minlength=len(graph.values))
        self._rarity: Floats = 1.0 / (1.0 + np.log2(np.maximum(bearers, 1)))

    def between(self, one: int, other: int, *, most: int = 3) -> tuple[Path, ...]:
        """Return the strongest paths from a row to another, single steps first; nothing for a row and itself."""
        if one == other:
            return ()
        direct = [*self._step(one, other, True), *self._step(other, one, False)]
        through = [*self._over_items(one, other), *self._over_values(one, other)]
        ranked = [sorted(found, key=lambda path: (-path.strength, path.nodes, path.relations))
                  for found in (direct, through)]  # fmt: skip
        return tuple(chain.from_iterable(ranked))[:most]

    def _step(self, one: int, other: int, forward: bool) -> list[Path]:
        nodes = (one, other) if forward else (other, one)
        return [
            Path(nodes, (name,), (forward,), float(self._graph.confidence[edge]))
            for name, edge in self._edges(one)
            if self._graph.target[edge] == other
        ]

    def _over_items(self, one: int, other: int) -> list[Path]:
        """Return the best path over each item between; two edges into that item, or one in and one out."""
        best: dict[int, Path] = {}
        into = {int(self._graph.target[edge]): (name, edge) for name, edge in reversed(self._edges(other))}
        for name, edge in self._edges(one):
            middle = int(self._graph.target[edge])
            if middle >= self._graph.n_items or middle == other:
                continue
            ends = [(last, k, True) for last, k in self._edges(middle) if self._graph.target[k] == other]
            ends += [(*into[middle], False)] if middle in into else []
            for last, k, forward in ends:
                strength = float(self._graph.confidence[edge] * self._graph.confidence[k])
                if middle not in best or strength > best[middle].strength:
                    best[middle] = Path((one, middle, other), (name, last), (True, forward), strength)
        return list(best.values())

    def _over_values(self, one: int, other: int) -> list[Path]:
        shared = {int(self._graph.target[edge]) for _, edge in self._edges(other)}
        found = [(name, int(self._graph.target[edge])) for name, edge in self._edges(one)]
        return [
            Path((one, node, other), (name, name), (True, False), float(self._rarity[node - self._graph.n_items]))
            for name, node in found
            if node >= self._graph.n_items and node in shared
        ]

    def _edges(self, row: int) -> list[tuple[str, int]]:
        """Return (relation, place) of every edge of a row."""
        graph = self._graph
        ends: NDArray[np.int64] = graph.start[:, row : row + 2]
        return [(name, k) for name, (begin, end) in zip(graph.relations, ends.tolist(), strict=True)
                for k in range(begin, end)]  # fmt: skip


def name_of(node: int, graph: Graph, catalogue: Catalogue) -> str:
    """Return an item's title (its id where it has none), or a value."""
    if node >= graph.n_items:
        return graph.values[node - graph.n_items][1]
    item = catalogue.items[node]
    return item.title or item.item_id
