from __future__ import annotations

import pytest

from likeness.stats import Cadence, Recency
from likeness.stats.recency import DAY


def cadence(days, capacity=16):
    x = Cadence(capacity)
    for day in days:
        x.update(time=day * DAY + 3600.0)
    return x


def test_first_last_and_count():
    x = Recency()
    for time in (5.0, 2.0, 9.0):
        x.update(time=time)
    assert (x.first, x.last, x.count) == (2.0, 9.0, 3)
    assert Recency().merge(Recency()) == Recency()


def test_gaps_are_between_distinct_days():
    x = cadence([30, 0, 10, 10, 21])
    assert x.gaps() == [10, 11, 9]
    assert x.median_gap() == 10.0
    assert x.mad() == 1.0
    assert x.expected_next() == 40 * DAY
    assert x.due(35 * DAY) == 0.5
    assert x.due(50 * DAY) == 2.0
    assert x.due(0.0) == 0.0


def test_one_day_has_no_rhythm():
    x = cadence([3, 3])
    assert (x.median_gap(), x.mad(), x.expected_next(), x.due(1e9)) == (None, None, None, None)


def test_only_the_latest_days_stay_whatever_the_order():
    days = [7, 1, 9, 3, 5]
    assert cadence(days, 3).days == [5, 7, 9]
    assert cadence(days[:2], 3).merge(cadence(days[2:], 3)).days == [5, 7, 9]
    assert Cadence.from_columns(3, DAY, sorted(days)).days == [5, 7, 9]


def test_positions_in_a_sequence_count_as_days():
    x = Cadence(4, day=1.0)
    for position in (0.0, 3.0, 6.0):
        x.update(time=position)
    assert x.due(9.0) == 1.0


def test_bad_settings_and_times_are_refused():
    with pytest.raises(ValueError, match="capacity 1"):
        Cadence(1)
    with pytest.raises(ValueError, match="time nan"):
        Cadence().update(time=float("nan"))
