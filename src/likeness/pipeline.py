"""One query becomes one slate: recall, blend, features, score, rules, diversity, exploration, reasons.

Search and recommendation are the same path; a query with text uses the sources and the scorer for text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from likeness.explain import Evidence, no_evidence, reasons_of, ruled_reasons
from likeness.explore import Choice
from likeness.model import Model, Stage
from likeness.query.understand import understand
from likeness.rank.diversify import calibrate, diversify
from likeness.rank.feedback import Disliked, rejected
from likeness.rank.filters import Mask
from likeness.rank.rules import Ruled, unruled
from likeness.rank.slots import Slot, SlotMasks, nudge
from likeness.recall.blend import blend
from likeness.seeds import rng_of
from likeness.serving import Serving
from likeness.types import Catalogue, Floats, Pool, Query, Reason, Relation, Request, Rows, Slate, SlateItem, Taste

SAMPLE = 32  # candidates that reasons are measured against


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
    disliked: Disliked  # what the shopper turned down did to the scores
    explored: bool
    stage: Stage


def ask(
    query: Query, model: Model, taste: Taste, *, masks: SlotMasks | None = None, relation: Relation = "any"
) -> Request:
    """Return what every source is given: the shopper's taste, the page's items, the text's vector, the allowed rows.

    Without `personalise` the taste is nobody's; it then only says what is left out as seen, bought or hidden.
    """
    catalogue = model.catalogue
    context = [catalogue.row_of[item] for item in query.context_items if item in catalogue.row_of]
    page = np.array(context, np.int32)
    allowed = _allowed(query, model, taste, page)
    if masks is not None and (mask := masks(query.slot, page[:0] if query.text else page)) is not None:
        allowed &= mask
    return Request(
        query=query,
        taste=taste if query.personalise else nobody(taste),
        context=page,
        vector=model.encoder.encode([query.text])[0] if query.text else None,
        understanding=understand(query.text) if query.text else None,
        allowed=allowed,
        relation=relation,
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


def propose(request: Request, stage: Stage, n: int, sources: Collection[str] = ()) -> Pool:
    """Return the candidates of all sources side by side, at most `n` of each; `sources` names those that take part."""
    taking = [source for source in stage.sources if not sources or source.name in sources]
    return blend([source.recall(request, n) for source in taking])


def rank(request: Request, serving: Serving, *, seed: object) -> Ranked:
    """Return the slate's places; `seed` decides explored orders and nothing else."""
    query, slot = request.query, serving.slots[request.query.slot]
    stage = serving.model.stage(request)
    pool, spare = _pool(request, stage, serving)
    features = stage.features(pool, request)
    scores = stage.scorer.score(features)
    disliked = _disliked(pool, scores, request, serving.model)
    scores = scores + disliked.adjustment
    if not query.text:
        scores = scores + _wished(pool, scores, slot, serving)
        scores = scores - spare * (float(np.ptp(scores)) + 1.0 if spare.any() else 0.0)
    ruled = serving.rules.apply(pool.rows, scores, request) if slot.rules else unruled(len(scores))
    final = scores + ruled.adjustment
    order = _order(pool, final, ruled, request, slot, serving)
    free = query.n - sum(place < query.n for place in ruled.pins)
    picked, propensities = _explored(final[order], pool.rows[order], free, request, slot, serving, seed)
    shown = order[picked]
    places = _pinned(shown.tolist(), pool, ruled, query.n)
    final = np.append(final, 0.0)  # the last one stands for a pinned item nobody proposed
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
        disliked=disliked,
        explored=bool((picked != np.arange(len(picked))).any()),
        stage=stage,
    )


def _pool(request: Request, stage: Stage, serving: Serving) -> tuple[Pool, NDArray[np.bool_]]:
    """Return the candidates, and which of them (n,) only fill what the slot's own sources leave over."""
    query = request.query
    n = max(serving.settings.candidates, query.n)
    if query.text:
        pool = propose(request, stage, n)
        return pool, np.zeros(len(pool.rows), bool)
    own: set[str] = set()
    pool, spare = blend([]), np.zeros(0, bool)
    for slot in serving.slots.chain(query.slot):
        if len(pool.rows) >= query.n:
            break
        own = own | set(slot.sources) if slot.sources else set()
        first, pool = pool.rows, propose(request, stage, n, own)
        spare = ~np.isin(pool.rows, first) if len(first) else np.zeros(len(pool.rows), bool)
        if not own:
            break
    return pool, spare


def _explored(
    scores: Floats, rows: Rows, n: int, request: Request, slot: Slot, serving: Serving, seed: object
) -> Choice:
    """Return the slate of `n` of the candidates, which stand in the ranker's order, and its propensities."""
    query = request.query
    if query.explore == 0.0 or query.text or serving.explorer is None:
        n = min(n, len(scores))
        return Choice(np.arange(n), np.ones(n))
    name = slot.policy or serving.settings.policy
    return serving.explorer.choose(name, scores, rows, max(n, 0), request, rng_of("explore", seed))


def _wished(pool: Pool, scores: Floats, slot: Slot, serving: Serving) -> Floats:
    """Return (n,) what the slot's wishes add to the scores: a relation, and what sells little."""
    wished = np.zeros(len(scores))
    if slot.emphasis and "related" in pool.sources:
        wished += nudge(scores, pool.scores[:, pool.sources.index("related")], slot.emphasis)
    if slot.long_tail or slot.new_items:
        spread = float(np.std(scores))
        wished += serving.tail.adjustment(pool.rows, slot.long_tail * spread, new=slot.new_items * spread)
    return wished


def _disliked(pool: Pool, scores: Floats, request: Request, model: Model) -> Disliked:
    """Return what feedback does to the scores; a search is not bent by what was turned down elsewhere."""
    if request.query.text:
        return Disliked(np.zeros(len(scores)))
    return model.feedback(pool.rows, scores, request.taste, request.taste.verdicts)


def answer(
    request: Request,
    serving: Serving,
    *,
    request_id: str,
    shop_id: str,
    evidence: Evidence = no_evidence,
) -> Slate:
    """Return the slate with reasons, ready to be shown and logged; `evidence` names the events behind a facet."""
    model = serving.model
    ranked = rank(request, serving, seed=request_id)
    stage = ranked.stage
    centred = _centred(stage, ranked)
    policy = serving.slots[request.query.slot].policy or serving.settings.policy
    drawn = (Reason(kind="explore", name=policy, contribution=0.0),) if ranked.explored else ()
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
            found = reasons_of(stage, centred[k], ranked.pool, place, model.catalogue, request.taste, evidence)
            item = structs.replace(
                item,
                sources=_named(ranked.pool.sources, ranked.pool.scores[place]),
                features=_named(stage.scorer.names, ranked.features[place]),
                reasons=(*ruled, *ranked.disliked.reasons(place), *found, *drawn),
            )
        items.append(item)
    return Slate(request_id=request_id, shop_id=shop_id, query=request.query, model=model.version, items=tuple(items))


def _centred(stage: Stage, ranked: Ranked) -> Floats:
    """Return (k, F): how much each feature raised each place above an even sample of the pool.

    Trees explain slowly, so that only what is shown is explained. A place that a rule filled has no meaning here.
    """
    if not len(ranked.features):
        return np.zeros((len(ranked.places), len(stage.scorer.names)))
    sample = ranked.features[:: max(1, len(ranked.features) // SAMPLE)]
    centre = stage.scorer.contributions(sample).mean(axis=0)
    return np.asarray(stage.scorer.contributions(ranked.features[ranked.places]) - centre)


def _allowed(query: Query, model: Model, taste: Taste, context: Rows) -> Mask:
    """Return the rows that may be shown: available, inside the filter, not the page itself, not seen if so asked."""
    allowed = model.catalogue.available.copy()
    if query.where:
        allowed &= model.mask(query.where)
    if query.exclude_seen:
        allowed[taste.rows] = False
    if query.exclude_bought:
        allowed[taste.rows[taste.bought > 0]] = False
    allowed[rejected(taste, taste.verdicts, asked=bool(query.text) or not query.personalise)] = False
    allowed[context] = False
    return allowed


def _order(
    pool: Pool, scores: Floats, ruled: Ruled, request: Request, slot: Slot, serving: Serving
) -> NDArray[np.intp]:
    """Return indices into the pool in the order of preference, without what rules drop or pin.

    Under a cap or diversity only the slate itself remains: exploring reorders it, and a cap may leave it shorter.
    """
    pinned = np.isin(pool.rows, list(ruled.pins.values()))
    kept = np.flatnonzero(ruled.keep & ~pinned)
    best = kept[np.lexsort((pool.rows[kept], -scores[kept]))]
    if request.query.text:
        return best
    catalogue, n = serving.model.catalogue, request.query.n
    weight = serving.settings.diversity if slot.diversity is None else slot.diversity
    cap = serving.settings.max_per_category if slot.max_per_category is None else slot.max_per_category
    rows, said = pool.rows[best], scores[best]
    if slot.calibration and not cap:
        mix = mix_of(request.taste, catalogue)
        return np.asarray(best[calibrate(rows, said, catalogue, mix, n=n, weight=slot.calibration)])
    if weight or cap:
        vectors = serving.model.vectors
        return np.asarray(best[diversify(rows, said, catalogue, vectors, n=n, weight=weight, max_per_category=cap)])
    return best


def mix_of(taste: Taste, catalogue: Catalogue) -> Floats:
    """Return (categories,) how the shopper's liking is shared out among the categories, summing to 1 or all zero."""
    liked = taste.facets.get("category", {})
    share = np.array([max(float(liked[name][-1]), 0.0) if name in liked else 0.0 for name in catalogue.category_names])
    return share / share.sum() if share.any() else share


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
