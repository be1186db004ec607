"""The persona keeps the shipped contract: with room, bounded to a few values, and where the log has positions."""

from __future__ import annotations

import numpy as np

from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.testing.persona import PersonaContract
from likeness.types import Catalogue, Item

SHELF = Catalogue(
    items=(
        Item(item_id="m1", title="Red mug", attributes={"colour": "red", "size": "M"}),
        Item(item_id="m2", title="Blue mug", kind="article"),
        Item(item_id="x", title="Something"),
    ),
    category=np.array([0, 1, -1], np.int32),
    category_names=("Home > Mugs", "Home"),
    brand=np.array([0, -1, -1], np.int32),
    brand_names=("Acme",),
    price=np.array([8.0, 12.0, np.nan]),
    band=np.array([0, 4, -1], np.int32),
    percentile=np.array([0.25, 0.75, np.nan]),
    available=np.ones(3, dtype=np.bool_),
)
ITEMS = ("m1", "m2", "x", "nowhere")
SMALL = {"item": 2, "category": 1, "term": 2, "event": 4}


class TestPersona(PersonaContract):
    facts = Facts(PersonaConfig(), SHELF)
    items = ITEMS


class TestBoundedPersona(PersonaContract):
    facts = Facts(PersonaConfig(capacities=SMALL, active_hours=48, cadence_days=2), SHELF)
    items = ITEMS

    def reading(self, statistic, time):
        """Keys that a sketch crowded out do not come back by subtracting what crowded them out."""
        whole = super().reading(statistic, time)
        return {name: whole[name] for name in ("mass", "rating", "spent", "refunded", "saved")}


class TestPositions(PersonaContract):
    facts = Facts(PersonaConfig(clock="position"), SHELF)
    items = ITEMS
