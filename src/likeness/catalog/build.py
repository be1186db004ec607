"""The catalogue: given and derived items in rows, with the columns that ranking reads; saved and loaded as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from likeness.errors import StoreError
from likeness.types import Catalogue, Clock, Floats, Item, Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from likeness.catalog.themes import Baskets

FILE = "catalogue.json"
FORMAT = 1
PATH = " > "


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    items: tuple[Item, ...]
    category: list[int]
    category_names: tuple[str, ...]
    brand: list[int]
    brand_names: tuple[str, ...]
    band: list[int]
    percentile: list[float | None]


def build_catalogue(
    items: Sequence[Item],
    *,
    events: Iterable[pa.Table] | None = None,
    observations: pa.Table | None = None,
    until: float | None = None,
    clock: Clock = "time",
) -> Catalogue:
    """Return the shelf as it was before `until`: the given items in their order, then those only the log knows, by id.

    `events` are tables of EVENT_SCHEMA, `observations` one of OBSERVATION_SCHEMA; nothing at or after `until` is read,
    and items first seen then are left out. Gaps of given items are filled from the log. Categories are the given leaf
    paths, joined by " > "; items without a path get a theme. The same input gives the same catalogue.
    """
    from likeness.catalog.bands import price_bands
    from likeness.catalog.derive import derived_items, merged, read_log, rows_of

    seen = read_log(() if events is None else events, until)
    every = merged(items, derived_items(seen, observations, until, clock))
    shelf = tuple(item for item in every if until is None or item.first_seen is None or item.first_seen < until)
    category, category_names = _categories(shelf, rows_of(seen, {item.item_id: row for row, item in enumerate(shelf)}))
    brand, brand_names = _coded([(item.brand or "").strip() for item in shelf])
    price = _prices(shelf)
    band, percentile = price_bands(price, category, category_names)
    return Catalogue(
        items=shelf,
        category=category,
        category_names=category_names,
        brand=brand,
        brand_names=brand_names,
        price=price,
        band=band,
        percentile=percentile,
        available=np.array([item.available for item in shelf], dtype=np.bool_),
    )


def save_catalogue(catalogue: Catalogue, folder: Path) -> None:
    """Write one file into an existing folder; the same catalogue gives the same bytes."""
    saved = _Saved(
        format=FORMAT,
        items=catalogue.items,
        category=catalogue.category.tolist(),
        category_names=catalogue.category_names,
        brand=catalogue.brand.tolist(),
        brand_names=catalogue.brand_names,
        band=catalogue.band.tolist(),
        percentile=[None if np.isnan(value) else value for value in catalogue.percentile.tolist()],
    )
    (folder / FILE).write_bytes(msgspec.json.encode(saved))


def load_catalogue(folder: Path) -> Catalogue:
    """Read what `save_catalogue` wrote. Raises StoreError where it is missing, broken or of another format."""
    try:
        saved = msgspec.json.decode((folder / FILE).read_bytes(), type=_Saved)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(f"{folder / FILE} cannot be read: {error}.", remedy="Fit the shop again.") from error
    if saved.format != FORMAT:
        raise StoreError(
            f"{folder / FILE} has format {saved.format}; this release reads {FORMAT}.", remedy="Fit the shop again."
        )
    return Catalogue(
        items=saved.items,
        category=np.array(saved.category, dtype=np.int32),
        category_names=saved.category_names,
        brand=np.array(saved.brand, dtype=np.int32),
        brand_names=saved.brand_names,
        price=_prices(saved.items),
        band=np.array(saved.band, dtype=np.int32),
        percentile=np.array(saved.percentile, dtype=np.float64),
        available=np.array([item.available for item in saved.items], dtype=np.bool_),
    )


def _categories(shelf: Sequence[Item], baskets: Baskets) -> tuple[Rows, tuple[str, ...]]:
    """Return codes into leaf paths and, for the items without a path, into themes."""
    from likeness.catalog.themes import Baskets, induce_themes

    leaves = [PATH.join(item.categories) for item in shelf]
    bare = [row for row, leaf in enumerate(leaves) if not leaf]
    place = np.full(len(shelf) + 1, -1, dtype=np.int64)
    place[bare] = np.arange(len(bare))
    kept = place[baskets.item] >= 0
    within = Baskets(item=place[baskets.item][kept], basket=baskets.basket[kept])
    themes = induce_themes([shelf[row].title for row in bare], [shelf[row].item_id for row in bare], within)
    for row, code in zip(bare, themes.code.tolist(), strict=True):
        leaves[row] = themes.names[code] if code >= 0 else ""
    return _coded(leaves)


def _coded(values: Sequence[str]) -> tuple[Rows, tuple[str, ...]]:
    """Return codes into the ascending distinct values, -1 for ""."""
    names = sorted(set(values) - {""})
    place = {name: code for code, name in enumerate(names)}
    return np.array([place.get(value, -1) for value in values], dtype=np.int32), tuple(names)


def _prices(items: Sequence[Item]) -> Floats:
    return np.array([np.nan if item.price is None else item.price for item in items], dtype=np.float64)
