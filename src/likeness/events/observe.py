"""What events say about items in passing: titles, brands, categories, as sums that merge."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.events.draft import Draft, Mask, flags
from likeness.events.fields import SEEN
from likeness.schema import OBSERVATION_SCHEMA

_NOTES = (
    "adjust adjusted adjustment again amazon amended amendment and away bad bits box broke broken by cancelled "
    "charity check checked counted cracked credit crushed damage damaged damages damp debt description dirty "
    "discoloured display donated dotcom ebay entry error etc faulty for found from given gone historic in "
    "incorrect incorrectly invc invcd invoice invoiced invoicing is it left lost mailout manual mia missing mix "
    "mixed mouldy my no not of on or order other return returned returns rotting rust rusty sale sales samples "
    "set short showroom smashed sold stock taig temp test the thrown to unknown unsaleable update was water wet "
    "wrong wrongly"
)
NOTE_WORDS = frozenset(_NOTES.split())
"""A description made of these words and numbers alone is a stock-keeper's note, not a title."""


def is_note(text: str) -> bool:
    """Tell a note from a title: nothing but signs, digits and words of NOTE_WORDS.

    >>> is_note("damaged?"), is_note("???"), is_note("85123a mixed"), is_note("LOST IN SPACE POSTER"), is_note("水杯")
    (True, True, True, False, False)
    """
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold())
    return all(word in NOTE_WORDS or re.fullmatch(r"\d+[a-z]{0,2}", word) for word in words)


def observations(draft: Draft) -> Any:
    """Return a table of OBSERVATION_SCHEMA from the living events; notes are counted and left out."""
    tables = []
    for field in SEEN:
        if draft.text[field].null_count < len(draft):
            mask = draft.alive & draft.has(field) & draft.has("item_id")
            tables.append(_titles(draft, mask) if field == "title" else _summed(draft, field, draft.text[field], mask))
    return pa.concat_tables(tables) if tables else OBSERVATION_SCHEMA.empty_table()


def _titles(draft: Draft, mask: Mask) -> Any:
    codes = pc.dictionary_encode(draft.text["title"])
    names = codes.dictionary.to_pylist()
    clean = pa.array([None if is_note(name) else re.sub(r"\s+", " ", name) for name in names], pa.string())
    titles = clean.take(codes.indices)
    good = mask & flags(pc.is_valid(titles))
    draft.note("note_not_title", int((mask & ~good).sum()))
    return _summed(draft, "title", titles, good)


def _summed(draft: Draft, field: str, values: Any, mask: Mask) -> Any:
    where = pa.array(np.flatnonzero(mask))
    rows = pa.table(
        {"item_id": draft.text["item_id"].take(where), "value": values.take(where), "time": draft.number["time"][mask]}
    )
    sums = rows.group_by(["item_id", "value"]).aggregate([("time", "count"), ("time", "min"), ("time", "max")])
    sums = sums.sort_by([("item_id", "ascending"), ("value", "ascending")])
    named = pa.repeat(pa.scalar(field), len(sums))
    columns = [sums["item_id"], named, sums["value"], sums["time_count"], sums["time_min"], sums["time_max"]]
    return pa.table(columns, names=OBSERVATION_SCHEMA.names).cast(OBSERVATION_SCHEMA)
