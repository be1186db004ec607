"""Company: how often items were wanted together, or one after the other, as two sums over pairs.

For every pair of items of one shopper, `both` counts 2^(-gap / fade), and `later` the same where the first came no
later than the second, plus BACKWARD of it where it came after. Each pair fades with its age. Both are sums over pairs
of events, so that new events only add to them. What was given back or rejected takes its earlier pairs with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.recall.tempo import Tempo
from likeness.recall.visits import Ints, Visits, changed, runs, visits_of
from likeness.types import Clock, Interactions, Rows

Matrix = Any  # scipy.sparse.csr_matrix of float32

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
class _Fading:
    """How pairs fade: with the time between, and with their age at a moment."""

    between: float  # seconds
    age: float  # seconds, infinite for positions
    moment: float

    @classmethod
    def of(cls, tempo: Tempo, clock: Clock, moment: float) -> _Fading:
        return cls(FADE * tempo.pace, age_half_life(tempo, clock), moment)


def age_half_life(tempo: Tempo, clock: Clock) -> float:
    """Return the seconds after which a pair counts half; infinite for positions."""
    return np.inf if clock == "position" else AGE * tempo.pace


def company(log: Interactions, n_items: int, tempo: Tempo | None = None) -> Company:
    """Count the pairs of a log over `n_items` catalogue rows, as of its end; anonymous events pair inside sessions."""
    tempo = Tempo.of(log) if tempo is None else tempo
    visits = visits_of(log, tempo.unit)
    return _counted(visits, np.arange(len(visits)), n_items, _Fading.of(tempo, log.clock, log.end))


def news(log: Interactions, new: NDArray[np.bool_], tempo: Tempo, moment: float) -> tuple[Rows, Company]:
    """Return (rows, what the events marked `new` add to the counts of a moment), over those m rows alone.

    `log` holds everything known of the shoppers concerned. Only the visits that differ are counted.
    """
    rows, local = np.unique(log.row, return_inverse=True)
    first = int(np.searchsorted(rows, 0))  # rows may begin with -1: no item
    before, now = visits_of(log, tempo.unit, local - first, ~new), visits_of(log, tempo.unit, local - first)
    old, fresh = changed(before, now)
    fading, n_items = _Fading.of(tempo, log.clock, moment), len(rows) - first
    less, more = _counted(before, old, n_items, fading), _counted(now, fresh, n_items, fading)
    return rows[first:], Company(both=more.both - less.both, later=more.later - less.later)


def _counted(visits: Visits, chosen: Ints, n_items: int, fading: _Fading) -> Company:
    """Count the pairs that end in the `chosen` visits."""
    shape = (n_items, n_items)
    inside, onward = sp.csr_matrix(shape, dtype=np.float32), sp.csr_matrix(shape, dtype=np.float32)
    for first in range(0, len(chosen), BLOCK):
        block = chosen[first : first + BLOCK]
        wanted = _wanted(visits, block, n_items)
        age = (visits.time[visits.start[block]] - fading.moment) / fading.age
        faded = sp.diags_array(np.exp2(age)).astype(np.float32) @ wanted
        inside = inside + wanted.T @ faded
        onward = onward + _history(visits, block, n_items, fading.between).T @ faded
    back = onward.T.tocsr()
    return Company(both=(inside + onward + back).tocsr(), later=(inside + onward + BACKWARD * back).tocsr())


def _wanted(visits: Visits, block: Ints, n_items: int) -> Matrix:
    """Return (visits, n_items): 1 where an item was bought in the visit, less where it was only looked at."""
    begin, end = visits.start[block], np.minimum(visits.start[block + 1], visits.start[block] + BASKET)
    visit, entry = runs(begin, end)
    wanted = sp.csr_matrix(
        (visits.strength[entry].astype(np.float32), (visit, visits.row[entry])), (len(block), n_items)
    )
    wanted.data = np.minimum(wanted.data, 1.0)
    return wanted


def _history(visits: Visits, block: Ints, n_items: int, fade: float) -> Matrix:
    """Return (visits, n_items): what the shopper wanted before each visit, faded by the time between."""
    end = visits.start[block]
    visit, entry = runs(np.maximum(visits.since[block], end - HISTORY), end)
    gap = np.maximum(visits.time[end][visit] - visits.time[entry], 0.0) if len(entry) else np.empty(0)
    faded = (visits.strength[entry] * np.exp2(-gap / fade)).astype(np.float32)
    return sp.csr_matrix((faded, (visit, visits.row[entry])), (len(block), n_items))
