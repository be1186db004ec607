"""Imports: resumable at any moment, idempotent, the same as a trial, and never seeing past the cutoff."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from likeness.errors import FormatError
from likeness.events.load import ImportOptions, import_file, validate_file
from likeness.stores.memory import MemoryStore

SHOP = "shop"
T = 1_600_000_000


def lines(count: int = 120) -> list[str]:
    rows = ["Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID"]
    for i in range(count):
        quantity, who, invoice = 1 + i % 5, f"u{i % 7}", 5000 + i // 3
        rows.append(f"{invoice},A{i % 9},MUG {i % 9},{quantity},2020-01-{1 + i % 28:02} 10:00,{1 + i % 9}.5,{who}")
        if i % 10 == 0:
            rows.append(f"C{invoice},A{i % 9},MUG {i % 9},-{quantity},2020-02-01 10:00,{1 + i % 9}.5,{who}")
        if i % 13 == 0:
            rows += [rows[-1], f"{invoice},POST,POSTAGE,1,2020-01-01 10:00,3,{who}", "broken"]
    return rows


class Interrupted(Exception):
    """The power failed."""


class Failing(MemoryStore):
    """Fails before or after the n-th append."""

    def __init__(self, at: int, after: bool) -> None:
        super().__init__()
        self.left, self.after = at, after

    def append_table(self, *args: Any, **more: Any) -> int:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Interrupted
        new = super().append_table(*args, **more)
        if self.left == 0:
            raise Interrupted
        return new


def everything(store: MemoryStore) -> list[Any]:
    tables = [*store.scan(SHOP), *store.quarantine(SHOP), store.observations(SHOP)]
    return [row for table in tables for row in table.to_pylist()]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(lines()) + "\n")
    return path


OPTIONS = ImportOptions(chunk_rows=20)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 10))
def test_an_import_cut_off_anywhere_ends_as_an_undisturbed_one(orders: Path, at: int, after: bool) -> None:
    calm = MemoryStore()
    whole = import_file(calm, SHOP, orders, OPTIONS)
    store = Failing(at, after)
    with pytest.raises(Interrupted):
        import_file(store, SHOP, orders, OPTIONS)
    resumed = import_file(store, SHOP, orders, OPTIONS)
    assert everything(store) == everything(calm)
    assert {**resumed.to_json(), "seconds": 0, "known": False} == {**whole.to_json(), "seconds": 0}


def test_a_file_imported_before_is_recognised(orders: Path) -> None:
    store = MemoryStore()
    first = import_file(store, SHOP, orders, OPTIONS)
    before = everything(store)
    again = import_file(store, SHOP, orders, OPTIONS)
    assert again.known
    assert (again.rows, again.accepted, again.quarantined, again.rules) == (
        *(first.rows, first.accepted, first.quarantined),
        first.rules,
    )
    assert again.already_logged == first.accepted + first.repaired
    assert everything(store) == before


def test_the_same_rows_in_another_file_are_logged_once(orders: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    first = import_file(store, SHOP, orders, OPTIONS)
    other = tmp_path / "more.csv"
    other.write_text("\n".join([*lines(), "9999,A1,MUG 1,1,2020-03-01 10:00,2.5,u1"]) + "\n")
    second = import_file(store, SHOP, other, OPTIONS)
    assert (second.already_logged, second.accepted) == (first.accepted, first.accepted + 1)
    assert store.count(SHOP) == first.accepted + 1


def test_shops_do_not_mix(orders: Path) -> None:
    store = MemoryStore()
    import_file(store, "one", orders, OPTIONS)
    report = import_file(store, "two", orders, OPTIONS)
    assert not report.known
    assert report.already_logged == 0
    assert store.count("one") == store.count("two")


def test_a_trial_reports_what_an_import_would(orders: Path) -> None:
    done = import_file(MemoryStore(), SHOP, orders, OPTIONS)
    tried = validate_file(orders, OPTIONS)
    assert {**tried.to_json(), "seconds": 0} == {**done.to_json(), "seconds": 0}
    assert tried.rules["cancellation"] > 10
    assert "refund_unmatched" not in tried.rules


def test_until_reads_as_if_the_file_had_ended(orders: Path) -> None:
    cut = 1_579_000_000.0  # 2020-01-14
    store = MemoryStore()
    report = import_file(store, SHOP, orders, ImportOptions(until=cut))
    assert report.later > 0
    assert report.rows + report.later == validate_file(orders).rows
    assert report.accepted + report.repaired + report.quarantined == report.rows
    assert all(row["time"] < cut for table in store.scan(SHOP) for row in table.to_pylist())
    assert "cancellation" not in report.rules


def test_progress_goes_from_nothing_to_all_bytes(orders: Path) -> None:
    calls: list[tuple[str, float, float | None]] = []
    import_file(MemoryStore(), SHOP, orders, OPTIONS, lambda *call: calls.append(call))
    assert {call[0] for call in calls} == {"orders.csv"}
    done = [call[1] for call in calls]
    assert done == sorted(done)
    assert done[-1] == calls[-1][2] == orders.stat().st_size


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    for name, part in (("a.csv", lines(30)), ("b.csv", lines(60))):
        (tmp_path / name).write_text("\n".join(part) + "\n")
    store = MemoryStore()
    report = import_file(store, SHOP, tmp_path)
    assert report.rows == len(lines(30)) + len(lines(60)) - 2
    assert report.already_logged == validate_file(tmp_path / "a.csv").accepted


def test_items_are_not_events(tmp_path: Path) -> None:
    path = tmp_path / "items.tsv"
    path.write_text("asin\ttitle\nx\tMug\n")
    with pytest.raises(FormatError, match="items"):
        import_file(MemoryStore(), SHOP, path)


def test_a_file_of_nothing_but_a_header_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(lines()[0] + "\n")
    report = import_file(MemoryStore(), SHOP, path)
    assert (report.rows, report.exit_code) == (0, 0)
