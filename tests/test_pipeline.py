"""Rules, caps, exploration and reasons together: what is shown obeys them, and what is said is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from likeness.shop import Shop
from likeness.simulate import SimulateConfig, simulate
from likeness.types import DAY, Event, Slate

RULES = """
explore = 1.0
[[rules]]
name = "second place"
action = "pin"
item_id = "p00004"
position = 2
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("ruled")
    (folder / "likeness.toml").write_text(RULES)
    synthetic = simulate(SimulateConfig(shoppers=80, items=80, days=120), 8)
    with Shop.open(folder) as opened:
        opened.put_items(synthetic.items)
        for table in synthetic.events():
            opened.store.append_table(opened.shop_id, table)
        opened.fit()
        yield opened


def ids(slate: Slate) -> list[str]:
    return [place.item_id for place in slate.items]


def test_propensities_match_frequencies_beside_a_pin(shop: Shop) -> None:
    draws = 400
    first: Counter[str] = Counter()
    logged: dict[str, float] = {}
    for i in range(draws):
        slate = shop.ask(user_id=None, n=3, request_id=f"draw-{i}")
        assert ids(slate)[1] == "p00004"
        assert slate.items[1].propensity == 1.0
        first[ids(slate)[0]] += 1
        seen = slate.items[0].propensity
        assert logged.setdefault(ids(slate)[0], seen) == pytest.approx(seen)
    item, count = first.most_common(1)[0]
    assert count / draws == pytest.approx(logged[item], abs=0.1)
    assert "p00004" not in first


def test_a_pin_gives_way_to_the_request(shop: Shop) -> None:
    assert "p00004" not in ids(shop.recommend(None, n=5, where='not item_id == "p00004"'))
    assert "p00004" not in ids(shop.recommend(None, n=5, context_items=("p00004",)))


def test_an_explored_slate_keeps_the_cap(shop: Shop) -> None:
    capped = Shop.open(shop.folder, max_per_category=1)
    for i in range(10):
        slate = capped.recommend(None, n=6, request_id=f"cap-{i}", where='not item_id == "p00004"')
        rows = [capped.model.catalogue.row_of[item] for item in ids(slate)]
        assert len(set(capped.model.catalogue.category[rows].tolist())) == len(rows)
    capped.close()


def test_every_facet_reason_has_evidence_of_its_own_shopper(shop: Shop) -> None:
    said = 0
    for who in list(shop.shoppers())[:40]:
        own = {event.event_id for _, event in shop.store.of_shopper(shop.shop_id, who)}
        for place in shop.recommend(who, n=10, explore=0.0).items:
            for reason in place.reasons:
                if reason.kind == "facet":
                    said += 1
                    assert reason.evidence
                    assert set(reason.evidence) <= own
    assert said > 0


def test_what_was_withdrawn_is_withdrawn_for_the_past(shop: Shop) -> None:
    time = shop.end
    shop.observe(Event(event_id="w1", event="purchase", time=time, user_id="changed", item_id="p00002"))
    assert shop.persona("changed", at=time + 1).favourites
    shop.observe(
        Event(event_id="w2", event="consent", time=time + DAY, user_id="changed", consent={"personalise": False})
    )
    assert not shop.persona("changed", at=time + 1).favourites


def test_without_consent_to_measure_a_slate_is_logged_for_nobody(shop: Shop) -> None:
    shop.observe(Event(event_id="m1", event="consent", time=shop.end, user_id="private", consent={"measure": False}))
    slate = shop.recommend("private", n=3)
    assert shop.explain(slate.request_id).query.user_id is None


def test_the_same_request_id_has_one_answer(shop: Shop) -> None:
    assert shop.ask(user_id=None, request_id="once", n=3) == shop.ask(user_id=None, request_id="once", n=9)
