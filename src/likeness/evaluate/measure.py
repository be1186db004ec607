"""From lists to a table: means, intervals, slices and comparisons of one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.baselines import Facts
from likeness.evaluate.bootstrap import Interval, difference, interval, ratio, resampled_means
from likeness.evaluate.debiased import Fraction, macro_recall, weights
from likeness.evaluate.debiased import ndcg as debiased_ndcg
from likeness.evaluate.debiased import recall as debiased_recall
from likeness.evaluate.metrics import (
    DEEP,
    K,
    calibration,
    category_history,
    coverage,
    head,
    hits,
    mrr,
    ndcg,
    novelty,
    recall,
    tail_share,
)
from likeness.evaluate.report import Comparison, Row, Table
from likeness.evaluate.slices import item_slices, shopper_slices
from likeness.evaluate.splits import PURCHASE, Targets, bought_pairs, codes
from likeness.evaluate.tasks import HEADLINE, Task
from likeness.types import Catalogue, Floats, Rows

Columns = dict[tuple[str, str], Floats]  # (recommender, metric) -> (S,)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A task with what its measures look at."""

    task: Task
    facts: Facts
    catalogue: Catalogue

    @cached_property
    def purchases(self) -> NDArray[np.int64]:
        """Return the purchases of each item before the cutoff, anonymous ones too."""
        train = self.facts.train
        sold = train.row[(train.event == PURCHASE) & (train.row >= 0)]
        return np.bincount(sold, minlength=len(self.catalogue))

    @cached_property
    def rarity(self) -> Floats:
        """Return (n_items,) the inverse propensities of the debiased measures."""
        return weights(self.purchases)

    @cached_property
    def in_head(self) -> NDArray[np.bool_]:
        """Return which items are head."""
        return head(self.purchases)

    @cached_property
    def buyers(self) -> NDArray[np.int64]:
        """Return the number of different shoppers who bought each item."""
        return np.bincount(bought_pairs(self.facts.train)[:, 1], minlength=len(self.catalogue))

    @cached_property
    def history(self) -> Floats:
        """Return (S, C): the mean category distribution of what each shopper had bought."""
        targets = self.task.targets
        place = np.full(len(self.facts.train.shoppers) + 1, -1, np.int64)
        code = codes(self.facts.train, targets.shoppers)
        place[code[code >= 0]] = np.flatnonzero(code >= 0)
        pairs = bought_pairs(self.facts.train)
        shape = (len(targets), max(len(self.catalogue.category_names), 1))
        return category_history(place[pairs[:, 0]], pairs[:, 1], self.catalogue.category, shape)

    def accuracy(self, lists: Rows, targets: Targets) -> dict[str, Floats]:
        """Return the measures of what was hit, each (S,)."""
        hit = hits(lists, targets, len(self.catalogue))
        wanted = targets.wanted
        return {
            f"ndcg@{K}": ndcg(hit, wanted, K),
            f"recall@{K}": recall(hit, wanted, K),
            f"recall@{DEEP}": recall(hit, wanted, DEEP),
            f"mrr@{K}": mrr(hit, K),
        }

    def debiased(self, lists: Rows) -> dict[str, Fraction]:
        """Return the measures that popularity does not flatter: per shopper what was found and what could have been."""
        targets = self.task.targets
        return {
            f"ndcg@{K}, debiased": debiased_ndcg(lists, targets, self.rarity, K),
            f"recall@{DEEP}, debiased": debiased_recall(lists, targets, self.rarity, DEEP),
            f"recall@{DEEP}, by item": macro_recall(lists, targets, len(self.catalogue), DEEP),
        }

    def character(self, lists: Rows) -> dict[str, Floats]:
        """Return the measures of what was listed, hit or not, each (S,)."""
        first, people = lists[:, :K], len(self.facts.train.shoppers)
        return {
            f"novelty@{K}": novelty(first, self.buyers, people),
            f"tail_share@{K}": tail_share(first, self.in_head),
            f"calibration@{K}": calibration(first, self.history, self.catalogue.category),
        }


def measure(asked: Asked, lists: Mapping[str, Rows], ours: tuple[str, ...], *, seed: int, resamples: int) -> Table:
    """Return the table of one task."""
    targets = asked.task.targets
    columns: Columns = {
        (name, metric): value
        for name, rows in lists.items()
        for metric, value in (asked.accuracy(rows, targets) | asked.character(rows)).items()
    }
    means, draws = _resample(columns, seed, resamples)
    _add_fractions(asked, lists, means, draws, seed, resamples)
    slices, sizes = _slices(asked, lists, columns, seed, resamples)
    return Table(
        task=asked.task.name,
        headline=HEADLINE.get(asked.task.name, f"ndcg@{K}"),
        shoppers=len(targets),
        wanted=float(targets.wanted.mean()),
        slice_sizes=sizes,
        rows=tuple(
            Row(
                recommender=name,
                baseline=name not in ours,
                metrics={m: interval(means[n, m], draws[n, m]) for n, m in means if n == name},
                coverage=coverage(rows[:, :K], len(asked.catalogue)),
                slices=slices[name],
            )
            for name, rows in lists.items()
        ),
        comparisons=_comparisons(asked, tuple(lists), ours, means, draws),
    )


def _add_fractions(
    asked: Asked,
    lists: Mapping[str, Rows],
    means: dict[tuple[str, str], float],
    draws: Columns,
    seed: int,
    resamples: int,
) -> None:
    """Add the debiased measures: ratios of two means, resampled together."""
    for name, rows in lists.items():
        columns: Columns = {}
        for metric, (found, ideal) in asked.debiased(rows).items():
            columns[metric, "found"], columns[metric, "ideal"] = found, ideal
        mean, drawn = _resample(columns, seed, resamples)
        for metric in dict.fromkeys(metric for metric, _ in columns):
            with np.errstate(divide="ignore", invalid="ignore"):
                means[name, metric] = float(np.divide(mean[metric, "found"], mean[metric, "ideal"]))
                draws[name, metric] = drawn[metric, "found"] / drawn[metric, "ideal"]


def _resample(columns: Columns, seed: int, resamples: int) -> tuple[dict[tuple[str, str], float], Columns]:
    """Return the mean and the resampled means of every column, all with the same resamples."""
    values = np.column_stack(list(columns.values()))
    drawn = resampled_means(values, seed=seed, resamples=resamples)
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(values).sum(axis=0) / there.sum(axis=0)
    keys = list(columns)
    return {key: float(mean[i]) for i, key in enumerate(keys)}, {key: drawn[:, i] for i, key in enumerate(keys)}


def _slices(
    asked: Asked, lists: Mapping[str, Rows], columns: Columns, seed: int, resamples: int
) -> tuple[dict[str, dict[str, dict[str, Interval]]], dict[str, int]]:
    """Return recommender -> slice -> metric -> interval, and the number of shoppers of each slice."""
    targets = asked.task.targets
    kept = (f"ndcg@{K}", f"recall@{DEEP}")
    parts: dict[str, Columns] = {}
    for name, chosen in shopper_slices(asked.facts.train, targets).items():
        parts[name] = {key: value[chosen] for key, value in columns.items() if key[1] in kept}
    place = {shopper: row for row, shopper in enumerate(targets.shoppers)}
    for name, some in item_slices(targets, asked.in_head).items():
        rows = np.array([place[shopper] for shopper in some.shoppers], np.int64)
        measured = {who: asked.accuracy(given[rows], some) for who, given in lists.items()}
        parts[name] = {(who, metric): measured[who][metric] for who in lists for metric in kept}
    result: dict[str, dict[str, dict[str, Interval]]] = {who: {} for who in lists}
    sizes = {name: len(next(iter(part.values()))) for name, part in parts.items()}
    for name, part in parts.items():
        if sizes[name]:
            means, draws = _resample(part, seed, resamples)
            for who in lists:
                result[who][name] = {m: interval(means[who, m], draws[who, m]) for m in kept}
    return result, sizes


def _comparisons(
    asked: Asked, names: tuple[str, ...], ours: tuple[str, ...], means: Mapping[tuple[str, str], float], draws: Columns
) -> tuple[Comparison, ...]:
    """Return each of ours against the best baseline, and the first of ours against the others of ours."""
    result = []
    baselines = [name for name in names if name not in ours]
    for metric in (f"ndcg@{K}", f"recall@{DEEP}"):
        value = {name: means[name, metric] for name in names}
        best = max(baselines, key=value.__getitem__, default=None)
        pairs = [(name, best, True) for name in ours if best is not None]
        pairs += [(ours[0], other, False) for other in ours[1:]]
        for name, against, is_best in pairs:
            a, b = (name, metric), (str(against), metric)
            sides = means[a], means[b], draws[a], draws[b]
            result.append(Comparison(metric, name, str(against), is_best, ratio(*sides), difference(*sides)))
    return tuple(result)
