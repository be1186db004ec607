from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from likeness.stats import Moments


def test_moments_equal_the_weighted_formulas():
    rng = np.random.default_rng(1)
    values, times, weights = rng.normal(50.0, 9.0, 200), rng.uniform(0.0, 100.0, 200), rng.uniform(0.1, 3.0, 200)
    x = Moments((10.0, 1e9))
    for value, time, weight in zip(values, times, weights, strict=True):
        x.update(value, time=time, weight=weight)
    for moment, half_life in zip(x.at(110.0), (10.0, 1e9), strict=True):
        decayed = weights * 2.0 ** -((110.0 - times) / half_life)
        mean = np.average(values, weights=decayed)
        assert moment.weight == pytest.approx(decayed.sum(), rel=1e-12)
        assert moment.mean == pytest.approx(mean, rel=1e-12)
        assert moment.variance == pytest.approx(np.average((values - mean) ** 2, weights=decayed), rel=1e-12)


def test_a_large_offset_costs_no_digits():
    x, y = Moments((1e9,)), Moments((1e9,))
    for i in range(1000):
        (x if i % 2 else y).update(1e9 + i % 10, time=0.0)
    assert x.merge(y).at()[0].variance == pytest.approx(8.25, rel=1e-9)


def test_nothing_has_no_mean():
    (moment,) = Moments((10.0,)).at(5.0)
    assert moment.weight == 0.0 and isnan(moment.mean) and isnan(moment.variance)


def test_a_negative_weight_takes_a_value_away_even_when_it_comes_first():
    x = Moments((1e9,))
    x.update(100.0, time=0.0, weight=-1.0)
    assert x.at()[0].weight == 0.0
    for value in (100.0, 4.0, 6.0):
        x.update(value, time=0.0)
    assert x.at()[0] == pytest.approx((2.0, 5.0, 1.0))


def test_reading_long_after_leaves_no_mean_of_nothing():
    x = Moments((1.0,))
    x.update(3.0, time=0.0)
    assert x.at(900.0)[0].mean == 3.0
    assert x.at(2000.0)[0].weight == 0.0 and isnan(x.at(2000.0)[0].mean)


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="value nan"):
        Moments((1.0,)).update(float("nan"), time=0.0)
