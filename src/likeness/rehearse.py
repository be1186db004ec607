"""A rehearsal: ask yesterday's questions with what was known then, and fit the scorer to what was bought next.

With times, everything before the last part of the log is learnt and the purchases in that part are what was asked for;
with positions, each shopper's last item is. Sources, personas and features are the very ones that serve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
from likeness.seeds import rng_of
from likeness.types import DAY, EVENT_NAMES, Floats, Interactions, Query, Rows, Taste

SHOPPERS = 5_000  # asked per rehearsal at most
HORIZON = 60 * DAY  # longest window asked about
SHARE = 6  # and no more than one part in so many of the log
WINDOWS = 3  # rehearsals of a log with times, each half a window before the next
CANDIDATES = 200  # of each source, as when serving by default
PURCHASE = EVENT_NAMES.index("purchase")
Hits = NDArray[np.bool_]
Example = tuple[Floats, Hits]
"""The features of one shopper's candidates (n, F), and which of them were bought next (n,)."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What was known before, and what each shopper bought next."""

    before: Interactions
    limits: dict[str, float]  # shopper -> the moment they are asked
    bought: dict[str, Rows]  # shopper -> catalogue rows bought next


def rehearsals_of(log: Interactions) -> Iterator[Rehearsal]:
    """Cut the log: at a few moments where it has times, before each shopper's last item where it has positions."""
    buys = np.flatnonzero((log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0))
    if log.clock == "position":
        yield _last_item(log, buys)
        return
    start = float(log.time.min()) if len(log) else 0.0
    window = min(HORIZON, (log.end - start) / SHARE)
    for back in range(WINDOWS):
        cutoff = log.end - window * (1 + back / 2)
        asked = buys[(log.time[buys] >= cutoff) & (log.time[buys] < cutoff + window)]
        yield _rehearsal(log, log.time < cutoff, cutoff, asked, np.full(len(asked), cutoff))


def _last_item(log: Interactions, buys: NDArray[np.intp]) -> Rehearsal:
    last = np.full(len(log.shoppers), -1)
    last[log.shopper[buys]] = buys
    asked = np.sort(last[(last >= 0) & (np.bincount(log.shopper[buys], minlength=len(last)) > 1)])
    limit = np.full(len(log.shoppers) + 1, np.inf)  # the last entry is for events of nobody (code -1)
    limit[log.shopper[asked]] = log.time[asked]
    return _rehearsal(log, log.time < limit[log.shopper], log.end, asked, log.time[asked])


def _rehearsal(log: Interactions, kept: Hits, end: float, asked: NDArray[np.intp], moments: Floats) -> Rehearsal:
    bought: dict[str, list[int]] = {}
    limits: dict[str, float] = {}
    for code, row, moment in zip(log.shopper[asked], log.row[asked], moments.tolist(), strict=True):
        bought.setdefault(log.shoppers[code], []).append(int(row))
        limits[log.shoppers[code]] = moment
    rows = {shopper: np.unique(np.array(found, np.int32)) for shopper, found in bought.items()}
    return Rehearsal(before=_kept(log, kept, end), limits=limits, bought=rows)


def rehearse(
    rehearsal: Rehearsal,
    table: pa.Table,
    model: Model,
    stage: Stage,
    config: PersonaConfig,
    assume: Collection[str],
) -> Iterator[Example]:
    """Yield an example per shopper asked, answered with the persona of that moment.

    `stage` holds the sources fitted on `rehearsal.before`; `table` is the log the rehearsal was cut from; `assume`
    names the purposes granted until a shopper says otherwise.
    """
    limits = {shopper: rehearsal.limits[shopper] for shopper in _asked(rehearsal)}
    facts = Facts(config, model.catalogue, words_of)
    for shopper, snapshot in fold_columns(_history(table, limits), facts):
        state, moment = PersonaState.decode(snapshot.state), limits[shopper]
        known = taste(state, shopper, moment, model.catalogue, config, vectors=model.vectors, assume=assume)
        yield _example(known, rehearsal.bought[shopper], model, stage)


def rehearse_unknown(rehearsal: Rehearsal, model: Model, stage: Stage, config: PersonaConfig) -> Iterator[Example]:
    """Yield the same examples, answered as if nothing were known of anybody."""
    empty = PersonaState.empty(config)
    for shopper in _asked(rehearsal):
        stranger = taste(empty, None, rehearsal.limits[shopper], model.catalogue, config)
        yield _example(stranger, rehearsal.bought[shopper], model, stage)


def _asked(rehearsal: Rehearsal) -> list[str]:
    names = sorted(rehearsal.limits)
    return [names[i] for i in sorted(rng_of("rehearse").permutation(len(names))[:SHOPPERS].tolist())]


def _example(known: Taste, bought: Rows, model: Model, stage: Stage) -> Example:
    request = ask(Query(time=known.time, user_id=known.shopper), model, known)
    pool = propose(request, stage, CANDIDATES)
    return stage.features(pool, request), np.isin(pool.rows, bought)


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
