"""Tokens: a shopper's history as a sequence net reads it. ONE function, for training and for serving.

A token is an item at its last touch, so a history has each item once: oldest first, and where moments are equal the
higher catalogue row first, as a taste lists them backwards. Beside its item a token says what became of it (kind), how
long after the token before it came (gap) and how dear the item is on its shelf (band). Nothing else is known of it.

Searches can join the same sequence through the text half of an item vector: a token whose vector is the projected
query. A log of `Interactions` holds no query text, so no net is trained on them yet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.types import Clock, Floats

Ints = NDArray[np.int64]

BOUGHT, TOUCHED, DISLIKED = 0, 1, 2
KINDS = 3
EDGES = np.array(
    [600.0, 3600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0, 15_552_000.0]
)  # seconds: 10 minutes to 180 days
GAPS = len(EDGES) + 2  # 0 where nothing came before, or where times are positions
BANDS = 6  # 0 unknown, then cheapest to dearest


class Tokens(NamedTuple):
    """Columns of the same length, one place per token, each shopper's in a run."""

    owner: Ints
    row: Ints  # catalogue row
    kind: Ints  # BOUGHT, TOUCHED or DISLIKED
    gap: Ints  # below GAPS
    band: Ints  # below BANDS
    time: Floats  # the last touch


def tokens_of(
    owner: Ints, row: Ints, last: Floats, bought: Floats, weight: Floats, *, bands: NDArray[np.int32], clock: Clock
) -> Tokens:
    """Return the tokens of (owner, item) pairs, none twice, in any order.

    `last` (n,) is the time of the last touch, `bought` (n,) the number of purchases, `weight` (n,) the signed weight of
    all touches (below zero: disliked or sent back), `bands` (n_items,) the catalogue's price bands.
    """
    order = np.lexsort((-row, last, owner))
    owner, row, last, bought, weight = owner[order], row[order], last[order], bought[order], weight[order]
    kind = np.where(weight < 0, DISLIKED, np.where(bought > 0, BOUGHT, TOUCHED))
    return Tokens(
        owner=owner.astype(np.int64),
        row=row.astype(np.int64),
        kind=kind.astype(np.int64),
        gap=_gaps(owner, last, clock),
        band=bands[row].astype(np.int64) + 1,
        time=last,
    )


def chosen_tokens(tokens: Tokens, entries: Ints | slice) -> Tokens:
    """Return some of the tokens, in the order given, as they are."""
    return Tokens(
        owner=tokens.owner[entries],
        row=tokens.row[entries],
        kind=tokens.kind[entries],
        gap=tokens.gap[entries],
        band=tokens.band[entries],
        time=tokens.time[entries],
    )


def _gaps(owner: Ints, last: Floats, clock: Clock) -> Ints:
    gap = np.zeros(len(owner), np.int64)
    if clock == "time" and len(owner) > 1:
        follows = owner[1:] == owner[:-1]
        bucket = np.searchsorted(EDGES, np.diff(last), side="right") + 1
        gap[1:] = np.where(follows, bucket, 0)
    return gap
