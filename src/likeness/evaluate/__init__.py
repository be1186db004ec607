"""Honest measurement: what came next, every item ranked, tuned baselines, intervals, and no looking ahead."""

from __future__ import annotations

from likeness.evaluate.guard import assert_before, guard
from likeness.evaluate.lists import Recommend
from likeness.evaluate.report import Report
from likeness.evaluate.run import EvaluateConfig, evaluate
from likeness.evaluate.splits import Split, Targets, last_out, targets_of, targets_of_log, time_split
from likeness.evaluate.table import show

__all__ = [
    "EvaluateConfig",
    "Recommend",
    "Report",
    "Split",
    "Targets",
    "assert_before",
    "evaluate",
    "guard",
    "last_out",
    "show",
    "targets_of",
    "targets_of_log",
    "time_split",
]
