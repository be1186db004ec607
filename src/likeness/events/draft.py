"""Events in the making: typed columns, which of them are still alive, and the marks the rules left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.events.consents import consents
from likeness.events.fields import IDS, NUMBERS, SEEN, WORDS
from likeness.events.parts import Parts
from likeness.files.chunk import Column, pick, shown
from likeness.files.coerce import ids, numbers, texts
from likeness.files.rule import Verdicts
from likeness.files.times import Clock, times
from likeness.types import DAY, Floats

Mask = NDArray[np.bool_]


@dataclass
class Draft:
    """The columns of m events. Rules take parts out (`alive`) and mend columns in place."""

    parts: Parts
    verdicts: Verdicts
    text: dict[str, Any]  # field -> (m,) Arrow strings, null where missing
    number: dict[str, Floats]  # field -> (m,) NaN where missing; "time" is among them
    faults: dict[str, NDArray[np.int64]]  # field -> places that could not be read
    late: dict[int, str]  # place -> why its time could not be read
    alive: Mask  # (m,)

    def __len__(self) -> int:
        """Return the number of events, dead ones included."""
        return len(self.alive)

    def drop(self, rule: str, mask: Mask, values: list[str]) -> None:
        """Take out the events of a mask (a subset of the living), saying why."""
        self._mark(rule, True, mask, values)
        self.alive &= ~mask

    def mend(self, rule: str, mask: Mask, values: list[str]) -> None:
        """Record that the events of a mask were repaired."""
        self._mark(rule, False, mask, values)

    def _mark(self, rule: str, drops: bool, mask: Mask, values: list[str]) -> None:
        self.verdicts.add(rule, drops, self.parts.row[mask], values)

    def note(self, rule: str, count: int) -> None:
        """Count what stays as it is."""
        if count:
            self.verdicts.notes[rule] += count

    def shown(self, field: str, mask: Mask) -> list[str]:
        """Return the values of a field as they came, for the report."""
        where = np.flatnonzero(mask)
        column = self.parts.columns.get(field)
        if column is not None:
            return [shown(value) for value in pick(column, where)]
        if field in self.text:
            return [shown(value) for value in self.text[field].take(pa.array(where)).to_pylist()]
        return (
            [shown(value) for value in self.number[field][where].tolist()]
            if field in self.number
            else [""] * len(where)
        )

    def has(self, field: str) -> Mask:
        """Return where a text or number is present."""
        if field in self.number:
            return ~np.isnan(self.number[field])
        return flags(pc.is_valid(self.text[field]))

    def is_event(self, *names: str) -> Mask:
        """Return where the event is one of these."""
        return flags(pc.is_in(self.text["event"], pa.array(names)))

    def shopper(self) -> Any:
        """Return the user, else the visitor, else null."""
        return pc.coalesce(self.text["user_id"], self.text["visitor_id"])


def flags(values: Any) -> Mask:
    """Return an Arrow boolean array as a mask, null as False."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), np.bool_)


def mask_of(places: NDArray[np.int64], size: int) -> Mask:
    """Return a mask that is True at the places."""
    mask = np.zeros(size, np.bool_)
    mask[places] = True
    return mask


def draft_of(parts: Parts, verdicts: Verdicts, clock: Clock, *, by_position: bool) -> Draft:
    """Return typed columns from the values as they came; what cannot be read is null and named in `faults`."""
    size = len(parts)
    text, number, faults = {}, {}, {}
    for field in (*IDS, *WORDS, *SEEN):
        column = parts.columns.get(field)
        text[field], faults[field] = (ids if field in IDS else texts)(
            _joined(column) if field == "category" else column, size
        )
    for field in NUMBERS:
        number[field], faults[field] = numbers(parts.columns.get(field), size)
    text["consent"], faults["consent"] = consents(parts.columns.get("consent"), size)
    late: dict[int, str] = {}
    if by_position:
        number["time"] = numbers(parts.columns.get("time"), size)[0] * DAY
    else:
        number["time"], late = times(parts.columns.get("time"), size, clock)
    return Draft(parts, verdicts, text, number, faults, late, np.ones(size, np.bool_))


def _joined(column: Column | None) -> Column | None:
    """Write a category path given as a list the way texts give it: "Home > Kitchen"."""
    if not isinstance(column, list) or not any(isinstance(value, list) for value in column):
        return column
    return [" > ".join(map(str, value)) if isinstance(value, list) else value for value in column]
