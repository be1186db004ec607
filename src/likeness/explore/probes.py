"""Interest probes: a share of the places asks about categories of which the shopper's liking is uncertain.

At each place after the first, with probability `share` the best candidate of another category is shown, the category
drawn in proportion to what an answer would teach (`gain.information_gain`); a category already on the slate teaches
nothing more. A probe gives up at most the place's score; the expected sum of that, slips included, is kept below `cap`
times what the ranker's slate gains over a blind draw of candidates, along every path: a place that would overspend is
probed less often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from likeness.explore.gain import information_gain
from likeness.explore.policy import Order, Places
from likeness.types import Floats

Pick = Callable[[int, Floats], int]


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Reads `places.group`, `places.interest` and `places.examined`; everything else is the ranker's order."""

    share: float = 0.1  # of the places
    cap: float = 0.05  # of the ranker's gain over a blind draw, given up at most
    slip: float = 0.005  # of each place, filled blindly
    name: ClassVar[str] = "probes"

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        if not (0 <= self.share <= 1 and 0 <= self.slip <= self.cap <= 1):
            raise ValueError(
                f"share = {self.share}, cap = {self.cap}, slip = {self.slip}: shares, and slips are paid from the cap."
            )

    def draw(self, places: Places, rng: np.random.Generator) -> Order:
        """Return a slate."""
        dice = rng.random(places.filled)

        def pick(k: int, law: Floats) -> int:
            return int(min(np.searchsorted(law.cumsum(), dice[k] * law.sum(), side="right"), len(law) - 1))

        order, _ = self._walk(places, places.filled, pick)
        return order

    def log_prefixes(self, places: Places, order: Order) -> Floats:
        """Return (n,) log-probabilities of prefixes."""
        _, chosen = self._walk(places, len(order), lambda k, _: int(order[k]))
        with np.errstate(divide="ignore"):
            return np.cumsum(np.log(chosen))

    def _walk(self, places: Places, depth: int, pick: Pick) -> tuple[Order, Floats]:
        """Fill the first `depth` places one by one; `pick` says which candidate, given the place's law (m,)."""
        asked, n = _Asked(places), places.filled
        look = np.ones(n) if places.examined is None else places.examined[:n]
        budget = self.cap * float(look @ (places.scores[:n] - places.scores.mean()))
        order, chosen = np.empty(depth, np.intp), np.empty(depth)
        share = self.share * n / max(n - 1, 1)
        for k in range(depth):
            law, cost = self._law(asked, share if k else 0.0, float(look[k]), budget)
            order[k] = pick(k, law)
            chosen[k] = law[order[k]]
            budget -= cost
            asked.show(int(order[k]))
        return order, chosen

    def _law(self, asked: _Asked, share: float, look: float, budget: float) -> tuple[Floats, float]:
        """Return (m,) the law of the next place and the score it is expected to give up."""
        top = int(np.argmax(asked.left))  # candidates stand in the ranker's order
        best, worth = float(asked.scores[top]), float(asked.worth.sum())
        law = asked.left * (self.slip / asked.count)
        cost = look * self.slip * (best - asked.total / asked.count)
        probed = 0.0
        if share > 0 and worth > 0:
            odds = asked.worth / worth
            price = look * (best - float(odds @ asked.probe_scores))
            probed = min(share, max(budget - cost, 0.0) / price) if price > 0 else share
            cost += (1 - self.slip) * probed * max(price, 0.0)
            law[asked.probes] += (1 - self.slip) * probed * odds
        law[top] += (1 - self.slip) * (1 - probed)
        return law, cost


class _Asked:
    """Which candidates are left, and what each category would still teach; nothing once it is on the slate."""

    def __init__(self, places: Places) -> None:
        if places.group is None or places.interest is None:
            raise ValueError("probes need places.group and places.interest; see gain.interest_of.")
        self.scores, m = places.scores, len(places.scores)
        self.left = np.ones(m)
        self.count, self.total = m, float(places.scores.sum())
        names, self.probes, self.group = np.unique(places.group, return_index=True, return_inverse=True)
        self.probe_scores = places.scores[self.probes]  # the best candidate of each category
        gain = np.append(information_gain(*places.interest), 0.0)  # the last one: no category
        self.worth = gain[names]

    def show(self, place: int) -> None:
        self.left[place] = 0.0
        self.count -= 1
        self.total -= float(self.scores[place])
        self.worth[self.group[place]] = 0.0
