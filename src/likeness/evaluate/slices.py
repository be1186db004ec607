"""Who is behind the mean: shoppers by how much is known of them, purchases by how popular the item is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.splits import PURCHASE, Targets, codes
from likeness.types import Interactions

HEAVY = 5
"""Orders (purchases, where there are no times) from which a shopper counts as heavy."""


def orders(log: Interactions) -> NDArray[np.int64]:
    """Return the number of orders of each shopper: different sessions with a purchase, or purchases without times."""
    mask = (log.event == PURCHASE) & (log.shopper >= 0)
    who = log.shopper[mask].astype(np.int64)
    if log.clock == "time":
        who = np.unique(np.column_stack([who, log.session[mask]]), axis=0)[:, 0]
    return np.bincount(who, minlength=len(log.shoppers))


def shopper_slices(log: Interactions, targets: Targets) -> dict[str, NDArray[np.bool_]]:
    """Return which shoppers are cold (no order before), warm (one to four) and heavy (five or more)."""
    code = codes(log, targets.shoppers)
    count = np.where(code >= 0, orders(log)[np.maximum(code, 0)] if len(log.shoppers) else 0, 0)
    return {"cold": count == 0, "warm": (count > 0) & (count < HEAVY), "heavy": count >= HEAVY}


def item_slices(targets: Targets, in_head: NDArray[np.bool_]) -> dict[str, Targets]:
    """Return the targets that are head items, and those that are tail items (unknown ones with them)."""
    popular = in_head[targets.rows]
    return {"head": targets.keep(popular, unknown=False), "tail": targets.keep(~popular)}
