"""Pairs: how often items met, against how often they would have met by chance.

Four meetings are counted, each as the product of two sparse matrices of visits x items: bought in one order
(`together`), bought in another order later (`after`), looked at in one session (`coviewed`), bought in a session in
which the other was only looked at (`instead`). What chance would give is the larger of two: the configuration model
(Newman 2006), the product of both items' pairs over all pairs, which allows for the sizes of orders; and independence,
the product of both items' visits over all visits, which allows for what is in every order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.types import DAY, EVENT_NAMES, Floats, Interactions

Matrix = Any  # scipy.sparse.csr_matrix of float32, visits x items
Ints = NDArray[np.int64]
PURCHASE = EVENT_NAMES.index("purchase")
VIEWS = (EVENT_NAMES.index("select_item"), EVENT_NAMES.index("view_item"))
BASKET = 200  # items of one visit that are looked at, the first in the log
HISTORY = 100  # lines bought before a visit that it is paired with
FADE = 3.0  # paces between two orders at which their pairs count half
AGE = 120 * DAY  # seconds after which a meeting counts half; positions of different shoppers have no common age


@dataclass(frozen=True)
class Meetings:
    """One way of meeting: `left.T @ right` counts the pairs (item that leads, item that follows)."""

    left: Matrix  # (n, visits) float32: transposed
    right: Matrix  # (visits, n) float32
    pairs: tuple[Floats, Floats]  # (n,), (n,): pairs each item leads, and follows in
    visits: tuple[Floats, Floats]  # (n,), (n,): visits with something on both sides in which it leads, and follows
    total: float  # pairs of all items
    weight: float  # visits with something on both sides

    @classmethod
    def of(cls, left: Matrix, right: Matrix) -> Meetings:
        """Add up the pairs of different items; `left` and `right` are (visits, n)."""
        own = _sums(left.multiply(right), 0)
        leads, follows = left.T @ _sums(right, 1) - own, right.T @ _sums(left, 1) - own
        weight = _sums(right, 1) / np.maximum(np.diff(right.indptr), 1) * (_sums(left, 1) > 0)  # of a meeting per visit
        visits = left.T @ weight, right.T @ (weight > 0).astype(np.float64)
        return cls(left.T.tocsr(), right, (leads, follows), visits, float(leads.sum()), float(weight.sum()))

    def turned(self) -> Meetings:
        """Return the same meetings led by what followed."""
        left, right = self.right.T.tocsr(), self.left.T.tocsr()
        return Meetings(left, right, self.pairs[::-1], self.visits[::-1], self.total, self.weight)

    def block(self, rows: Ints) -> Matrix:
        """Return (len(rows), n): the pairs led by `rows`."""
        return (self.left[rows] @ self.right).tocsr()

    def expected(self, lead: Ints, follow: Ints) -> Floats:
        """Return (k,) the pairs that chance would give."""
        sized = self.pairs[0][lead] * self.pairs[1][follow] / max(self.total, 1e-9)
        alone = self.visits[0][lead] * self.visits[1][follow] / max(self.weight, 1e-9)
        return np.asarray(np.maximum(sized, alone), np.float64)


@dataclass(frozen=True)
class Company:
    """All ways of meeting, and how many orders and sessions each item was in."""

    together: Meetings
    after: Meetings
    ahead: Meetings  # `after` the other way round
    coviewed: Meetings
    instead: Meetings
    orders: Floats  # (n,) faded like `together`
    looks: Floats  # (n,) sessions in which an item was only looked at


def company(log: Interactions, n_items: int, pace: float) -> Company:
    """Count the meetings of a log over `n_items` catalogue rows; `pace` is seconds between a shopper's orders.

    Events with a negative weight count for nothing; anonymous events meet inside their session only.
    """
    seen = (log.row >= 0) & (log.weight > 0)
    bought, looked = seen & (log.event == PURCHASE), seen & np.isin(log.event, VIEWS)
    age = np.inf if log.clock == "position" else AGE
    visits = _Visits.of(log, n_items)
    orders, views = visits.matrix(bought), visits.matrix(looked)
    faded = sp.diags_array(np.exp2((visits.opened - log.end) / age)).astype(np.float32) @ orders
    only_looked = views - views.multiply(orders)
    only_looked.eliminate_zeros()
    after = Meetings.of(visits.before(bought, FADE * pace), faded)
    return Company(
        together=Meetings.of(orders, faded),
        after=after,
        ahead=after.turned(),
        coviewed=Meetings.of(views, views),
        instead=Meetings.of(only_looked, orders),
        orders=_sums(faded, 0),
        looks=_sums(only_looked, 0),
    )


@dataclass(frozen=True)
class _Visits:
    """The events of a log by visit, visits by shopper and time."""

    log: Interactions
    n_items: int
    visit: Ints  # (events,) number of the visit
    owner: Ints  # (visits,) code of the shopper, -1 anonymous
    opened: Floats  # (visits,) time of the first event

    @classmethod
    def of(cls, log: Interactions, n_items: int) -> _Visits:
        pairs = np.stack([log.shopper.astype(np.int64), log.session], axis=1)
        found, place = np.unique(pairs, axis=0, return_inverse=True)
        opened = np.full(len(found), np.inf)
        np.minimum.at(opened, place.ravel(), log.time)
        order = np.lexsort((found[:, 1], opened, found[:, 0]))
        number = np.empty(len(order), np.int64)
        number[order] = np.arange(len(order))
        return cls(log, n_items, number[place.ravel()], found[order, 0], opened[order])

    def matrix(self, which: NDArray[np.bool_]) -> Matrix:
        """Return (visits, n): 1 where a visit has an event of `which` about an item, at most BASKET of them."""
        visit, row = self._lines(which)
        kept = np.arange(len(visit)) - np.searchsorted(visit, visit) < BASKET
        return self._counted(visit[kept], row[kept], np.ones(int(kept.sum())))

    def before(self, which: NDArray[np.bool_], fade: float) -> Matrix:
        """Return (visits, n): what the shopper had bought before each visit, faded by the time between."""
        visit, row = self._lines(which)
        current = np.unique(visit)
        current = current[self.owner[current] >= 0]
        first_visit = np.searchsorted(self.owner, self.owner[current])  # visits are sorted by owner
        end = np.searchsorted(visit, current)
        begin = np.maximum(np.searchsorted(visit, first_visit), end - HISTORY)
        length = end - begin
        later = np.repeat(current, length)
        entry = np.arange(len(later)) + np.repeat(begin - (np.cumsum(length) - length), length)
        gap = self.opened[later] - self.opened[visit[entry]]
        return self._counted(later, row[entry], np.exp2(-gap / fade))

    def _lines(self, which: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Return (visit, item) of the events of `which`, no item twice in a visit, by visit and place in the log."""
        kept = np.flatnonzero(which)
        visit, row = self.visit[kept], self.log.row[kept].astype(np.int64)
        _, first = np.unique(visit * max(self.n_items, 1) + row, return_index=True)
        first.sort()
        order = first[np.argsort(visit[first], kind="stable")]
        return visit[order], row[order]

    def _counted(self, visit: Ints, row: Ints, count: Floats) -> Matrix:
        """Return (visits, n), 1 at most: being bought twice before does not pair twice."""
        matrix = sp.csr_matrix((count.astype(np.float32), (visit, row)), (len(self.owner), self.n_items))
        matrix.data = np.minimum(matrix.data, 1.0)
        return matrix


def _sums(matrix: Matrix, axis: int) -> Floats:
    return np.asarray(matrix.sum(axis=axis), np.float64).ravel()


def faded_by(log: Interactions) -> float:
    """Return a pace for a log of which nothing else is known: a day of positions, else thirty days."""
    return DAY if log.clock == "position" else 30 * DAY
