"""The set-based part of the fold, once for every engine: shopper x facet x half-life sums as Ibis expressions."""

from __future__ import annotations

from math import log

import ibis


def facet_sums(events: ibis.Table, half_lives: tuple[float, ...]) -> ibis.Table:
    """Decayed sums per (shop_id, shopper, facet, value), referenced to the shopper's last time.

    `events` has columns shop_id, shopper, facet, value, time (float seconds) and weight. The result has the four key
    columns, `reference` (the shopper's last time over all facets), ``sum_0`` ... ``sum_{H-1}`` in the order of
    `half_lives` (seconds), `count`, `first` and `last`; its rows are in no order. The expression is bound to no engine:
    the one that `events` comes from runs it.
    """
    shopper = ["shop_id", "shopper"]
    latest = events.group_by(shopper).aggregate(reference=events.time.max())
    aged = events.join(latest, shopper)
    age = aged.reference - aged.time
    sums = {
        f"sum_{i}": (aged.weight * (age * (-log(2.0) / half_life)).exp()).sum()
        for i, half_life in enumerate(half_lives)
    }
    keys = [*shopper, "facet", "value", "reference"]
    return aged.group_by(keys).aggregate(**sums, count=aged.count(), first=aged.time.min(), last=aged.time.max())
