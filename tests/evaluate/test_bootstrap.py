"""The intervals: the stated resamples, paired, and covering what they should."""

from __future__ import annotations

import numpy as np
import pytest

from likeness.evaluate.bootstrap import Interval, difference, interval, ratio, resampled_means


def test_resamples_are_the_stated_ones() -> None:
    values = np.random.default_rng(0).random((101, 2))
    index = np.random.default_rng(7).integers(0, 101, (50, 101))
    expected = np.stack([values[index, column].mean(1) for column in (0, 1)], axis=1)
    assert np.allclose(resampled_means(values, seed=7, resamples=50), expected, rtol=1e-12)


def test_missing_values_do_not_count() -> None:
    values = np.array([[1.0], [np.nan], [3.0]])
    index = np.random.default_rng(1).integers(0, 3, (200, 3))
    picked = values[:, 0][index]
    enough = np.isfinite(picked).any(axis=1)
    means = resampled_means(values, seed=1, resamples=200)[:, 0]
    assert np.allclose(means[enough], np.nanmean(picked[enough], axis=1))
    assert np.isnan(means[~enough]).all()


def test_coverage_of_the_interval() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(150):
        sample = rng.exponential(1.0, (80, 1))
        found = interval(sample.mean(), resampled_means(sample, seed=7, resamples=200)[:, 0])
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 1.0 <= found.high
    assert 0.87 < inside / 150 < 0.98


def test_pairs_share_their_shoppers() -> None:
    rng = np.random.default_rng(5)
    base = rng.random((400, 1)) ** 4
    both = np.hstack([1.2 * base, base])  # always exactly 1.2 times as good, however much shoppers differ
    draws = resampled_means(both, seed=7, resamples=300)
    found = ratio(both[:, 0].mean(), both[:, 1].mean(), draws[:, 0], draws[:, 1])
    assert found.value == pytest.approx(1.2)
    assert found.low == pytest.approx(1.2)
    assert found.high == pytest.approx(1.2)
    gap = difference(both[:, 0].mean(), both[:, 1].mean(), draws[:, 0], draws[:, 1])
    assert gap.low is not None
    assert gap.low > 0


def test_nothing_to_divide_by() -> None:
    assert ratio(1.0, 0.0, np.ones(3), np.zeros(3)) == Interval(None, None, None)
    assert interval(float("nan"), np.ones(3)) == Interval(None, None, None)
