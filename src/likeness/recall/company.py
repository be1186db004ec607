"""Company: how often items were wanted together, or one after the other, as two sums over pairs.

For every pair of items of one shopper, `both` counts 2^(-gap / fade), and `later` the same where the first came no
later than the second, plus BACKWARD of it where it came after. Each pair fades with its age. Both are sums over pairs
of events, so that new events only add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.recall.tempo import Tempo
from likeness.types import Floats, Interactions

Matrix = Any  # scipy.sparse.csr_matrix of float32
Ints = NDArray[np.int64]

FADE = 3.0  # paces between two events at which their pair counts half
AGE = 1.0  # paces after which a pair counts half; positions of different shoppers have no common age
BACKWARD = 0.5  # what a pair counts for the way back: the second item, then the first
HISTORY = 200  # latest items of a shopper that a visit is paired with
BASKET = 200  # items of one visit that are looked at
BLOCK = 20_000  # visits counted at once, to bound memory


@dataclass(frozen=True)
class Company:
    """What was wanted with what."""

    both: Matrix  # (n, n) float32, symmetric; the diagonal is how often an item was wanted
    later: Matrix  # (n, n) float32, row: the item that leads, column: the item that follows


@dataclass(frozen=True)
class _Visits:
    """Entries (visit, item), sorted by owner and time; a visit is a run of entries."""

    row: Ints
    time: Floats
    strength: Floats  # 1 is a purchase
    start: Ints  # (v + 1,) first entry of each visit
    since: Ints  # (v,) first entry of the visit's shopper


def company(log: Interactions, n_items: int) -> Company:
    """Count the pairs of a log over `n_items` catalogue rows; anonymous events pair only inside their session."""
    tempo = Tempo.of(log)
    visits = _visits(log, tempo.unit)
    age = np.inf if log.clock == "position" else AGE * tempo.pace
    shape = (n_items, n_items)
    inside, onward = sp.csr_matrix(shape, dtype=np.float32), sp.csr_matrix(shape, dtype=np.float32)
    for first in range(0, len(visits.since), BLOCK):
        block = np.arange(first, min(first + BLOCK, len(visits.since)))
        wanted = _wanted(visits, block, n_items)
        fresh = sp.diags_array(np.exp2((visits.time[visits.start[block]] - log.end) / age)).astype(np.float32)
        faded = fresh @ wanted
        inside = inside + wanted.T @ faded
        onward = onward + _history(visits, block, n_items, FADE * tempo.pace).T @ faded
    back = onward.T.tocsr()
    return Company(both=(inside + onward + back).tocsr(), later=(inside + onward + BACKWARD * back).tocsr())


def _visits(log: Interactions, unit: float) -> _Visits:
    kept = np.flatnonzero((log.row >= 0) & (log.weight > 0))
    owner = np.where(log.shopper[kept] >= 0, log.shopper[kept], len(log.shoppers) + log.session[kept])
    kept, owner = _sorted(log, kept, owner)
    session, row = log.session[kept], log.row[kept].astype(np.int64)
    new_owner = np.append(True, owner[1:] != owner[:-1])[: len(kept)]
    new_visit = new_owner | np.append(True, session[1:] != session[:-1])[: len(kept)]
    start = np.flatnonzero(new_visit)
    since = np.flatnonzero(new_owner)[np.cumsum(new_owner)[start] - 1]
    return _Visits(
        row=row,
        time=log.time[kept],
        strength=np.minimum(log.weight[kept] / unit, 1.0),
        start=np.append(start, len(kept)),
        since=since,
    )


def _sorted(log: Interactions, kept: Ints, owner: Ints) -> tuple[Ints, Ints]:
    """Sort by owner, then by the first moment of each session, so that parallel sessions do not break each other."""
    _, place = np.unique(log.session[kept], return_inverse=True)
    opened = np.full(int(place.max(initial=-1)) + 1, np.inf)
    np.minimum.at(opened, place, log.time[kept])
    order = np.lexsort((log.time[kept], log.session[kept], opened[place], owner))
    return kept[order], owner[order]


def _wanted(visits: _Visits, block: Ints, n_items: int) -> Matrix:
    """Return (visits, n_items): 1 where an item was bought in the visit, less where it was only looked at."""
    begin, end = visits.start[block], np.minimum(visits.start[block + 1], visits.start[block] + BASKET)
    visit, entry = _runs(begin, end)
    wanted = sp.csr_matrix(
        (visits.strength[entry].astype(np.float32), (visit, visits.row[entry])), (len(block), n_items)
    )
    wanted.data = np.minimum(wanted.data, 1.0)
    return wanted


def _history(visits: _Visits, block: Ints, n_items: int, fade: float) -> Matrix:
    """Return (visits, n_items): what the shopper wanted before each visit, faded by the time between."""
    end = visits.start[block]
    visit, entry = _runs(np.maximum(visits.since[block], end - HISTORY), end)
    gap = visits.time[end][visit] - visits.time[entry] if len(entry) else np.empty(0)
    faded = (visits.strength[entry] * np.exp2(-gap / fade)).astype(np.float32)
    return sp.csr_matrix((faded, (visit, visits.row[entry])), (len(block), n_items))


def _runs(begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return (run, entry) of every entry of the runs begin[k] to end[k]."""
    length = end - begin
    run = np.repeat(np.arange(len(begin)), length)
    return run, np.arange(len(run)) + np.repeat(begin - (np.cumsum(length) - length), length)
