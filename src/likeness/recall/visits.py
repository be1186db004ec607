"""Visits: a log cut into what each shopper wanted at one sitting, in order, and where two such logs part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.types import Floats, Interactions

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """Entries (visit, item), sorted by owner and time; a visit is a run of entries."""

    owner: Ints  # (e,) the shopper, or the session of nobody
    row: Ints  # (e,)
    time: Floats  # (e,)
    strength: Floats  # (e,) 1 is a purchase, 0 one that was given back or an item later rejected
    start: Ints  # (v + 1,) first entry of each visit
    since: Ints  # (v,) first entry of the visit's shopper

    def __len__(self) -> int:
        """Return the number of visits."""
        return len(self.since)


def visits_of(log: Interactions, unit: float, row: Ints | None = None, kept: NDArray[np.bool_] | None = None) -> Visits:
    """Return the visits of a log in which a purchase weighs `unit`; `row` renames its rows, `kept` leaves events out.

    Anonymous events are visits of their session.
    """
    chosen = (log.row >= 0) & (log.weight != 0) if kept is None else (log.row >= 0) & (log.weight != 0) & kept
    picked = np.flatnonzero(chosen)
    owner = np.where(log.shopper[picked] >= 0, log.shopper[picked], len(log.shoppers) + log.session[picked])
    share = _kept_share(owner, log.row[picked], log.time[picked], log.weight[picked])
    wanted = log.weight[picked] > 0
    picked, owner, share = picked[wanted], owner[wanted], share[wanted]
    order = _order(log, picked, owner)
    picked, owner = picked[order], owner[order]
    session = log.session[picked]
    new_owner = np.append(True, owner[1:] != owner[:-1])[: len(picked)]
    new_visit = new_owner | np.append(True, session[1:] != session[:-1])[: len(picked)]
    start = np.flatnonzero(new_visit)
    return Visits(
        owner=owner,
        row=(log.row if row is None else row)[picked].astype(np.int64),
        time=log.time[picked],
        strength=np.minimum(log.weight[picked] / unit, 1.0) * share[order],
        start=np.append(start, len(picked)),
        since=np.flatnonzero(new_owner)[np.cumsum(new_owner)[start] - 1],
    )


def _kept_share(owner: Ints, row: NDArray[np.int32], time: Floats, weight: Floats) -> Floats:
    """Return (e,): how much of each event is left by the negative ones of the same owner and item that came later."""
    against = weight < 0
    share = np.ones(len(weight))
    if not against.any():
        return share
    width = int(row.max(initial=0)) + 1
    _, pair = np.unique(owner * width + row, return_inverse=True)
    last = np.full(int(pair.max()) + 1, -np.inf)
    np.maximum.at(last, pair[against], time[against])
    earlier = ~against & (time <= last[pair])
    lost = np.bincount(pair[against], -weight[against], len(last))
    had = np.bincount(pair[earlier], weight[earlier], len(last))
    left = np.clip(1.0 - lost / np.maximum(had, 1e-9), 0.0, 1.0)
    share[earlier] = left[pair[earlier]]
    return share


def _order(log: Interactions, kept: Ints, owner: Ints) -> Ints:
    """Sort by owner, then by the first moment of each session, so that parallel sessions do not break each other."""
    _, place = np.unique(log.session[kept], return_inverse=True)
    opened = np.full(int(place.max(initial=-1)) + 1, np.inf)
    np.minimum.at(opened, place, log.time[kept])
    return np.lexsort((log.time[kept], log.session[kept], opened[place], owner))


def changed(before: Visits, now: Visits) -> tuple[Ints, Ints]:
    """Return (visits of `before`, visits of `now`) that differ from each other, or come after one that does.

    Both are of the same shoppers; entries are compared one by one from the start of each shopper's.
    """
    owners = np.union1d(before.owner, now.owner)
    begin, length = _spans(before, owners)
    begin_now, length_now = _spans(now, owners)
    same = np.minimum(length, length_now)
    owner, entry = runs(begin, begin + same)
    other = entry - begin[owner] + begin_now[owner]
    differs = (before.row[entry] != now.row[other]) | (before.time[entry] != now.time[other])
    differs |= (before.strength[entry] != now.strength[other]) | (_opened(before)[entry] != _opened(now)[other])
    np.minimum.at(same, owner[differs], (entry - begin[owner])[differs])
    first = np.minimum(_visit_of(before, begin, length, same), _visit_of(now, begin_now, length_now, same))
    return _after(before, owners, begin + first), _after(now, owners, begin_now + first)


def _spans(visits: Visits, owners: Ints) -> tuple[Ints, Ints]:
    begin = np.searchsorted(visits.owner, owners)
    return begin, np.searchsorted(visits.owner, owners, side="right") - begin


def _opened(visits: Visits) -> Ints:
    """Return (e,): how many entries after its owner's first the visit of each entry begins."""
    return np.repeat(visits.start[:-1] - visits.since, np.diff(visits.start))


def _visit_of(visits: Visits, begin: Ints, length: Ints, place: Ints) -> Ints:
    """Return (o,): where the visit begins that holds the entry at `place` of each owner; `place` past the end."""
    inside = place < length
    first = place.copy()
    first[inside] = _opened(visits)[(begin + place)[inside]]
    return first


def _after(visits: Visits, owners: Ints, entry: Ints) -> Ints:
    """Return the visits that hold an entry of their owner at or after `entry` (o,)."""
    owner = np.searchsorted(owners, visits.owner[visits.start[:-1]])
    return np.flatnonzero(visits.start[1:] > entry[owner])


def runs(begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return (run, entry) of every entry of the runs begin[k] to end[k]."""
    length = end - begin
    run = np.repeat(np.arange(len(begin)), length)
    return run, np.arange(len(run)) + np.repeat(begin - (np.cumsum(length) - length), length)
