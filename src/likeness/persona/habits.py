"""Habits: the hours of the week, visits and devices."""

from __future__ import annotations

from math import exp2

from likeness.persona.config import PersonaConfig
from likeness.persona.consent import Reading
from likeness.persona.feeds import ACTIVE
from likeness.persona.interests import facets
from likeness.persona.measures import Grounds, day_cadence, rhythm
from likeness.persona.record import Habits, Measure
from likeness.persona.state import HALF_HOUR, SLOT, PersonaState, how_many
from likeness.stats.week import week_bin
from likeness.types import DAY

_SPLIT = 1.05  # slots per visit from which visits are seen to last; an order log gives all lines of an order one time


def habits(state: PersonaState, time: float, config: PersonaConfig, reading: Reading) -> Habits | None:
    """Return when and how the shopper comes; None without consent, times or any activity."""
    grounds = Grounds(state, ACTIVE, config)
    if config.clock != "time" or not state.hours.days or not reading.may("hours") or not reading.may("visits"):
        return None
    purpose = reading.purpose("hours")
    season = config.half_lives[config.long]
    visits = max(1.0, how_many(state.visits))
    return Habits(
        week=week(state.hours.days, time, config),
        active=grounds.measure(
            float(len(state.hours.days)), "half-hours", purpose, count=len(state.hours.days), half_life=season
        ),
        visits=grounds.measure(visits, "visits", reading.purpose("visits"), count=round(visits)),
        visits_per_week=_per_week(visits, grounds, reading.purpose("visits")),
        minutes_per_visit=_length(state, visits, grounds, reading),
        days_between=rhythm(day_cadence(int(hour * HALF_HOUR // DAY) for hour in state.hours.days), time, config),
        devices=facets(
            "device",
            state.facets.get("device") if reading.may("device") else None,
            time=time,
            config=config,
            purpose=reading.purpose("device"),
            half_life=config.long,
            likes=3,
        ),
    )


def week(half_hours: list[int], time: float, config: PersonaConfig) -> tuple[tuple[float, ...], ...]:
    """Return 7 x 24 shares of the active half-hours by local weekday and hour, decayed with the longest half-life."""
    season, bins = config.half_lives[config.long], [0.0] * 168
    for number in half_hours:
        start = number * HALF_HOUR
        bins[week_bin(start, config.timezone)] += exp2(-max(half_hours[-1] * HALF_HOUR - start, 0.0) / season)
    total = sum(bins)
    return tuple(tuple(bins[24 * day + hour] / total for hour in range(24)) for day in range(7))


def _per_week(visits: float, grounds: Grounds, purpose: str) -> Measure:
    first, last = grounds.first or 0.0, grounds.last or 0.0
    weeks = max(1.0, (last - first) / (7 * DAY))
    return grounds.measure(visits / weeks, "visits per week", purpose, count=round(visits))


def _length(state: PersonaState, visits: float, grounds: Grounds, reading: Reading) -> Measure | None:
    """Active minutes per visit, in whole slots; None where nothing shows that visits last at all."""
    slots = how_many(state.slots)
    if not reading.may("slots") or slots < _SPLIT * visits:
        return None
    return grounds.measure(slots / visits * SLOT / 60.0, "minutes", reading.purpose("slots"), count=round(visits))
