"""What a fitted shop does beyond answering: follows the log, explores by policy, answers in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from likeness.batch import recommend_file
from likeness.deep import choose_effort, train_nets
from likeness.fit import read_log
from likeness.media import import_media
from likeness.persona.interactions import interactions
from likeness.rehearse import rehearsals_of
from likeness.shop import Shop
from likeness.simulate import SimulateConfig, simulate
from likeness.types import Event, Item


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop")
    synthetic = simulate(SimulateConfig(shoppers=60, items=80, days=120), 5)
    with Shop.open(path, effort="fast") as opened:
        opened.put_items(synthetic.items)
        for table in synthetic.events():
            opened.store.append_table(opened.shop_id, table)
        opened.fit()
    return path


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    with Shop.open(folder, effort="fast") as opened:
        yield opened


def test_what_is_bought_together_now_is_proposed_together_now(shop: Shop) -> None:
    """Two items nobody bought in one visit: after some did, the one leads to the other, without a fit."""
    together = next(source for source in shop.model._known.sources if source.name == "together")
    lead = shop.model.catalogue.row_of["p00003"]
    reached = set(together.links.target[together.links.start[lead] : together.links.start[lead + 1]].tolist())
    other = next(row for row in range(len(shop.model.catalogue)) if row not in reached and row != lead)
    item = shop.model.catalogue.items[other].item_id
    time = shop.end + 60
    shop.observe(
        [
            Event(
                event_id=f"{who}-{what}",
                event="purchase",
                time=time + k,
                user_id=f"n{who}",
                session_id=f"s{who}",
                item_id=what,
            )
            for who in range(6)
            for k, what in enumerate(("p00003", item))
        ]
    )
    assert shop.follow() == 12
    assert shop.follow() == 0
    together = next(source for source in shop.model._known.sources if source.name == "together")
    assert other in together.links.target[together.links.start[lead] : together.links.start[lead + 1]]


@pytest.mark.parametrize("policy", ["greedy", "epsilon", "plackett-luce", "thompson", "probes"])
def test_every_policy_fills_a_slate_with_propensities(folder: Path, policy: str) -> None:
    with Shop.open(folder, effort="fast", policy=policy) as shop:
        who = next(shop.shoppers())
        plain = shop.recommend(who, n=6)
        slates = [shop.recommend(who, n=6, explore=1.0) for _ in range(5)]
        for slate in slates:
            assert len({place.item_id for place in slate.items}) == 6
            assert all(0 < place.propensity <= 1 for place in slate.items)
        same = [[place.item_id for place in slate.items] for slate in slates]
        if policy == "greedy":
            assert all(ids == [place.item_id for place in plain.items] for ids in same)


def test_several_processes_give_the_answers_of_one(shop: Shop, tmp_path: Path) -> None:
    users = tmp_path / "users.txt"
    users.write_text("\n".join(list(shop.shoppers())[:40]) + "\n")
    for workers in (1, 2):
        recommend_file(shop, users, tmp_path / f"{workers}.csv", n=5, workers=workers)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_vectors_of_pictures_replace_older_ones_and_are_ranked_with(folder: Path, tmp_path: Path) -> None:
    from likeness.catalog.media import load_media

    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("item_id,kind,vector\np00001,image,1 0\np00002,image,0 1\n")
    second.write_text("item_id,kind,vector\np00002,image,1 0\np00003,image,1 1\n")
    import_media(tmp_path, first)
    assert import_media(tmp_path, second).kept == {"image": 3}
    kept = load_media(tmp_path)
    assert kept.vectors["image"][kept.ids["image"].index("p00002")].tolist() == [1.0, 0.0]


def test_a_fit_with_pictures_has_the_source(tmp_path: Path) -> None:
    synthetic = simulate(SimulateConfig(shoppers=30, items=40, days=60), 5)
    with Shop.open(tmp_path, effort="fast") as shop:
        shop.put_items(synthetic.items)
        for table in synthetic.events():
            shop.store.append_table(shop.shop_id, table)
        (tmp_path / "v.csv").write_text(
            "item_id,kind,vector\n" + "".join(f"p{k:05d},image,{k % 3} {k % 5 + 1}\n" for k in range(1, 30))
        )
        shop.import_media(tmp_path / "v.csv")
        assert "looks" in shop.fit().card.sources
        assert shop.recommend(next(shop.shoppers()), n=5).items


def test_a_short_log_takes_the_fast_effort_and_says_so(shop: Shop) -> None:
    log = interactions(read_log(shop.store, shop.shop_id, None), shop.model.catalogue, shop.config)
    chosen = choose_effort("best", log)
    assert chosen.effort == "fast" and chosen.why


def test_nets_are_made_one_from_another_and_found_again(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequence = pytest.importorskip("likeness.train.sequence")
    calls: list[Path | None] = []

    def trained(
        log: object,
        catalogue: object,
        vectors: object,
        folder: Path,
        *,
        effort: str,
        start: Path | None,
        progress: object,
    ) -> None:
        calls.append(start)
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(sequence, "train_sequence", trained)
    log = interactions(read_log(shop.store, shop.shop_id, None), shop.model.catalogue, shop.config)
    befores = [rehearsal.before for rehearsal in rehearsals_of(log)]
    given = (befores, log, shop.model.catalogue, shop.model.vectors, tmp_path, "balanced", lambda *_: None)
    nets = train_nets(*given)
    lengths = [len(before) for before in befores]
    assert len(calls) == len(befores) + 1 and calls[0] is None
    assert calls[1:] == [nets.before[i] for i in np.argsort(lengths)]
    assert train_nets(*given) == nets and len(calls) == len(befores) + 1  # an interrupted fit finds them


def test_a_slot_falls_back_when_its_sources_say_too_little(tmp_path: Path) -> None:
    with Shop.open(tmp_path, effort="fast") as shop:
        shop.put_items([Item(item_id=f"i{k}", title=f"thing {k}") for k in range(12)])
        shop.observe(
            [
                Event(event_id=f"e{k}", event="purchase", time=1e9 + k, user_id=f"u{k % 4}", item_id=f"i{k % 6}")
                for k in range(24)
            ]
        )
        shop.fit()
        slate = shop.recommend("u1", slot="product-complements", context_items=("i1",), n=4)
        assert len(slate.items) == 4 and "i1" not in {place.item_id for place in slate.items}


def test_a_slot_shows_only_what_it_may_in_searches_too(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "shop"
    copytree(folder, copy)
    (copy / "likeness.toml").write_text('[slots.home]\nwhere = "price < 20"\n[slots.search]\nwhere = "price < 20"\n')
    with Shop.open(copy, effort="fast") as shop:
        price = {item.item_id: item.price for item in shop.model.catalogue.items}
        slates = [shop.recommend(next(shop.shoppers()), n=40), shop.search("mug", n=40)]
        assert all(slate.items for slate in slates)
        assert all((price[place.item_id] or 0) < 20 for slate in slates for place in slate.items)


def test_newcomers_and_strangers_have_scorers_of_their_own_unless_a_page_speaks(shop: Shop) -> None:
    item = shop.model.catalogue.items[0].item_id
    shop.observe(Event(event_id="new-1", event="purchase", time=shop.end + 9, user_id="newcomer", item_id=item))
    longest = max(shop.shoppers(), key=lambda who: len(shop.store.of_shopper(shop.shop_id, who)))

    def stage(**options: object) -> object:
        request, _ = shop._request(shop.opened.serving, None, dict(options))
        return shop.model.stage(request)

    model = shop.model
    assert stage(user_id=longest) is model._known
    assert stage(user_id="newcomer") is model._few
    assert stage(user_id=None) is model._unknown
    assert stage(user_id=None, context_items=(item,)) is model._few
