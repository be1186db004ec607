"""Numbers about a shopper with their grounds, and rhythms of return."""

from __future__ import annotations

from collections.abc import Iterable

from likeness.persona.config import PersonaConfig
from likeness.persona.interests import UNKNOWN, latest_first
from likeness.persona.record import Measure, Rhythm
from likeness.persona.state import PersonaState
from likeness.stats import Cadence
from likeness.stats.heavy import Entry
from likeness.types import DAY


class Grounds:
    """The events of some names, as what stands behind a measure."""

    def __init__(self, state: PersonaState, names: Iterable[str], config: PersonaConfig) -> None:
        """`names` are names of events."""
        facet = state.facets.get("event")
        held = {} if facet is None else facet.entries
        entries = [held[name] for name in names if name in held]
        self.count = sum(entry.count for entry in entries)
        dated = config.clock == "time" and bool(entries)
        self.first = min(entry.first for entry in entries) if dated else None
        self.last = max(entry.last for entry in entries) if dated else None
        self.evidence = _evidence(entries)
        self._config = config

    def measure(
        self, value: float, unit: str, purpose: str, *, count: int | None = None, half_life: float | None = None
    ) -> Measure:
        """Return the value with these grounds; `count` says how many observations it rests on (default: all events)."""
        seen = self.count if count is None else count
        return Measure(
            value=value,
            unit=unit,
            confidence=seen / (seen + self._config.count_lambda),
            count=seen,
            evidence=self.evidence,
            first_seen=self.first,
            last_seen=self.last,
            half_life=half_life,
            purpose=purpose,
        )


def rhythm(cadence: Cadence, time: float, config: PersonaConfig) -> Rhythm | None:
    """Return the rhythm of distinct days; None before the second day."""
    gap, spread, due = cadence.median_gap(), cadence.mad(), cadence.due(time)
    if gap is None or spread is None or due is None:
        return None
    return Rhythm(
        gap=gap,
        spread=spread,
        gaps=len(cadence.days) - 1,
        next_expected=cadence.expected_next() if config.clock == "time" else None,
        due=due,
    )


def day_cadence(days: Iterable[int]) -> Cadence:
    """Return the cadence of day numbers in any order."""
    kept = sorted(set(days))
    return Cadence.from_columns(max(2, len(kept)), DAY, kept)


def _evidence(entries: list[Entry]) -> tuple[str, ...]:
    pairs = [pair for entry in entries for pair in entry.evidence.items()]
    return latest_first(pairs)[:3]


__all__ = ["UNKNOWN", "Grounds", "day_cadence", "rhythm"]
