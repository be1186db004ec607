from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.catalog.text import item_texts
from likeness.errors import StoreError
from likeness.query.understand import understand
from likeness.rank.matches import head, word_lists
from likeness.rank.text import NAMES, PERSONAL, WORDS_FILE, TextFeatures, search_scorer
from likeness.types import Catalogue, Floats, Item, Pool, Query, Request, Taste, Vectors

LONG = 90 * 86_400.0
ITEMS = (
    Item(item_id="0", title="Fitbit Charge 3 fitness tracker", brand="Fitbit", categories=("Sport", "Trackers")),
    Item(item_id="1", title="Band for Fitbit Charge 3", brand="Acme", categories=("Sport", "Bands")),
    Item(item_id="2", title="Charge cable, 3 m", brand="Acme", categories=("Cables",)),
    Item(item_id="3", title="Sport tracker watch", brand="Zen", categories=("Sport", "Trackers")),
    Item(item_id="4", title="Bottle with straw", categories=("Home",)),
    Item(item_id="5", title="Bottle without straw", categories=("Home",)),
    Item(item_id="6", title="Note book, red", description="a spiral notepad", categories=("Paper",)),
    Item(item_id="7", title="不锈钢保温杯 500ml", categories=("Home",)),
    Item(item_id="8", title="Pens", description="for your notebook", brand="Zen"),
)


def shelf(items: tuple[Item, ...]) -> Catalogue:
    n = len(items)
    paths = list(dict.fromkeys(" > ".join(item.categories) for item in items if item.categories))
    brands = list(dict.fromkeys(item.brand for item in items if item.brand))
    return Catalogue(
        items=items,
        category=np.array([paths.index(" > ".join(i.categories)) if i.categories else -1 for i in items], np.int32),
        category_names=tuple(paths),
        brand=np.array([brands.index(item.brand) if item.brand else -1 for item in items], np.int32),
        brand_names=tuple(brands),
        price=np.full(n, np.nan),
        band=np.full(n, -1, np.int32),
        percentile=np.full(n, np.nan),
        available=np.ones(n, bool),
    )


def vectors(n: int) -> Vectors:
    rows = np.random.default_rng(3).normal(size=(n, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def taste(**known: object) -> Taste:
    nothing = np.empty(0)
    empty = Taste(
        shopper="s",
        time=0.0,
        half_lives=(3_600.0, 604_800.0, LONG),
        rows=np.empty(0, np.int32),
        weights=np.empty((0, 3)),
        count=nothing,
        first=nothing,
        last=nothing,
        bought=nothing,
        first_bought=nothing,
        last_bought=nothing,
    )
    return replace(empty, **known)


def pool(rows: list[int]) -> Pool:
    blank = np.full((len(rows), 1), np.nan)
    return Pool(
        sources=("words",),
        rows=np.array(rows, np.int32),
        scores=blank,
        ranks=blank,
        because=np.full((len(rows), 1), -1, np.int32),
    )


@pytest.fixture(scope="module")
def features() -> TextFeatures:
    return TextFeatures.build(shelf(ITEMS), item_texts(ITEMS), vectors(len(ITEMS)))


def ask(text: str, by: Taste | None = None, *, personalise: bool = True, vector: Vectors | None = None) -> Request:
    query = Query(time=0.0, text=text, personalise=personalise)
    return Request(
        query=query,
        taste=taste() if by is None else by,
        context=np.empty(0, np.int32),
        vector=vector,
        understanding=understand(text),
    )


def column(table: Floats, name: str) -> list[float]:
    return [float(value) for value in table[:, NAMES.index(name)]]


def scores(features: TextFeatures, request: Request, rows: list[int]) -> Floats:
    return search_scorer().score(features(pool(rows), request))


EVERY = list(range(len(ITEMS)))


def test_the_thing_itself_stands_before_what_fits_it(features: TextFeatures) -> None:
    table = features(pool(EVERY), ask("fitbit charge 3"))
    heads = column(table, "words:head")
    assert heads[0] > 0 == heads[1]
    assert int(np.argmax(scores(features, ask("fitbit charge 3"), EVERY))) == 0


def test_cover_is_the_share_of_the_querys_information(features: TextFeatures) -> None:
    cover = column(features(pool(EVERY), ask("fitbit charge 3")), "words:cover")
    assert cover[0] == pytest.approx(1.0) == cover[1]
    assert 0 < cover[2] < 1
    assert cover[4] == 0


def test_words_written_together_and_apart_meet(features: TextFeatures) -> None:
    together = features(pool([6, 8]), ask("notebook"))
    assert column(together, "words:joined")[0] > 0
    assert column(together, "words")[0] == 0 < column(together, "words")[1]
    apart = features(pool([6, 8]), ask("note book"))
    assert column(apart, "words:pairs") == [1.0, 0.0]
    assert column(apart, "words:joined")[1] > 0


def test_without_is_answered_by_the_item_that_says_so(features: TextFeatures) -> None:
    found = scores(features, ask("bottle without straw"), [4, 5])
    assert found[1] > found[0]


def test_chinese_is_matched_by_words_and_by_pairs(features: TextFeatures) -> None:
    for text in ("保温杯", "不锈钢 500ml", "钢保温"):
        assert int(np.argmax(scores(features, ask(text), EVERY))) == 7


def test_the_best_answers_lend_their_shelf_and_their_vectors(features: TextFeatures) -> None:
    table = features(pool(EVERY), ask("fitbit fitness"))
    shelf_share = column(table, "meaning:shelf")
    assert shelf_share[3] > shelf_share[2]  # another tracker, against a cable
    assert 0 < shelf_share[8] < max(shelf_share)  # no category: neither praised nor punished
    assert shelf_share[7] == 0
    assert max(column(table, "meaning:echo")) > 0


def test_every_feature_lies_in_its_range(features: TextFeatures) -> None:
    vector = vectors(1)[0]
    for text in ("fitbit charge 3", "notebook note book", "不锈钢保温杯", "bottle without straw", "zyzzyva"):
        table = features(pool(EVERY), ask(text, likes("Sport"), vector=vector))
        assert np.isfinite(table).all()
        assert (table[:, :PERSONAL] >= 0).all()
        assert (np.abs(table) <= 1 + 1e-6).all()


def test_the_order_of_the_pool_does_not_matter(features: TextFeatures) -> None:
    request = ask("fitbit charge 3 bottle", likes("Sport"), vector=vectors(1)[0])
    forward = features(pool(EVERY), request)
    backward = features(pool(EVERY[::-1]), request)
    assert forward == pytest.approx(backward[::-1])


def test_an_empty_pool_or_an_empty_text_is_fine(features: TextFeatures) -> None:
    assert features(pool([]), ask("mug")).shape == (0, len(NAMES))
    assert not features(pool(EVERY), ask("")).any()
    assert not TextFeatures.build(shelf(()), [], vectors(0))(pool([]), ask("mug")).any()


def likes(category: str, brand: str = "Zen") -> Taste:
    weight = np.array([1.0, 2.0, 3.0])
    return taste(
        facets={"category": {category: weight}, "brand": {brand: weight}},
        vectors={"long": vectors(len(ITEMS))[3]},
        rows=np.array([3], np.int32),
        weights=np.array([[5.0, 5.0, 50.0]]),
    )


def test_taste_orders_among_equals(features: TextFeatures) -> None:
    assert scores(features, ask("tracker"), [0, 3])[0] != scores(features, ask("tracker", likes("Sport")), [0, 3])[0]
    twins = (Item(item_id="a", title="Red mug", brand="Acme"), Item(item_id="b", title="Red mug", brand="Zen"))
    same = TextFeatures.build(shelf(twins), item_texts(twins), np.repeat(vectors(1), 2, axis=0))
    plain, tasteful = ask("red mug"), ask("red mug", likes("Sport"))
    assert scores(same, plain, [0, 1])[0] == scores(same, plain, [0, 1])[1]
    assert scores(same, tasteful, [0, 1])[0] < scores(same, tasteful, [0, 1])[1]


def adores(row: int) -> Taste:
    item = ITEMS[row]
    paths = [" > ".join(item.categories[: depth + 1]) for depth in range(len(item.categories))]
    return taste(
        facets={"category": dict.fromkeys(paths, np.ones(3)), "brand": {item.brand or "": np.ones(3)}},
        vectors={"recent": vectors(len(ITEMS))[row]},
        rows=np.array([row], np.int32),
        weights=np.full((1, 3), 100.0),
    )


@pytest.mark.parametrize("loved", EVERY)
@pytest.mark.parametrize("text", ["fitbit charge", "fitbit charge 3", "fitness tracker", "bottle straw", "保温杯"])
def test_taste_never_lifts_an_item_over_one_with_a_word_more(features: TextFeatures, text: str, loved: int) -> None:
    cover = np.array(column(features(pool(EVERY), ask(text)), "words:cover"))
    found = scores(features, ask(text, adores(loved)), EVERY)
    if cover[loved] < cover.max() - 1e-9:
        assert found[loved] < found[cover >= cover.max() - 1e-9].max()


def test_only_what_the_shopper_touched_has_a_history(features: TextFeatures) -> None:
    history = column(features(pool(EVERY), ask("tracker", adores(3))), "item:history")
    assert [row for row in EVERY if history[row]] == [3]


def test_without_leave_to_personalise_the_shopper_counts_for_nothing(features: TextFeatures) -> None:
    table = features(pool(EVERY), ask("tracker", likes("Sport"), personalise=False))
    assert not table[:, PERSONAL:].any()
    assert features(pool(EVERY), ask("tracker", likes("Sport")))[:, PERSONAL:].any()
    assert table == pytest.approx(features(pool(EVERY), ask("tracker")))


def test_taste_speaks_softer_the_more_the_query_says(features: TextFeatures) -> None:
    short = features(pool(EVERY), ask("tracker", likes("Sport")))[:, PERSONAL:]
    long = features(pool(EVERY), ask("red fitbit sport fitness tracker watch", likes("Sport")))[:, PERSONAL:]
    assert long == pytest.approx(short / 2)


def test_dislike_lowers(features: TextFeatures) -> None:
    sour = taste(facets={"brand": {"Zen": np.array([0.0, -1.0, -2.0])}})
    assert column(features(pool([3]), ask("tracker", sour)), "facet:brand") == [-1.0]


def test_what_was_saved_gives_the_same_features(features: TextFeatures, tmp_path: Path) -> None:
    features.save(tmp_path)
    again = TextFeatures.load(tmp_path, shelf(ITEMS), vectors(len(ITEMS)))
    request = ask("fitbit charge 3 notebook", likes("Sport"), vector=vectors(1)[0])
    assert (again(pool(EVERY), request) == features(pool(EVERY), request)).all()


def test_missing_or_damaged_files_are_named(features: TextFeatures, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        TextFeatures.load(tmp_path, shelf(ITEMS), vectors(len(ITEMS)))
    features.save(tmp_path)
    (tmp_path / WORDS_FILE).write_bytes(b"x")
    with pytest.raises(StoreError, match="cannot be read"):
        TextFeatures.load(tmp_path, shelf(ITEMS), vectors(len(ITEMS)))


def test_lists_count_each_word_as_the_formula_says() -> None:
    items = (Item(item_id="a", title="red red mug"), Item(item_id="b", title="mug"))
    lists = word_lists(item_texts(items))
    assert len(lists.keys) == 2
    assert lists.rows.tolist().count(0) == 2
    relative = np.array([3, 1]) / 2
    expected = 4.0 / (0.5 + 0.5 * relative)
    assert sorted(lists.mass.tolist()) == pytest.approx(sorted([2 * expected[0], expected[0], expected[1]]))


def test_the_head_of_a_title_ends_where_its_use_begins() -> None:
    assert head(["band", "for", "fitbit"]) == ["band"]
    assert head(["for", "dummy"]) == ["for", "dummy"]
    assert head(["手机壳", "适用于", "苹果"]) == ["手机壳"]


@settings(max_examples=100)
@given(st.text())
def test_any_text_has_finite_features(features: TextFeatures, text: str) -> None:
    assert np.isfinite(features(pool(EVERY), ask(text, likes("Sport")))).all()
