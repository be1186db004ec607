"""The scorer for shoppers of whom nothing is known: the kind of popularity that did best in earlier seasons, alone.

Everybody unknown gets the same list, so that a window is one observation however many shoppers it holds, and weights
fitted over a few windows learn their weather: left-out windows preferred the best single column to every mixture tried
(`docs/decisions/cold-start.md`). So nothing is fitted but the choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeness.rank.linear import LinearScorer
from likeness.types import Floats, Rows

K, DEEP = 10, 20  # places that NDCG and recall look at; both count the same
LEAST_SHOPPERS = 50  # below, there is too little to choose by


@dataclass(frozen=True)
class Window:
    """One stretch of time: what could be said of every item at its start, and what was bought in it."""

    features: Floats  # (n, C)
    bought: tuple[Rows, ...]  # per shopper, distinct rows

    def worth(self, scores: Floats) -> float:
        """Return the mean of NDCG@10 and Recall@20 of the list that everybody gets from (n,) scores; ties by row."""
        best = np.argsort(-scores, kind="stable")[:DEEP]
        place = np.full(len(scores), DEEP)
        place[best] = np.arange(len(best))
        gain = 1 / np.log2(np.arange(2, K + 2))
        ideal, padded = np.cumsum(gain), np.append(gain, np.zeros(DEEP + 1 - K))
        total = 0.0
        for rows in self.bought:
            there = place[rows]
            ndcg = padded[there].sum() / ideal[min(len(rows), K) - 1]
            total += float(ndcg + (there < DEEP).sum() / min(len(rows), DEEP)) / 2
        return total / max(len(self.bought), 1)


def fit_stranger(windows: Sequence[Window], columns: Sequence[str], names: Sequence[str]) -> LinearScorer | None:
    """Return the scorer over `names` that reads one of `columns`, those of the windows; None with too few shoppers.

    Every window counts alike; ties go to the column named first. Raises ValueError for a column not in `names`.
    """
    asked = [window for window in windows if window.bought]
    if sum(len(window.bought) for window in asked) < LEAST_SHOPPERS:
        return None
    worth = np.array([[w.worth(w.features[:, c]) for c in range(len(columns))] for w in asked]).mean(axis=0)
    weights = np.zeros(len(names))
    weights[list(names).index(columns[int(worth.argmax())])] = 1.0
    return LinearScorer(names, weights.tolist(), origin="fitted")
