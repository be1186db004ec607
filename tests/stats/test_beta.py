from __future__ import annotations

import pytest
from scipy.stats import beta as reference

from likeness.stats import Beta
from likeness.stats.beta import beta_cdf, beta_quantile


def test_the_posterior_decays_to_the_prior():
    x = Beta((10.0,), (2.0, 3.0))
    x.update(1.0, time=0.0, weight=4.0)
    x.update(0.0, time=10.0)
    assert x.at() == [(4.0, 4.0)]
    assert x.mean(20.0) == [3.0 / 6.5]
    assert x.at(1e9) == [(2.0, 3.0)]


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.5, 0.5), (2.0, 30.0), (400.0, 90.0), (1.0, 5000.0), (3e4, 2e4)])
def test_quantiles_equal_scipy(a, b):
    for q in (0.001, 0.025, 0.5, 0.975, 0.999):
        assert beta_quantile(a, b, q) == pytest.approx(reference.ppf(q, a, b), rel=1e-7)
        assert beta_cdf(a, b, reference.ppf(q, a, b)) == pytest.approx(q, rel=1e-8)


def test_the_interval_holds_its_mass_and_narrows():
    x = Beta((1e9,))
    wide = x.interval(0.9)[0]
    assert wide == pytest.approx((0.05, 0.95))
    for i in range(100):
        x.update(float(i % 4 == 0), time=0.0)
    low, high = x.interval(0.9)[0]
    assert low < 0.25 < high and high - low < 0.2


def test_net_negative_counts_read_as_none():
    x = Beta((1e9,))
    x.update(1.0, time=0.0, weight=-5.0)
    assert x.at() == [(1.0, 1.0)]


def test_bad_outcomes_priors_and_masses_are_refused():
    with pytest.raises(ValueError, match=r"outcome 1\.5"):
        Beta((1.0,)).update(1.5, time=0.0)
    with pytest.raises(ValueError, match="prior"):
        Beta((1.0,), (0.0, 1.0))
    with pytest.raises(ValueError, match="mass"):
        Beta((1.0,)).interval(1.0)
