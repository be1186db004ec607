"""Training of the sequence net: from a log to the folder that serving reads, within a budget.

The net is an ensemble of a few members that differ in seed and size; their logits are averaged, which costs serving no
more than one wider net. A first training holds out the latest token of some shoppers to know when to stop; a later one
learns everything there is by the same recipe and holds out nothing. In a log with times, where little is new, it goes
on from the earlier net's weights; in one of positions, where everybody has something new, it begins anew.
`docs/decisions/sequence.md` says what was tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np
from torch import Tensor

from likeness.errors import ConfigError, StoreError
from likeness.nets.sequence import Net
from likeness.seeds import seed_of
from likeness.train.curves import Point
from likeness.train.examples import Sequences, sequences
from likeness.train.export_sequence import export, read_weights
from likeness.train.first import new_net
from likeness.train.judge import held_out, validator
from likeness.train.lessons import batches_of, loop_config, loss_of
from likeness.train.loop import LoopReport, fit_loop
from likeness.train.plans import PLANS, Effort, Settings
from likeness.types import Catalogue, Interactions, Vectors

Progress = Callable[[str, float, float | None], None]


class SequenceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a training did; steps and epochs are summed over members, `validation` is their mean."""

    steps: int
    epochs: int
    seconds: float
    validation: float  # NDCG at 10 of held-out tokens, NaN where none were held out
    members: int


def train_sequence(
    log: Interactions,
    catalogue: Catalogue,
    vectors: Vectors,
    folder: Path,
    *,
    effort: Effort,
    seed: int = 0,
    start: Path | None = None,
    progress: Progress = lambda step, done, total: None,
) -> SequenceReport:
    """Train on everything in `log`, and write into the empty `folder` what serving reads and a later training needs.

    `vectors` (n_items, D) are text vectors, zeros where there is no text. `start` is the folder of a net of an earlier
    part of the log, over the same catalogue. The answer is a function of log, vectors, seed and machine,
    unless the seconds run out. Raises ConfigError for a log without two tokens of one shopper, StoreError for a foreign
    `start`.
    """
    began, plan = perf_counter(), PLANS[effort]
    told = sequences(log, catalogue.band)
    if not (told.lengths() > 1).any():
        raise ConfigError("the log has no shopper with two items.", remedy="Take effort fast, or bring a longer log.")
    nets, reports = [], []
    for number, settings in enumerate(plan.members):
        known = None if start is None or log.clock == "position" else read_weights(start, number)
        seconds = (plan.seconds if known is None else plan.refresh_seconds) / len(plan.members)
        net, report = fit_net(
            told,
            vectors,
            settings,
            seed=seed_of(seed, number),
            work=plan.work,
            seconds=seconds,
            known=known,
            hold_out=start is None,
            progress=progress,
        )
        nets.append(net)
        reports.append(report)
    export(nets, plan.members[0].longest, log.clock, folder)
    return SequenceReport(
        steps=sum(report.steps for report in reports),
        epochs=sum(report.epochs for report in reports),
        seconds=perf_counter() - began,
        validation=float(np.mean([np.nan if report.best is None else report.best for report in reports])),
        members=len(nets),
    )


def fit_net(
    told: Sequences,
    vectors: Vectors,
    settings: Settings,
    *,
    seed: int,
    work: float = math.inf,
    seconds: float | None = None,
    known: dict[str, Tensor] | None = None,
    hold_out: bool = True,
    progress: Progress = lambda step, done, total: None,
) -> tuple[Net, LoopReport]:
    """Return one member, trained from scratch or from `known` weights, on the processor and in `eval` mode.

    Raises StoreError where the weights are of another catalogue or of other settings.
    """
    refresh = known is not None
    lessons, asked, wanted = held_out(told, seed) if hold_out else (told, None, None)
    net = new_net(lessons, vectors, settings, seed) if known is None else _continued(known, vectors, settings)
    config = loop_config(lessons, settings, len(vectors), work=work, seconds=seconds, refresh=refresh)
    report = fit_loop(
        net,
        batches_of(lessons, settings, len(vectors)),
        loss_of(),
        None if asked is None or wanted is None or not len(wanted) else validator(asked, wanted, settings),
        config,
        seed=seed,
        progress=_shown(progress, config.steps),
    )
    net.to("cpu")
    return net, report


def _continued(known: dict[str, Tensor], vectors: Vectors, settings: Settings) -> Net:
    net = new_net(None, vectors, settings, 0)
    try:
        net.load_state_dict(known)
    except RuntimeError as other:
        found = str(other).splitlines()[0]
        raise StoreError(f"the net to go on from is another: {found}", remedy="Train without start.") from other
    return net


def _shown(progress: Progress, steps: int | None) -> Callable[[Point], None]:
    def show(point: Point) -> None:
        if point.name == "loss":
            progress("sequence net", float(point.step), None if steps is None else float(steps))

    return show
