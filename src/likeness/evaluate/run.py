"""`evaluate`: tune the baselines, ask everybody the same questions, measure, compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from likeness.evaluate.baselines import FAMILIES, Facts, Family
from likeness.evaluate.lists import Recommend, collect
from likeness.evaluate.measure import Asked, measure
from likeness.evaluate.metrics import DEEP
from likeness.evaluate.report import Report, Table
from likeness.evaluate.splits import Split, hold
from likeness.evaluate.tasks import Task, baseline_lists, tasks
from likeness.evaluate.tune import Progress, Tuned, fit_tuned, tune
from likeness.types import Catalogue, Rows


class EvaluateConfig(BaseModel):
    """How an evaluation is done; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: int = Field(default=6, ge=1, description="Settings tried per baseline, on an earlier window.")
    tune_shoppers: int = Field(default=2_000, ge=1, description="Shoppers of the earlier window looked at, at most.")
    shoppers: int | None = Field(
        default=None, ge=1, description="Shoppers evaluated at most (drawn with the seed); None: all."
    )
    ease_items: int = Field(
        default=20_000,
        ge=1,
        description="Above so many sold items EASE is solved over each item's nearest companions, not in whole.",
    )
    baselines: tuple[str, ...] | None = Field(default=None, description="Names of the baselines to run; None: all.")
    seed: int = Field(default=7, description="Seed of the resamples, of the draws of shoppers and of iALS.")
    resamples: int = Field(default=1_000, ge=1, description="Bootstrap resamples.")


def evaluate(
    split: Split,
    catalogue: Catalogue,
    recommenders: Mapping[str, Recommend],
    config: EvaluateConfig | None = None,
    *,
    extra: Sequence[Family] = (),
    progress: Progress = lambda message: None,
) -> Report:
    """Return the report of the recommenders and of all baselines on a split.

    `extra` are baselines that need what this package has not: item vectors (`content_family`), a net (`sasrec_family`).
    The first recommender is compared with the others, and each of them with the best baseline. Raises InputError when
    a training event is not before the cutoff, or when a recommender breaks its contract.
    """
    config = config or EvaluateConfig()
    facts = Facts(train=hold(split).train, n_items=len(catalogue), dense_items=config.ease_items)
    families, left_out = _present(facts, (*FAMILIES, *extra), config)
    asked = tasks(split, len(catalogue), config.shoppers, config.seed)
    tuned = tune(
        families, split, facts, catalogue.available,
        budget=config.budget, shoppers=config.tune_shoppers, seed=config.seed, progress=progress,
    )  # fmt: skip
    lists = _all_lists(families, tuned, facts, asked, catalogue, recommenders, config, progress)
    progress("measuring")
    return Report(
        protocol="last-out" if split.days is None else "time",
        cutoff=None if split.days is None else split.cutoff,
        days=split.days,
        train_events=len(split.train),
        items=len(catalogue),
        budget=config.budget,
        seed=config.seed,
        resamples=config.resamples,
        tuned=tuple(tuned),
        left_out=left_out,
        tables=tuple(_table(task, lists[task.name], facts, catalogue, tuple(recommenders), config) for task in asked),
    )


def _present(facts: Facts, families: Sequence[Family], config: EvaluateConfig) -> tuple[list[Family], dict[str, str]]:
    """Return the baselines to run, and why others are left out."""
    wanted = [family for family in families if config.baselines is None or family.name in config.baselines]
    reasons = {family.name: family.why_not(facts) for family in wanted}
    left_out = {name: reason for name, reason in reasons.items() if reason is not None}
    return [family for family in wanted if family.name not in left_out], left_out


def _all_lists(
    families: Sequence[Family],
    tuned: Sequence[Tuned],
    facts: Facts,
    asked: Sequence[Task],
    catalogue: Catalogue,
    recommenders: Mapping[str, Recommend],
    config: EvaluateConfig,
    progress: Progress,
) -> dict[str, dict[str, Rows]]:
    """Return task -> recommender -> (S, n) lists, the given recommenders first."""
    result: dict[str, dict[str, Rows]] = {task.name: {} for task in asked}
    for name, recommend in recommenders.items():
        progress(f"asking {name}")
        for task in asked:
            rows = list(collect(recommend, name, task.targets, DEEP, len(catalogue), task.exclude_seen))
            result[task.name][name] = np.stack(rows)
    by_name = {task.name: task for task in asked}
    for family, task_name, scores in fit_tuned(families, tuned, facts, config.seed, progress):
        if task_name in by_name:
            lists = baseline_lists(scores, facts, by_name[task_name], catalogue.available, DEEP)
            result[task_name][family] = lists
    return result


def _table(
    task: Task,
    lists: Mapping[str, Rows],
    facts: Facts,
    catalogue: Catalogue,
    ours: tuple[str, ...],
    config: EvaluateConfig,
) -> Table:
    asked = Asked(task=task, facts=facts, catalogue=catalogue)
    return measure(asked, lists, ours, seed=config.seed, resamples=config.resamples)
