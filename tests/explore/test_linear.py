"""The sums of a linear model are a monoid; the ridge read from them is the textbook's, answer by answer or at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from likeness.explore.contextual import LinearThompson
from likeness.explore.linear import LinearSums, Ridge
from likeness.testing.stats import StatContract, times, weights

DAY = 86_400.0


class TestLinearSums(StatContract):
    factory = staticmethod(lambda: LinearSums(7 * DAY, 3))
    events = st.fixed_dictionaries(
        {
            "features": st.lists(st.integers(-8, 8).map(lambda x: x / 4), min_size=3, max_size=3).map(np.array),
            "reward": st.integers(0, 4).map(float),
            "time": times(),
            "weight": weights(0.25),
        }
    )

    def content(self, statistic: LinearSums) -> Any:
        return [statistic.reference, statistic.sums]

    def strengths(self, statistic: LinearSums, time: float) -> list[tuple[float, float]]:
        return [(statistic.half_life, float(x)) for x in statistic.at(time).ravel()]

    def test_decay_is_consistent_in_time(self) -> None:
        sums = LinearSums(7 * DAY, 2)
        sums.update(np.array([1.0, 2.0]), 1.0, time=0.0)
        assert sums.at(7 * DAY) == pytest.approx(sums.at() / 2)
        assert sums.at(14 * DAY) == pytest.approx(sums.at() / 4)

    def test_unknown_versions_and_damaged_bytes_are_refused(self) -> None:
        whole = self.fold([{"features": np.ones(3), "reward": 1.0, "time": 0.0}]).encode()
        for damaged in (whole[: len(whole) // 2], b"", b"\x91\xc0"):
            with pytest.raises(ValueError):
                LinearSums.decode(damaged)


def test_ridge_by_hand() -> None:
    sums = LinearSums(np.inf, 2)
    sums.update(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([1.0, 3.0]), time=0.0)
    found = Ridge.read(sums, ridge=1.0)
    # precision [[3, 1], [1, 2]], b = [4, 3]: mean (1/5) [[2, -1], [-1, 3]] [4, 3] = [1, 1]
    assert found.mean == pytest.approx([1.0, 1.0])
    assert found.covariance == pytest.approx(np.array([[0.4, -0.2], [-0.2, 0.6]]))
    assert found.spread(np.array([[1.0, 0.0]])) == pytest.approx([np.sqrt(0.4)])


def test_one_answer_more_is_as_if_read_anew() -> None:
    rng = np.random.default_rng(0)
    sums = LinearSums(np.inf, 5)
    sums.update(rng.normal(size=(20, 5)), rng.random(20), time=0.0)
    live = Ridge.read(sums, ridge=0.5)
    for _ in range(50):
        x, r, w = rng.normal(size=5), float(rng.random()), float(rng.random())
        live = live.updated(x, r, weight=w)
        sums.update(x, r, time=0.0, weight=w)
    anew = Ridge.read(sums, ridge=0.5)
    assert live.mean == pytest.approx(anew.mean, abs=1e-10)
    assert live.covariance == pytest.approx(anew.covariance, abs=1e-10)


def test_samples_have_the_posteriors_moments() -> None:
    sums = LinearSums(np.inf, 2)
    sums.update(np.array([[1.0, 0.5], [0.2, 1.0]]), np.array([1.0, 0.0]), time=0.0)
    posterior = Ridge.read(sums, ridge=1.0)
    drawn = LinearThompson(ridge=posterior, noise=0.5, count=20_000).coefficients
    assert drawn.mean(axis=1) == pytest.approx(posterior.mean, abs=0.01)
    assert np.cov(drawn) == pytest.approx(0.25 * posterior.covariance, abs=0.01)


def test_bad_input_is_named() -> None:
    sums = LinearSums(np.inf, 2)
    with pytest.raises(ValueError, match="features"):
        sums.update(np.ones(3), 1.0, time=0.0)
    with pytest.raises(ValueError, match="ridge"):
        Ridge.read(sums, ridge=0.0)
    with pytest.raises(ValueError, match="half_life"):
        sums.merge(LinearSums(1.0, 2))
