"""One chunk through all rules: events, observations, ledger and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.events.draft import Draft, Mask, draft_of
from likeness.events.identity import event_ids, sessions
from likeness.events.kind import FileKind
from likeness.events.observe import observations
from likeness.events.outliers import Outliers
from likeness.events.parts import Adapt
from likeness.events.refunds import Purchases, match_refunds
from likeness.events.repeats import Repeats
from likeness.events.robots import Robots
from likeness.events.rules import CHECKS, Limits
from likeness.files.chunk import RawChunk
from likeness.files.options import ImportOptions
from likeness.files.rule import Verdicts
from likeness.files.times import LATEST, Clock
from likeness.schema import EVENT_SCHEMA


class Cleaned(NamedTuple):
    """What a chunk came to."""

    events: Any  # a table of EVENT_SCHEMA
    ledger: Any  # a table of QUARANTINE_SCHEMA
    observations: Any  # a table of OBSERVATION_SCHEMA
    counts: dict[str, int]


class Cleaner:
    """Takes the chunks of one file in order; remembers what the rules need from chunk to chunk."""

    def __init__(
        self, file: str, kind: FileKind, adapt: Adapt, options: ImportOptions, log: Purchases, shop_id: str
    ) -> None:
        """Start at the beginning of a file."""
        self._file, self._kind, self._adapt, self._options = file, kind, adapt, options
        self._log, self._shop_id = log, shop_id
        self._clock = Clock(ZoneInfo(options.timezone), kind.day_first)
        self._repeats, self._robots, self._outliers = Repeats(), Robots(), Outliers()
        latest = LATEST if options.latest is None else options.latest
        self._limits = Limits(
            latest=latest, not_products=kind.not_products, nobody=kind.nobody, by_position=kind.clock == "position"
        )

    def take(self, chunk: RawChunk) -> Cleaned:
        """Return the chunk's events and the verdict on each of its rows."""
        draft, verdicts, left_out = self._judge(chunk)
        if draft is None:
            settled = verdicts.settle(
                self._file, np.zeros(len(chunk), np.bool_), left_out, lambda rows: [None] * len(rows)
            )
            return Cleaned(EVENT_SCHEMA.empty_table(), settled.ledger, None, settled.counts)
        match_refunds(draft, self._log, self._shop_id)
        draft.note("anonymous", int((draft.alive & _is_null(draft.shopper())).sum()))
        seen = observations(draft)
        living = np.zeros(len(chunk), np.bool_)
        living[draft.parts.row[draft.alive]] = True
        settled = verdicts.settle(self._file, living, left_out, _who(draft, len(chunk)))
        return Cleaned(_table(draft), settled.ledger, seen, settled.counts)

    def skip(self, chunk: RawChunk) -> None:
        """Remember from a chunk what the rules need, without its events: it was done before."""
        self._judge(chunk)

    def _judge(self, chunk: RawChunk) -> tuple[Draft | None, Verdicts, Mask]:
        verdicts = Verdicts(chunk)
        left_out = np.zeros(len(chunk), np.bool_)
        if not len(chunk):
            return None, verdicts, left_out
        parts = self._adapt(chunk, self._kind.mapping)
        draft = draft_of(parts, verdicts, self._clock, by_position=self._limits.by_position)
        self._default_currency(draft)
        later = self._later(draft)
        _empty_rows(draft, len(chunk))
        for check in CHECKS:
            check(draft, self._limits)
        self._remembering(draft)
        for name, places in parts.noted.items():
            draft.note(name, int(draft.alive[places].sum()))
        left_out[parts.row[later]] = True
        left_out[parts.row[~later]] = False
        return draft, verdicts, left_out

    def _remembering(self, draft: Draft) -> None:
        ids, bits = event_ids(draft)
        draft.text["event_id"] = ids
        self._repeats.check(draft, bits)
        draft.text["session_id"] = sessions(draft)
        self._robots.check(draft)
        self._outliers.check(draft)

    def _default_currency(self, draft: Draft) -> None:
        if self._options.currency is not None:
            draft.text["currency"] = pc.fill_null(draft.text["currency"], self._options.currency)

    def _later(self, draft: Draft) -> Mask:
        """Take out, silently, what happened at or after `until`: the file reads as if it had ended before."""
        if self._options.until is None:
            return np.zeros(len(draft), np.bool_)
        later = draft.number["time"] >= self._options.until
        draft.alive &= ~later
        return later


def _empty_rows(draft: Draft, rows: int) -> None:
    """Set aside rows that hold no event at all (an order without items)."""
    held = np.zeros(rows, np.bool_)
    held[draft.parts.row] = True
    empty = np.flatnonzero(~held)
    draft.verdicts.add("missing_item", True, empty, [""] * len(empty))


def _is_null(values: Any) -> Mask:
    return np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False), np.bool_)


def _who(draft: Draft, rows: int) -> Any:
    part = np.full(rows, -1, np.int64)
    part[draft.parts.row[::-1]] = np.arange(len(draft))[::-1]
    shopper = draft.shopper()

    def who(asked: NDArray[np.int64]) -> list[str | None]:
        places = part[asked]
        return list(shopper.take(pa.array(places, mask=places < 0)).to_pylist()) if len(places) else []

    return who


def _table(draft: Draft) -> Any:
    where = pa.array(np.flatnonzero(draft.alive))
    columns: Mapping[str, Any] = draft.text | {
        name: pa.array(values, from_pandas=True) for name, values in draft.number.items()
    }
    picked = [columns[name].take(where) for name in EVENT_SCHEMA.names]
    return pa.table(
        [column.cast(field.type) for column, field in zip(picked, EVENT_SCHEMA, strict=True)], schema=EVENT_SCHEMA
    )
