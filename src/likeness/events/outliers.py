"""Outliers by robust z-score: quantities against all quantities, unit prices against the item's own."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.events.draft import Draft, Mask
from likeness.types import Floats

QUANTITY_Z, QUANTITY_SPREAD, QUANTITY_SEEN = 5.0, 1.0, 1_000
PRICE_Z, PRICE_SPREAD, PRICE_SEEN = 6.0, 0.35, 10
"""Largest z-score, least spread (natural logarithm), and how many must have been seen before anything is judged."""

STEP = 1 / 32  # of the histograms of logarithms: 3 % of a price
BINS = 2_048
MOST_ITEMS = 1_000_000

Cells = NDArray[np.int64]


class Outliers:
    """Histograms of the logarithm of quantities and unit prices; they grow with the file, rows before decide.

    z = (x - median) / max(1.4826 MAD, least spread) on logarithms (Iglewicz and Hoaglin 1993). A value beyond the
    largest z is set to the bound, so a bulk order stays large and a slip of the keyboard does no harm. Low prices are
    left as they are: sales are meant.
    """

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._quantities = np.zeros(BINS, np.int64)
        self._codes: dict[str, int] = {}
        self._keys: Cells = np.empty(0, np.int64)  # item code * BINS + bin, sorted
        self._counts: Cells = np.empty(0, np.int64)

    def check(self, draft: Draft) -> None:
        """Cap quantities and prices of living purchases, with the line's value."""
        bought = draft.alive & draft.is_event("purchase")
        if bought.any():
            self._check_quantities(draft, bought & draft.has("quantity"))
            self._check_prices(draft, bought & draft.has("value") & draft.has("item_id"))

    def _check_quantities(self, draft: Draft, mask: Mask) -> None:
        logs = np.log(draft.number["quantity"][mask])
        self._quantities += np.bincount(_bins(logs), minlength=BINS)
        if self._quantities.sum() < QUANTITY_SEEN:
            return
        keys = np.flatnonzero(self._quantities)
        middle, spread = _centre(keys, self._quantities[keys])
        most = _log_of(middle[0]) + QUANTITY_Z * max(QUANTITY_SPREAD, 1.4826 * STEP * spread[0])
        over = mask.copy()
        over[mask] = logs > most
        if over.any():
            draft.mend("outlier_quantity", over, draft.shown("quantity", over))
            self._scale(draft, over, np.floor(np.exp(most)) / draft.number["quantity"][over], "quantity")

    def _check_prices(self, draft: Draft, mask: Mask) -> None:
        quantity = np.where(np.isnan(draft.number["quantity"]), 1.0, draft.number["quantity"])[mask]
        logs = np.log(draft.number["value"][mask] / quantity)
        code = self._code(draft, mask)
        self._learn(code[code >= 0] * BINS + _bins(logs[code >= 0]))
        most = self._bounds(code)
        off = logs > most
        if off.any():
            over = mask.copy()
            over[mask] = off
            draft.mend("outlier_price", over, draft.shown("price" if draft.has("price").any() else "value", over))
            self._scale(draft, over, np.exp((most - logs)[off]), "price")

    def _scale(self, draft: Draft, mask: Mask, factor: Floats, field: str) -> None:
        for name in (field, "value"):
            draft.number[name][mask] *= factor

    def _code(self, draft: Draft, mask: Mask) -> Cells:
        codes = pc.dictionary_encode(draft.text["item_id"].filter(mask))
        known = self._codes
        for name in codes.dictionary.to_pylist():
            if name not in known and len(known) < MOST_ITEMS:
                known[name] = len(known)
        mine = np.array([known.get(name, -1) for name in codes.dictionary.to_pylist()], np.int64)
        return np.asarray(mine[codes.indices.to_numpy()], np.int64)

    def _learn(self, keys: Cells) -> None:
        new, counts = np.unique(keys, return_counts=True)
        merged, where = np.unique(np.concatenate([self._keys, new]), return_inverse=True)
        self._counts = np.bincount(where, np.concatenate([self._counts, counts]), len(merged)).astype(np.int64)
        self._keys = merged

    def _bounds(self, code: Cells) -> Floats:
        """Return the largest logarithm of each event's item; infinite where too little was seen."""
        present = np.isin(self._keys // BINS, code)
        keys, counts = self._keys[present], self._counts[present]
        middle, spread = _centre(keys, counts)
        items, at = np.unique(keys // BINS, return_inverse=True)
        width = np.where(
            np.bincount(at, counts) < PRICE_SEEN, np.inf, PRICE_Z * np.maximum(PRICE_SPREAD, 1.4826 * STEP * spread)
        )
        place = np.minimum(np.searchsorted(items, code), max(0, len(items) - 1))
        return _log_of(middle)[place] + np.where(code < 0, np.inf, width[place])


def _bins(logs: Floats) -> Cells:
    return np.clip(np.round(logs / STEP) + BINS // 2, 0, BINS - 1).astype(np.int64)


def _log_of(bins: Floats) -> Floats:
    return (bins - BINS // 2) * STEP


def _centre(keys: Cells, counts: Cells) -> tuple[Floats, Floats]:
    """Return the median bin and the median distance from it in bins, one per item of the sorted keys."""
    item = np.unique(keys // BINS, return_inverse=True)[1]
    middle = _median(item, (keys % BINS).astype(np.float64), counts)
    return middle, _median(item, np.abs(keys % BINS - middle[item]), counts)


def _median(group: Cells, value: Floats, counts: Cells) -> Floats:
    order = np.lexsort((value, group))
    running = np.cumsum(counts[order])
    total = np.bincount(group, counts)
    before = np.cumsum(total) - total
    return value[order][np.searchsorted(running, before + total / 2)]
