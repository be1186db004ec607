"""How sure we are: percentile bootstrap over shoppers, the same resamples for every recommender, so pairs compare.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from __future__ import annotations

import msgspec
import numpy as np

from likeness.types import Floats

LEVEL = 0.95


class Interval(msgspec.Struct, frozen=True):
    """A mean (or ratio, or difference) and its 95 % interval."""

    value: float | None  # None: nobody it could be measured for
    low: float | None
    high: float | None


def resampled_means(values: Floats, *, seed: int, resamples: int) -> Floats:
    """Return (resamples, M) means of (S, M) columns over shoppers drawn with replacement; NaN entries do not count.

    Draw r is row r of `default_rng(seed).integers(0, S, (resamples, S))`, made a row at a time to bound memory.
    """
    people = len(values)
    filled, there = np.nan_to_num(values), np.isfinite(values).astype(np.float64)
    whole = bool(there.all())
    rng = np.random.default_rng(seed)
    result = np.empty((resamples, values.shape[1]))
    for r in range(resamples):
        times = np.bincount(rng.integers(0, people, people), minlength=people).astype(np.float64)
        with np.errstate(invalid="ignore"):
            result[r] = (times @ filled) / (people if whole else times @ there)
    return result


def interval(value: float, draws: Floats) -> Interval:
    """Return the value with the interval of its resampled draws."""
    usable = draws[np.isfinite(draws)]
    if not np.isfinite(value) or len(usable) == 0:
        return Interval(None, None, None)
    low, high = np.quantile(usable, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))


def ratio(ours: float, theirs: float, our_draws: Floats, their_draws: Floats) -> Interval:
    """Return the ratio of two means measured on the same shoppers, with its paired interval."""
    if theirs == 0:
        return Interval(None, None, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval(ours / theirs, our_draws / their_draws)


def difference(ours: float, theirs: float, our_draws: Floats, their_draws: Floats) -> Interval:
    """Return the difference of two means measured on the same shoppers, with its paired interval."""
    return interval(ours - theirs, our_draws - their_draws)
