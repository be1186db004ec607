"""A rehearsal: ask yesterday's questions with what was known then, and fit the scorer to what was bought next.

With times, everything before the last part of the log is learnt and the purchases in that part are what was asked for;
with positions, each shopper's last item is. Sources, personas and features are the very ones that serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.model import Model, Stage
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns
from likeness.persona.state import PersonaState
from likeness.persona.taste import taste
from likeness.pipeline import ask, propose
from likeness.query.normalise import words as words_of
from likeness.rank.linear import LinearScorer
from likeness.rank.train import fit_scorer
from likeness.seeds import rng_of
from likeness.types import DAY, EVENT_NAMES, Floats, Interactions, Query

SHOPPERS = 2_000  # asked at most
HORIZON = 60 * DAY  # longest window asked about
SHARE = 6  # and no more than one part in so many of the log
PURCHASE = EVENT_NAMES.index("purchase")
Hits = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What was known before, and what each shopper bought next."""

    before: Interactions
    limits: dict[str, float]  # shopper -> the moment they are asked
    bought: dict[str, NDArray[np.int32]]  # shopper -> catalogue rows bought next


def rehearsal_of(log: Interactions) -> Rehearsal:
    """Cut the log: at one moment where it has times, before each shopper's last item where it has positions."""
    buys = np.flatnonzero((log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0))
    if log.clock == "position":
        last = np.full(len(log.shoppers), -1)
        last[log.shopper[buys]] = buys
        asked = np.sort(last[(last >= 0) & (np.bincount(log.shopper[buys], minlength=len(last)) > 1)])
        limit = np.full(len(log.shoppers) + 1, np.inf)  # the last entry is for events of nobody (code -1)
        limit[log.shopper[asked]] = log.time[asked]
        kept, moments = log.time < limit[log.shopper], log.time[asked]
    else:
        start = float(log.time.min()) if len(log) else 0.0
        cutoff = log.end - min(HORIZON, (log.end - start) / SHARE)
        asked, kept = buys[log.time[buys] >= cutoff], log.time < cutoff
        moments = np.full(len(asked), cutoff)
    end = log.end if log.clock == "position" else float(moments[0]) if len(moments) else log.end
    bought: dict[str, list[int]] = {}
    limits: dict[str, float] = {}
    for code, row, moment in zip(log.shopper[asked], log.row[asked], moments, strict=True):
        bought.setdefault(log.shoppers[code], []).append(int(row))
        limits[log.shoppers[code]] = float(moment)
    rows = {shopper: np.unique(np.array(found, np.int32)) for shopper, found in bought.items()}
    return Rehearsal(before=_kept(log, kept, end), limits=limits, bought=rows)


def rehearse(rehearsal: Rehearsal, table: pa.Table, model: Model, stage: Stage, config: PersonaConfig) -> LinearScorer:
    """Return the scorer fitted on the log's own past, or the default one where there is too little of it.

    `stage` holds the sources fitted on `rehearsal.before`; `table` is the log the rehearsal was cut from.
    """
    return fit_scorer(_examples(rehearsal, table, model, stage, config), stage.scorer.names, seed=0)


def _examples(
    rehearsal: Rehearsal, table: pa.Table, model: Model, stage: Stage, config: PersonaConfig
) -> Iterator[tuple[Floats, Hits]]:
    """Yield the features of one shopper's candidates and which of them were bought next."""
    names = sorted(rehearsal.limits)
    chosen = sorted(rng_of("rehearse").permutation(len(names))[:SHOPPERS].tolist())
    limits = {names[i]: rehearsal.limits[names[i]] for i in chosen}
    facts = Facts(config, model.catalogue, words_of)
    for shopper, snapshot in fold_columns(_history(table, limits), facts):
        state, moment = PersonaState.decode(snapshot.state), limits[shopper]
        known = taste(state, shopper, moment, model.catalogue, config, vectors=model.vectors)
        request = ask(Query(time=moment, user_id=shopper), model, known)
        pool = propose(request, stage, 200)
        yield stage.features(pool, request), np.isin(pool.rows, rehearsal.bought[shopper])


def _history(table: pa.Table, limits: dict[str, float]) -> pa.Table:
    """Return the events of the shoppers before the moment each is asked."""
    place = pc.index_in(
        pc.coalesce(table["user_id"], table["visitor_id"]), value_set=pa.array(list(limits), pa.string())
    )
    limit = pc.fill_null(pc.take(pa.array(list(limits.values()), pa.float64()), place), -np.inf)
    return table.filter(pc.less(table["time"], limit))


def _kept(log: Interactions, kept: Hits, end: float) -> Interactions:
    columns = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    return replace(log, end=end, **{name: getattr(log, name)[kept] for name in columns})
