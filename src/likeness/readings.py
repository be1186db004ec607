"""Two readings of a persona's state: when it last changed, and which events stand behind a facet."""

from __future__ import annotations

from likeness.explain import Evidence
from likeness.persona.state import PersonaState


def last_of(state: PersonaState) -> float | None:
    """Return the time of the shopper's last event, None where there is none."""
    events = state.facets.get("event")
    return max(entry.last for entry in events.entries.values()) if events is not None else None


def evidence_of(state: PersonaState | None) -> Evidence:
    """Return a function (facet kind, value) -> the latest event ids behind it."""

    def events(kind: str, value: str) -> tuple[str, ...]:
        facet = state.facets.get(kind) if state is not None else None
        entry = facet.entries.get(value) if facet is not None else None
        return tuple(entry.evidence) if entry is not None else ()

    return events
