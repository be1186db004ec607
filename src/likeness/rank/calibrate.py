"""Calibration: what a score says about how often, without moving anything in the order.

Isotonic regression by pooling adjacent violators (Ayer et al. 1955), its blocks drawn together to their centres
(centred isotonic regression, Oron and Flournoy 2017), so that between two blocks a higher score is a higher probability
and not the same one. Beyond the outermost blocks the probability nears 0 and 1, never reaching them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from likeness.types import Floats

BINS = 10
Hits = NDArray[np.bool_]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Turns scores into probabilities; make it by `calibrate`."""

    scores: tuple[float, ...]  # of the knots, rising
    rates: tuple[float, ...]  # at the knots, rising, inside (0, 1)
    scale: float  # of the scores: how fast the ends near 0 and 1

    def probability(self, scores: Floats) -> Floats:
        """Return (n,) probabilities of (n,) scores; a higher score is a higher probability."""
        at, rate = np.array(self.scores), np.array(self.rates)
        inside = np.interp(scores, at, rate)
        below = rate[0] * np.exp(np.minimum(scores - at[0], 0.0) / self.scale)
        above = (1.0 - rate[-1]) * np.exp(np.minimum(at[-1] - scores, 0.0) / self.scale)
        return np.asarray(np.where(scores < at[0], below, np.where(scores > at[-1], 1.0 - above, inside)), np.float64)


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """What was said against what came, bin by bin, from the least likely on."""

    said: Floats  # (B,) mean probability
    came: Floats  # (B,) share of hits
    count: Floats  # (B,) how many, by weight

    @property
    def error(self) -> float:
        """The expected calibration error: the mean of |said - came|, by count (Naeini et al. 2015)."""
        return float((np.abs(self.said - self.came) * self.count).sum() / max(float(self.count.sum()), 1e-12))


def calibrate(scores: Floats, hits: Hits, weights: Floats | None = None) -> Calibration:
    """Return the calibration of (n,) scores by whether they hit (n,); `weights` (n,) count an example several times.

    The scores should come from a scorer that has not seen these hits. Raises ValueError without a single example.
    """
    if not len(scores):
        raise ValueError("there is nothing to calibrate on: give at least one score and whether it hit.")
    weight = np.ones(len(scores)) if weights is None else np.asarray(weights, float)
    centre, rate = _blocks(np.asarray(scores, float), np.asarray(hits, float), weight)
    least = 0.5 / (float(weight.sum()) + 1.0)  # half a hit among all: nothing is impossible, nothing certain
    scale = max(float(np.std(scores)), 1e-6)
    return Calibration(
        scores=tuple(centre.tolist()), rates=tuple(np.clip(rate, least, 1.0 - least).tolist()), scale=scale
    )


def reliability(probabilities: Floats, hits: Hits, weights: Floats | None = None, *, bins: int = BINS) -> Reliability:
    """Return the reliability table of (n,) probabilities over bins that hold about the same number of examples each."""
    order = np.argsort(probabilities, kind="stable")
    weight = (np.ones(len(order)) if weights is None else np.asarray(weights, float))[order]
    below = np.cumsum(weight) - weight
    place = np.minimum((below / max(float(weight.sum()), 1e-12) * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, weight, bins).astype(np.float64)
    there = count > 0
    said = np.bincount(place, weight * probabilities[order], bins)[there] / count[there]
    came = np.bincount(place, weight * hits[order], bins)[there] / count[there]
    return Reliability(said=said, came=came, count=count[there])


def _blocks(scores: Floats, hits: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return (mean score, share of hits) of the blocks of the isotonic fit, each strictly above the last."""
    _, group = np.unique(scores, return_inverse=True)
    mass = np.bincount(group, weight)
    total, came = np.bincount(group, weight * scores), np.bincount(group, weight * hits)
    stack: list[tuple[float, float, float]] = []  # mass, sum of scores, sum of hits
    for one in zip(mass.tolist(), total.tolist(), came.tolist(), strict=True):
        block: Sequence[float] = one
        while stack and stack[-1][2] * block[0] >= block[2] * stack[-1][0]:  # share of the last >= share of this
            block = [a + b for a, b in zip(stack.pop(), block, strict=True)]
        stack.append((block[0], block[1], block[2]))
    found = np.array(stack)
    return found[:, 1] / found[:, 0], found[:, 2] / found[:, 0]
