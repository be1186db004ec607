from __future__ import annotations

import numpy as np
import pytest

from likeness.rank.clicks import Shown, click_evidence, click_weights, examination

LOOK = np.array([1.0, 0.6, 0.4, 0.3, 0.2])
LIKING = np.array([0.5, 0.4, 0.3, 0.2, 0.1, 0.6])


def shown(slates: int, *, best_first: float = 0.0, seed: int = 0) -> Shown:
    """Simulate slates of five of six items; `best_first` is how much the better items are put above."""
    rng = np.random.default_rng(seed)
    noise = rng.gumbel(size=(slates, len(LIKING)))
    order = np.argsort(-(best_first * LIKING + noise), axis=1)[:, : len(LOOK)]
    item, position = order.ravel(), np.tile(np.arange(len(LOOK)) + 1, slates)
    clicked = rng.random(len(item)) < LOOK[position - 1] * LIKING[item]
    return Shown(
        item=item.astype(np.int32),
        position=position.astype(np.int32),
        clicked=clicked.astype(float),
        propensity=np.ones(len(item)),
    )


@pytest.mark.parametrize("best_first", [0.0, 4.0])
def test_it_finds_how_the_positions_are_looked_at(best_first: float) -> None:
    np.testing.assert_allclose(examination(shown(40_000, best_first=best_first)), LOOK, atol=0.05)


def test_evidence_takes_the_places_out() -> None:
    """Clicks per time shown favour what the shop puts first; clicks per look find the truth."""
    log = shown(60_000, best_first=-6.0)  # the worse an item the higher it was shown
    found = click_evidence(log, examination(log), len(LIKING) + 1)
    plain = np.bincount(log.item, log.clicked) / np.bincount(log.item)
    truth = np.log(LIKING / LIKING[4])
    assert np.abs(np.log(found.rate[:6] / found.rate[4]) - truth).max() < 0.15
    assert np.abs(np.log(plain / plain[4]) - truth).max() > 0.5
    assert found.evidence[6] == 0.0  # never shown: nothing is known


def test_few_looks_say_little() -> None:
    some = Shown(
        item=np.array([0, 1], np.int32),
        position=np.ones(2, np.int32),
        clicked=np.array([1.0, 0.0]),
        propensity=np.ones(2),
    )
    found = click_evidence(some, np.ones(1), 2)
    assert 0.25 < found.rate[1] < found.rate[0] < 0.5


def test_rare_places_count_for_more_but_not_without_end() -> None:
    log = Shown(
        item=np.zeros(3, np.int32),
        position=np.array([1, 2, 2], np.int32),
        clicked=np.ones(3),
        propensity=np.array([1.0, 0.5, 0.01]),
    )
    np.testing.assert_allclose(click_weights(log, np.array([1.0, 0.5])), [1.0, 4.0, 10.0])
    assert click_evidence(log, np.array([1.0, 0.5]), 1).clicks[0] == pytest.approx(1 + 2 + 10)


def test_weighted_clicks_are_fair_to_what_chance_seldom_put_first() -> None:
    """With logged propensities, the weighted mean is what uniform placement would have shown."""
    rng = np.random.default_rng(1)
    first = rng.random(50_000) < 0.1  # item 0 comes first one time in ten, item 1 otherwise
    item = np.where(first, 0, 1).astype(np.int32)
    log = Shown(
        item=item,
        position=np.ones(len(item), np.int32),
        clicked=(rng.random(len(item)) < np.where(first, 0.4, 0.2)).astype(float),
        propensity=np.where(first, 0.1, 0.9),
    )
    weight = click_weights(log, np.ones(1))
    mean = np.bincount(item, weight * log.clicked) / len(item)
    np.testing.assert_allclose(mean, [0.4, 0.2], atol=0.02)


def test_a_place_never_shown_and_an_empty_log() -> None:
    log = Shown(
        item=np.zeros(4, np.int32),
        position=np.array([1, 1, 3, 3], np.int32),
        clicked=np.array([1.0, 1.0, 1.0, 0.0]),
        propensity=np.ones(4),
    )
    look = examination(log)
    assert look[0] == 1.0 and look[1] == look[0] and look[2] < 0.7
    none = np.zeros(0, np.int32)
    assert examination(Shown(item=none, position=none, clicked=np.zeros(0), propensity=np.zeros(0))).tolist() == [1.0]
