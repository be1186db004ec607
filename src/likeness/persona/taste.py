"""The numeric face of a persona: what recall and ranking read."""

from __future__ import annotations

from collections.abc import Collection
from math import nan, sqrt

import numpy as np

from likeness.persona.bought import Bought
from likeness.persona.config import PersonaConfig
from likeness.persona.consent import Reading
from likeness.persona.interests import KINDS, weights_at
from likeness.persona.state import PersonaState, how_many
from likeness.persona.vectors import groups, ridge_mean
from likeness.types import PURPOSES, Catalogue, Floats, Rows, Taste, Vectors

HIDDEN = "not_interested"
QUERIES = 20  # latest query texts handed on
_NEVER = Bought(0, nan, nan, [])


def taste(
    state: PersonaState,
    shopper: str | None,
    time: float,
    catalogue: Catalogue,
    config: PersonaConfig,
    *,
    vectors: Vectors | None = None,
    assume: Collection[str] = PURPOSES,
) -> Taste:
    """Return the state decayed to `time` over the catalogue's rows; `vectors` (n_items, d) adds the ridge means.

    What the shopper did not grant is left out, as if it had never been seen; `assume` names the purposes that count as
    granted until the shopper says otherwise.
    """
    reading = Reading(state, config, assume)
    ids, rows, weights, seen = _items(state, time, catalogue) if reading.may("item") else _nothing(state)
    buys = state.bought if reading.may("bought") else {}
    bought = np.array([(b.count, b.first, b.last) for b in (buys.get(i, _NEVER) for i in ids)]).reshape(len(ids), 3)
    return Taste(
        shopper=shopper,
        time=time,
        half_lives=state.half_lives,
        rows=rows,
        weights=weights,
        count=seen[:, 0],
        first=seen[:, 1],
        last=seen[:, 2],
        bought=bought[:, 0],
        first_bought=bought[:, 1],
        last_bought=bought[:, 2],
        facets=_facets(state, time, reading),
        vectors={} if vectors is None or not ids else taste_vectors(rows, weights, catalogue, vectors, config),
        queries=_queries(state, time, config) if reading.may("query") else (),
        price=_price(state, time, config) if reading.may("price") else None,
        orders=how_many(state.orders) if reading.may("orders") else 0.0,
        verdicts=_verdicts(state, catalogue, reading),
    )


def taste_vectors(
    rows: Rows, weights: Floats, catalogue: Catalogue, vectors: Vectors, config: PersonaConfig
) -> dict[str, Vectors]:
    """Return "long" and "recent" (d,), and "interests" (k, d), of rows (m,) with weights (m, H)."""
    own, ridge = vectors[rows], config.ridge_lambda
    long = weights[:, config.long]
    found = groups(rows, long, catalogue, vectors)
    means = [ridge_mean(own[group.places], long[group.places], ridge) for group in found]
    return {
        "long": ridge_mean(own, long, ridge),
        "recent": ridge_mean(own, weights[:, config.recent], ridge),
        "interests": np.array(means, dtype=np.float32).reshape(len(means), vectors.shape[1]),
    }


def _items(state: PersonaState, time: float, catalogue: Catalogue) -> tuple[list[str], Rows, Floats, Floats]:
    """Return ids, rows, weights (m, H) and (count, first, last) (m, 3) of the items on the shelf, latest first."""
    facet = state.facets.get("item")
    if facet is None:
        return _nothing(state)
    ids, weights = weights_at(facet, time)
    row_of = catalogue.row_of
    rows = np.array([row_of.get(item, -1) for item in ids], dtype=np.int32)
    if facet.sketch is None:
        seen = np.array([(entry.count, entry.first, entry.last) for entry in facet.entries.values()])
    else:  # too many items to know more of each than its weight
        seen = np.tile(np.array([1.0, facet.sketch.reference or 0.0, facet.sketch.reference or 0.0]), (len(ids), 1))
    order = np.lexsort((rows, -seen[:, 2]))
    order = order[rows[order] >= 0]
    return [ids[i] for i in order.tolist()], rows[order], weights[order], seen[order]


def _nothing(state: PersonaState) -> tuple[list[str], Rows, Floats, Floats]:
    return [], np.zeros(0, dtype=np.int32), np.zeros((0, len(state.half_lives))), np.zeros((0, 3))


def _facets(state: PersonaState, time: float, reading: Reading) -> dict[str, dict[str, Floats]]:
    kinds = [kind for kind in (*KINDS, "term") if kind in state.facets and reading.may(kind)]
    return {kind: dict(zip(*weights_at(state.facets[kind], time), strict=True)) for kind in kinds}


def _verdicts(state: PersonaState, catalogue: Catalogue, reading: Reading) -> dict[str, Rows]:
    """Return latest word -> ascending rows. What was hidden stays hidden without consent: that was a wish, no trace."""
    rows: dict[str, list[int]] = {}
    for item, (_, _, said) in state.verdict.values.items():
        if item in catalogue.row_of and (said == HIDDEN or reading.may("item")):
            rows.setdefault(str(said), []).append(catalogue.row_of[item])
    return {said: np.array(sorted(found), np.int32) for said, found in rows.items()}


def _queries(state: PersonaState, time: float, config: PersonaConfig) -> tuple[tuple[str, float], ...]:
    facet = state.facets.get("query")
    if facet is None:
        return ()
    values, weights = weights_at(facet, time)
    last = [facet.entries[value].last if value in facet.entries else 0.0 for value in values]
    order = sorted(range(len(values)), key=lambda i: (-last[i], values[i]))[:QUERIES]
    return tuple((values[i], float(weights[i, config.recent])) for i in order)


def _price(state: PersonaState, time: float, config: PersonaConfig) -> tuple[float, float] | None:
    moment = state.price.at(time)[config.long]
    return (moment.mean, sqrt(moment.variance)) if moment.weight > 0.0 else None
