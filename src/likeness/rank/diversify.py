"""Diversity: maximal marginal relevance (Carbonell and Goldstein 1998) and a cap per category."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.types import Catalogue, Floats, Rows, Vectors

DEPTH = 10  # candidates looked at per place of the slate


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
