"""Personas as Arrow rows: one row per claim, for export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec
import pyarrow as pa

from likeness.persona.record import Measure, Persona
from likeness.types import Facet

PERSONA_SCHEMA = pa.schema(
    [
        ("shopper", pa.string()),
        ("part", pa.string()),  # interests, favourites, searches, terms, habits, spending, drift, rating
        ("kind", pa.string()),  # of a facet: category, brand, ...; of a measure: its name
        ("value", pa.string()),  # of a facet
        ("strength", pa.float64()),  # of a facet, -1 to 1
        ("number", pa.float64()),  # of a measure
        ("unit", pa.string()),  # of a measure
        ("confidence", pa.float64()),
        ("count", pa.int64()),
        ("first_seen", pa.float64()),  # epoch seconds
        ("last_seen", pa.float64()),
        ("half_life", pa.float64()),  # seconds, null: nothing is forgotten
        ("purpose", pa.string()),
        ("evidence", pa.list_(pa.string())),
    ]
)
"""One row per facet or measure of a persona."""

Row = dict[str, Any]


def persona_table(personas: Iterable[Persona]) -> pa.Table:
    """Return the rows of all personas, in order."""
    return pa.Table.from_pylist(list(chain.from_iterable(map(persona_rows, personas))), schema=PERSONA_SCHEMA)


def persona_rows(persona: Persona) -> Iterator[Row]:
    """Yield one row per claim; what was withheld or is unknown has none."""
    for part, facets in _facets(persona):
        for facet in facets:
            yield {"shopper": persona.shopper, "part": part, **msgspec.structs.asdict(facet)}
    for part, measures in _measures(persona).items():
        for name, measure in measures.items():
            claim = msgspec.structs.asdict(measure)
            yield {"shopper": persona.shopper, "part": part, "kind": name, "number": claim.pop("value"), **claim}


def _facets(persona: Persona) -> list[tuple[str, Iterable[Facet]]]:
    return [
        ("interests", chain.from_iterable(persona.interests.values())),
        ("favourites", [favourite.facet for favourite in persona.favourites]),
        ("searches", persona.searches),
        ("terms", persona.terms),
        ("habits", () if persona.habits is None else persona.habits.devices),
    ]


def _measures(persona: Persona) -> dict[str, dict[str, Measure]]:
    spending = _of(persona.spending)
    if persona.spending is not None:
        spending |= {f"unit_price_{name}": measure for name, measure in persona.spending.unit_prices.items()}
    rating = {} if persona.rating is None else {"stars": persona.rating}
    return {"habits": _of(persona.habits), "spending": spending, "rating": rating, "drift": _drift(persona)}


def _of(part: msgspec.Struct | None) -> dict[str, Measure]:
    fields: Mapping[str, object] = {} if part is None else msgspec.structs.asdict(part)
    return {name: value for name, value in fields.items() if isinstance(value, Measure)}


def _drift(persona: Persona) -> dict[str, Measure]:
    drift = persona.drift
    if drift is None:
        return {}
    numbers = {"divergence": (drift.divergence, "bits"), "p_value": (drift.p_value, "probability")}
    return {
        name: Measure(
            value=value,
            unit=unit,
            confidence=drift.confidence,
            count=drift.count,
            evidence=drift.evidence,
            first_seen=drift.first_seen,
            last_seen=drift.last_seen,
            half_life=drift.half_lives[1],
            purpose=drift.purpose,
        )
        for name, (value, unit) in numbers.items()
    }
