"""Policies over a linear model of the answer: linear Thompson sampling and LinUCB.

Agrawal and Goyal, Thompson sampling for contextual bandits with linear payoffs, ICML 2013; Li et al., A
contextual-bandit approach to personalized news article recommendation, WWW 2010. Both read `places.features` (m, d).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from likeness.explore.linear import Ridge
from likeness.explore.lottery import Lottery
from likeness.explore.policy import Places
from likeness.seeds import rng_of
from likeness.types import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearThompson(Lottery):
    """Ranks by one of J coefficient vectors drawn from N(mean, noise² covariance), the same J for a given salt."""

    ridge: Ridge
    noise: float = 0.2  # standard deviation of an answer around its expectation: sqrt(p (1 - p)) of clicks
    name: ClassVar[str] = "linear-thompson"

    def one(self, places: Places, j: int) -> Floats:
        """Return (m,) expected answers under sample `j`."""
        return self.every(places)[:, j]  # one column alone is summed in another order than all of them

    def every(self, places: Places) -> Floats:
        """Return (m, J)."""
        return np.asarray(_features(places) @ self.coefficients)

    @cached_property
    def coefficients(self) -> Floats:
        """(d, J) the samples; made in O(d³) once."""
        factor = np.linalg.cholesky(self.ridge.covariance + 1e-12 * np.eye(len(self.ridge.mean)))
        drawn = rng_of("linear thompson", self.salt).standard_normal((len(factor), self.count))
        return np.asarray(self.ridge.mean[:, None] + self.noise * (factor @ drawn))


@dataclass(frozen=True, kw_only=True, eq=False)
class LinUCB(Lottery):
    """Ranks by expected answer + width x standard deviation; slips give what it leaves out a chance."""

    ridge: Ridge
    width: float = 0.2
    count: int = 1
    name: ClassVar[str] = "lin-ucb"

    def one(self, places: Places, j: int) -> Floats:
        """Return (m,) upper bounds."""
        features = _features(places)
        return np.asarray(features @ self.ridge.mean + self.width * self.ridge.spread(features))

    def every(self, places: Places) -> Floats:
        """Return (m, 1)."""
        return self.one(places, 0)[:, None]


def _features(places: Places) -> Floats:
    if places.features is None:
        raise ValueError("a linear policy needs places.features, (m, d) of shopper and item.")
    return places.features
