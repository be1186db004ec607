"""The values that flow: an event is observed, a query is asked, candidates are proposed, a slate is shown.

Times are seconds since 1970-01-01 UTC (float). A log without times (`clock == "position"`) counts one position as one
day, so that half-lives count positions; nothing then shows a date. Arrays are read-only by agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Clock = Literal["time", "position"]
Relation = Literal["any", "substitutes", "complements"]

DAY = 86_400.0

EVENT_NAMES = (
    "search",
    "view_item_list",
    "select_item",
    "view_item",
    "add_to_cart",
    "remove_from_cart",
    "add_to_wishlist",
    "purchase",
    "refund",
    "review",
    "support_message",
    "not_interested",
    "consent",
)
PURPOSES = ("measure", "personalise", "advertise")
ITEM_KINDS = ("product", "article", "video", "ad", "activity")


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened: one row of the log."""

    event_id: str
    event: str  # one of EVENT_NAMES
    time: float
    user_id: str | None = None
    visitor_id: str | None = None
    session_id: str | None = None
    item_id: str | None = None
    query: str | None = None
    quantity: float | None = None
    value: float | None = None  # money of the whole line: quantity times unit price
    currency: str | None = None
    discount: float | None = None  # money taken off the line
    rating: float | None = None  # 1 (worst) to 5 (best)
    text: str | None = None
    request_id: str | None = None  # the slate this event answers
    position: int | None = None  # 1-based place in that slate
    device: str | None = None
    undoes: str | None = None  # a refund names the purchase it undoes
    consent: dict[str, bool] | None = None  # purpose -> granted

    @property
    def shopper(self) -> str | None:
        """Whose persona this event feeds: the user, else the visitor, else nobody's."""
        return self.user_id if self.user_id is not None else self.visitor_id


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sold (or shown)."""

    item_id: str
    title: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()  # path from the root, e.g. ("Home", "Kitchen", "Mugs")
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    attributes: dict[str, str] = {}
    image: str | None = None
    available: bool = True
    kind: str = "product"
    first_seen: float | None = None
    last_seen: float | None = None


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, with or without text, in which slot, at what time, with which filters."""

    time: float
    user_id: str | None = None
    text: str | None = None
    n: int = 10
    slot: str = "home"
    context_items: tuple[str, ...] = ()  # e.g. the product page being looked at
    where: str | None = None  # a filter expression, see rank/filters
    exclude_seen: bool = False  # leave out everything the shopper met
    exclude_bought: bool = False  # leave out what the shopper bought
    personalise: bool = True
    explore: float = 0.0  # share of slates whose order is explored, 0 to 1


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One cause of an item's place: data first, words only made from it."""

    kind: Literal["source", "facet", "item", "rule", "explore"]
    name: str  # source ("together"), facet ("category=Mugs"), item feature ("trend") or rule
    contribution: float  # how much it moved the score
    because: str | None = None  # the item_id or query of the shopper's own history that raised it
    evidence: tuple[str, ...] = ()  # event ids


class SlateItem(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a slate."""

    item_id: str
    rank: int  # 1-based
    score: float
    propensity: float  # probability of this item at this place, given those before it
    sources: dict[str, float] = {}  # every source that proposed it, with its raw score
    features: dict[str, float] = {}  # exactly what the scorer read
    reasons: tuple[Reason, ...] = ()


class Slate(msgspec.Struct, frozen=True, kw_only=True):
    """What was shown."""

    request_id: str
    shop_id: str
    query: Query
    model: str  # version of the fitted model
    items: tuple[SlateItem, ...]
    variant: str = "default"


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """One readable claim about a shopper, with its grounds."""

    kind: str  # "category", "brand", "attribute", "price_band", "kind", "item", "term", ...
    value: str
    strength: float  # -1 to 1: share of the shopper's interest of this kind, negative for dislike
    confidence: float  # 0 to 1: how much evidence stands behind it
    count: int
    evidence: tuple[str, ...]  # the latest event ids
    first_seen: float | None
    last_seen: float | None
    half_life: float  # seconds
    purpose: str  # one of PURPOSES


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The shelf: items in rows, and the columns ranking reads. Row numbers are stable within one fitted model."""

    items: tuple[Item, ...]
    category: Rows  # (n,) code into category_names, -1 where there is none; a leaf path "A > B" or an induced theme
    category_names: tuple[str, ...]
    brand: Rows  # (n,) code into brand_names, -1 where there is none
    brand_names: tuple[str, ...]
    price: Floats  # (n,) NaN where unknown
    band: Rows  # (n,) price band within category, 0 cheapest to 4 dearest, -1 unknown
    percentile: Floats  # (n,) price percentile within category, 0 to 1, NaN unknown
    available: NDArray[np.bool_]  # (n,)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Map item_id to row."""
        return {item.item_id: row for row, item in enumerate(self.items)}

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)


@dataclass(frozen=True, kw_only=True)
class Interactions:
    """The log as fitting reads it: columns sorted by (shopper, time, log order), nothing after `end`."""

    shoppers: tuple[str, ...]
    shopper: Rows  # (n,) code into shoppers, -1 anonymous
    row: Rows  # (n,) catalogue row, -1 where the event has no item
    event: NDArray[np.int8]  # (n,) code into EVENT_NAMES
    time: Floats  # (n,)
    weight: Floats  # (n,) signed event weight, see persona/weights
    session: NDArray[np.int64]  # (n,) code of the session or order
    quantity: Floats  # (n,) NaN where unknown
    value: Floats  # (n,) NaN where unknown
    end: float  # the cutoff: every time is < end
    clock: Clock = "time"
    cursor: NDArray[np.int64] | None = None  # (n,) place in the log, where it is known

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.row)


@dataclass(frozen=True, kw_only=True)
class Taste:
    """The numeric face of a persona at one moment: what recall and ranking read, already decayed to `time`.

    Half-lives are ordered short to long (session, week, season); H of them.
    """

    shopper: str | None
    time: float
    half_lives: tuple[float, ...]
    rows: Rows  # (m,) catalogue rows touched, most recent first, no repeats
    weights: Floats  # (m, H) signed decayed event weights
    count: Floats  # (m,) number of events, undecayed
    first: Floats  # (m,) time of the first event
    last: Floats  # (m,) time of the last event
    bought: Floats  # (m,) number of purchases, undecayed
    first_bought: Floats  # (m,) NaN where never
    last_bought: Floats  # (m,) NaN where never
    facets: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)  # kind -> value -> (H,) signed weights
    vectors: Mapping[str, Vectors] = field(default_factory=dict)  # "long", "recent": (d,); "interests": (k, d)
    queries: tuple[tuple[str, float], ...] = ()  # recent query texts with decayed weight, latest first
    price: tuple[float, float] | None = None  # mean and standard deviation of the price percentile bought
    orders: float = 0.0  # estimated number of orders ever
    verdicts: Mapping[str, Rows] = field(default_factory=dict)  # latest word -> rows, see rank/feedback

    @property
    def known(self) -> bool:
        """Whether anything at all is known."""
        return bool(len(self.rows) or self.queries or self.facets)


TEXT_FIELDS = ("title", "brand", "attributes", "category", "description")


@dataclass(frozen=True, kw_only=True)
class ItemText:
    """The analysed words of one item; made by catalog/text, indexed by sources and features."""

    fields: tuple[tuple[str, ...], ...]  # per field of TEXT_FIELDS: words, character pairs, characters
    title: tuple[str, ...]  # the words of the title alone, in order


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What a query text was taken to mean; made by query/understand, read by sources and features."""

    text: str  # normalised
    language: str  # "en" (Latin letters), "zh", "mixed", "other", or "" where there is no word
    words: tuple[str, ...]  # every word in order, stop words included
    tokens: tuple[str, ...]  # what is looked up: no stop words, no repeats, with character pairs of unspaced writing
    unwanted: frozenset[str] = frozenset()  # tokens the shopper asks to be absent ("without mugs")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What every recall source is given."""

    query: Query
    taste: Taste
    context: Rows  # rows of query.context_items that are in the catalogue
    vector: Vectors | None = None  # (d,) the query text's vector
    understanding: Understanding | None = None  # of the query text
    allowed: NDArray[np.bool_] | None = None  # (n_items,) filters; None means everything available
    relation: Relation = "any"  # what the slot wishes the items to be to those of the page


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What one source proposes, best first."""

    source: str
    rows: Rows  # (n,) no repeats
    scores: Floats  # (n,) finite, descending
    because: Rows | None = None  # (n,) the catalogue row of the shopper's history that raised it most, -1 none


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The candidates of all sources side by side."""

    sources: tuple[str, ...]
    rows: Rows  # (n,)
    scores: Floats  # (n, S) NaN where the source did not propose the row
    ranks: Floats  # (n, S) 1-based, NaN where the source did not propose the row
    because: Rows  # (n, S) -1 none


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Typed edges from items to items and from items to values, in compressed rows by relation; R relations, E edges.

    A node below `n_items` is a catalogue row, node n_items + k is `values[k]`.
    """

    relations: tuple[str, ...]
    n_items: int
    values: tuple[tuple[str, str], ...]  # (kind, value): ("category", "Home > Mugs"), ("colour", "red")
    start: NDArray[np.int64]  # (R, n_items + 1) edges of row i by relation r: start[r, i] to start[r, i + 1]
    target: Rows  # (E,) nodes, the heaviest of each row and relation first
    weight: Vectors  # (E,) above 0, see catalog/graph
    support: Vectors  # (E,) observations behind it, undecayed
    confidence: Vectors  # (E,) probability, 0 to 1, that the relation is there

    def edges(self, relation: str, row: int) -> slice:
        """Return where the edges of a row lie in the arrays of edges; empty for a relation the graph has not."""
        if relation not in self.relations:
            return slice(0, 0)
        start = self.start[self.relations.index(relation)]
        return slice(int(start[row]), int(start[row + 1]))
