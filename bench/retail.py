"""Online Retail: import, fit, recommendations per second, and the evaluation of the last 60 days."""

from __future__ import annotations

import sys
from time import perf_counter

from data import data, peak_gib, workplace
from rich.console import Console

from likeness import show
from likeness.batch import recommend_file
from likeness.measure import measure
from likeness.shop import Shop


def main() -> None:
    folder = workplace()
    with Shop.open(folder / "retail") as shop:
        started = perf_counter()
        report = shop.import_file(data("online-retail/transactions.parquet"))
        print(f"import: {perf_counter() - started:.1f} s, {report.rows:,} rows, peak {peak_gib():.2f} GiB")
        started = perf_counter()
        fitted = shop.fit()
        print(f"fit: {perf_counter() - started:.1f} s, peak {peak_gib():.2f} GiB, {fitted.seconds}")
        users = folder / "users.txt"
        users.write_text("\n".join(shop.shoppers()) + "\n")
        print("recommend:", recommend_file(shop, users, folder / "recs.parquet", n=50))
        if "--quick" not in sys.argv:
            started = perf_counter()
            show.evaluation(Console(width=120), measure(shop, days=60))
            print(f"evaluate: {perf_counter() - started:.1f} s, peak {peak_gib():.2f} GiB")


if __name__ == "__main__":
    main()
