"""Examples: what shoppers were offered at earlier moments and what came of it, thinned to what learning needs.

A shopper's example is kept twice: everything wanted with a share of the rest, each standing for several, for the
weights of the linear scorer; and the best of a first rough scorer, for the trees, which only reorder the top.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.rank.entropy import cross_entropy, standardised
from likeness.seeds import rng_of
from likeness.types import Floats, Vectors

OTHERS = 100  # candidates of a shopper, not wanted, that stand for the rest
PILOT = 300  # examples from which the rough scorer is learnt
ROUGH = 25  # steps of its fit
HARD = 150  # candidates of a shopper that trees look at
Hits = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One shopper asked at one moment."""

    shopper: str
    asked: float  # the moment: everything known is earlier
    until: float  # what came before this moment is what was wanted; infinite where the log has positions
    features: Floats  # (n, F) of the candidates
    targets: Hits  # (n, T) what came of them, one column per kind of target


@dataclass(frozen=True, kw_only=True)
class Thinned:
    """What is kept of one example for one target."""

    shopper: str
    asked: float
    until: float
    features: Vectors  # (k, F) all that was wanted, and some others
    hit: Hits  # (k,)
    weight: Vectors  # (k,) how many candidates each stands for
    hard: Vectors  # (h, F) the candidates that a rough scorer puts first; none without a known moment
    hard_hit: Hits  # (h,)


class Thinner:
    """Takes examples one by one and keeps what learning one target needs; a shopper who wanted nothing is left out."""

    def __init__(self, *, target: int = 0, seed: int) -> None:
        """Look at one column of the targets; `seed` draws the others."""
        self._target, self._seed, self._rng = target, seed, rng_of("others", seed)
        self._first: list[Example] = []
        self._kept: list[Thinned] = []
        self._rough: Floats | None = None

    def add(self, example: Example) -> None:
        """Take one example; the first PILOT wait for each other."""
        if not example.targets[:, self._target].any():
            return
        if self._rough is not None:
            self._kept.append(_thin(example, self._target, self._rng, self._rough))
            return
        self._first.append(example)
        if len(self._first) == PILOT:
            self._start()

    def done(self) -> list[Thinned]:
        """Return what was kept, in the order it came."""
        self._start()
        return self._kept

    def _start(self) -> None:
        if not self._first:
            return
        self._rough = _rough([_thin(one, self._target, rng_of("pilot", self._seed), None) for one in self._first])
        self._kept += [_thin(one, self._target, self._rng, self._rough) for one in self._first]
        self._first = []


def thinned(examples: Iterable[Example], *, target: int = 0, seed: int) -> list[Thinned]:
    """Return the examples in which anything of one target column was wanted, thinned; `seed` draws the others."""
    thinner = Thinner(target=target, seed=seed)
    for example in examples:
        thinner.add(example)
    return thinner.done()


def _thin(example: Example, target: int, rng: np.random.Generator, rough: Floats | None) -> Thinned:
    hit = example.targets[:, target]
    rest = np.flatnonzero(~hit)
    few = np.sort(rng.permutation(rest)[:OTHERS])
    rows = np.concatenate([np.flatnonzero(hit), few])
    hard = np.empty(0, np.intp)
    if rough is not None and np.isfinite(example.asked):
        hard = np.sort(np.argsort(-(np.nan_to_num(example.features) @ rough), kind="stable")[:HARD])
    return Thinned(
        shopper=example.shopper,
        asked=example.asked,
        until=example.until,
        features=np.nan_to_num(example.features[rows]).astype(np.float32),
        hit=hit[rows],
        weight=np.where(hit[rows], 1.0, len(rest) / max(len(few), 1)).astype(np.float32),
        hard=np.nan_to_num(example.features[hard]).astype(np.float32),
        hard_hit=hit[hard],
    )


def _rough(first: list[Thinned]) -> Floats:
    """Return (F,) weights of the features as they are, which put a shopper's candidates in a rough order."""
    features, _, scales, seen = standardised(np.concatenate([one.features for one in first]))
    weights = np.zeros(features.shape[1])
    hits, stands = [one.hit for one in first], [one.weight for one in first]
    weights[seen] = cross_entropy(features[:, seen], hits, stands, steps=ROUGH)
    return weights / scales
