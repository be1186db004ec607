"""Feedback that counts: what a shopper turned down is not shown again, and what is like it stands lower at once.

It acts on what may be shown and on the scores, after the scorer, so that it holds for every source and every model. It
reads two things: the signed, decayed weights of items and facets (`types.Taste`), and verdicts, the shopper's latest
word on an item, which no sum of views and purchases can hide. The next event changes both, and so the next slate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from likeness.rank.shelf import PATH
from likeness.rank.traits import Traits
from likeness.types import Catalogue, Floats, Reason, Rows, Taste, Vectors

STRENGTH = 2.0  # standard deviations of the scores that a certain and complete dislike moves an item down
PARTS = {"category": 0.5, "brand": 0.3, "attribute": 0.2}  # of STRENGTH, for the heaviest disliked facet of an item
TEXT = 0.75  # of STRENGTH, for an item whose text says the same as one turned down; facet and text stop at 1
RIDGE = 5.0  # weight at which a dislike is half certain, as in the persona's confidence
SAID = 4.0  # weight of a verdict on an item whose weights hold no dislike
LATEST = 8  # items turned down last that others are compared with, and items liked last that speak for them
CLOSE = 0.25  # cosine from which a text is like another
BROAD = 0.5  # a facet of a larger share of the catalogue says nothing of an item
NAME = "disliked"  # of its reasons: "disliked: Mugs"

Verdicts: TypeAlias = Mapping[str, Rows]
"""Event name -> catalogue rows on which it is the shopper's latest word, of not_interested, refund, review (below the
neutral stars) and purchase (any deliberate yes: bought, put into the cart or on the wish list, reviewed well)."""

UNSAID: Verdicts = {}
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]


def rejected(taste: Taste, verdicts: Verdicts = UNSAID, *, asked: bool = False) -> Rows:
    """Return the catalogue rows that are not to be shown until the shopper says yes to them.

    That is what the shopper hid; what was bought once and sent back; and what has a net negative weight by the longest
    half-life, whose sign no decay changes. With `asked` (a query in words, or one that asks for no personalisation)
    only what was hidden: who looks for a thing may want it after all, in another size.
    """
    hidden = verdicts.get("not_interested", _NONE)
    if asked:
        return hidden
    return np.union1d(hidden, taste.rows[_turned_down(taste, verdicts)]).astype(np.int32)


@dataclass(frozen=True)
class Disliked:
    """What was turned down does to the candidates of one slate."""

    adjustment: Floats  # (n,) at most 0, to be added to the scores
    cause: Callable[[int], tuple[str, str]] | None = None  # place -> (what is disliked, the item_id turned down)

    def reasons(self, place: int) -> tuple[Reason, ...]:
        """Return why the candidate at a place of the pool was moved down; nothing where it was not."""
        by = float(self.adjustment[place])
        if self.cause is None or by == 0.0:
            return ()
        name, because = self.cause(place)
        return (Reason(kind="rule", name=f"{NAME}: {name}", contribution=by, because=because),)


class Feedback:
    """Moves down what is like the items a shopper turned down, and what the shopper reviewed badly."""

    def __init__(self, catalogue: Catalogue, vectors: Vectors) -> None:
        """Read the catalogue and its (n_items, d) unit text vectors; made once per fitted model."""
        self._catalogue = catalogue
        self._vectors = vectors
        self._traits = Traits(catalogue)

    def __call__(self, rows: Rows, scores: Floats, taste: Taste, verdicts: Verdicts = UNSAID) -> Disliked:
        """Return what is done to candidate `rows` (n,) with `scores` (n,): nothing, for who turned nothing down."""
        buried = verdicts.get("review", _NONE)
        places = np.flatnonzero(_turned_down(taste, verdicts) | _among(taste.rows, buried))[:LATEST]
        if not len(places) or not len(rows):
            return Disliked(np.zeros(len(rows)))
        facets = self._facets(taste.rows[places], taste)
        by_facet = self._traits.heaviest(rows, {code: weight for code, (weight, _) in facets.items()})
        by_text, nearest = self._texts(rows, places, taste, verdicts)
        itself = _among(rows, buried)
        by_text, nearest = np.where(itself, 1.0, by_text), np.where(itself, rows, nearest)

        def cause(place: int) -> tuple[str, str]:
            if by_text[place] >= by_facet[place]:
                item = self._catalogue.items[int(nearest[place])]
                return item.title or item.item_id, item.item_id
            code = max((code for code in self._traits.of(int(rows[place])) if code in facets), key=facets.__getitem__)
            name = self._traits.names[code][1].rpartition(PATH)[2]
            return name, self._catalogue.items[facets[code][1]].item_id

        spread = float(np.std(scores)) or 1.0
        return Disliked(-STRENGTH * spread * np.minimum(by_facet + by_text, 1.0), cause)

    def _facets(self, turned_down: Rows, taste: Taste) -> dict[int, tuple[float, int]]:
        """Return code -> (share of STRENGTH, the row turned down last) of each disliked facet of these items."""
        found: dict[int, tuple[float, int]] = {}
        for row in turned_down.tolist():
            for code in self._traits.of(row):
                kind, value = self._traits.names[code]
                weight = taste.facets.get(kind, {}).get(value)
                share = float(self._traits.count[code]) / len(self._catalogue)
                if weight is not None and weight[-1] < 0 and share <= BROAD and code not in found:
                    found[code] = (PARTS[kind] * (1.0 - share) * float(_certain(-weight[-1])), row)
        return found

    def _texts(self, rows: Rows, places: Places, taste: Taste, verdicts: Verdicts) -> tuple[Floats, Rows]:
        """Return (n,) how much closer each text is to those turned down than to those liked, and the closest row."""
        against = -taste.weights[places].min(axis=1)
        age = np.maximum(taste.time - taste.last[places], 0.0) / taste.half_lives[-1]
        said = _among(taste.rows[places], np.concatenate([verdicts.get(name, _NONE) for name in NO]))
        against = np.maximum(against, np.where(said, SAID * np.exp2(-age), 0.0))
        free = taste.weights[:, -1] > 0
        free[places] = False
        liked = np.flatnonzero(free)[:LATEST]
        both, loud = np.concatenate([places, liked]), np.concatenate([against, taste.weights[liked, -1]])
        close = self._vectors[rows] @ self._vectors[taste.rows[both]].T  # (n, turned down, then liked)
        alike = np.maximum(close - CLOSE, 0.0) / (1.0 - CLOSE) * _certain(loud)
        bad, good = alike[:, : len(places)], alike[:, len(places) :]
        more = TEXT * np.maximum(bad.max(axis=1) - good.max(axis=1, initial=0.0), 0.0)
        return more, taste.rows[places][bad.argmax(axis=1)]


NO = ("not_interested", "refund", "review")
_NONE = np.empty(0, np.int32)


def _turned_down(taste: Taste, verdicts: Verdicts) -> Mask:
    """Return (m,) which of the taste's rows are hidden, were bought once and sent back, or weigh less than nothing."""
    down = taste.weights[:, -1] < 0
    if verdicts:
        down &= ~_among(taste.rows, verdicts.get("purchase", _NONE))
        down |= _among(taste.rows, verdicts.get("not_interested", _NONE))
        down |= _among(taste.rows, verdicts.get("refund", _NONE)) & (taste.bought <= 1)
    return down


def _among(rows: Rows, others: Rows) -> Mask:
    return np.isin(rows, others) if len(others) else np.zeros(len(rows), np.bool_)


def _certain(weight: Floats) -> Floats:
    """Return w / (w + RIDGE): how sure a weight is, 0 to 1."""
    return np.asarray(weight / (weight + RIDGE))
