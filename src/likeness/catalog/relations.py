"""Relations: what the meetings of two items, their texts and their shelves say they are to each other.

Every rate is shrunk: of `count` meetings where chance gives `expected`, the lift has a Gamma(count + PRIOR, expected +
PRIOR) posterior (DuMouchel 1999), so that one meeting of two rare items proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaincc, ndtr

from likeness.catalog.pairs import Company, Ints
from likeness.types import Floats, Rows, Vectors

PRIOR = 2.0  # meetings by chance that every pair is given beforehand
CAUTION = 1.28  # standard deviations: the lower end of an 80 % interval stands for a count
LEAST = 2.0  # meetings below which a pair is not looked at, unless its texts are close
CLOSE, NEAREST = 0.35, 50  # the least cosine of texts, and how many of the closest
WAYS = ("together", "after", "ahead", "coviewed", "instead")
DISTINCT = 0.25  # power of the lift in a weight: 0 is the mere share, which what sells best always leads
FEW = 3.0  # orders that every item is given beforehand

# The log-odds that two items do the same job, so that one is bought instead of the other.
SAME_TEXT = 8.0  # per unit of cosine above MIDDLE
MIDDLE = 0.7  # the cosine that says nothing either way
UNREAD = -2.0  # where an item has no text: most pairs do different jobs
SAME_SHELF = 1.0  # of the same category; minus this of another one; 0 where a category is unknown
SAME_VIEWS = 1.0  # per unit of log-lift of being looked at in one session
SAME_TURN = 1.0  # per standard deviation by which taking turns lies above sharing an order
FAR = 4.0  # standard deviations that are believed at most


@dataclass(frozen=True)
class Met:
    """What one way of meeting says of k pairs."""

    count: Floats  # (k,) faded meetings
    expected: Floats  # (k,)

    @property
    def log_lift(self) -> Floats:
        """(k,) log of the shrunk mean lift, 0 where nothing is known."""
        return np.log((self.count + PRIOR) / (self.expected + PRIOR))

    @property
    def sure(self) -> Floats:
        """(k,) probability that they meet more often than by chance."""
        return np.asarray(gammaincc(self.count + PRIOR, self.expected + PRIOR), np.float64)

    def pull(self, of: Floats) -> Floats:
        """Return (k,) how strongly the lead draws the other: its share of meetings, times lift ** DISTINCT.

        The share is of `of` (k,) orders with the lead, cautiously; the lift keeps what every order holds from leading.
        """
        least = np.maximum(self.count - CAUTION * np.sqrt(self.count), 0.0)
        return np.asarray(least / (of + FEW) * np.exp(DISTINCT * self.log_lift), np.float64)


@dataclass(frozen=True)
class Pairs:
    """k pairs (lead, follow) of one block of items with everything that is known of them."""

    lead: Ints
    follow: Ints
    cosine: Floats  # NaN where an item has no vector
    shelf: Floats  # 1 of the same given category, -1 of another, 0 unknown
    together: Met
    after: Met  # lead first
    ahead: Met  # follow first
    coviewed: Met
    instead: Met  # lead looked at, follow bought

    @property
    def likeness(self) -> Floats:
        """How alike the texts are, 0 (opposite, or unknown) to 1 (the same)."""
        return np.nan_to_num((1.0 + self.cosine) / 2.0, nan=0.0)

    @property
    def turns(self) -> Met:
        """Bought in different orders, in either direction."""
        return Met(self.after.count + self.ahead.count, self.after.expected + self.ahead.expected)

    def same_job(self, *, orders: bool) -> Floats:
        """Return (k,) the probability that one is bought instead of the other; `orders`: whether the log has any."""
        odds = np.where(np.isnan(self.cosine), UNREAD, SAME_TEXT * (self.cosine - MIDDLE))
        odds += SAME_SHELF * self.shelf
        viewed = np.maximum(self.coviewed.log_lift, 0.0) + np.maximum(self.instead.log_lift, 0.0)
        odds += SAME_VIEWS * viewed
        if orders:
            odds += SAME_TURN * apart(self.turns, self.together)
        return np.asarray(expit(odds), np.float64)

    def onward(self) -> Floats:
        """Return (k,) the probability that the pair has a direction: lead first, follow later."""
        one, other = self.after.count, self.ahead.count
        return np.asarray(ndtr((one - other) / np.sqrt(one + other + 1.0)), np.float64)


def apart(one: Met, other: Met) -> Floats:
    """Return (k,) by how many standard deviations the log-lift of `one` lies above the other's, at most FAR."""
    deviation = np.sqrt(1.0 / (one.count + PRIOR) + 1.0 / (other.count + PRIOR))
    return np.clip((one.log_lift - other.log_lift) / deviation, -FAR, FAR)


def gathered(company: Company, vectors: Vectors, category: Rows, block: Ints) -> Pairs:
    """Return the pairs led by the rows of `block` (ascending) that met LEAST times in some way or are close in text."""
    ways = {name: getattr(company, name).block(block).toarray() for name in WAYS}
    cosine = vectors[block] @ vectors.T
    near = _nearest(cosine, block)
    for count in ways.values():
        near |= count >= LEAST
    near[np.arange(len(block)), block] = False
    place, follow = np.nonzero(near)
    lead, own = block[place], category[block[place]]
    read = np.asarray(np.linalg.norm(vectors, axis=1) > 0)
    there = (own >= 0) & (category[follow] >= 0)
    return Pairs(
        lead=lead,
        follow=follow,
        cosine=np.where(read[lead] & read[follow], cosine[place, follow], np.nan),
        shelf=np.where(there, np.where(own == category[follow], 1.0, -1.0), 0.0),
        **{
            name: Met(count[place, follow].astype(np.float64), getattr(company, name).expected(lead, follow))
            for name, count in ways.items()
        },
    )


def _nearest(cosine: Vectors, block: Ints) -> NDArray[np.bool_]:
    """Return (b, n): the NEAREST others of at least CLOSE in each row."""
    near = np.asarray(cosine >= CLOSE)
    near[np.arange(len(block)), block] = False
    many = np.flatnonzero(near.sum(axis=1) > NEAREST)
    if len(many):
        least = np.partition(cosine[many], -NEAREST - 1, axis=1)[:, -NEAREST - 1]  # one more: the item itself
        near[many] &= cosine[many] >= least[:, None]
    return near
