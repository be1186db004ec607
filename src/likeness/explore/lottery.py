"""A lottery over rankings: draw one of J score vectors, then fill the places from its top, slipping now and then.

Thompson sampling has no closed form of its propensities. Over J posterior samples kept fixed while a slate is made,
each as likely as the other, it has one: a slate's probability is the mean over the samples of the product over its
places of (1 - slip) [the item is the sample's best of those left] + slip / (number left). The slip, at each place by
itself, keeps every propensity at least slip / m, and later places are ranked as if nothing had slipped. With J = 1 this
is ε-greedy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.explore.policy import Order, Places
from likeness.types import Floats


@dataclass(frozen=True, kw_only=True)
class Lottery(ABC):
    """A policy of `count` score vectors, the same for the same `salt` (the model's version, say)."""

    count: int = 64
    slip: float = 0.01  # share of places filled blindly
    salt: int = 0

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        if self.count < 1 or not 0 <= self.slip <= 1:
            raise ValueError(
                f"count = {self.count}, slip = {self.slip}: one sample at least (64 to 256 are usual), and a share of "
                "places to be filled blindly in [0, 1]."
            )

    @abstractmethod
    def one(self, places: Places, j: int) -> Floats:
        """Return (m,) the scores of sample `j`."""

    @abstractmethod
    def every(self, places: Places) -> Floats:
        """Return (m, count) the scores of all samples; column j equals `one(places, j)` to the last bit."""

    def draw(self, places: Places, rng: np.random.Generator) -> Order:
        """Return (n,) a slate."""
        scores, n = self.one(places, int(rng.integers(self.count)) if self.count > 1 else 0), places.filled
        slips = rng.random(n) < self.slip
        best: Order = np.argsort(-scores, kind="stable")[:n]
        return _slipped(best, slips, len(scores), rng) if slips.any() else best

    def log_prefixes(self, places: Places, order: Order) -> Floats:
        """Return (n,) the log-probability that a slate begins with `order[: k + 1]`."""
        hits = _hits(self.every(places), order)  # (n, J)
        blind = self.slip / (len(places.scores) - np.arange(len(order)))  # (n,)
        with np.errstate(divide="ignore"):
            chance = np.cumsum(np.log((1 - self.slip) * hits + blind[:, None]), axis=0)
        return np.asarray(np.logaddexp.reduce(chance, axis=1) - np.log(self.count))


def draw_many(scores: Floats, n: int, slip: float, rng: np.random.Generator) -> Order:
    """Return (B, n) slates, one per row of sampled scores (B, m), by the same law; for simulations."""
    left, rows = scores.copy(), np.arange(len(scores))
    order = np.empty((len(scores), n), np.intp)
    for k in range(n):
        order[:, k] = left.argmax(axis=1)
        slips = np.flatnonzero(rng.random(len(scores)) < slip)
        blind = np.where(np.isneginf(left[slips]), -1.0, rng.random((len(slips), scores.shape[1])))
        order[slips, k] = blind.argmax(axis=1)
        left[rows, order[:, k]] = -np.inf
    return order


def _slipped(best: Order, slips: NDArray[np.bool_], m: int, rng: np.random.Generator) -> Order:
    """Return the ranking `best` (n,) with the places that slip filled by any candidate not yet shown."""
    shown: list[int] = []
    for slip in slips:
        if slip:
            left = np.delete(np.arange(m), shown)
            shown.append(int(left[rng.integers(len(left))]))
        else:
            shown.append(next(int(i) for i in best if i not in shown))
    return np.array(shown, np.intp)


def _hits(scores: Floats, order: Order) -> Floats:
    """Return (n, J): whether each place holds the best of those left, the earlier candidate winning a tie."""
    shown = scores[order]  # (n, J)
    rest = scores.copy()
    rest[order] = -np.inf
    best = rest.max(axis=0)  # (J,)
    index = rest.argmax(axis=0) if (shown == best).any() or len(order) == len(scores) else np.full(len(best), -1)
    hits = np.empty(shown.shape)
    for k in range(len(order) - 1, -1, -1):
        wins = (shown[k] > best) | ((shown[k] == best) & (order[k] < index))
        hits[k] = wins
        best, index = np.where(wins, shown[k], best), np.where(wins, order[k], index)
    return hits
