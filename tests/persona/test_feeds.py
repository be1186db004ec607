from __future__ import annotations

import numpy as np
import pytest

from likeness.persona.batch import BUILDERS
from likeness.persona.config import CAPACITIES, PersonaConfig
from likeness.persona.facts import Facts, Signal, plain_words, prefixes
from likeness.persona.feeds import FEED, FEEDS, feeds_of, weight_of, weights_of
from likeness.persona.state import FEEDERS, PersonaState
from likeness.types import EVENT_NAMES, PURPOSES, Catalogue, Event

CONFIG = PersonaConfig()
KINDS = set(CAPACITIES) - {"bought"}


def test_both_folds_build_every_row_of_the_table() -> None:
    assert set(FEEDERS) == set(FEED)
    assert set(BUILDERS) | KINDS == set(FEED)
    assert set(PersonaState.__struct_fields__) >= set(FEED) - KINDS


def test_every_row_names_known_events_needs_and_a_purpose() -> None:
    for feed in FEEDS:
        assert feed.events <= set(EVENT_NAMES)
        assert set(feed.needs) <= set(Signal._fields)
        assert feed.purpose in PURPOSES or feed.statistic in ("consent", "verdict")
    assert {feed.purpose for feed in FEEDS} >= set(PURPOSES)


def test_a_name_of_weight_zero_feeds_no_interest() -> None:
    shown = {feed.statistic for feed in feeds_of("view_item_list", CONFIG)}
    assert "event" in shown and "item" not in shown
    muted = PersonaConfig(event_weights={"purchase": 0.0})
    assert not {"item", "bought", "category"} & {feed.statistic for feed in feeds_of("purchase", muted)}


def test_positions_feed_nothing_that_has_a_date() -> None:
    config = PersonaConfig(clock="position")
    fed = {feed.statistic for name in EVENT_NAMES for feed in feeds_of(name, config)}
    assert not fed & {"hours", "slots", "visits", "order_days"}
    assert {"item", "bought", "orders", "price"} <= fed


@pytest.mark.parametrize(
    ("event", "fields", "weight"),
    [
        ("purchase", {}, 5.0),
        ("refund", {"undoes": "e0"}, -5.0),
        ("refund", {}, -2.0),
        ("review", {"rating": 5.0}, 4.0),
        ("review", {"rating": 1.0}, -4.0),
        ("review", {}, 1.0),
        ("remove_from_cart", {}, -1.0),
        ("not_interested", {}, -4.0),
    ],
)
def test_weights_of_one_event_and_of_columns_agree(event: str, fields: dict, weight: float) -> None:
    one = Event(event_id="e", event=event, time=0.0, **fields)
    assert weight_of(one, CONFIG) == weight
    code = np.array([EVENT_NAMES.index(event)], dtype=np.int8)
    rating = np.array([fields.get("rating", np.nan)])
    assert weights_of(code, rating, np.array(["undoes" in fields]), CONFIG).tolist() == [weight]


def test_an_item_is_known_by_every_prefix_of_its_path(catalogue: Catalogue) -> None:
    facts = Facts(CONFIG, catalogue)
    mug = facts.of("m1")
    assert mug.category == ("Home", "Home > Mugs")
    assert (mug.brand, mug.attribute, mug.price_band, mug.percentile) == (
        ("Acme",),
        ("colour=red",),
        ("cheapest",),
        0.25,
    )
    assert facts.of("x1").percentile is None
    assert facts.of("nowhere").category is None
    assert prefixes("Tent") == ("Tent",)


def test_queries_split_into_words_each_once() -> None:
    assert plain_words("Ｒed MUG, red!") == ["red", "mug", "red"]
    signal = Facts(CONFIG).signal(Event(event_id="e", event="search", time=0.0, query="Red mug red"))
    assert (signal.query, signal.term) == (("Red mug red",), ("red", "mug"))


def test_an_event_without_a_session_gets_the_half_hour() -> None:
    signal = Facts(CONFIG).signal(Event(event_id="e", event="view_item", time=3601.0))
    assert signal.session == "2"
