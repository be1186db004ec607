from __future__ import annotations

import numpy as np
import pytest

from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.state import PersonaState
from likeness.persona.taste import taste
from likeness.types import DAY, PURPOSES, Catalogue, Event

CONFIG = PersonaConfig()


def event(event_id: str, name: str, day: float, item: str | None = None, **fields: object) -> Event:
    return Event(event_id=event_id, event=name, time=day * DAY, user_id="u", item_id=item, **fields)


HISTORY = [
    event("1", "purchase", 0.0, "m1"),
    event("2", "view_item", 7.0, "l1"),
    event("3", "purchase", 7.0, "m1"),
    event("4", "search", 8.0, query="tent"),
    event("5", "search", 9.0, query="red mug"),
    event("6", "view_item", 9.0, "off the shelf"),
    event("7", "not_interested", 9.0, "t1"),
]


@pytest.fixture
def state(catalogue: Catalogue) -> PersonaState:
    return fold_events(HISTORY, Facts(CONFIG, catalogue))


def test_rows_come_latest_first_with_what_is_known_of_each(state: PersonaState, catalogue: Catalogue) -> None:
    read = taste(state, "u", 14.0 * DAY, catalogue, CONFIG)
    assert [catalogue.items[row].item_id for row in read.rows] == ["t1", "m1", "l1"]
    assert read.count.tolist() == [1, 2, 1]
    assert read.bought.tolist() == [0, 2, 0]
    assert (read.first_bought[1], read.last_bought[1]) == (0.0, 7.0 * DAY)
    assert np.isnan(read.last_bought[0]) and np.isnan(read.first_bought[2])
    assert read.orders == pytest.approx(2.0, rel=0.01)


def test_weights_are_decayed_to_the_moment(state: PersonaState, catalogue: Catalogue) -> None:
    read = taste(state, "u", 14.0 * DAY, catalogue, CONFIG)
    week, season = 5 * (0.25 + 0.5), 5 * (2 ** (-14 / 90) + 2 ** (-7 / 90))
    assert read.weights[1, 1:].tolist() == pytest.approx([week, season])
    assert read.weights[0, 2] == pytest.approx(-4 * 2 ** (-5 / 90))
    assert read.facets["brand"]["Acme"].tolist() == pytest.approx((read.weights[1] + read.weights[2]).tolist())
    assert set(read.facets["category"]) == {"Home", "Home > Mugs", "Home > Lamps", "Outdoor"}
    assert set(read.facets["term"]) == {"tent", "red", "mug"}


def test_queries_come_latest_first(state: PersonaState, catalogue: Catalogue) -> None:
    queries = taste(state, "u", 15.0 * DAY, catalogue, CONFIG).queries
    assert [text for text, _ in queries] == ["red mug", "tent"]
    assert [weight for _, weight in queries] == pytest.approx([2 ** (-6 / 7), 2 ** (-1)])


def test_the_price_level_is_that_of_purchases(state: PersonaState, catalogue: Catalogue) -> None:
    assert taste(state, "u", 14.0 * DAY, catalogue, CONFIG).price == pytest.approx((0.25, 0.0))


def test_nobody_has_an_empty_taste(catalogue: Catalogue) -> None:
    read = taste(PersonaState.empty(CONFIG), None, 0.0, catalogue, CONFIG)
    assert not read.known and read.weights.shape == (0, 3) and read.price is None and read.orders == 0.0


def test_vectors_are_ridge_means_of_the_rows(state: PersonaState, catalogue: Catalogue) -> None:
    vectors = np.eye(5, dtype=np.float32)
    read = taste(state, "u", 14.0 * DAY, catalogue, CONFIG, vectors=vectors)
    total = np.abs(read.weights[:, 2]).sum() + CONFIG.ridge_lambda
    expected = np.zeros(5)
    expected[read.rows] = read.weights[:, 2] / total
    assert read.vectors["long"].tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert read.vectors["long"][3] < 0.0
    assert read.vectors["interests"].shape == (2, 5)  # mugs and lamps; the tent is disliked
    assert all(vector.dtype == np.float32 for vector in read.vectors.values())


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_purpose_refused_leaves_its_part_out(state: PersonaState, catalogue: Catalogue, purpose: str) -> None:
    state.update(event("8", "consent", 10.0, consent={purpose: False}), Facts(CONFIG, catalogue))
    read = taste(state, "u", 14.0 * DAY, catalogue, CONFIG)
    assert read.known == (purpose != "personalise")
    assert (read.orders == 0.0) == (purpose == "measure")


def test_consent_never_asked_counts_as_it_is_told_to(state: PersonaState, catalogue: Catalogue) -> None:
    assert not taste(state, "u", 14.0 * DAY, catalogue, CONFIG, assume=()).known
