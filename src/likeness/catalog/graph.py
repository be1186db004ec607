"""The knowledge graph: typed edges between items, and from items to their values; built from log, texts and catalogue.

item to item
    bought_together     in one order more often than by chance; weight: the share of the lead's orders that hold the
                        other, raised for what is distinctive (relations.Met.pull)
    bought_after        the other in a later order, and more often than the other way round
    viewed_then_bought  the other bought in a session in which the lead was only looked at
    substitute          does the same job: close in text, on one shelf, viewed side by side, taking turns over orders;
                        weight: probability times likeness of texts
    complement          bought_together (in a log without orders: in either direction over time), and not a substitute
item to value
    in_category, of_brand, has_attribute    weight 1

`docs/decisions/graph.md` says how substitutes are told from complements, and how well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from likeness.catalog.pairs import Company, Ints, company, faded_by
from likeness.catalog.relations import Pairs, gathered
from likeness.errors import StoreError
from likeness.types import Catalogue, Floats, Graph, Interactions, Rows, Vectors

BETWEEN_ITEMS = ("bought_together", "bought_after", "viewed_then_bought", "substitute", "complement")
TO_VALUES = ("in_category", "of_brand", "has_attribute")
RELATIONS = (*BETWEEN_ITEMS, *TO_VALUES)
KEPT = 32  # edges of one item and relation
SURE = 0.9  # the least confidence of an edge that the log speaks for
LIKELY = 0.5  # the least confidence of a substitute
ALIKE = 0.8  # probability of doing the same job from which even what is bought along is a substitute
BLIND = 0.5  # the likeness of a pair whose texts say nothing
BLOCK, CELLS = 256, 25_000_000  # items looked at at once, and pairs, to bound memory
FILE, VALUES = "graph.parquet", "values.parquet"
NUMBERS = ("target", "weight", "support", "confidence")
FORMAT = 1


@dataclass(frozen=True)
class _Edges:
    """Edges of one relation."""

    source: Ints
    target: Ints
    weight: Floats
    support: Floats
    confidence: Floats

    def best(self) -> _Edges:
        """Keep the KEPT heaviest of each source, heaviest first; ties by target."""
        order = np.lexsort((self.target, -self.weight, self.source))
        source = self.source[order]
        kept = order[np.arange(len(source)) - np.searchsorted(source, source) < KEPT]
        return self.at(kept)

    def at(self, kept: Ints | NDArray[np.bool_]) -> _Edges:
        return _Edges(*(column[kept] for column in vars(self).values()))


def build_graph(
    interactions: Interactions, catalogue: Catalogue, vectors: Vectors, *, pace: float | None = None
) -> Graph:
    """Return the graph of a catalogue, a log up to its end and (n_items, d) unit vectors of the items' texts.

    `pace` is the usual time in seconds between a shopper's orders. The same input gives the same graph.
    """
    pace = faded_by(interactions) if pace is None else pace
    met = company(interactions, len(catalogue), pace)
    vectors, shelf = np.ascontiguousarray(vectors, np.float32), _given(catalogue)
    n, step = len(catalogue), min(BLOCK, CELLS // max(len(catalogue), 1) + 1)
    blocks = [
        _read(gathered(met, vectors, shelf, np.arange(first, min(first + step, n))), met) for first in range(0, n, step)
    ]
    between = {name: _joined([block[name] for block in blocks]) for name in BETWEEN_ITEMS}
    values, to_values = _values(catalogue)
    return _graph(between | to_values, n, values)


def _given(catalogue: Catalogue) -> Rows:
    """Return (n,) the categories that were given: a theme is made from orders itself, it tells nothing new of them."""
    given = np.array([bool(item.categories) for item in catalogue.items], bool)
    return np.where(given, catalogue.category, -1).astype(np.int32)


def _read(pairs: Pairs, met: Company) -> dict[str, _Edges]:
    """Return the edges of one block of items by relation."""
    orders, has_orders = met.orders[pairs.lead], met.together.total > 0
    same = pairs.same_job(orders=has_orders)
    partner = pairs.together if has_orders else pairs.turns
    along = np.where(
        same < (ALIKE if has_orders else LIKELY), partner.sure, 0.0
    )  # what is bought along is no substitute
    instead = np.where(along < SURE, same, 0.0)
    seen = pairs.coviewed.count + pairs.instead.count + pairs.turns.count
    found = {
        "bought_together": (pairs.together.pull(orders), pairs.together.count, pairs.together.sure, SURE),
        "bought_after": (pairs.after.pull(orders), pairs.after.count, pairs.after.sure * pairs.onward(), SURE),
        "viewed_then_bought": (
            pairs.instead.pull(met.looks[pairs.lead]),
            pairs.instead.count,
            pairs.instead.sure,
            SURE,
        ),
        "substitute": (same * np.maximum(pairs.likeness, BLIND), seen, instead, LIKELY),
        "complement": (partner.pull(orders), partner.count, along, SURE),
    }
    return {
        name: _Edges(pairs.lead, pairs.follow, weight, support, confidence)
        .at((weight > 0) & (confidence >= least))
        .best()
        for name, (weight, support, confidence, least) in found.items()
    }


def _values(catalogue: Catalogue) -> tuple[tuple[tuple[str, str], ...], dict[str, _Edges]]:
    """Return the values of a catalogue's items, and the edges to them."""
    n = len(catalogue)
    number: dict[tuple[str, str], int] = {}
    categories = [("category", name) for name in catalogue.category_names]
    brands = [("brand", name) for name in catalogue.brand_names]
    attributes = [(row, pair) for row, item in enumerate(catalogue.items) for pair in sorted(item.attributes.items())]
    for value in (*categories, *brands, *(pair for _, pair in attributes)):
        number.setdefault(value, n + len(number))
    shelf, brand = np.flatnonzero(catalogue.category >= 0), np.flatnonzero(catalogue.brand >= 0)
    given: dict[str, tuple[Sequence[int] | Ints, list[int]]] = {
        "in_category": (shelf, [number[categories[code]] for code in catalogue.category[shelf]]),
        "of_brand": (brand, [number[brands[code]] for code in catalogue.brand[brand]]),
        "has_attribute": ([row for row, _ in attributes], [number[pair] for _, pair in attributes]),
    }
    return tuple(number), {name: _certain(source, target) for name, (source, target) in given.items()}


def _certain(source: Sequence[int] | Ints, target: Sequence[int]) -> _Edges:
    one = np.ones(len(target))
    return _Edges(np.asarray(source, np.int64), np.asarray(target, np.int64), one, one, one).best()


def _joined(parts: Sequence[_Edges]) -> _Edges:
    if not parts:
        return _certain([], [])
    return _Edges(*(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts), strict=True)))


def _graph(edges: dict[str, _Edges], n_items: int, values: tuple[tuple[str, str], ...]) -> Graph:
    """Put the edges of all relations, each sorted by source, one after the other."""
    every = _joined([edges[name] for name in RELATIONS])
    begin = np.cumsum([0, *(len(edges[name].source) for name in RELATIONS)])
    nodes = np.arange(n_items + 1)
    start = [begin[r] + np.searchsorted(edges[name].source, nodes) for r, name in enumerate(RELATIONS)]
    return Graph(
        relations=RELATIONS,
        n_items=n_items,
        values=values,
        start=np.array(start, np.int64),
        target=every.target.astype(np.int32),
        weight=every.weight.astype(np.float32),
        support=every.support.astype(np.float32),
        confidence=every.confidence.astype(np.float32),
    )


def save_graph(graph: Graph, folder: Path) -> None:
    """Write two files into an existing folder; the same graph gives the same bytes."""
    r, n = len(graph.relations), graph.n_items
    count = np.diff(graph.start, axis=1).ravel()
    cell = np.repeat(np.arange(r * n), count)
    edges = {
        "relation": pa.DictionaryArray.from_arrays(pa.array((cell // n).astype(np.int8)), list(graph.relations)),
        "source": pa.array((cell % n).astype(np.int32)),
        **{name: pa.array(getattr(graph, name)) for name in NUMBERS},
    }
    about = {"format": str(FORMAT), "items": str(n)}
    pq.write_table(pa.table(edges).replace_schema_metadata(about), folder / FILE, compression="zstd")
    kinds, names = zip(*graph.values, strict=True) if graph.values else ((), ())
    values = {"kind": pa.array(kinds, pa.string()), "value": pa.array(names, pa.string())}
    pq.write_table(pa.table(values), folder / VALUES)


def load_graph(folder: Path, catalogue: Catalogue) -> Graph:
    """Read what `save_graph` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
    try:
        edges, values = pq.read_table(folder / FILE, use_threads=False), pq.read_table(folder / VALUES)
        about = {key.decode(): value.decode() for key, value in (edges.schema.metadata or {}).items()}
        if about.get("format") != str(FORMAT) or about.get("items") != str(len(catalogue)):
            found = f"format {about.get('format')} of {about.get('items')} items"
            raise StoreError(
                f"{folder / FILE} is of {found}, not of format {FORMAT} and {len(catalogue)} items.",
                remedy="Fit the shop again.",
            )
        return _opened(edges, values, len(catalogue))
    except (OSError, pa.ArrowException, KeyError) as broken:
        raise StoreError(f"the graph in {folder} cannot be read: {broken}.", remedy="Fit the shop again.") from broken


def _opened(edges: pa.Table, values: pa.Table, n: int) -> Graph:
    relation = edges["relation"].combine_chunks()
    names = tuple(relation.dictionary.to_pylist())
    cell = relation.indices.to_numpy().astype(np.int64) * n + edges["source"].to_numpy()
    start = np.searchsorted(cell, np.arange(len(names) * n + 1))
    place = np.arange(len(names))[:, None] * n + np.arange(n + 1)
    return Graph(
        relations=names,
        n_items=n,
        values=tuple(zip(values["kind"].to_pylist(), values["value"].to_pylist(), strict=True)),
        start=start[place].astype(np.int64),
        **{name: edges[name].to_numpy() for name in NUMBERS},
    )
