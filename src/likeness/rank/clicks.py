"""What clicks say of items once the places they were shown in are taken out.

Position-based model: a click needs a look and a liking, P(click) = look(position) x liking(item) (Craswell et al.
2008). Both are found by expectation maximisation (Wang et al., Position bias estimation for unbiased learning to rank
in personal search, WSDM 2018). Looks are told from likings by items shown in several places: exploring slates pays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.types import Floats, Rows

STEPS, CLOSE = 500, 1e-6  # of the expectation maximisation
PRIOR = 5.0  # looks: an item with fewer is taken for an average one
HEAVIEST = 10.0  # a weight's upper limit: some bias for far less variance (Ionides 2008)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Logged places of slates, one entry per item shown."""

    item: Rows  # (n,) catalogue row
    position: Rows  # (n,) 1-based
    clicked: Floats  # (n,) 0 or 1
    propensity: Floats  # (n,) the chance it had of this place, 1 where nothing was left to chance


@dataclass(frozen=True, kw_only=True)
class Clicked:
    """What clicks say of each item."""

    clicks: Floats  # (n_items,) by weight
    looks: Floats  # (n_items,) how often it was looked at, by weight
    rate: Floats  # (n_items,) clicks per look, drawn to that of all items where looks are few
    evidence: Floats  # (n_items,) log of the rate against that of all items: 0 where nothing is known


def examination(shown: Shown, *, steps: int = STEPS) -> Floats:
    """Return (K,): how likely each position is looked at, the first position 1, by expectation maximisation.

    A position never shown is looked at like the one before it.
    """
    depth, n_items = int(shown.position.max(initial=1)), int(shown.item.max(initial=0)) + 1
    cell, index = np.unique(shown.item.astype(np.int64) * depth + (shown.position - 1), return_inverse=True)
    item, place = cell // depth, cell % depth
    count, hit = np.bincount(index, minlength=len(cell)), np.bincount(index, shown.clicked, len(cell))
    by_item, by_place = np.bincount(item, count, n_items), np.bincount(place, count, depth)
    look, liking = 0.9 ** np.arange(depth), np.full(n_items, 0.5)
    for _ in range(steps):
        a, b = look[place], liking[item]
        missed = (count - hit) / np.maximum(1.0 - a * b, 1e-12)
        new = np.bincount(place, hit + missed * a * (1.0 - b), depth) / np.maximum(by_place, 1)
        liking = np.bincount(item, hit + missed * b * (1.0 - a), n_items) / np.maximum(by_item, 1)
        moved = float(np.abs(new - look)[by_place > 0].max(initial=0.0))
        look = new
        if moved < CLOSE:
            break
    return _filled(np.asarray(look, np.float64), by_place > 0)


def click_weights(shown: Shown, look: Floats, *, heaviest: float = HEAVIEST) -> Floats:
    """Return (n,): what each click counts for in training, 1 / (look x propensity), at most `heaviest`.

    Inverse propensity weighting (Joachims, Swaminathan and Schnabel, WSDM 2017).
    """
    chance = look[shown.position - 1] * shown.propensity
    return np.minimum(1.0 / np.maximum(chance, 1e-12), heaviest)


def click_evidence(shown: Shown, look: Floats, n_items: int, *, heaviest: float = HEAVIEST) -> Clicked:
    """Return what the clicks say of each of `n_items`: clicks per look, both weighted by 1 / propensity.

    The look's inverse stands in the denominator, summed (clicks over expected clicks, Zhang and Jones 2007): the same
    mean as weighting each click by it, at a fraction of the variance.
    """
    weight = np.minimum(1.0 / np.maximum(shown.propensity, 1e-12), heaviest)
    clicks = np.bincount(shown.item, weight * shown.clicked, n_items).astype(np.float64)
    looks = np.bincount(shown.item, weight * look[shown.position - 1], n_items).astype(np.float64)
    overall = (float(clicks.sum()) + 1e-3) / (float(looks.sum()) + 1.0)
    rate = (clicks + PRIOR * overall) / (looks + PRIOR)
    return Clicked(clicks=clicks, looks=looks, rate=rate, evidence=np.log(rate / overall))


def _filled(look: Floats, there: NDArray[np.bool_]) -> Floats:
    """Scale to the first position shown, and let a position never shown be looked at like the one before it."""
    if not there.any():
        return np.ones(len(look))
    known = np.maximum.accumulate(np.where(there, np.arange(len(look)), -1))
    filled = look[np.maximum(known, int(there.argmax()))]
    return np.asarray(np.clip(filled / max(float(filled[0]), 1e-12), 1e-6, 1.0))
