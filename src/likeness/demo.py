"""The demo: a synthetic shop from nothing to personas, search, recommendations with reasons and an evaluation."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.compute as pc
from rich.console import Console
from rich.rule import Rule

from likeness import show
from likeness.errors import ConfigError
from likeness.evaluate import EvaluateConfig
from likeness.measure import measure
from likeness.progress import Progress, silent
from likeness.shop import Shop
from likeness.simulate import SimulateConfig, SyntheticShop, simulate

SEED = 7
SHOP = SimulateConfig(shoppers=800, items=400, days=240)
MARK = ".likeness-demo"
"""A folder with this file was made by the demo, and may be made anew by it."""


def demo(folder: Path, *, console: Console | None = None, progress: Progress = silent) -> dict[str, Any]:
    """Make the demo's shop in `folder`, walk through it on `console`, and return what was shown.

    Raises ConfigError when the folder holds anything that the demo did not make.
    """
    say = console or Console(quiet=True)
    _fresh(folder)
    synthetic = simulate(SHOP, SEED)
    files = write_files(synthetic, folder)
    with Shop.open(folder, effort="fast") as shop:
        say.print(Rule("1. Import: events and items as files"))
        reports = [shop.import_file(path, progress=progress) for path in files]
        for report in reports:
            say.print(f"{report.file}: {report.rows:,} rows, {report.accepted:,} accepted")
        say.print(Rule("2. Fit: catalogue, indexes, sources, scorer, personas"))
        fitted = shop.fit(progress=progress)
        say.print(" · ".join(f"{step} {seconds:.1f} s" for step, seconds in fitted.seconds.items()))
        shopper = _somebody(synthetic)
        say.print(Rule(f"3. The persona of {shopper}"))
        persona = shop.persona(shopper)
        show.card(say, persona)
        slates = []
        for text in ("coffee mug", "口红"):
            say.print(Rule(f"4. Search: {text}, for {shopper}"))
            slates.append(shop.search(text, user=shopper, n=3))
            show.slate(say, shop, slates[-1])
        say.print(Rule(f"5. Recommendations for {shopper}, with reasons"))
        slates.append(shop.recommend(shopper, n=5))
        show.slate(say, shop, slates[-1])
        say.print(Rule("6. Evaluation on the last 30 days, against tuned baselines"))
        result = measure(shop, days=30, config=EvaluateConfig(budget=3, shoppers=600), progress=progress)
        show.evaluation(say, result)
        say.print(Rule("Your turn"))
        say.print(f"likeness persona {folder} {shopper}\nlikeness import my-shop orders.csv && likeness fit my-shop")
        return {"reports": reports, "fit": fitted, "persona": persona, "slates": slates, "evaluation": result}


def write_files(synthetic: SyntheticShop, folder: Path) -> list[Path]:
    """Write items.ndjson and events.ndjson as a shop would export them, and return their paths."""
    items, events = folder / "items.ndjson", folder / "events.ndjson"
    items.write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in synthetic.items))
    with events.open("wb") as out:
        for table in synthetic.events():
            for row in table.to_pylist():
                out.write(
                    msgspec.json.encode({name: value for name, value in row.items() if value is not None}) + b"\n"
                )
    return [items, events]


def _fresh(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ConfigError(f"{folder} holds files the demo did not make.", remedy="Choose another: likeness demo FOLDER")
    if (folder / MARK).exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _somebody(synthetic: SyntheticShop) -> str:
    """Return the shopper with a user id and the most purchases: a telling persona."""
    bought: dict[str, int] = {}
    for table in synthetic.events():
        for who in table.filter(pc.equal(table["event"], "purchase"))["user_id"].drop_null().to_pylist():
            bought[who] = bought.get(who, 0) + 1
    return max(sorted(bought), key=lambda who: bought[who])
