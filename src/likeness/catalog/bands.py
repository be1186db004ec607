"""Cheap or dear: a price's percentile within its category, and the fifth it falls into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from likeness.types import Floats, Rows

BANDS = 5
FEWEST = 10  # prices; a smaller category is judged within its parent, and at last within the whole shelf
PATH = " > "


def price_bands(price: Floats, category: Rows, names: Sequence[str]) -> tuple[Rows, Floats]:
    """Return (n,) price bands, 0 cheapest to 4 dearest, and (n,) percentiles from 0 to 1; -1 and NaN without a price.

    The percentile is the share of cheaper prices plus half the share of equal ones, so equal prices share a band.
    """
    percentile = np.full(len(price), np.nan)
    for members, judged in _groups(price, category, names):
        shelf = np.sort(price[members])
        asked = price[judged]
        below, upto = np.searchsorted(shelf, asked, "left"), np.searchsorted(shelf, asked, "right")
        percentile[judged] = (below + upto) / (2 * len(shelf))
    band = np.where(np.isnan(percentile), -1, np.minimum(np.nan_to_num(percentile) * BANDS, BANDS - 1))
    return band.astype(np.int32), percentile


def _groups(price: Floats, category: Rows, names: Sequence[str]) -> list[tuple[Rows, Rows]]:
    """Return (rows to compare with, rows to judge): every priced row is judged once."""
    priced = np.flatnonzero(~np.isnan(price)).astype(np.int32)
    members: defaultdict[str, list[int]] = defaultdict(list)
    paths = [_prefixes(name) for name in names]
    for row in priced:
        for prefix in paths[category[row]] if category[row] >= 0 else [""]:
            members[prefix].append(int(row))
    judged: defaultdict[str, list[int]] = defaultdict(list)
    for row in priced:
        own = paths[category[row]] if category[row] >= 0 else [""]
        judged[next((prefix for prefix in reversed(own) if len(members[prefix]) >= FEWEST), "")].append(int(row))
    return [(np.array(members[key], np.int32), np.array(rows, np.int32)) for key, rows in judged.items()]


def _prefixes(name: str) -> list[str]:
    """Return the whole shelf "", then every prefix of a path, root first."""
    steps = name.split(PATH)
    return ["", *(PATH.join(steps[: depth + 1]) for depth in range(len(steps)))]
