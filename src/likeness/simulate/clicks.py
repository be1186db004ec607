"""A world that answers slates: known shoppers and items, true chances of a click, places looked at from the top.

Clicks follow the position-based model: P(click) = place ** -position_bias x chance(shopper, item), the chance being the
logistic of the shopper's appeal in the synthetic shop. What a shop would know of it (`believed`) comes from a few past
events per shopper, and knows nothing of an item's quality or of a taste for colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.seeds import rng_of
from likeness.simulate.config import SimulateConfig
from likeness.simulate.lists import appeal, category_appeal
from likeness.simulate.people import draw_people
from likeness.simulate.shelf import draw_items
from likeness.simulate.truth import AFTER, BEFORE, Truth
from likeness.types import Floats, Rows

BIAS = -3.0  # log-odds of a click at indifference: one or two in a hundred looks at a random item
BUY = 0.15  # share of clicks that buy
FEATURES = ("one", "category", "brand", "tier")


@dataclass(frozen=True, kw_only=True)
class ClickWorld:
    """S shoppers and the m items of a home page; chances are given a look."""

    truth: Truth
    pool: Rows  # (m,) items of `truth` that may be shown: those the shop itself shows most
    chance: Floats  # (2, S, m) before and after the change
    features: Floats  # (S, m, 4) FEATURES as estimated from past events: what a persona says of an item
    position_bias: float
    bias: float

    @property
    def believed(self) -> Floats:
        """(S, m) the chance of a click that the persona alone lets expect."""
        return _logistic(self.bias + self.features[:, :, 1:].sum(axis=2))

    @property
    def category(self) -> Rows:
        """(m,) the items' categories."""
        return self.truth.items.category[self.pool]

    @property
    def brand(self) -> Rows:
        """(m,) the items' brands."""
        return self.truth.items.brand[self.pool]

    @property
    def segment(self) -> Rows:
        """(S,) the shoppers' latent personas before the change."""
        return np.asarray(self.truth.persona[BEFORE])

    def look(self, n: int) -> Floats:
        """Return (n,) how likely each place is looked at."""
        return np.asarray(np.arange(1.0, n + 1) ** -self.position_bias)

    def value(self, phase: int, shopper: Rows, shown: Rows) -> Floats:
        """Return (B,) the expected clicks of slates (B, n) shown to shoppers (B,)."""
        return np.asarray(self.chance[phase, shopper[:, None], shown] @ self.look(shown.shape[1]))

    def best(self, phase: int, n: int) -> Floats:
        """Return (S,) the expected clicks of each shopper's best slate."""
        return np.asarray(-np.sort(-self.chance[phase], axis=1)[:, :n] @ self.look(n))


def click_world(
    config: SimulateConfig, seed: int, *, items: int = 120, past: int = 20, bias: float = BIAS
) -> ClickWorld:
    """Return a world whose personas were estimated from `past` events per shopper; `items` bestsellers may be shown.

    After the change drifting shoppers (`config.drift_share`) have another taste, and every item another quality.
    """
    rng = rng_of("click world", seed)
    shelf = draw_items(config, rng)
    truth = draw_people(config, shelf, rng)
    pool = np.sort(np.argsort(-shelf.popularity, kind="stable")[:items]).astype(np.int32)
    fresh = 0.5 * (rng.standard_normal(config.items) - shelf.quality)[pool]
    chance = [_logistic(bias + _liking(truth, pool, phase) + (fresh if phase == AFTER else 0.0)) for phase in (0, 1)]
    category, brand = (rng.multinomial(past, shares[BEFORE]) for shares in (truth.category, truth.brand))
    return ClickWorld(
        truth=truth,
        pool=pool,
        chance=np.stack(chance),
        features=_features(truth, pool, category, brand, past),
        position_bias=config.position_bias,
        bias=bias,
    )


def answer(
    world: ClickWorld, phase: int, shopper: Rows, shown: Rows, dice: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (B, n) what was clicked and what was bought of slates (B, n); `dice` (B, n, 2) uniform in 0 to 1.

    The same dice decide for every policy: a better item is clicked whenever a worse one would have been.
    """
    chance = world.chance[phase, shopper[:, None], shown] * world.look(shown.shape[1])
    clicked = dice[:, :, 0] < chance
    return clicked, clicked & (dice[:, :, 1] < BUY)


def _liking(truth: Truth, items: Rows, phase: int) -> Floats:
    shoppers = np.arange(len(truth.shoppers), dtype=np.int32)
    phases = np.full(len(shoppers), phase, np.int32)
    return appeal(truth, shoppers, phases, items) + category_appeal(truth, shoppers, phases, items)


def _features(truth: Truth, pool: Rows, category: NDArray[np.int64], brand: NDArray[np.int64], past: int) -> Floats:
    """Return (S, m, 4): the terms of the appeal with shares estimated from counts, shrunk to everybody's."""
    shelf = truth.items
    said = _shares(category, past)[:, shelf.category[pool]] * category.shape[1]
    named = _shares(brand, past)[:, shelf.brand[pool]] * brand.shape[1]
    away = np.abs(np.round(truth.tier)[:, None] - shelf.tier[pool][None, :])
    terms = (np.ones(away.shape), np.clip(0.6 * np.log(said), -1.5, 1.5), np.clip(0.55 * np.log(named), -1.5, 2.0))
    return np.stack([*terms, -0.8 * away], axis=2)


def _shares(counts: NDArray[np.int64], past: int) -> Floats:
    prior = counts.sum(axis=0) / max(counts.sum(), 1) + 1e-3
    return np.asarray((counts + 10.0 * prior / prior.sum()) / (past + 10.0))


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))
