"""THE table: which event feeds which statistic, and for which purpose it may be read.

Both folds read it, one event at a time (`state.py`) and in columns (`fold.py`): an event feeds a row when its name is
listed and its signal has what the row needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.errors import ConfigError
from likeness.persona.config import PersonaConfig
from likeness.types import EVENT_NAMES, Event, Floats

ALL = frozenset(EVENT_NAMES)
INTEREST = ALL - {"search", "consent"}  # what liking or disliking an item can show in
ACTIVE = ALL - {"refund", "consent"}  # what shoppers do by hand, when they are there
BUYS = frozenset({"purchase"})
SEARCH = frozenset({"search"})
YES = frozenset({"purchase", "add_to_cart", "add_to_wishlist"})  # deliberate words for an item
NO = frozenset({"not_interested", "refund"})  # and against it; a review is either, by its stars


@dataclass(frozen=True)
class Feed:
    """One row of the table."""

    statistic: str  # a kind of `PersonaState.facets` or a field of `PersonaState`
    events: frozenset[str]
    needs: tuple[str, ...]  # parts of the signal that must be there
    purpose: str  # what a reading must be granted for; empty: always read
    keeps: str
    weighted: bool = False  # counts with the event's weight, so an event name of weight zero does not feed it
    dated: bool = False  # means nothing where the log has positions instead of times


FEEDS = (
    Feed("item", INTEREST, ("item_id",), "personalise", "decayed weight per item", weighted=True),
    Feed("category", INTEREST, ("category",), "personalise", "the same per category path and prefix", weighted=True),
    Feed("brand", INTEREST, ("brand",), "personalise", "the same per brand", weighted=True),
    Feed("attribute", INTEREST, ("attribute",), "personalise", "the same per name=value", weighted=True),
    Feed("price_band", INTEREST, ("price_band",), "personalise", "the same per price band in category", weighted=True),
    Feed("kind", INTEREST, ("kind",), "personalise", "the same per kind of item", weighted=True),
    Feed("mass", INTEREST, ("category",), "personalise", "decayed squared weights: sample sizes", weighted=True),
    Feed("bought", BUYS, ("item_id",), "personalise", "per item: how often, first, last, latest days", weighted=True),
    Feed("query", SEARCH, ("query",), "personalise", "decayed weight per query text", weighted=True),
    Feed("term", SEARCH, ("term",), "personalise", "decayed weight per word searched for", weighted=True),
    Feed("rating", frozenset({"review"}), ("rating",), "personalise", "Beta posterior of stars given"),
    Feed("price", BUYS, ("percentile",), "personalise", "decayed moments of price percentiles in category"),
    Feed("unit_price", BUYS, ("unit_price",), "personalise", "quantile sketch of unit prices"),
    Feed("hours", ACTIVE, (), "measure", "latest distinct half-hours with an event", dated=True),
    Feed("slots", ACTIVE, (), "measure", "distinct five-minute slots with an event", dated=True),
    Feed("visits", ACTIVE, (), "measure", "distinct sessions", dated=True),
    Feed("device", ACTIVE, ("device",), "measure", "decayed count per device"),
    Feed("event", ALL, (), "measure", "per event name: count, first, last, latest ids"),
    Feed("orders", BUYS, (), "measure", "distinct sessions with a purchase"),
    Feed("order_days", BUYS, (), "measure", "latest distinct days with a purchase", dated=True),
    Feed("spent", BUYS, ("value",), "measure", "money, decayed and plain"),
    Feed("refunded", frozenset({"refund"}), ("value",), "measure", "money given back, decayed and plain"),
    Feed("currency", BUYS, ("currency",), "measure", "decayed count per currency"),
    Feed("saved", BUYS, ("discount",), "advertise", "discounts, decayed and plain"),
    Feed("verdict", YES | NO | {"review"}, ("item_id",), "", "the latest word for or against each item"),
    Feed("consent", ALL, ("consent",), "", "latest answer per purpose; it decides what else is read"),
)
"""What a persona is made of."""

FEED = {feed.statistic: feed for feed in FEEDS}


def purpose_of(statistic: str, config: PersonaConfig) -> str:
    """Return the purpose that a reading of the statistic must be granted for."""
    return config.purposes.get(statistic, FEED[statistic].purpose)


def check_purposes(config: PersonaConfig) -> None:
    """Raise ConfigError when a purpose is set for something that is no statistic."""
    unknown = sorted(set(config.purposes) - set(FEED))
    if unknown:
        raise ConfigError(
            f"[persona] purposes = {dict(config.purposes)!r}: {', '.join(unknown)} is no statistic.",
            remedy=f"Statistics are {', '.join(FEED)}.",
        )


def feeds_of(name: str, config: PersonaConfig) -> tuple[Feed, ...]:
    """Return the rows an event of this name can feed."""
    return tuple(
        feed
        for feed in FEEDS
        if name in feed.events
        and not (feed.weighted and config.event_weights[name] == 0.0)
        and not (feed.dated and config.clock == "position")
    )


def weight_of(event: Event, config: PersonaConfig) -> float:
    """Return how much the event says about liking its item or meaning its query, signed."""
    if event.event == "review" and event.rating is not None:
        return (event.rating - config.review_neutral) * config.review_per_star
    if event.event == "refund" and event.undoes is None:
        return config.unmatched_refund
    return config.event_weights[event.event]


def verdict_of(name: str, weight: float) -> str | None:
    """Return what an event of this name and weight says of its item for good: a word of NO, "purchase" or "review"
    (badly reviewed); None where it says neither.
    """
    if name in NO:
        return name
    return "purchase" if name in YES or weight > 0 else "review" if weight < 0 else None


def weights_of(event: NDArray[np.int8], rating: Floats, undoes: NDArray[np.bool_], config: PersonaConfig) -> Floats:
    """Return (n,) the same weights for event codes, ratings (NaN: none) and whether a purchase is named as undone."""
    weights = np.array([config.event_weights[name] for name in EVENT_NAMES])[event]
    stars = (event == EVENT_NAMES.index("review")) & ~np.isnan(rating)
    weights[stars] = (rating[stars] - config.review_neutral) * config.review_per_star
    weights[(event == EVENT_NAMES.index("refund")) & ~undoes] = config.unmatched_refund
    return np.asarray(weights)
