"""EASE: the item-item weights that best rebuild every shopper's items from their others, in closed form.

Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts, Matrix
from likeness.types import DAY, Vectors


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return L2 weight x fading of the shopper's own items (x signal)."""
    short, long = (30.0, 180.0) if facts.timed else (2.0, 5.0)
    tried = [(300.0, None), (300.0, short), (300.0, long), (1000.0, None), (1000.0, short), (1000.0, long)]
    if len(facts.signals) > 1:
        tried = [(300.0, short), (300.0, long), (1000.0, long)]
    return tuple({"signal": signal, "l2": l2, "half_life_days": days} for signal in facts.signals for l2, days in tried)


def weights(profile: Matrix, l2: float) -> Vectors:
    """Return (n, n) float32 with a zero diagonal: B = I - P diag(P)^-1, P = (X'X + l2 I)^-1 (equation 8)."""
    gram: Vectors = np.asfortranarray((profile.T @ profile).toarray(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(l2)
    factor, failed = spotrf(gram, lower=1, overwrite_a=1)
    inverse, also_failed = spotri(factor, lower=1, overwrite_c=1)
    if failed or also_failed:
        raise ArithmeticError("X'X + l2 I is not positive definite.")
    lower = np.tril(inverse)
    whole: Vectors = lower + np.tril(lower, -1).T
    whole /= -np.diag(whole).copy()[None, :]
    np.fill_diagonal(whole, 0)
    return whole


def _scores(profile: Matrix, sold: NDArray[np.int64], learned: Vectors, n_items: int) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        result = np.zeros((len(codes), n_items), np.float32)
        result[:, sold] = profile[np.maximum(codes, 0)] @ learned
        result[codes < 0] = 0
        return result

    return scores


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    for (signal, l2), same in groupby(grid, key=lambda s: (str(s["signal"]), float(s["l2"] or 0))):
        profile = facts.profile(signal)
        sold = _sold(profile)
        learned = weights(profile[:, sold], l2)
        for settings in same:
            days = settings["half_life_days"]
            history = facts.profile(signal, None if days is None else float(days) * DAY)
            yield settings, _scores(history[:, sold], sold, learned, facts.n_items)


def _sold(profile: Matrix) -> NDArray[np.int64]:
    """Return the columns that hold anything; the others would only enlarge the inverse."""
    return np.flatnonzero(np.bincount(profile.indices, minlength=profile.shape[1]))


def _why_not(facts: Facts, limit: int) -> str | None:
    count = max(len(_sold(facts.profile(signal))) for signal in facts.signals)
    return f"{count:,} items, more than the limit of {limit:,} (it inverts items x items)" if count > limit else None


EASE = Family(name="EASE", grid=_grid, fit=_fit, why_not=_why_not)
