"""SLIM: for every item an elastic net over its nearest items, with positive weights only.

Ning, Karypis, SLIM: sparse linear methods for top-N recommender systems, ICDM 2011; columns restricted to the nearest
items (fsSLIM, same paper). Coordinate descent runs on the counts of pairs, for many items at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.neighbours import BLOCK
from likeness.evaluate.baselines.shelf import Facts, Matrix
from likeness.types import DAY, Vectors

NEAREST = 64  # items that may speak for an item
SWEEPS = 10  # of coordinate descent


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return L1 x L2 weight x fading of the shopper's own items (x signal)."""
    short, long = (30.0, 180.0) if facts.timed else (2.0, 5.0)
    pairs = ((0.3, 30.0), (0.1, 30.0), (0.1, 100.0))
    tried = [(l1, l2, days) for l1, l2 in pairs for days in (short, long)]
    chosen = tried if len(facts.signals) == 1 else [tried[1], tried[3], tried[5]]
    return tuple(
        {"signal": signal, "l1": l1, "l2": l2, "half_life_days": days}
        for signal in facts.signals
        for l1, l2, days in chosen
    )


def slim(profile: Matrix, l1: float, l2: float, nearest: int = NEAREST) -> Matrix:
    """Return sparse (n, n) weights w >= 0 that minimise |x_j - X w|^2 / 2 + l2 |w|^2 / 2 + l1 |w| for each column j."""
    gram = (profile.T @ profile).tocsr().astype(np.float32)
    own, n = gram.diagonal(), gram.shape[0]
    blocks = []
    for start in range(0, n, BLOCK):
        items = np.arange(start, min(start + BLOCK, n))
        near, shared = _nearest(gram, own, items, min(nearest, n - 1))
        weights = _descend(_among(gram, near), shared, l1, l2)
        kept = weights > 0
        owner = np.broadcast_to(items[:, None], near.shape)
        blocks.append(np.stack([near[kept], owner[kept], weights[kept]]))
    lead, follow, value = np.concatenate(blocks, axis=1)
    return sp.csr_array((value.astype(np.float32), (lead.astype(int), follow.astype(int))), shape=(n, n))


def _nearest(gram: Matrix, own: Vectors, items: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], Vectors]:
    """Return (b, k) items of largest cosine to each of `items`, and their counts with it."""
    rows = gram[items].toarray()
    rows[np.arange(len(items)), items] = 0
    near = np.argpartition(-rows / np.sqrt(own + 1e-9)[None, :], k - 1, axis=1)[:, :k]
    return near, np.take_along_axis(rows, near, axis=1)


def _among(gram: Matrix, near: NDArray[np.int64]) -> Vectors:
    """Return (b, k, k) the counts of pairs among the companions of each item."""
    k = near.shape[1]
    return np.stack([gram[rows][:, rows].toarray() for rows in near]).reshape(len(near), k, k)


def _descend(among: Vectors, shared: Vectors, l1: float, l2: float) -> Vectors:
    """Return (b, k) weights after SWEEPS rounds of coordinate descent, every item's j-th coordinate at once."""
    weights, said = np.zeros_like(shared), np.zeros_like(shared)  # said = among @ weights
    own = np.einsum("bkk->bk", among)
    for _ in range(SWEEPS):
        for j in range(shared.shape[1]):
            free = shared[:, j] - said[:, j] + own[:, j] * weights[:, j]
            fresh = np.maximum(free - l1, 0.0) / (own[:, j] + l2)
            said += among[:, :, j] * (fresh - weights[:, j])[:, None]
            weights[:, j] = fresh
    return np.where(shared > 0, weights, 0.0)


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    def learned_by(settings: Settings) -> tuple[str, float, float]:
        return str(settings["signal"]), float(settings["l1"] or 0), float(settings["l2"] or 0)

    for (signal, l1, l2), same in groupby(grid, key=learned_by):
        weights = slim(facts.profile(signal), l1, l2)
        for settings in same:
            days = settings["half_life_days"]
            yield settings, _scores(facts.profile(signal, None if days is None else float(days) * DAY), weights)


def _scores(profile: Matrix, weights: Matrix) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        result: Vectors = (profile[np.maximum(codes, 0)] @ weights).toarray()
        result[codes < 0] = 0
        return result

    return scores


SLIM = Family(name="SLIM", grid=_grid, fit=_fit)
