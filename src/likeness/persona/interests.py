"""Interests: each kind's values as shares of the shopper's interest, with confidence and evidence."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from likeness.persona.config import PersonaConfig
from likeness.persona.facts import PATH
from likeness.stats import HeavyHitters
from likeness.stats.heavy import Entry
from likeness.types import Facet, Floats

KINDS = ("category", "brand", "attribute", "price_band", "kind")
UNKNOWN = Entry(float("nan"), [], 0, float("nan"), 0.0, {})  # what is left of a key once a sketch took over


def weights_at(facet: HeavyHitters, time: float) -> tuple[list[str], Floats]:
    """Return the facet's values and their weights (n, H) decayed to `time`."""
    if facet.sketch is not None or not facet.entries:
        sums = facet.at(time)
        return list(sums), np.array(list(sums.values())).reshape(len(sums), len(facet.half_lives))
    entries = facet.entries.values()
    last = np.array([entry.last for entry in entries])
    age = np.maximum(time - last, 0.0)[:, None] / np.array(facet.half_lives)
    return list(facet.entries), np.array([entry.sums for entry in entries]) * np.exp2(-age)


def shares(kind: str, values: list[str], weights: Floats) -> Floats:
    """Return (n,) each value's signed share of all interest of its kind, in -1 to 1.

    Every event has one category path and one value per attribute, so categories share what their depth holds (the
    largest such sum, since a path may be short) and attributes what their name holds.
    """
    groups = _groups(kind, values)
    totals: dict[str, float] = {}
    for group, weight in zip(groups, np.abs(weights).tolist(), strict=True):
        totals[group] = totals.get(group, 0.0) + weight
    if kind == "category":
        largest = max(totals.values(), default=0.0)
        totals = dict.fromkeys(totals, largest)
    over = np.array([totals[group] for group in groups])
    return np.asarray(np.divide(weights, over, out=np.zeros_like(weights), where=over > 0.0))


def _groups(kind: str, values: list[str]) -> list[str]:
    if kind == "category":
        return [str(value.count(PATH)) for value in values]
    return [value.partition("=")[0] for value in values] if kind == "attribute" else [""] * len(values)


def facets(
    kind: str,
    facet: HeavyHitters | None,
    *,
    time: float,
    config: PersonaConfig,
    purpose: str,
    half_life: int,
    likes: int,
    dislikes: int = 0,
) -> tuple[Facet, ...]:
    """Return the strongest `likes`, strongest first, then the strongest `dislikes`, by one of the half-lives."""
    if facet is None:
        return ()
    values, matrix = weights_at(facet, time)
    weights = matrix[:, half_life]
    strengths = shares(kind, values, weights)
    order = sorted(range(len(values)), key=lambda i: (-strengths[i], values[i]))
    liked = [i for i in order if strengths[i] > 0.0][:likes]
    disliked = [i for i in reversed(order) if strengths[i] < 0.0][:dislikes]
    dated = config.clock == "time"
    return tuple(
        _facet(kind, values[i], float(strengths[i]), confidence(weights[i], config), facet, half_life, purpose, dated)
        for i in (*liked, *disliked)
    )


def confidence(weight: float, config: PersonaConfig) -> float:
    """Return |W| / (|W| + lambda): the share of the evidence against the prior, as in the ridge mean."""
    return abs(float(weight)) / (abs(float(weight)) + config.ridge_lambda)


def _facet(
    kind: str,
    value: str,
    strength: float,
    trust: float,
    facet: HeavyHitters,
    half_life: int,
    purpose: str,
    dated: bool,
) -> Facet:
    entry = facet.entries.get(value, UNKNOWN)
    known = dated and entry is not UNKNOWN
    return Facet(
        kind=kind,
        value=value,
        strength=strength,
        confidence=trust,
        count=entry.count,
        evidence=latest_first(entry.evidence.items()),
        first_seen=entry.first if known else None,
        last_seen=entry.last if known else None,
        half_life=facet.half_lives[half_life],
        purpose=purpose,
    )


def latest_first(evidence: Iterable[tuple[str, float]]) -> tuple[str, ...]:
    """Return event ids, the latest first."""
    return tuple(event_id for event_id, _ in sorted(evidence, key=lambda pair: (pair[1], pair[0]), reverse=True))
