"""Measures that popularity does not flatter, beside the plain ones.

A purchase is seen more often the more an item is shown and known, so that plain means reward naming the popular. Here
each wanted item counts w_i = 1 / p_i, p_i = ((n_i + 1) / (max n + 1))^GAMMA, n_i the purchases before the cutoff,
clipped at CLIP: inverse propensities after Yang et al., Unbiased offline recommender evaluation for
missing-not-at-random implicit feedback, RecSys 2018, where p_i is a power of n_i as well. What the lists found is
divided by what the best lists would have found (self-normalised). Both are sums over all shoppers: dividing shopper by
shopper, as the paper does, would undo the weights where each wants one item. With equal weights the plain measures come
back.

Macro recall is the mean over items, instead of over purchases: every wanted item counts alike, however many want it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.splits import Targets
from likeness.types import Floats, Rows

GAMMA = 0.5  # p_i is popularity to this power; 0 gives the plain measures
CLIP = 50.0  # no item counts more than so many times the most popular one

Fraction = tuple[Floats, Floats]
"""Per shopper (S,): what was found, and what could have been; a measure is the ratio of their sums."""


def weights(purchases: NDArray[np.int64], *, gamma: float = GAMMA, clip: float = CLIP) -> Floats:
    """Return (n_items,) inverse propensities, 1 for the most popular item.

    >>> weights(np.array([3, 0, 99]), gamma=0.5).tolist()
    [5.0, 10.0, 1.0]
    """
    share = (purchases + 1.0) / (purchases.max(initial=0) + 1.0)
    return np.asarray(np.minimum(share**-gamma, clip))


def recall(lists: Rows, targets: Targets, weight: Floats, k: int) -> Fraction:
    """Return what the first k places found, and the heaviest k wanted; both over min(k, wanted)."""
    most = np.minimum(targets.wanted, k)
    return _found(lists[:, :k], targets, weight, np.ones(k)) / most, _ideal(targets, weight, np.ones(k)) / most


def ndcg(lists: Rows, targets: Targets, weight: Floats, k: int) -> Fraction:
    """Return the weighted gain of the first k places, and the best possible; both over the plain ideal gain."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    plain = np.cumsum(discount)[np.minimum(targets.wanted, k) - 1]
    return _found(lists[:, :k], targets, weight, discount) / plain, _ideal(targets, weight, discount) / plain


def macro_recall(lists: Rows, targets: Targets, n_items: int, k: int) -> Fraction:
    """Return each shopper's part of the mean over items of the share of an item's wanters whose list names it."""
    wanters = np.bincount(targets.rows, minlength=n_items)
    weight = 1.0 / np.maximum(wanters, 1)
    wanted = np.asarray(np.bincount(targets.owner, weight[targets.rows], minlength=len(targets)), np.float64)
    return _found(lists[:, :k], targets, weight, np.ones(k)), wanted


def _found(lists: Rows, targets: Targets, weight: Floats, gain: Floats) -> Floats:
    """Return (S,): the summed weight x gain of the wanted items listed."""
    n_items = len(weight)
    wanted = targets.owner * n_items + targets.rows
    asked = np.arange(len(lists))[:, None] * n_items + lists
    hit = np.isin(asked, wanted) & (lists >= 0)
    return np.asarray(np.where(hit, weight[lists], 0.0) @ gain[: lists.shape[1]])


def _ideal(targets: Targets, weight: Floats, gain: Floats) -> Floats:
    """Return (S,): the most that a list of len(gain) places can find, the heaviest first.

    A wanted item that the catalogue lacks is as unseen as can be: it weighs as much as the heaviest.
    """
    lost = np.repeat(np.arange(len(targets)), targets.unknown)
    owner = np.concatenate([targets.owner, lost])
    worth = np.concatenate([weight[targets.rows], np.full(len(lost), weight.max(initial=1.0))])
    order = np.lexsort((-worth, owner))
    owner, worth = owner[order], worth[order]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = place < len(gain)
    return np.asarray(np.bincount(owner[kept], worth[kept] * gain[place[kept]], minlength=len(targets)), np.float64)
