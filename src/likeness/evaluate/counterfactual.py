"""The value of a policy from the log of another: replay, IPS, SNIPS, DM, DR, SNDR and switch-DR, with intervals.

Every estimator is `mean(base) + sum(gain) / sum(mass)` over the rows of a log, so one bootstrap serves all. Arrays are
(n,) per logged action unless said otherwise: `reward`, `propensity` (of the logging policy, for the action it took),
`target` (the other policy's probability of that action), `expected` (a model's reward of that action) and `value` (the
model's reward of the other policy: `direct`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.bootstrap import Interval, interval
from likeness.types import Floats


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What each row adds to an estimate."""

    base: Floats
    gain: Floats
    mass: Floats

    @property
    def value(self) -> float:
        """The estimate; NaN where no row counts."""
        return float(_value(self.base.mean(), self.gain.sum(), self.mass.sum()))


def weights(propensity: Floats, target: Floats) -> Floats:
    """Return (n,) target / propensity. Raises ValueError unless propensities lie in (0, 1] and targets in [0, 1]."""
    if not ((propensity > 0) & (propensity <= 1)).all() or not ((target >= 0) & (target <= 1)).all():
        raise ValueError("propensities must lie in (0, 1], target probabilities in [0, 1]; log what was really drawn.")
    return np.asarray(target / propensity)


def replay(reward: Floats, matches: NDArray[np.bool_]) -> Terms:
    """Mean reward where a uniform log took the action the policy takes (Li et al., WSDM 2011)."""
    kept = matches.astype(np.float64)
    return Terms(base=np.zeros(len(reward)), gain=kept * reward, mass=kept)


def ips(reward: Floats, propensity: Floats, target: Floats) -> Terms:
    """Inverse propensity scores (Horvitz and Thompson 1952): unbiased where the log could take every target action."""
    return Terms(base=np.zeros(len(reward)), gain=weights(propensity, target) * reward, mass=np.ones(len(reward)))


def snips(reward: Floats, propensity: Floats, target: Floats) -> Terms:
    """IPS divided by the sum of weights (Swaminathan and Joachims, NeurIPS 2015): a little bias, less variance."""
    w = weights(propensity, target)
    return Terms(base=np.zeros(len(reward)), gain=w * reward, mass=w)


def direct(expected: Floats, target: Floats) -> Floats:
    """Return (n,) the model's value of the policy, from `expected` and `target` (n, A) of all actions."""
    if not np.allclose(target.sum(axis=1), 1.0, atol=1e-6):
        raise ValueError("target probabilities of all actions must sum to 1 in every row.")
    return np.asarray((expected * target).sum(axis=1))


def direct_method(value: Floats) -> Terms:
    """The model's word alone: no variance of weights, all of the model's bias."""
    return Terms(base=value, gain=np.zeros(len(value)), mass=np.ones(len(value)))


def doubly_robust(reward: Floats, propensity: Floats, target: Floats, expected: Floats, value: Floats) -> Terms:
    """The model corrected by weighted residuals (Dudík, Langford and Li, ICML 2011): right if either is."""
    gain = weights(propensity, target) * (reward - expected)
    return Terms(base=value, gain=gain, mass=np.ones(len(reward)))


def self_normalised_dr(reward: Floats, propensity: Floats, target: Floats, expected: Floats, value: Floats) -> Terms:
    """DR with the correction divided by the sum of weights."""
    w = weights(propensity, target)
    return Terms(base=value, gain=w * (reward - expected), mass=w)


def switch_dr(
    reward: Floats, propensity: Floats, target: Floats, expected: Floats, value: Floats, *, heaviest: float
) -> Terms:
    """DR that trusts the model alone where a weight exceeds `heaviest` (Wang, Agarwal and Dudík, ICML 2017)."""
    w = weights(propensity, target)
    gain = np.where(w <= heaviest, w, 0.0) * (reward - expected)
    return Terms(base=value, gain=gain, mass=np.ones(len(reward)))


def effective_size(w: Floats) -> float:
    """Return how many equally weighted rows know as much as these weights: (sum w)² / sum w² (Kish 1965)."""
    squares = float(w @ w)
    return float(w.sum() ** 2 / squares) if squares > 0 else 0.0


def estimate(terms: Terms, *, seed: int, resamples: int = 1_000, unit: NDArray[np.int64] | None = None) -> Interval:
    """Return the estimate with its 95 % percentile bootstrap interval.

    `unit` (n,) codes what is drawn with replacement (a slate, a shopper); None: every row by itself. Rare rewards make
    any such interval too narrow on the side where none was seen.
    """
    return compare({"": terms}, seed=seed, resamples=resamples, unit=unit)[""]


def compare(
    terms: Mapping[str, Terms], *, seed: int, resamples: int = 1_000, unit: NDArray[np.int64] | None = None
) -> dict[str, Interval]:
    """Return every estimate with its interval, all from the same resamples of one log."""
    names = list(terms)
    n = len(terms[names[0]].base)
    codes = np.arange(n) if unit is None else np.unique(unit, return_inverse=True)[1]
    stacked = np.stack([np.column_stack([t.base, t.gain, t.mass]) for t in terms.values()], axis=1).reshape(n, -1)
    units = int(codes.max()) + 1
    sums = stacked if unit is None else _by_unit(stacked, codes, units)
    counts = np.bincount(codes, minlength=units).astype(np.float64)
    rng = np.random.default_rng(seed)
    draws = np.empty((resamples, len(names)))
    for r in range(resamples):
        times = np.bincount(rng.integers(0, units, units), minlength=units).astype(np.float64)
        base, gain, mass = (times @ sums).reshape(-1, 3).T
        draws[r] = _value(base / (times @ counts), gain, mass)
    return {name: interval(terms[name].value, draws[:, k]) for k, name in enumerate(names)}


def _by_unit(rows: Floats, codes: NDArray[np.int64], units: int) -> Floats:
    sums = np.zeros((units, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums


def _value(base: Floats, gain: Floats, mass: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(base + gain / mass)
