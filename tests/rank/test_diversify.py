from __future__ import annotations

import numpy as np

from likeness.rank.diversify import _divergence, calibrate, diversify
from likeness.testing.recall import small_shop

SHOP = small_shop()
ROWS = np.arange(40, dtype=np.int32)[SHOP.catalogue.category.argsort(kind="stable")]
SCORES = np.linspace(5.0, 1.0, 40)


def chosen(weight: float, cap: int, n: int = 10) -> np.ndarray:
    return diversify(ROWS, SCORES, SHOP.catalogue, SHOP.vectors, n=n, weight=weight, max_per_category=cap)


def test_without_weight_and_cap_the_order_stays() -> None:
    assert chosen(0.0, 0).tolist() == list(range(10))


def test_the_first_place_is_the_best_whatever_the_weight() -> None:
    assert chosen(0.9, 0)[0] == 0


def test_weight_brings_more_shelves() -> None:
    shelves = [len(set(SHOP.catalogue.category[ROWS[chosen(weight, 0)]])) for weight in (0.0, 0.3, 0.7)]
    assert shelves[0] < shelves[1] <= shelves[2]


def test_a_cap_holds_and_may_leave_places_empty() -> None:
    counts = np.bincount(SHOP.catalogue.category[ROWS[chosen(0.0, 2)]])
    assert counts.max() == 2
    assert len(chosen(0.0, 1)) == 5 == len(set(SHOP.catalogue.category[ROWS[chosen(0.0, 1)]]))


def test_nothing_to_choose_from() -> None:
    nothing = np.empty(0, np.int32)
    assert not len(diversify(nothing, np.empty(0), SHOP.catalogue, SHOP.vectors, n=5, weight=0.5, max_per_category=1))


def mix(weight: float, wanted: list[float]) -> list[int]:
    places = calibrate(ROWS, SCORES, SHOP.catalogue, np.array(wanted), n=10, weight=weight)
    return [int(count) for count in np.bincount(SHOP.catalogue.category[ROWS[places]], minlength=5)]


def test_a_calibrated_slate_holds_the_shoppers_mix() -> None:
    assert mix(0.0, [0.0, 0.0, 0.0, 0.3, 0.7]) == [8, 2, 0, 0, 0]
    assert mix(0.99, [0.0, 0.0, 0.0, 0.3, 0.7])[3:] == [3, 7]
    assert sum(mix(0.5, [0.5, 0.0, 0.0, 0.0, 0.5])) == 10


def test_whoever_has_no_interests_keeps_the_order() -> None:
    places = calibrate(ROWS, SCORES, SHOP.catalogue, np.zeros(5), n=10, weight=0.9)
    assert places.tolist() == list(range(10))


def test_divergence_is_that_of_kullback_and_leibler() -> None:
    wanted, held = np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0, 0.0, 0.0])
    even = 0.01 * wanted + 0.99 * np.array([0.5, 0.5, 0.0])
    aside = 0.01 * wanted + 0.99 * np.array([0.5, 0.0, 0.5])
    found = _divergence(wanted, held, 2)
    np.testing.assert_allclose(found[1], (0.5 * np.log(0.5 / even[:2])).sum(), atol=1e-12)
    np.testing.assert_allclose(found[[2, 3]], (0.5 * np.log(0.5 / aside[:2])).sum(), atol=1e-12)


def test_nothing_to_calibrate() -> None:
    nothing = np.empty(0, np.int32)
    assert not len(calibrate(nothing, np.empty(0), SHOP.catalogue, np.ones(5) / 5, n=5, weight=0.5))
