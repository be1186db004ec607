"""Robots: sessions that browse faster than people do."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.events.draft import Draft, Mask, flags

Places = NDArray[np.int64]

PER_MINUTE = 120
PER_SESSION = 3_000
REMEMBERED = 200_000
_NAMES = r"(?i)(\b|_)(bot|crawler|spider|scraper|headless\w*|curl|python-requests)\b|bot/|bot;"


class Robots:
    """Counts what each session browses per minute and in all; forgets the sessions longest unseen."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._counts: dict[tuple[str, int], int] = {}
        self._caught: set[str] = set()

    def check(self, draft: Draft) -> None:
        """Set aside events of clients that name themselves robots, and of sessions from where they went too fast."""
        named = flags(pc.match_substring_regex(draft.text["device"], _NAMES)) & draft.alive
        draft.drop("bot_like", named, draft.shown("device", named))
        browsing = draft.alive & draft.is_event("view_item", "select_item", "search") & draft.has("session_id")
        if browsing.any():
            fast = self._too_fast(draft, np.flatnonzero(browsing))
            draft.drop("bot_like", fast, draft.shown("session_id", fast))

    def _too_fast(self, draft: Draft, places: Places) -> Mask:
        codes = pc.dictionary_encode(draft.text["session_id"].take(places))
        names, code = codes.dictionary.to_pylist(), codes.indices.to_numpy()
        minute = (draft.number["time"][places] // 60).astype(np.int64)
        since = np.array([0 if name in self._caught else len(draft) for name in names], np.int64)
        for slot, limit in ((minute, PER_MINUTE), (np.full_like(minute, -1), PER_SESSION)):
            self._count(names, code, slot, limit, places, since)
        self._caught.update(name for name, at in zip(names, since.tolist(), strict=True) if at < len(draft))
        mask = np.zeros(len(draft), np.bool_)
        mask[places[places >= since[code]]] = True
        return mask

    def _count(self, names: list[str], code: Places, slot: Places, limit: int, places: Places, since: Places) -> None:
        """Count sessions per slot, and move `since` to the place where one went over the limit."""
        order = np.lexsort((slot, code))
        starts = np.flatnonzero(np.diff(code[order], prepend=-1) | np.diff(slot[order], prepend=-2))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
            one = int(code[order[start]])
            key = (names[one], int(slot[order[start]]))
            before = self._counts.pop(key, 0)
            self._counts[key] = before + end - start
            if before + end - start > limit:
                since[one] = min(since[one], places[order[start + max(0, limit - before)]])
        while len(self._counts) > REMEMBERED:
            self._counts.pop(next(iter(self._counts)))
