"""Diversity: maximal marginal relevance (Carbonell and Goldstein 1998), a cap per category, a shopper's own mix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.types import Catalogue, Floats, Rows, Vectors

DEPTH = 10  # candidates looked at per place of the slate
SMOOTH = 0.01  # alpha: the share of the wanted mix that every slate is taken to hold already


def diversify(
    rows: Rows,
    scores: Floats,
    catalogue: Catalogue,
    vectors: Vectors,
    *,
    n: int,
    weight: float,
    max_per_category: int,
) -> NDArray[np.intp]:
    """Return at most `n` indices into `rows` (m,), which must be in descending order of `scores` (m,).

    Each place takes the candidate with the highest (1 - weight) x relevance - weight x closest cosine to those above
    it; relevance is the score scaled to [0, 1] within the slate. A category (-1 is none) has at most
    `max_per_category` places, 0 meaning no cap. Weight 0 without a cap keeps the order.
    """
    pool = np.arange(min(len(rows), DEPTH * n))
    spread = float(np.ptp(scores[pool])) if len(pool) else 0.0
    relevance = (scores[pool] - scores[pool].min()) / spread if spread > 0 else np.zeros(len(pool))
    own, category = vectors[rows[pool]], catalogue.category[rows[pool]]
    closest, used = np.zeros(len(pool)), dict[int, int]()
    free, chosen = np.ones(len(pool), bool), list[int]()
    while len(chosen) < n and free.any():
        value = np.where(free, (1 - weight) * relevance - weight * closest, -np.inf)
        best = int(value.argmax())
        chosen.append(best)
        free[best] = False
        closest = np.maximum(closest, own @ own[best])
        code = int(category[best])
        used[code] = used.get(code, 0) + 1
        if max_per_category and code >= 0 and used[code] >= max_per_category:
            free &= category != code
    return np.array(chosen, np.intp)


def calibrate(
    rows: Rows, scores: Floats, catalogue: Catalogue, wanted: Floats, *, n: int, weight: float
) -> NDArray[np.intp]:
    """Return at most `n` indices into `rows` (m,), in descending order of `scores` (m,), in a mix near the wanted one.

    `wanted` (categories,) is how the shopper's interest is shared out, summing to 1. Each place takes the candidate
    with the highest (1 - weight) x relevance, less weight x KL(wanted || mix of the slate with it): the greedy step of
    Steck (2018). Weight 0, or a shopper without interests, keeps the order.
    """
    pool = np.arange(min(len(rows), DEPTH * n))
    if weight == 0.0 or not wanted.any():
        return pool[:n]
    spread = float(np.ptp(scores[pool])) if len(pool) else 0.0
    relevance = (scores[pool] - scores[pool].min()) / spread if spread > 0 else np.zeros(len(pool))
    category = catalogue.category[rows[pool]]
    held, free, chosen = np.zeros(len(wanted) + 1), np.ones(len(pool), bool), list[int]()  # the last one: no category
    while len(chosen) < n and free.any():
        far = _divergence(wanted, held, len(chosen) + 1)[category]
        best = int(np.where(free, (1 - weight) * relevance - weight * far, -np.inf).argmax())
        chosen.append(best)
        free[best] = False
        held[category[best]] += 1
    return np.array(chosen, np.intp)


def _divergence(wanted: Floats, held: Floats, places: int) -> Floats:
    """Return (categories + 1,) KL(wanted || mix) were one more of each category shown, the last one being none."""
    now = SMOOTH * wanted + (1 - SMOOTH) * held[:-1] / places
    more = now + (1 - SMOOTH) / places
    there = wanted > 0
    gain = np.zeros(len(held))
    gain[:-1][there] = wanted[there] * np.log(more[there] / now[there])
    return float((wanted[there] * np.log(wanted[there] / now[there])).sum()) - gain
