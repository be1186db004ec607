from __future__ import annotations

import msgspec
import pytest

from likeness.errors import ConsentError
from likeness.persona.config import PersonaConfig
from likeness.persona.consent import consent_of, require
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.record import Persona
from likeness.persona.state import PersonaState
from likeness.persona.view import view
from likeness.types import DAY, Catalogue, Event

CONFIG = PersonaConfig()


def event(event_id: str, name: str, day: float, item: str | None = None, **fields: object) -> Event:
    return Event(event_id=event_id, event=name, time=day * DAY, user_id="u", item_id=item, **fields)


def persona_of(events: list[Event], catalogue: Catalogue, config: PersonaConfig = CONFIG, day: float = 40) -> Persona:
    state = fold_events(events, Facts(config, catalogue))
    return view(state, "u", day * DAY, config, catalogue=catalogue)


def test_nobody_is_an_empty_persona() -> None:
    persona = view(PersonaState.empty(CONFIG), None, 0.0, CONFIG)
    assert (persona.known, persona.events, persona.interests, persona.favourites) == (False, 0, {}, ())
    assert (persona.habits, persona.spending, persona.drift, persona.rating, persona.vectors) == (None,) * 5


def test_a_facet_carries_its_grounds(catalogue: Catalogue) -> None:
    events = [event(str(n), "purchase", float(n), "m1") for n in range(5)]
    (brand,) = persona_of(events, catalogue, day=4.0).interests["brand"]
    weight = sum(5 * 2 ** (-(4 - n) / 90) for n in range(5))
    assert (brand.value, brand.strength, brand.count) == ("Acme", 1.0, 5)
    assert brand.confidence == pytest.approx(weight / (weight + CONFIG.ridge_lambda))
    assert brand.evidence == ("4", "3", "2")
    assert (brand.first_seen, brand.last_seen) == (0.0, 4.0 * DAY)
    assert (brand.half_life, brand.purpose) == (90 * DAY, "personalise")


def test_strengths_are_shares_of_interest_at_each_depth_and_name(catalogue: Catalogue) -> None:
    events = [event("1", "purchase", 0.0, "m1"), event("2", "purchase", 0.0, "t1"), event("3", "view_item", 0.0, "l1")]
    found = {facet.value: facet.strength for facet in persona_of(events, catalogue).interests["category"]}
    assert found == pytest.approx({"Home": 6 / 11, "Home > Mugs": 5 / 11, "Home > Lamps": 1 / 11, "Outdoor": 5 / 11})
    traits = persona_of([*events, event("4", "view_item", 0.0, "m2")], catalogue).interests["attribute"]
    assert {facet.value: facet.strength for facet in traits} == pytest.approx(
        {"colour=red": 5 / 6, "colour=blue": 1 / 6}
    )


def test_dislikes_are_negative_and_come_last(catalogue: Catalogue) -> None:
    events = [event("1", "purchase", 0.0, "m1"), event("2", "not_interested", 0.0, "t1")]
    found = persona_of(events, catalogue).interests["category"]
    assert found[-1].value == "Outdoor" and found[-1].strength == pytest.approx(-4 / 9)
    assert [favourite.facet.value for favourite in persona_of(events, catalogue).favourites] == ["m1"]


@pytest.mark.parametrize(
    "against",
    [
        event("2", "refund", 1.0, "m1", undoes="1"),
        event("2", "refund", 1.0, "m1"),
        event("2", "remove_from_cart", 1.0, "m1"),
        event("2", "not_interested", 1.0, "m1"),
        event("2", "review", 1.0, "m1", rating=1.0),
    ],
)
def test_evidence_against_lowers_interest(catalogue: Catalogue, against: Event) -> None:
    facts = Facts(CONFIG, catalogue)
    before = fold_events([event("1", "purchase", 0.0, "m1")], facts).facets["brand"].at(2 * DAY)["Acme"]
    after = fold_events([event("1", "purchase", 0.0, "m1"), against], facts).facets["brand"].at(2 * DAY)["Acme"]
    assert after[2] < before[2]


def test_an_item_bought_again_and_again_has_a_rhythm(catalogue: Catalogue) -> None:
    events = [event(str(day), "purchase", day, "m1") for day in (0.0, 12.0, 24.0, 24.1, 37.0)]
    (favourite,) = persona_of(events, catalogue, day=43.0).favourites
    assert favourite.title == "Red mug" and favourite.bought == 5
    rhythm = favourite.rhythm
    assert rhythm is not None
    assert (rhythm.gap, rhythm.spread, rhythm.gaps) == (12.0, 0.0, 3)
    assert rhythm.next_expected == 49 * DAY and rhythm.due == pytest.approx(0.5)


def test_consent_is_the_latest_answer_and_decides_what_is_read(catalogue: Catalogue) -> None:
    events = [
        event("1", "purchase", 0.0, "m1", value=8.0, discount=2.0, session_id="s"),
        event("3", "consent", 3.0, consent={"measure": False, "advertise": True}),
        event("2", "consent", 2.0, consent={"measure": True, "advertise": False}),
    ]
    persona = persona_of(events, catalogue)
    assert persona.consent == {"measure": False, "personalise": True, "advertise": True}
    assert persona.habits is None and persona.events is None and persona.first_seen is None
    assert persona.interests and persona.spending is not None
    assert persona.spending.orders is None and persona.spending.spent is None
    assert persona.spending.discount_share is not None
    assert {"event", "hours", "spent"} <= set(persona.withheld)


def test_purposes_can_be_set_otherwise(catalogue: Catalogue) -> None:
    config = PersonaConfig(purposes={"brand": "advertise"})
    refusal = event("2", "consent", 1.0, consent={"advertise": False})
    persona = persona_of([event("1", "purchase", 0.0, "m1"), refusal], catalogue, config)
    assert "brand" not in persona.interests and "category" in persona.interests


def test_a_reading_without_consent_can_be_refused(catalogue: Catalogue) -> None:
    state = fold_events([event("1", "consent", 0.0, consent={"advertise": False})], Facts(CONFIG, catalogue))
    assert consent_of(state, assume=()) == {"measure": False, "personalise": False, "advertise": False}
    require(state, "measure")
    with pytest.raises(ConsentError, match="advertise"):
        require(state, "advertise")


def test_positions_show_no_time_at_all(catalogue: Catalogue) -> None:
    config = PersonaConfig(clock="position")
    events = [event(str(n), "purchase", float(n), "m1", value=3.0, quantity=1.0) for n in range(6)]
    persona = persona_of(events, catalogue, config, day=6.0)
    found = {name: text for name, text in _numbers(msgspec.to_builtins(persona)) if name in _TIMES}
    assert found and not any(found.values())
    assert persona.habits is None and persona.spending is not None and persona.spending.recency is None
    assert persona.favourites[0].rhythm is not None and persona.favourites[0].rhythm.gap == 1.0


_TIMES = {"time", "first_seen", "last_seen", "next_expected", "last_bought"}


def _numbers(value: object, name: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _numbers(inner, key)]
    if isinstance(value, list | tuple):
        return [pair for inner in value for pair in _numbers(inner, name)]
    return [(name, value)]


def test_ratings_are_shrunk_to_the_middle(catalogue: Catalogue) -> None:
    stars = [event(str(n), "review", 0.0, "m1", rating=5.0) for n in range(4)]
    rating = persona_of(stars, catalogue, day=0.0).rating
    assert rating is not None and rating.value == pytest.approx(1 + 4 * 5 / 6) and rating.count == 4
