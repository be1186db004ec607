"""What a rule is, the rules of reading, and the verdicts on a chunk that add up to its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from likeness.files.chunk import ROW_CHARS, RawChunk
from likeness.schema import QUARANTINE_SCHEMA

Status = Literal["repaired", "quarantined", "noted"]


class Rule(NamedTuple):
    """A named rule: what it holds against a row, and what becomes of the row ("noted" leaves it accepted)."""

    name: str
    what: str
    status: Status


READING = (
    Rule("malformed", "the row cannot be read: broken JSON, another number of fields, an open quote", "quarantined"),
    Rule("empty_row", "a blank line between rows", "quarantined"),
    Rule("truncated_file", "the file breaks off: what follows cannot be unpacked", "quarantined"),
    Rule("encoding", "the line is not in the file's encoding and was read in another", "repaired"),
    Rule("loose_json", "NaN, Infinity (read as missing) or bare control characters in JSON", "repaired"),
)
"""What can befall a row before its fields are looked at."""

_ID = re.compile(
    r'"(?:user_?id|customer_?id|visitor_?id|anonymous_?id|client_?id|user_pseudo_id)"\s*:\s*"([^"]{1,256})"', re.I
)


Who = Callable[[NDArray[np.int64]], list[str | None]]
"""The shopper of some rows, as far as it could be read: by it erasure finds what was set aside."""


class Mark(NamedTuple):
    """A rule that hit some parts of rows."""

    rule: str
    drops: bool  # the part is taken out; else it was mended
    rows: NDArray[np.int64]  # (k,) index of the row in the chunk
    values: list[str]


@dataclass
class Verdicts:
    """Collects what the rules say about a chunk, and settles every row as accepted, repaired or quarantined.

    A row may hold several parts (an order with three items). It is quarantined when no part is left, repaired when
    some part was taken out or mended.
    """

    chunk: RawChunk
    marks: list[Mark] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, rule: str, drops: bool, rows: NDArray[np.int64], values: list[str]) -> None:
        """Record a hit."""
        if len(rows):
            self.marks.append(Mark(rule, drops, rows, values))

    def settle(self, file: str, living: NDArray[np.bool_], left_out: NDArray[np.bool_], who: Who) -> Settled:
        """Return the counts and the ledger; `living` and `left_out` are one per readable row."""
        self._reading_marks()
        final, kept = Counter(self.notes), []
        seen: set[tuple[int, str]] = set()
        for mark in self.marks:
            for row, value in zip(mark.rows.tolist(), mark.values, strict=True):
                key = (row, mark.rule if living[row] else "")
                if key in seen or left_out[row] or not (mark.drops or living[row]):
                    continue
                seen.add(key)
                final[mark.rule] += 1
                kept.append((row, "repaired" if living[row] else "quarantined", mark.rule, value))
        for fault in self.chunk.broken:
            final[fault.rule] += 1
        repaired = len({row for row, status, _, _ in kept if status == "repaired"})
        dead = int((~living & ~left_out).sum()) + len(self.chunk.broken)
        counts = {"rows": self.chunk.rows - int(left_out.sum()), "repaired": repaired, "quarantined": dead}
        counts["accepted"] = counts["rows"] - repaired - dead
        counts |= {"later": int(left_out.sum())} if left_out.any() else {}
        return Settled(counts | {f"rule:{name}": n for name, n in final.items()}, self._ledger(file, kept, who))

    def _reading_marks(self) -> None:
        for row, (rule, value) in self.chunk.mended.items():
            self.add(rule, False, np.array([row]), [value])

    def _ledger(self, file: str, kept: list[tuple[int, str, str, str]], who: Who) -> Any:
        rows = np.array([row for row, *_ in kept], np.int64)
        raws = self.chunk.raw_of(rows)
        lines = self.chunk.lines[rows].tolist()
        entries = [
            (file, line, status, rule, value, shopper, raw)
            for (_, status, rule, value), line, raw, shopper in zip(kept, lines, raws, who(rows), strict=True)
        ]
        for fault in self.chunk.broken:
            entries.append(
                (file, fault.line, "quarantined", fault.rule, fault.value, _shopper_in(fault.raw), fault.raw)
            )
        entries.sort(key=lambda entry: entry[1])
        columns = zip(*entries, strict=True) if entries else [[] for _ in QUARANTINE_SCHEMA]
        return pa.table([_safe(list(column)) for column in columns], schema=QUARANTINE_SCHEMA)


class Settled(NamedTuple):
    """The outcome of a chunk."""

    counts: dict[str, int]  # rows, accepted, repaired, quarantined, later, "rule:<name>"
    ledger: Any  # a table of QUARANTINE_SCHEMA


def _shopper_in(raw: str) -> str | None:
    found = _ID.search(raw)
    return found.group(1) if found is not None else None


def _safe(column: list[Any]) -> list[Any]:
    # A lone surrogate cannot be stored.
    return [v.encode("utf-8", "replace").decode()[:ROW_CHARS] if isinstance(v, str) else v for v in column]
