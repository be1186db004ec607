"""Propensities are positive, sum to one over what could stand at a place, and match frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from likeness.explore import _logits, choose, propensities

SCORES = np.array([3.0, 2.5, 1.0, 0.2])


def test_zero_exploration_is_the_rankers_order() -> None:
    order, propensity = choose(SCORES, 3, explore=0.0, temperature=1.0, rng=np.random.default_rng(0))
    assert order.tolist() == [0, 1, 2]
    assert propensity.tolist() == [1.0, 1.0, 1.0]


def test_propensities_of_a_place_sum_to_one() -> None:
    logits = _logits(SCORES, 0.7)
    for prefix in ([], [0], [2], [1, 3]):
        rest = [i for i in range(len(SCORES)) if i not in prefix]
        last = [propensities(logits, np.array([*prefix, i]), 0.3)[-1] for i in rest]
        assert min(last) > 0
        assert sum(last) == pytest.approx(1.0)


def test_frequencies_match() -> None:
    rng = np.random.default_rng(3)
    draws = 20_000
    seen: dict[tuple[int, ...], int] = {}
    for _ in range(draws):
        order, _p = choose(SCORES, 2, explore=0.5, temperature=1.0, rng=rng)
        seen[tuple(order.tolist())] = seen.get(tuple(order.tolist()), 0) + 1
    logits = _logits(SCORES, 1.0)
    for slate, count in seen.items():
        expected = propensities(logits, np.array(slate), 0.5).prod()
        assert count / draws == pytest.approx(expected, abs=4 * np.sqrt(expected / draws) + 1e-3)


def test_extreme_scores_stay_finite() -> None:
    scores = np.concatenate([[1e9], np.linspace(1, -1e9, 200)])
    order, propensity = choose(scores, 60, explore=1.0, temperature=1e-3, rng=np.random.default_rng(1))
    assert len(set(order.tolist())) == 60
    assert np.isfinite(propensity).all()
    assert (propensity > 0).all()


@pytest.mark.parametrize(("explore", "temperature"), [(-0.1, 1.0), (1.1, 1.0), (0.5, 0.0)])
def test_bad_options_are_named(explore: float, temperature: float) -> None:
    with pytest.raises(ValueError, match="must"):
        choose(SCORES, 2, explore=explore, temperature=temperature, rng=np.random.default_rng(0))


def test_nothing_to_show() -> None:
    order, propensity = choose(np.empty(0), 5, explore=0.5, temperature=1.0, rng=np.random.default_rng(0))
    assert len(order) == len(propensity) == 0
