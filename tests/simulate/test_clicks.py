"""The world that answers slates: chances are chances, dice are shared, and what a persona says helps."""

from __future__ import annotations

import numpy as np
import pytest

from likeness.simulate import SimulateConfig
from likeness.simulate.clicks import ClickWorld, answer, click_world

CONFIG = SimulateConfig(shoppers=60, items=100, drift_share=0.5)


@pytest.fixture(scope="module")
def world() -> ClickWorld:
    return click_world(CONFIG, 1, items=30)


def test_shapes_and_chances(world: ClickWorld) -> None:
    assert world.chance.shape == (2, 60, 30) and len(np.unique(world.pool)) == 30
    assert ((world.chance > 0) & (world.chance < 1)).all()
    assert world.look(3) == pytest.approx([1.0, 2**-0.8, 3**-0.8])
    assert world.features.shape == (60, 30, 4)


def test_same_seed_same_world(world: ClickWorld) -> None:
    again, other = click_world(CONFIG, 1, items=30), click_world(CONFIG, 2, items=30)
    assert (again.chance == world.chance).all() and (again.features == world.features).all()
    assert (other.chance != world.chance).any()


def test_clicks_come_as_often_as_their_chance(world: ClickWorld) -> None:
    rng, n = np.random.default_rng(0), 20_000
    shopper, shown = np.zeros(n, np.int32), np.tile(np.arange(5, dtype=np.int32), (n, 1))
    clicked, bought = answer(world, 0, shopper, shown, rng.random((n, 5, 2)))
    expected = world.chance[0, 0, :5] * world.look(5)
    assert clicked.mean(axis=0) == pytest.approx(expected, abs=0.01)
    assert clicked.sum(axis=1).mean() == pytest.approx(world.value(0, shopper[:1], shown[:1])[0], rel=0.05)
    assert not (bought & ~clicked).any() and bought.any()


def test_nothing_is_worth_more_than_the_best_slate(world: ClickWorld) -> None:
    rng, shopper = np.random.default_rng(1), np.arange(60, dtype=np.int32)
    best = world.best(0, 5)
    for _ in range(20):
        shown = rng.random((60, 30)).argsort(axis=1)[:, :5].astype(np.int32)
        assert (world.value(0, shopper, shown) <= best + 1e-12).all()
    own = np.argsort(-world.chance[0], axis=1)[:, :5].astype(np.int32)
    assert world.value(0, shopper, own) == pytest.approx(best)


def test_the_change_changes_tastes_and_qualities(world: ClickWorld) -> None:
    moved = np.abs(np.log(world.chance[1] / world.chance[0])).mean(axis=1)
    drifts = np.isfinite(world.truth.drift_time)
    assert moved.min() > 0.01  # every item's quality
    assert moved[drifts].mean() > 1.5 * moved[~drifts].mean()


def test_what_a_persona_says_helps(world: ClickWorld) -> None:
    shopper = np.arange(60, dtype=np.int32)
    told = np.argsort(-world.believed, axis=1)[:, :5].astype(np.int32)
    stranger = click_world(CONFIG, 1, items=30, past=0)
    untold = np.argsort(-stranger.believed, axis=1)[:, :5].astype(np.int32)
    blind = world.chance[0].mean() * world.look(5).sum()
    values = [world.value(0, shopper, shown).mean() for shown in (told, untold)]
    assert world.best(0, 5).mean() > values[0] > values[1] > blind
