"""The loop: what is observed is in the persona, ranks, is explained from what took part, and can be erased."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.errors import ConfigError, NotFittedError, NotFoundError, StoreError
from likeness.persona.fold import fold_events
from likeness.persona.state import PersonaState
from likeness.ports import Snapshot
from likeness.shop import Shop, last_of
from likeness.simulate import SimulateConfig, simulate
from likeness.types import DAY, Event, Slate


def made(folder: Path, seed: int = 5) -> Shop:
    synthetic = simulate(SimulateConfig(shoppers=60, items=80, days=120), seed)
    shop = Shop.open(folder)
    shop.put_items(synthetic.items)
    for table in synthetic.events():
        shop.store.append_table(shop.shop_id, table)
    shop.fit()
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with made(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture(scope="module")
def shopper(shop: Shop) -> str:
    """Somebody who bought several things."""
    bought: dict[str, int] = {}
    for table in shop.store.scan(shop.shop_id):
        for row in table.select(["event", "user_id"]).to_pylist():
            if row["event"] == "purchase" and row["user_id"]:
                bought[row["user_id"]] = bought.get(row["user_id"], 0) + 1
    return max(sorted(bought), key=lambda who: bought[who])


def ids(slate: Slate) -> list[str]:
    return [place.item_id for place in slate.items]


def test_an_observed_event_is_in_the_persona_at_once(shop: Shop) -> None:
    time = shop.end + DAY
    assert shop.observe(Event(event_id="new-1", event="purchase", time=time, user_id="fresh", item_id="p00003")) == 1
    persona = shop.persona("fresh")
    assert persona.favourites[0].facet.value == "p00003"
    assert persona.favourites[0].facet.evidence == ("new-1",)


def test_snapshot_and_tail_equal_the_whole_fold(shop: Shop, shopper: str) -> None:
    shop.observe(
        [
            Event(event_id=f"t{i}", event="view_item", time=shop.end + i, user_id=shopper, item_id="p00001")
            for i in range(80)
        ]
    )
    events = [event for _, event in shop.store.of_shopper(shop.shop_id, shopper)]
    whole = fold_events(events, shop.facts)
    for _ in range(2):  # the first reading writes a new snapshot, the second starts from it
        state = shop.state(shopper)
        assert state.visits.estimate() == whole.visits.estimate()
        for kind, facet in whole.facets.items():
            mine = state.facets[kind].entries
            assert mine.keys() == facet.entries.keys()
            for key, entry in facet.entries.items():
                np.testing.assert_allclose(mine[key].sums, entry.sums, rtol=1e-9)


def test_the_past_is_exact(shop: Shop, shopper: str) -> None:
    state = shop.state(shopper)
    middle = (last_of(state) or 0.0) - 40 * DAY
    before = [event for _, event in shop.store.of_shopper(shop.shop_id, shopper) if event.time < middle]
    assert shop.persona(shopper, at=middle).events == len(before)


def test_a_slate_is_logged_and_explained_from_what_took_part(shop: Shop, shopper: str) -> None:
    slate = shop.recommend(shopper, n=8)
    assert shop.explain(slate.request_id) == slate
    assert len(set(ids(slate))) == 8
    events = {event.event_id for _, event in shop.store.of_shopper(shop.shop_id, shopper)}
    reasons = [reason for place in slate.items for reason in place.reasons]
    assert reasons
    for place in slate.items:
        for reason in place.reasons:
            assert reason.kind != "source" or reason.name in place.sources
            assert set(reason.evidence) <= events


def test_the_persona_matters_and_can_be_left_out(shop: Shop, shopper: str) -> None:
    nobody = ids(shop.recommend(None, n=10))
    assert ids(shop.recommend(shopper, n=10)) != nobody
    assert ids(shop.recommend(shopper, n=10, personalise=False)) == nobody


def test_without_consent_nobody_is_known(shop: Shop, shopper: str) -> None:
    who = "silent"
    time = shop.end
    shop.observe(Event(event_id="s1", event="purchase", time=time, user_id=who, item_id="p00002"))
    shop.observe(Event(event_id="s2", event="consent", time=time + 1, user_id=who, consent={"personalise": False}))
    assert ids(shop.recommend(who, n=10)) == ids(shop.recommend(None, n=10))
    assert not shop.persona(who).favourites


def test_filters_seen_and_same_answer(shop: Shop, shopper: str) -> None:
    slate = shop.recommend(shopper, n=5, where="price < 30", exclude_seen=True)
    history = [event for _, event in shop.store.of_shopper(shop.shop_id, shopper)]
    seen = {event.item_id for event in history if event.event != "view_item_list"}  # being shown is not meeting
    rows = [shop.model.catalogue.row_of[item] for item in ids(slate)]
    assert (shop.model.catalogue.price[rows] < 30).all()
    assert not seen & set(ids(slate))
    assert ids(shop.recommend(shopper, n=5, where="price < 30", exclude_seen=True)) == ids(slate)


def test_exploration_keeps_exact_propensities(shop: Shop, shopper: str) -> None:
    slates = [shop.recommend(shopper, n=4, explore=1.0, request_id=f"x{i}") for i in range(12)]
    assert len({tuple(ids(slate)) for slate in slates}) > 1
    assert all(0 < place.propensity <= 1 for slate in slates for place in slate.items)
    assert all(place.propensity == 1 for place in shop.recommend(shopper, n=4).items)


def test_search_listens_in_both_languages(shop: Shop) -> None:
    for item in shop.model.catalogue.items[:20]:
        assert item.item_id in ids(shop.search(item.title, n=10))


def test_a_future_event_changes_no_past_slate(tmp_path: Path) -> None:
    with made(tmp_path / "a") as shop:
        until = shop.end - 30 * DAY
        shop.fit(until=until)
        user = next(iter(shop.shoppers()))
        before = [ids(shop.recommend(user, n=10)), ids(shop.search("mug", user=user))]
        later = Event(event_id="later", event="purchase", time=until + DAY, user_id=user, item_id="p00009")
        shop.observe(
            [later, Event(event_id="later2", event="purchase", time=until + DAY, user_id="other", item_id="p00009")]
        )
        assert [ids(shop.recommend(user, n=10)), ids(shop.search("mug", user=user))] == before
        shop.fit(until=until)
        assert [ids(shop.recommend(user, n=10)), ids(shop.search("mug", user=user))] == before


def test_erasure_leaves_no_trace_and_others_unchanged(tmp_path: Path) -> None:
    with made(tmp_path / "shop") as shop:
        gone, stays = list(shop.shoppers())[:2]
        shop.recommend(gone)
        before = shop.state(stays).encode()
        receipt = shop.erase(gone)
        assert receipt.events > 0
        assert receipt.slates == 1
        assert receipt.models_with_traces == ("000001",)
        with pytest.raises(NotFoundError):
            shop.persona(gone)
        shop.fit()
        assert shop.state(stays).encode() == before
    for path in (tmp_path / "shop").rglob("*"):
        assert not path.is_file() or gone.encode() not in path.read_bytes(), path


def test_from_zero_data(tmp_path: Path) -> None:
    synthetic = simulate(SimulateConfig(shoppers=5, items=50), 1)
    with Shop.open(tmp_path / "new") as shop:
        with pytest.raises(NotFittedError, match="likeness fit"):
            shop.recommend("anyone")
        shop.put_items(synthetic.items)
        shop.fit()
        assert len(shop.recommend("anyone", n=5).items) == 5
        assert shop.search(synthetic.items[0].title).items[0].item_id == synthetic.items[0].item_id


def test_times_and_positions_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "s.tsv").write_text("user_id\titems\nu\ta b c\nv\tb c a\n")
    (tmp_path / "e.ndjson").write_text('{"event":"purchase","time":1600000000,"user_id":"u","item_id":"a"}\n')
    with Shop.open(tmp_path / "shop") as shop:
        shop.import_file(tmp_path / "s.tsv")
        assert shop.clock == "position"
        with pytest.raises(ConfigError, match="another shop"):
            shop.import_file(tmp_path / "e.ndjson")


def test_no_such_shop(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="likeness import"):
        Shop.open(tmp_path / "none", create=False)


def test_a_moved_shop_is_the_same_shop(tmp_path: Path) -> None:
    with made(tmp_path / "here") as shop:
        who = next(iter(shop.shoppers()))
        before = shop.persona(who)
    (tmp_path / "here").rename(tmp_path / "there")
    with Shop.open(tmp_path / "there") as moved:
        assert moved.persona(who) == before


def test_another_process_takes_up_a_new_fit(tmp_path: Path) -> None:
    with made(tmp_path / "shop") as old, Shop.open(tmp_path / "shop") as new:
        who = next(iter(old.shoppers()))
        old.persona(who)
        new.fit()
        assert old.model.version == new.model.version == "000002"
        assert old.persona(who) == new.persona(who)


def test_two_fits_at_once_are_refused(tmp_path: Path) -> None:
    with made(tmp_path / "shop") as shop, (tmp_path / "shop" / "models" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another process"):
            shop.fit()


def test_a_snapshot_of_another_model_is_not_read(tmp_path: Path) -> None:
    with made(tmp_path / "shop") as shop:
        who = next(iter(shop.shoppers()))
        before = shop.persona(who)
        kept = shop.store.get(shop.shop_id, who)
        assert kept is not None
        shop.store.put(shop.shop_id, who, Snapshot(kept.cursor, b"000009\n" + PersonaState.empty(shop.config).encode()))
        after = shop.persona(who)
        assert (after.known, after.events, len(after.favourites)) == (True, before.events, len(before.favourites))


def test_a_fit_in_the_middle_of_a_request_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with made(tmp_path / "shop") as shop, Shop.open(tmp_path / "shop") as other:
        asked = shop._request

        def slowly(*given: Any) -> Any:
            request = asked(*given)
            other.fit()
            return request

        monkeypatch.setattr(shop, "_request", slowly)
        assert shop.recommend(None, n=3).model == "000001"
        assert shop.model.version == "000002"
