"""Thompson sampling (Thompson 1933; Chapelle and Li 2011): rank by one sample of what may be true.

The samples are functions of the posterior, the item's name and the salt, so that propensities are exact and may be
computed again. `Thompson` samples Beta posteriors of each item's chance, `NoisyScores` a normal one around each score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from likeness.explore import noise
from likeness.explore.lottery import Lottery
from likeness.explore.policy import Places
from likeness.types import Floats


@dataclass(frozen=True, kw_only=True)
class Thompson(Lottery):
    """Reads `places.posterior` and `places.keys`; ranks by the odds a sample gives each item.

    A Beta(a, b) chance has odds X / Y of gamma variables with shapes a and b; the cube root of a gamma variable is
    nearly normal (Wilson and Hilferty 1931), so three products per item and sample stand for a draw. `width` below 1
    narrows the posterior, as if every answer had come 1 / width² times (Chapelle and Li 2011, section 3).
    """

    width: float = 1.0
    name: ClassVar[str] = "thompson"

    def one(self, places: Places, j: int) -> Floats:
        """Return (m,) sampled odds, best relative to each other."""
        (a, b), keys = self._shapes(places), _keys(places)
        up, down = (noise.one(keys, salt, j, self.count) for salt in self._salts())
        return np.asarray(_gamma(a, up) / _gamma(b, down))

    def every(self, places: Places) -> Floats:
        """Return (m, J) sampled odds."""
        (a, b), keys = self._shapes(places), _keys(places)
        up, down = (noise.every(keys, salt, self.count) for salt in self._salts())
        return np.asarray(_gamma(a[:, None], up) / _gamma(b[:, None], down))

    def _shapes(self, places: Places) -> tuple[Floats, Floats]:
        if places.posterior is None:
            raise ValueError("Thompson sampling needs places.posterior, a Beta(a, b) per candidate; see Posteriors.")
        a, b = places.posterior
        return a / self.width**2, b / self.width**2

    def _salts(self) -> tuple[int, int]:
        return 2 * self.salt, 2 * self.salt + 1


@dataclass(frozen=True, kw_only=True)
class NoisyScores(Lottery):
    """Reads `places.spread` and `places.keys`; ranks by each score plus its own noise of that standard deviation."""

    name: ClassVar[str] = "noisy-scores"

    def one(self, places: Places, j: int) -> Floats:
        """Return (m,) sampled scores."""
        return np.asarray(places.scores + _spread(places) * noise.one(_keys(places), self.salt, j, self.count))

    def every(self, places: Places) -> Floats:
        """Return (m, J) sampled scores."""
        drawn = noise.every(_keys(places), self.salt, self.count)
        return np.asarray(places.scores[:, None] + _spread(places)[:, None] * drawn)


def _gamma(shape: Floats, normal: noise.Noise) -> noise.Noise:
    """Return gamma variables of these shapes in float32, at least a sliver above zero."""
    part = (1.0 / (9.0 * shape)).astype(np.float32)
    root = np.maximum(1.0 - part + np.sqrt(part) * normal, np.float32(1e-3))
    drawn: noise.Noise = shape.astype(np.float32) * root * root * root
    return drawn


def _spread(places: Places) -> Floats:
    if places.spread is None:
        raise ValueError("noisy scores need places.spread, a standard deviation per candidate.")
    return places.spread


def _keys(places: Places) -> noise.Keys:
    if places.keys is None:
        raise ValueError("sampling needs places.keys, a hash of each candidate's name; see noise.key_of.")
    return places.keys
