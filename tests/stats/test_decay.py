from __future__ import annotations

from math import inf, nan

import pytest

from likeness.stats import decay


def test_half_lives_halve_and_infinite_ones_stay():
    assert decay.scale((10.0, 20.0, inf), 20.0) == [0.25, 0.5, 1.0]


def test_a_thousand_half_lives_leave_exactly_nothing():
    assert decay.scale((1.0, 1e-9), 1000.0) == [0.0, 0.0]
    assert decay.scale((1.0,), 1e300) == [0.0]
    assert decay.scale((1e308,), 1.0) == [1.0]
    assert decay.read((1.0,), 0.0, [5.0], 1000.0) == [0.0]


def test_time_goes_forward():
    for dt in (-1.0, nan):
        with pytest.raises(ValueError, match="decay goes forward"):
            decay.scale((1.0,), dt)


@pytest.mark.parametrize("bad", [(), (0.0,), (-1.0,), (nan,), (1.0, 0.0)])
def test_half_lives_must_be_above_zero(bad):
    with pytest.raises(ValueError, match="half_lives"):
        decay.check_half_lives(bad)


def test_a_late_amount_is_added_scaled_down_and_a_later_one_rescales():
    sums = [8.0, 8.0]
    decay.add(sums, (10.0, inf), -20.0, 4.0)
    assert sums == [9.0, 12.0]
    decay.add(sums, (10.0, inf), 10.0, 1.0)
    assert sums == [5.5, 13.0]
    decay.add(sums, (10.0, inf), 0.0, 1.0)
    assert sums == [6.5, 14.0]


def test_far_apart_amounts_neither_overflow_nor_turn_nan():
    for dt in (1e15, -1e15):
        sums = [1.0]
        decay.add(sums, (1e-3,), dt, 2.0)
        assert sums == [2.0 if dt > 0.0 else 1.0]


def test_reading_before_the_reference_reads_at_it():
    assert decay.read((10.0,), 100.0, [4.0], 50.0) == [4.0]
    assert decay.read((10.0,), 100.0, [4.0], None) == [4.0]
    assert decay.read((10.0,), 100.0, [4.0], 110.0) == [2.0]


@pytest.mark.parametrize(("time", "weight"), [(nan, 1.0), (inf, 1.0), (0.0, nan), (0.0, -inf)])
def test_events_that_are_not_finite_are_refused(time, weight):
    with pytest.raises(ValueError, match="finite"):
        decay.check_event(time, weight)
