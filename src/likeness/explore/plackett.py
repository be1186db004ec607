"""Plackett-Luce slates (Luce 1959; Plackett 1975): places drawn with odds exp(score / temperature), without repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from likeness.explore.policy import Order, Places, decide, mixed
from likeness.types import Floats


@dataclass(frozen=True, kw_only=True)
class PlackettLuce:
    """Boltzmann exploration of a whole slate; the temperature is in standard deviations of the scores."""

    temperature: float = 0.5
    name: ClassVar[str] = "plackett-luce"

    def __post_init__(self) -> None:
        """Check the setting; ValueError names it."""
        if not self.temperature > 0:
            raise ValueError(
                f"temperature = {self.temperature}: must be positive; small means close to the ranker's order."
            )

    def draw(self, places: Places, rng: np.random.Generator) -> Order:
        """Return the slate of largest perturbed logits (the Gumbel trick)."""
        logits = _logits(places.scores, self.temperature)
        return np.argsort(-(logits + rng.gumbel(size=len(logits))), kind="stable")[: places.filled]

    def log_prefixes(self, places: Places, order: Order) -> Floats:
        """Return (n,) log-probabilities in closed form."""
        return _log_prefixes(_logits(places.scores, self.temperature), order)


def choose(
    scores: Floats, n: int, *, explore: float, temperature: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], Floats]:
    """Return (places, propensities): the indices of `scores` shown, first place first, and each one's propensity.

    `scores` (m,) must already be in the ranker's order of preference (the greedy order is 0, 1, 2, ...). Raises
    ValueError when `explore` is outside [0, 1] or `temperature` is not positive.
    """
    return decide(PlackettLuce(temperature=temperature), Places(scores=scores, n=n), rng, explore=explore)


def propensities(logits: Floats, order: NDArray[np.intp], explore: float) -> Floats:
    """Return (n,) the probability of each place of `order` given the places before it, under the mixture."""
    return mixed(_log_prefixes(logits, order), order, explore)


def _log_prefixes(logits: Floats, order: Order) -> Floats:
    weights = np.exp(logits - logits.max())
    shown = weights[order]
    left = weights.sum() - shown.sum() + np.cumsum(shown[::-1])[::-1]  # mass not yet shown at each place
    return np.asarray(np.cumsum(np.log(shown) - np.log(np.maximum(left, shown))))


def _logits(scores: Floats, temperature: float) -> Floats:
    """Return scores in units of their spread, so that one temperature fits every scorer."""
    spread = float(np.std(scores))
    scaled = (scores - scores.max()) / (spread if spread > 0 else 1.0)
    return np.asarray(np.maximum(scaled / temperature, -30.0))
