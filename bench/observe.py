"""One event observed to the persona that shows it, in-process and durable; and one-shot commands, wall clock.

Uses Online Retail, imported and fitted; shoppers drawn with a seed.
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

import numpy as np
from data import data, workplace

from likeness.shop import Shop
from likeness.types import Event

TIMES = 1_000


def main() -> None:
    folder = workplace() / "retail"
    with Shop.open(folder) as shop:
        shop.import_file(data("online-retail/transactions.parquet"))
        shop.fit()
        shoppers = list(shop.shoppers())
        items = [item.item_id for item in shop.model.catalogue.items]
        rng = np.random.default_rng(1)
        seconds = []
        for i in range(TIMES):
            who, item = shoppers[rng.integers(len(shoppers))], items[rng.integers(len(items))]
            event = Event(event_id=f"live-{i}", event="view_item", time=shop.end + i, user_id=who, item_id=item)
            started = perf_counter()
            shop.observe(event)
            persona = shop.persona(who)
            seconds.append(perf_counter() - started)
            assert persona.last_seen == event.time
        p50, p99 = np.quantile(np.array(seconds) * 1000, [0.5, 0.99])
        print(f"observe and read the persona: p50 {p50:.2f} ms, p99 {p99:.2f} ms over {TIMES:,} events")
        who = shoppers[len(shoppers) // 2]
    for words in (["search", folder, "red mug"], ["recommend", folder, who], ["persona", folder, who]):
        walls = []
        for _ in range(5):
            started = perf_counter()
            subprocess.run([sys.executable, "-m", "likeness", *map(str, words)], check=True, stdout=subprocess.DEVNULL)
            walls.append(perf_counter() - started)
        print(f"likeness {words[0]}: median {np.median(walls):.2f} s, slowest {max(walls):.2f} s wall")
    started = perf_counter()
    subprocess.run([sys.executable, "-c", "import likeness"], check=True)
    print(f"import likeness: {perf_counter() - started:.2f} s with the interpreter's start")


if __name__ == "__main__":
    main()
