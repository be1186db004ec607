"""The shopper's own past again, newer things first, ties by recent demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts, Matrix
from likeness.types import DAY, Floats, Vectors

TIE = 1e-3


def half_lives(facts: Facts) -> tuple[float | None, ...]:
    """Return the fadings worth trying, in days (positions where there are no times); None: no fading."""
    return (None, 30.0, 90.0, 180.0) if facts.timed else (None, 2.0, 5.0, 15.0)


def _grid(facts: Facts) -> tuple[Settings, ...]:
    both = [(signal, days) for days in half_lives(facts) for signal in facts.signals]
    order = sorted(both, key=lambda pair: pair[1] is None)  # no fading last: the least promising
    return tuple({"signal": signal, "half_life_days": days} for signal, days in order)


def dense_rows(matrix: Matrix, codes: NDArray[np.int64]) -> Vectors:
    """Return (b, n_items) rows of a sparse matrix; zeros for code -1."""
    result: Vectors = matrix[np.maximum(codes, 0)].toarray()
    result[codes < 0] = 0
    return result


def _frequency(facts: Facts, signal: str, half_life: float | None) -> Matrix:
    """Return (S, n_items): the sum over events, each faded by its age."""
    chosen = facts.mask(signal) & (facts.train.shopper >= 0)
    age = facts.train.end - facts.train.time[chosen]
    base = np.ones(len(age)) if signal == "purchases" else facts.train.weight[chosen]
    weight = base * (1.0 if half_life is None else np.exp2(-age / (half_life * DAY)))
    profile = facts.profile(signal)
    cell = (weight, (facts.train.shopper[chosen], facts.train.row[chosen]))
    return type(profile)(cell, shape=profile.shape)


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    for settings in grid:
        days = settings["half_life_days"]
        seen = _frequency(facts, str(settings["signal"]), None if days is None else float(days))
        yield settings, _scores(seen, facts.filler)


def _scores(seen: Matrix, demand: Floats) -> Scores:
    """Things of one basket tie; what is in demand lately then comes first (TIE is less than a day of fading)."""
    lift = 1.0 + TIE * (1.0 + demand)  # demand lies in [-1, 0)

    def scores(codes: NDArray[np.int64]) -> Vectors:
        return (np.maximum(dense_rows(seen, codes), 0.0) * lift).astype(np.float32)

    return scores


OWN_HISTORY = Family(name="own history", grid=_grid, fit=_fit)
