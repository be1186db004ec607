"""The shoppers: latent personas, and each person's own version of one, before and after the drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.simulate.config import SimulateConfig
from likeness.simulate.truth import AFTER, BEFORE, ItemTruth, Truth
from likeness.simulate.vocabulary import BRANDS, COLOURS, HABITS, KINDS, LEAVES, Habit
from likeness.types import DAY, Floats, Rows

KIND_WEIGHTS = np.array([0.4, 0.3, 0.2, 0.1])  # over a persona's own categories, most liked first
OWN_CONCENTRATION = 12.0  # of the Dirichlet around the persona: higher, closer to it


def draw_people(config: SimulateConfig, items: ItemTruth, rng: np.random.Generator) -> Truth:
    """Return everything that is true of the shoppers, and the items with it."""
    s = config.shoppers
    kinds = _kind_categories(config.focus)
    before = rng.choice(len(KINDS), s, p=rng.dirichlet(np.full(len(KINDS), 10.0)))
    drifts = rng.random(s) < config.drift_share
    persona = np.stack([before, np.where(drifts, (before + rng.integers(1, len(KINDS), s)) % len(KINDS), before)])
    category = _category(kinds, persona, drifts, rng)
    brand = _brand(kinds, persona, drifts, rng)
    tier = np.clip(np.array([k.tier for k in KINDS])[before] + 0.3 * rng.standard_normal(s), 0, 2)
    colour = rng.dirichlet(np.full(len(COLOURS), 0.6), s)
    if not config.taste:
        category, brand = (np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape).copy() for x in (category, brand))
        colour, tier = np.full_like(colour, 1 / len(COLOURS)), np.full(s, 1.0)
    return Truth(
        categories=tuple(" > ".join(leaf.path) for leaf in LEAVES),
        brands=tuple(name for name, _ in BRANDS),
        colours=tuple(name for name, _ in COLOURS),
        personas=tuple(kind.name for kind in KINDS),
        persona_category=kinds,
        shoppers=_names(config, rng),
        persona=persona.astype(np.int32),
        category=category,
        brand=brand,
        colour=colour,
        tier=tier,
        deal=rng.beta(1.5, 3.0, s),
        chinese=rng.random(s) < config.chinese_share,
        habit=_habits(before.astype(np.int32), rng),
        drift_time=np.where(drifts, config.start + config.drift_at * config.days * DAY, np.nan),
        items=items,
    )


def _names(config: SimulateConfig, rng: np.random.Generator) -> tuple[str, ...]:
    visitor = rng.random(config.shoppers) < config.visitor_share
    return tuple(f"v{i:06d}" if v else f"u{i:06d}" for i, v in enumerate(visitor))


def _kind_categories(focus: float) -> Floats:
    """Return (K, C): `focus` on the persona's own categories, the rest spread evenly."""
    leaf = {leaf.path[-1]: code for code, leaf in enumerate(LEAVES)}
    result = np.full((len(KINDS), len(LEAVES)), (1 - focus) / len(LEAVES))
    for k, kind in enumerate(KINDS):
        result[k, [leaf[name] for name in kind.leaves]] += focus * KIND_WEIGHTS
    return result


def _dirichlet(mean: Floats, concentration: float, rng: np.random.Generator) -> Floats:
    """Return one draw per row around the rows of `mean`."""
    gamma = rng.standard_gamma(np.maximum(mean * concentration, 1e-3))
    result: Floats = gamma / gamma.sum(axis=-1, keepdims=True)
    return result


def _category(kinds: Floats, persona: Rows, drifts: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Return (2, S, C)."""
    drawn = _dirichlet(kinds[persona], OWN_CONCENTRATION, rng)
    drawn[AFTER] = np.where(drifts[:, None], drawn[AFTER], drawn[BEFORE])
    result: Floats = 0.95 * drawn + 0.05 / kinds.shape[1]
    return result


def _brand(kinds: Floats, persona: Rows, drifts: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Return (2, S, B): a persona leans to some brands, its people to fewer."""
    lean = rng.dirichlet(np.full(len(BRANDS), 0.5), len(kinds))
    drawn = _dirichlet(0.7 * lean[persona] + 0.3 / len(BRANDS), 6.0, rng)
    drawn[AFTER] = np.where(drifts[:, None], drawn[AFTER], drawn[BEFORE])
    result: Floats = 0.9 * drawn + 0.1 / len(BRANDS)
    return result


def _habits(persona: Rows, rng: np.random.Generator) -> Floats:
    """Return (S, 168): the persona's usual hours, shifted by up to an hour or two for each person."""
    shift = 1.0 * rng.standard_normal(len(persona))
    hours = np.arange(24.0)[None, :] + 0.5 - shift[:, None]
    result = np.empty((len(persona), 168))
    for k, kind in enumerate(KINDS):
        here = persona == k
        result[here] = _week(HABITS[kind.habit], hours[here])
    result /= result.sum(axis=1, keepdims=True)
    return result


def _week(habit: Habit, hours: Floats) -> Floats:
    """Return (n, 168) unnormalised weights for (n, 24) shifted hours of the day."""
    days = []
    for bumps in (habit.working, habit.weekend):
        day = np.full(hours.shape, 0.05)
        for at, width, height in bumps:
            away = np.abs((hours - at + 12) % 24 - 12)  # around the clock
            day += height * np.exp(-0.5 * (away / width) ** 2)
        days.append(day)
    return np.concatenate([np.tile(days[0], 5), np.tile(days[1], 2)], axis=1)
