from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from msgspec import structs

from likeness.errors import StoreError
from likeness.ports import Source
from likeness.recall.sequence import CONFIG, GRAPH, ITEMS, Sequential
from likeness.testing.recall import RecallContract, SmallShop, pool_of, request_of, shelf, small_shop

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from likeness.train.examples import sequences
from likeness.train.export_sequence import export
from likeness.train.plans import Settings
from likeness.train.sequence import fit_net

SMALL = Settings(width=16, layers=1, longest=8, places=32, rows=4)
TINY = structs.replace(SMALL, epochs=12, patience=12, warm_up=5, dropout=0.1, token_dropout=0.0, learning_rate=3e-3)


@cache
def trained(items: int, clock: str) -> tuple[Path, TemporaryDirectory[str]]:
    """Return a folder with a net of the small shop, and what keeps the folder there."""
    shop, scratch = small_shop(items=items, clock=clock), TemporaryDirectory()  # type: ignore[arg-type]
    told = sequences(shop.log, shop.catalogue.band)
    net, _ = fit_net(told, shop.vectors, TINY, seed=1)
    export([net], TINY.longest, shop.log.clock, Path(scratch.name))
    return Path(scratch.name), scratch


def source_of(shop: SmallShop) -> Sequential:
    folder = trained(40, shop.log.clock)[0]
    known = Sequential.load(folder, shelf(40))
    if len(shop.catalogue) == 40:
        return Sequential.load(folder, shop.catalogue)
    empty = known._items[:0], known._bias[:0]  # no net can be trained without items
    return Sequential(known._graph, *empty, known._config, shop.catalogue)


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return source_of(shop)


def test_it_prefers_the_shoppers_own_shelves() -> None:
    shop = small_shop()
    source, every = source_of(shop), np.arange(40, dtype=np.int32)
    lead = []
    for shopper in range(60):
        request = request_of(shop, shopper)
        liked = np.isin(shop.catalogue.category, np.unique(shop.catalogue.category[request.taste.rows]))
        new = ~np.isin(every, request.taste.rows)
        said = source.describe(pool_of(every), request)[:, 0]
        if (new & liked).any():
            lead.append(said[new & liked].mean() - said[new & ~liked].mean())
    assert np.mean(lead) > 0.3


def test_a_stranger_gets_nothing_and_zeros() -> None:
    shop = small_shop()
    source, request = source_of(shop), request_of(shop, -1)
    assert not len(source.recall(request, 10).rows)
    assert not source.describe(pool_of(np.arange(40, dtype=np.int32)), request).any()


def test_scores_are_logarithms_of_probability() -> None:
    shop = small_shop()
    source, request = source_of(shop), request_of(shop, 4)
    rows = np.setdiff1d(np.arange(40), request.taste.rows).astype(np.int32)
    share = np.exp(source.describe(pool_of(rows), request)).sum()
    assert 0.3 < share <= 1.0 + 1e-6


def test_what_recall_says_describe_says() -> None:
    shop = small_shop()
    source, request = source_of(shop), request_of(shop, 4)
    found = source.recall(request, 10)
    np.testing.assert_array_equal(source.describe(pool_of(found.rows), request)[:, 0], found.scores)


def test_nothing_is_remembered_from_one_request_to_the_next() -> None:
    shop = small_shop()
    source, one, other = source_of(shop), request_of(shop, 4), request_of(shop, 9)
    alone = source_of(shop).recall(other, 10)
    source.recall(one, 10)
    assert source.recall(other, 10).scores.tolist() == alone.scores.tolist()
    assert not np.array_equal(source.recall(one, 10).scores, alone.scores)


def test_the_history_is_not_proposed_and_scores_as_any_item() -> None:
    shop = small_shop()
    source, request = source_of(shop), request_of(shop, 4)
    assert not np.isin(source.recall(request, 40).rows, request.taste.rows).any()
    told = source.describe(pool_of(request.taste.rows), request)
    assert told[0, 0] == pytest.approx(-np.log(40))


def test_the_page_is_the_latest_token() -> None:
    shop = small_shop()
    source = source_of(shop)
    tokens = source._tokens(request_of(shop, 4, context=(7,)))
    assert tokens.row[-1] == 7
    assert len(source.recall(request_of(shop, -1, context=(7,)), 5).rows) == 5


def test_only_the_latest_tokens_are_read() -> None:
    shop = small_shop()
    source, request = source_of(shop), request_of(shop, 4)
    taste = request.taste
    assert len(taste.rows) > TINY.longest
    names = ("rows", "weights", "count", "first", "last", "bought", "first_bought", "last_bought")
    latest = replace(taste, **{name: getattr(taste, name)[: TINY.longest] for name in names})
    oldest = source._tokens(request).row[0]
    assert oldest == taste.rows[TINY.longest - 1]
    assert source._tokens(replace(request, taste=latest)).row.tolist() == source._tokens(request).row.tolist()


def test_a_damaged_net_is_refused(tmp_path: Path) -> None:
    shop = small_shop()
    for file in (CONFIG, ITEMS, GRAPH):
        folder = tmp_path / file
        folder.mkdir()
        source_of(shop).save(folder)
        (folder / file).unlink()
        with pytest.raises(StoreError):
            Sequential.load(folder, shop.catalogue)
