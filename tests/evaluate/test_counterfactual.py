"""Estimators of a policy's value: by hand on four rows, and on a simulated bandit whose value is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from likeness.evaluate import counterfactual as cf
from likeness.types import Floats

REWARD = np.array([1.0, 0.0, 0.0, 1.0])
PROPENSITY = np.array([0.5, 0.5, 0.25, 0.8])
TARGET = np.array([0.25, 0.5, 0.5, 0.4])  # weights 0.5, 1, 2, 0.5
EXPECTED = np.array([0.5, 0.5, 0.2, 0.4])
VALUE = np.array([0.4, 0.3, 0.2, 0.3])  # mean 0.3


def test_by_hand() -> None:
    assert cf.weights(PROPENSITY, TARGET).tolist() == [0.5, 1.0, 2.0, 0.5]
    assert cf.ips(REWARD, PROPENSITY, TARGET).value == pytest.approx(1.0 / 4)
    assert cf.snips(REWARD, PROPENSITY, TARGET).value == pytest.approx(1.0 / 4.0)
    assert cf.direct_method(VALUE).value == pytest.approx(0.3)
    # residuals 0.5, -0.5, -0.2, 0.6, weighted 0.25, -0.5, -0.4, 0.3: sum -0.35
    rows = (REWARD, PROPENSITY, TARGET, EXPECTED, VALUE)
    assert cf.doubly_robust(*rows).value == pytest.approx(0.3 - 0.35 / 4)
    assert cf.self_normalised_dr(*rows).value == pytest.approx(0.3 - 0.35 / 4.0)
    assert cf.switch_dr(*rows, heaviest=1.0).value == pytest.approx(0.3 + (0.25 - 0.5 + 0.3) / 4)
    assert cf.switch_dr(*rows, heaviest=0.0).value == cf.direct_method(VALUE).value
    assert cf.switch_dr(*rows, heaviest=np.inf).value == cf.doubly_robust(*rows).value


def test_self_normalising_divides_by_the_weights() -> None:
    target = TARGET / 2
    assert cf.ips(REWARD, PROPENSITY, target).value == pytest.approx(0.125)
    assert cf.snips(REWARD, PROPENSITY, target).value == pytest.approx(0.25)
    rows = (REWARD, PROPENSITY, target, EXPECTED, VALUE)
    assert cf.doubly_robust(*rows).value == pytest.approx(0.3 - 0.175 / 4)
    assert cf.self_normalised_dr(*rows).value == pytest.approx(0.3 - 0.175 / 2)


def test_replay_keeps_what_matches() -> None:
    assert cf.replay(REWARD, np.array([True, True, False, False])).value == 0.5
    assert np.isnan(cf.replay(REWARD, np.zeros(4, bool)).value)


def test_effective_size() -> None:
    assert cf.effective_size(np.ones(10)) == pytest.approx(10)
    assert cf.effective_size(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)
    assert cf.effective_size(np.array([2.0, 1.0])) == pytest.approx(9 / 5)
    assert cf.effective_size(np.zeros(3)) == 0.0


def test_direct_averages_over_the_policy() -> None:
    found = cf.direct(np.array([[0.1, 0.5], [0.2, 0.2]]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    assert found == pytest.approx([0.3, 0.2])
    with pytest.raises(ValueError, match="sum to 1"):
        cf.direct(np.ones((1, 2)), np.ones((1, 2)))


@pytest.mark.parametrize(("p", "t"), [(0.0, 0.5), (1.2, 0.5), (0.5, -0.1), (0.5, 1.1)])
def test_impossible_probabilities_are_refused(p: float, t: float) -> None:
    with pytest.raises(ValueError, match="propensities"):
        cf.ips(np.ones(1), np.array([p]), np.array([t]))


class Bandit:
    """Contexts of three kinds, four actions; the target's value is known exactly."""

    chance = np.array([[0.1, 0.3, 0.5, 0.2], [0.4, 0.1, 0.2, 0.3], [0.2, 0.2, 0.1, 0.6]])
    logging = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.4, 0.4, 0.1], [0.25, 0.25, 0.25, 0.25]])
    target = np.array([[0.1, 0.1, 0.7, 0.1], [0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]])
    truth = float((chance * target).sum(axis=1).mean())
    blind = np.full((3, 4), 0.25)  # a poor model of the reward

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.kind = rng.integers(0, 3, n)
        self.action = (self.logging[self.kind].cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
        self.reward = (rng.random(n) < self.chance[self.kind, self.action]).astype(float)

    def rows(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        k, a = self.kind, self.action
        value = cf.direct(self.blind[k], self.target[k])
        return self.reward, self.logging[k, a], self.target[k, a], self.blind[k, a], value


ESTIMATORS: dict[str, Callable[..., cf.Terms]] = {
    "ips": lambda r, p, t, q, v: cf.ips(r, p, t),
    "snips": lambda r, p, t, q, v: cf.snips(r, p, t),
    "dr": cf.doubly_robust,
    "sndr": cf.self_normalised_dr,
    "switch": lambda *rows: cf.switch_dr(*rows, heaviest=8.0),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_known_value_is_found(name: str) -> None:
    found = [ESTIMATORS[name](*Bandit(400, seed).rows()).value for seed in range(300)]
    assert np.mean(found) == pytest.approx(Bandit.truth, abs=4 * np.std(found) / np.sqrt(300))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_intervals_cover(name: str) -> None:
    covered = 0
    for seed in range(100):
        found = cf.estimate(ESTIMATORS[name](*Bandit(400, seed).rows()), seed=seed, resamples=200)
        assert found.low is not None and found.high is not None
        covered += found.low <= Bandit.truth <= found.high
    assert covered >= 86


def test_a_model_alone_is_as_wrong_as_the_model() -> None:
    *_, value = Bandit(400, 0).rows()
    assert cf.direct_method(value).value == pytest.approx(0.25)
    assert Bandit.truth > 0.4


def test_replay_of_a_uniform_log_finds_the_value() -> None:
    rng, n = np.random.default_rng(0), 60_000
    kind, action = rng.integers(0, 3, n), rng.integers(0, 4, n)
    reward = (rng.random(n) < Bandit.chance[kind, action]).astype(float)
    taken = (Bandit.target[kind].cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    found = cf.estimate(cf.replay(reward, taken == action), seed=0, resamples=200)
    assert found.low is not None and found.high is not None
    assert found.low <= Bandit.truth <= found.high


def test_units_are_drawn_whole() -> None:
    """Rows of one shopper repeated ten times know no more than the shopper."""
    r, p, t, *_ = Bandit(200, 1).rows()
    once = cf.estimate(cf.ips(r, p, t), seed=3, resamples=300)
    ten = cf.ips(np.repeat(r, 10), np.repeat(p, 10), np.repeat(t, 10))
    whole = cf.estimate(ten, seed=3, resamples=300, unit=np.repeat(np.arange(200), 10))
    rows = cf.estimate(ten, seed=3, resamples=300)
    assert once.low is not None and once.high is not None and rows.low is not None and rows.high is not None
    assert (whole.value, whole.low, whole.high) == pytest.approx((once.value, once.low, once.high))
    assert rows.high - rows.low < 0.5 * (once.high - once.low)
