"""Content: items whose texts are like those the shopper wanted, by the cosine of their vectors; needs nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.history import half_lives
from likeness.evaluate.baselines.shelf import Facts, Matrix
from likeness.types import DAY, Vectors


def content_family(vectors: Vectors) -> Family:
    """Return the baseline over (n_items, d) text vectors of unit length; its profile is their faded, weighted sum."""

    def fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
        for settings in grid:
            days = settings["half_life_days"]
            profile = facts.profile(str(settings["signal"]), None if days is None else float(days) * DAY)
            yield settings, _scores(profile, vectors)

    return Family(name="content", grid=_grid, fit=fit)


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return the fadings of the shopper's own items (x signal), the quick ones first."""
    days = sorted(half_lives(facts), key=lambda value: np.inf if value is None else value)
    return tuple({"signal": signal, "half_life_days": value} for value in days for signal in facts.signals)[:6]


def _scores(profile: Matrix, vectors: Vectors) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        wanted = np.asarray(profile[np.maximum(codes, 0)] @ vectors, np.float32)
        length = np.linalg.norm(wanted, axis=1, keepdims=True)
        said = (wanted / np.maximum(length, 1e-9)) @ vectors.T
        return np.where((codes >= 0)[:, None] & (length > 0), said, 0.0).astype(np.float32)

    return scores
