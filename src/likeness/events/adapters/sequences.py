"""Sequences: `user<TAB>items in order`. Order without times: the i-th item is bought at position i."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.events.draft import flags
from likeness.events.parts import Parts
from likeness.files.chunk import Column, RawChunk
from likeness.files.coerce import texts


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one purchase per item of a row; `time` is the position, counted from 0.

    The first column is the user, the second the items, split at white space or commas; records name both.
    """
    names = tuple(name for name, _ in chunk.named()) or ("user_id", "items")
    users, _ = texts(chunk.column(mapping.get("user_id", names[0])), len(chunk))
    lists, _ = texts(_joined(chunk.column(mapping.get("item_id", names[-1]))), len(chunk))
    if len(names) == 1:  # everything at white space: the first word is the user
        users, lists = (pc.extract_regex(lists, r"^(?P<a>\S+)\s+(?P<b>.*)$").field(i) for i in (0, 1))
    split = pc.split_pattern_regex(pc.fill_null(lists, ""), r"[\s,]+")
    count = np.diff(split.offsets.to_numpy()) * flags(pc.is_valid(lists))
    row = np.repeat(np.arange(len(chunk)), count)
    columns = {
        "event": pa.repeat(pa.scalar("purchase"), len(row)),
        "user_id": users.take(pa.array(row)),
        "item_id": split.filter(pc.is_valid(lists)).flatten(),
        "time": pa.array(np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)),
    }
    return Parts(row=row, columns=columns)


def _joined(column: Column | None) -> Column | None:
    if not isinstance(column, list):
        return column
    return [" ".join(map(str, value)) if isinstance(value, list) else value for value in column]
