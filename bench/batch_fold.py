"""Fold 20 million synthetic events to decayed sums per shopper and category, against the bare group-by of DuckDB.

Run: python bench/batch_fold.py [--events 20_000_000] [--memory 4GB] [--threads 2] [--runs 3]

Both run on the same table, in the same connection, in turn, and write their result to a table; the bare one decays to a
single time given beforehand, `facet_sums` to each shopper's last time, with counts and first and last times besides.
The bar is a ratio of at most 4 with memory bounded by DuckDB's limit.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from math import log
from pathlib import Path

import duckdb
import ibis

from likeness.stats.relational import facet_sums

HALF_LIVES = (1800.0, 604800.0, 7776000.0)  # session, week, season
START, SPAN = 1_700_000_000, 180 * 86400
BAR = 4.0

# Shoppers and categories are both skewed (a squared and a cubed uniform number), as in real shops.
GENERATE = """
CREATE TABLE events AS
SELECT 'shop' AS shop_id,
       'u' || CAST(floor(power(random(), 2) * {shoppers}) AS INTEGER) AS shopper,
       'category' AS facet,
       'c' || CAST(floor(power(random(), 3) * 500) AS INTEGER) AS value,
       {start} + random() * {span} AS time,
       CASE WHEN random() < 0.03 THEN -1.0 ELSE floor(random() * 5) END AS weight
FROM range({events})
"""


def bare_sql() -> str:
    """The least a decayed group-by can be: one known reference for all, three sums."""
    sums = ", ".join(
        f"sum(weight * exp((time - {START + SPAN}) * {log(2.0) / half_life!r})) AS sum_{i}"
        for i, half_life in enumerate(HALF_LIVES)
    )
    return f"SELECT shop_id, shopper, facet, value, {sums} FROM events GROUP BY shop_id, shopper, facet, value"


def seconds(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, int]:
    """Wall time to write the query's result to a table, and its number of rows."""
    start = time.perf_counter()
    connection.execute(f"CREATE OR REPLACE TABLE result AS {sql}")
    taken = time.perf_counter() - start
    (rows,) = connection.execute("SELECT count(*) FROM result").fetchone() or (0,)
    return taken, rows


def peak_gib() -> float:
    """The largest resident set of this process so far, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> int:
    """Print the table; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"memory_limit": given.memory, "threads": given.threads, "preserve_insertion_order": False}
        connection = duckdb.connect(str(Path(folder) / "bench.duckdb"), config=settings)
        connection.execute("SELECT setseed(0.5)")
        shoppers = max(given.events // 40, 1)
        connection.execute(GENERATE.format(events=given.events, shoppers=shoppers, start=START, span=SPAN))
        events = ibis.duckdb.from_connection(connection).table("events")
        ours_sql = str(ibis.to_sql(facet_sums(events, HALF_LIVES), dialect="duckdb"))
        before = peak_gib()
        pairs = [(seconds(connection, bare_sql()), seconds(connection, ours_sql)) for _ in range(given.runs)]
    bare = statistics.median(taken for (taken, _), _ in pairs)
    ours = statistics.median(taken for _, (taken, _) in pairs)
    rows = pairs[0][1][1]
    print(f"{given.events:,} events, {rows:,} rows, {given.threads} threads, memory limit {given.memory}")
    print(f"{'':24}{'seconds':>9}{'events/s':>14}{'ratio':>8}")
    print(f"{'bare group-by':24}{bare:9.2f}{given.events / bare:14,.0f}{1.0:8.2f}")
    print(f"{'facet_sums':24}{ours:9.2f}{given.events / ours:14,.0f}{ours / bare:8.2f}   (bar {BAR})")
    print(f"peak resident memory {peak_gib():.2f} GiB ({before:.2f} after generating)")
    return int(ours > BAR * bare)


if __name__ == "__main__":
    raise SystemExit(main())
