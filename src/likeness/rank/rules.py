"""Merchandising rules: drop, boost, bury and pin, each visible as a reason on the items it moved.

In `likeness.toml`:

    [[rules]]
    name = "season opening"
    action = "boost"            # boost | bury | drop | pin
    where = 'category == "Garden"'
    by = 0.5                    # boost and bury: in units of the spread of the slate's scores
    slots = ["home"]            # empty: every slot; a pin holds in searches only where it names the slot "search"

    [[rules]]
    name = "new lunch box"
    action = "pin"
    item_id = "22382"
    position = 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from likeness.errors import ConfigError
from likeness.rank.filters import Mask, where
from likeness.types import Catalogue, Floats, Request, Rows


class Rule(BaseModel):
    """One rule; `where` chooses the items, or `item_id` for a pin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Shown in the reasons of the items it moves.")
    action: Literal["boost", "bury", "drop", "pin"]
    where: str = Field("", description="Filter expression; see rank/filters.")
    item_id: str = Field("", description="The item a pin puts in place.")
    position: int = Field(1, ge=1, description="The 1-based place of a pin.")
    by: float = Field(1.0, gt=0, description="Strength of boost and bury, in standard deviations of the scores.")
    slots: tuple[str, ...] = Field((), description="Slots it holds in; empty means all (a pin: all but searches).")

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if self.action == "pin" and not self.item_id:
            raise ValueError("a pin needs item_id")
        if self.action != "pin" and not self.where:
            raise ValueError(f"{self.action} needs where")
        if self.where:
            where(self.where)
        return self


@dataclass(frozen=True)
class Ruled:
    """What the rules did to a slate's candidates."""

    adjustment: Floats  # (n,) added to the scores
    keep: Mask  # (n,) false where a rule dropped the row
    pins: dict[int, int]  # 0-based place -> catalogue row
    moved: dict[int, list[tuple[str, float]]] = field(default_factory=dict)  # row -> (rule, adjustment)


def unruled(n: int) -> Ruled:
    """Return what no rule does to `n` candidates."""
    return Ruled(np.zeros(n), np.ones(n, bool), {})


class Rules:
    """The rules of one shop, with their masks for one catalogue."""

    def __init__(self, rules: Sequence[Rule], catalogue: Catalogue) -> None:
        """Evaluate every filter once."""
        self._rules = tuple(rules)
        self._catalogue = catalogue
        self._masks = [where(rule.where).mask(catalogue) if rule.where else None for rule in rules]

    def apply(self, rows: Rows, scores: Floats, request: Request) -> Ruled:
        """Return adjustments for candidate `rows` (n,) with `scores` (n,)."""
        ruled = Ruled(np.zeros(len(rows)), np.ones(len(rows), bool), {})
        spread = float(np.std(scores)) if len(scores) else 0.0
        slot = request.query.slot
        for rule, mask in zip(self._rules, self._masks, strict=True):
            if mask is not None and (not rule.slots or slot in rule.slots):
                _move(rule, mask[rows], rows, spread or 1.0, ruled)
        for rule in self._rules:
            named = slot in rule.slots
            if rule.action == "pin" and (named or not (rule.slots or request.query.text)):
                self._pin(rule, ruled, request)
        return ruled

    def _pin(self, rule: Rule, ruled: Ruled, request: Request) -> None:
        """Put an item in its place, unless the request or another rule leaves it out, or it has a place already."""
        row = self._catalogue.row_of.get(rule.item_id)
        if row is None or row in ruled.pins.values() or rule.position - 1 in ruled.pins:
            return
        allowed = self._catalogue.available if request.allowed is None else request.allowed
        if allowed[row] and not self._dropped(row, request.query.slot):
            ruled.pins[rule.position - 1] = row
            ruled.moved.setdefault(row, []).append((rule.name, 0.0))

    def _dropped(self, row: int, slot: str) -> bool:
        drops = [
            mask
            for rule, mask in zip(self._rules, self._masks, strict=True)
            if mask is not None and rule.action == "drop" and (not rule.slots or slot in rule.slots)
        ]
        return any(bool(mask[row]) for mask in drops)


def read_rules(table: Any) -> list[Rule]:
    """Validate the `[[rules]]` of a settings file. Raises ConfigError naming the rule and what is wrong with it."""
    try:
        return TypeAdapter(list[Rule]).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"[[rules]] {place}: {first['msg']}.", remedy="See rank/rules for an example.") from error


def _move(rule: Rule, hit: Mask, rows: Rows, spread: float, ruled: Ruled) -> None:
    if rule.action == "drop":
        ruled.keep[hit] = False
        return
    by = rule.by * spread * (1 if rule.action == "boost" else -1)
    ruled.adjustment[hit] += by
    for row in rows[hit]:
        ruled.moved.setdefault(int(row), []).append((rule.name, by))
