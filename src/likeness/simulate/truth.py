"""What is really so in the synthetic shop, for tests that ask how much of it was recovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.types import Floats, Rows

BEFORE, AFTER = 0, 1


@dataclass(frozen=True, kw_only=True)
class ItemTruth:
    """The latent side of the shelf, one row per item."""

    category: Rows  # code into Truth.categories
    brand: Rows
    colour: Rows
    material: tuple[str, ...]
    tier: Rows  # 0 budget, 1 middle, 2 premium
    chinese: NDArray[np.bool_]  # the title is Chinese
    quality: Floats  # standard normal; raises clicks, purchases and ratings for everyone
    popularity: Floats  # log-weight with which the shop's own lists show it
    launch: Floats  # time from which it is shown
    cycle: Floats  # days until used up, NaN where it is not a consumable


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Latent personas, preferences before and after the drift, and the items' features.

    Preferences are probability distributions (rows sum to one). With `taste=False` every row is the population's.
    """

    categories: tuple[str, ...]  # "A > B > C"
    brands: tuple[str, ...]
    colours: tuple[str, ...]
    personas: tuple[str, ...]
    persona_category: Floats  # (K, C)
    shoppers: tuple[str, ...]  # user_id, or visitor_id of those without
    persona: Rows  # (2, S) before and after
    category: Floats  # (2, S, C)
    brand: Floats  # (2, S, B)
    colour: Floats  # (S, L)
    tier: Floats  # (S,) the price tier aimed at, 0 to 2
    deal: Floats  # (S,) how much a discount attracts, 0 to 1
    chinese: NDArray[np.bool_]  # (S,)
    habit: Floats  # (S, 168) probability of a visit in each hour of the week, Monday 00:00 UTC first
    drift_time: Floats  # (S,) NaN for those who do not drift
    items: ItemTruth

    def phase(self, shopper: Rows, time: Floats) -> Rows:
        """Return 0 (before the drift) or 1 (after) for each pair."""
        return (time >= self.drift_time[shopper]).astype(np.int32)  # NaN compares false
