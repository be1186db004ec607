"""Telling the same event again within a file, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.events.draft import Draft

WINDOW = 4_000_000
"""Repeats are told among at least this many latest events; beyond, the log itself knows an event it has."""


class Repeats:
    """The latest events of a file by 64 bits of their ids."""

    def __init__(self, window: int = WINDOW) -> None:
        """Start with nothing seen."""
        self._window = window
        self._recent: list[NDArray[np.uint64]] = []
        self._seen = np.empty(0, np.uint64)  # sorted

    def check(self, draft: Draft, bits: NDArray[np.uint64]) -> None:
        """Set aside living events that were there before, in the file or in this chunk."""
        places = np.flatnonzero(draft.alive)
        living = bits[places]
        _, first = np.unique(living, return_index=True)
        repeat = np.ones(len(living), np.bool_)
        repeat[first] = False
        repeat |= self._known(living)
        mask = np.zeros(len(draft), np.bool_)
        mask[places[repeat]] = True
        draft.drop("duplicate", mask, draft.shown("event_id", mask))
        self._learn(living[~repeat])

    def _known(self, bits: NDArray[np.uint64]) -> NDArray[np.bool_]:
        at = np.minimum(np.searchsorted(self._seen, bits), max(0, len(self._seen) - 1))
        return self._seen[at] == bits if len(self._seen) else np.zeros(len(bits), np.bool_)

    def _learn(self, bits: NDArray[np.uint64]) -> None:
        self._recent.append(bits)
        if sum(map(len, self._recent)) > 2 * self._window:
            while sum(map(len, self._recent)) > self._window and len(self._recent) > 1:
                self._recent.pop(0)
            self._seen = np.sort(np.concatenate(self._recent))
        else:
            self._seen = np.sort(np.concatenate([self._seen, bits]), kind="stable")  # two sorted runs merge fast
