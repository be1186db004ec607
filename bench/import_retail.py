"""Import the order lines of a real shop into an embedded store: seconds, memory, and counts that add up.

Usage: import_retail.py [DATA_FOLDER] [--fuzz LINES]

DATA_FOLDER holds online-retail/transactions.parquet (default: the environment's LIKENESS_DATA, else ../shared/data).
With --fuzz, that many fuzzed lines are validated too.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from data import data

from likeness.events.load import ImportOptions, ImportReport, import_file, validate_file
from likeness.stores.embedded import EmbeddedStore
from likeness.testing.fuzz import fuzz_lines


def timed(name: str, work: Callable[[], ImportReport]) -> ImportReport:
    wall, cpu = time.perf_counter(), time.process_time()
    report = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sums = f"{report.accepted:,} + {report.repaired:,} + {report.quarantined:,} = {report.rows:,}"
    print(f"{name}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak {peak:.2f} GiB, {sums}")
    assert report.accepted + report.repaired + report.quarantined == report.rows
    return report


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?", type=Path, default=data("online-retail/transactions.parquet").parents[1])
    parser.add_argument("--fuzz", type=int, default=0)
    arguments = parser.parse_args()
    path = arguments.data / "online-retail" / "transactions.parquet"
    timed("validate (nothing written)", lambda: validate_file(path))
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore(Path(folder) / "shop.db")
        report = timed("import into an embedded store", lambda: import_file(store, "retail", path))
        for rule, count in report.to_json()["rules"].items():
            print(f"  {count:>9,}  {rule}")
        timed("import again", lambda: import_file(store, "retail", path))
        store.close()
        if arguments.fuzz:
            bad = Path(folder) / "fuzz.ndjson"
            bad.write_bytes(b"\n".join(fuzz_lines(arguments.fuzz, seed=7)) + b"\n")
            options = ImportOptions(as_="events")
            assert timed("validate fuzzed lines", lambda: validate_file(bad, options)).rows == arguments.fuzz


if __name__ == "__main__":
    main()
