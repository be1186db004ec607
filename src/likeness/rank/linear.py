"""The linear scorer: a weighted sum of standardised features, so that every part of a score can be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import msgspec
import numpy as np

from likeness.errors import StoreError
from likeness.types import Floats

Origin = Literal["default", "fitted"]


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    names: tuple[str, ...]
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    origin: Origin
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
    ) -> None:
        """Without means and scales features are read as they are. Raises ValueError when lengths differ."""
        self.names = tuple(names)
        count = len(self.names)
        self.weights = np.asarray(weights, float)
        self.means = np.zeros(count) if means is None else np.asarray(means, float)
        self.scales = np.ones(count) if scales is None else np.asarray(scales, float)
        self.origin: Origin = origin
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

    def save(self, path: Path) -> None:
        """Write one JSON file."""
        saved = _Saved(
            names=self.names,
            weights=tuple(self.weights.tolist()),
            means=tuple(self.means.tolist()),
            scales=tuple(self.scales.tolist()),
            origin=self.origin,
        )
        path.write_bytes(msgspec.json.format(msgspec.json.encode(saved), indent=1))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing or damaged."""
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{path} cannot be read: {error}.", remedy="Fit the shop again.") from error
        return cls(saved.names, saved.weights, saved.means, saved.scales, origin=saved.origin)
