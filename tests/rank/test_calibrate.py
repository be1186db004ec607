from __future__ import annotations

import msgspec
import numpy as np
import pytest

from likeness.rank.calibrate import Calibration, Reliability, calibrate, reliability

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=20_000)
TRUE = 1 / (1 + np.exp(-(2 * SCORES - 1)))
HITS = RNG.random(20_000) < TRUE


def test_it_finds_the_probabilities_that_made_the_hits() -> None:
    said = calibrate(SCORES, HITS).probability(SCORES)
    assert np.abs(said - TRUE).mean() < 0.015
    assert reliability(said, HITS).error < 0.01
    assert reliability(np.clip(said * 2, 0, 1), HITS).error > 0.1


def test_the_order_stays_even_beyond_what_was_seen() -> None:
    asked = np.sort(np.concatenate([RNG.normal(size=500), [-9.0, -8.0, 8.0, 9.0]]))
    said = calibrate(SCORES, HITS).probability(asked)
    assert (np.diff(said) > 0).all() and said.min() > 0 and said.max() < 1


def test_pooling_by_hand() -> None:
    """Shares 0, 1, 0, 1: the middle two violate the order and are pooled to a half at their centre."""
    found = calibrate(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]))
    assert found.scores == (1.0, 2.5, 4.0)
    assert found.rates == pytest.approx((0.1, 0.5, 0.9))  # 0 and 1 held off by half a hit in five


def test_a_weight_is_as_good_as_so_many_examples() -> None:
    scores, hits, times = np.array([0.0, 1.0, 2.0]), np.array([False, True, True]), np.array([4, 1, 2])
    whole = calibrate(np.repeat(scores, times), np.repeat(hits, times))
    short = calibrate(scores, hits, times.astype(float))
    assert (short.scores, short.rates) == (whole.scores, whole.rates)


def test_scores_that_say_nothing_keep_their_order_and_the_base_rate() -> None:
    hits = np.arange(100) < 30
    found = calibrate(-np.arange(100.0), ~hits)  # backwards: one block
    assert len(found.rates) == 1 and found.rates[0] == pytest.approx(0.7)
    assert (np.diff(found.probability(np.arange(-99.0, 1.0))) > 0).all()


def test_reliability_by_hand() -> None:
    table = reliability(np.array([0.1, 0.1, 0.8, 0.6]), np.array([False, False, True, False]), bins=2)
    np.testing.assert_allclose(table.said, [0.1, 0.7])
    np.testing.assert_allclose(table.came, [0.0, 0.5])
    assert table.error == pytest.approx((0.1 * 2 + 0.2 * 2) / 4)
    assert Reliability(said=np.zeros(0), came=np.zeros(0), count=np.zeros(0)).error == 0.0


def test_it_can_be_written_down_and_nothing_cannot_be_calibrated() -> None:
    found = calibrate(SCORES[:100], HITS[:100])
    assert msgspec.json.decode(msgspec.json.encode(found), type=Calibration) == found
    with pytest.raises(ValueError, match="nothing to calibrate"):
        calibrate(np.zeros(0), np.zeros(0, bool))
