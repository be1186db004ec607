"""The tables of a shop database. Every key begins with the shop's number, so one file can hold many shops."""

from __future__ import annotations

import pyarrow as pa

from likeness.schema import EVENT_SCHEMA, QUARANTINE_SCHEMA

VERSION = 1
"""Kept in `PRAGMA user_version`; raised whenever a table changes."""

APPLICATION = 0x4C696B65
"""Kept in `PRAGMA application_id`: the letters "Like"."""


def _columns(schema: pa.Schema) -> str:
    return ",\n    ".join(f'"{field.name}" {_affinity(field.type)}' for field in schema)


def _affinity(kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "TEXT"
    return "REAL" if pa.types.is_floating(kind) else "INTEGER"


TABLES = f"""
CREATE TABLE shops (
    shop INTEGER PRIMARY KEY,
    shop_id TEXT NOT NULL UNIQUE,
    highest INTEGER NOT NULL DEFAULT 0,     -- cursor; never falls, so an erased one is never given again
    used INTEGER NOT NULL DEFAULT 0,        -- bit i: column i of an event has ever held a value
    generation INTEGER NOT NULL DEFAULT 0,  -- the generation of persona snapshots that readers see
    erasures INTEGER NOT NULL DEFAULT 0     -- how many shoppers were erased
);
CREATE TABLE events (
    shop INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    {_columns(EVENT_SCHEMA)},
    shopper TEXT GENERATED ALWAYS AS (coalesce(user_id, visitor_id)) VIRTUAL,
    PRIMARY KEY (shop, cursor)
) WITHOUT ROWID;
CREATE UNIQUE INDEX event_ids ON events (shop, event_id);
CREATE INDEX shoppers ON events (shop, shopper, cursor) WHERE shopper IS NOT NULL;
CREATE TABLE quarantine (
    place INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    {_columns(QUARANTINE_SCHEMA)}
);
CREATE TABLE observations (
    shop INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    first REAL,
    last REAL,
    PRIMARY KEY (shop, item_id, field, value)
) WITHOUT ROWID;
CREATE TABLE imports (
    place INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    digest TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (shop, digest)
);
CREATE TABLE personas (
    place INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    shopper TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (shop, generation, shopper)
);
CREATE TABLE items (
    place INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (shop, item_id)
);
CREATE TABLE slates (
    place INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    shopper TEXT,
    time REAL NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (shop, request_id)
);
CREATE INDEX slate_shoppers ON slates (shop, shopper, time) WHERE shopper IS NOT NULL;
CREATE TABLE meta (
    shop INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (shop, key)
) WITHOUT ROWID;
"""
