"""A log that keeps nothing but what refunds need: `validate` runs an import into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.ports import ImportState
from likeness.types import Event

REMEMBERED = 5_000_000


class Trial:
    """Looks like an empty log; remembers the latest purchases."""

    def __init__(self) -> None:
        """Start empty."""
        self._purchases: deque[pa.Table] = deque()

    def append_table(
        self,
        shop_id: str,
        events: pa.Table,
        *,
        quarantine: pa.Table | None = None,
        observations: pa.Table | None = None,
        state: ImportState | None = None,
    ) -> int:
        """Remember the purchases and call every event new."""
        bought = events.filter(pc.equal(events["event"], "purchase"))
        shopper = pc.coalesce(bought["user_id"], bought["visitor_id"])
        self._purchases.append(
            bought.select(["event_id", "time", "item_id", "quantity"]).append_column("shopper", shopper)
        )
        while sum(map(len, self._purchases)) > REMEMBERED and len(self._purchases) > 1:
            self._purchases.popleft()
        return len(events)

    def import_state(self, shop_id: str, digest: str) -> ImportState | None:
        """Know nothing."""
        return None

    def purchases_of(self, shop_id: str, pairs: Sequence[tuple[str, str]]) -> list[Event]:
        """Return the remembered purchases of the pairs in order of time."""
        wanted = set(pairs)
        who, what = (
            pa.array({who for who, _ in wanted}, pa.string()),
            pa.array({what for _, what in wanted}, pa.string()),
        )
        found: list[Event] = []
        for table in self._purchases:
            near = table.filter(pc.and_(pc.is_in(table["shopper"], who), pc.is_in(table["item_id"], what)))
            found += [_event(row) for row in near.to_pylist() if (row["shopper"], row["item_id"]) in wanted]
        return sorted(found, key=lambda event: event.time)


def _event(row: dict[str, object]) -> Event:
    quantity = row["quantity"] if isinstance(row["quantity"], float) and not np.isnan(row["quantity"]) else None
    return Event(
        event_id=str(row["event_id"]),
        event="purchase",
        time=float(str(row["time"])),
        user_id=str(row["shopper"]),
        item_id=str(row["item_id"]),
        quantity=quantity,
    )
