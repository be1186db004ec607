"""Every debiased measure against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from likeness.evaluate import debiased, metrics
from likeness.evaluate.splits import targets_of
from likeness.seeds import rng_of

# a wants items 1, 3 and one the catalogue lacks; b wants item 0; c wants 1 but is listed nothing.
TARGETS = targets_of(["a", "a", "a", "b", "c"], np.array([1, 3, -1, 0, 1], np.int32), 0.0)
LISTS = np.array([[2, 1, 3], [1, 2, 0], [-1, -1, -1]], np.int32)
WEIGHT = np.array([1.0, 2.0, 3.0, 4.0, 4.0])


def test_weights_are_inverse_powers_of_popularity() -> None:
    found = debiased.weights(np.array([15, 3, 0]), gamma=0.5, clip=3.0)
    assert found.tolist() == [1.0, 2.0, 3.0]  # 16/16, 16/4 -> 2, 16/1 -> 4 clipped
    assert debiased.weights(np.array([15, 3, 0]), gamma=0.0).tolist() == [1.0, 1.0, 1.0]


def test_recall() -> None:
    found, ideal = debiased.recall(LISTS, TARGETS, WEIGHT, 2)
    # a: item 1 within two places: 2 of the two heaviest, 4 (item 3) + 4 (the lost one), over min(2, 3)
    assert found.tolist() == [2 / 2, 0, 0]
    assert ideal.tolist() == [(4 + 4) / 2, 1, 2]
    found, ideal = debiased.recall(LISTS, TARGETS, WEIGHT, 3)
    assert found.tolist() == [(2 + 4) / 3, 1, 0]
    assert ideal.tolist() == pytest.approx([(4 + 4 + 2) / 3, 1, 2])


def test_ndcg() -> None:
    second, third = 1 / np.log2(3), 1 / 2
    found, ideal = debiased.ndcg(LISTS, TARGETS, WEIGHT, 3)
    plain = 1 + second + third
    assert found.tolist() == pytest.approx([(2 * second + 4 * third) / plain, third, 0])
    assert ideal.tolist() == pytest.approx([(4 + 4 * second + 2 * third) / plain, 1, 2])


def test_macro_recall_is_the_mean_over_items() -> None:
    # item 0: 1 of 1 wanter within three places; item 1: 1 of 2; item 3: 1 of 1; the lost one does not count
    found, wanted = debiased.macro_recall(LISTS, TARGETS, 5, 3)
    assert found.sum() / wanted.sum() == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert wanted.sum() == pytest.approx(3)
    # within two places: item 1 for a alone
    assert debiased.macro_recall(LISTS, TARGETS, 5, 2)[0].sum() == pytest.approx(1 / 2)


def test_equal_weights_give_the_plain_measures() -> None:
    rng = rng_of("debiased", 0)
    owner = np.repeat(np.arange(30), 4)
    targets = targets_of(owner.astype(str).tolist(), rng.integers(-1, 50, 120).astype(np.int32), 0.0)
    lists = np.stack([rng.permutation(50)[:20] for _ in range(len(targets))]).astype(np.int32)
    hit = metrics.hits(lists, targets, 50)
    for plain, weighted in ((metrics.recall, debiased.recall), (metrics.ndcg, debiased.ndcg)):
        for k in (3, 20):
            found, ideal = weighted(lists, targets, np.ones(50), k)
            np.testing.assert_allclose(found, plain(hit, targets.wanted, k))
            np.testing.assert_allclose(ideal, 1.0)


def test_naming_the_popular_is_worth_less() -> None:
    targets = targets_of(["a", "b"], np.array([0, 1], np.int32), 0.0)
    popular, rare = np.array([[0], [0]], np.int32), np.array([[1], [1]], np.int32)
    weight = debiased.weights(np.array([99, 0]))
    values = [f.sum() / i.sum() for f, i in (debiased.recall(x, targets, weight, 1) for x in (popular, rare))]
    assert values == pytest.approx([1 / 11, 10 / 11])
