"""Favourites: the items a shopper likes most, and when each is bought again."""

from __future__ import annotations

from collections.abc import Sequence

from likeness.persona.config import PersonaConfig
from likeness.persona.consent import Reading
from likeness.persona.measures import rhythm
from likeness.persona.record import Favourite
from likeness.persona.state import PersonaState
from likeness.types import Catalogue, Facet


def favourites(
    state: PersonaState,
    liked: Sequence[Facet],
    time: float,
    config: PersonaConfig,
    catalogue: Catalogue | None,
    reading: Reading,
) -> tuple[Favourite, ...]:
    """Return the liked items with their titles, purchases and repurchase rhythm, in the order given."""
    readable = reading.may("bought")
    return tuple(_favourite(state, facet, time, config, catalogue, readable) for facet in liked)


def _favourite(
    state: PersonaState, facet: Facet, time: float, config: PersonaConfig, catalogue: Catalogue | None, readable: bool
) -> Favourite:
    bought = state.bought.get(facet.value) if readable else None
    dated = config.clock == "time"
    return Favourite(
        facet=facet,
        title=_title(facet.value, catalogue),
        bought=0 if bought is None else bought.count,
        last_bought=bought.last if bought is not None and dated else None,
        rhythm=None if bought is None else rhythm(bought.cadence(), time, config),
    )


def _title(item_id: str, catalogue: Catalogue | None) -> str:
    row = None if catalogue is None else catalogue.row_of.get(item_id)
    return item_id if row is None or catalogue is None else catalogue.items[row].title or item_id
