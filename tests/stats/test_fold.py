"""Many groups and keys at once equal one event at a time."""

from __future__ import annotations

import numpy as np
import pytest

from likeness.stats import Cadence, HeavyHitters, Moments, VectorSum, WeekHistogram
from likeness.stats.columns import heavy_hitters, moments, week_histograms
from likeness.stats.fold import fold_days, fold_keys, fold_moments, fold_vectors
from likeness.stats.week import week_bins
from likeness.testing.stats import StatContract

HALF_LIVES = (1800.0, 604800.0, 7776000.0)
NAMES = [f"k{i}" for i in range(12)]


@pytest.fixture(scope="module")
def events():
    """Columns of 1,200 rows of 600 events in 40 shoppers, shuffled, with equal times and negative weights."""
    rng = np.random.default_rng(9)
    source = np.repeat(np.arange(600), 2)
    shopper = rng.integers(0, 40, 600)[source] * 3
    time = 1.7e9 + np.floor(rng.uniform(0, 5e6, 600) / 1e4)[source] * 1e4
    order = rng.permutation(1200)
    key, weight = rng.integers(0, 12, 1200), rng.integers(-4, 16, 1200) / 4.0
    weight = np.where(shopper % 2, weight, np.abs(weight))  # every other shopper has no negative one
    return shopper[order], key[order], time[order], weight[order], source[order]


def rows(*columns):
    return zip(*(column.tolist() for column in columns), strict=True)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    contract = StatContract()
    for group, statistic in expected.items():
        contract.assert_same(found[group], statistic)


@pytest.mark.parametrize("capacity", [4, 256])  # every shopper has a sketch, and none has
def test_heavy_hitters(events, capacity):
    ids = [f"e{i:04d}" for i in range(600)]
    expected: dict[int, HeavyHitters] = {}
    for group, key, time, weight, source in rows(*events):
        one = expected.setdefault(group, HeavyHitters(HALF_LIVES, capacity))
        one.update(NAMES[key], time=time, weight=weight, event_id=ids[source])
    *columns, sources = events
    fold = fold_keys(*columns, HALF_LIVES, sources=sources)
    assert_same(dict(heavy_hitters(fold, HALF_LIVES, capacity, NAMES, ids)), expected)


def test_week_histograms(events):
    group, _, time, weight, _ = events
    expected: dict[int, WeekHistogram] = {}
    for g, t, w in rows(group, time, weight):
        expected.setdefault(g, WeekHistogram(HALF_LIVES, "Europe/London")).update(time=t, weight=w)
    fold = fold_keys(group, week_bins(time, "Europe/London"), time, weight, HALF_LIVES)
    assert_same(dict(week_histograms(fold, HALF_LIVES, "Europe/London")), expected)


def test_moments(events):
    group, key, time, weight, _ = events
    expected: dict[int, Moments] = {}
    for g, k, t, w in rows(group, key, time, weight):
        expected.setdefault(g, Moments(HALF_LIVES)).update(float(k), time=t, weight=w)
    assert_same(dict(moments(fold_moments(group, key, time, weight, HALF_LIVES), HALF_LIVES)), expected)


def test_days(events):
    group, _, time, *_ = events
    expected: dict[int, Cadence] = {}
    for g, t in rows(group, time):
        expected.setdefault(g, Cadence(5)).update(time=t)
    groups, starts, days = fold_days(group, time, 5, 86400.0)
    slices = zip(groups.tolist(), starts.tolist(), starts.tolist()[1:], strict=False)
    assert_same({g: Cadence.from_columns(5, 86400.0, days[a:b].tolist()) for g, a, b in slices}, expected)


def test_vectors_follow_from_keys_in_chunks_of_any_size(events):
    group, key, time, weight, _ = events
    matrix = np.random.default_rng(10).normal(size=(12, 6)).astype(np.float32)
    expected: dict[int, VectorSum] = {}
    for g, k, t, w in rows(group, key, time, weight):
        expected.setdefault(g, VectorSum(HALF_LIVES, 6)).update(matrix[k], time=t, weight=w)
    fold = fold_keys(group, key, time, weight, HALF_LIVES)
    for rows_at_once in (7, 65536):
        weights, sums = fold_vectors(fold, matrix, HALF_LIVES, rows_at_once=rows_at_once)
        columns = zip(fold.groups.tolist(), fold.reference.tolist(), weights, sums, strict=True)
        assert_same({g: VectorSum.from_columns(HALF_LIVES, t, w, s) for g, t, w, s in columns}, expected)


def test_rows_of_one_event_are_one_piece_of_evidence():
    fold = fold_keys([0] * 4, [0] * 4, [1.0, 1.0, 2.0, 1.0], [1.0] * 4, (1.0,), sources=[5, 5, 6, 4])
    assert fold.evidence.tolist() == [[6, 5, 4]]
    assert fold.counts.tolist() == [4]


def test_no_events_no_rows():
    fold = fold_keys([], [], [], [], HALF_LIVES)
    assert (len(fold.groups), fold.starts.tolist(), fold.sums.shape) == (0, [0], (0, 3))
    assert dict(heavy_hitters(fold, HALF_LIVES, 4, [], [])) == {}
    assert len(fold_moments([], [], [], [], HALF_LIVES).groups) == 0
    assert [column.tolist() for column in fold_days([], [], 4, 1.0)] == [[], [0], []]
    assert fold_vectors(fold, np.zeros((0, 6)), HALF_LIVES)[1].shape == (0, 3, 6)


def test_bad_columns_are_refused():
    with pytest.raises(ValueError, match="row 1 holds"):
        fold_keys([0, 0], [0, 0], [0.0, np.nan], [1.0, 1.0], HALF_LIVES)
    with pytest.raises(ValueError, match="equally long"):
        fold_keys([0, 0], [0], [0.0, 0.0], [1.0, 1.0], HALF_LIVES)
