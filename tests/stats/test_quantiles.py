from __future__ import annotations

import numpy as np
import pytest

from likeness.stats import Quantiles


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_quantiles_keep_their_relative_error(alpha):
    values = np.random.default_rng(5).lognormal(3.0, 2.0, 5000)
    values[::7] *= -1.0
    x = Quantiles(alpha, 4096)
    for value in values:
        x.update(value)
    for q in (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0):
        true = np.quantile(values, q, method="inverted_cdf")
        assert x.quantile(q) == pytest.approx(true, rel=1.0001 * alpha)


def test_weights_count():
    x = Quantiles()
    x.update(1.0, weight=1.0)
    x.update(10.0, weight=3.0)
    assert x.quantile(0.2) == pytest.approx(1.0, rel=0.0101)
    assert x.quantile(0.3) == pytest.approx(10.0, rel=0.0101)
    assert x.share_below(1.0) == 0.25
    assert x.share_below(0.5) == 0.0
    assert x.share_below(10.0) == 1.0


def test_zero_and_signs_are_in_order():
    x = Quantiles()
    for value in (-5.0, 0.0, 5.0):
        x.update(value)
    assert [round(x.quantile(q), 1) for q in (0.0, 0.5, 1.0)] == [-5.0, 0.0, 5.0]
    assert x.share_below(0.0) == pytest.approx(2 / 3)
    assert x.share_below(-1.0) == pytest.approx(1 / 3)


def test_only_the_smallest_magnitudes_are_gathered():
    x = Quantiles(0.01, 64)
    for value in np.geomspace(1e-3, 1e6, 5000):
        x.update(value)
    assert len(x.positive.indexes) == 64
    assert x.total() == 5000.0
    assert x.quantile(0.99) == pytest.approx(1e-3 * 1e9**0.99, rel=0.011)


def test_nothing_has_no_quantiles():
    x = Quantiles()
    assert x.quantile(0.5) is None
    assert x.share_below(1.0) is None


def test_bad_settings_values_and_shares_are_refused():
    for alpha, limit in ((0.0, 8), (1.0, 8), (0.1, 0)):
        with pytest.raises(ValueError, match="0 < alpha < 1"):
            Quantiles(alpha, limit)
    with pytest.raises(ValueError, match="finite"):
        Quantiles().update(float("inf"))
    with pytest.raises(ValueError, match=r"q 1\.5"):
        Quantiles().quantile(1.5)
