from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from likeness.stats import WeekHistogram
from likeness.stats.week import week_bin, week_bins

ZONES = ["UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()


def test_bins_are_hours_of_the_local_week():
    assert week_bin(at(2024, 1, 1, 0, 30), "UTC") == 0  # a Monday
    assert week_bin(at(2024, 1, 7, 23, 59), "UTC") == 167
    assert week_bin(at(2024, 1, 1, 0, 30), "America/New_York") == 6 * 24 + 19
    assert week_bin(at(2024, 7, 1, 12, 0), "Europe/London") == 13  # summer time


@pytest.mark.parametrize("zone", ZONES)
def test_many_at_once_equal_one_at_a_time(zone):
    rng = np.random.default_rng(4)
    times = rng.uniform(at(1969, 6, 1), at(2030, 1, 1), 3000)
    spring, autumn = at(2024, 3, 31, 1), at(2024, 10, 27, 1)
    times = np.concatenate([times, [t + d for t in (spring, autumn) for d in (-0.5, 0.0, 0.5, 3599.0, 3600.0)]])
    assert week_bins(times, zone).tolist() == [week_bin(t, zone) for t in times.tolist()]


def test_no_times_no_bins():
    assert week_bins(np.zeros(0), "UTC").tolist() == []


def test_each_bin_decays_from_its_own_last_event():
    x = WeekHistogram((3600.0,), "UTC")
    monday = at(2024, 1, 1, 9)
    for time in (monday, monday + 1800.0, monday + 7200.0):
        x.update(time=time)
    assert x.at(monday + 7200.0) == {9: [pytest.approx(0.25 + 2.0**-1.5)], 11: [1.0]}


def test_unknown_zones_and_times_outside_the_calendar_are_refused():
    with pytest.raises(ValueError, match=r"'Europe/Lndon' is unknown"):
        WeekHistogram((1.0,), "Europe/Lndon")
    with pytest.raises(ValueError, match="outside the calendar"):
        WeekHistogram((1.0,)).update(time=1e15)
    with pytest.raises(ValueError, match="tz"):
        WeekHistogram((1.0,), "UTC").merge(WeekHistogram((1.0,), "Europe/London"))
