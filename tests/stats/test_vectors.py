from __future__ import annotations

import numpy as np
import pytest

from likeness.stats import VectorSum


def made(rng, n=20, dim=5):
    vectors, times, weights = rng.normal(size=(n, dim)), rng.uniform(0.0, 50.0, n), rng.uniform(0.2, 2.0, n)
    x = VectorSum((10.0, 1e9), dim)
    for vector, time, weight in zip(vectors, times, weights, strict=True):
        x.update(vector, time=time, weight=weight)
    return x, vectors, times, weights


def test_the_ridge_mean_minimises_its_objective():
    rng = np.random.default_rng(2)
    x, vectors, times, weights = made(rng)
    best = x.ridge_mean(0.7, 60.0)
    for i, half_life in enumerate((10.0, 1e9)):
        w = weights * 2.0 ** -((60.0 - times) / half_life)

        def cost(p, w=w):
            return (w * ((p - vectors) ** 2).sum(axis=1)).sum() + 0.7 * (p**2).sum()

        for step in 1e-3 * rng.normal(size=(20, 5)):
            assert cost(best[i]) < cost(best[i] + step)


def test_little_evidence_shrinks_to_zero():
    x = VectorSum((10.0,), 3)
    assert x.ridge_mean(1.0).tolist() == [[0.0, 0.0, 0.0]]
    x.update([3.0, 0.0, 4.0], time=0.0)
    assert x.ridge_mean(1.0)[0].tolist() == [1.5, 0.0, 2.0]
    assert x.ridge_mean(1.0, 10.0)[0].tolist() == [1.0, 0.0, 4.0 / 3.0]


def test_a_negative_total_weight_stays_bounded():
    x = VectorSum((10.0,), 2)
    x.update([1.0, 0.0], time=0.0, weight=-1.0)
    assert x.ridge_mean(1.0)[0].tolist() == [-1.0, 0.0]


def test_wrong_vectors_and_settings_are_refused():
    x = VectorSum((10.0,), 2)
    for bad in ([1.0], [1.0, float("nan")], [[1.0, 2.0]]):
        with pytest.raises(ValueError, match="must be"):
            x.update(bad, time=0.0)
    assert x == VectorSum((10.0,), 2)
    with pytest.raises(ValueError, match="lambda_"):
        x.ridge_mean(0.0)
    with pytest.raises(ValueError, match="dim 0"):
        VectorSum((10.0,), 0)
    with pytest.raises(ValueError, match="dim 2 meets 3"):
        x.merge(VectorSum((10.0,), 3))


def test_columns_make_the_same_state():
    x, *_ = made(np.random.default_rng(3))
    assert VectorSum.from_columns(x.half_lives, x.reference, x.weights, x.sums) == x
