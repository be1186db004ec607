"""Sequences without times: hold out each shopper's last item, import, fit, recommend to all, score.

Every product is ranked but those already in the shopper's sequence; Recall@10 and NDCG@10 with one truth each.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow.parquet as pq
from data import data, peak_gib, workplace

from likeness.batch import recommend_file
from likeness.shop import Shop


def main(name: str) -> None:
    folder = workplace()
    truth = hold_out(data(f"{name}/sequences.tsv"), folder / "sequences.tsv")
    users = folder / "users.txt"
    users.write_text("\n".join(truth) + "\n")
    with Shop.open(folder / name) as shop:
        started = perf_counter()
        for path in (data(f"{name}/items.tsv"), folder / "sequences.tsv"):
            report = shop.import_file(path)
            print(f"{path.name}: {report.rows:,} rows as {report.format}, {report.quarantined} quarantined")
        print(f"import {perf_counter() - started:.1f} s")
        started = perf_counter()
        fitted = shop.fit()
        print(f"fit {perf_counter() - started:.1f} s, peak {peak_gib():.2f} GiB, {fitted.seconds}")
        print(recommend_file(shop, users, folder / "recs.parquet", n=10, exclude_seen=True))
    recs = pq.read_table(folder / "recs.parquet").to_pylist()
    rank = {row["user_id"]: row["rank"] for row in recs if truth[row["user_id"]] == row["item_id"]}
    gain = np.array([1 / np.log2(1 + rank[user]) if user in rank else 0.0 for user in truth])
    error = 1.96 * gain.std() / len(gain) ** 0.5
    recall = len(rank) / len(truth)
    print(f"{name}: {len(truth):,} shoppers, recall@10 {recall:.4f}, ndcg@10 {gain.mean():.4f} ± {error:.4f}")


def hold_out(source: Path, target: Path) -> dict[str, str]:
    """Write the sequences without their last item, and return shopper -> last item of those with three and more."""
    truth, lines = {}, []
    for line in source.read_text().splitlines():
        user, _, sequence = line.partition("\t")
        items = sequence.split()
        if not lines:
            lines.append(line)
        elif len(items) >= 3:
            truth[user] = items[-1]
            lines.append(f"{user}\t{' '.join(items[:-1])}")
        else:
            lines.append(line)
    target.write_text("\n".join(lines) + "\n")
    return truth


if __name__ == "__main__":
    for dataset in sys.argv[1:] or ["amazon-beauty", "amazon-games"]:
        main(dataset)
