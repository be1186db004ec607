"""What a file is taken for, and how that is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from likeness.errors import ConfigError, FormatError
from likeness.events.sniff import sniff


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "kind", "format"),
    [
        ("a.ndjson", '{"event":"view_item","time":1700000000,"item_id":"i"}\n', "events", "likeness"),
        ("a.csv", "timestamp,visitorid,event,itemid\n1433221332117,v,view,i\n", "events", "likeness"),
        (
            "a.csv",
            "event_time,event_type,product_id,price,user_id\n2019-10-01 00:00:00 UTC,cart,p,3.5,u\n",
            "events",
            "likeness",
        ),
        ("a.csv", "reviewerID,asin,overall,unixReviewTime\nu,a,5,1400000000\n", "events", "likeness"),
        ("a.csv", "Order ID;Customer;SKU;Qty;Date\n1;u;x;1;2020-01-01\n", "events", "order-lines"),
        ("a.csv", "客户,商品,数量,日期\nu,x,1,2020-01-01\n", "events", "order-lines"),
        ("a.tsv", "asin\ttitle\nx\tMug\n", "items", "likeness"),
        ("a.ndjson", '{"asin":"x","title":"Mug","price":null}\n', "items", "likeness"),
        ("a.csv", "product_id,department,brand\n1,Food,Acme\n2,Food,\n", "items", "likeness"),
        ("a.json", '[{"@type":"Product","sku":"x","name":"Mug"}]', "items", "likeness"),
        ("a.yaml", "- id: x\n  name: Mug\n", "items", "likeness"),
        ("ml.item", "item_id:token\tmovie_title:token_seq\n1\tToy Story\n", "items", "likeness"),
    ],
)
def test_kind_and_format(tmp_path: Path, name: str, text: str, kind: str, format: str) -> None:
    found = sniff(write(tmp_path / name, text))
    assert (found.kind, found.format) == (kind, format)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a,b\n1,2\n", "what happened"),
        ("user,item,quantity\nu,i,1\n", "hold the time"),
        ("id,name,email\n1,Ann,a@b.c\n", "what happened"),
        ("timestamp,item_id,position\n2020-01-01,i,1\n", "what happened"),
        ("Clothing ID,Title,Review Text\n7,Nice,ok\n7,Bad,no\n", "what happened"),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_remedy(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(FormatError, match=what) as caught:
        sniff(write(tmp_path / "a.csv", text))
    assert "--map" in caught.value.remedy
    assert text.split(",")[0] in caught.value.remedy


def test_mapping_wins_and_must_exist(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "who,what,when,user_id\nann,x,2020-01-01,wrong\n")
    found = sniff(path, mapping={"user_id": "who", "item_id": "what", "time": "when", "event": "=view_item"})
    assert found.preview[0] == {"event": "view_item", "time": "2020-01-01T00:00:00Z", "user_id": "ann", "item_id": "x"}
    with pytest.raises(ConfigError, match="who"):
        sniff(path, mapping={"user_id": "nobody"})
    with pytest.raises(ConfigError, match="item_id"):
        sniff(path, mapping={"shoe_size": "who"})


def test_columns_by_number_mean_there_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path / "u.data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
    found = sniff(path, mapping={"user_id": "1", "item_id": "2", "rating": "3", "time": "4"})
    assert [row["user_id"] for row in found.preview] == ["196", "186"]


@pytest.mark.parametrize(
    ("dates", "day_first", "note"),
    [
        (("3/4/2011", "13/4/2011"), True, "day first"),
        (("3/4/2011", "4/13/2011"), False, "month first"),
        (("3/4/2011", "5/6/2011"), False, "either"),
        (("11/1/2010", "12/1/2010", "1/2/2010"), True, "in order"),
        (("1/11/2010", "1/12/2010", "2/1/2010"), False, "in order"),
        (("3/4/2011",) * 5_000 + ("13/4/2011",), True, "day first"),
        (("2011-04-03", "2011-04-13"), False, None),
    ],
)
def test_day_or_month_first_is_told_from_the_file(
    tmp_path: Path, dates: tuple[str, ...], day_first: bool, note: str
) -> None:
    path = write(tmp_path / "a.csv", "user,item,qty,date\n" + "".join(f"u,i,1,{date}\n" for date in dates))
    found = sniff(path)
    assert found.day_first == day_first
    assert any(note in said for said in found.notes) if note else not any("Dates" in said for said in found.notes)


def test_date_and_time_of_day_are_joined(tmp_path: Path) -> None:
    found = sniff(write(tmp_path / "a.csv", "date,time,user,item,qty\n2020-01-01,10:11,u,i,1\n"))
    assert found.preview[0]["time"] == "2020-01-01T10:11:00Z"


def test_preview_shows_events_and_what_speaks_against_rows(tmp_path: Path) -> None:
    rows = '{"event":"view_item","time":1700000000,"user_id":"u","item_id":"i"}\n{"event":"dance","time":1700000000}\n'
    event, against = sniff(write(tmp_path / "a.ndjson", rows), as_="events").preview
    assert event == {"event": "view_item", "time": "2023-11-14T22:13:20Z", "user_id": "u", "item_id": "i"}
    assert against == {"line": "2", "status": "quarantined", "rule": "unknown_event", "value": "dance"}


def test_the_real_files_are_told(data_folder: Path) -> None:
    wanted: dict[str, tuple[str, Any]] = {
        "online-retail/transactions.parquet": ("events", "order-lines"),
        "completejourney/transactions.csv.gz": ("events", "order-lines"),
        "amazon-beauty/items.tsv": ("items", "sequences"),
        "amazon-beauty/sequences.tsv": ("events", "sequences"),
        "amazon-games/items.tsv": ("items", "sequences"),
        "amazon-games/sequences.tsv": ("events", "sequences"),
        "esci/products.ndjson.gz": ("items", "likeness"),
        "demo-store/products.yaml": ("items", "likeness"),
    }
    for name, (kind, format) in wanted.items():
        given = "sequences" if format == "sequences" else "auto"
        found = sniff(data_folder / name, format=given)
        assert (found.kind, found.format) == (kind, format), name
        assert found.kind == sniff(data_folder / name).kind
