"""Drift: whether taste lately differs from taste before, with a test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from likeness.persona.config import PersonaConfig
from likeness.persona.facts import PATH
from likeness.persona.interests import latest_first, weights_at
from likeness.persona.record import Drift, Shift
from likeness.persona.state import PersonaState
from likeness.seeds import rng_of
from likeness.stats import HeavyHitters
from likeness.types import Floats

METHOD = (
    "Jensen-Shannon divergence (bits) of category shares: weight by the recent half-life against weight by the longest "
    "half-life less that, both as of the last event; p-value by parametric bootstrap of the likelihood ratio under one "
    "common taste, sample sizes by Kish with a design effect for events of one visit"
)
DRAWS = 200  # samples of the bootstrap; the smallest p-value it can give is 1 / (DRAWS + 1)
CATEGORIES = 24  # most categories compared, the heaviest; all others count as one
ELSEWHERE = "everything else"
_SHOWN = 3
_SLIGHT = 0.05  # of the season's weight: a past of less than about half a day is none


class Tastes(NamedTuple):
    """Two tastes over the same categories (k,), each summing to one, and how many independent events stand behind."""

    names: list[str]
    now: Floats
    before: Floats
    samples_now: float
    samples_before: float


def drift(state: PersonaState, config: PersonaConfig, purpose: str) -> Drift | None:
    """Return how taste moved; None where there is no taste before or none lately."""
    found = tastes(state, config)
    facet = state.facets.get("category")
    if found is None or facet is None:
        return None
    p_value, expected = chance(found)
    entries = facet.entries.values()
    dated = config.clock == "time"
    smaller = min(found.samples_now, found.samples_before)
    return Drift(
        divergence=float(divergence(found.now, found.before)),
        by_chance=expected,
        p_value=p_value,
        significant=p_value < config.drift_alpha,
        samples_recent=found.samples_now,
        samples_before=found.samples_before,
        rising=_shifts(found, 1.0),
        falling=_shifts(found, -1.0),
        method=METHOD,
        half_lives=(config.half_lives[config.recent], config.half_lives[config.long]),
        confidence=smaller / (smaller + config.count_lambda),
        count=_events(facet),
        evidence=latest_first({i: t for entry in entries for i, t in entry.evidence.items()}.items())[:3],
        first_seen=min(entry.first for entry in entries) if dated else None,
        last_seen=max(entry.last for entry in entries) if dated else None,
        purpose=purpose,
    )


def _shifts(found: Tastes, sign: float) -> tuple[Shift, ...]:
    """The categories that moved most in one direction, the largest move first."""
    moved = sign * (found.now - found.before)
    order = sorted((i for i in range(len(moved)) if moved[i] > 0.0), key=lambda i: (-moved[i], found.names[i]))
    return tuple(
        Shift(value=found.names[i], before=float(found.before[i]), now=float(found.now[i])) for i in order[:_SHOWN]
    )


def tastes(state: PersonaState, config: PersonaConfig) -> Tastes | None:
    """Return taste lately and before, as seen from the last event of any category; None where either is empty.

    An event of age a counts 2^(-a / recent) in the one and 2^(-a / long) - 2^(-a / recent) in the other: its weight
    over the season is divided between them, so that they share no evidence.
    """
    facet = state.facets.get("category")
    if facet is None or facet.sketch is not None or not facet.entries:
        return None
    last = max(entry.last for entry in facet.entries.values())
    values, weights = weights_at(facet, last)
    own = exclusive(values, weights)
    season = np.maximum(own[:, config.long], 0.0)
    now = np.maximum(own[:, config.recent], 0.0)
    before = np.maximum(season - now, 0.0)
    if min(now.sum(), before.sum()) <= _SLIGHT * season.sum():
        return None
    recent, both, long = state.mass.at(last)
    events, clustering = _events(facet), design_effect(state, config)
    n_now = _samples(now, recent, events) / clustering
    n_before = _samples(before, long - 2.0 * both + recent, events) / clustering
    names, now, before = _heaviest(values, now / now.sum(), before / before.sum())
    return Tastes(names, now, before, n_now, n_before)


def design_effect(state: PersonaState, config: PersonaConfig) -> float:
    """Return how many times fewer independent events there are than events, 1 + (events per visit - 1) rho (Kish 1965).

    Lines of one basket resemble each other; counted as independent they would make chance look like drift.
    """
    facet, visits = state.facets.get("category"), state.visits.estimate()
    if facet is None or visits < 1.0:
        return 1.0
    return 1.0 + max(0.0, _events(facet) / visits - 1.0) * config.drift_correlation


def _events(facet: HeavyHitters) -> int:
    """How many events had a category: each has one path and so one root."""
    return sum(entry.count for value, entry in facet.entries.items() if PATH not in value)


def _samples(weights: Floats, squares: float, events: int) -> float:
    """Kish's effective sample size (sum w)^2 / sum w^2; rounding must not make it more than the events there are."""
    total = float(weights.sum()) ** 2
    return total / squares if squares * events > total else float(events)


def exclusive(values: list[str], weights: Floats) -> Floats:
    """Return (n, H) each path's weight without that of the paths right below it."""
    place = {value: i for i, value in enumerate(values)}
    own = weights.copy()
    for i, value in enumerate(values):
        above = place.get(value.rpartition(PATH)[0])
        if above is not None:
            own[above] -= weights[i]
    return own


def divergence(p: Floats, q: Floats) -> Floats:
    """Return the Jensen-Shannon divergence in bits over the last axis (Lin 1991): 0 equal, 1 nothing in common."""
    middle = (p + q) / 2.0
    return (_relative(p, middle) + _relative(q, middle)) / 2.0


def likelihood_ratio(p: Floats, q: Floats, n: float, m: float) -> Floats:
    """Return G = 2 (n KL(p, r) + m KL(q, r)) in bits with r the pooled shares: divergence weighed by sample size."""
    pooled = (n * p + m * q) / (n + m)
    return 2.0 * (n * _relative(p, pooled) + m * _relative(q, pooled))


def chance(found: Tastes) -> tuple[float, float]:
    """Return (p-value, expected divergence) if both tastes were one, by parametric bootstrap.

    Samples of both sizes are drawn from the pooled shares; p is the share of draws with a likelihood ratio at least
    the one seen (Davison & Hinkley 1997, eq. 4.11).
    """
    n, m = max(1, round(found.samples_now)), max(1, round(found.samples_before))
    pooled = (n * found.now + m * found.before) / (n + m)
    rng = rng_of("drift")
    p = rng.multinomial(n, pooled, size=DRAWS) / n  # (DRAWS, k)
    q = rng.multinomial(m, pooled, size=DRAWS) / m
    seen = likelihood_ratio(found.now, found.before, n, m)
    extreme = int(np.count_nonzero(likelihood_ratio(p, q, n, m) >= seen - 1e-12))
    return (1.0 + extreme) / (DRAWS + 1.0), float(divergence(p, q).mean())


def _relative(p: Floats, q: Floats) -> Floats:
    """The relative entropy of p to q in bits, over the last axis; q is positive wherever p is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(p > 0.0, p * np.log2(p / q), 0.0).sum(axis=-1))


def _heaviest(names: list[str], now: Floats, before: Floats) -> tuple[list[str], Floats, Floats]:
    heavy = now + before
    order = sorted((i for i in range(len(names)) if heavy[i] > 0.0), key=lambda i: (-heavy[i], names[i]))
    kept, rest = order[:CATEGORIES], order[CATEGORIES:]
    if not rest:
        return [names[i] for i in kept], now[kept], before[kept]
    labels = [*(names[i] for i in kept), ELSEWHERE]
    return labels, np.append(now[kept], now[rest].sum()), np.append(before[kept], before[rest].sum())
