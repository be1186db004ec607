"""Baselines get a fair chance: the same small number of settings each, chosen on an earlier window of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from likeness.errors import InputError
from likeness.evaluate.baselines import Facts, Family, Scores, Settings
from likeness.evaluate.metrics import DEEP
from likeness.evaluate.splits import Split, hold, inner
from likeness.evaluate.tasks import HEADLINE, baseline_lists, headline, tasks

Progress = Callable[[str], None]


class Trial(msgspec.Struct, frozen=True):
    """One setting that was tried, and its score on the earlier window."""

    settings: Settings
    score: float


class Tuned(msgspec.Struct, frozen=True):
    """What was tried for one baseline on one task, and what was chosen."""

    baseline: str
    task: str
    measure: str
    tried: int
    chosen: Settings
    score: float | None  # on the earlier window; None: it held nobody to tune on
    trials: tuple[Trial, ...] = ()  # all that was tried, in order


def tune(
    families: Sequence[Family],
    split: Split,
    outer: Facts,
    available: NDArray[np.bool_],
    *,
    budget: int,
    shoppers: int,
    seed: int,
    progress: Progress,
) -> list[Tuned]:
    """Return the best settings per baseline and task on the window before the cutoff (first wins ties).

    `outer` is what the final fits learn from.
    """
    n_items = outer.n_items
    try:
        earlier = inner(split)
    except InputError:  # nobody bought anything in the earlier window, or before it
        return [_untuned(family, name, outer) for family in families for name in HEADLINE]
    hold(earlier)
    facts = replace(outer, train=earlier.train, _made={})
    asked = tasks(earlier, n_items, shoppers, seed)
    found = []
    for family in families:
        progress(f"tuning {family.name}")
        grid = family.grid(outer)[:budget]  # as of the final fit, so that both windows know the same signals
        scored = []
        for settings, scores in family.fit(facts, grid, seed):
            lists = {task.name: baseline_lists(scores, facts, task, available, DEEP) for task in asked}
            scored.append((settings, {task.name: headline(task, lists[task.name], n_items) for task in asked}))
        found += [_best(family, name, scored, outer) for name in HEADLINE]
    return found


def _untuned(family: Family, task: str, facts: Facts) -> Tuned:
    return Tuned(family.name, task, HEADLINE[task], 0, family.grid(facts)[0], None)


def _best(family: Family, task: str, scored: list[tuple[Settings, dict[str, float]]], facts: Facts) -> Tuned:
    if not scored or task not in scored[0][1]:
        return _untuned(family, task, facts)
    settings, values = max(scored, key=lambda pair: pair[1][task])
    trials = tuple(Trial(tried, score[task]) for tried, score in scored)
    return Tuned(family.name, task, HEADLINE[task], len(scored), settings, values[task], trials)


def fit_tuned(
    families: Sequence[Family], tuned: Sequence[Tuned], facts: Facts, seed: int, progress: Progress
) -> Iterator[tuple[str, str, Scores]]:
    """Yield (baseline, task, scores) fitted on all training events; settings chosen for both tasks are fitted once."""
    for family in families:
        wanted: dict[str, list[Tuned]] = {}
        for choice in tuned:
            if choice.baseline == family.name:
                wanted.setdefault(msgspec.json.encode(choice.chosen).decode(), []).append(choice)
        progress(f"fitting {family.name}")
        grid = [choices[0].chosen for choices in wanted.values()]
        for (_, scores), choices in zip(family.fit(facts, grid, seed), wanted.values(), strict=True):
            for choice in choices:
                yield family.name, choice.task, scores
