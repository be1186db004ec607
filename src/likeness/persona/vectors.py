"""Vectors of a persona, as a view: ridge means of the vectors of the items that a shopper's weights stand for.

p = sum(w x) / (sum(|w|) + lambda) minimises sum(|w| |p - sign(w) x|^2) + lambda |p|^2: a dislike pulls away from its
item, and little evidence stays near zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.persona.config import PersonaConfig
from likeness.persona.interests import weights_at
from likeness.persona.record import Interest, Vectors
from likeness.persona.state import PersonaState
from likeness.types import Catalogue, Floats, Rows
from likeness.types import Vectors as Matrix

INTERESTS = 8
_NAMED = 3  # items that stand for an interest
_CONSIDERED = 64  # items that may found or join a cluster, the heaviest
_ALIKE = 0.5  # cosine from which an item joins a cluster


@dataclass(frozen=True)
class Group:
    """One interest: the rows that make it, heaviest first, and their total weight."""

    name: str
    weight: float
    places: Rows  # into the rows and weights given


def vectors_of(
    state: PersonaState, time: float, config: PersonaConfig, catalogue: Catalogue, vectors: Matrix, purpose: str
) -> Vectors | None:
    """Return the persona's vectors over item vectors (n_items, d); None when no item of the shelf was touched."""
    facet = state.facets.get("item")
    if facet is None:
        return None
    ids, matrix = weights_at(facet, time)
    rows = np.array([catalogue.row_of.get(item, -1) for item in ids], dtype=np.int32)
    shelf = rows >= 0
    rows, weights = rows[shelf], matrix[shelf]
    if not len(rows):
        return None
    own, long, recent = vectors[rows], weights[:, config.long], weights[:, config.recent]
    ridge, liked = config.ridge_lambda, float(np.maximum(long, 0.0).sum())
    return Vectors(
        dim=vectors.shape[1],
        long=_tuple(ridge_mean(own, long, ridge)),
        recent=_tuple(ridge_mean(own, recent, ridge)),
        interests=tuple(
            Interest(
                name=group.name,
                share=group.weight / liked,
                confidence=group.weight / (group.weight + ridge),
                items=tuple(catalogue.items[row].item_id for row in rows[group.places[:_NAMED]]),
                vector=_tuple(ridge_mean(own[group.places], long[group.places], ridge)),
            )
            for group in groups(rows, long, catalogue, vectors)
        ),
        half_lives=(config.half_lives[config.long], config.half_lives[config.recent]),
        ridge_lambda=ridge,
        purpose=purpose,
    )


def ridge_mean(vectors: Matrix, weights: Floats, ridge_lambda: float) -> Matrix:
    """Return (d,) the ridge mean of (m, d) vectors with signed weights (m,)."""
    mean = weights.astype(np.float32) @ vectors / np.float32(np.abs(weights).sum() + ridge_lambda)
    return np.asarray(mean, dtype=np.float32)


def groups(rows: Rows, weights: Floats, catalogue: Catalogue, vectors: Matrix) -> list[Group]:
    """Return at most `INTERESTS` groups of liked rows (m,), heaviest first: by category, or by likeness without any."""
    liked = np.flatnonzero(weights > 0.0)
    liked = liked[np.lexsort((rows[liked], -weights[liked]))]
    category = catalogue.category[rows[liked]]
    if (category >= 0).any():
        found = _heaviest(category, weights[liked], catalogue.category_names)
        made = [(name, liked[category == code]) for name, code in found]
    else:
        made = _alike(rows, liked[:_CONSIDERED], catalogue, vectors)
    totals = [Group(name, float(weights[places].sum()), places.astype(np.int32)) for name, places in made]
    return sorted(totals, key=lambda group: (-group.weight, group.name))


def _heaviest(category: Rows, weights: Floats, names: Sequence[str]) -> list[tuple[str, int]]:
    """Return (name, code) of the categories of largest weight."""
    codes, place = np.unique(category, return_inverse=True)
    totals = np.bincount(place, weights=weights)
    known = [
        (-total, names[code], code) for total, code in zip(totals.tolist(), codes.tolist(), strict=True) if code >= 0
    ]
    return [(name, code) for _, name, code in sorted(known)[:INTERESTS]]


def _alike(
    rows: Rows, liked: NDArray[np.intp], catalogue: Catalogue, vectors: Matrix
) -> list[tuple[str, NDArray[np.intp]]]:
    """Leader clustering (Hartigan 1975): heaviest first, each item joins its nearest leader or becomes one."""
    leaders: list[int] = []
    members: list[list[int]] = []
    for place in liked.tolist():
        vector = vectors[rows[place]]
        likeness = vectors[rows[leaders]] @ vector if leaders else np.zeros(0, dtype=np.float32)
        near = int(likeness.argmax()) if leaders else -1
        if near >= 0 and likeness[near] >= _ALIKE:
            members[near].append(place)
        elif len(leaders) < INTERESTS:
            leaders.append(place)
            members.append([place])
    return [(_title(catalogue, int(rows[m[0]])), np.array(m)) for m in members]


def _title(catalogue: Catalogue, row: int) -> str:
    item = catalogue.items[row]
    return item.title or item.item_id


def _tuple(vector: Matrix) -> tuple[float, ...]:
    return tuple(vector.tolist())
