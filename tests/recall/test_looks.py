"""Looks: what looks alike is proposed, and an item without a picture loses nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeness.errors import InputError
from likeness.ports import Source
from likeness.recall.blend import blend
from likeness.recall.looks import Looks, centred, fused
from likeness.recall.similar import Similar
from likeness.testing.recall import RecallContract, SmallShop, pool_of, request_of, small_shop
from likeness.types import Vectors


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Looks.fit(shop.log, shop.catalogue, media=[shop.vectors])


class TestContractOfTwoKinds(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        halves = np.arange(len(shop.vectors))[:, None] % 2 == np.arange(2)
        return Looks.fit(shop.log, shop.catalogue, media=[shop.vectors * halves[:, :1], shop.vectors[:, :5]])


def without(vectors: Vectors, rows: list[int]) -> Vectors:
    out = vectors.copy()
    out[rows] = 0.0
    return out


def test_no_media_at_all_is_a_silent_source() -> None:
    shop = small_shop()
    for media in ([], [np.zeros((40, 8), np.float32)], [np.zeros((40, 0), np.float32)]):
        source = Looks.fit(shop.log, shop.catalogue, media=media)
        assert not len(source.recall(request_of(shop, 0, context=(4,)), 10).rows)
        assert not source.describe(pool_of(np.arange(40, dtype=np.int32)), request_of(shop, 0)).any()


def test_vectors_of_another_catalogue_are_refused() -> None:
    shop = small_shop()
    with pytest.raises(InputError):
        Looks.fit(shop.log, shop.catalogue, media=[shop.vectors[:7]])


def test_the_page_speaks_before_the_history() -> None:
    shop = small_shop()
    source = Looks.fit(shop.log, shop.catalogue, media=[shop.vectors])
    for page in (0, 3, 6):
        found = source.recall(request_of(shop, 5, context=(page,)), 4)
        assert (shop.catalogue.category[found.rows] == shop.catalogue.category[page]).all()
        assert (found.because == page).all()


BARE = [0, 6, 12, 18, 24, 30, 36]


def test_items_without_a_picture_keep_their_order_and_their_scores() -> None:
    """Whatever others look like: the column of a bare item is 0 as it was before anybody had a picture."""
    shop = small_shop()
    nobody = Looks.fit(shop.log, shop.catalogue, media=[np.zeros_like(shop.vectors)])
    others = Looks.fit(shop.log, shop.catalogue, media=[without(shop.vectors, BARE)])
    text, bare = Similar.fit(shop.log, shop.catalogue, vectors=shop.vectors), np.array(BARE, np.int32)
    for shopper in range(20):
        request = request_of(shop, shopper)
        before, after = nobody.describe(pool_of(bare), request), others.describe(pool_of(bare), request)
        np.testing.assert_array_equal(before, after)
        said = text.describe(pool_of(bare), request)[:, 0]
        assert np.argsort(-(said + before[:, 0])).tolist() == np.argsort(-(said + after[:, 0])).tolist()


def test_an_item_with_a_picture_of_nothing_alike_stands_where_a_bare_one_stands() -> None:
    shop = small_shop()
    source = Looks.fit(shop.log, shop.catalogue, media=[without(shop.vectors, BARE)])
    request = request_of(shop, -1, context=(4,))
    other_shelf = [row for row in range(40) if shop.catalogue.category[row] == 2 and row not in BARE]
    assert not source.describe(pool_of(np.array(other_shelf + BARE, np.int32)), request).any()


def test_a_bare_item_of_the_history_neither_speaks_nor_dilutes() -> None:
    shop = small_shop()
    source = Looks.fit(shop.log, shop.catalogue, media=[without(shop.vectors, [9])])
    every = pool_of(np.arange(40, dtype=np.int32))
    alone, beside = request_of(shop, -1, context=(4,)), request_of(shop, -1, context=(4, 9))
    np.testing.assert_array_equal(source.describe(every, alone), source.describe(every, beside))
    assert not len(source.recall(request_of(shop, -1, context=(9,)), 10).rows)


def test_blended_with_text_a_bare_item_is_still_proposed() -> None:
    shop = small_shop()
    sources = [
        Similar.fit(shop.log, shop.catalogue, vectors=shop.vectors),
        Looks.fit(shop.log, shop.catalogue, media=[without(shop.vectors, BARE)]),
    ]
    request = request_of(shop, -1, context=(1,))  # of the shelf of items 6 and 36
    pool = blend([source.recall(request, 40) for source in sources])
    assert {6, 36} <= set(pool.rows.tolist())
    assert np.isnan(pool.scores[np.isin(pool.rows, BARE), 1]).all()


def test_what_all_have_in_common_is_no_likeness() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(400, 16)).astype(np.float32) + 5.0 * np.eye(16, dtype=np.float32)[0]
    plain, found = vectors / np.linalg.norm(vectors, axis=1, keepdims=True), centred(vectors)
    assert (plain @ plain.T).mean() > 0.5 > abs((found @ found.T).mean()) * 20
    assert not centred(np.zeros((3, 4), np.float32)).any()
    assert centred(np.array([[1, 0], [0, 0], [np.nan, 1]], np.float32)).tolist()[1] == [0, 0]


def test_kinds_are_fused_by_those_both_have() -> None:
    picture = np.array([[1, 0], [1, 0], [0, 0], [0, 1]], np.float32)
    sound = np.array([[1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    alike = fused([picture, sound], 4) @ fused([picture, sound], 4).T
    assert alike[1, 2] == 0.0  # one has only a picture, the other only sound
    assert alike[0, 1] > 0.5 and alike[0, 2] > 0.5 > alike[0, 3]


def test_what_was_sent_back_is_silent() -> None:
    shop = small_shop()
    source, request = Looks.fit(shop.log, shop.catalogue, media=[shop.vectors]), request_of(shop, 3)
    silent = replace(request, taste=replace(request.taste, weights=-request.taste.weights))
    assert len(source.recall(request, 10).rows) and not len(source.recall(silent, 10).rows)
