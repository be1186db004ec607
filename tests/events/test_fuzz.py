"""Bad lines: no crash, and every line ends as accepted, repaired or quarantined with a rule."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likeness.catalog.read import validate_items
from likeness.errors import LikenessError
from likeness.events.adapters import ADAPTERS
from likeness.events.load import ImportOptions, import_file, validate_file
from likeness.events.rules import RULES
from likeness.files.report import ImportReport
from likeness.schema import EVENT_SCHEMA
from likeness.stores.memory import MemoryStore
from likeness.testing.fuzz import fuzz_csv, fuzz_lines
from likeness.types import EVENT_NAMES

NAMES = {rule.name for rule in RULES}
LINES = 20_000


def check(report: ImportReport, rows: int | None = None) -> None:
    assert rows is None or report.rows == rows
    assert report.accepted + report.repaired + report.quarantined == report.rows
    assert set(report.rules) <= NAMES
    ends = sum(report.rules.get(rule.name, 0) for rule in RULES if rule.status == "quarantined")
    assert ends >= report.quarantined


def test_fuzzed_events(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.ndjson"
    path.write_bytes(b"\n".join(fuzz_lines(LINES, seed=1)) + b"\n")
    store = MemoryStore()
    report = import_file(store, "shop", path, ImportOptions(as_="events", chunk_rows=3_000))
    check(report, LINES)
    assert min(report.accepted, report.repaired, report.quarantined) > 0
    ledger = pa.concat_tables(store.quarantine("shop"))
    aside = ledger.filter(pa.compute.equal(ledger["status"], "quarantined"))
    assert len(aside) == len(set(aside["line"].to_pylist())) == report.quarantined
    events = pa.concat_tables(store.scan("shop")).drop_columns(["cursor"])
    assert events.schema == EVENT_SCHEMA
    assert set(events["event"].to_pylist()) <= set(EVENT_NAMES)
    assert len(events) == report.accepted + report.repaired - report.already_logged
    texts = "".join(filter(None, events["user_id"].to_pylist() + events["item_id"].to_pylist()))
    assert not set(texts) & {"\0", "\u202e", "\u200b", "\ufeff", "\ufffd"}


def test_fuzzed_order_lines(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.csv"
    path.write_bytes(b"\n".join(fuzz_csv(3_000, seed=2)) + b"\n")
    check(validate_file(path, ImportOptions(as_="events", format="order-lines")))


@pytest.mark.parametrize("format", ADAPTERS)
def test_fuzz_in_every_format(tmp_path: Path, format: str) -> None:
    path = tmp_path / "fuzz.ndjson"
    path.write_bytes(b"\n".join(fuzz_lines(600, seed=3)) + b"\n")
    check(validate_file(path, ImportOptions(as_="events", format=format)), 600)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(EVENT_NAMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(
    [
        *EVENT_SCHEMA.names,
        "price",
        "items",
        "event_params",
        "event_name",
        "properties",
        "products",
        "productDetails",
        "events",
    ]
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(st.dictionaries(fields, values, max_size=8) | values, min_size=1, max_size=12),
    format=st.sampled_from(list(ADAPTERS)),
)
def test_any_json(tmp_path: Path, records: list[Any], format: str) -> None:
    path = tmp_path / "any.ndjson"
    path.write_text("\n".join(json.dumps(record) for record in [{}, *records]))
    check(validate_file(path, ImportOptions(as_="events", format=format)), len(records) + 1)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=20))
def test_any_bytes(tmp_path: Path, data: list[bytes]) -> None:
    lines = [line.replace(b"\n", b"").replace(b"\r", b"") for line in data]
    path = tmp_path / "any.ndjson"
    path.write_bytes(b"\n".join([b'{"event":"view_item"}', *lines, b"{}"]))
    check(validate_file(path, ImportOptions(as_="events", format="likeness")), len(lines) + 2)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.binary(min_size=1, max_size=40) | st.text("a,\"'\n\r\t;12é", min_size=1).map(str.encode), min_size=1
    ),
    name=st.sampled_from(["a.csv", "a.tsv", "a.json", "a.yaml", "a", "a.ndjson", "a.item"]),
    format=st.sampled_from(["auto", *ADAPTERS]),
)
def test_any_file(tmp_path: Path, lines: list[bytes], name: str, format: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines))
    for attempt in (lambda: check(validate_file(path, ImportOptions(format=format))), lambda: validate_items(path)):
        with contextlib.suppress(LikenessError):
            attempt()
