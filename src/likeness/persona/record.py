"""A persona as it is read: every claim with its strength, confidence, evidence, times, half-life and purpose.

Times are epoch seconds, UTC; where the log has positions instead of times every time is null. Confidence is the
evidence's share against a prior: W / (W + lambda), W the decayed weight behind an interest or the number of
observations behind a measure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from likeness.types import Clock, Facet

VERSION = 1


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One number about a shopper, with its grounds."""

    value: float
    unit: str  # "days", "orders", "money", "share", "minutes", ...
    confidence: float  # 0 to 1
    count: int  # observations behind it
    evidence: tuple[str, ...]  # the latest event ids
    first_seen: float | None
    last_seen: float | None
    half_life: float | None  # seconds; null: nothing is forgotten
    purpose: str


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How regularly something comes back; in days, or in positions where the log has no times."""

    gap: float  # median
    spread: float  # median absolute deviation of the gaps
    gaps: int  # how many gaps were seen
    next_expected: float | None
    due: float  # time since the last over the gap: 1 is due now


class Favourite(msgspec.Struct, frozen=True, kw_only=True):
    """An item the shopper likes, and when it is bought again."""

    facet: Facet
    title: str
    bought: int
    last_bought: float | None
    rhythm: Rhythm | None  # null before the second day of buying


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """When and how a shopper comes; null where consent is missing or nothing is known."""

    week: tuple[tuple[float, ...], ...]  # 7 x 24, Monday first: decayed share of active half-hours
    active: Measure  # half-hours behind `week`
    visits: Measure
    visits_per_week: Measure
    minutes_per_visit: Measure | None  # null where events of a visit carry one time
    days_between: Rhythm | None
    devices: tuple[Facet, ...]


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Recency, frequency, money, and the price level; each null where consent is missing or nothing is known."""

    currency: str | None = None
    recency: Measure | None = None  # days since the last order
    orders: Measure | None = None
    days_between: Rhythm | None = None
    spent: Measure | None = None  # everything paid less everything refunded
    spent_lately: Measure | None = None  # the same, decayed
    per_order: Measure | None = None
    items_per_order: Measure | None = None
    price_level: Measure | None = None  # mean price percentile within category, 0 cheapest to 1 dearest
    price_spread: Measure | None = None  # its standard deviation
    unit_prices: dict[str, Measure] = {}  # "p10", "p50", "p90"
    discount_share: Measure | None = None  # money taken off over full price


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How one category's share moved."""

    value: str
    before: float
    now: float


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """Whether taste lately differs from taste before, by category."""

    divergence: float  # Jensen-Shannon, in bits: 0 the same, 1 nothing in common
    by_chance: float  # the divergence that samples of these sizes show when nothing drifts
    p_value: float
    significant: bool
    samples_recent: float  # effective sample sizes, of independent events
    samples_before: float
    rising: tuple[Shift, ...]
    falling: tuple[Shift, ...]
    method: str
    half_lives: tuple[float, float]  # recent, long-term
    confidence: float
    evidence: tuple[str, ...]
    first_seen: float | None
    last_seen: float | None
    count: int
    purpose: str


class Interest(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things a shopper is after, as a vector in the space of items and queries."""

    name: str
    share: float
    confidence: float
    items: tuple[str, ...]  # the items that weigh most in it
    vector: tuple[float, ...]


class Vectors(msgspec.Struct, frozen=True, kw_only=True):
    """Ridge means of the vectors of items: over the season, lately, and per interest."""

    dim: int
    long: tuple[float, ...]
    recent: tuple[float, ...]
    interests: tuple[Interest, ...]
    half_lives: tuple[float, float]  # long-term, recent
    ridge_lambda: float
    purpose: str


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """A living portrait of one shopper at one moment; all of it can be traced to events."""

    version: int = VERSION
    shopper: str | None
    time: float | None  # the moment it is read for
    clock: Clock
    timezone: str  # of `habits.week`
    known: bool  # whether anything at all is known
    events: int | None  # null: withheld
    first_seen: float | None
    last_seen: float | None
    consent: dict[str, bool]  # purpose -> granted
    withheld: tuple[str, ...]  # parts left out because their purpose is not granted
    interests: dict[str, tuple[Facet, ...]]  # kind -> likes by strength, then dislikes
    favourites: tuple[Favourite, ...]
    searches: tuple[Facet, ...]  # query texts
    terms: tuple[Facet, ...]  # words searched for
    rating: Measure | None
    habits: Habits | None
    spending: Spending | None
    drift: Drift | None
    vectors: Vectors | None  # null unless read with the vectors of items


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a persona; `docs/persona.schema.json` is this, published."""
    schema = msgspec.json.schema(Persona)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Persona", **schema}
