"""The two questions asked of every recommender: what will be bought, and what new thing will be bought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.baselines import Facts, Scores
from likeness.evaluate.lists import ranked
from likeness.evaluate.metrics import DEEP, K, hits, ndcg, recall
from likeness.evaluate.splits import Split, Targets, codes, new_only
from likeness.types import Rows

HEADLINE = {"all": f"ndcg@{K}", "new": f"recall@{DEEP}"}
"""The measure that decides each task; baselines are tuned on it."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One question: targets, and whether what was bought before may be named."""

    name: str  # "all" or "new"
    targets: Targets
    exclude_seen: bool


def tasks(split: Split, n_items: int, limit: int | None, seed: int) -> tuple[Task, ...]:
    """Return the tasks of a split for at most `limit` shoppers (drawn with `seed`); one without targets is left out."""
    every = _sample(split.targets, limit, seed)
    fresh = new_only(replace(split, targets=every), n_items)
    both = (Task(name="all", targets=every, exclude_seen=False), Task(name="new", targets=fresh, exclude_seen=True))
    return tuple(task for task in both if len(task.targets))


def _sample(targets: Targets, limit: int | None, seed: int) -> Targets:
    if limit is None or len(targets) <= limit:
        return targets
    chosen = np.zeros(len(targets), bool)
    chosen[np.random.default_rng(seed).permutation(len(targets))[:limit]] = True
    return targets.only(chosen)


def baseline_lists(scores: Scores, facts: Facts, task: Task, available: NDArray[np.bool_], n: int) -> Rows:
    """Return (S, n) lists of a baseline for a task."""
    return ranked(scores, codes(facts.train, task.targets.shoppers), facts.filler, _banned(facts, task, available), n)


def _banned(facts: Facts, task: Task, available: NDArray[np.bool_]) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]]:
    bought = facts.profile("purchases")

    def banned(who: NDArray[np.int64]) -> NDArray[np.bool_]:
        result = np.broadcast_to(~available, (len(who), facts.n_items)).copy()
        if task.exclude_seen:
            owned = bought[np.maximum(who, 0)].toarray() > 0
            result |= owned & (who >= 0)[:, None]
        return result

    return banned


def headline(task: Task, lists: Rows, n_items: int) -> float:
    """Return the mean of the measure that decides a task."""
    hit = hits(lists, task.targets, n_items)
    values = ndcg(hit, task.targets.wanted, K) if task.name == "all" else recall(hit, task.targets.wanted, DEEP)
    return float(values.mean())
