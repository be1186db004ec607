"""What an answer teaches, against the definition integrated by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import digamma as reference

from likeness.explore.gain import digamma, information_gain, interest_of


def test_digamma() -> None:
    x = np.array([1e-3, 0.1, 0.5, 1.0, 2.5, 10.0, 1e4])
    assert digamma(x) == pytest.approx(reference(x), rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (2.0, 8.0), (0.5, 30.0), (40.0, 60.0)])
def test_gain_is_the_mutual_information(a: float, b: float) -> None:
    share = np.clip(np.random.default_rng(0).beta(a, b, 400_000), 1e-12, 1 - 1e-12)

    def entropy(p: np.ndarray) -> np.ndarray:
        return -p * np.log(p) - (1 - p) * np.log1p(-p)

    expected = entropy(np.array(a / (a + b))) - entropy(share).mean()
    assert information_gain(np.array([a]), np.array([b]))[0] == pytest.approx(expected, rel=0.02)


def test_the_more_is_known_the_less_is_learnt() -> None:
    strength = np.array([0.5, 1.0, 10.0, 100.0, 1e6])
    gain = information_gain(0.3 * strength, 0.7 * strength)
    assert (np.diff(gain) < 0).all() and gain[-1] == pytest.approx(0.0, abs=1e-6)


def test_interest_is_the_margin_of_a_dirichlet() -> None:
    a, b = interest_of(np.array([6.0, -2.0, 0.0]), np.array([0.5, 0.25, 0.25]), strength=4.0)
    assert a == pytest.approx([8.0, 1.0, 1.0], rel=1e-2)
    assert a + b == pytest.approx([10.0, 10.0, 10.0])
    with pytest.raises(ValueError, match="strength"):
        interest_of(np.zeros(2), np.ones(2), strength=0.0)
