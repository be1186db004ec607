from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from likeness.errors import StoreError
from likeness.recall.meaning import VECTORS, Meaning
from likeness.types import Candidates, Catalogue, Item, Query, Request, Taste, Vectors

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


def shelf(n: int, sold_out: int = -1) -> Catalogue:
    nothing = np.full(n, -1, np.int32)
    return Catalogue(
        items=tuple(Item(item_id=str(row)) for row in range(n)),
        category=nothing,
        category_names=(),
        brand=nothing,
        brand_names=(),
        price=np.full(n, np.nan),
        band=nothing,
        percentile=np.full(n, np.nan),
        available=np.arange(n) != sold_out,
    )


def unit(rows: Vectors) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(n: int, seed: int = 5) -> Vectors:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(60, 64))
    return unit(centres[rng.integers(60, size=n)] + 0.7 * rng.normal(size=(n, 64)))


def find(meaning: Meaning, vector: Vectors | None, n: int, allowed: np.ndarray | None = None) -> Candidates:
    request = Request(
        query=Query(time=0.0, text="x"), taste=NOBODY, context=np.empty(0, np.int32), vector=vector, allowed=allowed
    )
    return meaning.recall(request, n)


def test_the_nearest_come_first_and_opposites_not_at_all() -> None:
    vectors = unit(np.array([[1, 0], [1, 1], [0, 1], [-1, 0]], np.float32))
    found = find(Meaning.build(shelf(4), vectors), np.array([1, 0], np.float32), 10)
    assert found.rows.tolist() == [0, 1]
    assert found.scores == pytest.approx([1.0, 0.5**0.5])


def test_ties_are_ordered_by_row_and_cut_at_n() -> None:
    vectors = np.repeat(np.array([[1.0, 0.0]], np.float32), 50, axis=0)
    assert find(Meaning.build(shelf(50), vectors), vectors[0], 7).rows.tolist() == list(range(7))
    drawn = find(Meaning.build(shelf(50), vectors, exact_limit=0), vectors[0], 20).rows
    assert (np.diff(drawn) > 0).all()


@pytest.mark.parametrize("exact_limit", [10_000, 10])
def test_unavailable_filtered_and_empty_items_never_appear(exact_limit: int) -> None:
    vectors = clustered(500)
    vectors[7] = 0.0
    meaning = Meaning.build(shelf(500, sold_out=3), vectors, exact_limit=exact_limit)
    assert not {3, 7} & set(find(meaning, vectors[3], 500).rows.tolist())
    allowed = np.arange(500) >= 480
    found = find(meaning, vectors[0], 500, allowed)
    assert (found.rows >= 480).all()
    exact = find(Meaning.build(shelf(500, sold_out=3), vectors), vectors[0], 500, allowed)
    assert found.rows.tolist() == exact.rows.tolist()


def test_no_vector_no_n_no_item() -> None:
    meaning = Meaning.build(shelf(5), clustered(5))
    assert len(find(meaning, None, 5).rows) == 0
    assert len(find(meaning, np.zeros(64, np.float32), 5).rows) == 0
    assert len(find(meaning, meaning.vectors[0], 0).rows) == 0
    empty = Meaning.build(shelf(0), np.empty((0, 64), np.float32))
    assert len(find(empty, meaning.vectors[0], 5).rows) == 0


@pytest.mark.parametrize(("k", "least"), [(10, 0.98), (200, 0.95)])
def test_the_graph_finds_what_the_exact_search_finds(k: int, least: float) -> None:
    vectors = clustered(6_000)
    exact, graph = Meaning.build(shelf(6_000), vectors), Meaning.build(shelf(6_000), vectors, exact_limit=1_000)
    shared = [
        len(set(find(exact, v, k).rows.tolist()) & set(find(graph, v, k).rows.tolist())) / k
        for v in clustered(40, 5)[:40]
    ]
    assert np.mean(shared) >= least


@pytest.mark.parametrize("exact_limit", [10_000, 10])
def test_what_was_saved_answers_the_same(exact_limit: int, tmp_path: Path) -> None:
    vectors = clustered(300)
    meaning = Meaning.build(shelf(300), vectors, exact_limit=exact_limit)
    meaning.save(tmp_path)
    again = Meaning.load(tmp_path, shelf(300))
    assert (again.vectors == meaning.vectors).all()
    for vector in vectors[:5]:
        before, after = find(meaning, vector, 20), find(again, vector, 20)
        assert before.rows.tolist() == after.rows.tolist()
        assert before.scores.tolist() == after.scores.tolist()


def test_missing_damaged_or_foreign_vectors_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        Meaning.load(tmp_path, shelf(3))
    Meaning.build(shelf(3), clustered(3)).save(tmp_path)
    with pytest.raises(StoreError, match="3 vectors, 4 items"):
        Meaning.load(tmp_path, shelf(4))
    (tmp_path / VECTORS).write_bytes(b"no tensors")
    with pytest.raises(StoreError, match="cannot be read"):
        Meaning.load(tmp_path, shelf(3))
