"""Spending power: recency, frequency, money, basket, price level, discounts."""

from __future__ import annotations

from math import sqrt

from likeness.persona.config import PersonaConfig
from likeness.persona.consent import Reading
from likeness.persona.feeds import BUYS
from likeness.persona.interests import weights_at
from likeness.persona.measures import Grounds, rhythm
from likeness.persona.record import Measure, Spending
from likeness.persona.state import PersonaState, how_many
from likeness.types import DAY

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


def spending(state: PersonaState, time: float, config: PersonaConfig, reading: Reading) -> Spending | None:
    """Return what the shopper spends and how; None without consent or before the first purchase."""
    buyer = _Buyer(state, time, config, reading)
    if not buyer.grounds.count:
        return None
    orders, lines = max(1.0, how_many(state.orders)), buyer.grounds.count
    paid, season = buyer.paid(), config.half_lives[config.long]
    moment = state.price.at(time)[config.long]
    priced = moment.weight > 0.0
    found = Spending(
        currency=buyer.currency(),
        recency=buyer.measure("orders", buyer.since_last(), "days"),
        orders=buyer.measure("orders", orders, "orders", count=round(orders)),
        days_between=rhythm(state.order_days, time, config) if reading.may("order_days") else None,
        spent=buyer.measure("spent", None if paid is None else paid[-1], "money"),
        spent_lately=buyer.measure("spent", None if paid is None else paid[config.long], "money", half_life=season),
        per_order=buyer.measure(
            "spent", None if paid is None else paid[-1] / orders, "money per order", count=round(orders)
        ),
        items_per_order=buyer.measure("orders", lines / orders, "lines per order", count=round(orders)),
        price_level=buyer.measure("price", moment.mean if priced else None, "percentile", half_life=season),
        price_spread=buyer.measure("price", sqrt(moment.variance) if priced else None, "percentile", half_life=season),
        unit_prices=buyer.unit_prices(),
        discount_share=buyer.measure("saved", buyer.discount(), "share"),
    )
    return None if found == Spending() else found


class _Buyer:
    """One shopper's purchases, as what stands behind the measures."""

    def __init__(self, state: PersonaState, time: float, config: PersonaConfig, reading: Reading) -> None:
        self.state, self.time, self.config, self.reading = state, time, config, reading
        self.grounds = Grounds(state, BUYS, config)

    def measure(
        self,
        statistic: str,
        value: float | None,
        unit: str,
        *,
        count: int | None = None,
        half_life: float | None = None,
    ) -> Measure | None:
        """Return the value with its grounds; None where there is none or it may not be read."""
        if value is None or not self.reading.may(statistic):
            return None
        purpose = self.reading.purpose(statistic)
        return self.grounds.measure(value, unit, purpose, count=count, half_life=half_life)

    def since_last(self) -> float | None:
        """Days since the last purchase."""
        return None if self.grounds.last is None else max(0.0, self.time - self.grounds.last) / DAY

    def paid(self) -> list[float] | None:
        """Money paid less money given back, per half-life and in all; None where no price is known."""
        if self.state.spent.reference is None:
            return None
        pairs = zip(self.state.spent.at(self.time), self.state.refunded.at(self.time), strict=True)
        return [paid - back for paid, back in pairs]

    def discount(self) -> float | None:
        """Money taken off over what full price would have been; None where the log knows no discounts."""
        if self.state.saved.reference is None or self.state.spent.reference is None:
            return None
        saved, paid = self.state.saved.at(self.time)[-1], self.state.spent.at(self.time)[-1]
        return saved / (saved + paid) if saved + paid > 0.0 else None

    def unit_prices(self) -> dict[str, Measure]:
        """Quantiles of the price of one piece."""
        values = {name: self.state.unit_price.quantile(q) for name, q in QUANTILES.items()}
        made = {name: self.measure("unit_price", value, "money per piece") for name, value in values.items()}
        return {name: measure for name, measure in made.items() if measure is not None}

    def currency(self) -> str | None:
        """The currency most used; sums of several currencies are not converted."""
        facet = self.state.facets.get("currency")
        if facet is None or not self.reading.may("currency"):
            return None
        values, weights = weights_at(facet, self.time)
        return max(zip(weights[:, self.config.long].tolist(), values, strict=True))[1]
