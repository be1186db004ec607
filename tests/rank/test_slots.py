from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from likeness.errors import ConfigError
from likeness.rank.slots import DEFAULTS, Slot, SlotMasks, Slots, apply_slot, nudge
from likeness.types import Catalogue

NOWHERE = np.empty(0, np.int32)
DOCS = Path(__file__).parents[2] / "docs"


def test_every_built_in_slot_is_there_and_an_unknown_name_is_as_home() -> None:
    slots = Slots.of({})
    assert {"home", "search", "product-similar", "product-complements", "cart", "search-empty", "email"} == set(slots)
    assert slots["never heard of"] == slots["home"] and "never heard of" not in slots


def test_a_table_changes_what_it_names_and_nothing_else() -> None:
    slots = Slots.of({"cart": {"n": 3}, "blog": {"kinds": ["article"]}, "home": {"diversity": 0.4}})
    assert slots["cart"] == DEFAULTS["cart"].model_copy(update={"n": 3})
    assert slots["blog"].kinds == ("article",) and slots["blog"].diversity is None
    assert slots["anything"].diversity == 0.4


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"blog": {"colour": "red"}}, r"\[slots.blog\] colour"),
        ({"cart": {"n": 0}}, r"\[slots.cart\] n = 0"),
        ({"cart": {"relation": "friends"}}, "relation"),
        ({"blog": {"kinds": ["poem"]}}, "kinds"),
        ({"blog": {"kinds": []}}, "kinds"),
        ({"blog": {"where": "price <"}}, "where"),
        ({"blog": {"fallback": "nowhere"}}, "is no slot"),
        ({"home": {"fallback": "cart"}}, "leads back to itself"),
        ({"blog": 3}, r"\[slots.blog\]"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Slots.of(table)


def test_the_chain_of_fallbacks_ends() -> None:
    slots = Slots.of({"blog": {"fallback": "cart"}})
    assert [slot.n for slot in slots.chain("blog")] == [10, 6, 10]
    assert [slot for slot in slots.chain("who")] == [slots["home"]]


def test_a_query_says_more_than_its_slot() -> None:
    email = DEFAULTS["email"]
    assert apply_slot(email, {"slot": "email"}, time=1.0).n == 6
    assert apply_slot(email, {"slot": "email"}, time=1.0).exclude_bought
    given = apply_slot(email, {"n": 2, "exclude_bought": False, "user_id": None}, time=1.0)
    assert (given.n, given.exclude_bought, given.user_id) == (2, False, None)
    assert apply_slot(email, {"n": None}, time=1.0).n == 6


def kinds(catalogue: Catalogue) -> Catalogue:
    items = list(catalogue.items)
    items[2], items[3] = structs.replace(items[2], kind="article"), structs.replace(items[3], kind="ad")
    return replace(catalogue, items=tuple(items))


def test_a_slot_shows_the_kinds_it_names_and_ads_only_where_asked(catalogue: Catalogue) -> None:
    masks = SlotMasks(Slots.of({"blog": {"kinds": ["article"]}, "board": {"kinds": ["ad"]}}), kinds(catalogue))
    home, cart, blog, board = (masks(name, NOWHERE) for name in ("home", "cart", "blog", "board"))
    assert home is not None and home.tolist() == [True, True, True, False, True]
    assert cart is not None and cart.tolist() == [True, True, False, False, True]
    assert blog is not None and np.flatnonzero(blog).tolist() == [2]
    assert board is not None and np.flatnonzero(board).tolist() == [3]
    assert masks("unknown", NOWHERE) is home


def test_a_slot_that_shows_everything_costs_nothing(catalogue: Catalogue) -> None:
    masks = SlotMasks(Slots(), catalogue)
    assert masks("home", NOWHERE) is None and masks("cart", np.array([0], np.int32)) is None


def test_the_filter_of_a_slot_holds(catalogue: Catalogue) -> None:
    mask = SlotMasks(Slots.of({"home": {"where": 'brand == "Acme"'}}), catalogue)("home", NOWHERE)
    assert mask is not None and np.flatnonzero(mask).tolist() == [0, 2]


@pytest.mark.parametrize(("rule", "rows"), [("same", [0, 1, 4]), ("other", [2, 3])])
def test_a_rule_of_category_reads_the_page(catalogue: Catalogue, rule: str, rows: list[int]) -> None:
    masks = SlotMasks(Slots.of({"page": {"category": rule}}), catalogue)
    found = masks("page", np.array([1], np.int32))
    assert found is not None and np.flatnonzero(found).tolist() == rows
    assert masks("page", NOWHERE) is None
    bare = replace(catalogue, category=np.full(5, -1, np.int32))
    assert SlotMasks(Slots.of({"page": {"category": rule}}), bare)("page", np.array([1], np.int32)) is None


def test_a_nudge_is_in_standard_deviations_of_the_scores() -> None:
    scores, said = np.array([1.0, 2.0, 3.0]), np.array([-5.0, np.nan, 5.0])
    moved = nudge(scores, said, 2.0)
    assert moved[0] < moved[2] and moved[1] == moved[0]  # who says nothing says the least
    np.testing.assert_allclose(moved.std(), 2.0 * scores.std())
    assert not nudge(scores, np.ones(3), 2.0).any() and not nudge(scores, said, 0.0).any()
    assert not len(nudge(scores[:0], said[:0], 1.0))
    np.testing.assert_allclose(nudge(np.ones(2), np.array([0.0, 1.0]), 1.0), [-1.0, 1.0])  # equal scores: one is one


def test_every_key_is_described_and_on_its_page() -> None:
    page = (DOCS / "slots.md").read_text(encoding="utf-8")
    for name, field in Slot.model_fields.items():
        assert field.description and f"| `{name}` |" in page
    assert all(f"`{name}`" in page for name in DEFAULTS)
