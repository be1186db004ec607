"""What answers are made with: a fitted model, and what a shop's settings make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from likeness.exploring import Explorer
from likeness.model import Model
from likeness.rank.longtail import LongTail
from likeness.rank.rules import Rules, read_rules
from likeness.rank.slots import SlotMasks, Slots
from likeness.recall.popular import Popular
from likeness.settings import Settings


@dataclass(frozen=True)
class Serving:
    """Everything an answer needs but the request; taken once per request."""

    model: Model
    settings: Settings
    rules: Rules
    slots: Slots
    masks: SlotMasks
    explorer: Explorer | None = None  # none: slates are not explored, as in an evaluation

    @classmethod
    def of(cls, model: Model, settings: Settings, tables: Mapping[str, Any], explorer: Explorer | None = None) -> Self:
        """Read the tables of a settings file for one model. Raises ConfigError for what they get wrong."""
        slots = Slots.of(tables.get("slots", {}))
        rules = Rules(read_rules(tables.get("rules", [])), model.catalogue)
        return cls(model, settings, rules, slots, SlotMasks(slots, model.catalogue), explorer)

    @cached_property
    def tail(self) -> LongTail:
        """What promotes items that sell little."""
        return LongTail(Popular.load(self.model.folder / "popular", self.model.catalogue).demand)
