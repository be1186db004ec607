"""The knowledge graph: seconds to build and to load, what its edges foretell of baskets to come, and how they keep to
the shelves of a grocer.

    python graph.py                  imports Online Retail into a new shop
    python graph.py --shop FOLDER    takes a shop that holds it already; nothing is written there
    python graph.py --days 60 --back 60    the days held out, and how many days before the log's end they end
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from data import data, peak_gib, workplace
from numpy.typing import NDArray

from likeness.catalog.build import build_catalogue
from likeness.catalog.graph import BETWEEN_ITEMS, build_graph, load_graph, save_graph
from likeness.catalog.text import meaning_text
from likeness.encode import load_encoder
from likeness.persona.config import persona_config
from likeness.persona.interactions import interactions
from likeness.recall.tempo import Tempo
from likeness.seeds import rng_of
from likeness.shop import Shop
from likeness.types import DAY, EVENT_NAMES, Catalogue, Graph, Interactions, Item

TOP = 5
PURCHASE = EVENT_NAMES.index("purchase")
COLUMNS = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
Lists = NDArray[np.int64]  # (n_items, TOP) what each item leads to, -1 where nothing does


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--shop", type=Path)
    options.add_argument("--days", type=float, default=60.0)
    options.add_argument("--back", type=float, default=0.0)
    given = options.parse_args()
    retail(given.shop or imported(), given.days, given.back)
    for weekly in (False, True):
        journey(text=False, weekly=weekly)
        journey(text=True, weekly=weekly)


def imported() -> Path:
    folder = workplace() / "retail"
    with Shop.open(folder) as shop:
        shop.import_file(data("online-retail/transactions.parquet"))
    return folder


def retail(folder: Path, days: float, back: float) -> None:
    config, encoder = persona_config({}), load_encoder("static")
    with Shop.open(folder) as shop:
        table = pa.concat_tables(list(shop.store.scan(shop.shop_id)))
        observations, items = shop.store.observations(shop.shop_id), shop.store.items(shop.shop_id)
    end = pc.max(table["time"]).as_py() - back * DAY
    until = end - days * DAY
    catalogue = build_catalogue(items, events=[table], observations=observations, until=until)
    vectors = encoder.encode([meaning_text(item) for item in catalogue.items])
    log = interactions(table, catalogue, config, until)
    started, worked = perf_counter(), process_time()
    graph = build_graph(log, catalogue, vectors, pace=Tempo.of(log).pace)
    seconds, work = perf_counter() - started, process_time() - worked
    place = workplace()
    save_graph(graph, place)
    load_graph(place, catalogue)
    started = perf_counter()
    load_graph(place, catalogue)
    loaded = 1e3 * (perf_counter() - started)
    print(
        f"{len(catalogue):,} items, {len(log):,} events: built in {seconds:.1f} s ({work:.1f} s of processor),"
        f" loaded in {loaded:.0f} ms,"
    )
    print(f"{len(graph.target):,} edges, {sum(f.stat().st_size for f in place.iterdir()) / 2**20:.1f} MiB,")
    print(f"peak {peak_gib():.2f} GiB of the whole process")
    future = baskets(interactions(table, catalogue, config, end), len(catalogue), after=until)
    lists = {name: of_relation(graph, name) for name in BETWEEN_ITEMS}
    lists |= {"plain co-occurrence": most(together(log, len(catalogue))), "nearest texts": nearest(vectors)}
    lists = {name: found for name, found in lists.items() if (found >= 0).any()}
    foretell(lists, future, vectors, catalogue)


def baskets(log: Interactions, n: int, *, after: float = -np.inf) -> sp.csr_matrix:
    """Return (orders, items) 0 or 1 of the orders of at least two items."""
    kept = (log.row >= 0) & (log.event == PURCHASE) & (log.weight > 0) & (log.time >= after)
    _, order = np.unique(log.session[kept], return_inverse=True)
    matrix = sp.csr_matrix((np.ones(len(order), np.float32), (order, log.row[kept])), (order.max() + 1, n))
    matrix.data[:] = 1.0
    return matrix[np.asarray(matrix.sum(axis=1)).ravel() > 1]


def together(log: Interactions, n: int) -> sp.csr_matrix:
    bought = baskets(log, n)
    counts = (bought.T @ bought).tolil()
    counts.setdiag(0)
    return counts.tocsr()


def of_relation(graph: Graph, relation: str) -> Lists:
    found = np.full((graph.n_items, TOP), -1)
    for row in range(graph.n_items):
        targets = graph.target[graph.edges(relation, row)][:TOP]
        found[row, : len(targets)] = targets
    return found


def most(counts: sp.csr_matrix) -> Lists:
    found = np.full((counts.shape[0], TOP), -1)
    for row in range(counts.shape[0]):
        cut = slice(counts.indptr[row], counts.indptr[row + 1])
        order = np.argsort(-counts.data[cut], kind="stable")[:TOP]
        found[row, : len(order)] = counts.indices[cut][order]
    return found


def nearest(vectors: NDArray[np.float32]) -> Lists:
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1.0)
    return np.argsort(-cosine, axis=1, kind="stable")[:, :TOP]


def foretell(lists: Mapping[str, Lists], future: sp.csr_matrix, vectors: NDArray[np.float32], shop: Catalogue) -> None:
    """Print how often what an item leads to lies in the same order to come, on leads for which every list is full."""
    core = [name for name in lists if name not in ("bought_after", "viewed_then_bought")]
    full = np.all([(lists[name] >= 0).all(axis=1) for name in core], axis=0)
    order, lead = future.nonzero()
    size = np.asarray(future.sum(axis=1)).ravel()
    share = np.asarray(future.sum(axis=0)).ravel() / future.sum()
    dense = future.toarray() > 0
    kept = full[lead]
    print(f"{len(size):,} orders to come, {len(lead):,} lines, {kept.sum():,} of items for which every list is full")
    print(
        "list | lines with any | hits of 100 edges | 95 % | mean of orders | 95 % | times chance | cosine | same shelf"
    )
    means = {}
    for name, found in lists.items():
        use = found[lead] if name not in core else found[lead[kept]]
        where = order if name not in core else order[kept]
        there = use >= 0
        hit = dense[where[:, None], use] & there
        chance = (share[use] * (size[where] - 1)[:, None])[there].sum()
        low, high = interval(hit.sum(axis=1), there.sum(axis=1), where, len(size))
        mean = per_order(hit.sum(axis=1), there.sum(axis=1), where)
        error = 1.96 * mean.std() / len(mean) ** 0.5
        means[name] = mean
        pair, other = np.nonzero(found >= 0)
        target = found[pair, other]
        cosine = (vectors[pair] * vectors[target]).sum(axis=1).mean()
        same = (shop.category[pair] == shop.category[target]).mean()
        any_ = (found[lead] >= 0).any(axis=1).mean()
        rate = 100 * hit.sum() / max(there.sum(), 1)
        print(
            f"{name:20} | {any_:.2f} | {rate:.1f} | {low:.1f} to {high:.1f} | {mean.mean():.1f} | ± {error:.1f} |"
            f" {hit.sum() / chance:.2f} | {cosine:.2f} | {same:.2f}"
        )
    for peer in ("plain co-occurrence", "substitute"):
        gap = means["complement"] - means[peer]
        print(f"complement less {peer}, order by order: {gap.mean():+.2f} ± {1.96 * gap.std() / len(gap) ** 0.5:.2f}")


def per_order(hits: NDArray[Any], tries: NDArray[Any], order: NDArray[Any]) -> NDArray[Any]:
    """Return the rate of each order in per cent: a trolley of three hundred lines counts as one of three does."""
    tried = np.bincount(order, tries)
    return np.asarray(100 * np.bincount(order, hits)[tried > 0] / tried[tried > 0])


def interval(
    hits: NDArray[Any], tries: NDArray[Any], order: NDArray[Any], orders: int, times: int = 300
) -> tuple[float, float]:
    """Return the 95 % interval of the rate in per cent, orders drawn again."""
    rng = rng_of("graph bench")
    by_hits, by_tries = np.bincount(order, hits, orders), np.bincount(order, tries, orders)
    drawn = rng.multinomial(orders, np.full(orders, 1 / orders), size=times)
    low, high = np.percentile(100 * (drawn @ by_hits) / np.maximum(drawn @ by_tries, 1), [2.5, 97.5])
    return float(low), float(high)


def journey(*, text: bool, weekly: bool) -> None:
    """Print how substitutes and complements keep to the kinds of a grocer, knowing texts and departments or nothing.

    The products are maker x product type: single ones are bought four times each in this sample of lines. `weekly`
    takes all a household bought in a week for one order: of an order itself the sample keeps 1.8 lines.
    """
    lines = pd.read_csv(data("completejourney/transactions.csv.gz"))
    shelf = pd.read_csv(data("completejourney/products.csv.gz")).dropna(subset=["product_type", "product_category"])
    lines = lines.merge(shelf.assign(product_id=shelf["product_id"].astype(int)), on="product_id")
    lines["time"] = pd.to_datetime(lines["transaction_timestamp"]).astype("int64") / 1e9
    if lines["time"].max() < 1e9:  # pandas keeps microseconds by default
        lines["time"] *= 1e3
    code, units = pd.factorize(lines["manufacturer_id"].astype(str) + "|" + lines["product_type"], sort=True)
    first = lines.groupby(code).first()
    department = pd.Categorical(first["department"])
    n = len(units)
    nothing = np.full(n, np.nan)
    catalogue = Catalogue(
        items=tuple(Item(item_id=f"u{k}", title=title) for k, title in enumerate(first["product_type"])),
        category=np.asarray(department.codes, np.int32) if text else np.full(n, -1, np.int32),
        category_names=tuple(department.categories),
        brand=np.full(n, -1, np.int32),
        brand_names=(),
        price=nothing,
        band=np.full(n, -1, np.int32),
        percentile=nothing,
        available=np.ones(n, bool),
    )
    encoder = load_encoder("static")
    vectors = encoder.encode([item.title.lower() for item in catalogue.items])
    order = "household_id", ("week" if weekly else "basket_id")
    log = household_log(lines, code, lines.groupby(list(order)).ngroup().to_numpy())
    graph = build_graph(log, catalogue, vectors if text else np.zeros_like(vectors), pace=Tempo.of(log).pace)
    kinds = {name: first[name].to_numpy() for name in ("product_type", "product_category", "department")}
    counted = np.bincount(code, minlength=n)
    drawn = rng_of("pairs").choice(n, (2, 200_000), p=counted / counted.sum())
    known, span = "texts and departments" if text else "behaviour alone", "weeks" if weekly else "orders"
    print(f"grocer, {known}, by {span}: {n:,} products, {len(log):,} lines")
    print("relation | edges | same sub-commodity | same commodity | same department | other commodity")
    print(shares("two drawn lines", drawn[0], drawn[1], kinds))
    for name in BETWEEN_ITEMS:
        found = of_relation(graph, name)
        pair, place = np.nonzero(found >= 0)
        if len(pair):
            print(shares(name, pair, found[pair, place], kinds))


def shares(name: str, one: NDArray[Any], other: NDArray[Any], kinds: Mapping[str, NDArray[Any]]) -> str:
    same = [float((kind[one] == kind[other]).mean()) for kind in kinds.values()]
    return f"{name:18} | {len(one):,} | {same[0]:.2f} | {same[1]:.2f} | {same[2]:.2f} | {1 - same[1]:.2f}"


def household_log(lines: pd.DataFrame, code: NDArray[Any], session: NDArray[Any]) -> Interactions:
    shopper, names = pd.factorize(lines["household_id"], sort=True)
    n, time = len(lines), lines["time"].to_numpy(float)
    order = np.lexsort((time, shopper))
    log = Interactions(
        shoppers=tuple(map(str, names)),
        shopper=shopper.astype(np.int32),
        row=code.astype(np.int32),
        event=np.full(n, PURCHASE, np.int8),
        time=time,
        weight=np.full(n, 5.0),
        session=session.astype(np.int64),
        quantity=np.full(n, np.nan),
        value=np.full(n, np.nan),
        end=float(time.max() + 1),
    )
    return replace(log, **{name: getattr(log, name)[order] for name in COLUMNS})


if __name__ == "__main__":
    main()
