"""Lists to re-rank from sequences with titles: what a shopper had, what `together` proposes, and what came next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from data import data
from numpy.typing import NDArray

from likeness.recall.together import Together
from likeness.seeds import rng_of
from likeness.train.cross import Lists
from likeness.types import DAY, EVENT_NAMES, Catalogue, Floats, Interactions, Item, Pool, Query, Request, Rows, Taste

K = 50
LATEST = 8  # items of the history that are kept
HALF_LIVES = (1800.0, 7 * DAY, 90 * DAY)


@dataclass(frozen=True)
class Fold:
    """Lists that hold the wanted item, the first stage's scores, and how many shoppers there were in all."""

    lists: Lists
    base: Floats  # (N, K)
    asked: int


def world(name: str) -> tuple[Catalogue, list[list[int]]]:
    """Return the catalogue and each shopper's rows in order of time."""
    lines = data(f"{name}/items.tsv").read_text().splitlines()[1:]
    items = tuple(Item(item_id=line.split("\t")[0], title=line.split("\t")[1]) for line in lines)
    none, price = np.full(len(items), -1, np.int32), np.full(len(items), np.nan)
    catalogue = Catalogue(
        items=items,
        category=none,
        category_names=(),
        brand=none,
        brand_names=(),
        price=price,
        band=none,
        percentile=price,
        available=np.ones(len(items), bool),
    )
    rows = catalogue.row_of
    texts = data(f"{name}/sequences.tsv").read_text().splitlines()[1:]
    return catalogue, [[rows[item] for item in text.split("\t")[1].split()] for text in texts]


def fold(catalogue: Catalogue, sequences: list[list[int]], back: int, most: int, folder: Path) -> Fold:
    """Return the lists whose wanted item is each shopper's `back`-th from the end; learning takes every shopper."""
    kept = folder / f"lists-{back}-{most}.npz"
    if kept.exists():
        saved = dict(np.load(kept))
        lists = Lists(**{key: saved[key] for key in ("histories", "candidates", "wanted")})
        return Fold(lists, saved["base"], int(saved["asked"]))
    before = [sequence[:-back] for sequence in sequences]
    together = Together.fit(log_of(before), catalogue)
    usable = [number for number, sequence in enumerate(before) if sequence]
    if back < 3:
        usable = sorted(rng_of("shoppers", back).choice(usable, min(most, len(usable)), replace=False).tolist())
    found = [proposed(together, catalogue, before[number], sequences[number][-back]) for number in usable]
    parts = [part for part in found if part is not None]
    histories, candidates, wanted, base = (np.array(column) for column in zip(*parts, strict=True))
    np.savez(kept, histories=histories, candidates=candidates, wanted=wanted, base=base, asked=len(usable))
    return Fold(Lists(histories=histories, candidates=candidates, wanted=wanted), base, len(usable))


def proposed(
    together: Together, catalogue: Catalogue, history: list[int], wanted: int
) -> tuple[Rows, Rows, int, Floats] | None:
    """Return (8 latest rows, K candidates, wanted, K scores), nothing where the wanted item was not proposed."""
    request = request_of(history, catalogue)
    rows = together.recall(request, K).rows
    if wanted not in rows:
        return None
    base = together.describe(pool_of(rows), request)[:, 0]
    return padded(request.taste.rows, LATEST, -1), padded(rows, K, -1), wanted, padded(base, K, -np.inf)


def padded(values: NDArray[np.generic], length: int, nothing: float) -> NDArray[np.generic]:
    out = np.full(length, nothing, values.dtype)
    out[: min(length, len(values))] = values[:length]
    return out


def pool_of(rows: Rows) -> Pool:
    shape = (len(rows), 1)
    return Pool(
        sources=("together",),
        rows=rows,
        scores=np.zeros(shape),
        ranks=np.ones(shape),
        because=np.full(shape, -1, np.int32),
    )


def log_of(sequences: list[list[int]]) -> Interactions:
    """Return one purchase per position."""
    sizes = np.array([len(sequence) for sequence in sequences])
    row = np.array([row for sequence in sequences for row in sequence], np.int32)
    position = np.concatenate([np.arange(size) for size in sizes])
    nothing = np.full(len(row), np.nan)
    return Interactions(
        shoppers=tuple(map(str, range(len(sequences)))),
        shopper=np.repeat(np.arange(len(sequences)), sizes).astype(np.int32),
        row=row,
        event=np.full(len(row), EVENT_NAMES.index("purchase"), np.int8),
        time=position * DAY,
        weight=np.full(len(row), 5.0),
        session=np.arange(len(row)),
        quantity=nothing,
        value=nothing,
        end=float(sizes.max()) * DAY,
        clock="position",
    )


def request_of(history: list[int], catalogue: Catalogue) -> Request:
    """Return the request of a shopper with this history, who is shown nothing twice."""
    time = len(history) * DAY
    last = {row: position * DAY for position, row in enumerate(history)}
    rows = np.array(sorted(last, key=lambda row: -last[row]), np.int32)
    when = np.array([last[row] for row in rows.tolist()])
    ones = np.ones(len(rows))
    taste = Taste(
        shopper="",
        time=time,
        half_lives=HALF_LIVES,
        rows=rows,
        weights=5.0 * np.exp2(-(time - when)[:, None] / np.array(HALF_LIVES)),
        count=ones,
        first=when,
        last=when,
        bought=ones,
        first_bought=when,
        last_bought=when,
    )
    allowed = catalogue.available.copy()
    allowed[rows] = False
    return Request(query=Query(time=time), taste=taste, context=np.empty(0, np.int32), allowed=allowed)


def joined(parts: list[Lists]) -> Lists:
    histories, candidates, wanted = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("histories", "candidates", "wanted")
    )
    return Lists(histories=histories, candidates=candidates, wanted=wanted)


def gains(part: Fold, scores: Floats) -> Floats:
    """Return NDCG@10 of every shopper asked, 0 without the wanted item in the list; ties by first stage."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(part.lists.candidates, order, axis=1)
    place = (ranked == part.lists.wanted[:, None]).argmax(axis=1)
    gain = np.where(place < 10, 1 / np.log2(place + 2.0), 0.0)
    gain[~np.isfinite(np.take_along_axis(scores, order, axis=1)[np.arange(len(place)), place])] = 0.0
    return np.concatenate([gain, np.zeros(part.asked - len(gain))])
