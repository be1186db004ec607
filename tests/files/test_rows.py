"""Every container, every encoding: the same rows, and no line lost."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from likeness.errors import FormatError
from likeness.files.chunk import RawChunk
from likeness.files.container import container_of
from likeness.files.rows import chunks_of

RECORDS = [{"id": "1", "name": "Mug, red"}, {"id": "2", "name": 'A 7" frame'}, {"id": "3", "name": "商品 crème"}]


def read(path: Path, data: bytes, rows: int = 50_000) -> list[RawChunk]:
    path.write_bytes(data)
    return list(chunks_of(path, container_of(path), rows))


def records(chunks: list[RawChunk]) -> list[dict[str, Any]]:
    return [record for chunk in chunks for record in chunk.as_records()]


def faults(chunks: list[RawChunk]) -> list[tuple[int, str]]:
    return [(fault.line, fault.rule) for chunk in chunks for fault in chunk.broken]


NDJSON = "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS)
CSV = 'id,name\n1,"Mug, red"\n2,"A 7"" frame"\n3,商品 crème\n'
TSV = 'id\tname\n1\tMug, red\n2\tA 7" frame\n3\t商品 crème\n'
YAML = '- id: "1"\n  name: Mug, red\n- id: "2"\n  name: A 7" frame\n- id: "3"\n  name: 商品 crème\n'

WAYS = {
    "a.ndjson": NDJSON.encode(),
    "b.jsonl.gz": gzip.compress(NDJSON.encode()),
    "c": NDJSON.encode(),
    "d.json": json.dumps(RECORDS, ensure_ascii=False, indent=1).encode(),
    "e.json": json.dumps({"meta": 1, "products": RECORDS}).encode(),
    "f.csv": CSV.encode(),
    "g.csv": CSV.replace("\n", "\r\n").encode("utf-8-sig"),
    "h.csv": CSV.encode("utf-16"),
    "i.csv": CSV.encode("gb18030"),
    "j.csv.gz": gzip.compress(CSV.encode()),
    "k.tsv": TSV.encode(),
    "l.txt": TSV.encode(),
    "m.csv": CSV.replace("Mug, red", "Mug; red").replace(",", ";").replace("Mug; red", "Mug, red").encode(),
    "n.yaml": YAML.encode(),
    "o.yml": ("products:\n" + YAML).encode(),
    "p.ndjson": NDJSON.encode("utf-16"),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("rows", [1, 2, 50_000])
def test_every_way_gives_the_same_rows(tmp_path: Path, name: str, rows: int) -> None:
    chunks = read(tmp_path / name, WAYS[name], rows)
    assert records(chunks) == RECORDS
    assert not faults(chunks)
    assert not any(chunk.mended for chunk in chunks)
    assert [len(chunk) for chunk in chunks] == [min(rows, 3)] * (3 // min(rows, 3)) + [1] * (rows == 2)


def test_latin_text(tmp_path: Path) -> None:
    chunks = read(tmp_path / "a.csv", "id,name\n1,crème brûlée\n2,Käse\n".encode("latin-1"))
    assert [record["name"] for record in records(chunks)] == ["crème brûlée", "Käse"]
    assert not chunks[0].mended


def test_parquet_stays_columnar_and_nested_parquet_does_not(tmp_path: Path) -> None:
    flat = pa.table({"id": ["1", "2"], "time": [dt.datetime(2020, 1, 1), None]})
    pq.write_table(flat, tmp_path / "a.parquet")
    (chunk,) = chunks_of(tmp_path / "a.parquet", container_of(tmp_path / "a.parquet"))
    assert chunk.columns is not None
    assert list(chunk.lines) == [1, 2]
    pq.write_table(pa.table({"items": [[{"id": "1"}]]}), tmp_path / "b.parquet")
    (chunk,) = chunks_of(tmp_path / "b.parquet", container_of(tmp_path / "b.parquet"))
    assert chunk.records == [{"items": [{"id": "1"}]}]


def test_blank_lines_count_only_between_rows(tmp_path: Path) -> None:
    for name, data in (("a.ndjson", b'{"id":1}\n\n{"id":2}\n\n\n'), ("a.csv", b"id,x\n1,2\n\n3,4\n\n\n")):
        chunks = read(tmp_path / name, data)
        assert len(records(chunks)) == 2
        assert [rule for _, rule in faults(chunks)] == ["empty_row"]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[1]",
        b"null",
        b'{"a":1',
        b"\xff\xfe\x00",
        b"[" * 9_000,
        b'{"a":' * 9_000,
        b"{}{}",
        b'{"a":' + b"9" * 9_000 + b"}",
    ],
)
def test_broken_json_is_named_with_its_line(tmp_path: Path, line: bytes) -> None:
    chunks = read(tmp_path / "a.ndjson", b'{"id":1}\n' + line + b'\n{"id":2}\n')
    assert records(chunks) == [{"id": 1}, {"id": 2}]
    assert faults(chunks) == [(2, "malformed")]


def test_loose_json_and_foreign_encoding_are_mended(tmp_path: Path) -> None:
    lines = [b'{"id":NaN,"t":"a\x01b"}', '{"id":"红色杯子"}'.encode("gb18030"), b'{"id":"ok"}']
    (chunk,) = read(tmp_path / "a.ndjson", b"\n".join([*lines, *['{"id":"é"}'.encode()] * 3]))
    assert [rule for rule, _ in chunk.mended.values()] == ["loose_json", "encoding"]
    assert records([chunk])[:2] == [{"id": None, "t": "a\x01b"}, {"id": "红色杯子"}]


def test_a_line_too_long_is_set_aside(tmp_path: Path) -> None:
    chunks = read(tmp_path / "a.ndjson", b'{"id":1}\n{"id":"' + b"x" * (9 << 20) + b'"}\n{"id":2}\n')
    assert records(chunks) == [{"id": 1}, {"id": 2}]
    assert faults(chunks) == [(2, "malformed")]


def test_a_truncated_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join(b'{"id":%d,"x":"%d"}' % (i, hash(str(i))) for i in range(20_000)))
    chunks = read(tmp_path / "a.ndjson.gz", whole[: len(whole) // 2])
    assert 1_000 < len(records(chunks)) < 20_000
    assert [rule for _, rule in faults(chunks)][-1] == "truncated_file"


def test_csv_quotes_over_lines_and_quotes_that_never_close(tmp_path: Path) -> None:
    good = read(tmp_path / "a.csv", b'id,x\n1,"two\n\nlines ""q"""\n2,y\n')
    assert records(good) == [{"id": "1", "x": 'two\n\nlines "q"'}, {"id": "2", "x": "y"}]
    rest = b"".join(b"%d,y\n" % i for i in range(3, 500))
    open_ = read(tmp_path / "b.csv", b'id,x\n1,y\n2,"open\n' + rest)
    assert faults(open_) == [(3, "malformed")]
    assert len(records(open_)) == 498
    inches = read(tmp_path / "c.csv", b'id,x\n1,7" frame\n2,"7"" frame"\n')
    assert [record["x"] for record in records(inches)] == ['7" frame', '7" frame']


def test_csv_fields_are_counted(tmp_path: Path) -> None:
    chunks = read(tmp_path / "a.csv", b"id,x\n1,2\n1\n1,2,3\n1,2,,\nid,x\n5,6\n")
    assert [record["id"] for record in records(chunks)] == ["1", "1", "5"]
    assert faults(chunks) == [(3, "malformed"), (4, "malformed"), (6, "malformed")]


def test_json_array_goes_on_after_a_fault(tmp_path: Path) -> None:
    chunks = read(tmp_path / "a.json", b'[{"id":1},\n{"id":oops},\n{"id":3}, 7, {"id":5}]')
    assert records(chunks) == [{"id": 1}, {"id": 3}, {"id": 5}]
    assert faults(chunks) == [(2, "malformed"), (4, "malformed")]
    cut = read(tmp_path / "b.json", b'[{"id":1},{"id":2')
    assert records(cut) == [{"id": 1}]
    assert faults(cut) == [(2, "malformed")]


def test_yaml_goes_on_after_a_fault(tmp_path: Path) -> None:
    chunks = read(tmp_path / "a.yaml", b"- id: 1\n- id: [\n- id: 3\n- just text\n")
    assert records(chunks) == [{"id": 1}, {"id": 3}]
    assert faults(chunks) == [(2, "malformed"), (4, "malformed")]


@pytest.mark.parametrize(
    ("data", "why"), [(b"", "empty"), (b"  \n ", "empty"), (b"PK\x03\x04xx", "spreadsheet"), (b"PAR1xxxx", "Parquet")]
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read(tmp_path / "a.dat", data)


def test_gzip_of_several_members_is_one_file(tmp_path: Path) -> None:
    parts = gzip.compress(b'{"id":1}\n') + gzip.compress(b'{"id":2}\n') + b"\0" * 64
    assert records(read(tmp_path / "a.ndjson.gz", parts)) == [{"id": 1}, {"id": 2}]
