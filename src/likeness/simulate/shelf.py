"""The shelf: latent items drawn from the vocabulary, and the `Item`s a shop would know of them."""

from __future__ import annotations

import numpy as np

from likeness.simulate.config import SimulateConfig
from likeness.simulate.truth import ItemTruth
from likeness.simulate.vocabulary import ADJECTIVES, BRANDS, COLOURS, LEAVES, MATERIALS, SIZES
from likeness.types import DAY, Floats, Item, Rows

BRANDS_PER_LEAF = 6
TIER_PRICE = np.array([0.6, 1.0, 1.9])
TIER_PROBABILITY = np.array([[0.80, 0.18, 0.02], [0.15, 0.70, 0.15], [0.02, 0.18, 0.80]])  # by the brand's own tier


def draw_items(config: SimulateConfig, rng: np.random.Generator) -> ItemTruth:
    """Return the latent items: every leaf category has some, popular categories more."""
    n, leaves = config.items, len(LEAVES)
    share = rng.dirichlet(np.full(leaves, 8.0))
    category = np.sort(np.concatenate([np.arange(leaves), rng.choice(leaves, n - leaves, p=share)]))[:n]
    brand = _brands(category, rng)
    tier = (rng.random((n, 1)) > TIER_PROBABILITY[brand % 3].cumsum(axis=1)).sum(axis=1).clip(max=2)
    quality = rng.standard_normal(n)
    late = rng.random(n) < config.new_items
    cycle = np.array([leaf.cycle for leaf in LEAVES])[category]
    return ItemTruth(
        category=category.astype(np.int32),
        brand=brand,
        colour=rng.integers(0, len(COLOURS), n).astype(np.int32),
        material=tuple(
            LEAVES[c].materials[int(u * len(LEAVES[c].materials))] for c, u in zip(category, rng.random(n), strict=True)
        ),
        tier=tier.astype(np.int32),
        chinese=rng.random(n) < config.chinese_share,
        quality=quality,
        popularity=0.4 * quality + 0.8 * rng.standard_normal(n),
        launch=config.start + np.where(late, rng.random(n) * config.days * DAY, 0.0),
        cycle=np.where(cycle > 0, cycle, np.nan),
    )


def _brands(category: Rows, rng: np.random.Generator) -> Rows:
    """Return a brand per item; each leaf category carries only a few."""
    carried = np.stack([rng.permutation(len(BRANDS))[:BRANDS_PER_LEAF] for _ in LEAVES])
    return carried[category, rng.integers(0, BRANDS_PER_LEAF, len(category))].astype(np.int32)


def prices(truth: ItemTruth, rng: np.random.Generator) -> Floats:
    """Return list prices, (n,), ending in .90 or .50."""
    base = np.array([leaf.price for leaf in LEAVES])[truth.category] * TIER_PRICE[truth.tier]
    raw = base * np.exp(0.15 * rng.standard_normal(len(base)))
    ending = rng.choice([0.9, 0.5], len(base))
    result: Floats = np.maximum(np.floor(raw), 1.0) + ending
    return result


def describe(config: SimulateConfig, truth: ItemTruth, price: Floats, rng: np.random.Generator) -> tuple[Item, ...]:
    """Return the items as the shop knows them: a title in one language, a description in both."""
    n = len(price)
    adjective, size, noun = (rng.integers(0, k, n) for k in (len(ADJECTIVES[0]), len(SIZES[0]), 2))
    return tuple(
        _item(config, truth, i, float(price[i]), int(adjective[i]), int(size[i]), int(noun[i])) for i in range(n)
    )


def _item(config: SimulateConfig, truth: ItemTruth, i: int, price: float, adjective: int, size: int, noun: int) -> Item:
    leaf, material, colour = LEAVES[truth.category[i]], truth.material[i], COLOURS[truth.colour[i]]
    brand, used_up = BRANDS[truth.brand[i]], int(leaf.cycle > 0)
    how, pack = ADJECTIVES[used_up][adjective], SIZES[used_up][size]
    shade = (f"{colour[0]} packet", f"{colour[1]}包装") if used_up else colour
    english = f"{brand[0]} {how[0]} {material} {leaf.nouns[noun]}, {shade[0]}, {pack[0]}"
    chinese = f"{brand[1]} {how[1]}{MATERIALS[material]}{leaf.nouns_zh[noun]} {shade[1]} {pack[1]}"
    titles = (chinese, english) if truth.chinese[i] else (english, chinese)
    return Item(
        item_id=f"p{i:05d}",
        title=titles[0],
        description=f"{titles[1]}. Also called {leaf.nouns[1 - noun]}. 又名{leaf.nouns_zh[1 - noun]}。",
        categories=leaf.path,
        brand=brand[0],
        price=price,
        currency=config.currency,
        attributes={"colour": colour[0], "material": material, "size": pack[0]},
        first_seen=float(truth.launch[i]),
    )
