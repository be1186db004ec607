"""From logged slates and the events that cite them to posteriors: each place answered at most once.

A place counts as shown when its slate was asked for, and its click and its purchase count once however often they are
reported; an event that cites no slate, or an item that is not on it, is nobody's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from likeness.explore.posteriors import Posteriors
from likeness.types import Event, Floats, Slate, SlateItem

CLICKED = {"select_item", "view_item", "add_to_cart", "add_to_wishlist", "purchase"}
Keys = Callable[[Slate, SlateItem], tuple[str, ...]]
Expects = Callable[[Slate, SlateItem], float]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One thing learnt of one place of a slate."""

    place: SlateItem
    name: str  # "clicks" or "purchases"
    time: float


def by_item(slate: Slate, place: SlateItem) -> tuple[str, ...]:
    """Count for the item alone."""
    return (place.item_id,)


def nothing_expected(slate: Slate, place: SlateItem) -> float:
    """Expect nothing: `beta` is read, not `lift`."""
    return 0.0


def show(
    posteriors: Posteriors, slate: Slate, look: Floats, *, keys: Keys = by_item, expects: Expects = nothing_expected
) -> None:
    """Count a slate's places as shown; `look` (n,) says how likely each place is looked at, later ones as the last."""
    time = slate.query.time
    for place in slate.items:
        seen = float(look[min(place.rank, len(look)) - 1])
        for key in keys(slate, place):
            posteriors.add(key, "looks", seen, time=time)
            posteriors.add(key, "expected", seen * expects(slate, place), time=time)


def answer(posteriors: Posteriors, slate: Slate, answers: Iterable[Answer], *, keys: Keys = by_item) -> None:
    """Count answers to a slate."""
    for one in answers:
        for key in keys(slate, one.place):
            posteriors.add(key, one.name, time=one.time)


def answers(slate: Slate, events: Iterable[Event], *, known: Iterable[Event] = ()) -> Iterator[Answer]:
    """Yield what `events` that cite the slate add to what `known` ones said; a purchase implies its click."""
    said = {(one.place.item_id, one.name) for one in answers(slate, known)} if known else set()
    places = {place.item_id: place for place in slate.items}
    for event in sorted(events, key=lambda e: e.time):
        place = places.get(event.item_id or "")
        if event.request_id != slate.request_id or place is None or event.event not in CLICKED:
            continue
        for name in ("clicks", "purchases") if event.event == "purchase" else ("clicks",):
            if (place.item_id, name) not in said:
                said.add((place.item_id, name))
                yield Answer(place=place, name=name, time=event.time)


def fold(
    slates: Iterable[Slate],
    events: Mapping[str, Iterable[Event]],
    look: Floats,
    half_life: float,
    *,
    keys: Keys = by_item,
    expects: Expects = nothing_expected,
) -> Posteriors:
    """Return the posteriors of a log: its slates, and per request_id the events that cite it."""
    posteriors = Posteriors(half_life)
    for slate in slates:
        show(posteriors, slate, look, keys=keys, expects=expects)
        answer(posteriors, slate, answers(slate, events.get(slate.request_id, ())), keys=keys)
    return posteriors
