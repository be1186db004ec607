"""The persona as people read it: the state at one moment, over the catalogue, as far as consent allows."""

from __future__ import annotations

from collections.abc import Collection

from likeness.persona import record
from likeness.persona.config import PersonaConfig
from likeness.persona.consent import Reading
from likeness.persona.drift import drift
from likeness.persona.facts import STARS
from likeness.persona.favourites import favourites
from likeness.persona.feeds import ALL
from likeness.persona.habits import habits
from likeness.persona.interests import KINDS, facets
from likeness.persona.measures import Grounds
from likeness.persona.record import Measure, Persona
from likeness.persona.spending import spending
from likeness.persona.state import PersonaState
from likeness.persona.vectors import vectors_of
from likeness.types import PURPOSES, Catalogue, Facet, Vectors

LIKES, DISLIKES = 12, 4  # most values shown per kind


def view(
    state: PersonaState,
    shopper: str | None,
    time: float,
    config: PersonaConfig,
    *,
    catalogue: Catalogue | None = None,
    vectors: Vectors | None = None,
    assume: Collection[str] = PURPOSES,
    likes: int = LIKES,
    dislikes: int = DISLIKES,
) -> Persona:
    """Return the persona at `time` (seconds); an empty state gives the persona of somebody unknown.

    `catalogue` gives favourites their titles; with `vectors` (n_items, d) of its rows the persona has vectors.
    `assume` names the purposes that count as granted until the shopper says otherwise; what is not granted is left out.
    """
    reading = Reading(state, config, assume)
    grounds = Grounds(state, ALL, config)
    counted = reading.may("event")

    def strongest(kind: str, most: int, least: int) -> tuple[Facet, ...]:
        return facets(
            kind,
            state.facets.get(kind) if reading.may(kind) else None,
            time=time,
            config=config,
            purpose=reading.purpose(kind),
            half_life=config.long,
            likes=most,
            dislikes=least,
        )

    found = {kind: strongest(kind, likes, dislikes) for kind in KINDS}
    return Persona(
        shopper=shopper,
        time=time if config.clock == "time" else None,
        clock=config.clock,
        timezone=config.timezone,
        known=bool(state.facets),
        events=grounds.count if counted else None,
        first_seen=grounds.first if counted else None,
        last_seen=grounds.last if counted else None,
        consent=reading.consent,
        interests={kind: values for kind, values in found.items() if values},
        favourites=favourites(state, strongest("item", likes, 0), time, config, catalogue, reading),
        searches=strongest("query", likes, 0),
        terms=strongest("term", likes, 0),
        rating=_rating(state, time, config, reading),
        habits=habits(state, time, config, reading),
        spending=spending(state, time, config, reading),
        drift=drift(state, config, reading.purpose("category")) if reading.may("category") else None,
        vectors=_vectors(state, time, config, catalogue, vectors, reading),
        withheld=reading.withheld,  # last: by now everything has been asked for
    )


def _rating(state: PersonaState, time: float, config: PersonaConfig, reading: Reading) -> Measure | None:
    """The mean of the stars given, 1 to 5, shrunk to the middle by one star of each end."""
    grounds = Grounds(state, {"review"}, config)
    if state.rating.reference is None or not reading.may("rating"):
        return None
    mean = 1.0 + STARS * state.rating.mean(time)[config.long]
    return grounds.measure(mean, "stars", reading.purpose("rating"), half_life=config.half_lives[config.long])


def _vectors(
    state: PersonaState,
    time: float,
    config: PersonaConfig,
    catalogue: Catalogue | None,
    vectors: Vectors | None,
    reading: Reading,
) -> record.Vectors | None:
    if catalogue is None or vectors is None or not reading.may("item"):
        return None
    return vectors_of(state, time, config, catalogue, vectors, reading.purpose("item"))
