from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.vectors import INTERESTS, groups, ridge_mean, vectors_of
from likeness.types import Catalogue, Event, Item

CONFIG = PersonaConfig()


def test_the_ridge_mean_is_the_minimiser_of_its_problem() -> None:
    rng = np.random.default_rng(0)
    x, w, lam = rng.normal(size=(5, 3)), np.array([3.0, 1.0, -2.0, 5.0, -0.5]), 4.0

    def loss(p: np.ndarray) -> float:
        pulled = np.sign(w)[:, None] * x
        return float((np.abs(w) * ((p - pulled) ** 2).sum(axis=1)).sum() + lam * (p**2).sum())

    best = ridge_mean(x.astype(np.float32), w, lam).astype(float)
    for step in np.vstack([np.eye(3), -np.eye(3)]) * 1e-2:
        assert loss(best + step) > loss(best)


def test_nothing_known_is_the_origin() -> None:
    assert ridge_mean(np.zeros((0, 4), np.float32), np.zeros(0), 1.0).tolist() == [0.0] * 4


def test_interests_are_the_liked_categories_by_weight(catalogue: Catalogue) -> None:
    rows, weights = np.array([0, 1, 2, 3], np.int32), np.array([1.0, 2.0, 9.0, -4.0])
    found = groups(rows, weights, catalogue, np.eye(5, dtype=np.float32))
    assert [(group.name, group.weight, group.places.tolist()) for group in found] == [
        ("Home > Lamps", 9.0, [2]),
        ("Home > Mugs", 3.0, [1, 0]),
    ]


def test_at_most_eight_interests() -> None:
    shelf, vectors = unsorted_shelf(40), np.eye(40, dtype=np.float32)
    named = replace(shelf, category=np.arange(40, dtype=np.int32), category_names=tuple(f"c{k:02d}" for k in range(40)))
    rows, weights = np.arange(40, dtype=np.int32), np.linspace(1.0, 2.0, 40)
    for catalogue in (shelf, named):
        found = groups(rows, weights, catalogue, vectors)
        assert len(found) == INTERESTS and found[0].places.tolist() == [39]


def test_without_categories_items_that_are_alike_make_an_interest() -> None:
    angles = np.radians([0.0, 10.0, 90.0, 95.0])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    rows, weights = np.arange(4, dtype=np.int32), np.array([3.0, 2.0, 1.0, 2.5])
    found = groups(rows, weights, unsorted_shelf(4), vectors)
    assert [sorted(group.places.tolist()) for group in found] == [[0, 1], [2, 3]]


def test_vectors_come_with_names_shares_and_items(catalogue: Catalogue) -> None:
    events = [
        Event(event_id=str(n), event="purchase", time=0.0, user_id="u", item_id=item)
        for n, item in enumerate(("m1", "m2", "l1", "off the shelf"))
    ]
    state = fold_events(events, Facts(CONFIG, catalogue))
    found = vectors_of(state, 0.0, CONFIG, catalogue, np.eye(5, dtype=np.float32), "personalise")
    assert found is not None and found.dim == 5
    assert [(interest.name, interest.items) for interest in found.interests] == [
        ("Home > Mugs", ("m1", "m2")),
        ("Home > Lamps", ("l1",)),
    ]
    assert found.interests[0].share == pytest.approx(2 / 3)
    assert found.long[0] == pytest.approx(5 / 20)


def unsorted_shelf(size: int) -> Catalogue:
    nothing = np.full(size, -1, np.int32)
    return Catalogue(
        items=tuple(Item(item_id=f"i{k}") for k in range(size)),
        category=nothing,
        category_names=(),
        brand=nothing,
        brand_names=(),
        price=np.full(size, np.nan),
        band=nothing,
        percentile=np.full(size, np.nan),
        available=np.ones(size, dtype=np.bool_),
    )
