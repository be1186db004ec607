from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.catalog.text import item_texts
from likeness.errors import StoreError
from likeness.recall.words import Words
from likeness.types import Candidates, Catalogue, Item, Query, Request, Taste

TITLES = (
    "Red ceramic mug",
    "Blue ceramic mug",
    "Desk lamp with mug holder",
    "Spiral note book, red",
    "Firestick remote",
    "不锈钢保温杯 500ml",
    "儿童水杯 带吸管",
    "Red ceramic mug",
)
NOBODY = Taste(
    shopper=None,
    time=0.0,
    half_lives=(1.0, 7.0, 90.0),
    rows=np.empty(0, np.int32),
    weights=np.empty((0, 3)),
    count=np.empty(0),
    first=np.empty(0),
    last=np.empty(0),
    bought=np.empty(0),
    first_bought=np.empty(0),
    last_bought=np.empty(0),
)


def shelf(items: list[Item]) -> Catalogue:
    n = len(items)
    nothing = np.full(n, -1, np.int32)
    unknown = np.full(n, np.nan)
    return Catalogue(
        items=tuple(items),
        category=nothing,
        category_names=(),
        brand=nothing,
        brand_names=(),
        price=unknown,
        band=nothing,
        percentile=unknown,
        available=np.array([item.available for item in items], bool),
    )


def built(items: list[Item]) -> Words:
    return Words.build(shelf(items), item_texts(items))


@pytest.fixture(scope="module")
def words() -> Words:
    return built([Item(item_id=str(row), title=title) for row, title in enumerate(TITLES)])


def find(words: Words, text: str | None, n: int = 10, allowed: np.ndarray | None = None) -> Candidates:
    request = Request(query=Query(time=0.0, text=text), taste=NOBODY, context=np.empty(0, np.int32), allowed=allowed)
    return words.recall(request, n)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("red mugs", 0),
        ("MUG holder", 2),
        ("notebook", 3),  # written together, sold apart
        ("fire stick", 4),  # written apart, sold together
        ("保温杯", 5),
        ("水杯", 6),
        ("钢保", 5),  # no word of any dictionary
        ("吸管 杯", 6),
        ("500ml 保温杯", 5),
    ],
)
def test_the_item_that_says_it_comes_first(words: Words, text: str, first: int) -> None:
    assert find(words, text).rows[0] == first


def test_a_word_in_the_title_counts_more_than_one_in_the_description() -> None:
    items = [Item(item_id="a", title="Box", description="mug"), Item(item_id="b", title="Mug", description="box")]
    assert find(built(items), "mug").rows.tolist() == [1, 0]


def test_words_that_are_neighbours_in_the_title_count_more() -> None:
    items = [Item(item_id="a", title="Board for a game"), Item(item_id="b", title="A board game for")]
    assert find(built(items), "board game").rows.tolist() == [1, 0]


def test_equal_scores_are_ordered_by_row(words: Words) -> None:
    found = find(words, "red ceramic mug")
    assert found.rows[:2].tolist() == [0, 7]
    assert found.scores[0] == found.scores[1]
    assert (np.diff(found.scores) <= 0).all()


def test_the_word_after_without_counts_less(words: Words) -> None:
    items = [Item(item_id="a", title="Bottle with straw"), Item(item_id="b", title="Bottle without straw")]
    assert find(built(items), "bottle without straw").rows[0] == 1


@pytest.mark.parametrize("text", [None, "", "???", "zyzzyva", "\0\ud800"])
def test_nothing_is_found_for_nothing(words: Words, text: str | None) -> None:
    assert len(find(words, text).rows) == 0


def test_n_bounds_the_answer(words: Words) -> None:
    assert len(find(words, "mug", n=0).rows) == 0
    assert find(words, "red ceramic mug", n=1).rows.tolist() == [0]
    assert len(find(words, "mug", n=1_000).rows) == 4


def test_unavailable_and_filtered_items_never_appear_and_make_room_for_others() -> None:
    items = [
        Item(item_id=str(i), title="mug " * 3 if i < 40 else "mug holder rack", available=i != 3) for i in range(60)
    ]
    words = built(items)
    assert 3 not in find(words, "mug", n=60).rows
    allowed = np.arange(60) >= 40
    assert find(words, "mug", n=5, allowed=allowed).rows.tolist() == [40, 41, 42, 43, 44]
    assert len(find(words, "mug", n=5, allowed=np.zeros(60, bool)).rows) == 0


def test_what_was_saved_answers_the_same(words: Words, tmp_path: Path) -> None:
    words.save(tmp_path)
    start = time.perf_counter()
    again = Words.load(tmp_path, shelf([Item(item_id=str(row), title=title) for row, title in enumerate(TITLES)]))
    assert time.perf_counter() - start < 0.5  # a loaded machine; 1 ms on a quiet one
    for text in ("red mug", "水杯", "notebook"):
        before, after = find(words, text), find(again, text)
        assert before.rows.tolist() == after.rows.tolist()
        assert before.scores.tolist() == after.scores.tolist()


def test_two_builds_are_alike(words: Words) -> None:
    again = built([Item(item_id=str(row), title=title) for row, title in enumerate(TITLES)])
    assert find(words, "red ceramic mug").scores.tolist() == find(again, "red ceramic mug").scores.tolist()


def test_a_missing_damaged_or_foreign_index_is_named(words: Words, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        Words.load(tmp_path, shelf([]))
    words.save(tmp_path)
    with pytest.raises(StoreError, match="holds 8 items, the catalogue 0"):
        Words.load(tmp_path, shelf([]))
    (tmp_path / "tantivy" / "meta.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        Words.load(tmp_path, shelf([]))


def test_an_empty_catalogue_answers_nothing() -> None:
    assert len(find(built([]), "mug").rows) == 0


HOSTILE = ('title:"', "AND OR NOT", "(((", "mug~9999", "*", "+-!&&||", "[a TO b]", "^^9", "field:x", "\\", "a" * 70_000)


@pytest.mark.parametrize("text", HOSTILE)
def test_query_syntax_is_only_text(words: Words, text: str) -> None:
    find(words, text)
    assert 0 in find(words, "mug " + text).rows


@settings(max_examples=200)
@given(st.text())
def test_no_text_breaks_the_search(words: Words, text: str) -> None:
    found = find(words, text)
    assert np.isfinite(found.scores).all()
    assert len(set(found.rows.tolist())) == len(found.rows)


def test_the_answer_leaves_the_request_as_it_was(words: Words) -> None:
    allowed = np.ones(len(TITLES), bool)
    request = Request(query=Query(time=0.0, text="mug"), taste=NOBODY, context=np.empty(0, np.int32), allowed=allowed)
    words.recall(replace(request), 5)
    assert allowed.all()
