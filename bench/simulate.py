"""How long a synthetic shop takes: python bench/simulate.py [EVENTS]  (one core; set OMP_NUM_THREADS=1)."""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter

from likeness.simulate import simulate, sized


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    config = sized(events)
    start = time.perf_counter()
    shop = simulate(config, seed=7)
    drawn = time.perf_counter() - start
    counts: Counter[str] = Counter()
    for table in shop.events():
        for pair in table.column("event").value_counts().to_pylist():
            counts[pair["values"]] += pair["counts"]
    total = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{config.shoppers:,} shoppers, {config.items:,} items, {sum(counts.values()):,} events")
    print(f"drawn in {drawn:.1f} s, with Arrow tables {total:.1f} s, peak {peak:,.0f} MiB")
    for name, count in counts.most_common():
        print(f"{name:<18} {count:>10,}")


if __name__ == "__main__":
    main()
