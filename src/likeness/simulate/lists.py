"""What people are shown and what they click: lists by the shop's own simple ranking, looked at from the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.simulate.config import SimulateConfig
from likeness.simulate.truth import Truth
from likeness.simulate.visits import Visits
from likeness.types import Floats, Rows

HOME, CATEGORY, SEARCH = 0, 1, 2
BESTSELLERS = 120  # the home page shows some of these
MORE_LISTS = 0.8  # mean number of further lists in a visit
CLICK_BIAS = -0.6
INTENT = 0.4  # added appeal of items of the category one came for
ASK_BRAND, ASK_COLOUR, ASK_MATERIAL = 0.25, 0.25, 0.15  # how often a query names them
BLOCK = 20_000  # lists ranked at once, to bound memory


@dataclass(frozen=True, kw_only=True)
class Lists:
    """L lists of up to m places."""

    visit: NDArray[np.int64]  # (L,) row in Visits
    shopper: Rows
    time: Floats
    kind: Rows  # HOME, CATEGORY or SEARCH
    target: Rows  # (L,) the item the shopper has in mind; a query describes it
    asked: NDArray[np.bool_]  # (L, 3) whether brand, colour, material are asked for
    shown: Rows  # (L, m) items by place, -1 past the end
    appeal: Floats  # (L, m)
    clicked: NDArray[np.bool_]  # (L, m)


def appeal(truth: Truth, shopper: Rows, phase: Rows, items: Rows) -> Floats:
    """Return (L, n): what each shopper sees in each item, category aside. Zero is indifference."""
    shelf = truth.items
    brand = truth.brand[phase[:, None], shopper[:, None], shelf.brand[items][None, :]] * len(truth.brands)
    colour = truth.colour[shopper[:, None], shelf.colour[items][None, :]] * len(truth.colours)
    away = np.abs(truth.tier[shopper][:, None] - shelf.tier[items][None, :])
    return (
        np.clip(0.55 * np.log(brand), -1.5, 2.0)
        + np.clip(0.35 * np.log(np.maximum(colour, 1e-6)), -1.0, 1.0)
        - 0.8 * away
        + 0.5 * shelf.quality[items][None, :]
    )


def category_appeal(truth: Truth, shopper: Rows, phase: Rows, items: Rows) -> Floats:
    """Return (L, n): what the items' categories add when a list mixes categories."""
    liking = truth.category[phase[:, None], shopper[:, None], truth.items.category[items][None, :]]
    return np.clip(0.6 * np.log(liking * len(truth.categories)), -1.5, 1.5)


def draw_lists(config: SimulateConfig, truth: Truth, visits: Visits, rng: np.random.Generator) -> Lists:
    """Return every list of every visit."""
    count = 1 + np.minimum(rng.poisson(MORE_LISTS, len(visits)), 4)
    visit = np.repeat(np.arange(len(visits)), count)
    nth = np.arange(len(visit)) - np.repeat(count.cumsum() - count, count)
    time = visits.time[visit] + nth * 150.0 + rng.random(len(visit)) * 60
    browse = np.where(rng.random(len(visit)) < 0.4, HOME, CATEGORY)
    kind = np.where(rng.random(len(visit)) < config.search_share, SEARCH, browse).astype(np.int32)
    n, m = len(visit), config.list_length
    lists = Lists(
        visit=visit,
        shopper=visits.shopper[visit],
        time=time,
        kind=kind,
        target=np.full(n, -1, np.int32),
        asked=rng.random((n, 3)) < np.array([ASK_BRAND, ASK_COLOUR, ASK_MATERIAL]),
        shown=np.full((n, m), -1, np.int32),
        appeal=np.zeros((n, m)),
        clicked=np.zeros((n, m), bool),
    )
    for members, pool in _pools(truth, lists, visits.category[visit]):
        for start in range(0, len(members), BLOCK):
            _show(config, truth, lists, members[start : start + BLOCK], pool, rng)
    return lists


def _pools(truth: Truth, lists: Lists, category: Rows) -> list[tuple[NDArray[np.int64], Rows]]:
    """Return (lists, the items they choose from): bestsellers at home, else one category."""
    best = np.argsort(-truth.items.popularity, kind="stable")[:BESTSELLERS].astype(np.int32)
    pools = [(np.flatnonzero(lists.kind == HOME), best)]
    for code in range(len(truth.categories)):
        members = np.flatnonzero((lists.kind != HOME) & (category == code))
        pools.append((members, np.flatnonzero(truth.items.category == code).astype(np.int32)))
    return pools


def _show(
    config: SimulateConfig, truth: Truth, lists: Lists, members: NDArray[np.int64], pool: Rows, rng: np.random.Generator
) -> None:
    """Fill in target, shown, appeal and clicked of some lists that choose from one pool."""
    if len(members) == 0:
        return
    shelf, shopper, time = truth.items, lists.shopper[members], lists.time[members]
    phase = truth.phase(shopper, time)
    home = lists.kind[members[0]] == HOME
    liking = appeal(truth, shopper, phase, pool)
    liking += category_appeal(truth, shopper, phase, pool) if home else INTENT
    absent = time[:, None] < shelf.launch[pool][None, :]
    target = pool[np.argmax(np.where(absent, -np.inf, liking + rng.gumbel(size=liking.shape)), axis=1)]
    score = (
        shelf.popularity[pool][None, :] + rng.gumbel(size=liking.shape) + _match(truth, lists, members, target, pool)
    )
    score[absent] = -np.inf
    order = np.argsort(-score, axis=1, kind="stable")[:, : config.list_length]
    width = order.shape[1]
    gone = np.take_along_axis(absent, order, axis=1)
    lists.target[members] = target
    lists.shown[members, :width] = np.where(gone, -1, pool[order])
    lists.appeal[members, :width] = np.take_along_axis(liking, order, axis=1)
    lists.clicked[members, :width] = ~gone & _clicks(config, lists.appeal[members, :width], rng)


def _match(truth: Truth, lists: Lists, members: NDArray[np.int64], target: Rows, pool: Rows) -> Floats:
    """Return (L, n): searched items that have what was asked for rank higher."""
    shelf = truth.items
    asked = lists.asked[members] & (lists.kind[members] == SEARCH)[:, None]
    same_brand = shelf.brand[target][:, None] == shelf.brand[pool][None, :]
    same_colour = shelf.colour[target][:, None] == shelf.colour[pool][None, :]
    result: Floats = 3.0 * (asked[:, :1] & same_brand) + 2.0 * (asked[:, 1:2] & same_colour)
    return result


def _clicks(config: SimulateConfig, liking: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return (L, m): looked at (falls with the place) and found attractive."""
    place = np.arange(1, liking.shape[1] + 1)
    chance = place**-config.position_bias / (1 + np.exp(-(CLICK_BIAS + liking)))
    result: NDArray[np.bool_] = rng.random(liking.shape) < chance
    return result
