"""Options refuse what cannot be carried out, and say what can."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeness.errors import ConfigError, FormatError
from likeness.files.options import ImportOptions, parse_mapping
from likeness.files.report import ImportReport, total
from likeness.files.source import digest_of, files_of


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ({"format": "xls"}, "order-lines"),
        ({"as_": "rows"}, "events"),
        ({"currency": "euro"}, "EUR"),
        ({"timezone": "Mars/Base"}, "IANA"),
        ({"not_products": ("(",)}, "expression"),
        ({"chunk_rows": 0}, "1"),
    ],
)
def test_bad_options_name_the_remedy(bad: dict[str, object], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        ImportOptions(**bad)  # type: ignore[arg-type]


def test_mapping_texts() -> None:
    assert parse_mapping(["user_id=Customer ID", "event==purchase"]) == {"user_id": "Customer ID", "event": "=purchase"}
    for bad in (["user_id"], ["=x"], ["user_id="], ["a=b", "a=c"]):
        with pytest.raises(ConfigError):
            parse_mapping(bad)


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "_SUCCESS", ".hidden"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in files_of(tmp_path)] == ["a.csv", "b.csv"]
    with pytest.raises(FormatError, match="does not exist"):
        files_of(tmp_path / "none")


def test_digest_depends_on_bytes_and_meaning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    assert len({digest_of(tmp_path / "a", b"x"), digest_of(tmp_path / "a", b"y"), digest_of(tmp_path / "b", b"x")}) == 3


def test_reports_add_up_or_do_not_exist() -> None:
    one = ImportReport(
        file="a", kind="events", format="ga4", rows=3, accepted=1, repaired=1, quarantined=1, rules={"x": 2}
    )
    both = total([one, one])
    assert (both.rows, both.rules, both.exit_code) == (6, {"x": 4}, 1)
    assert {"rows", "accepted", "repaired", "quarantined", "already_logged", "rules", "seconds"} <= set(both.to_json())
    with pytest.raises(AssertionError):
        ImportReport(file="a", kind="events", format="ga4", rows=4, accepted=1)
