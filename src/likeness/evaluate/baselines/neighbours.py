"""People who bought this also bought that: cosine of item columns, the nearest k, summed over the shopper's items.

Sarwar et al., Item-based collaborative filtering recommendation algorithms, WWW 2001.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts, Matrix
from likeness.types import DAY, Vectors

BLOCK = 512  # items compared at once, to bound memory


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return neighbours x shrinkage (x signal), no fading."""
    tried: list[tuple[float, float, float | None]] = [
        (k, shrink, None) for shrink in (0.0, 20.0) for k in (20.0, 50.0, 200.0)
    ]
    if len(facts.signals) > 1:
        tried = [(20.0, 0.0, None), (50.0, 0.0, None), (200.0, 20.0, None)]
    return _settings(facts, tried)


def _recent_grid(facts: Facts) -> tuple[Settings, ...]:
    """Return fading x neighbours and shrinkage (x signal)."""
    short, middle, long = (7.0, 30.0, 90.0) if facts.timed else (2.0, 5.0, 15.0)
    tried = [(k, shrink, days) for days in (short, middle, long) for k, shrink in ((20.0, 0.0), (200.0, 20.0))]
    if len(facts.signals) > 1:
        tried = [(20.0, 0.0, middle), (200.0, 20.0, middle), (50.0, 0.0, long)]
    return _settings(facts, tried)


def _settings(facts: Facts, tried: Sequence[tuple[float, float, float | None]]) -> tuple[Settings, ...]:
    return tuple(
        {"signal": signal, "neighbours": k, "shrink": shrink, "half_life_days": days}
        for k, shrink, days in tried
        for signal in facts.signals
    )


def similarity(profile: Matrix, neighbours: int, shrink: float) -> Matrix:
    """Return (n_items, n_items) float32: row i holds the items nearest to i; co-occurrence / (norms + shrink)."""
    norm = np.sqrt(np.asarray(profile.multiply(profile).sum(axis=0)).ravel()).astype(np.float32)
    by_item = profile.T.tocsr()
    blocks = []
    for start in range(0, by_item.shape[0], BLOCK):
        together = (by_item[start : start + BLOCK] @ profile).toarray()
        together /= norm[start : start + BLOCK, None] * norm[None, :] + np.float32(shrink + 1e-9)
        np.put_along_axis(together, np.arange(start, start + len(together))[:, None], 0, axis=1)
        blocks.append(_nearest(together, neighbours))
    return sp.vstack(blocks, format="csr")


def _nearest(rows: Vectors, k: int) -> Matrix:
    """Return the k largest entries of each row as a sparse matrix."""
    if k < rows.shape[1]:
        floor = -np.partition(-rows, k - 1, axis=1)[:, k - 1 : k]
        rows = np.where(rows >= floor, rows, 0)
    return sp.csr_array(rows)


def _scores(profile: Matrix, near: Matrix) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        result: Vectors = (profile[np.maximum(codes, 0)] @ near).toarray()
        result[codes < 0] = 0
        return result

    return scores


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    @lru_cache(maxsize=3)
    def near(signal: str, neighbours: int, shrink: float) -> Matrix:
        return similarity(facts.profile(signal), neighbours, shrink)

    for settings in grid:
        signal, days = str(settings["signal"]), settings["half_life_days"]
        history = facts.profile(signal, None if days is None else float(days) * DAY)
        yield settings, _scores(history, near(signal, int(settings["neighbours"] or 0), float(settings["shrink"] or 0)))


ITEM_KNN = Family(name="item-kNN", grid=_grid, fit=_fit)
ITEM_KNN_RECENT = Family(name="item-kNN, recent", grid=_recent_grid, fit=_fit)
