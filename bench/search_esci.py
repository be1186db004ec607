"""Search quality and speed on the judged ESCI queries: words, meaning, their fusion and ours, per encoder.

    python bench/search_esci.py [--data DATA] [--encoders static minilm] [--run RUN.tsv] [--choose] [--homedepot]

Prints NDCG@10 over all products (gains 0, 1, 2, 3 for irrelevant, complement, substitute, exact; log2 discount; 95 %
bootstrap intervals over queries, 1,000 resamples, seed 7), Recall@100 and milliseconds per query. `--choose` asks what
choosing the weights on these queries would promise: 400 random weight vectors, the best chosen on four fifths of the
queries and scored on the last, 30 shuffles. `--homedepot` repeats the table with titles alone on 400 queries of another
shop. `--run` writes the first encoder's answers for the scorer.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from likeness.catalog.build import build_catalogue
from likeness.catalog.read import read_items
from likeness.catalog.text import item_texts, meaning_text
from likeness.encode import load_encoder
from likeness.ports import Encoder
from likeness.query.understand import understand
from likeness.rank.text import PERSONAL, WEIGHTS, TextFeatures, search_scorer
from likeness.recall.blend import blend
from likeness.recall.meaning import Meaning
from likeness.recall.words import Words
from likeness.types import Candidates, Catalogue, Floats, Item, ItemText, Pool, Query, Request, Rows, Taste

GAINS = {"0": 0.0, "1": 1.0, "10": 2.0, "100": 3.0}
DEPTH = 200  # candidates per source
W = np.array(list(WEIGHTS.values()))
SCORER = search_scorer()
DISCOUNT = 1 / np.log2(np.arange(2, 12))
EMPTY = np.empty(0)
NOBODY = Taste(
    shopper=None,
    time=0.0,
    half_lives=(1.0, 2.0, 3.0),
    rows=np.empty(0, np.int32),
    weights=np.empty((0, 3)),
    count=EMPTY,
    first=EMPTY,
    last=EMPTY,
    bought=EMPTY,
    first_bought=EMPTY,
    last_bought=EMPTY,
)
Judged = dict[str, dict[int, float]]  # query -> row -> gain


@dataclass
class Answers:
    """What each way of searching answered, query by query: rows, best first."""

    ways: dict[str, list[Rows]] = field(default_factory=dict)
    pools: list[tuple[Rows, Floats]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)  # of the searching thread: what a busy machine leaves alone

    def add(self, way: str, rows: Rows) -> None:
        self.ways.setdefault(way, []).append(rows)


DATA = Path(os.environ.get("LIKENESS_DATA", Path(__file__).parents[2] / "shared" / "data"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--encoders", nargs="+", default=["static"])
    parser.add_argument("--run", type=Path)
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--homedepot", action="store_true")
    options = parser.parse_args()
    threadpool_limits(1, "blas")  # as an open shop does
    items, judged = esci(options.data / "esci")
    for place, name in enumerate(options.encoders):
        answers = report(f"ESCI, {name}", items, judged, load_encoder(name))
        if options.choose:
            choose(answers, judged)
        if options.run and place == 0:
            write_run(options.run, list(judged), answers.ways["ours"], items)
    if options.homedepot:
        items, judged = homedepot(options.data / "homedepot")
        for name in options.encoders:
            report(f"Home Depot titles, {name}", items, judged, load_encoder(name))


def esci(folder: Path) -> tuple[list[Item], Judged]:
    items = [item for chunk in read_items(folder / "products.ndjson.gz") for item in chunk.items]
    row_of = {item.item_id: row for row, item in enumerate(items)}
    judged: Judged = {}
    with (folder / "judgments-dev.tsv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            judged.setdefault(line["query"], {})[row_of[line["asin"]]] = GAINS[line["grade"]]
    return items, dict(sorted(judged.items()))


def homedepot(folder: Path, queries: int = 400) -> tuple[list[Item], Judged]:
    """Return titles as items and a fixed sample of the queries with at least eight judgements, gains 0 to 2."""
    with gzip.open(folder / "relevance.csv.gz", "rt", encoding="latin1") as file:
        lines = list(csv.DictReader(file))
    by_query: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        by_query.setdefault(line["search_term"], []).append(line)
    rich = sorted(query for query, found in by_query.items() if len(found) >= 8)
    sample = np.random.default_rng(0).permutation(np.array(rich, object))[:queries].tolist()
    titles = {line["product_uid"]: line["product_title"] for query in sample for line in by_query[query]}
    row_of = {item_id: row for row, item_id in enumerate(titles)}
    judged = {
        query: {row_of[line["product_uid"]]: float(line["relevance"]) - 1 for line in by_query[query]}
        for query in sample
    }
    return [Item(item_id=item_id, title=title) for item_id, title in titles.items()], judged


def report(title: str, items: list[Item], judged: Judged, encoder: Encoder) -> Answers:
    started = time.perf_counter()
    catalogue = build_catalogue(items)
    texts = item_texts(items)
    vectors = encoder.encode([meaning_text(item) for item in items])
    answers = search(catalogue, texts, Meaning.build(catalogue, vectors), encoder, list(judged))
    print(f"\n{title}: {len(items)} products, {len(judged)} queries, ready in {time.perf_counter() - started:.1f} s")
    base = ndcg(answers.ways["fusion"], judged)
    for way, rows in answers.ways.items():
        values = ndcg(rows, judged)
        over = f"  over fusion {interval(values - base)}" if way == "ours" else ""
        print(f"  {way:<8} NDCG@10 {interval(values)}  Recall@100 {recall(rows, judged):.4f}{over}")
    for clock, seconds in (("wall", answers.seconds), ("CPU", answers.cpu_seconds)):
        p50, p99 = np.quantile(seconds, [0.5, 0.99]) * 1e3
        print(f"  one search, {clock:<4} p50 {p50:.2f} ms, p99 {p99:.2f} ms ({len(seconds)} searches)")
    return answers


def search(
    catalogue: Catalogue, texts: list[ItemText], meaning: Meaning, encoder: Encoder, queries: list[str], rounds: int = 8
) -> Answers:
    """Answer every query once for its quality, then `rounds` times for its time."""
    words = Words.build(catalogue, texts)
    features = TextFeatures.build(catalogue, texts, meaning.vectors)
    answers = Answers()
    for query in queries:
        found, pool, table = answer(query, encoder, words, meaning, features)
        answers.add("words", found[0].rows)
        answers.add("meaning", found[1].rows)
        answers.add("fusion", best(pool.rows, np.nansum(1 / (60 + pool.ranks), axis=1)))
        answers.add("ours", best(pool.rows, SCORER.score(table)))
        answers.pools.append((pool.rows, table))
    for query in queries * rounds:
        start, cpu_start = time.perf_counter(), time.thread_time()
        _, pool, table = answer(query, encoder, words, meaning, features)
        best(pool.rows, SCORER.score(table))
        answers.seconds.append(time.perf_counter() - start)
        answers.cpu_seconds.append(time.thread_time() - cpu_start)
    return answers


def answer(
    query: str, encoder: Encoder, words: Words, meaning: Meaning, features: TextFeatures
) -> tuple[tuple[Candidates, Candidates], Pool, Floats]:
    request = Request(
        query=Query(time=0.0, text=query),
        taste=NOBODY,
        context=np.empty(0, np.int32),
        vector=encoder.encode([query])[0],
        understanding=understand(query),
    )
    found = (words.recall(request, DEPTH), meaning.recall(request, DEPTH))
    pool = blend(found)
    return found, pool, features(pool, request)


def best(rows: Rows, scores: Floats) -> Rows:
    return rows[np.lexsort((rows, -scores))]


def ndcg(answers: list[Rows], judged: Judged) -> Floats:
    return np.array([_ndcg(rows, gains) for rows, gains in zip(answers, judged.values(), strict=True)])


def _ndcg(rows: Rows, gains: dict[int, float]) -> float:
    got = np.array([gains.get(row, 0.0) for row in rows[:10].tolist()])
    ideal = np.sort(list(gains.values()))[::-1][:10]
    most = float(ideal @ DISCOUNT[: len(ideal)])
    return float(got @ DISCOUNT[: len(got)]) / most if most else float("nan")


def recall(answers: list[Rows], judged: Judged, k: int = 100) -> float:
    shares = []
    for rows, gains in zip(answers, judged.values(), strict=True):
        top = {row for row, gain in gains.items() if gain == max(GAINS.values() if 3.0 in gains.values() else [2.0])}
        if top:
            shares.append(len(top & set(rows[:k].tolist())) / len(top))
    return float(np.mean(shares))


def interval(values: Floats) -> str:
    values = values[~np.isnan(values)]
    draws = np.random.default_rng(7).integers(0, len(values), (1_000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return f"{values.mean():.4f} [{low:.4f}, {high:.4f}]"


def choose(answers: Answers, judged: Judged, tries: int = 400, shuffles: int = 30) -> None:
    """Print what weights chosen on part of the queries give on the rest, and how wide the plateau is."""
    rng = np.random.default_rng(3)
    weights = W[:PERSONAL] * np.exp(rng.uniform(-np.log(3), np.log(3), (tries, PERSONAL)))
    weights[0] = W[:PERSONAL]
    table = np.array(
        [_scored(pool, weights, gains) for pool, gains in zip(answers.pools, judged.values(), strict=True)]
    )
    held_out = np.zeros((shuffles, len(table)))
    for shuffle in range(shuffles):
        for test in folds(len(table), shuffle):
            train = np.setdiff1d(np.arange(len(table)), test)
            held_out[shuffle, test] = table[test, table[train].mean(axis=0).argmax()]
    means = table.mean(axis=0)
    print(f"  weights chosen on 4/5 of the queries, scored on the rest: {interval(held_out.mean(axis=0))}")
    print(
        f"  {tries} weight vectors within a factor 3 of ours: lowest {means.min():.4f}, median {np.median(means):.4f}"
    )


def _scored(pool: tuple[Rows, Floats], weights: Floats, gains: dict[int, float]) -> list[float]:
    rows, table = pool
    scores = table[:, :PERSONAL] @ weights.T  # (n, tries)
    return [_ndcg(best(rows, scores[:, column]), gains) for column in range(scores.shape[1])]


def folds(n: int, seed: int, k: int = 5) -> Iterator[NDArray[np.int64]]:
    order = np.random.default_rng(seed).permutation(n)
    return (order[part::k] for part in range(k))


def write_run(path: Path, queries: list[str], answers: list[Rows], items: list[Item]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("query\titem_id\trank\tscore\n")
        for query, rows in zip(queries, answers, strict=True):
            for rank, row in enumerate(rows[:100].tolist(), 1):
                file.write(f"{query}\t{items[row].item_id}\t{rank}\t{1 / rank:.6f}\n")


if __name__ == "__main__":
    main()
