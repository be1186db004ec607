from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from likeness.catalog.build import FILE, build_catalogue, load_catalogue, save_catalogue
from likeness.errors import StoreError
from likeness.testing.log import event, observed, table
from likeness.types import Catalogue, Item


def same(left: Catalogue, right: Catalogue) -> bool:
    numbers = ("category", "brand", "price", "band", "percentile", "available")
    words = ("items", "category_names", "brand_names")
    return all(
        np.array_equal(getattr(left, n), getattr(right, n), equal_nan=n in {"price", "percentile"}) for n in numbers
    ) and all(getattr(left, n) == getattr(right, n) for n in words)


def shelf() -> list[Item]:
    made = ("retro", "daisy", "skull", "paisley", "butterfly", "strawberry", "botanical", "polka", "owl", "rose")
    kinds = ("lunch bag", "alarm clock", "photo frame")
    bare = [Item(item_id=f"b{n}", title=f"{made[n % 10]} {kinds[n % 3]}", price=float(n)) for n in range(30)]
    given = [
        Item(item_id=f"g{n}", title="mug", categories=("Home", "Mugs"), brand="Acme", price=2.0 * n) for n in range(12)
    ]
    return [*given, *bare, Item(item_id="sold", available=False, brand=" Zen ")]


def test_given_paths_stay_and_the_others_get_themes() -> None:
    catalogue = build_catalogue(shelf())
    names = [catalogue.category_names[code] if code >= 0 else None for code in catalogue.category]
    assert set(names[:12]) == {"Home > Mugs"}
    assert {"alarm clock", "lunch bag", "photo frame"} <= set(filter(None, names[12:]))
    assert names[-1] is None
    assert catalogue.category_names == tuple(sorted(catalogue.category_names))


def test_the_columns_ranking_reads() -> None:
    catalogue = build_catalogue(shelf())
    assert catalogue.brand_names == ("Acme", "Zen")
    assert (catalogue.brand[0], catalogue.brand[20], catalogue.brand[-1]) == (0, -1, 1)
    assert catalogue.available.tolist() == [True] * 42 + [False]
    assert np.isnan(catalogue.price[-1])
    assert (catalogue.band[0], catalogue.band[11], catalogue.band[-1]) == (0, 4, -1)
    assert [catalogue.category.dtype, catalogue.brand.dtype, catalogue.band.dtype] == [np.dtype(np.int32)] * 3


def test_items_of_the_log_that_nobody_gave_are_never_lost() -> None:
    events = [table([event(1, item_id="new", value=4.0, quantity=2.0), event(2, item_id="g3")])]
    catalogue = build_catalogue(shelf(), events=events, observations=observed("new", "red lunch bag", 1, 1.0, 1.0))
    assert catalogue.items[-1] == Item(item_id="new", title="red lunch bag", price=2.0, first_seen=1.0, last_seen=1.0)
    assert catalogue.items[catalogue.row_of["g3"]].last_seen == 2.0


def test_the_future_changes_nothing() -> None:
    past = [event(n, item_id=f"i{n % 9}", value=float(n), session_id=f"s{n // 3}") for n in range(60)]
    future = [event(100 + n, item_id=f"i{n % 15}", value=9.0, session_id=f"s{n}") for n in range(60)]
    given = [Item(item_id="later", title="mug", first_seen=70.0), Item(item_id="i1", title="clock")]
    then = build_catalogue(given, events=[table(past)], until=60.0)
    assert same(then, build_catalogue(given, events=[table(future), table(past)], until=60.0))
    assert "later" not in then.row_of
    assert "i14" not in then.row_of
    assert "i14" in build_catalogue(given, events=[table(future), table(past)]).row_of


def test_what_is_saved_is_loaded_and_has_the_same_bytes(tmp_path: Path) -> None:
    catalogue = build_catalogue(shelf())
    save_catalogue(catalogue, tmp_path)
    assert same(load_catalogue(tmp_path), catalogue)
    first = (tmp_path / FILE).read_bytes()
    save_catalogue(build_catalogue(shelf()), tmp_path)
    assert (tmp_path / FILE).read_bytes() == first


def test_an_empty_catalogue(tmp_path: Path) -> None:
    catalogue = build_catalogue([])
    save_catalogue(catalogue, tmp_path)
    assert (len(catalogue), same(load_catalogue(tmp_path), catalogue)) == (0, True)


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"format":2}'])
def test_a_broken_file_is_refused_with_a_remedy(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="Fit the shop again"):
        load_catalogue(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    save_catalogue(build_catalogue(shelf()), tmp_path)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.replace('"format":1', '"format":2'), encoding="utf-8")
    with pytest.raises(StoreError, match="format 2"):
        load_catalogue(tmp_path)


@pytest.mark.data
def test_twelve_thousand_titles(tmp_path: Path, data_folder: Path) -> None:
    lines = (data_folder / "amazon-beauty" / "items.tsv").read_text(encoding="utf-8").splitlines()[1:]
    items = [Item(item_id=line.split("\t")[0], title=line.split("\t")[1]) for line in lines]
    catalogue = build_catalogue(items)
    assert 60 <= len(catalogue.category_names) <= 128
    assert {"shampoo", "nail lacquer", "hair dryer", "mascara"} <= set(catalogue.category_names)
    assert (catalogue.category >= 0).mean() > 0.99
    assert np.bincount(catalogue.category[catalogue.category >= 0]).max() < 0.1 * len(items)
    save_catalogue(catalogue, tmp_path)
    started = time.perf_counter()
    load_catalogue(tmp_path)
    assert time.perf_counter() - started < 0.5  # 0.02 s on a quiet machine
