"""The linear scorer: a weighted sum of standardised features, so that every part of a score can be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import msgspec
import numpy as np

from likeness.errors import StoreError
from likeness.types import Floats

Origin = Literal["default", "fitted", "boosted"]


class ScorerReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a scorer came about, in figures."""

    shoppers: int  # who bought any of their candidates
    purchases: int  # among the candidates
    reason: str  # why the scorer is what it is
    folds: Literal["forward", "shoppers", "none"] = "none"  # how trees were tried: on later times, on other shoppers
    linear: float | None = None  # NDCG@10 there, of the linear scorer
    boosted: float | None = None  # and of the best trees on top of it
    gain: tuple[float, float, float] | None = None  # their difference and its interval
    rounds: int = 0  # trees of the best
    shrink: float = 0.0  # and what their sum is multiplied by


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """A linear scorer as it is saved."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    origin: Origin
    report: ScorerReport | None = None
    format: int = 1


class LinearScorer:
    """score = sum of weight x (feature - mean) / scale; a missing feature (NaN) counts as its mean."""

    def __init__(
        self,
        names: Sequence[str],
        weights: Sequence[float],
        means: Sequence[float] | None = None,
        scales: Sequence[float] | None = None,
        *,
        origin: Origin = "default",
        report: ScorerReport | None = None,
    ) -> None:
        """Without means and scales features are read as they are. Raises ValueError when lengths differ."""
        self.names = tuple(names)
        count = len(self.names)
        self.weights = np.asarray(weights, float)
        self.means = np.zeros(count) if means is None else np.asarray(means, float)
        self.scales = np.ones(count) if scales is None else np.asarray(scales, float)
        self.origin: Origin = origin
        self.report = report
        lengths = {count, len(self.weights), len(self.means), len(self.scales)}
        if lengths != {count}:
            raise ValueError(f"names, weights, means and scales have lengths {sorted(lengths)}: give one of each.")

    def score(self, features: Floats) -> Floats:
        """Return (n,) scores of (n, F) features."""
        return np.asarray(self.contributions(features).sum(axis=1))

    def contributions(self, features: Floats) -> Floats:
        """Return (n, F): how much each feature adds to each score; rows sum to the score."""
        standard = (features - self.means) / self.scales
        return np.asarray(np.where(np.isnan(standard), 0.0, standard) * self.weights)

    def reported(self, report: ScorerReport | None, *, origin: Origin | None = None) -> Self:
        """Return the same scorer with another report, and another origin where one is given."""
        origin = self.origin if origin is None else origin
        lists = (self.weights.tolist(), self.means.tolist(), self.scales.tolist())
        return type(self)(self.names, *lists, origin=origin, report=report)

    def save(self, path: Path) -> None:
        """Write one JSON file."""
        saved = Scored(
            names=self.names,
            weights=tuple(self.weights.tolist()),
            means=tuple(self.means.tolist()),
            scales=tuple(self.scales.tolist()),
            origin=self.origin,
            report=self.report,
        )
        path.write_bytes(msgspec.json.format(msgspec.json.encode(saved), indent=1))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing or damaged."""
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=Scored)
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{path} cannot be read: {error}.", remedy="Fit the shop again.") from error
        return cls(saved.names, saved.weights, saved.means, saved.scales, origin=saved.origin, report=saved.report)
