"""Feedback through the front door: the very next slate knows, from every source alone, and only the shopper's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from msgspec import structs

from likeness.model import SOURCES
from likeness.rank.feedback import Disliked
from likeness.shop import Shop
from likeness.simulate import SimulateConfig, simulate
from likeness.types import Event, Slate

FRESH = count()
STAGES = ("_known", "_few", "_unknown")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    synthetic = simulate(SimulateConfig(shoppers=60, items=80, days=120), 5)
    with Shop.open(tmp_path_factory.mktemp("shop"), explore=0.0, diversity=0.0, effort="fast") as opened:
        opened.put_items(synthetic.items)
        for table in synthetic.events():
            opened.store.append_table(opened.shop_id, table)
        opened.fit()
        yield opened


@pytest.fixture
def alone(shop: Shop, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The shop with one source only."""
    model = shop.model
    kept = model.__dict__.copy()
    stage = model._known
    only = tuple(source for source in stage.sources if source.name == request.param)
    model.__dict__.update(dict.fromkeys(STAGES, replace(stage, sources=only)))
    yield shop
    model.__dict__.update({name: kept[name] for name in STAGES if name in kept})
    for name in set(STAGES) - kept.keys():
        del model.__dict__[name]


def regular(shop: Shop) -> str:
    """Return a new shopper who does what one of the log did."""
    who = f"again-{next(FRESH)}"
    longest = max(list(shop.shoppers())[:40], key=lambda one: len(shop.store.of_shopper(shop.shop_id, one)))
    events = [event for _, event in shop.store.of_shopper(shop.shop_id, longest)]
    mine = [
        structs.replace(event, event_id=f"{who}-{event.event_id}", user_id=who, visitor_id=None, undoes=None)
        for event in events
        if event.event in {"purchase", "view_item", "add_to_cart", "search"}
    ]
    shop.observe(mine)
    return who


def say(shop: Shop, who: str, event: str, item: str | None = None, **more: object) -> None:
    number = next(FRESH)
    time = shop.moment(who) + 60.0
    shop.observe(Event(event_id=f"said-{number}", event=event, time=time, user_id=who, item_id=item, **more))


def ids(slate: Slate) -> list[str]:
    return [place.item_id for place in slate.items]


SOURCE = pytest.mark.parametrize("alone", [n for n in SOURCES if n not in ("sequence", "looks")], indirect=True)


@SOURCE
def test_not_interested_changes_the_very_next_slate(alone: Shop) -> None:
    who, other = regular(alone), regular(alone)
    before, theirs = alone.recommend(who, n=40), ids(alone.recommend(other, n=40))
    top = ids(before)[0]
    say(alone, who, "not_interested", top)
    after = alone.recommend(who, n=40)
    assert after.items and top not in ids(after)
    assert ids(alone.recommend(other, n=40)) == theirs
    lower = [place for place in after.items if any(r.name.startswith("disliked: ") for r in place.reasons)]
    assert all(r.because == top for place in lower for r in place.reasons if r.name.startswith("disliked: "))
    say(alone, who, "view_item", top)
    assert top not in ids(alone.recommend(who, n=80))  # a look is no change of mind
    say(alone, who, "purchase", top)
    assert top in ids(alone.recommend(who, n=80)) or alone.model._known.sources[0].name == "similar"


@SOURCE
def test_what_is_like_it_stands_lower_or_where_it_stood(alone: Shop) -> None:
    """A newcomer with one purchase turns down the first item of another shelf."""
    who, catalogue = f"newcomer-{next(FRESH)}", alone.model.catalogue
    say(alone, who, "purchase", "p00003")
    shelf = {item.item_id: int(code) for item, code in zip(catalogue.items, catalogue.category, strict=True)}
    if not alone.recommend(who, n=1).items:  # this source knows nothing to go with it
        who = regular(alone)
    first = ids(alone.recommend(who, n=80))
    many = [item for item in first if [shelf[other] for other in first].count(shelf[item]) > 2]  # shelves to lower
    top = next((item for item in many if shelf[item] != shelf["p00003"]), first[0])
    say(alone, who, "not_interested", top)
    after = ids(alone.recommend(who, n=80))
    without = before_feedback(alone, who)
    assert set(after) == set(without)
    moved = [(after.index(item), without.index(item)) for item in without if shelf[item] == shelf[top]]
    assert sum(now for now, _ in moved) >= sum(then for _, then in moved)


def before_feedback(shop: Shop, who: str) -> list[str]:
    """Return the slate as it would be if scores did not hear of what was turned down."""
    shop.model.__dict__["feedback"] = lambda rows, scores, taste, verdicts: Disliked(np.zeros(len(rows)))
    try:
        return ids(shop.recommend(who, n=80))
    finally:
        del shop.model.__dict__["feedback"]


def test_the_score_falls_by_what_the_reason_says(shop: Shop) -> None:
    who = regular(shop)
    say(shop, who, "not_interested", ids(shop.recommend(who, n=1))[0])
    after = shop.recommend(who, n=80)
    shop.model.__dict__["feedback"] = lambda rows, scores, taste, verdicts: Disliked(np.zeros(len(rows)))
    try:
        without = {place.item_id: place.score for place in shop.recommend(who, n=80).items}
    finally:
        del shop.model.__dict__["feedback"]
    by = {place.item_id: sum(r.contribution for r in place.reasons if r.kind == "rule") for place in after.items}
    assert min(by.values()) < 0
    assert all(abs(place.score - without[place.item_id] - by[place.item_id]) < 1e-9 for place in after.items)


def test_what_was_sent_back_is_gone_and_a_staple_is_not(shop: Shop) -> None:
    who = regular(shop)
    once, often = "p00011", "p00012"
    for item, times in ((once, 1), (often, 3)):
        for _ in range(times):
            say(shop, who, "purchase", item)
    assert {once, often} <= set(ids(shop.recommend(who, n=80)))
    say(shop, who, "refund", once)
    say(shop, who, "refund", often)
    found = ids(shop.recommend(who, n=80))
    assert once not in found and often in found
    title = shop.model.catalogue.items[shop.model.catalogue.row_of[once]].title
    assert once in ids(shop.search(title, user=who, n=40))  # perhaps another size


def test_a_bad_review_buries(shop: Shop) -> None:
    who = regular(shop)
    top = ids(shop.recommend(who, n=1))[0]
    say(shop, who, "purchase", top)
    before = ids(shop.recommend(who, n=80)).index(top)
    say(shop, who, "review", top, rating=1.0)
    slate = shop.recommend(who, n=80)
    assert ids(slate).index(top) > before
    place = slate.items[ids(slate).index(top)]
    assert [r.because for r in place.reasons if r.name.startswith("disliked: ")] == [top]


def test_hidden_stays_hidden_without_consent_and_without_personalisation_and_in_searches(shop: Shop) -> None:
    who = regular(shop)
    top, second = ids(shop.recommend(who, n=2))
    say(shop, who, "not_interested", top)
    title = shop.model.catalogue.items[shop.model.catalogue.row_of[top]].title
    assert top not in ids(shop.search(title, user=who, n=40))
    assert top not in ids(shop.recommend(who, n=80, personalise=False))
    say(shop, who, "refund", second)
    say(shop, who, "consent", consent={"personalise": False})
    slate = shop.recommend(who, n=80)
    assert top not in ids(slate)
    assert second in ids(slate)  # what is only inferred is not read
    assert not any(r.name.startswith("disliked: ") for place in slate.items for r in place.reasons)
    nobody = ids(shop.recommend(None, n=81, time=slate.query.time))
    assert ids(slate) == [item for item in nobody if item != top][: len(slate.items)]


def test_nothing_is_proposed_because_of_what_was_turned_down(shop: Shop) -> None:
    who = f"newcomer-{next(FRESH)}"
    say(shop, who, "purchase", "p00003")
    because = [r.because for place in shop.recommend(who, n=80).items for r in place.reasons if r.kind == "source"]
    assert "p00003" in because
    say(shop, who, "not_interested", "p00003")
    because = [r.because for place in shop.recommend(who, n=80).items for r in place.reasons if r.kind == "source"]
    assert "p00003" not in because
