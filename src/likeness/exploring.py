"""Exploring in a shop: the policy that draws a slate, and what answers to earlier slates say of items.

Thompson sampling draws from what the scorer expects of an item times its lift: how much oftener than usual it is
clicked where it is shown, a gamma posterior over the logged slates. Probes read how sure the persona is of a category.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow.compute as pc

from likeness.explore import Choice, Places, decide
from likeness.explore.choice import policy_of
from likeness.explore.gain import interest_of
from likeness.explore.noise import key_of
from likeness.explore.outcomes import fold
from likeness.explore.policy import Policy
from likeness.explore.posteriors import CLICKS, EXPECTED, LOOKS, Posteriors, lift, lifted
from likeness.explore.thompson import Thompson
from likeness.ports import Store
from likeness.schema import EVENT_SCHEMA
from likeness.seeds import seed_of
from likeness.stores.rows import event_of, rows_in
from likeness.types import DAY, Catalogue, Event, Floats, Request, Rows

LOOK: Floats = 1.0 / np.log2(np.arange(2.0, 52.0))  # how likely a place is looked at, as NDCG discounts it
HALF_LIFE = 30 * DAY  # of an answer
SURE = 3.0  # expected clicks that the scorer's own expectation is worth
USUAL = 0.02  # clicks a look before any answer, worth 100 looks
WIDTH = 0.25  # of Thompson's samples: whole ones explore too much (docs/decisions/exploration.md)
INTERESTS = 20.0  # events that what everybody likes is worth


@dataclass(frozen=True)
class Explorer:
    """What the policies of one fitted model read."""

    catalogue: Catalogue
    version: str
    store: Store
    shop_id: str

    @cached_property
    def answers(self) -> Posteriors:
        """What was clicked of what was shown, from all slates in the log; read when first needed."""
        cited: dict[str, list[Event]] = {}
        for table in self.store.scan(self.shop_id):
            for row in rows_in(table.filter(pc.is_valid(table["request_id"])), EVENT_SCHEMA):
                event = event_of(row)
                cited.setdefault(str(event.request_id), []).append(event)
        return fold(self.store.slates(self.shop_id), cited, LOOK, HALF_LIFE)

    def forget(self) -> None:
        """Read the answers anew when they are next needed."""
        self.__dict__.pop("answers", None)

    @cached_property
    def _keys(self) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return np.array([key_of(item.item_id) for item in self.catalogue.items], np.uint64)

    def choose(
        self, name: str, scores: Floats, rows: Rows, n: int, request: Request, rng: np.random.Generator
    ) -> Choice:
        """Return a slate of `n` of the candidates `rows` (m,), best `scores` (m,) first, with exact propensities.

        Raises ConfigError for a policy that is unknown.
        """
        places = Places(
            scores=scores,
            n=n,
            keys=self._keys[rows],
            posterior=self._posterior(scores, rows, request.query.time) if name == "thompson" else None,
            group=self.catalogue.category[rows],
            interest=self._interest(request) if name == "probes" else None,
            examined=LOOK[np.minimum(np.arange(n), len(LOOK) - 1)],
        )
        return decide(self._policy(name), places, rng, explore=request.query.explore)

    def _policy(self, name: str) -> Policy:
        salt = seed_of(self.version)
        return Thompson(salt=salt, width=WIDTH) if name == "thompson" else policy_of(name, salt=salt)

    def _posterior(self, scores: Floats, rows: Rows, time: float) -> tuple[Floats, Floats]:
        """Return Beta (a, b), (m,) each, of a click on each candidate."""
        items = self.catalogue.items
        sums = self.answers.at(self.answers.rows([items[row].item_id for row in rows.tolist()]), time)
        usual = (sums[:, CLICKS].sum() + 100 * USUAL) / (sums[:, LOOKS].sum() + 100)
        sums[:, EXPECTED] = sums[:, LOOKS] * usual
        share = np.exp((scores - scores.max()) / (float(np.std(scores)) or 1.0))  # whatever the scorer's unit
        chance = np.clip(usual * len(scores) * share / share.sum(), 1e-6, 0.95)
        return lifted(chance, *lift(sums, strength=SURE))

    def _interest(self, request: Request) -> tuple[Floats, Floats]:
        """Return Beta (a, b), (C,) each, of the shopper's liking of every category."""
        names = self.catalogue.category_names
        liked = request.taste.facets.get("category", {})
        weights = np.array([float(liked[name][-1]) if name in liked else 0.0 for name in names])
        shares = np.bincount(self.catalogue.category[self.catalogue.category >= 0], minlength=len(names))
        return interest_of(weights, shares / max(shares.sum(), 1), strength=INTERESTS)
