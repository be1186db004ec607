from __future__ import annotations

import numpy as np
import pytest

from likeness.rank.longtail import FLOOR, LongTail, percentiles, promoted

DEMAND = np.array([100.0, 0.0, 10.0, 1.0, 1.0, 50.0])
ROWS = np.array([0, 2, 3, 5], np.int32)


def test_percentiles_share_ties_and_put_the_unsold_last() -> None:
    assert percentiles(DEMAND).tolist() == pytest.approx([1.0, 0.0, 0.6, 0.3, 0.3, 0.8])
    assert percentiles(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_order_of_rows_does_not_matter() -> None:
    turned = percentiles(DEMAND[::-1])[::-1]
    np.testing.assert_array_equal(turned, percentiles(DEMAND))


def test_nothing_is_moved_at_strength_zero() -> None:
    assert not LongTail(DEMAND).adjustment(ROWS, 0.0).any()


def test_the_rare_gain_and_the_most_popular_stays() -> None:
    added = LongTail(DEMAND).adjustment(np.array([0, 5, 2, 3, 1], np.int32), 2.0)
    assert added[0] == 0.0 and (np.diff(added) > 0).all()
    assert added[2] == pytest.approx(-2.0 * np.log(0.6))
    assert added[-1] == pytest.approx(2.0 * np.log(1 / FLOOR))


def test_more_strength_never_makes_the_first_place_more_popular() -> None:
    rng = np.random.default_rng(0)
    tail, scores = LongTail(DEMAND), rng.normal(size=len(ROWS))
    first = [DEMAND[promoted(ROWS, scores, tail, strength, 1)[0]] for strength in (0.0, 0.5, 1.0, 2.0, 50.0)]
    assert first == sorted(first, reverse=True)
    assert first[-1] == 1.0


def test_what_nobody_bought_can_be_promoted_alone() -> None:
    assert LongTail(DEMAND).adjustment(np.arange(6, dtype=np.int32), 0.0, new=1.5).tolist() == [0, 1.5, 0, 0, 0, 0]


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        LongTail(DEMAND).adjustment(ROWS, -1.0)
