"""The command line is a promise: names, options, exit codes, JSON, files in and out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from likeness.cli import app
from likeness.demo import write_files
from likeness.errors import LikenessError
from likeness.simulate import SimulateConfig, simulate

SYNTHETIC = simulate(SimulateConfig(shoppers=40, items=60, days=90), seed=3)
QUERY = SYNTHETIC.items[0].title


def run(*words: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def last_json(done: Result) -> Any:
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the files, imported and fitted as `shop`."""
    folder = tmp_path_factory.mktemp("cli")
    files = write_files(SYNTHETIC, folder)
    done = run("import", folder / "shop", *files, "--json")
    report = last_json(done)
    assert report["rows"] == report["accepted"] == len(SYNTHETIC) + len(SYNTHETIC.items)
    assert report["quarantined"] == 0
    run("fit", folder / "shop")
    yield folder


@pytest.fixture(scope="module")
def user(folder: Path) -> str:
    return next(name for name in SYNTHETIC.truth.shoppers if name.startswith("u"))


def test_init_writes_commented_settings_once(tmp_path: Path) -> None:
    run("init", tmp_path / "shop", "--timezone", "Asia/Shanghai")
    text = (tmp_path / "shop" / "likeness.toml").read_text()
    assert 'timezone = "Asia/Shanghai"' in text
    assert "# explore = 0.0" in text
    run("stats", tmp_path / "shop")
    with pytest.raises(LikenessError, match="exists"):
        run("init", tmp_path / "shop")


def test_import_ends_with_1_when_something_was_quarantined(tmp_path: Path) -> None:
    good = '{"event":"purchase","time":1600000000,"user_id":"u","item_id":"a"}\n'
    (tmp_path / "e.ndjson").write_text(good + "{broken\n" + good.replace('"a"', '"b"'))
    done = run("import", tmp_path / "shop", tmp_path / "e.ndjson", "--as", "events", "--json", code=1)
    report = last_json(done)
    assert (report["rows"], report["accepted"], report["quarantined"]) == (3, 2, 1)
    assert last_json(run("validate", tmp_path / "e.ndjson", "--json", code=1))["quarantined"] == 1
    run("export", tmp_path / "shop", "quarantine", "--out", tmp_path / "q.parquet")
    row = pq.read_table(tmp_path / "q.parquet").to_pylist()[0]
    assert (row["line"], row["status"], row["raw"]) == (2, "quarantined", "{broken")


def test_import_that_cannot_run_says_why(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match="does not exist"):
        run("import", tmp_path / "shop", tmp_path / "none.csv")
    with pytest.raises(LikenessError, match="FIELD=COLUMN"):
        (tmp_path / "e.csv").write_text("a,b\n1,2\n")
        run("import", tmp_path / "shop", tmp_path / "e.csv", "--map", "user_id")


def test_import_until_leaves_the_future_out(folder: Path, tmp_path: Path) -> None:
    done = run("import", tmp_path / "shop", folder / "events.ndjson", "--until", "2024-02-01", "--json")
    assert 0 < last_json(done)["rows"] < len(SYNTHETIC)


@pytest.mark.parametrize("view", ["card", "json", "vector", "evidence"])
def test_persona_views(folder: Path, user: str, view: str) -> None:
    assert len(run("persona", folder / "shop", user, "--view", view).stdout) > 100


def test_persona_at_a_time(folder: Path, user: str) -> None:
    early = msgspec.json.decode(run("persona", folder / "shop", user, "--at", "2024-02-01", "--json").stdout)
    late = msgspec.json.decode(run("persona", folder / "shop", user, "--json").stdout)
    assert (early["events"] or 0) < late["events"]


def test_search_recommend_explain(folder: Path, user: str) -> None:
    shop = folder / "shop"
    found = msgspec.json.decode(run("search", shop, QUERY, "--user", user, "-n", 3, "--json").stdout)
    assert found["items"][0]["item_id"] == SYNTHETIC.items[0].item_id
    slate = msgspec.json.decode(
        run("recommend", shop, user, "-n", 4, "--slot", "cart", "--exclude-seen", "--json").stdout
    )
    assert len(slate["items"]) == 4
    assert slate["query"]["slot"] == "cart"
    assert "proposed by" in run("explain", shop, slate["request_id"]).stdout


def test_files_of_questions(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "q.tsv").write_text(f"query\tgrade\n{QUERY}\t1\n口红\t2\n{QUERY}\t3\n")
    run("search", folder / "shop", "--queries", tmp_path / "q.tsv", "--out", tmp_path / "run.tsv")
    rows = list(csv.DictReader((tmp_path / "run.tsv").open(encoding="utf-8"), delimiter="\t"))
    assert list(rows[0]) == ["query", "item_id", "rank", "score"]
    assert {row["query"] for row in rows} == {QUERY, "口红"}
    users = [name for name in SYNTHETIC.truth.shoppers if name.startswith("u")][:5]
    (tmp_path / "users.txt").write_text("\n".join([*users, "stranger"]) + "\n")
    for ending in ("csv", "parquet"):
        run("recommend", folder / "shop", "--users", tmp_path / "users.txt", "--out", tmp_path / f"r.{ending}", "-n", 7)
    recs = pq.read_table(tmp_path / "r.parquet")
    assert recs.column_names == ["user_id", "item_id", "rank", "score"]
    assert len(recs) == 7 * 6
    assert (tmp_path / "r.csv").read_text().startswith("user_id,item_id,rank,score\n")


def test_a_query_may_hold_quotes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "q.tsv").write_text('query\n12" pan\n')
    run("search", folder / "shop", "--queries", tmp_path / "q.tsv", "--out", tmp_path / "run.tsv", "-n", 5)
    assert (tmp_path / "run.tsv").read_text().splitlines()[1].startswith('12" pan\t')


def test_the_demo_leaves_other_peoples_files_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(LikenessError, match="did not make"):
        run("demo", tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_folder_of_orders_and_items(tmp_path: Path) -> None:
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a_orders.csv").write_text("user_id,item_id,quantity,price,date\nu,i1,1,2.5,2024-03-01\n")
    (tmp_path / "mixed" / "items.csv").write_text("item_id,title,category\ni1,[SALE] Mug :smile: [/b],Mugs\n")
    run("import", tmp_path / "shop", tmp_path / "mixed")
    numbers = last_json(run("stats", tmp_path / "shop", "--json"))
    assert (numbers["events"], numbers["items_given"]) == (1, 1)
    run("fit", tmp_path / "shop")
    assert "[SALE] Mug :smile: [/b]" in run("search", tmp_path / "shop", "mug").stdout


def test_options_that_would_be_ignored_are_refused(folder: Path, user: str, tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match="go together"):
        run("recommend", folder / "shop", user, "--out", tmp_path / "r.csv")
    with pytest.raises(LikenessError, match="Parquet"):
        run("export", folder / "shop", "events", "--out", tmp_path / "e.csv")


def test_export_stats_and_erase(folder: Path, tmp_path: Path, user: str) -> None:
    shop = folder / "shop"
    for table in ("personas", "events", "items"):
        assert last_json(run("export", shop, table, "--out", tmp_path / f"{table}.parquet", "--json"))["rows"] > 0
    assert len(pq.read_table(tmp_path / "items.parquet")) == len(SYNTHETIC.items)
    numbers = last_json(run("stats", shop, "--json"))
    assert numbers["events"] == len(SYNTHETIC)
    assert numbers["rows"] == numbers["accepted"] + numbers["repaired"] + numbers["quarantined"]
    gone = sorted(name for name in SYNTHETIC.truth.shoppers if name.startswith("u"))[-1]
    assert last_json(run("erase", shop, gone, "--json"))["events"] > 0
    assert last_json(run("stats", shop, "--json"))["events"] < len(SYNTHETIC)


def test_evaluate(folder: Path) -> None:
    report = last_json(run("evaluate", folder / "shop", "--days", 20, "--json"))
    names = {row["recommender"] for row in report["tables"][0]["rows"]}
    assert {"likeness", "likeness, no persona"} <= names
    assert len(names) >= 8


def test_every_command_has_help() -> None:
    done = run("--help")
    data = ["init", "import", "validate", "fit", "export", "stats", "erase"]
    for name in [*data, "persona", "search", "recommend", "explain", "evaluate", "demo"]:
        assert name in done.stdout
        assert "Usage" in run(name, "--help").stdout
