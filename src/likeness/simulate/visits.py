"""When people come, and what they come for: hours of the week, seasons, intents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.simulate.config import SimulateConfig
from likeness.simulate.truth import Truth
from likeness.simulate.vocabulary import LEAVES
from likeness.types import DAY, Floats, Rows

DEVICES = ("mobile", "desktop", "tablet")
YEAR = 365.2425 * DAY
MONDAY = 4 * DAY  # 1970-01-05
SEASON_HEIGHT = 1.5  # a category at its peak sells 2.5 times as much as far from it
GROWTH = 0.3  # more visits at the end of the period than at its start
FESTIVE = 0.5  # more visits in the last six weeks of the year


@dataclass(frozen=True, kw_only=True)
class Visits:
    """One row per visit, in no particular order."""

    shopper: Rows
    time: Floats
    category: Rows  # what the visit is for
    named: NDArray[np.bool_]  # False: the log carries no id
    device: Rows  # code into DEVICES

    def __len__(self) -> int:
        """Return the number of visits."""
        return len(self.shopper)


def draw(cumulative: Floats, row: Rows, rng: np.random.Generator) -> Rows:
    """Return one column per entry of `row`, drawn from that row of `cumulative` (R, C), whose rows end at one."""
    columns = cumulative.shape[1]
    flat = (cumulative + np.arange(len(cumulative))[:, None]).ravel()
    at = np.searchsorted(flat, row + rng.random(len(row)), side="right")
    result: Rows = np.clip(at - row.astype(np.int64) * columns, 0, columns - 1).astype(np.int32)
    return result


def season(category: Rows, time: Floats) -> Floats:
    """Return demand relative to the quiet months, 1 to 2.5."""
    peak = np.array([leaf.peak for leaf in LEAVES])[category]
    month = (time % YEAR) / YEAR * 12 + 0.5
    away = np.abs((month - peak + 6) % 12 - 6)
    return np.where(peak > 0, 1 + SEASON_HEIGHT * np.exp(-0.5 * (away / 1.2) ** 2), 1.0)


def draw_visits(config: SimulateConfig, truth: Truth, rng: np.random.Generator) -> Visits:
    """Return the visits that are not repurchases."""
    activity = rng.standard_gamma(1.2, config.shoppers) + 0.02
    count = rng.poisson(config.visits_per_shopper * activity / activity.mean())
    shopper = np.repeat(np.arange(config.shoppers, dtype=np.int32), count)
    time, category = np.empty(len(shopper)), np.empty(len(shopper), np.int32)
    open_ = np.arange(len(shopper))
    while len(open_):  # rejection: a time and a category are kept as often as the category is in season then
        time[open_] = _times(config, truth, shopper[open_], rng)
        category[open_] = intents(truth, shopper[open_], time[open_], rng)
        open_ = open_[rng.random(len(open_)) * (1 + SEASON_HEIGHT) > season(category[open_], time[open_])]
    inside = time < config.start + config.days * DAY
    return visits_of(config, shopper[inside], time[inside], category[inside], rng)


def visits_of(config: SimulateConfig, shopper: Rows, time: Floats, category: Rows, rng: np.random.Generator) -> Visits:
    """Return visits with a device and with or without an id."""
    n = len(shopper)
    usual = rng.choice(3, config.shoppers, p=[0.6, 0.33, 0.07])[shopper]
    device = np.where(rng.random(n) < 0.85, usual, rng.integers(0, 3, n))
    named = rng.random(n) >= config.nameless_share
    return Visits(shopper=shopper, time=time, category=category, named=named, device=device.astype(np.int32))


def _times(config: SimulateConfig, truth: Truth, shopper: Rows, rng: np.random.Generator) -> Floats:
    """Return visit times: a day by growth and festive season, moved within its week to the shopper's own hours."""
    day = np.arange(config.days)
    of_year = ((config.start + day * DAY) % YEAR) / YEAR
    weight = 1 + GROWTH * day / config.days + FESTIVE * (of_year > 1 - 42 / 365)
    drawn = draw((weight.cumsum() / weight.sum())[None, :], np.zeros(len(shopper), np.int32), rng)
    moment = config.start + drawn * DAY
    week = moment - (moment - MONDAY) % (7 * DAY)
    hour = draw(truth.habit.cumsum(axis=1), shopper, rng)
    time = week + hour * 3600.0 + rng.random(len(shopper)) * 3600
    result: Floats = np.where(time < config.start, time + 7 * DAY, time)
    return result


def intents(truth: Truth, shopper: Rows, time: Floats, rng: np.random.Generator) -> Rows:
    """Return a category per visit, by the shopper's preference at that time."""
    people, categories = truth.category.shape[1:]
    row = (truth.phase(shopper, time) * people + shopper).astype(np.int32)
    return draw(truth.category.reshape(-1, categories).cumsum(axis=1), row, rng)
