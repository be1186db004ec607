"""Personas of many shoppers at once: every row of the table of feeds, in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise, repeat
from math import inf
from typing import Any

import msgspec
import numpy as np

from likeness.persona.bought import Bought
from likeness.persona.columns import Ints
from likeness.persona.facts import STARS, Facts
from likeness.persona.feeds import FEEDS, Feed, verdict_of
from likeness.persona.log import Log, Mask
from likeness.persona.state import HALF_HOUR, ORDER_DAYS, SLOT, VERDICTS, PersonaState, square_half_lives
from likeness.stats import Beta, Cadence, DecayedSum, Distinct, HeavyHitters, Latest, Quantiles, columns
from likeness.stats.fold import fold_days, fold_keys, fold_moments
from likeness.types import DAY, EVENT_NAMES, PURPOSES, Floats

Part = Iterator[tuple[int, Any]]  # a shopper's code and one statistic
Builder = Callable[[Log, Ints, Facts], Part]


def states_of(log: Log, facts: Facts) -> Iterator[tuple[int, PersonaState]]:
    """Yield (code, state) of every shopper of a log that holds all their events."""
    parts: dict[int, dict[str, Any]] = {code: {} for code in np.unique(log.shopper.code).tolist()}
    facets: dict[int, dict[str, HeavyHitters]] = {code: {} for code in parts}
    for feed in FEEDS:
        rows = np.flatnonzero(_takes(feed, log, facts))
        builder = BUILDERS.get(feed.statistic)
        if not len(rows):
            continue
        if builder is not None:
            for shopper, part in builder(log, rows, facts):
                parts[shopper][feed.statistic] = part
        else:
            for shopper, facet in _facet(feed, log, rows, facts):
                facets[shopper][feed.statistic] = facet
    for shopper, held in parts.items():
        state = PersonaState.empty(facts.config)
        for name, part in held.items():
            setattr(state, name, part)
        state.facets = facets[shopper]
        state.bound()
        yield shopper, state


def _takes(feed: Feed, log: Log, facts: Facts) -> Mask:
    """Return (n,) whether each event feeds the row."""
    names = [name for name in EVENT_NAMES if feed in facts.feeds[name]]
    taken = np.isin(log.codes["event"].code, [EVENT_NAMES.index(name) for name in names])
    for need in feed.needs:
        taken &= log.has(need)
    return taken


def _facet(feed: Feed, log: Log, rows: Ints, facts: Facts) -> Iterator[tuple[int, HeavyHitters]]:
    kind, half_lives = feed.statistic, facts.config.half_lives
    lists = log.lists[kind]
    place, keys = lists.expand(log.codes[lists.column].code[rows])
    source = rows[place]
    fold = fold_keys(
        log.shopper.code[source],
        keys,
        log.numbers["time"][source],
        log.numbers["weight"][source] if feed.weighted else np.ones(len(source)),
        half_lives,
        sources=source,  # rows lie in order of event id among equal times
    )
    return columns.heavy_hitters(fold, half_lives, facts.config.capacities[kind], lists.names, log.ids)


def _bought(log: Log, rows: Ints, facts: Facts) -> Part:
    """Per shopper the purchases per item: count, first and last from one fold, latest days from another."""
    item, shopper, time = log.codes["item"], log.shopper.code[rows], log.numbers["time"][rows]
    fold = fold_keys(shopper, item.code[rows], time, np.ones(len(rows)), (DAY,))
    pair = shopper * len(item.names) + item.code[rows]  # ascends as the fold's rows do
    _, starts, days = fold_days(pair, time, facts.config.cadence_days, DAY)
    flat = days.tolist()
    kept = [flat[a:b] for a, b in pairwise(starts.tolist())]
    numbers = (fold.counts.tolist(), fold.first.tolist(), fold.last.tolist(), kept)
    names = [item.names[key] for key in fold.keys.tolist()]
    bought = [Bought(*record) for record in zip(*numbers, strict=True)]
    for group, (start, stop) in zip(fold.groups.tolist(), pairwise(fold.starts.tolist()), strict=True):
        yield group, dict(zip(names[start:stop], bought[start:stop], strict=True))


def _sum(column: str) -> Builder:
    """Return the builder of a sum of money, decayed and plain."""

    def build(log: Log, rows: Ints, facts: Facts) -> Part:
        half_lives = (*facts.config.half_lives, inf)
        groups, reference, sums = _decayed(log, rows, log.numbers[column][rows], half_lives)
        return zip(groups, map(DecayedSum, repeat(half_lives), reference, sums), strict=False)

    return build


def _mass(log: Log, rows: Ints, facts: Facts) -> Part:
    half_lives = square_half_lives(facts.config)
    groups, reference, sums = _decayed(log, rows, log.numbers["weight"][rows] ** 2, half_lives)
    return zip(groups, map(DecayedSum, repeat(half_lives), reference, sums), strict=False)


def _rating(log: Log, rows: Ints, facts: Facts) -> Part:
    half_lives, outcome = facts.config.half_lives, (log.numbers["rating"][rows] - 1.0) / STARS
    groups, reference, won = _decayed(log, rows, outcome, half_lives)
    _, _, lost = _decayed(log, rows, 1.0 - outcome, half_lives)
    return zip(groups, map(Beta, repeat(half_lives), repeat((1.0, 1.0)), reference, won, lost), strict=False)


def _decayed(
    log: Log, rows: Ints, amounts: Floats, half_lives: tuple[float, ...]
) -> tuple[list[int], list[float], list[list[float]]]:
    """Return shoppers, their last times and their sums (H,) of the rows' amounts decayed to those times."""
    shopper, time = log.shopper.code[rows], log.numbers["time"][rows]  # sorted by both
    groups, starts, counts = np.unique(shopper, return_index=True, return_counts=True)
    last = time[starts + counts - 1]
    age = np.repeat(last, counts) - time
    sums = [np.add.reduceat(amounts * np.exp2(-age / half_life), starts) for half_life in half_lives]
    return groups.tolist(), last.tolist(), np.stack(sums, axis=1).tolist()


def _price(log: Log, rows: Ints, facts: Facts) -> Part:
    half_lives, values = facts.config.half_lives, log.numbers["percentile"][rows]
    fold = fold_moments(log.shopper.code[rows], values, log.numbers["time"][rows], np.ones(len(rows)), half_lives)
    return columns.moments(fold, half_lives)


def _unit_price(log: Log, rows: Ints, facts: Facts) -> Part:
    values, code = np.unique(log.numbers["unit_price"][rows], return_inverse=True)
    shoppers, codes, counts = _pairs(log.shopper.code[rows], code)
    made: dict[int, Quantiles] = {}
    for shopper, value, count in zip(shoppers, values[codes].tolist(), counts, strict=True):
        made.setdefault(shopper, Quantiles()).update(value, weight=float(count))
    yield from made.items()


def _days(capacity: Callable[[Facts], int], unit: float) -> Builder:
    """Return the builder of latest distinct days (or half-hours)."""

    def build(log: Log, rows: Ints, facts: Facts) -> Part:
        keep = capacity(facts)
        groups, starts, days = fold_days(log.shopper.code[rows], log.numbers["time"][rows], keep, unit)
        kept = (days[a:b].tolist() for a, b in pairwise(starts.tolist()))
        return zip(groups.tolist(), (Cadence.from_columns(keep, unit, one) for one in kept), strict=True)

    return build


def _distinct(log: Log, rows: Ints, key: Ints, names: Callable[[int], str]) -> Part:
    """Count different keys per shopper; `names` gives a key's text."""
    made: dict[int, Distinct] = {}
    shoppers, keys, _ = _pairs(log.shopper.code[rows], key)
    for shopper, code in zip(shoppers, keys, strict=True):
        made.setdefault(shopper, Distinct()).update(names(code))
    yield from made.items()


def _pairs(shopper: Ints, key: Ints) -> tuple[list[int], list[int], list[int]]:
    """Return the different pairs, ascending, and how often each is there."""
    low = int(key.min())
    span = int(key.max()) - low + 1
    pairs, counts = np.unique(shopper * span + (key - low), return_counts=True)
    return (pairs // span).tolist(), (pairs % span + low).tolist(), counts.tolist()


def _sessions(log: Log, rows: Ints, facts: Facts) -> Part:
    session = log.codes["session"]
    return _distinct(log, rows, session.code[rows], session.names.__getitem__)


def _slots(log: Log, rows: Ints, facts: Facts) -> Part:
    return _distinct(log, rows, np.floor_divide(log.numbers["time"][rows], SLOT).astype(np.int64), str)


def _consent(log: Log, rows: Ints, facts: Facts) -> Part:
    column, time, made = log.codes["consent"], log.numbers["time"], dict[int, Latest]()
    answers = [msgspec.json.decode(name, type=dict[str, bool]) for name in column.names]
    for row in rows.tolist():
        latest = made.setdefault(int(log.shopper.code[row]), Latest())
        for purpose, granted in answers[column.code[row]].items():
            if purpose in PURPOSES:
                latest.update(purpose, granted, time=float(time[row]), event_id=log.ids[row])
    yield from made.items()


def _verdict(log: Log, rows: Ints, facts: Facts) -> Part:
    """Per shopper the latest word on each item: the last row of each pair, as rows lie in order of time and id."""
    item, event, weight = log.codes["item"], log.codes["event"], log.numbers["weight"]
    names = [verdict_of(event.names[event.code[row]], float(weight[row])) for row in rows.tolist()]
    made: dict[int, Latest] = {}
    for row, said in zip(rows.tolist(), names, strict=True):
        if said is not None:
            latest = made.setdefault(int(log.shopper.code[row]), Latest(VERDICTS))
            key, time = item.names[item.code[row]], float(log.numbers["time"][row])
            latest.update(key, said, time=time, event_id=log.ids[row])
    yield from made.items()


BUILDERS: dict[str, Builder] = {
    "bought": _bought,
    "mass": _mass,
    "rating": _rating,
    "price": _price,
    "unit_price": _unit_price,
    "hours": _days(lambda facts: facts.config.active_hours, HALF_HOUR),
    "order_days": _days(lambda facts: ORDER_DAYS, DAY),
    "slots": _slots,
    "visits": _sessions,
    "orders": _sessions,
    "spent": _sum("value"),
    "refunded": _sum("value"),
    "saved": _sum("discount"),
    "verdict": _verdict,
    "consent": _consent,
}
