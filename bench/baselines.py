"""Every baseline, tuned: Beauty with the last product held out, Online Retail with the last 60 days.

`python bench/baselines.py [amazon-beauty] [amazon-games] [online-retail]` prints the tables, what was tried and chosen,
and for each baseline the seconds of tuning and of the final fits, and the highest memory of the process so far.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

from data import data, peak_gib, workplace
from rich.console import Console

from likeness.catalog.build import build_catalogue
from likeness.catalog.text import meaning_text
from likeness.encode import load_encoder
from likeness.evaluate import EvaluateConfig, evaluate, last_out, show, time_split
from likeness.evaluate.baselines import Family, FitSasrec, content_family, sasrec_family
from likeness.fit import read_log
from likeness.persona.interactions import interactions
from likeness.shop import Shop
from likeness.types import DAY, Vectors

FILES = {
    "amazon-beauty": ("amazon-beauty/items.tsv", "amazon-beauty/sequences.tsv"),
    "amazon-games": ("amazon-games/items.tsv", "amazon-games/sequences.tsv"),
    "online-retail": ("online-retail/transactions.parquet",),
}
WINDOW = 60.0  # days


class Stopwatch:
    """Notes when evaluation says that it begins something else."""

    def __init__(self) -> None:
        self._what, self._since = "", perf_counter()

    def __call__(self, message: str) -> None:
        if self._what:
            print(f"{self._what}: {perf_counter() - self._since:.1f} s, peak {peak_gib():.2f} GiB", flush=True)
        self._what, self._since = message, perf_counter()


def main(name: str, folder: Path) -> None:
    with Shop.open(folder / name) as shop:
        for file in FILES[name]:
            shop.import_file(data(file))
        table = read_log(shop.store, shop.shop_id, None)
        items, observations = shop.store.items(shop.shop_id), shop.store.observations(shop.shop_id)
        catalogue = build_catalogue(items, events=[table], observations=observations, clock=shop.config.clock)
        log = interactions(table, catalogue, shop.config)
        vectors = load_encoder(shop.settings.encoder).encode([meaning_text(item) for item in catalogue.items])
    split = last_out(log) if log.clock == "position" else time_split(log, log.end - WINDOW * DAY, WINDOW)
    clock = Stopwatch()
    report = evaluate(split, catalogue, {}, EvaluateConfig(), extra=peers(vectors), progress=clock)
    clock("")
    (folder / f"{name}.json").write_bytes(report.to_json())
    show(report, Console(width=140))


def peers(vectors: Vectors) -> tuple[Family, ...]:
    """Return the baselines that need vectors or a net."""
    return content_family(vectors), sasrec_family(net() if "--net" in sys.argv else None, reason="ask for it: --net")


def net() -> FitSasrec:
    from likeness.train.sasrec import fit_sasrec

    return fit_sasrec


if __name__ == "__main__":
    folder = workplace()
    for dataset in [name for name in sys.argv[1:] if name in FILES] or ["amazon-beauty", "online-retail"]:
        main(dataset, folder)
