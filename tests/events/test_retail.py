"""The real order lines of a gift shop: every row accounted for, nothing absurd left."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from likeness.events.load import ImportOptions, import_file
from likeness.events.trial import Trial

pytestmark = pytest.mark.data


class Recorder(Trial):
    """Keeps the events."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[pa.Table] = []
        self.titles: list[pa.Table] = []

    def append_table(self, shop_id, events, *, quarantine=None, observations=None, state=None):  # type: ignore[no-untyped-def]
        self.tables.append(events)
        self.titles += [] if observations is None else [observations]
        return super().append_table(shop_id, events)


def test_the_whole_file(data_folder: Path) -> None:
    log = Recorder()
    report = import_file(log, "retail", data_folder / "online-retail" / "transactions.parquet", ImportOptions())
    assert report.format == "order-lines"
    assert report.accepted + report.repaired + report.quarantined == report.rows == 881_605
    assert report.quarantined < 0.03 * report.rows
    assert report.rules["refund_unmatched"] < 0.2 * report.rules["cancellation"]
    assert report.rules["anonymous"] > 190_000  # without a customer, or with the customer "0"
    events = pa.concat_tables(log.tables)
    assert set(pc.unique(events["event"]).to_pylist()) == {"purchase", "refund"}
    assert pc.min(events["quantity"]).as_py() > 0
    assert pc.max(events["quantity"]).as_py() < 40_000
    assert pc.min(events["value"]).as_py() > 0
    codes = set(pc.unique(events["item_id"]).to_pylist())
    assert not codes & {"POST", "D", "M", "m", "BANK CHARGES", "AMAZONFEE", "DOT", "S", "B", "TEST001", "gift_0001_20"}
    assert "0" not in set(pc.unique(events["user_id"]).to_pylist())
    titles = set(pa.concat_tables(log.titles)["value"].to_pylist())
    assert not titles & {"damaged", "damages", "?", "lost", "missing", "found", "Missing_Description"}
