"""Short sentences that say what a persona's numbers say, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import TypeGuard
from zoneinfo import ZoneInfo

from likeness.persona.record import Drift, Favourite, Persona, Rhythm, Shift

SIGNS = {"GBP": "£", "USD": "$", "EUR": "€", "CNY": "¥", "JPY": "¥"}
LEVELS = ("cheapest", "cheaper", "middle", "dearer", "dearest")


class Sentences:
    """Sentences about one persona; where the log has positions instead of times they name no date."""

    def __init__(self, persona: Persona) -> None:
        """Keep the persona and the zone its dates are told in."""
        self._persona = persona
        self._zone = ZoneInfo(persona.timezone)
        self._unit = "day" if persona.clock == "time" else "position"

    def seen(self) -> str:
        """How many events, since when and until when."""
        persona = self._persona
        if persona.events is None:
            return "Events are not counted without consent to measure."
        if persona.first_seen is None or persona.last_seen is None:
            return f"{many(persona.events, 'event')}."
        first, last = self.date(persona.first_seen), self.date(persona.last_seen)
        return f"{many(persona.events, 'event')}, " + (f"all on {first}." if first == last else f"{first} to {last}.")

    def consent(self) -> str:
        """Which purposes are granted."""
        return "  ".join(f"{'✓' if granted else '✗'} {purpose}" for purpose, granted in self._persona.consent.items())

    def favourite(self, favourite: Favourite) -> str:
        """How often it is bought and when next."""
        if favourite.rhythm is None:
            return f"bought {favourite.bought}×" if favourite.bought else "not bought yet"
        if not _regular(favourite.rhythm):
            return f"bought {favourite.bought}×, {self.span(favourite.rhythm.gap)} apart"
        return f"buys {self.rhythm(favourite.rhythm)}"

    def rhythm(self, rhythm: Rhythm) -> str:
        """The typical gap, and when the next is due."""
        every = f"every ~{self.span(rhythm.gap)}"
        if rhythm.next_expected is None:
            return f"{every}, {'due' if rhythm.due >= 1.0 else 'not yet due'}"
        when = self.date(rhythm.next_expected)
        return f"{every}, next ~{when}" if rhythm.due <= 1.0 else f"{every}, was due ~{when}"

    def searches(self) -> str:
        """The query texts, strongest first."""
        return ", ".join(f"“{facet.value}” {facet.count}×" for facet in self._persona.searches[:6])

    def habits(self) -> str:
        """How often and how long the shopper comes, and with what."""
        habits = self._persona.habits
        if habits is None:
            return ""
        parts = [f"{many(habits.visits.value, 'visit')}, {_rate(habits.visits_per_week.value)}"]
        if _regular(habits.days_between):
            parts.append(f"comes {self.rhythm(habits.days_between)}")
        if habits.minutes_per_visit is not None:
            parts.append(f"about {many(habits.minutes_per_visit.value, 'minute')} each")
        if habits.devices:
            parts.append("on " + ", ".join(f"{facet.value} {facet.strength:.0%}" for facet in habits.devices))
        return "; ".join(parts) + "."

    def spending(self) -> str:
        """Money, orders, price level, discounts."""
        spending = self._persona.spending
        if spending is None:
            return ""
        parts = [self._spent(), self._recency()]
        if spending.price_level is not None:
            level = spending.price_level.value
            parts.append(f"Picks the {LEVELS[min(4, int(level * 5))]} fifth of a category ({level:.0%} of the way up).")
        parts.append(self._pieces())
        if spending.discount_share is not None:
            parts.append(f"{spending.discount_share.value:.0%} off by discounts.")
        return " ".join(part for part in parts if part)

    def _pieces(self) -> str:
        spending = self._persona.spending
        values = {} if spending is None else {name: measure.value for name, measure in spending.unit_prices.items()}
        if len(values) < 3:
            return ""
        low, middle, high = (self.money(values[name]) for name in ("p10", "p50", "p90"))
        return f"A piece costs about {middle}" + ("." if low == high else f", mostly {low} to {high}.")

    def _spent(self) -> str:
        spending = self._persona.spending
        if spending is None or spending.orders is None:
            return ""
        lines = "" if spending.items_per_order is None else f", {many(spending.items_per_order.value, 'line')} each"
        orders = many(spending.orders.value, "order")
        if spending.spent is None or spending.per_order is None:
            return f"{orders}{lines}."
        return f"{self.money(spending.spent.value)} in {orders}: {self.money(spending.per_order.value)}{lines}."

    def _recency(self) -> str:
        spending = self._persona.spending
        if spending is None:
            return ""
        parts = [f"orders {self.rhythm(spending.days_between)}"] if _regular(spending.days_between) else []
        if spending.recency is not None:
            days = spending.recency.value
            parts.append("last within a day" if days < 1.0 else f"last {self.span(days)} ago")
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def drift(self) -> str:
        """Whether taste moved, where to, and how sure that is."""
        drift = self._persona.drift
        if drift is None:
            return ""
        verdict = f"Taste has moved{_moves(drift)}." if drift.significant else "No sign that taste has moved."
        return f"{verdict} {_test(drift)}"

    def span(self, gap: float) -> str:
        """A gap in days, or in months where it is long; in positions where there are no days."""
        if self._unit == "day" and gap >= 90.0:
            return many(round(gap / 30.4), "month")
        return many(gap, self._unit)

    def date(self, time: float) -> str:
        """A day such as Oct 3, with the year where it is not the year of reading."""
        day = datetime.fromtimestamp(time, self._zone)
        now = self._persona.time
        same = now is not None and datetime.fromtimestamp(now, self._zone).year == day.year
        return f"{day:%b} {day.day}" if same else f"{day:%b} {day.day} {day.year}"

    def money(self, amount: float) -> str:
        """An amount in the shop's currency."""
        spending = self._persona.spending
        currency = "" if spending is None or spending.currency is None else spending.currency
        number = f"{amount:,.2f}" if abs(amount) < 100.0 else f"{amount:,.0f}"
        sign = SIGNS.get(currency)
        return f"{sign}{number}" if sign else f"{number} {currency}".rstrip()


def many(count: float, thing: str) -> str:
    """Return "1 day", "2.5 days", "12 days"."""
    number = plain(count)
    return f"{number} {thing}" if number == "1" else f"{number} {thing}s"


def plain(number: float) -> str:
    """Return a number as people write it: whole from ten on, else with at most one decimal."""
    return f"{number:,.0f}" if abs(number) >= 10.0 else f"{number:.1f}".removesuffix(".0")


def _regular(rhythm: Rhythm | None) -> TypeGuard[Rhythm]:
    """Whether there is a rhythm to speak of: one gap is none yet."""
    return rhythm is not None and rhythm.gaps >= 2


def _rate(per_week: float) -> str:
    for per, times in (("week", 1.0), ("month", 30.4 / 7.0)):
        if per_week * times >= 0.95:
            return f"{plain(per_week * times)} a {per}"
    return f"{plain(per_week * 365.0 / 7.0)} a year"


def _moves(drift: Drift) -> str:
    more, less = (", ".join(map(_shift, shifts[:2])) for shifts in (drift.rising, drift.falling))
    moves = ", ".join(f"{word} {text}" for word, text in (("more", more), ("less", less)) if text)
    return f": {moves}" if moves else ""


def _shift(shift: Shift) -> str:
    return f"{shift.value} ({shift.before:.0%} → {shift.now:.0%})"


def _test(drift: Drift) -> str:
    samples = f"{plain(drift.samples_recent)} recent against {plain(drift.samples_before)} earlier samples"
    seen = f"Divergence {drift.divergence:.2f}, chance alone gives {drift.by_chance:.2f}"
    return f"{seen}; p = {drift.p_value:.3f}; {samples}."
