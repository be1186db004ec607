"""Tempo: how long this shop's shoppers wait between purchases, and what a purchase weighs; the units of the sources.

A half-life in paces suits a grocer and a furniture shop alike; with positions instead of times one step is one pace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from likeness.errors import StoreError
from likeness.types import DAY, EVENT_NAMES, Interactions

PURCHASE = EVENT_NAMES.index("purchase")
SHORTEST, USUAL, LONGEST = DAY, 30 * DAY, 90 * DAY  # seconds; USUAL where nobody came twice
FILE = "tempo.json"


class Tempo(msgspec.Struct, frozen=True, kw_only=True):
    """The two units in which sources measure time and weight."""

    pace: float  # seconds: the median time between a shopper's purchase days, from one day to ninety
    unit: float  # the weight of a purchase, which counts as one

    @classmethod
    def of(cls, log: Interactions) -> Self:
        """Measure a log."""
        bought = log.weight[log.event == PURCHASE]
        return cls(pace=_pace(log), unit=float(bought.max()) if len(bought) and bought.max() > 0 else 1.0)

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        (folder / FILE).write_bytes(msgspec.json.encode(self))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing or damaged."""
        try:
            return msgspec.json.decode((folder / FILE).read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as broken:
            raise StoreError(f"{folder / FILE} cannot be read: {broken}.", remedy="Fit the shop again.") from broken


def _pace(log: Interactions) -> float:
    if log.clock == "position":
        return DAY
    bought = (log.event == PURCHASE) & (log.shopper >= 0)
    days = np.unique(np.column_stack([log.shopper[bought], log.time[bought] // DAY]), axis=0)
    gaps = np.diff(days[:, 1])[days[1:, 0] == days[:-1, 0]]
    return float(np.clip(np.median(gaps) * DAY, SHORTEST, LONGEST)) if len(gaps) else USUAL
