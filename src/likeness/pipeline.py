"""One query becomes one slate: recall, blend, features, score, rules, diversity, exploration, reasons.

Search and recommendation are the same path; a query with text uses the sources and the scorer for text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from likeness.explain import Evidence, no_evidence, reasons_of, ruled_reasons
from likeness.explore import choose
from likeness.model import Model, Stage
from likeness.query.understand import understand
from likeness.rank.diversify import diversify
from likeness.rank.filters import Mask
from likeness.rank.rules import Ruled, Rules
from likeness.recall.blend import blend
from likeness.seeds import rng_of
from likeness.settings import Settings
from likeness.types import Floats, Pool, Query, Reason, Request, Rows, Slate, SlateItem, Taste

TEMPERATURE = 0.5  # of explored slates, in standard deviations of the scores


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The places of a slate before they are written down."""

    rows: Rows  # (k,) catalogue rows, first place first
    scores: Floats  # (k,)
    propensities: Floats  # (k,)
    places: NDArray[np.intp]  # (k,) index into pool.rows, -1 for an item that only a rule put there
    pool: Pool
    features: Floats  # (n, F)
    ruled: Ruled
    explored: bool


def ask(query: Query, model: Model, taste: Taste) -> Request:
    """Return what every source is given: the shopper's taste, the page's items, the text's vector, the allowed rows.

    Without `personalise` the taste is nobody's; it then only says what is left out as seen or bought.
    """
    catalogue = model.catalogue
    context = [catalogue.row_of[item] for item in query.context_items if item in catalogue.row_of]
    return Request(
        query=query,
        taste=taste if query.personalise else nobody(taste),
        context=np.array(context, np.int32),
        vector=model.encoder.encode([query.text])[0] if query.text else None,
        understanding=understand(query.text) if query.text else None,
        allowed=_allowed(query, model, taste, context),
    )


def nobody(taste: Taste) -> Taste:
    """Return the taste of somebody of whom nothing is known, at the same moment."""
    none, times = np.empty(0, np.int32), np.empty(0)
    return Taste(
        shopper=None,
        time=taste.time,
        half_lives=taste.half_lives,
        rows=none,
        weights=np.empty((0, len(taste.half_lives))),
        count=times,
        first=times,
        last=times,
        bought=times,
        first_bought=times,
        last_bought=times,
    )


def propose(request: Request, stage: Stage, n: int) -> Pool:
    """Return the candidates of all sources side by side, at most `n` of each."""
    return blend([source.recall(request, n) for source in stage.sources])


def rank(request: Request, model: Model, rules: Rules, settings: Settings, *, seed: object) -> Ranked:
    """Return the slate's places; `seed` decides explored orders and nothing else."""
    query = request.query
    stage = model.stage(request)
    pool = propose(request, stage, max(settings.candidates, query.n))
    features = stage.features(pool, request)
    scores = stage.scorer.score(features)
    ruled = rules.apply(pool.rows, scores, request)
    order = _order(pool, scores + ruled.adjustment, ruled, query, model, settings)
    free = query.n - sum(place < query.n for place in ruled.pins)
    explore = query.explore if not query.text else 0.0
    ranked = (scores + ruled.adjustment)[order]
    rng = rng_of("explore", seed)
    picked, propensities = choose(ranked, free, explore=explore, temperature=TEMPERATURE, rng=rng)
    explored = bool((picked != np.arange(len(picked))).any())
    shown = order[picked]
    places = _pinned(shown.tolist(), pool, ruled, query.n)
    final = np.append(scores + ruled.adjustment, 0.0)  # the last one stands for a pinned item nobody proposed
    chance = np.ones(len(final))  # a pin is certain
    chance[shown] = propensities
    index = np.array([i for _, i in places], np.intp)
    return Ranked(
        rows=np.array([row for row, _ in places], np.int32),
        scores=final[index],
        propensities=chance[index],
        places=index,
        pool=pool,
        features=features,
        ruled=ruled,
        explored=explored,
    )


def answer(
    request: Request,
    model: Model,
    rules: Rules,
    settings: Settings,
    *,
    request_id: str,
    shop_id: str,
    evidence: Evidence = no_evidence,
) -> Slate:
    """Return the slate with reasons, ready to be shown and logged; `evidence` names the events behind a facet."""
    ranked = rank(request, model, rules, settings, seed=request_id)
    stage = model.stage(request)
    centred = stage.scorer.contributions(ranked.features)
    centred = centred - centred.mean(axis=0) if len(centred) else centred
    drawn = (Reason(kind="explore", name="plackett-luce", contribution=0.0),) if ranked.explored else ()
    items = []
    for k, place in enumerate(ranked.places.tolist()):
        ruled = ruled_reasons(ranked.ruled, int(ranked.rows[k]))
        item = SlateItem(
            item_id=model.catalogue.items[ranked.rows[k]].item_id,
            rank=k + 1,
            score=float(ranked.scores[k]),
            propensity=float(ranked.propensities[k]),
            reasons=(*ruled, *drawn),
        )
        if place >= 0:  # somebody proposed it; else only a rule put it there
            found = reasons_of(stage, centred[place], ranked.pool, place, model.catalogue, request.taste, evidence)
            item = structs.replace(
                item,
                sources=_named(ranked.pool.sources, ranked.pool.scores[place]),
                features=_named(stage.scorer.names, ranked.features[place]),
                reasons=(*ruled, *found, *drawn),
            )
        items.append(item)
    return Slate(request_id=request_id, shop_id=shop_id, query=request.query, model=model.version, items=tuple(items))


def _allowed(query: Query, model: Model, taste: Taste, context: list[int]) -> Mask:
    """Return the rows that may be shown: available, inside the filter, not the page itself, not seen if so asked."""
    allowed = model.catalogue.available.copy()
    if query.where:
        allowed &= model.mask(query.where)
    if query.exclude_seen:
        allowed[taste.rows] = False
    if query.exclude_bought:
        allowed[taste.rows[taste.bought > 0]] = False
    allowed[context] = False
    return allowed


def _order(
    pool: Pool, scores: Floats, ruled: Ruled, query: Query, model: Model, settings: Settings
) -> NDArray[np.intp]:
    """Return indices into the pool in the order of preference, without what rules drop or pin.

    Under a cap or diversity only the slate itself remains: exploring reorders it, and a cap may leave it shorter.
    """
    pinned = np.isin(pool.rows, list(ruled.pins.values()))
    kept = np.flatnonzero(ruled.keep & ~pinned)
    best = kept[np.lexsort((pool.rows[kept], -scores[kept]))]
    if query.text or not (settings.diversity or settings.max_per_category):
        return best
    chosen = diversify(
        pool.rows[best],
        scores[best],
        model.catalogue,
        model.vectors,
        n=query.n,
        weight=settings.diversity,
        max_per_category=settings.max_per_category,
    )
    return np.asarray(best[chosen])


def _pinned(ranked: list[int], pool: Pool, ruled: Ruled, n: int) -> list[tuple[int, int]]:
    """Return (catalogue row, index into the pool or -1) per place, with every pin in its place."""
    where_in_pool = {int(row): i for i, row in enumerate(pool.rows)} if ruled.pins else {}
    rest = iter([(int(pool.rows[i]), i) for i in ranked])
    places: list[tuple[int, int]] = []
    while len(places) < n:
        row = ruled.pins.get(len(places))
        place = (row, where_in_pool.get(row, -1)) if row is not None else next(rest, None)
        if place is None:
            break
        places.append(place)
    return places


def _named(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True) if not np.isnan(value)}
