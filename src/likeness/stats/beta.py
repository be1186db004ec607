"""A share with its uncertainty: the Beta posterior of decayed successes and failures."""

from __future__ import annotations

from math import exp, isfinite, lgamma, log, log1p
from typing import Self

from msgspec import field

import likeness.stats.decay as decay
from likeness.stats.state import State, require_same


class Beta(State, array_like=True, tag="beta1"):
    """Successes and failures decayed with several half-lives on top of a prior (alpha, beta) that does not decay."""

    half_lives: tuple[float, ...]
    prior: tuple[float, float] = (1.0, 1.0)
    reference: float | None = None
    successes: list[float] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        self.half_lives = decay.check_half_lives(self.half_lives)
        if not (0.0 < self.prior[0] < float("inf") and 0.0 < self.prior[1] < float("inf")):
            raise ValueError(f"prior {self.prior!r}: both pseudo-counts must be above zero; (1, 1) knows nothing")
        self.successes = self.successes or [0.0] * len(self.half_lives)
        self.failures = self.failures or [0.0] * len(self.half_lives)

    def update(self, outcome: float, *, time: float, weight: float = 1.0) -> None:
        """Add one trial that came out as `outcome`: 1 success, 0 failure, or a share between; ValueError outside."""
        if not 0.0 <= outcome <= 1.0 or not isfinite(time + weight):
            raise ValueError(f"outcome {outcome!r}, time {time!r}, weight {weight!r}: 0 <= outcome <= 1, others finite")
        dt = 0.0 if self.reference is None else time - self.reference
        decay.add(self.successes, self.half_lives, dt, weight * outcome)
        decay.add(self.failures, self.half_lives, dt, weight * (1.0 - outcome))
        self.reference = decay.later(self.reference, time)

    def merge(self, other: Self) -> Self:
        """The trials of both, at the later reference."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These trials without those of `other`, at the later reference."""
        return self._combined(other, -1.0)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "half_lives", "prior")
        hs, t, u = self.half_lives, self.reference, other.reference
        when, won = decay.combine(hs, (t, self.successes), (u, other.successes), sign)
        _, lost = decay.combine(hs, (t, self.failures), (u, other.failures), sign)
        return type(self)(hs, self.prior, when, won, lost)

    def at(self, time: float | None = None) -> list[tuple[float, float]]:
        """The posterior (alpha, beta) per half-life, decayed to `time`; net negative counts read as none."""
        won = decay.read(self.half_lives, self.reference, self.successes, time)
        lost = decay.read(self.half_lives, self.reference, self.failures, time)
        a, b = self.prior
        return [(a + max(x, 0.0), b + max(y, 0.0)) for x, y in zip(won, lost, strict=True)]

    def mean(self, time: float | None = None) -> list[float]:
        """The expected share per half-life."""
        return [a / (a + b) for a, b in self.at(time)]

    def interval(self, mass: float = 0.95, time: float | None = None) -> list[tuple[float, float]]:
        """The central credible interval holding `mass` of the posterior, per half-life; ValueError outside (0, 1)."""
        if not 0.0 < mass < 1.0:
            raise ValueError(f"mass {mass!r}: a credible interval holds a share between 0 and 1; 0.95 is usual")
        tail = (1.0 - mass) / 2.0
        return [(beta_quantile(a, b, tail), beta_quantile(a, b, 1.0 - tail)) for a, b in self.at(time)]


def beta_quantile(a: float, b: float, q: float) -> float:
    """The `q` quantile of Beta(a, b), by bisection of its distribution function."""
    low, high = 0.0, 1.0
    for _ in range(52):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if beta_cdf(a, b, middle) < q else (low, middle)
    return 0.5 * (low + high)


def beta_cdf(a: float, b: float, x: float) -> float:
    """P(share <= x) under Beta(a, b): the regularised incomplete beta function (DLMF 8.17.22, Lentz's method)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - beta_cdf(b, a, 1.0 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for m in range(1, 10_000):
        for top in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1.0 / (1.0 + top * d), 1.0 + top / c
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * fraction
