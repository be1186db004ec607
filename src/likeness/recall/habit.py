"""Habit: how a shopper buys an item again, told from counts and first and last times, one number per question.

The purchases between the first and the last are taken as evenly spread, which lets the sum of any fading be written
down without keeping their times.
"""

from __future__ import annotations

import numpy as np

from likeness.recall.tempo import Tempo
from likeness.types import DAY, Floats, Rows, Taste

COLUMNS = (
    "times",  # log of the number of purchases
    "faded_1",  # log of their sum, each halved every pace
    "faded_3",  # every three paces
    "faded_6",
    "faded_12",
    "lately",  # log of all interest over the persona's longest half-life
    "since",  # log of the time since the last one
    "share",  # log of the share of visits since the first that had it
    "missed",  # log of visits since that did not
    "due",  # log of the time since, in units of the shopper's own gap; 0 for a single purchase
    "off",  # how far that is from 1, either way
    "season",  # whether it was bought in the weeks ahead, a year ago
    "visits",  # log of visits: what a shopper of many visits does with all of this
    "owned",  # log of different items bought
    "away",  # log of the time since the last visit
)
FADES = (1.0, 3.0, 6.0, 12.0)  # paces
EARLY = 0.25  # paces added to every time before a logarithm
YEAR, BEFORE, AFTER = 365 * DAY, 15 * DAY, 75 * DAY


def faded(count: Floats, oldest: Floats, latest: Floats, half_life: float) -> Floats:
    """Return the sum of 2^(-age / half_life) over `count` purchases spread evenly from age `oldest` to `latest`.

    A geometric series: exact for one or two purchases.
    """
    step = np.log(2.0) / half_life * np.maximum((oldest - latest) / np.maximum(count - 1.0, 1.0), 1e-9 * half_life)
    return np.asarray(np.exp2(-latest / half_life) * np.expm1(-step * count) / np.expm1(-step))


def habits(taste: Taste, tempo: Tempo) -> tuple[Rows, Floats]:
    """Return the catalogue rows ever bought (m,) and (m, 15) in the order of COLUMNS."""
    pace, kept = tempo.pace, np.flatnonzero(taste.bought > 0)
    count, oldest, latest = (
        taste.bought[kept],
        taste.time - taste.first_bought[kept],
        taste.time - taste.last_bought[kept],
    )
    oldest, latest = np.maximum(oldest, 0.0), np.maximum(latest, 0.0)
    days = np.unique(np.concatenate([oldest, latest]) // DAY)  # visits, as ages in days, latest first
    missed = np.searchsorted(days, latest // DAY)
    since_first = np.searchsorted(days, oldest // DAY) + 1.0
    gap = (oldest - latest) / np.maximum(count - 1.0, 1.0)
    late = np.log((latest + EARLY * pace) / (gap + EARLY * pace)) * (count > 1)
    ahead = [(age >= YEAR - AFTER) & (age <= YEAR + BEFORE) for age in (oldest, latest)]
    visits = np.full(len(kept), float(len(days)))
    return taste.rows[kept], np.column_stack(
        [
            np.log(count),
            *(np.log(faded(count, oldest, latest, fade * pace) + 0.02) for fade in FADES),
            np.log(np.maximum(taste.weights[kept, -1] / tempo.unit, 0.0) + 0.02),
            np.log(latest / pace + EARLY),
            np.log(np.minimum(count, since_first) + 0.3) - np.log(since_first + 1.0),
            np.log(missed + 1.0),
            late,
            np.abs(late),
            (ahead[0] | ahead[1]).astype(float),
            np.log(visits),
            np.log(np.full(len(kept), float(len(kept)))),
            np.log(np.full(len(kept), float(latest.min(initial=np.inf))) / pace + EARLY) if len(kept) else visits,
        ]
    )
