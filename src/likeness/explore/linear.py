"""Bayesian ridge regression of answers on features, as decayed sums that merge.

A = Σ w x xᵀ and b = Σ w r x, each event's weight halving per half-life, are all there is to keep: they add, so any
split of the log in any order gives the same state. `Ridge` is what is read at one moment: precision λ I + A, mean
(λ I + A)⁻¹ b; one more answer updates it in O(d²) (Sherman and Morrison 1950), exactly as if it were read anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from msgspec import field

import likeness.stats.decay as decay
from likeness.stats.state import State, require_same
from likeness.types import Floats


class LinearSums(State, array_like=True, tag="linear1"):
    """The decayed sums of one model with `dim` features; `half_life` in seconds, math.inf never decays."""

    half_life: float
    dim: int
    reference: float | None = None
    data: bytearray = field(default_factory=bytearray)  # float64 (d + 1, d): A, then b; empty before the first answer

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        decay.check_half_lives((self.half_life,))
        if self.dim < 1 or len(self.data) not in (0, 8 * (self.dim + 1) * self.dim):
            raise ValueError(f"dim {self.dim}, {len(self.data)} bytes: one feature at least, (d + 1) d float64 or none")

    def update(self, features: Floats, reward: float, *, time: float, weight: float = 1.0) -> None:
        """Add one answer to features (d,), or one per row of (n, d) with `reward` (n,); both scaled by examination."""
        x = np.atleast_2d(np.asarray(features, np.float64))
        r = np.atleast_1d(np.asarray(reward, np.float64))
        if x.shape[1] != self.dim or not (np.isfinite(x).all() and np.isfinite(r).all()):
            raise ValueError(f"features of shape {x.shape}: must be (n, {self.dim}) and finite")
        decay.check_event(time, weight)
        amount = weight * np.vstack([x.T @ x, r @ x])
        self.reference, old, new = _factors(self.half_life, self.reference, time)
        self.data = bytearray((old * self.sums + new * amount).tobytes())

    def merge(self, other: Self) -> Self:
        """The answers of both, at the later reference."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These answers without those of `other`, at the later reference."""
        return self._combined(other, -1.0)

    def at(self, time: float | None = None) -> Floats:
        """(d + 1, d): A above b, decayed to `time`; as of the last answer when None or earlier."""
        return np.asarray(self.sums * decay.read((self.half_life,), self.reference, [1.0], time)[0])

    @property
    def sums(self) -> Floats:
        """(d + 1, d) at the reference, a view of the state (zeros before the first answer)."""
        shape = (self.dim + 1, self.dim)
        return np.frombuffer(self.data, np.float64).reshape(shape) if self.data else np.zeros(shape)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "half_life", "dim")
        if other.reference is None:
            return type(self)(self.half_life, self.dim, self.reference, bytearray(self.data))
        when, old, new = _factors(self.half_life, self.reference, other.reference)
        both = old * self.sums + sign * new * other.sums
        return type(self)(self.half_life, self.dim, when, bytearray(both.tobytes()))


def _factors(half_life: float, reference: float | None, time: float) -> tuple[float, float, float]:
    """Return the later of both times, and what amounts at either are worth there."""
    when = decay.later(reference, time)
    (old,) = decay.read((half_life,), reference, [1.0], when)
    (new,) = decay.read((half_life,), time, [1.0], when)
    return time if when is None else when, old, new


@dataclass(frozen=True, kw_only=True, eq=False)
class Ridge:
    """A posterior N(mean, noise² covariance) of the coefficients."""

    mean: Floats  # (d,)
    covariance: Floats  # (d, d) the inverse of the precision

    @classmethod
    def read(cls, sums: LinearSums, *, ridge: float, time: float | None = None) -> Self:
        """Return the posterior under a prior of precision `ridge` (in answers) around zero, in O(d³)."""
        if not ridge > 0:
            raise ValueError(f"ridge {ridge}: must be above zero, in units of answers; 1.0 is usual")
        both = sums.at(time)
        covariance = np.linalg.inv(both[:-1] + ridge * np.eye(sums.dim))
        return cls(mean=covariance @ both[-1], covariance=(covariance + covariance.T) / 2)

    def updated(self, features: Floats, reward: float, *, weight: float = 1.0) -> Self:
        """Return the posterior with one more answer (d,), in O(d²)."""
        gain = self.covariance @ features
        leverage = gain / (1.0 / weight + features @ gain)
        error = reward - features @ self.mean
        return type(self)(mean=self.mean + leverage * error, covariance=self.covariance - np.outer(leverage, gain))

    def spread(self, features: Floats) -> Floats:
        """Return (m,) sqrt(xᵀ covariance x) of features (m, d)."""
        return np.asarray(np.sqrt(np.maximum(np.sum((features @ self.covariance) * features, axis=1), 0.0)))
