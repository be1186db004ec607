from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from likeness.ports import Source
from likeness.recall.als import AlsConfig, als, half
from likeness.recall.factors import Factors, Space, cells_of, folded, learnt
from likeness.recall.tempo import Tempo
from likeness.testing.recall import PURCHASE, RecallContract, SmallShop, pool_of, request_of, small_shop
from likeness.types import EVENT_NAMES

SMALL = AlsConfig(embedding_dim=8, alpha=10.0, shrink=1.0, iterations=15)


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Factors.fit(shop.log, shop.catalogue, SMALL)


def cells_at_random(seed: int = 0, shape: tuple[int, int] = (30, 12)) -> sp.csr_matrix:
    rng = np.random.default_rng(seed)
    signed = rng.choice([0.0, 1.0, 0.5, -1.0], shape, p=[0.6, 0.2, 0.1, 0.1])
    return sp.csr_matrix(signed.astype(np.float32))


def loss(cells: sp.csr_matrix, rows: np.ndarray, columns: np.ndarray, config: AlsConfig) -> float:
    weight, said = cells.toarray(), rows @ columns.T
    known = config.alpha * np.abs(weight) * ((weight > 0) - said) ** 2
    return float(known.sum() + (said**2).sum() + config.shrink * ((rows**2).sum() + (columns**2).sum()))


def test_half_an_iteration_is_the_closed_form() -> None:
    cells, rng = cells_at_random(), np.random.default_rng(1)
    columns = rng.normal(size=(12, 8)).astype(np.float32)
    found = half(cells, np.zeros((30, 8), np.float32), columns, SMALL, steps=30)
    for row in range(30):
        weight = cells[row].toarray().ravel()
        system = columns.T @ columns + SMALL.shrink * np.eye(8) + SMALL.alpha * (columns.T * np.abs(weight)) @ columns
        expected = np.linalg.solve(system, SMALL.alpha * np.maximum(weight, 0) @ columns)
        np.testing.assert_allclose(found[row], expected, rtol=1e-3, atol=1e-4)
        space = Space.of(found, columns, cells, SMALL.alpha)
        solved = folded(space, np.flatnonzero(weight).astype(np.int32), weight[weight != 0].astype(float), SMALL)
        np.testing.assert_allclose(solved.sum(axis=0), expected, rtol=1e-3, atol=1e-4)


def test_every_iteration_lowers_the_loss_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = cells_at_random()
    fits = [als(cells, replace(SMALL, iterations=rounds), seed=3) for rounds in (1, 2, 4, 8)]
    losses = [loss(cells, *fit, SMALL) for fit in fits]
    assert losses == sorted(losses, reverse=True) and losses[0] > 1.01 * losses[-1]
    monkeypatch.setattr("likeness.recall.als.BLOCK", 20)
    np.testing.assert_allclose(als(cells, replace(SMALL, iterations=8), seed=3)[1], fits[-1][1], rtol=1e-3, atol=1e-4)
    assert not np.allclose(als(cells, SMALL, seed=4)[1], als(cells, SMALL, seed=3)[1])


def test_shoppers_are_shown_their_shelves() -> None:
    shop = small_shop(shoppers=200)
    source, category = Factors.fit(shop.log, shop.catalogue, SMALL), shop.catalogue.category
    hits = []
    for shopper in range(40):
        request = request_of(shop, shopper)
        found = source.recall(request, 5).rows
        hits.append(np.isin(category[found], category[request.taste.rows]).mean())
    assert np.mean(hits) > 0.9


def test_cells_are_signed_sums_in_purchases() -> None:
    log = small_shop(shoppers=3).log
    cells = cells_of(log, 40, Tempo.of(log).unit)
    assert cells.shape[0] == 3 + len(np.unique(log.session[log.shopper < 0]))
    assert cells.data.max() == 1.0 and cells.data.min() > 0
    rejected = replace(log, weight=np.where(log.event == PURCHASE, -1.0, 1.0))
    signed = cells_of(rejected, 40, 5.0).data
    assert signed.min() < 0 < signed.max() and signed.min() >= -1.0
    assert not cells_of(log, 40, 5.0, np.zeros(len(log), bool)).nnz


def test_a_new_item_is_solved_exactly_and_a_known_one_nearly() -> None:
    """Against half an iteration over all the shoppers, those untouched as they were fitted."""
    whole = cells_at_random(shape=(300, 12))
    before = whole.copy().tolil()
    before[:, 11] = 0.0  # nobody knows item 11
    before[295:, :] = 0.0  # and five shoppers come later
    before = before.tocsr()
    people, items = als(before, SMALL, seed=0)
    people = half(before, people, items, SMALL, steps=40)
    items = half(before.T.tocsr(), items, people, SMALL, steps=40)
    space = Space.of(people, items, before, SMALL.alpha)
    touched = np.flatnonzero(np.abs(whole - before).sum(axis=1).A1)[-8:]
    later = learnt(space, before[touched], whole[touched], SMALL)
    upto = before.tolil()
    upto[touched] = whole[touched]
    now = upto.tocsr()
    fresh = np.stack([folded(space, now[s].indices, now[s].data.astype(float), SMALL).sum(axis=0) for s in range(300)])
    people = np.where(np.isin(np.arange(300), touched)[:, None], fresh, people)
    left = []
    for item in np.flatnonzero(np.abs(now - before).sum(axis=0).A1):
        weight = now[:, item].toarray().ravel()
        system = space.people + SMALL.shrink * np.eye(8) + SMALL.alpha * (people.T * np.abs(weight)) @ people
        exact = np.linalg.solve(system, SMALL.alpha * np.maximum(weight, 0) @ people)
        if item == 11:
            np.testing.assert_allclose(later.items[item], exact, rtol=1e-3, atol=1e-4)
        else:
            left.append(np.linalg.norm(later.items[item] - exact) / np.linalg.norm(space.items[item] - exact))
    assert len(left) > 5 and np.mean(left) < 0.4 and max(left) < 0.7
    np.testing.assert_allclose(later.across, later.items.T @ later.items, rtol=1e-3, atol=1e-3)


def test_an_update_serves_a_new_item_and_takes_a_rejection_to_heart() -> None:
    shop = small_shop(shoppers=120)
    log = shop.log
    hidden = int(np.flatnonzero(shop.catalogue.available)[5])
    is_new = log.row == hidden
    kept = {
        name: getattr(log, name)[~is_new]
        for name in ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    }
    source = Factors.fit(replace(log, **kept), shop.catalogue, SMALL)
    assert not source._space.items[hidden].any()
    updated = source.update(log, is_new)
    pool = pool_of(np.array([hidden], np.int32))
    likes = [s for s in range(40) if hidden in request_of(shop, s).taste.rows]
    others = [
        s
        for s in range(40)
        if shop.catalogue.category[hidden] not in shop.catalogue.category[request_of(shop, s).taste.rows]
    ]
    assert likes and others
    near, far = (np.mean([updated.describe(pool, request_of(shop, s))[0, 0] for s in some]) for some in (likes, others))
    assert near > 0.2 and near > 3 * far
    row = int(log.row[(log.shopper == 0) & (log.event == PURCHASE)][0])
    mine = log.shopper == 0
    disliked = replace(log, event=np.where(mine & (log.row == row), EVENT_NAMES.index("not_interested"), log.event),
                       weight=np.where(mine & (log.row == row), -5.0, log.weight))  # fmt: skip
    good, bad = (Factors.fit(some, shop.catalogue, SMALL) for some in (log, disliked))
    request, pool = request_of(shop, 0), pool_of(np.array([row], np.int32))
    assert bad.describe(pool, request)[0, 0] < good.describe(pool, request)[0, 0]


def test_update_marks_what_it_has_seen() -> None:
    shop = small_shop()
    source = Factors.fit(shop.log, shop.catalogue, SMALL)
    assert source.update(shop.log) is source
