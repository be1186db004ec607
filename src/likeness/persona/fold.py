"""Folding events into personas: one shopper's one by one, or a whole log in columns, with equal results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from likeness.persona.batch import states_of
from likeness.persona.facts import Facts
from likeness.persona.log import read_log
from likeness.persona.state import PersonaState
from likeness.ports import Snapshot
from likeness.types import Event

AT_ONCE = 100_000
"""Events of a block of shoppers folded together: memory grows with this and with the heaviest shopper, no further."""


def fold_events(events: Iterable[Event], facts: Facts, state: PersonaState | None = None) -> PersonaState:
    """Return the persona of the events, in any order; a given `state` gains them in place."""
    persona = PersonaState.empty(facts.config) if state is None else state
    for event in events:
        persona.update(event, facts)
    return persona


def fold_columns(
    tables: pa.Table | Iterable[pa.Table], facts: Facts, *, at_once: int = AT_ONCE
) -> Iterator[tuple[str, Snapshot]]:
    """Yield every shopper's snapshot in order of id, from tables of EVENT_SCHEMA plus `cursor`.

    Each state equals `fold_events` of the shopper's events to 1e-9, and its bytes depend on the events alone, not on
    the order of rows. Events of nobody are skipped. Raises InputError for an event without a known name.
    """
    for block in read_log(tables, facts).blocks(at_once):
        cursors = block.last_cursors()
        for shopper, state in states_of(block, facts):
            yield block.shopper.names[shopper], Snapshot(cursors[shopper], state.encode())
