"""The sequence net alone, as it serves: quality on each shopper's last items, seconds of training, time of an answer.

`python bench/sequence_nets.py [amazon-beauty|amazon-games] [balanced|best] [--without-text]`. A net learns without each
shopper's last two visible items and asked for the first of them; brought up to date, and asked for the second. Every
product is ranked but those the shopper has. The last line is the graph in 8-bit integers against 32-bit floats.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from data import data, peak_gib, workplace
from onnxruntime.quantization import QuantType, quantize_dynamic

from likeness.encode import load_encoder
from likeness.recall.sequence import GRAPH, Sequential
from likeness.train.sequence import train_sequence
from likeness.types import DAY, EVENT_NAMES, Catalogue, Interactions, Item, Query, Request, Taste

PURCHASE = EVENT_NAMES.index("purchase")
Histories = list[list[int]]


def main(name: str, effort: str, text: bool) -> None:
    titles, histories = read(name)
    catalogue, folder = shelf(titles), workplace()
    vectors = load_encoder("static").encode(titles if text else [""] * len(titles))
    start: Path | None = None
    for back in (2, 1):
        known = [history[:-back] for history in histories]
        here = folder / f"without-{back}"
        here.mkdir()
        report = train_sequence(log_of(known), catalogue, vectors, here, effort=effort, start=start)  # type: ignore[arg-type]
        print(f"{name}, {effort}, last {back} left out: {report}, peak {peak_gib():.2f} GiB")
        judge(Sequential.load(here, catalogue), known, [history[-back] for history in histories])
        start = here
    quantize_dynamic(here / GRAPH, here / "small.onnx", weight_type=QuantType.QInt8)
    (here / "small.onnx").replace(here / GRAPH)
    print("in 8-bit integers:", end=" ")
    judge(Sequential.load(here, catalogue), known, [history[-1] for history in histories])


def judge(source: Sequential, known: Histories, wanted: list[int]) -> None:
    """Print NDCG@10 and Recall@10 of one wanted item each, and how long an answer takes."""
    gain, took = [], []
    for history, item in zip(known, wanted, strict=True):
        if not history:
            continue
        request, began = asked(history), perf_counter()
        rows = source.recall(request, 10).rows
        took.append(perf_counter() - began)
        place = np.flatnonzero(rows == item)
        gain.append(1 / np.log2(place[0] + 2) if len(place) else 0.0)
    error, milliseconds = 1.96 * np.std(gain) / len(gain) ** 0.5, 1e3 * np.percentile(took, (50, 99))
    recall = np.mean(np.array(gain) > 0)
    print(f"ndcg@10 {np.mean(gain):.4f} ± {error:.4f}, recall@10 {recall:.4f}, {len(gain):,} shoppers,", end=" ")
    print(f"median {milliseconds[0]:.2f} ms, p99 {milliseconds[1]:.2f} ms an answer")


def read(name: str) -> tuple[list[str], Histories]:
    """Return the titles of all items and the rows of each shopper's, oldest first."""
    items = [line.split("\t") for line in data(f"{name}/items.tsv").read_text().splitlines()[1:]]
    row_of = {parts[0]: row for row, parts in enumerate(items)}
    lines = data(f"{name}/sequences.tsv").read_text().splitlines()[1:]
    return [parts[1] for parts in items], [[row_of[item] for item in line.split("\t")[1].split()] for line in lines]


def shelf(titles: list[str]) -> Catalogue:
    none, unknown = np.full(len(titles), -1, np.int32), np.full(len(titles), np.nan)
    return Catalogue(
        items=tuple(Item(item_id=str(row), title=title) for row, title in enumerate(titles)),
        category=none,
        category_names=(),
        brand=none,
        brand_names=(),
        price=unknown,
        band=none,
        percentile=unknown,
        available=np.ones(len(titles), bool),
    )


def log_of(histories: Histories) -> Interactions:
    length = [len(history) for history in histories]
    time = np.concatenate([np.arange(n) for n in length]) * DAY
    row = np.concatenate([np.array(history, np.int32) for history in histories])
    nothing = np.full(len(row), np.nan)
    return Interactions(
        shoppers=tuple(map(str, range(len(histories)))),
        shopper=np.repeat(np.arange(len(histories)), length).astype(np.int32),
        row=row,
        event=np.full(len(row), PURCHASE, np.int8),
        time=time,
        weight=np.ones(len(row)),
        session=np.arange(len(row)),
        quantity=nothing,
        value=nothing,
        end=float(time.max()) + 1.0,
        clock="position",
    )


def asked(history: list[int]) -> Request:
    rows, ones = np.array(history[::-1], np.int32), np.ones(len(history))
    last = np.arange(len(history), dtype=np.float64)[::-1] * DAY
    now = len(history) * DAY
    taste = Taste(
        shopper="a",
        time=now,
        half_lives=(DAY, 10 * DAY),
        rows=rows,
        weights=np.ones((len(rows), 2)),
        count=ones,
        first=last,
        last=last,
        bought=ones,
        first_bought=last,
        last_bought=last,
    )
    return Request(query=Query(time=now), taste=taste, context=np.empty(0, np.int32))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    name, effort = [*words, *("amazon-beauty", "balanced")[len(words) :]]
    main(name, effort, "--without-text" not in sys.argv)
