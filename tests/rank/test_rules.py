"""Rules move what they name, where they hold, and say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from likeness.errors import ConfigError
from likeness.rank.rules import Rules, read_rules
from likeness.types import Catalogue, Query, Request, Taste

ROWS = np.array([0, 1, 2, 3], np.int32)
SCORES = np.array([4.0, 3.0, 2.0, 1.0])


def asked(allowed: list[bool] | None = None, **options: Any) -> Request:
    none = np.empty(0)
    taste = Taste(
        shopper=None,
        time=0.0,
        half_lives=(1.0,),
        rows=none.astype(np.int32),
        weights=none.reshape(0, 1),
        count=none,
        first=none,
        last=none,
        bought=none,
        first_bought=none,
        last_bought=none,
    )
    mask = None if allowed is None else np.array(allowed)
    return Request(query=Query(time=0.0, **options), taste=taste, context=none.astype(np.int32), allowed=mask)


def test_a_pin_gives_way_to_filters_drops_and_searches(catalogue: Catalogue) -> None:
    pin = {"name": "lamp", "action": "pin", "item_id": "l1", "position": 1}
    again = {"name": "lamp again", "action": "pin", "item_id": "l1", "position": 3}
    drop = {"name": "no lamps", "action": "drop", "where": '"lamp" in title'}
    assert Rules(read_rules([pin, again]), catalogue).apply(ROWS, SCORES, asked()).pins == {0: 2}
    assert not Rules(read_rules([pin]), catalogue).apply(ROWS, SCORES, asked([True, True, False, True, False])).pins
    assert not Rules(read_rules([pin, drop]), catalogue).apply(ROWS, SCORES, asked()).pins
    assert not Rules(read_rules([pin]), catalogue).apply(ROWS, SCORES, asked(text="mug", slot="search")).pins
    named = [{**pin, "slots": ["search"]}]
    assert Rules(read_rules(named), catalogue).apply(ROWS, SCORES, asked(text="mug", slot="search")).pins == {0: 2}


def test_nothing_proposed(catalogue: Catalogue) -> None:
    rules = Rules(read_rules([{"name": "x", "action": "boost", "where": "price > 0"}]), catalogue)
    assert rules.apply(ROWS[:0], SCORES[:0], asked()).keep.shape == (0,)


def test_boost_bury_drop_and_pin(catalogue: Catalogue) -> None:
    rules = read_rules(
        [
            {"name": "acme week", "action": "boost", "where": 'brand == "Acme"', "by": 1},
            {"name": "dear", "action": "bury", "where": "price > 30", "by": 2},
            {"name": "no tents", "action": "drop", "where": '"Tent" in title'},
            {"name": "lamp first", "action": "pin", "item_id": "l1", "position": 1},
            {"name": "sold out", "action": "pin", "item_id": "x1", "position": 2},
        ]
    )
    ruled = Rules(rules, catalogue).apply(ROWS, SCORES, asked())
    spread = SCORES.std()
    assert ruled.adjustment.tolist() == pytest.approx([spread, 0.0, -spread, -2 * spread])
    assert ruled.keep.tolist() == [True, True, True, False]
    assert ruled.pins == {0: 2}
    assert [name for name, _ in ruled.moved[2]] == ["acme week", "dear", "lamp first"]


def test_a_rule_holds_in_its_slots_only(catalogue: Catalogue) -> None:
    rules = read_rules([{"name": "cart only", "action": "drop", "where": "price > 0", "slots": ["cart"]}])
    assert Rules(rules, catalogue).apply(ROWS, SCORES, asked()).keep.all()
    assert not Rules(rules, catalogue).apply(ROWS, SCORES, asked(slot="cart")).keep.any()


@pytest.mark.parametrize(
    "table",
    [
        [{"name": "x", "action": "pin"}],
        [{"name": "x", "action": "drop"}],
        [{"name": "x", "action": "burn", "where": "price > 1"}],
        [{"name": "x", "action": "drop", "where": "price > 1", "extra": 1}],
        [{"name": "x", "action": "boost", "where": "price > 1", "by": -1}],
    ],
)
def test_bad_rules_are_named(table: list[dict[str, object]]) -> None:
    with pytest.raises(ConfigError, match=r"\[\[rules\]\] 0"):
        read_rules(table)
