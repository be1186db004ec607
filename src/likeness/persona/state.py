"""The persona itself: one commutative monoid of statistics, equal for any order and any split of the same events."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Self

from msgspec import field

from likeness.errors import StoreError
from likeness.persona.bought import Bought, first_purchase, merge_bought, subtract_bought
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import STARS, Facts, Signal
from likeness.persona.feeds import FEED, verdict_of
from likeness.stats import Beta, Cadence, DecayedSum, Distinct, HeavyHitters, Latest, Moments, Quantiles, State
from likeness.types import DAY, PURPOSES, Event

HALF_HOUR = 1800.0
SLOT = 300.0  # seconds: activity is counted in slots of this length
VERDICTS = 1024  # items with the latest words for or against them
ORDER_DAYS = 16  # latest distinct days with an order, for the rhythm of orders

_ADDITIVE = ("mass", "rating", "price", "unit_price", "spent", "refunded", "saved")
_GROWING = ("hours", "slots", "visits", "orders", "order_days", "verdict", "consent")


class PersonaState(State, array_like=True, tag="persona1"):
    """All statistics of one shopper; `feeds.FEEDS` says what feeds each. New fields go to the end, with a default."""

    half_lives: tuple[float, ...]
    keep_days: int  # per item bought
    mass: DecayedSum  # squared weights, with the half-lives of `square_half_lives`
    rating: Beta
    price: Moments  # price percentiles of purchases
    unit_price: Quantiles
    spent: DecayedSum  # money has one more half-life, infinite: the plain sum
    refunded: DecayedSum
    saved: DecayedSum
    hours: Cadence
    slots: Distinct
    visits: Distinct
    orders: Distinct
    order_days: Cadence
    consent: Latest
    facets: dict[str, HeavyHitters] = field(default_factory=dict)  # kind -> decayed weight per value; kinds seen only
    bought: dict[str, Bought] = field(default_factory=dict)  # by item; empty once items outgrow their capacity
    verdict: Latest = field(default_factory=lambda: Latest(VERDICTS))  # by item, see feeds.verdict_of

    @classmethod
    def empty(cls, config: PersonaConfig) -> Self:
        """Return the identity: nothing known."""
        half_lives = config.half_lives
        money = (*half_lives, inf)
        return cls(
            half_lives=half_lives,
            keep_days=config.cadence_days,
            mass=DecayedSum(square_half_lives(config)),
            rating=Beta(half_lives),
            price=Moments(half_lives),
            unit_price=Quantiles(),
            spent=DecayedSum(money),
            refunded=DecayedSum(money),
            saved=DecayedSum(money),
            hours=Cadence(config.active_hours, HALF_HOUR),
            slots=Distinct(),
            visits=Distinct(),
            orders=Distinct(),
            order_days=Cadence(ORDER_DAYS, DAY),
            consent=Latest(),
        )

    def update(self, event: Event, facts: Facts) -> None:
        """Add one event in place: O(1) in the shopper's history."""
        signal = facts.signal(event)
        for feed in facts.feeds[event.event]:
            for need in feed.needs:
                if getattr(signal, need) is None:
                    break
            else:
                FEEDERS[feed.statistic](self, signal, facts.config)
        self.bound()

    def merge(self, other: Self) -> Self:
        """The events of both; the inputs stay."""
        facets = {kind: _merged(self.facets.get(kind), other.facets.get(kind)) for kind in self.facets | other.facets}
        bought = merge_bought(self.bought, other.bought, self.keep_days)
        parts = {name: getattr(self, name).merge(getattr(other, name)) for name in (*_ADDITIVE, *_GROWING)}
        both = type(self)(half_lives=self.half_lives, keep_days=self.keep_days, facets=facets, bought=bought, **parts)
        both.bound()
        return both

    def subtract(self, other: Self) -> Self:
        """This persona without the events of `other`, which must be among its own; the inputs stay.

        Sums, counts and evidence are as if those events had not been. What only ever grows stays as it is: first and
        last times, distinct counts, days and hours, verdicts, consent.
        """
        facets = {kind: _without(facet, other.facets.get(kind)) for kind, facet in self.facets.items()}
        bought = subtract_bought(self.bought, other.bought)
        parts = {name: getattr(self, name).subtract(getattr(other, name)) for name in _ADDITIVE}
        parts |= {name: getattr(self, name).merge(getattr(other, name)) for name in _GROWING}  # merging makes a copy
        return type(self)(half_lives=self.half_lives, keep_days=self.keep_days, facets=facets, bought=bought, **parts)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The state that `encode` wrote; StoreError for another version or damaged bytes."""
        try:
            return super().decode(data)
        except ValueError as error:
            raise StoreError(f"persona: {error}.", remedy="Run fit: it rebuilds personas from the log.") from error

    def bound(self) -> None:
        """Forget purchases per item once the items themselves are only sketched."""
        items = self.facets.get("item")
        if items is not None and items.sketch is not None:
            self.bought = {}


def square_half_lives(config: PersonaConfig) -> tuple[float, float, float]:
    """Return the half-lives at which squares and products of recent and long-term decay fall.

    The product of two decays is a decay: 2^(-t/r) 2^(-t/l) = 2^(-t (r + l) / (r l)).
    """
    recent, long = config.half_lives[config.recent], config.half_lives[config.long]
    return recent / 2, recent * long / (recent + long), long / 2


Feeder = Callable[[PersonaState, Signal, PersonaConfig], None]


def _facet(kind: str) -> Feeder:
    """Return the feeder of one kind of facet: its values gain the event's weight, or one where weights do not count."""
    weighted = FEED[kind].weighted

    def feed(state: PersonaState, signal: Signal, config: PersonaConfig) -> None:
        facet = state.facets.get(kind)
        if facet is None:
            facet = state.facets[kind] = HeavyHitters(state.half_lives, config.capacities[kind])
        weight = signal.weight if weighted else 1.0
        for value in getattr(signal, kind):
            facet.update(value, time=signal.time, weight=weight, event_id=signal.event_id)

    return feed


def _bought(state: PersonaState, signal: Signal, config: PersonaConfig) -> None:
    item = signal.item_id or ""
    held = state.bought.get(item)
    if held is None:
        state.bought[item] = first_purchase(signal.time)
    else:
        held.update(signal.time, state.keep_days)


def _price(state: PersonaState, signal: Signal, config: PersonaConfig) -> None:
    state.price.update(_known(signal.percentile), time=signal.time)


def _consent(state: PersonaState, signal: Signal, config: PersonaConfig) -> None:
    for purpose, granted in (signal.consent or {}).items():
        if purpose in PURPOSES:
            state.consent.update(purpose, granted, time=signal.time, event_id=signal.event_id)


def _verdict(state: PersonaState, signal: Signal, config: PersonaConfig) -> None:
    said = verdict_of(signal.event[0], signal.weight)
    if said is not None and signal.item_id is not None:
        state.verdict.update(signal.item_id, said, time=signal.time, event_id=signal.event_id)


def _known(value: float | None) -> float:
    return 0.0 if value is None else value


FEEDERS: dict[str, Feeder] = {
    **{kind: _facet(kind) for kind in FEED if kind in PersonaConfig().capacities and kind != "bought"},
    "bought": _bought,
    "mass": lambda state, s, config: state.mass.update(s.weight * s.weight, time=s.time),
    "rating": lambda state, s, config: state.rating.update((_known(s.rating) - 1.0) / STARS, time=s.time),
    "price": _price,
    "unit_price": lambda state, s, config: state.unit_price.update(_known(s.unit_price)),
    "hours": lambda state, s, config: state.hours.update(time=s.time),
    "slots": lambda state, s, config: state.slots.update(slot_key(s.time)),
    "visits": lambda state, s, config: state.visits.update(s.session),
    "orders": lambda state, s, config: state.orders.update(s.session),
    "order_days": lambda state, s, config: state.order_days.update(time=s.time),
    "spent": lambda state, s, config: state.spent.update(_known(s.value), time=s.time),
    "refunded": lambda state, s, config: state.refunded.update(_known(s.value), time=s.time),
    "saved": lambda state, s, config: state.saved.update(_known(s.discount), time=s.time),
    "verdict": _verdict,
    "consent": _consent,
}


def how_many(distinct: Distinct) -> float:
    """Return the estimated number of different things, whole: exact but for rare collisions up to a few dozen."""
    return float(round(distinct.estimate()))


def slot_key(time: float) -> str:
    """Return the name of the five-minute slot that holds the time."""
    return str(int(time // SLOT))


def _merged(left: HeavyHitters | None, right: HeavyHitters | None) -> HeavyHitters:
    one, two = (left, right) if left is not None else (right, None)
    if one is None:
        raise ValueError("a facet that neither side has")
    return one.merge(HeavyHitters(one.half_lives, one.capacity) if two is None else two)


def _without(facet: HeavyHitters, gone: HeavyHitters | None) -> HeavyHitters:
    empty = HeavyHitters(facet.half_lives, facet.capacity)
    return facet.merge(empty) if gone is None else facet.subtract(gone)
