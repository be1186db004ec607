"""The distilled words: fading, the page before the history, and the way to disk and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import StoreError
from likeness.rank.distilled import WordsColumn, loudness
from likeness.testing.recall import request_of, small_shop
from likeness.types import Pool, Rows


def column(n: int) -> WordsColumn:
    rng = np.random.default_rng(0)
    return WordsColumn(rng.normal(size=(n, 4)), rng.normal(size=(n, 4)), fading=1.0)


def pool(rows: list[int]) -> Pool:
    shape = (len(rows), 1)
    array: Rows = np.array(rows, np.int32)
    return Pool(
        sources=("a",), rows=array, scores=np.ones(shape), ranks=np.ones(shape), because=np.full(shape, -1, np.int32)
    )


def test_loudness_halves_and_sums_to_one() -> None:
    np.testing.assert_allclose(loudness(3, 1.0), np.array([4, 2, 1]) / 7, rtol=1e-6)


def test_a_score_is_the_product_with_the_faded_history() -> None:
    asks, answers = np.array([[1.0, 0], [0, 1], [0, 0]]), np.array([[0.0, 0], [0, 0], [3, 6]])
    words = WordsColumn(asks, answers, fading=1.0)
    assert words.score(np.array([2]), np.array([0, 1])) == pytest.approx([3 * 2 / 3 + 6 / 3])
    assert words.score(np.array([2, 1]), np.array([], np.int32)).tolist() == [0.0, 0.0]


def test_describe_takes_the_page_before_the_history_and_one_item_as_among_others() -> None:
    shop = small_shop()
    words, rows = column(len(shop.catalogue)), list(range(min(4, len(shop.catalogue))))
    request = request_of(shop, 0)
    whole = words.describe(pool(rows), request)
    assert whole.shape == (len(rows), 1) and np.isfinite(whole).all()
    for number, row in enumerate(rows):
        assert words.describe(pool([row]), request)[0] == pytest.approx(whole[number])
    page = replace(request, context=np.array([0], np.int32))
    assert words.describe(pool(rows), page)[:, 0] == pytest.approx(words.score(np.array(rows), np.array([0])))


def test_save_and_load(tmp_path: Path) -> None:
    catalogue = small_shop().catalogue
    words = column(len(catalogue))
    words.save(tmp_path)
    again = WordsColumn.load(tmp_path, catalogue)
    rows, history = np.array([0, 1]), np.array([1, 2])
    assert (again.score(rows, history) == words.score(rows, history)).all()
    column(len(catalogue) + 1).save(tmp_path)
    with pytest.raises(StoreError, match="the catalogue"):
        WordsColumn.load(tmp_path, catalogue)
    (tmp_path / "words.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        WordsColumn.load(tmp_path, catalogue)
