"""Commands that prove: evaluate on a shop's own past, and the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from likeness import show
from likeness.cli.app import EffortOption, JsonFlag, ShopArg, app, open_shop, out, print_json, progress
from likeness.demo import demo as run_demo
from likeness.measure import measure


@app.command()
def evaluate(
    shop: ShopArg,
    days: Annotated[float, typer.Option(min=0.01, help="Length of the test window at the end of the log.")] = 30,
    effort: EffortOption = None,
    json: JsonFlag = False,
) -> None:
    """Measure on the shop's own past: global time split, every item ranked, tuned baselines, intervals."""
    with open_shop(shop, effort=effort) as opened, progress(quiet=json) as report:
        result = measure(opened, days=days, progress=report)
    if json:
        print_json(result)
    else:
        show.evaluation(out, result)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to make the shop.")] = Path("demo-shop"),
    json: JsonFlag = False,
) -> None:
    """Make a synthetic shop and walk through everything: personas, search, recommendations, reasons, evaluation."""
    with progress(quiet=json) as report:
        result = run_demo(folder, console=None if json else out, progress=report)
    if json:
        print_json(result)
