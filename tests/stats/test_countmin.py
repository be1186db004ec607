from __future__ import annotations

from math import exp, inf

import numpy as np
import pytest

from likeness.stats.countmin import CountMin


def test_without_negative_weights_it_is_never_below_and_rarely_above_its_bound():
    rng = np.random.default_rng(6)
    x, truth = CountMin((10.0, 1e9), 64), {}
    for key, time, weight in zip(rng.integers(0, 400, 2000), rng.uniform(0, 50, 2000), rng.random(2000), strict=True):
        x.add(f"k{key}", time, [weight, weight])
        truth.setdefault(f"k{key}", []).append((time, weight))
    bound, missed = x.error_bound(60.0), 0
    for key, events in truth.items():
        for i, half_life in enumerate((10.0, 1e9)):
            exact = sum(weight * 2.0 ** -((60.0 - time) / half_life) for time, weight in events)
            error = x.estimate(key, 60.0)[i] - exact
            assert error >= -1e-9
            missed += error > bound[i]
    assert missed <= exp(-4) * 2 * len(truth)
    assert bound[1] == pytest.approx(np.e / 64 * sum(w for events in truth.values() for _, w in events))


def test_a_lone_key_is_exact_with_either_sign_over_many_landmarks():
    half_lives = (1.0, 7.0, inf)
    x = CountMin(half_lives, 16)
    times = (-300.0, 5.0, 70.0, 64.0, 63.999, 500.0, 128.0, 499.0)
    for i, time in enumerate(times):
        x.add("a", time, [i - 3.0] * 3)
    exact = [sum((i - 3.0) * 2.0 ** -((505.0 - t) / h) for i, t in enumerate(times)) for h in half_lives]
    assert x.estimate("a", 505.0, signed=True) == pytest.approx(exact, rel=1e-12)


def test_the_order_of_events_changes_nothing_across_landmarks():
    times = [0.0, 1.0, 63.0, 64.0, 65.0, 6400.0]
    a, b = CountMin((1.0,), 4), CountMin((1.0,), 4)
    for time in times:
        a.add("a", time, [1.0])
    for time in reversed(times):
        b.add("a", time, [1.0])
    assert a == b


def test_long_after_nothing_is_left():
    x = CountMin((1.0,), 4)
    x.add("a", 0.0, [1.0])
    assert x.estimate("a", 1e6) == [0.0]
    assert CountMin((1.0,), 4).estimate("a", 5.0) == [0.0]


def test_a_cut_state_is_refused():
    with pytest.raises(ValueError, match="width 0"):
        CountMin((1.0,), 0)
    with pytest.raises(ValueError, match="was cut"):
        CountMin((1.0,), 4, 0.0, bytearray(8))
