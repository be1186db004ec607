"""A rehearsal: ask yesterday's questions with what was known then, and fit the scorer to what was bought next.

With times, everything before the last part of the log is learnt and the purchases in that part are what was asked for;
with positions, each shopper's last item is. Sources, personas and features are the very ones that serve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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
from likeness.rank.examples import Example
from likeness.rank.heads import TARGETS
from likeness.rank.strangers import Window
from likeness.recall.blend import blend
from likeness.recall.popular import Popular
from likeness.seeds import rng_of
from likeness.types import (
    DAY,
    EVENT_NAMES,
    Candidates,
    Catalogue,
    Interactions,
    Query,
    Request,
    Rows,
    Taste,
)

SHOPPERS = 5_000  # asked per rehearsal at most
HORIZON = 60 * DAY  # longest window asked about
SHARE = 6  # and no more than one part in so many of the log
SEASONS = 8  # stretches a scorer for strangers is fitted on, as far apart
WINDOWS = 3  # rehearsals of a log with times, each half a window before the next
CANDIDATES = 100  # of each source, as when serving by default
STRANGE, STRANGERS = 1 / 3, 1_500  # share of those asked who come as strangers to everything fitted; at most
FEW = (1, 3)  # events known of a stranger
HELD, FRESH = 0.1, 2_500  # share of the items nobody has met; shoppers asked about them, at most
PURCHASE = EVENT_NAMES.index("purchase")
Hits = NDArray[np.bool_]
Wanted = tuple[Rows, ...]
"""What one shopper did next, as catalogue rows: one array per end of TARGETS, purchases first."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What was known before, and what each shopper bought next."""

    before: Interactions
    limits: dict[str, float]  # shopper -> the moment they are asked
    wanted: dict[str, Wanted]  # shopper -> what came next
    until: float  # what came before this moment; infinite where the log has positions


def rehearsals_of(log: Interactions) -> Iterator[Rehearsal]:
    """Cut the log: at a few moments where it has times, before each shopper's last item where it has positions."""
    ends = [_reached(log, events) for events in TARGETS.values()]
    if log.clock == "position":
        yield _last_item(log, ends[0])
        return
    start = float(log.time.min()) if len(log) else 0.0
    window = min(HORIZON, (log.end - start) / SHARE)
    for back in range(WINDOWS):
        cutoff = log.end - window * (1 + back / 2)
        asked = [one[(log.time[one] >= cutoff) & (log.time[one] < cutoff + window)] for one in ends]
        moments = dict.fromkeys((log.shoppers[code] for one in asked for code in log.shopper[one]), cutoff)
        yield _rehearsal(log, log.time < cutoff, cutoff, asked, moments, until=log.end - window * (back / 2))


def _reached(log: Interactions, events: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the places in the log where a known shopper reached an end with a known item."""
    codes = [EVENT_NAMES.index(event) for event in events]
    return np.flatnonzero(np.isin(log.event, codes) & (log.shopper >= 0) & (log.row >= 0))


def _last_item(log: Interactions, buys: NDArray[np.intp]) -> Rehearsal:
    last = np.full(len(log.shoppers), -1)
    last[log.shopper[buys]] = buys
    asked = np.sort(last[(last >= 0) & (np.bincount(log.shopper[buys], minlength=len(last)) > 1)])
    limit = np.full(len(log.shoppers) + 1, np.inf)  # the last entry is for events of nobody (code -1)
    limit[log.shopper[asked]] = log.time[asked]
    moments = {log.shoppers[log.shopper[one]]: float(log.time[one]) for one in asked}
    none = [asked, *([np.empty(0, np.intp)] * (len(TARGETS) - 1))]  # only the last item is asked about
    return _rehearsal(log, log.time < limit[log.shopper], log.end, none, moments, until=np.inf)


def _rehearsal(
    log: Interactions,
    kept: Hits,
    end: float,
    asked: Sequence[NDArray[np.intp]],
    limits: dict[str, float],
    *,
    until: float,
) -> Rehearsal:
    found: dict[str, list[set[int]]] = {shopper: [set() for _ in asked] for shopper in limits}
    for number, places in enumerate(asked):
        for code, row in zip(log.shopper[places].tolist(), log.row[places].tolist(), strict=True):
            found[log.shoppers[code]][number].add(row)
    wanted = {name: tuple(np.array(sorted(rows), np.int32) for rows in ends) for name, ends in found.items()}
    return Rehearsal(before=_kept(log, kept, end), limits=limits, wanted=wanted, until=until)


@dataclass(frozen=True, kw_only=True)
class ColdRehearsal:
    """A rehearsal from which shoppers and items were taken out, so that the first come as strangers, the others new."""

    before: Interactions  # nothing of the strangers in it, and nothing of the items held back
    limits: dict[str, float]  # shopper -> the moment they are asked, strangers and others
    wanted: dict[str, Wanted]
    until: float
    strangers: tuple[str, ...]
    held: Hits  # (n_items,)


def without_some(rehearsal: Rehearsal, n_items: int) -> ColdRehearsal:
    """Take a random share of the shoppers asked and of the items out of what was known before.

    Dropping what is known of an entity so that its content has to speak: Volkovs, Yu and Poutanen 2017 (DropoutNet).
    """
    names = sorted(rehearsal.limits)
    drawn = rng_of("strangers").permutation(len(names))[: min(STRANGERS, int(len(names) * STRANGE))]
    strangers = tuple(names[i] for i in sorted(drawn.tolist()))
    held = np.zeros(n_items, bool)
    held[rng_of("held back").permutation(n_items)[: int(n_items * HELD)]] = True
    log = rehearsal.before
    strange = np.isin(np.asarray(log.shoppers, dtype=str), np.asarray(strangers, dtype=str))
    gone = np.append(strange, False)[log.shopper] | (np.append(held, False)[log.row])
    return ColdRehearsal(
        before=_kept(log, ~gone, log.end),
        limits=rehearsal.limits,
        wanted=rehearsal.wanted,
        until=rehearsal.until,
        strangers=strangers,
        held=held,
    )


def rehearse_few(
    cold: ColdRehearsal, table: pa.Table, model: Model, stage: Stage, config: PersonaConfig, assume: Collection[str]
) -> Iterator[Example]:
    """Yield examples of the strangers, answered with the persona of their last event, then of their last three."""
    limits = {shopper: cold.limits[shopper] for shopper in cold.strangers}
    for keep in FEW:
        yield from _answered(
            history(table, limits, keep), limits, cold.wanted, cold.until, model, stage, config, assume
        )


def rehearse_fresh(
    cold: ColdRehearsal, table: pa.Table, model: Model, stage: Stage, config: PersonaConfig, assume: Collection[str]
) -> Iterator[Example]:
    """Yield an example per shopper who is no stranger, answered as if nobody had ever met the items held back."""
    ids = [item.item_id for item, held in zip(model.catalogue.items, cold.held, strict=True) if held]
    table = table.filter(pc.invert(pc.fill_null(pc.is_in(table["item_id"], pa.array(ids, pa.string())), False)))
    strangers = set(cold.strangers)
    asked = [name for name in _asked(cold.limits, FRESH) if name not in strangers]
    limits = {shopper: cold.limits[shopper] for shopper in asked}
    yield from _answered(history(table, limits), limits, cold.wanted, cold.until, model, stage, config, assume)


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
    limits = {shopper: rehearsal.limits[shopper] for shopper in _asked(rehearsal.limits, SHOPPERS, rehearsal.wanted)}
    yield from _answered(
        history(table, limits), limits, rehearsal.wanted, rehearsal.until, model, stage, config, assume
    )


def _answered(
    known: pa.Table,
    limits: Mapping[str, float],
    wanted: Mapping[str, Wanted],
    until: float,
    model: Model,
    stage: Stage,
    config: PersonaConfig,
    assume: Collection[str],
) -> Iterator[Example]:
    """Yield an example per shopper of whom something is known."""
    facts = Facts(config, model.catalogue, words_of)
    for shopper, snapshot in fold_columns(known, facts):
        state, moment = PersonaState.decode(snapshot.state), limits[shopper]
        someone = taste(state, shopper, moment, model.catalogue, config, vectors=model.vectors, assume=assume)
        yield _example(shopper, someone, wanted[shopper], until, model, stage)


def windows_of(log: Interactions, catalogue: Catalogue, config: PersonaConfig) -> list[Window]:
    """Return stretches of the log as somebody unknown would have met them: demand at their start, purchases in them.

    Columns are those of `popular`; a log of positions has no stretches.
    """
    if log.clock == "position" or not len(log):
        return []
    buys = np.flatnonzero((log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0))
    length = min(HORIZON, (log.end - float(log.time.min())) / SHARE)
    nobody = taste(PersonaState.empty(config), None, log.end, catalogue, config)
    request = Request(query=Query(time=log.end), taste=nobody, context=np.empty(0, np.int32))
    rows = np.arange(len(catalogue), dtype=np.int32)
    everything = blend([Candidates(source="all", rows=rows, scores=np.zeros(len(rows)))])
    found = []
    for back in range(SEASONS):
        start = log.end - length * (1 + back / 2)
        popular = Popular.fit(_kept(log, log.time < start, start), catalogue)
        asked = buys[(log.time[buys] >= start) & (log.time[buys] < start + length)]
        found.append(Window(popular.describe(everything, request), _by_shopper(log, asked)))
    return found


def _by_shopper(log: Interactions, asked: NDArray[np.intp]) -> tuple[Rows, ...]:
    """Return the distinct rows of each shopper among some events."""
    pairs = np.unique(np.column_stack([log.shopper[asked], log.row[asked]]), axis=0)
    return tuple(np.split(pairs[:, 1], np.flatnonzero(np.diff(pairs[:, 0])) + 1)) if len(pairs) else ()


def rehearse_unknown(rehearsal: Rehearsal, model: Model, stage: Stage, config: PersonaConfig) -> Iterator[Example]:
    """Yield the same examples, answered as if nothing were known of anybody."""
    empty = PersonaState.empty(config)
    for shopper in _asked(rehearsal.limits, SHOPPERS):
        stranger = taste(empty, None, rehearsal.limits[shopper], model.catalogue, config)
        yield _example(shopper, stranger, rehearsal.wanted[shopper], rehearsal.until, model, stage)


def _asked(limits: Mapping[str, float], most: int, wanted: Mapping[str, Wanted] | None = None) -> list[str]:
    """Return at most so many shoppers, drawn at random; with `wanted` those who bought come before those who looked."""
    names = sorted(limits)
    drawn = [names[i] for i in rng_of("rehearse").permutation(len(names)).tolist()]
    if wanted is not None:
        drawn.sort(key=lambda name: not len(wanted[name][0]))
    return sorted(drawn[:most])


def _example(shopper: str, known: Taste, wanted: Wanted, until: float, model: Model, stage: Stage) -> Example:
    request = ask(Query(time=known.time, user_id=known.shopper), model, known)
    pool = propose(request, stage, CANDIDATES)
    return Example(
        shopper=shopper,
        asked=known.time,
        until=until,
        features=stage.features(pool, request),
        targets=np.column_stack([np.isin(pool.rows, rows) for rows in wanted]),
    )


def history(table: pa.Table, limits: Mapping[str, float], keep: int | None = None) -> pa.Table:
    """Return the events of some shoppers before the moment each is asked; with `keep` only their last so many with
    an item, in order of (time, cursor), and nothing else of theirs."""
    place = pc.index_in(
        pc.coalesce(table["user_id"], table["visitor_id"]), value_set=pa.array(list(limits), pa.string())
    )
    limit = pc.fill_null(pc.take(pa.array(list(limits.values()), pa.float64()), place), -np.inf)
    earlier = pc.less(table["time"], limit)
    if keep is None:
        return table.filter(earlier)
    consents = table.filter(pc.and_(earlier, pc.equal(table["event"], "consent")))  # what was granted holds throughout
    earlier = pc.and_(earlier, pc.is_valid(table["item_id"]))
    table, owner = table.filter(earlier), place.filter(earlier).to_numpy()
    order = np.lexsort((table["cursor"].to_numpy(), table["time"].to_numpy(), owner))
    left = np.searchsorted(owner[order], owner[order], side="right") - np.arange(len(order))
    return pa.concat_tables([consents, table.take(np.sort(order[left <= keep]))])


def _kept(log: Interactions, kept: Hits, end: float) -> Interactions:
    columns = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    return replace(log, end=end, cursor=None, **{name: getattr(log, name)[kept] for name in columns})
