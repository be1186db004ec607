"""Pace: how long this shop's shoppers usually wait between purchases, the unit in which sources forget.

A half-life in paces suits a grocer and a furniture shop alike; with positions instead of times one step is one pace.
"""

from __future__ import annotations

import numpy as np

from likeness.types import DAY, EVENT_NAMES, Interactions

PURCHASE = EVENT_NAMES.index("purchase")
SHORTEST, USUAL, LONGEST = DAY, 30 * DAY, 90 * DAY  # seconds; USUAL where nobody came twice


def pace(log: Interactions) -> float:
    """Return the median seconds between a shopper's purchase days, from one day to ninety."""
    if log.clock == "position":
        return DAY
    bought = (log.event == PURCHASE) & (log.shopper >= 0)
    days = np.unique(np.column_stack([log.shopper[bought], log.time[bought] // DAY]), axis=0)
    same = days[1:, 0] == days[:-1, 0]
    gaps = np.diff(days[:, 1])[same]
    return float(np.clip(np.median(gaps) * DAY, SHORTEST, LONGEST)) if len(gaps) else USUAL


def unit(log: Interactions) -> float:
    """Return the weight of a purchase, which counts as one; 1 where the log holds none."""
    bought = log.weight[log.event == PURCHASE]
    return float(bought.max()) if len(bought) and bought.max() > 0 else 1.0
