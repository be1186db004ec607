"""Refunds find the purchase they undo: among the shopper's earlier purchases of the item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.events.draft import Draft, flags
from likeness.types import Event

Pair = tuple[str, str]


class Purchases(Protocol):
    """What refunds ask of the log."""

    def purchases_of(self, shop_id: str, pairs: Sequence[Pair]) -> list[Event]:
        """Return the purchases of (shopper, item_id) pairs in order of time."""
        ...


class _Bought(NamedTuple):
    time: float
    quantity: float
    event_id: str


def match_refunds(draft: Draft, log: Purchases, shop_id: str) -> None:
    """Fill `undoes` of living refunds, and note those whose purchase is not to be found.

    Of the purchases up to the refund's time, the latest of the same quantity is meant, else the latest that is large
    enough, else the latest.
    """
    open_ = draft.alive & draft.is_event("refund") & ~draft.has("undoes") & draft.has("item_id")
    shopper = draft.shopper()
    places = np.flatnonzero(open_ & flags(pc.is_valid(shopper))).tolist()
    pairs = [(shopper[i].as_py(), draft.text["item_id"][i].as_py()) for i in places]
    bought = _bought(draft, shopper, set(pairs), log, shop_id) if pairs else {}
    undoes = draft.text["undoes"].to_pylist() if pairs else []
    for i, pair in zip(places, pairs, strict=True):
        undoes[i] = _undone(bought.get(pair, []), draft.number["time"][i], draft.number["quantity"][i])
    if pairs:
        draft.text["undoes"] = pa.array(undoes, pa.string())
    draft.note("refund_unmatched", int((draft.alive & draft.is_event("refund") & ~draft.has("undoes")).sum()))


def _bought(
    draft: Draft, shopper: pa.Array, pairs: set[Pair], log: Purchases, shop_id: str
) -> dict[Pair, list[_Bought]]:
    found: dict[Pair, list[_Bought]] = defaultdict(list)
    for event in log.purchases_of(shop_id, sorted(pairs)):
        pair = (event.shopper or "", event.item_id or "")
        found[pair].append(_Bought(event.time, event.quantity or np.nan, event.event_id))
    near = draft.alive & draft.is_event("purchase")
    near &= flags(pc.is_in(shopper, pa.array({who for who, _ in pairs})))
    near &= flags(pc.is_in(draft.text["item_id"], pa.array({what for _, what in pairs})))
    for i in np.flatnonzero(near).tolist():
        pair = (shopper[i].as_py(), draft.text["item_id"][i].as_py())
        if pair in pairs:
            one = _Bought(draft.number["time"][i], draft.number["quantity"][i], draft.text["event_id"][i].as_py())
            found[pair].append(one)
    return found


def _undone(bought: list[_Bought], time: float, quantity: float) -> str | None:
    earlier = sorted((one for one in bought if one.time <= time), key=lambda one: (one.time, one.event_id))
    if not earlier:
        return None
    same = [one for one in earlier if one.quantity == quantity]
    enough = [one for one in earlier if one.quantity >= quantity]
    return (same or enough or earlier)[-1].event_id
