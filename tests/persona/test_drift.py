from __future__ import annotations

import numpy as np
import pytest

from likeness.persona.config import PersonaConfig
from likeness.persona.drift import Tastes, chance, divergence, drift, exclusive, tastes
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.record import Drift
from likeness.seeds import rng_of
from likeness.types import DAY, Catalogue, Event, Item

CONFIG = PersonaConfig()
KINDS = 6
SHELF = Catalogue(
    items=tuple(Item(item_id=f"i{k}") for k in range(KINDS)),
    category=np.arange(KINDS, dtype=np.int32),
    category_names=tuple(f"kind {k}" for k in range(KINDS)),
    brand=np.full(KINDS, -1, np.int32),
    brand_names=(),
    price=np.full(KINDS, np.nan),
    band=np.full(KINDS, -1, np.int32),
    percentile=np.full(KINDS, np.nan),
    available=np.ones(KINDS, dtype=np.bool_),
)


def visits(shares: np.ndarray, days: range, lines: int, seed: object, loyal: float = 0.0) -> list[Event]:
    """A basket every day; with `loyal` a line repeats the basket's own kind with that probability."""
    rng = rng_of("visits", seed, days.start)
    events = []
    for day in days:
        own = rng.choice(KINDS, p=shares)
        kinds = [own if rng.random() < loyal else rng.choice(KINDS, p=shares) for _ in range(lines)]
        events += [
            Event(
                event_id=f"{day}-{n}",
                event="purchase",
                time=day * DAY,
                user_id="u",
                session_id=str(day),
                item_id=f"i{kind}",
            )
            for n, kind in enumerate(kinds)
        ]
    return events


def drift_of(events: list[Event]) -> Drift:
    found = drift(fold_events(events, Facts(CONFIG, SHELF)), CONFIG, "personalise")
    assert found is not None
    return found


def test_a_changed_taste_is_seen_and_named() -> None:
    early, late = np.array([0.6, 0.3, 0.1, 0, 0, 0]), np.array([0, 0, 0.1, 0.1, 0.2, 0.6])
    found = drift_of([*visits(early, range(0, 90), 3, 0), *visits(late, range(90, 104), 3, 0)])
    assert found.significant and found.p_value < 0.01
    assert found.divergence > 2 * found.by_chance
    assert found.rising[0].value == "kind 5" and found.rising[0].now > found.rising[0].before
    assert found.falling[0].value == "kind 0"


def test_a_steady_taste_is_called_drift_about_as_often_as_it_may_be() -> None:
    shares = np.array([0.3, 0.25, 0.2, 0.15, 0.05, 0.05])
    called = [drift_of(visits(shares, range(0, 60, 3), 4, seed)).significant for seed in range(80)]
    assert sum(called) <= 10  # 5 % of 80 is 4; 11 or more would have probability 0.2 %


def test_lines_of_one_basket_do_not_pass_for_independent_events() -> None:
    shares = np.full(KINDS, 1 / KINDS)
    alike = [visits(shares, range(0, 60, 3), 20, seed, loyal=0.3) for seed in range(40)]
    called = [drift_of(events).significant for events in alike]
    naive = PersonaConfig(drift_correlation=0.0)
    fooled = [drift(fold_events(events, Facts(naive, SHELF)), naive, "personalise") for events in alike]
    assert sum(called) <= 5 < sum(found is not None and found.significant for found in fooled)


def test_the_two_tastes_share_no_weight_and_waiting_changes_nothing() -> None:
    events = visits(np.full(KINDS, 1 / KINDS), range(0, 30), 2, 1)
    state = fold_events(events, Facts(CONFIG, SHELF))
    found = tastes(state, CONFIG)
    assert found is not None
    ages = np.repeat(29.0 - np.arange(30), 2)
    now, season = 2 ** (-ages / 7), 2 ** (-ages / 90)
    effect = 1 + 1 * CONFIG.drift_correlation
    assert found.samples_now == pytest.approx(now.sum() ** 2 / (now**2).sum() / effect, rel=0.02)
    before = season - now
    assert found.samples_before == pytest.approx(before.sum() ** 2 / (before**2).sum() / effect, rel=0.02)
    assert found.now.sum() == pytest.approx(1.0) and found.before.sum() == pytest.approx(1.0)


def test_divergence_is_zero_for_equal_and_one_for_disjoint_tastes() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    assert (divergence(p, p), divergence(p, q)) == pytest.approx((0.0, 1.0))


def test_chance_has_the_same_answer_every_time() -> None:
    found = Tastes(["a", "b"], np.array([0.9, 0.1]), np.array([0.2, 0.8]), 12.0, 30.0)
    assert chance(found) == chance(found)
    assert chance(found)[0] < 0.02


def test_a_path_does_not_count_what_lies_below_it_twice() -> None:
    values = ["Home", "Home > Mugs", "Home > Mugs > Red", "Outdoor"]
    own = exclusive(values, np.array([[10.0], [7.0], [3.0], [1.0]]))
    assert own[:, 0].tolist() == [3.0, 4.0, 3.0, 1.0]


def test_one_event_is_no_drift() -> None:
    event = Event(event_id="1", event="purchase", time=0.0, user_id="u", item_id="i1")
    assert drift(fold_events([event], Facts(CONFIG, SHELF)), CONFIG, "personalise") is None


@pytest.mark.parametrize("gap", [0.0, 1e-6, 1.0, 60.0])
def test_events_close_together_never_count_for_more_than_they_are(gap: float) -> None:
    events = [
        Event(event_id=str(n), event="purchase", time=1e9 + n * gap, user_id="u", session_id="s", item_id=f"i{n % 3}")
        for n in range(9)
    ]
    found = tastes(fold_events(events, Facts(CONFIG, SHELF)), CONFIG)
    assert found is None or (0 < found.samples_now <= 9 and 0 < found.samples_before <= 9)
