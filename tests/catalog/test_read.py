"""Item files of every kind become items, and every row is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from likeness.catalog.read import RULES, import_items, preview_items, read_items, validate_items
from likeness.errors import ConfigError
from likeness.files.options import ImportOptions
from likeness.stores.memory import MemoryStore
from likeness.testing.fuzz import fuzz_csv, fuzz_lines
from likeness.types import Item


def items(path: Path, data: str, **options: Any) -> list[Item]:
    path.write_text(data, encoding="utf-8")
    return [item for chunk in read_items(path, ImportOptions(**options)) for item in chunk.items]


AMAZON = {
    **{
        "asin": "B1",
        "title": "Mug &amp; spoon",
        "description": "",
        "bullet_points": "Holds <b>tea</b>\nIs red",
        "brand": "Acme",
    },
    **{
        "color": "Red",
        "price": 3.5,
        "category": ["Home", "Kitchen", "Mugs"],
        "rating": 4.6,
        "rating_count": 12,
        "is_book": False,
    },
    **{"image": "https://x/y.jpg"},
}
GA4 = {
    "item_id": "g",
    "item_name": "Mug",
    "item_brand": "Acme",
    "item_category": "Home",
    "item_category2": "Mugs",
    "price": "3",
}
SCHEMA = {
    **{"@type": "Product", "@id": "https://x", "sku": "s", "name": "Mug", "brand": {"@type": "Brand", "name": "Acme"}},
    "offers": {"price": "3.50", "priceCurrency": "EUR", "availability": "https://schema.org/OutOfStock"},
    **{"additionalProperty": [{"name": "color", "value": "red"}], "category": "Home > Mugs", "image": ["u"]},
}
SEGMENT = {
    "product_id": "p",
    "sku": "zz",
    "name": "Mug",
    "brand": "Acme",
    "category": "Mugs",
    "price": 3,
    "image_url": "u",
}
RETAIL = {
    **{
        "id": "r",
        "title": "Mug",
        "categories": ["Home", "Home > Mugs"],
        "brands": ["Acme"],
        "availability": "IN_STOCK",
    },
    **{
        "priceInfo": {"price": 3, "currencyCode": "USD"},
        "images": [{"uri": "u"}],
        "attributes": {"color": {"text": ["red", "blue"]}},
    },
}


@pytest.mark.parametrize(
    ("record", "item"),
    [
        (
            AMAZON,
            Item(
                item_id="B1",
                title="Mug & spoon",
                description="Holds tea \nIs red",
                categories=("Home", "Kitchen", "Mugs"),
                brand="Acme",
                price=3.5,
                image="https://x/y.jpg",
                attributes={"color": "Red"},
            ),
        ),
        (GA4, Item(item_id="g", title="Mug", categories=("Home", "Mugs"), brand="Acme", price=3.0)),
        (
            SCHEMA,
            Item(
                item_id="s",
                title="Mug",
                categories=("Home", "Mugs"),
                brand="Acme",
                price=3.5,
                currency="EUR",
                image="u",
                available=False,
                attributes={"color": "red"},
            ),
        ),
        (SEGMENT, Item(item_id="p", title="Mug", categories=("Mugs",), brand="Acme", price=3.0, image="u")),
        (
            RETAIL,
            Item(
                item_id="r",
                title="Mug",
                categories=("Home", "Mugs"),
                brand="Acme",
                price=3.0,
                currency="USD",
                image="u",
                attributes={"color": "red, blue"},
            ),
        ),
        (
            {"item_id": "o", "title": "t", "kind": "video", "available": False, "attributes": {"size": "40"}},
            Item(item_id="o", title="t", kind="video", available=False, attributes={"size": "40"}),
        ),
    ],
    ids=["amazon", "ga4", "schema.org", "segment", "retail-api", "ours"],
)
def test_names_of_many_tools(tmp_path: Path, record: dict[str, Any], item: Item) -> None:
    assert items(tmp_path / "a.ndjson", json.dumps(record)) == [item]
    assert items(tmp_path / "a.json", json.dumps([record], indent=1)) == [item]


def test_tables(tmp_path: Path) -> None:
    assert items(tmp_path / "a.tsv", 'asin\ttitle\n7806397051\tA 7" mug\n') == [
        Item(item_id="7806397051", title='A 7" mug')
    ]
    recbole = "item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tToy Story\tAnimation Comedy\n"
    assert items(tmp_path / "a.item", recbole) == [
        Item(item_id="1", title="Toy Story", attributes={"class": "Animation Comedy"})
    ]
    levels = "product_id,department,product_category,product_type,size\n25671.0,GROCERY,FROZEN,ICE,22 LB\n"
    assert items(tmp_path / "a.csv", levels) == [
        Item(item_id="25671", categories=("GROCERY", "FROZEN", "ICE"), attributes={"size": "22 LB"})
    ]
    chinese = items(tmp_path / "b.csv", "商品编号,商品名称,品牌,价格,库存\np1,红色杯子,雅,￥12.5,0\n")
    assert chinese == [Item(item_id="p1", title="红色杯子", brand="雅", price=12.5, available=False)]
    yaml = items(tmp_path / "a.yaml", "- id: x\n  name: Backpack\n  current_stock: 15\n  price: 129.99\n  style: big\n")
    assert yaml == [Item(item_id="x", title="Backpack", price=129.99, attributes={"style": "big"})]


def test_mapping(tmp_path: Path) -> None:
    found = items(tmp_path / "a.csv", "code,label,name\nx,Mug,ignored\n", mapping={"item_id": "code", "title": "label"})
    assert [(item.item_id, item.title) for item in found] == [("x", "Mug")]
    with pytest.raises(ConfigError, match="code"):
        items(tmp_path / "a.csv", "code,label\nx,Mug\n", mapping={"item_id": "nope"})


BREAKS = {
    "missing_item": {"title": "x"},
    "unreadable_id": {"id": ["a"], "title": "x"},
    "duplicate": {"id": "good", "title": "again"},
    "hidden_characters": {"id": "b", "title": "x\u202ey"},
    "dropped_field": {"id": "b", "title": "x", "price": "cheap"},
    "currency": {"id": "b", "title": "x", "currency": "euros"},
    "missing_title": {"id": "b", "brand": "x"},
    "malformed": 3,
}


@pytest.mark.parametrize("rule", BREAKS)
def test_every_rule_counts(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "items.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in ({"id": "good", "title": "Mug"}, BREAKS[rule])))
    store = MemoryStore()
    report = import_items(store, "shop", path)
    status = {one.name: one.status for one in RULES}[rule]
    assert report.rules == {rule: 1}
    assert (report.rows, report.repaired, report.quarantined) == (2, status == "repaired", status == "quarantined")
    assert len(store.items("shop")) == report.accepted + report.repaired
    ledger = [row for table in store.quarantine("shop") for row in table.to_pylist()]
    assert [(row["line"], row["rule"], row["status"]) for row in ledger] == (
        [] if status == "noted" else [(2, rule, status)]
    )
    assert {**validate_items(path).to_json(), "seconds": 0} == {**report.to_json(), "seconds": 0}


def test_imported_once_and_in_chunks(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,title\n" + "".join(f"i{i},Mug {i}\n" for i in range(50)))
    store = MemoryStore()
    calls: list[Any] = []
    report = import_items(store, "shop", path, ImportOptions(chunk_rows=7), lambda *call: calls.append(call))
    assert [item.item_id for item in store.items("shop")] == [f"i{i}" for i in range(50)]
    assert calls[-1] == ("items.csv", path.stat().st_size, path.stat().st_size)
    again = import_items(store, "shop", path, ImportOptions(chunk_rows=7))
    assert again.known
    assert (again.rows, again.accepted) == (report.rows, 50)


def test_preview(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,title,price\na,Mug,3\nb,Cup,4\n")
    assert preview_items(path, rows=1) == ({"item_id": "a", "title": "Mug", "price": "3.0"},)


@pytest.mark.parametrize("name", ["a.ndjson", "a.csv"])
def test_fuzz(tmp_path: Path, name: str) -> None:
    lines = fuzz_lines(3_000, seed=5) if name == "a.ndjson" else fuzz_csv(1_000, seed=5)
    (tmp_path / name).write_bytes(b"\n".join(lines))
    report = validate_items(tmp_path / name)
    assert report.rows > 900
    assert set(report.rules) <= {rule.name for rule in RULES}


@pytest.mark.data
def test_the_real_shelves(data_folder: Path) -> None:
    wanted = {"esci/products.ndjson.gz": 6_764, "amazon-games/items.tsv": 16_859, "demo-store/products.yaml": 2_465}
    for name, rows in wanted.items():
        report = validate_items(data_folder / name)
        assert (report.rows, report.quarantined) == (rows, 0), name
