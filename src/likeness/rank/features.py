"""Features of recommendations: what every source knows of an item, what the persona says, apart for old and new.

One function for training and for serving. Each source describes the candidates in its own columns (`describe`); what
makes a shopper buy something again differs from what makes them try it, so that every column but those of `again`
stands twice: as it is for items never bought, and with the ending `/again` for those bought before (and 0 for the other
kind).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from likeness.ports import Describes, Source
from likeness.rank.personal import Personal
from likeness.rank.shelf import Shelf
from likeness.types import Catalogue, Floats, Pool, Request, Rows, Taste, Vectors

AGAIN = (
    "bought",
    "times",
    "faded_1",
    "faded_3",
    "faded_6",
    "faded_12",
    "lately",
    "since",
    "share",
    "missed",
    "due",
    "off",
    "season",
    "visits",
    "owned",
    "away",
    "repeat",
    "lately_repeat",
    "ripe",
    "unripe",
)
OTHERS = (
    *(f"popular:{name}" for name in ("week", "month", "season", "year", "ahead", "upswing", "age", "gone")),
    *("together:score", "together:slow", "similar:score", "taste:long", "taste:interest"),
    *(f"related:{name}" for name in ("substitute", "complement", "after", "instead")),
    "factors:score",
    *(f"fresh:{name}" for name in ("new", "demand", "kin", "company", "close", "taste")),
    "looks:score",
    "sequence:score",
)
PERSONAL = ("facet:category", "facet:brand", "taste:recent", "item:history")  # the columns of Personal
PRICE = "facet:price"  # standard deviations from the price percentile the shopper usually buys at, at most 3, negative
BOTH = (*OTHERS, *PERSONAL, PRICE)
NAMES = (*(f"again:{name}" for name in AGAIN), *BOTH, *(f"{name}/again" for name in BOTH))
BOUGHT = NAMES.index("again:bought")
OLD = slice(len(AGAIN) + len(BOTH), len(AGAIN) + 2 * len(BOTH))  # columns of items bought before
NEW = slice(len(AGAIN), len(AGAIN) + len(BOTH))
STEADY = 0.1  # least standard deviation of a shopper's price percentiles


class RecommendFeatures:
    """Turns a pool for a request without text into features, in the order of NAMES; unknown columns stay 0."""

    names = NAMES

    def __init__(self, catalogue: Catalogue, vectors: Vectors, sources: Mapping[str, Source]) -> None:
        """Read the catalogue, its (n_items, d) unit vectors and the sources that describe."""
        self._personal = Personal(catalogue, Shelf(catalogue), vectors)
        self._percentile = catalogue.percentile
        self._sources = [source for source in sources.values() if isinstance(source, Describes)]

    def __call__(self, pool: Pool, request: Request) -> Floats:
        """Return (n, F) features of the pool's rows."""
        out = np.zeros((len(pool.rows), len(NAMES)))
        if not len(pool.rows):
            return out
        place = {name: column for column, name in enumerate(NAMES)}
        for source in self._sources:
            known = [place.get(f"{source.name}:{column}", -1) for column in source.columns]
            taken = np.array(known) >= 0
            out[:, np.array(known)[taken]] = source.describe(pool, request)[:, taken]
        first = place[PERSONAL[0]]
        if request.taste.known:
            out[:, first : first + len(PERSONAL)] = self._personal(pool.rows, request.taste)
            out[:, place[PRICE]] = self._price(pool.rows, request.taste)
        return _apart(out)

    def _price(self, rows: Rows, taste: Taste) -> Floats:
        if taste.price is None:
            return np.zeros(len(rows))
        mean, deviation = taste.price
        far = np.minimum(np.abs(self._percentile[rows] - mean) / max(deviation, STEADY), 3.0)
        return -np.nan_to_num(far, nan=0.0)


def _apart(features: Floats) -> Floats:
    """Move what is said of items bought before to the columns that are theirs."""
    bought = features[:, [BOUGHT]] > 0
    features[:, OLD] = np.where(bought, features[:, NEW], 0.0)
    features[:, NEW] = np.where(bought, 0.0, features[:, NEW])
    return features
