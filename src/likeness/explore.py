"""Exploration on purpose: Plackett-Luce slates with exact propensities, mixed with the ranker's own order.

With share `explore` a slate is drawn from the Plackett-Luce model (Luce 1959; Plackett 1975) over the scores,
otherwise it is the ranker's order. The probability of an item at a place, given those before it, is
P(prefix and item) / P(prefix) under that mixture, so logged propensities are exact and off-policy estimates
need no guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.types import Floats


def choose(
    scores: Floats, n: int, *, explore: float, temperature: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], Floats]:
    """Return (places, propensities): the indices of `scores` shown, first place first, and each one's propensity.

    `scores` (m,) must already be in the ranker's order of preference (the greedy order is 0, 1, 2, ...). Raises
    ValueError when `explore` is outside [0, 1] or `temperature` is not positive.
    """
    if not 0 <= explore <= 1:
        raise ValueError(f"explore = {explore}: must lie in [0, 1].")
    if not temperature > 0:
        raise ValueError(f"temperature = {temperature}: must be positive; small means close to the ranker's order.")
    n = min(n, len(scores))
    order: NDArray[np.intp] = np.arange(n)
    if explore == 0 or n == 0:
        return order, np.ones(n)
    logits = _logits(scores, temperature)
    if rng.random() < explore:
        order = np.argsort(-(logits + rng.gumbel(size=len(logits))), kind="stable")[:n]
    return order, propensities(logits, order, explore)


def propensities(logits: Floats, order: NDArray[np.intp], explore: float) -> Floats:
    """Return (n,) the probability of each place of `order` given the places before it, under the mixture."""
    weights = np.exp(logits - logits.max())
    shown = weights[order]
    left = weights.sum() - shown.sum() + np.cumsum(shown[::-1])[::-1]  # mass not yet shown at each place
    drawn = np.cumsum(np.log(shown) - np.log(np.maximum(left, shown)))
    greedy = np.cumprod(order == np.arange(len(order))).astype(bool)
    with np.errstate(divide="ignore"):
        kept = np.where(greedy, np.log1p(-explore), -np.inf)
        prefix = np.logaddexp(np.log(explore) + drawn, kept)
    return np.asarray(np.exp(np.diff(prefix, prepend=0.0)))


def _logits(scores: Floats, temperature: float) -> Floats:
    """Return scores in units of their spread, so that one temperature fits every scorer."""
    spread = float(np.std(scores))
    scaled = (scores - scores.max()) / (spread if spread > 0 else 1.0)
    return np.asarray(np.maximum(scaled / temperature, -30.0))
