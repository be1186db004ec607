"""Erasure: remove a shopper everywhere, and say where statistical traces stay until the next fit."""

from __future__ import annotations

import msgspec

from likeness.ports import Store

TRACES = ("popular", "again", "together", "scorer", "themes")
"""Fitted parts that hold sums over many shoppers; none holds a shopper's id."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, and what is left."""

    shopper: str
    events: int  # of the log and rows of the quarantine
    slates: int
    persona: bool  # whether a snapshot was there
    models_with_traces: tuple[str, ...]  # versions whose sums over many shoppers still count this one
    parts_with_traces: tuple[str, ...]
    remedy: str


def erase(store: Store, shop_id: str, shopper: str, versions: tuple[str, ...]) -> Receipt:
    """Remove one shopper from log, quarantine, slates and snapshots; everybody else stays as they were."""
    slates = store.erase_slates(shop_id, shopper)
    persona = store.erase(shop_id, shopper)
    events = store.erase_shopper(shop_id, shopper)
    return Receipt(
        shopper=shopper,
        events=events,
        slates=slates,
        persona=persona,
        models_with_traces=versions if events else (),
        parts_with_traces=TRACES if events and versions else (),
        remedy="Run fit: the new model counts this shopper no more, and older versions can be deleted.",
    )
