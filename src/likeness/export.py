"""Exports: personas, events and items as Parquet, streamed in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from likeness.errors import FormatError, NotFoundError
from likeness.persona.arrow import PERSONA_SCHEMA, persona_table
from likeness.progress import Progress, silent
from likeness.schema import EVENT_SCHEMA, QUARANTINE_SCHEMA
from likeness.shop import Shop

BLOCK = 500  # shoppers written at once

CURSOR_SCHEMA = EVENT_SCHEMA.append(pa.field("cursor", pa.int64()))
ITEM_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("description", pa.string()),
        ("category", pa.string()),  # leaf path joined by " > ", given or induced
        ("brand", pa.string()),
        ("price", pa.float64()),
        ("currency", pa.string()),
        ("attributes", pa.string()),  # JSON object
        ("image", pa.string()),
        ("available", pa.bool_()),
        ("kind", pa.string()),
        ("first_seen", pa.float64()),
        ("last_seen", pa.float64()),
    ]
)


def export(shop: Shop, table: str, out: Path, progress: Progress = silent) -> int:
    """Write one table of a shop into `out`, which appears only when it is complete, and return the rows.

    Raises NotFoundError for another table than personas, events, items or quarantine, FormatError for another ending
    than .parquet.
    """
    tables = {"personas": personas, "events": events, "items": items, "quarantine": quarantine}
    schemas = {
        "personas": PERSONA_SCHEMA,
        "events": CURSOR_SCHEMA,
        "items": ITEM_SCHEMA,
        "quarantine": QUARANTINE_SCHEMA,
    }
    if table not in tables:
        raise NotFoundError(f"no table {table!r}.", remedy=f"Export one of {', '.join(tables)}.")
    if out.suffix != ".parquet":
        raise FormatError(f"{out}: exports are Parquet.", remedy=f"Name it {out.with_suffix('.parquet')}.")
    work = out.with_name(f".{out.name}.part")
    rows = 0
    with pq.ParquetWriter(work, schemas[table]) as writer:
        for block in tables[table](shop):
            writer.write_table(block)
            rows += len(block)
            progress(f"export {table}", rows, None)
    work.replace(out)
    return rows


def personas(shop: Shop) -> Iterator[pa.Table]:
    """Yield one row per claim about every shopper, in order of shopper, as of the model's end."""
    shoppers = shop.shoppers()
    while block := list(islice(shoppers, BLOCK)):
        yield persona_table(shop.persona(shopper) for shopper in block)


def events(shop: Shop) -> Iterator[pa.Table]:
    """Yield the log in its order, with its cursor."""
    for block in shop.store.scan(shop.shop_id):
        yield block.select(CURSOR_SCHEMA.names).cast(CURSOR_SCHEMA)


def quarantine(shop: Shop) -> Iterator[pa.Table]:
    """Yield every row that was repaired or set aside, with file, line, rule and value."""
    for block in shop.store.quarantine(shop.shop_id):
        yield block.select(QUARANTINE_SCHEMA.names).cast(QUARANTINE_SCHEMA)


def items(shop: Shop) -> Iterator[pa.Table]:
    """Yield the fitted catalogue: given and derived items, with their category or theme."""
    catalogue = shop.model.catalogue
    rows = []
    for row, item in enumerate(catalogue.items):
        code = int(catalogue.category[row])
        plain = {name: getattr(item, name) for name in ITEM_SCHEMA.names if name not in ("category", "attributes")}
        category = catalogue.category_names[code] if code >= 0 else None
        rows.append({**plain, "category": category, "attributes": msgspec.json.encode(item.attributes).decode()})
    yield pa.Table.from_pylist(rows, schema=ITEM_SCHEMA)
