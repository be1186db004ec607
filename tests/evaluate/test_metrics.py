"""Every measure against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from likeness.evaluate import metrics
from likeness.evaluate.splits import targets_of

# Shopper a wants items 1 and 3 (and one the catalogue does not have); b wants item 0; c wants 4 but is listed nothing.
TARGETS = targets_of(["a", "a", "a", "b", "c"], np.array([1, 3, -1, 0, 4], np.int32), 0.0)
LISTS = np.array([[2, 1, 3], [1, 2, 0], [-1, -1, -1]], np.int32)
HIT = metrics.hits(LISTS, TARGETS, 5)


def test_hits() -> None:
    assert HIT.tolist() == [[False, True, True], [False, False, True], [False, False, False]]
    assert TARGETS.wanted.tolist() == [3, 1, 1]


def test_recall_divides_by_the_smaller_of_k_and_wanted() -> None:
    assert metrics.recall(HIT, TARGETS.wanted, 2).tolist() == [1 / 2, 0, 0]
    assert metrics.recall(HIT, TARGETS.wanted, 3).tolist() == pytest.approx([2 / 3, 1, 0])
    assert metrics.recall(HIT, TARGETS.wanted, 10).tolist() == pytest.approx([2 / 3, 1, 0])


def test_ndcg() -> None:
    # a: gains at ranks 2 and 3: 1/log2(3) + 1/log2(4) = 0.63093 + 0.5; the best possible: 1 + 0.63093 + 0.5
    assert metrics.ndcg(HIT, TARGETS.wanted, 3).tolist() == pytest.approx([1.1309298 / 2.1309298, 0.5, 0.0])
    # at 2: 0.63093 / (1 + 0.63093)
    assert metrics.ndcg(HIT, TARGETS.wanted, 2).tolist() == pytest.approx([0.6309298 / 1.6309298, 0.0, 0.0])


def test_mrr() -> None:
    assert metrics.mrr(HIT, 3).tolist() == pytest.approx([1 / 2, 1 / 3, 0])
    assert metrics.mrr(HIT, 2).tolist() == pytest.approx([1 / 2, 0, 0])


def test_coverage() -> None:
    assert metrics.coverage(LISTS, 5) == pytest.approx(4 / 5)


def test_novelty_in_bits() -> None:
    buyers = np.array([7, 3, 1, 0, 0])  # of 7 shoppers: shares 8/8, 4/8, 2/8, 1/8, 1/8 -> 0, 1, 2, 3, 3 bits
    assert metrics.novelty(LISTS, buyers, 7)[:2].tolist() == pytest.approx([(2 + 1 + 3) / 3, (1 + 2 + 0) / 3])
    assert np.isnan(metrics.novelty(LISTS, buyers, 7)[2])


def test_head_and_tail() -> None:
    purchases = np.array([5, 9, 0, 1, 1, 9, 1, 1, 1, 1, 1])  # ten items sold: the head is two of them
    assert np.flatnonzero(metrics.head(purchases)).tolist() == [1, 5]
    share = metrics.tail_share(np.array([[1, 5, 0, 3], [1, -1, -1, -1]], np.int32), metrics.head(purchases))
    assert share.tolist() == [0.5, 0.0]


def test_calibration_is_the_divergence_from_the_history() -> None:
    category = np.array([0, 0, 1, 1, -1], np.int32)
    history = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 0.0]])
    lists = np.array([[0, 2], [2, 3], [0, 1]], np.int32)
    # b: q = (0, 1), smoothed (0.01, 0.99): 1 * ln(1 / 0.01)
    assert metrics.calibration(lists, history, category)[:2].tolist() == pytest.approx([0.0, np.log(100)])
    assert np.isnan(metrics.calibration(lists, history, category)[2])
    # three of a, one of b: q = (3/4, 1/4)
    three = metrics.calibration(np.array([[0, 1, 2, 4]], np.int32), history[:1], category)
    smooth = 0.99 * np.array([2 / 3, 1 / 3]) + 0.005  # the item without a category does not count
    assert three[0] == pytest.approx((0.5 * np.log(0.5 / smooth)).sum())


def test_category_history_is_a_mean_over_items() -> None:
    owner, rows = np.array([0, 0, 0, 1, -1]), np.array([0, 1, 2, 4, 0])
    category = np.array([0, 0, 1, 1, -1], np.int32)
    found = metrics.category_history(owner, rows, category, (2, 2))
    assert found.ravel().tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])
