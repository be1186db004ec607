from __future__ import annotations

import pytest

from likeness.stats import Count, DecayedSum


def test_a_sum_decays_by_each_half_life():
    x = DecayedSum((10.0, 20.0))
    x.update(time=0.0)
    x.update(3.0, time=20.0, weight=2.0)
    assert x.reference == 20.0
    assert x.at() == [6.25, 6.5]
    assert x.at(40.0) == [1.5625, 3.25]


def test_an_empty_sum_reads_zero_and_has_no_reference():
    x = DecayedSum((10.0,))
    assert x.reference is None
    assert x.at(1e9) == [0.0]
    assert x.merge(DecayedSum((10.0,))) == x


def test_other_half_lives_do_not_combine():
    with pytest.raises(ValueError, match=r"half_lives \(1.0,\) meets \(2.0,\)"):
        DecayedSum((1.0,)).merge(DecayedSum((2.0,)))


def test_bad_numbers_change_nothing():
    x, count = DecayedSum((10.0,)), Count()
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            x.update(time=bad)
        with pytest.raises(ValueError, match="finite"):
            x.update(bad, time=0.0)
        with pytest.raises(ValueError, match="finite"):
            count.update(weight=bad)
    assert (x, count) == (DecayedSum((10.0,)), Count())


def test_counts_count_and_total():
    count = Count()
    count.update()
    count.update(weight=-3.0)
    assert (count.count, count.total) == (2, -2.0)
