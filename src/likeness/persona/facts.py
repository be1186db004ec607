"""What folding knows besides events: what the catalogue says about an item, and how a query splits into words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from math import isfinite
from typing import NamedTuple

from likeness.errors import InputError
from likeness.persona.config import PersonaConfig
from likeness.persona.feeds import check_purposes, feeds_of, weight_of
from likeness.types import EVENT_NAMES, Catalogue, Event

Words = Callable[[str], Sequence[str]]
BANDS = ("cheapest", "cheap", "middle", "dear", "dearest")
PATH = " > "
SESSION = 1800.0  # seconds: events without a session share the half-hour
STARS = 4.0  # ratings of 1 to 5 span this much
CLEAN = "Clean the event before it reaches the log; import does."
_WORD = re.compile(r"\w+")


class ItemFacts(NamedTuple):
    """One item as personas see it; None where nothing is known."""

    category: tuple[str, ...] | None = None  # "Home", "Home > Mugs": every prefix, shortest first
    brand: tuple[str, ...] | None = None
    attribute: tuple[str, ...] | None = None  # "colour=red"
    price_band: tuple[str, ...] | None = None
    kind: tuple[str, ...] | None = None
    percentile: float | None = None  # of the price within the category, 0 to 1


class Signal(NamedTuple):
    """One event with everything that statistics are fed from; None where it is not there."""

    event_id: str
    time: float
    weight: float
    session: str
    event: tuple[str, ...]
    item_id: str | None
    item: tuple[str, ...] | None
    category: tuple[str, ...] | None
    brand: tuple[str, ...] | None
    attribute: tuple[str, ...] | None
    price_band: tuple[str, ...] | None
    kind: tuple[str, ...] | None
    percentile: float | None
    query: tuple[str, ...] | None
    term: tuple[str, ...] | None
    rating: float | None
    value: float | None
    unit_price: float | None
    discount: float | None
    device: tuple[str, ...] | None
    currency: tuple[str, ...] | None
    consent: dict[str, bool] | None


class Facts:
    """Settings, catalogue and tokeniser together; made once per fitted model and shared by all folds."""

    def __init__(
        self, config: PersonaConfig | None = None, catalogue: Catalogue | None = None, words: Words | None = None
    ) -> None:
        """Without a catalogue only item ids are known; `words` splits a query (default: lower-cased word runs)."""
        self.config = PersonaConfig() if config is None else config
        check_purposes(self.config)
        self.catalogue = catalogue
        self.words = plain_words if words is None else words
        self.feeds = {name: feeds_of(name, self.config) for name in EVENT_NAMES}
        self._items: dict[str, ItemFacts] = {}

    def of(self, item_id: str) -> ItemFacts:
        """Return what is known of the item; nothing for one the catalogue does not hold."""
        found = self._items.get(item_id)
        if found is None:
            row = None if self.catalogue is None else self.catalogue.row_of.get(item_id)
            if row is None or self.catalogue is None:
                return _UNKNOWN
            found = self._items[item_id] = facts_of_row(self.catalogue, row)
        return found

    def signal(self, event: Event) -> Signal:
        """Return the event with its weight and all it can feed; InputError for one that statistics cannot take."""
        check_event(event)
        item = _UNKNOWN if event.item_id is None else self.of(event.item_id)
        words = None if event.query is None else tuple(dict.fromkeys(self.words(event.query)))
        return Signal(
            event.event_id,
            event.time,
            weight_of(event, self.config),
            event.session_id if event.session_id is not None else str(int(event.time // SESSION)),
            (event.event,),
            event.item_id,
            _one(event.item_id),
            *item,
            _one(event.query),
            words or None,
            event.rating,
            event.value,
            unit_price(event.value, event.quantity),
            event.discount,
            _one(event.device),
            _one(event.currency),
            event.consent,
        )


_UNKNOWN = ItemFacts()


def check_event(event: Event) -> None:
    """Raise InputError unless the event's name is known and its numbers are finite, stars between 1 and 5."""
    if event.event not in EVENT_NAMES:
        raise InputError(
            f"event {event.event!r} of {event.event_id!r} is no known name.",
            remedy=f"Known names: {', '.join(EVENT_NAMES)}.",
        )
    for number in (event.time, event.value, event.quantity, event.discount, event.rating):
        if number is not None and not isfinite(number):
            raise InputError(f"event {event.event_id!r} holds {number!r}: numbers must be finite.", remedy=CLEAN)
    if event.rating is not None and not 1.0 <= event.rating <= 1.0 + STARS:
        raise InputError(f"event {event.event_id!r}: rating {event.rating!r} lies outside 1 to 5.", remedy=CLEAN)


def facts_of_row(catalogue: Catalogue, row: int) -> ItemFacts:
    """Return what the catalogue's row says."""
    item = catalogue.items[row]
    category, brand, band = int(catalogue.category[row]), int(catalogue.brand[row]), int(catalogue.band[row])
    percentile = float(catalogue.percentile[row])
    return ItemFacts(
        prefixes(catalogue.category_names[category]) if category >= 0 else None,
        (catalogue.brand_names[brand],) if brand >= 0 else None,
        tuple(f"{name}={value}" for name, value in sorted(item.attributes.items())) or None,
        (BANDS[band],) if band >= 0 else None,
        (item.kind,),
        None if percentile != percentile else percentile,
    )


def prefixes(path: str) -> tuple[str, ...]:
    """Return every prefix of a category path, shortest first.

    >>> prefixes("Home > Kitchen > Mugs")
    ('Home', 'Home > Kitchen', 'Home > Kitchen > Mugs')
    """
    parts = path.split(PATH)
    return tuple(PATH.join(parts[: depth + 1]) for depth in range(len(parts)))


def unit_price(value: float | None, quantity: float | None) -> float | None:
    """Return the price of one piece, None where it cannot be told."""
    return value / quantity if value is not None and quantity is not None and quantity > 0 else None


def plain_words(text: str) -> list[str]:
    """Return the runs of letters and digits in lower case, compatibility forms folded (NFKC)."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _one(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else (value,)
