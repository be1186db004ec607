"""The contract of every exploration policy: its propensities are what it does.

class TestThompson(PolicyContract):
    def make(self) -> Policy:
        return Thompson(count=16, slip=0.1)
"""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from likeness.explore.policy import Order, Places, Policy, chances, decide
from likeness.seeds import rng_of

DRAWS = 6_000


def small_places(m: int = 5, n: int = 3, *, seed: int = 0, ties: bool = False) -> Places:
    """Return candidates that every policy can read: scores in the ranker's order, posteriors, features, categories."""
    rng = rng_of("small places", seed)
    scores = -np.sort(-rng.normal(size=m)) if not ties else np.zeros(m)
    return Places(
        scores=scores,
        n=n,
        keys=rng.integers(0, 2**63, m).astype(np.uint64),
        posterior=(1.0 + rng.gamma(2.0, size=m), 5.0 + rng.gamma(5.0, size=m)),
        spread=0.2 + rng.random(m),
        features=np.column_stack([np.ones(m), rng.normal(size=(m, 2))]),
        group=(np.arange(m) % 3).astype(np.int32),
        interest=(np.array([0.5, 2.0, 1.0]), np.array([3.0, 2.0, 8.0])),
        examined=1.0 / np.arange(1.0, n + 1),
    )


class PolicyContract:
    """Subclass it and say how the policy is made; it must leave nothing out (a positive slip or temperature)."""

    def make(self) -> Policy:
        """Return the policy under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("ties", [False, True])
    def test_zero_exploration_is_the_rankers_order(self, ties: bool) -> None:
        """Nothing explored: the candidates as they came, for certain, and no dice are rolled."""
        rng = np.random.default_rng(0)
        order, propensities = decide(self.make(), small_places(ties=ties), rng, explore=0.0)
        assert order.tolist() == [0, 1, 2] and propensities.tolist() == [1.0] * 3
        assert rng.random() == np.random.default_rng(0).random()

    @pytest.mark.parametrize("explore", [0.3, 1.0])
    @pytest.mark.parametrize("ties", [False, True])
    def test_propensities_of_a_place_are_positive_and_sum_to_one(self, explore: float, ties: bool) -> None:
        """Whatever stands before, the alternatives of a place share probability one, and none has nothing."""
        policy, places = self.make(), small_places(ties=ties)
        for before in ([], [0], [4], [1, 3], [0, 1], [4, 2]):
            ends = [i for i in range(5) if i not in before]
            last = [chances(policy, places, _order([*before, i]), explore=explore)[-1] for i in ends]
            assert min(last) > 0
            assert sum(last) == pytest.approx(1.0, abs=1e-9)

    def test_every_slate_together_is_certain(self) -> None:
        """The probabilities of all slates sum to one."""
        policy, places = self.make(), small_places(4, 3)
        total = sum(chances(policy, places, _order(p), explore=0.7).prod() for p in permutations(range(4), 3))
        assert total == pytest.approx(1.0, abs=1e-9)

    @pytest.mark.parametrize("explore", [0.5, 1.0])
    def test_frequencies_match(self, explore: float) -> None:
        """Slates come up as often as their propensities say (chi-squared, 1 in 10,000 by chance)."""
        policy, places, rng = self.make(), small_places(4, 2), np.random.default_rng(5)
        seen = Counter(tuple(decide(policy, places, rng, explore=explore).order.tolist()) for _ in range(DRAWS))
        slates = list(permutations(range(4), 2))
        expected = np.array([chances(policy, places, _order(s), explore=explore).prod() for s in slates]) * DRAWS
        found = np.array([seen[s] for s in slates])
        distance = float((((found - expected) ** 2) / np.maximum(expected, 1.0)).sum())
        assert distance < 40.0, dict(zip(slates, zip(found, expected.round(1), strict=True), strict=True))

    def test_what_is_returned_is_what_can_be_computed_again(self) -> None:
        """`decide` returns the propensities that `chances` gives for its order."""
        policy, places, rng = self.make(), small_places(40, 10), np.random.default_rng(1)
        for _ in range(20):
            order, propensities = decide(policy, places, rng, explore=0.8)
            assert len(set(order.tolist())) == 10 and (propensities > 0).all() and (propensities <= 1 + 1e-12).all()
            again = chances(policy, places, order, explore=0.8)
            assert propensities.tolist() == again.tolist()

    def test_same_dice_same_slate(self) -> None:
        """The generator decides and nothing else."""
        policy, places = self.make(), small_places(40, 10)
        one, other = (decide(policy, places, np.random.default_rng(9)) for _ in range(2))
        assert one.order.tolist() == other.order.tolist()

    @pytest.mark.parametrize(("m", "n"), [(0, 3), (1, 3), (3, 0), (3, 3), (3, 9), (500, 60)])
    def test_any_number_of_places(self, m: int, n: int) -> None:
        """None, one, all of them, more than there are, and long slates: finite propensities."""
        places = small_places(m, n) if m else Places(scores=np.empty(0), n=n)
        order, propensities = decide(self.make(), places, np.random.default_rng(2))
        assert len(order) == len(propensities) == min(m, n)
        assert len(set(order.tolist())) == len(order)
        assert np.isfinite(propensities).all() and (propensities > 0).all()

    @pytest.mark.parametrize("explore", [-0.1, 1.1])
    def test_a_share_outside_zero_to_one_is_named(self, explore: float) -> None:
        """ValueError says which rule was broken."""
        with pytest.raises(ValueError, match="explore"):
            decide(self.make(), small_places(), np.random.default_rng(0), explore=explore)


def _order(places: object) -> Order:
    order: NDArray[np.intp] = np.array(places, np.intp)
    return order
