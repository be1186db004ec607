"""Every policy keeps the contract; what is special to one is asked below."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from likeness.explore.contextual import LinearThompson, LinUCB
from likeness.explore.greedy import GREEDY, EpsilonGreedy
from likeness.explore.linear import LinearSums, Ridge
from likeness.explore.lottery import draw_many
from likeness.explore.plackett import PlackettLuce
from likeness.explore.policy import Places, Policy, chances, decide
from likeness.explore.probes import Probes
from likeness.explore.thompson import NoisyScores, Thompson
from likeness.testing.policy import PolicyContract, small_places


def ridge() -> Ridge:
    sums = LinearSums(np.inf, 3)
    sums.update(np.array([[1.0, 0.5, -1.0], [1.0, -0.2, 0.3]]), np.array([1.0, 0.0]), time=0.0)
    return Ridge.read(sums, ridge=1.0)


class TestEpsilonGreedy(PolicyContract):
    def make(self) -> Policy:
        return EpsilonGreedy(slip=0.2)


class TestPlackettLuce(PolicyContract):
    def make(self) -> Policy:
        return PlackettLuce(temperature=0.8)


class TestThompson(PolicyContract):
    def make(self) -> Policy:
        return Thompson(count=16, slip=0.1)


class TestNoisyScores(PolicyContract):
    def make(self) -> Policy:
        return NoisyScores(count=16, slip=0.1)


class TestLinearThompson(PolicyContract):
    def make(self) -> Policy:
        return LinearThompson(ridge=ridge(), count=16, slip=0.1, noise=0.8)


class TestLinUCB(PolicyContract):
    def make(self) -> Policy:
        return LinUCB(ridge=ridge(), slip=0.1)


class TestProbes(PolicyContract):
    def make(self) -> Policy:
        return Probes(share=0.3, cap=0.5, slip=0.05)


def test_greedy_shows_the_rankers_order_for_certain() -> None:
    places = small_places()
    order, propensities = decide(GREEDY, places, np.random.default_rng(0))
    assert order.tolist() == [0, 1, 2] and propensities.tolist() == [1.0] * 3
    assert chances(GREEDY, places, np.array([1]))[0] == 0.0


def test_epsilon_greedys_propensities_by_hand() -> None:
    places = Places(scores=np.array([3.0, 2.0, 1.0]), n=2)
    policy = EpsilonGreedy(slip=0.3)
    assert chances(policy, places, np.array([0, 1])) == pytest.approx([0.7 + 0.3 / 3, 0.7 + 0.3 / 2])
    assert chances(policy, places, np.array([2, 1])) == pytest.approx([0.1, 0.15])


def test_thompson_propensity_is_the_share_of_samples() -> None:
    places, policy = small_places(6, 1), Thompson(count=64, slip=0.0)
    best = policy.every(places).argmax(axis=0)
    for item in range(6):
        with np.errstate(invalid="ignore", divide="ignore"):
            (chance,) = chances(policy, places, np.array([item]))
        assert chance == pytest.approx((best == item).mean())


def test_one_sample_is_a_column_of_all() -> None:
    places = small_places(30, 5)
    for policy in (Thompson(count=8), NoisyScores(count=8), LinearThompson(ridge=ridge(), count=8)):
        every = policy.every(places)
        assert every.shape == (30, 8)
        for j in range(8):
            assert policy.one(places, j).tolist() == every[:, j].tolist()


def test_thompson_samples_have_the_moments_of_the_beta() -> None:
    m = 4_000
    a, b = np.full(m, 2.0), np.full(m, 38.0)
    keys = np.arange(1, m + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    odds = Thompson(count=32).every(Places(scores=np.zeros(m), n=1, keys=keys, posterior=(a, b)))
    share = odds / (1 + odds)
    assert share.mean() == pytest.approx(0.05, rel=0.02)
    assert share.std() == pytest.approx(np.sqrt(0.05 * 0.95 / 41), rel=0.04)


def test_a_new_salt_draws_new_samples() -> None:
    places = small_places(30, 5)
    assert (Thompson(salt=1).every(places) != Thompson(salt=2).every(places)).mean() > 0.99


def test_a_sure_item_is_always_first() -> None:
    places = Places(
        scores=np.array([1.0, 0.9]), n=1, keys=np.array([1, 2], np.uint64),
        posterior=(np.array([10.0, 900.0]), np.array([990.0, 100.0])),
    )  # fmt: skip
    assert chances(Thompson(slip=0.0), places, np.array([1]))[0] == pytest.approx(1.0)


@pytest.mark.parametrize("cap", [0.02, 0.1])
def test_probes_give_up_no_more_than_the_cap(cap: float) -> None:
    rng = np.random.default_rng(4)
    for seed in range(3):
        places = small_places(30, 8, seed=seed)
        assert places.examined is not None
        ranked = places.examined @ places.scores[:8]
        gap = ranked - places.examined.sum() * places.scores.mean()
        policy = Probes(share=1.0, cap=cap, slip=0.0)  # it wants far more than it may
        shown = np.array([places.examined @ places.scores[policy.draw(places, rng)] for _ in range(1_000)])
        assert ranked - shown.mean() <= cap * gap * 1.1
        assert (shown < ranked).any()


def test_probes_spend_the_whole_cap_where_every_probe_costs_the_same() -> None:
    """Five items worth 1 of one category, fifteen worth 0 of others: every probe gives up exactly 1."""
    places = Places(
        scores=np.repeat([1.0, 0.0], [5, 15]), n=5, group=np.append(np.zeros(5), np.arange(1, 16)).astype(np.int32),
        interest=(np.ones(16), np.ones(16)),
    )  # fmt: skip
    policy, rng = Probes(share=1.0, cap=0.1, slip=0.0), np.random.default_rng(0)
    given_up = [5.0 - places.scores[policy.draw(places, rng)].sum() for _ in range(8_000)]
    assert np.mean(given_up) == pytest.approx(0.1 * (5.0 - 5.0 * 0.25), rel=0.06)


def test_probes_ask_where_the_shopper_is_uncertain() -> None:
    m = 12
    places = Places(
        scores=np.linspace(1.0, 0.9, m), n=4, group=np.repeat([0, 1, 2], 4).astype(np.int32),
        interest=(np.array([50.0, 1.0, 100.0]), np.array([50.0, 1.0, 100.0])),
    )  # fmt: skip
    rng, policy = np.random.default_rng(0), Probes(share=0.25, cap=1.0, slip=0.0)
    shown = np.concatenate([policy.draw(places, rng) for _ in range(2_000)])
    assert (shown == 4).mean() > 2 * (shown == 8).mean() > 0
    assert np.isin(shown, np.arange(4, m)).mean() == pytest.approx(0.25, abs=0.02)  # the share of places, as asked


@pytest.mark.parametrize("bad", [{"share": 1.2}, {"cap": -0.1}, {"slip": 0.2, "cap": 0.1}])
def test_probes_name_bad_settings(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="slips are paid"):
        Probes(**bad)


@pytest.mark.parametrize("bad", [{"count": 0}, {"slip": -0.1}])
def test_thompson_names_bad_settings(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"count|slip"):
        Thompson(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", [Thompson(), NoisyScores(), LinUCB(ridge=ridge()), Probes()])
def test_what_a_policy_lacks_is_named(policy: Policy) -> None:
    with pytest.raises(ValueError, match=r"places\."):
        decide(policy, Places(scores=np.array([2.0, 1.0]), n=1), np.random.default_rng(0))


def test_many_slates_follow_the_law_of_one() -> None:
    places = Places(scores=np.array([3.0, 2.0, 1.0, 0.0]), n=2)
    shown = draw_many(np.tile(places.scores, (40_000, 1)), 2, 0.4, np.random.default_rng(0))
    for slate in permutations(range(4), 2):
        expected = chances(EpsilonGreedy(slip=0.4), places, np.array(slate)).prod()
        assert (shown == slate).all(axis=1).mean() == pytest.approx(expected, abs=0.01)


def test_a_narrow_posterior_explores_less() -> None:
    places = small_places(30, 1)
    first = [int(Thompson(width=width, count=128).every(places).argmax(axis=0).std() > 0) for width in (1.0, 1e-3)]
    assert first == [1, 0]
