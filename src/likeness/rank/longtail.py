"""Long-tail promotion: less for what everybody buys anyway, at a price in accuracy that `bench/cold.py --tail` prints.

An item's score falls by strength x log of its popularity percentile among the items sold, measured down to FLOOR: the
most bought item stays where it is, the least bought gains strength x log(1 / FLOOR). Scores are log-odds (see
rank/train), so that `strength` = 1 doubles the odds of an item at half the percentile. Subtracting the logarithm of
popularity is the post-hoc logit adjustment of Menon et al. (Long-tail learning via logit adjustment, ICLR 2021); the
percentile instead of the share keeps it bounded whatever the shop's concentration.
"""

from __future__ import annotations

import numpy as np

from likeness.types import Floats, Rows

FLOOR = 0.05  # percentile below which items gain no more: a product that never sold is no discovery


def percentiles(demand: Floats) -> Floats:
    """Return (n,) in (0, 1]: the share of the items in demand that are wanted no more than this one.

    Items of equal demand share the mean percentile of their places, so that no order of rows matters; an item without
    demand has the lowest of all.

    >>> percentiles(np.array([0.0, 1.0, 9.0, 1.0, 4.0])).tolist()
    [0.0, 0.375, 1.0, 0.375, 0.75]
    """
    wanted = np.sort(demand[demand > 0])
    if not len(wanted):
        return np.zeros(len(demand))
    below, upto = np.searchsorted(wanted, demand, "left"), np.searchsorted(wanted, demand, "right")
    return np.asarray(np.where(demand > 0, (below + 1 + upto) / 2, 0.0) / len(wanted))


class LongTail:
    """What promotion adds to the scores of a pool."""

    def __init__(self, demand: Floats) -> None:
        """Read the demand (n,) of every catalogue row, in any unit; a row without any is new."""
        self._gain = -np.log(np.maximum(percentiles(demand), FLOOR))
        self._new = (demand <= 0).astype(np.float64)

    def adjustment(self, rows: Rows, strength: float, *, new: float = 0.0) -> Floats:
        """Return (k,) what to add to the scores of `rows`: 0 for the most popular, strength x log(1 / FLOOR) at most.

        `new` is added to what nobody ever bought. Raises ValueError for a negative strength.
        """
        if strength < 0:
            raise ValueError(f"strength {strength} is negative: 0 promotes nothing, 1 doubles odds at half percentile.")
        return np.asarray(strength * self._gain[rows] + new * self._new[rows])


def promoted(rows: Rows, scores: Floats, tail: LongTail, strength: float, n: int, *, new: float = 0.0) -> Rows:
    """Return the first `n` of `rows` by adjusted score, ties by row."""
    adjusted = scores + tail.adjustment(rows, strength, new=new)
    return rows[np.lexsort((rows, -adjusted))][:n]
