"""How good a list is. Every measure is one number per shopper, over the whole catalogue: nothing is sampled.

Recall@k = hits in the first k / min(k, wanted). NDCG@k = sum over hits of 1 / log2(rank + 1), divided by the best
possible. MRR@k = 1 / rank of the first hit, 0 without one. A shopper without a list scores zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.splits import Targets
from likeness.types import Floats, Rows

HEAD_SHARE = 0.2  # of the items sold, by number of purchases
K, DEEP = 10, 20  # the list that NDCG, MRR and the list properties look at; the one the longer Recall looks at
SMOOTHING = 0.01  # of the calibration's distribution, as in the paper


def hits(lists: Rows, targets: Targets, n_items: int) -> NDArray[np.bool_]:
    """Return (S, n): whether each place of each list holds a wanted item; -1 is an empty place."""
    wanted = targets.owner * n_items + targets.rows
    asked = np.arange(len(lists))[:, None] * n_items + lists
    return np.isin(asked, wanted) & (lists >= 0)


def recall(hit: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> Floats:
    """Return (S,)."""
    result: Floats = hit[:, :k].sum(axis=1) / np.minimum(wanted, k)
    return result


def ndcg(hit: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> Floats:
    """Return (S,)."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    gain = hit[:, :k] @ discount[: hit.shape[1]]
    result: Floats = gain / np.cumsum(discount)[np.minimum(wanted, k) - 1]
    return result


def mrr(hit: NDArray[np.bool_], k: int) -> Floats:
    """Return (S,)."""
    first = hit[:, :k].argmax(axis=1)
    return np.where(hit[:, :k].any(axis=1), 1 / (first + 1.0), 0.0)


def coverage(lists: Rows, n_items: int) -> float:
    """Return the share of the catalogue that appears in any list."""
    return len(np.unique(lists[lists >= 0])) / max(n_items, 1)


def _mean_of_places(values: Floats, lists: Rows) -> Floats:
    """Return (S,): the mean of an item property over each list, NaN for an empty list."""
    filled = lists >= 0
    total = np.where(filled, values[lists], 0.0).sum(axis=1)
    count = filled.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def novelty(lists: Rows, buyers: NDArray[np.int64], people: int) -> Floats:
    """Return (S,): mean of -log2 of each item's share of buyers, (buyers + 1) / (people + 1), in bits."""
    return _mean_of_places(-np.log2((buyers + 1) / (people + 1)), lists)


def head(purchases: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (n_items,): the most-bought fifth of the items that were bought at all; ties by row. The rest is tail."""
    size = int(np.ceil(HEAD_SHARE * np.count_nonzero(purchases)))
    result = np.zeros(len(purchases), bool)
    result[np.argsort(-purchases, kind="stable")[:size]] = True
    return result


def tail_share(lists: Rows, in_head: NDArray[np.bool_]) -> Floats:
    """Return (S,): the share of each list that is tail."""
    return _mean_of_places((~in_head).astype(np.float64), lists)


def calibration(lists: Rows, history: Floats, category: Rows) -> Floats:
    """Return (S,): KL(p || q), how far a list's mean category distribution q is from the history's p; 0 is calibrated.

    `history` is (S, C), the mean category distribution of what each shopper bought (rows of zeros: NaN comes back).
    q is smoothed with 1 % of p. Steck, Calibrated recommendations, RecSys 2018, eq. 4-6, with weights of one.
    """
    people, categories = history.shape
    shown = np.where(lists >= 0, category[lists], -1)
    owner = np.broadcast_to(np.arange(people)[:, None], shown.shape)[shown >= 0]
    count = np.bincount(owner * categories + shown[shown >= 0], minlength=people * categories).reshape(history.shape)
    mean = count / np.maximum(count.sum(axis=1, keepdims=True), 1)
    smooth = (1 - SMOOTHING) * mean + SMOOTHING * history
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(history > 0, history * np.log(history / smooth), 0.0)
    return np.where(history.sum(axis=1) > 0, terms.sum(axis=1), np.nan)


def category_history(
    owner: NDArray[np.int64], rows: NDArray[np.int64], category: Rows, shape: tuple[int, int]
) -> Floats:
    """Return (S, C) distributions of the categories of (owner, row) pairs; rows of zeros where nothing is known."""
    code = category[rows]
    known = (code >= 0) & (owner >= 0)
    flat = np.bincount(owner[known] * shape[1] + code[known], minlength=shape[0] * shape[1]).reshape(shape)
    result: Floats = flat / np.maximum(flat.sum(axis=1, keepdims=True), 1)
    return result
