"""Every ```python and ```sh block of the docs runs, in order, in a folder with the sample files the docs speak of."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from likeness.cli import app
from likeness.schema import EVENT_SCHEMA
from likeness.simulate import SimulateConfig, simulate

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """orders.csv, events.ndjson, items.ndjson, queries.tsv and users.txt of a small synthetic shop."""
    folder = tmp_path_factory.mktemp("samples")
    shop = simulate(SimulateConfig(shoppers=60, items=80, days=120), seed=11)
    rows = [row for table in shop.events() for row in table.to_pylist()]
    assert set(rows[0]) == set(EVENT_SCHEMA.names)
    events = [{key: value for key, value in row.items() if value is not None} for row in rows]
    (folder / "events.ndjson").write_bytes(b"\n".join(map(msgspec.json.encode, events)) + b"\n")
    (folder / "items.ndjson").write_bytes(b"\n".join(map(msgspec.json.encode, shop.items)) + b"\n")
    titles = {item.item_id: item.title.replace(",", " ") for item in shop.items}
    lines = ["customer,order,sku,name,quantity,price,date"]
    for row in rows:
        if row["event"] == "purchase" and row["user_id"]:
            price = f"{row['value'] / row['quantity']:.2f}"
            item = row["item_id"]
            lines.append(
                f"{row['user_id']},{row['session_id']},{item},{titles[item]},{row['quantity']:.0f},{price},{row['time']}"
            )
    (folder / "orders.csv").write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")
    (folder / "queries.tsv").write_text("query\nmug\n口红\n", encoding="utf-8")
    users = sorted({row["user_id"] for row in rows if row["user_id"]})
    (folder / "users.txt").write_text("\n".join(users) + "\n")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_run(page: Path, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for sample in samples.iterdir():
        (tmp_path / sample.name).write_bytes(sample.read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for language, code in blocks:
        if language == "python":
            exec(compile(code, page.name, "exec"), names)
        else:
            run_commands(code)


def run_commands(code: str) -> None:
    """Run the `likeness` lines of a shell block; `make` and comments are for people."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["likeness"] and words[1:2] != ["demo"]:
            done = CliRunner().invoke(app, words[1:], catch_exceptions=False)
            assert done.exit_code == 0, f"{line}\n{done.output}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]
