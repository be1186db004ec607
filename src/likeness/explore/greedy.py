"""The simplest policies: the ranker's best, and the same with places filled blindly now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from likeness.explore.lottery import Lottery
from likeness.explore.policy import Places
from likeness.types import Floats


@dataclass(frozen=True, kw_only=True)
class EpsilonGreedy(Lottery):
    """The ranker's order, each place filled blindly with probability `slip` (Sutton and Barto 2018, section 2.2).

    With `slip` 0 this is greedy: propensities are 1 for what is shown and 0 for anything else.
    """

    count: int = 1
    slip: float = 0.05
    name: ClassVar[str] = "epsilon"

    def one(self, places: Places, j: int) -> Floats:
        """Return (m,) the ranker's scores."""
        return places.scores

    def every(self, places: Places) -> Floats:
        """Return (m, 1)."""
        return places.scores[:, None]


GREEDY = EpsilonGreedy(slip=0.0)
