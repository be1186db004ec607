"""The port of exploration: a policy fills the places of a slate and can say how likely any filling was.

Every policy is mixed with the ranker's own order: with share `explore` a slate is the policy's draw, otherwise the
order 0, 1, 2, ... The probability of an item at a place, given those before it, is P(prefix and item) / P(prefix) under
that mixture, so propensities are exact and off-policy estimates need no guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from likeness.types import Floats, Rows

Order = NDArray[np.intp]


class Choice(NamedTuple):
    """What is shown: indices into the candidates, first place first, and each one's propensity."""

    order: Order  # (n,)
    propensities: Floats  # (n,)


@dataclass(frozen=True, kw_only=True)
class Places:
    """m candidates in the ranker's order of preference, for n places; what a policy does not read may be left out."""

    scores: Floats  # (m,) of the ranker, larger is better
    n: int
    keys: NDArray[np.uint64] | None = None  # (m,) a hash of each item's name: which noise is its own
    posterior: tuple[Floats, Floats] | None = None  # (m,), (m,): Beta(a, b) of each item's chance to be liked
    spread: Floats | None = None  # (m,) standard deviation of each score
    features: Floats | None = None  # (m, d) of shopper and item
    group: Rows | None = None  # (m,) category, -1 none
    interest: tuple[Floats, Floats] | None = None  # (G,), (G,): Beta(a, b) of the shopper's liking of each category
    examined: Floats | None = None  # (n,) how likely each place is looked at; None: all alike

    @property
    def filled(self) -> int:
        """The number of places that can be filled."""
        return max(min(self.n, len(self.scores)), 0)


class Policy(Protocol):
    """A law over slates."""

    @property
    def name(self) -> str:
        """What reasons and logs call it."""
        ...

    def draw(self, places: Places, rng: np.random.Generator) -> Order:
        """Return (n,) distinct indices of candidates, first place first."""
        ...

    def log_prefixes(self, places: Places, order: Order) -> Floats:
        """Return (n,) the log-probability that a drawn slate begins with `order[: k + 1]`."""
        ...


def decide(policy: Policy, places: Places, rng: np.random.Generator, *, explore: float = 1.0) -> Choice:
    """Return a slate and its exact propensities; ValueError when `explore` is outside [0, 1]."""
    if not 0 <= explore <= 1:
        raise ValueError(f"explore = {explore}: must lie in [0, 1].")
    order: Order = np.arange(places.filled)
    if explore == 0 or len(order) == 0:
        return Choice(order, np.ones(len(order)))
    if explore == 1 or rng.random() < explore:
        order = policy.draw(places, rng)
    return Choice(order, chances(policy, places, order, explore=explore))


def chances(policy: Policy, places: Places, order: Order, *, explore: float = 1.0) -> Floats:
    """Return (n,) the probability of each place of `order` given the places before it, under the mixture."""
    return mixed(policy.log_prefixes(places, order), order, explore)


def mixed(drawn: Floats, order: Order, explore: float) -> Floats:
    """Return (n,) propensities from the log-probabilities of prefixes `drawn` (n,), mixed with the ranker's order."""
    ranked = np.cumprod(order == np.arange(len(order))).astype(bool)
    with np.errstate(divide="ignore"):
        kept = np.where(ranked, np.log1p(-explore), -np.inf)
        prefix = np.logaddexp(np.log(explore) + drawn, kept)
    return np.asarray(np.exp(np.diff(prefix, prepend=0.0)))
