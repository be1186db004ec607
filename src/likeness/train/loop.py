"""The training loop, top to bottom: batches, steps, validations, checkpoints, and the best weights at the end.

A run is a function of its model's first weights, its batches, its config and its seed. Batches of an epoch must be a
function of (epoch, generator) alone: a resumed run asks for them again and passes over those already used. Dropout
draws from torch, whose state is seeded inside, kept in checkpoints and given back to the caller as it was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from likeness.errors import ConfigError
from likeness.seeds import rng_of
from likeness.train.checkpoint import Place, Run, load_checkpoint, save_checkpoint
from likeness.train.config import LoopConfig
from likeness.train.curves import Point, write_parquet
from likeness.train.device import autocast, choose_device, moved, own_randomness, repeatable
from likeness.train.optimise import adamw, follow, put_weights, rate_at, set_rate, weights_of

Batches = Callable[[int, np.random.Generator], Iterator[Any]]
Loss = Callable[[nn.Module, Any], Tensor]
Validate = Callable[[nn.Module], float]
Progress = Callable[[Point], None]

CURVE = "curve.parquet"


@dataclass(frozen=True, kw_only=True)
class LoopReport:
    """What a run did; the model holds the best weights, or the last ones where nothing was validated."""

    steps: int
    epochs: int  # finished passes
    seconds: float  # of training and validating, resumed parts summed
    best: float | None  # best validation, higher is better
    best_step: int
    ended: str  # "epochs", "steps", "patience" or "seconds"
    curve: tuple[Point, ...]


def fit_loop(
    model: nn.Module,
    batches: Batches,
    loss: Loss,
    validate: Validate | None,
    config: LoopConfig,
    folder: Path | None = None,
    *,
    seed: int,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> LoopReport:
    """Train `model` in place on `config.device`, leave it there with its best weights in `eval` mode, and report.

    `loss(model, batch)` returns a scalar mean; `validate(model)`, higher is better, sees the model in `eval` mode
    without gradients and with averaged weights where the config asks for them. With a `folder`, the run goes on from
    the checkpoint found there, and leaves a checkpoint and `curve.parquet` behind; a run that has ended is not repeated
    unless its budget has grown. Raises ConfigError when the loss is no longer finite, StoreError for a foreign
    checkpoint.
    """
    device = choose_device(config.device)
    model.to(device).train()
    run = Run(
        place=Place(digest=config.digest(seed)),
        model=model,
        optimiser=adamw(model, config),
        average=weights_of(model) if config.average is not None else None,
        best=None,
        curve=[],
    )
    loop = _Loop(
        run=run,
        batches=batches,
        loss=loss,
        validate=validate,
        config=config,
        folder=folder,
        seed=seed,
        progress=progress,
        clock=clock,
        device=device,
    )
    with own_randomness(seed, device), repeatable(device):
        if folder is not None and load_checkpoint(run, folder, device):
            run.place.ended = ""
        loop.start()
        while not run.place.ended:
            loop.epoch()
        loop.close()
    place = run.place
    return LoopReport(
        steps=place.step,
        epochs=place.epoch,
        seconds=place.seconds,
        best=place.best,
        best_step=place.best_step,
        ended=place.ended,
        curve=tuple(run.curve),
    )


@dataclass(kw_only=True)
class _Loop:
    """The loop's parts, over one `Run`."""

    run: Run
    batches: Batches
    loss: Loss
    validate: Validate | None
    config: LoopConfig
    folder: Path | None
    seed: int
    progress: Progress | None
    clock: Callable[[], float]
    device: torch.device
    zero: float = 0.0  # what the clock showed when no second was spent

    def start(self) -> None:
        """Set the clock to the seconds already spent, and end at once where the budget is."""
        self.zero = self.clock() - self.run.place.seconds
        self._tick()

    def epoch(self) -> None:
        """Run what is left of one epoch; validate and keep a checkpoint if it was not cut short."""
        place, config = self.run.place, self.config
        supply = islice(self.batches(place.epoch, rng_of(self.seed, "epoch", place.epoch)), place.batches, None)
        while group := list(islice(supply, config.accumulate)):
            self._step(group)
            place.batches += len(group)
            self._tick()
            if place.ended:
                return
            if config.checkpoint_steps is not None and place.step % config.checkpoint_steps == 0:
                self._save()
        if not place.batches:
            raise ConfigError(f"epoch {place.epoch} has no batch.", remedy="Give more data or a smaller batch.")
        place.epoch, place.batches = place.epoch + 1, 0
        if place.epoch % config.validate_epochs == 0:
            self._judge()
        self._tick()
        if not place.ended:
            self._save()

    def close(self) -> None:
        """Validate what no validation has seen, write the last checkpoint, and give the model its best weights."""
        run = self.run
        judged = max((point.step for point in run.curve if point.name == "validation"), default=0)
        if judged < run.place.step:
            self._judge()
        self._save()
        chosen = run.best if run.best is not None else run.average
        if chosen is not None:
            put_weights(run.model, chosen)
        run.model.eval()

    def _step(self, group: list[Any]) -> None:
        run, config, place = self.run, self.config, self.run.place
        set_rate(run.optimiser, rate_at(place.step, config))
        run.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for batch in group:
            with autocast(self.device, config.precision):
                value = self.loss(run.model, moved(batch, self.device)) / len(group)
            value.backward()  # type: ignore[no-untyped-call]
            total += float(value.detach())
        norm = self._clip()
        if not (math.isfinite(total) and math.isfinite(norm)):
            found = f"loss {total} with gradient norm {norm} at step {place.step}: both must be finite."
            raise ConfigError(found, remedy="Lower learning_rate, raise warm_up or set precision to float32.")
        run.optimiser.step()
        place.step += 1
        if run.average is not None and config.average is not None:
            follow(run.average, run.model, config.average, place.step)
        self._log(total, norm)

    def _clip(self) -> float:
        most = math.inf if self.config.clip is None else self.config.clip
        learnt = [weight for weight in self.run.model.parameters() if weight.grad is not None]
        return float(torch.nn.utils.clip_grad_norm_(learnt, most))

    def _log(self, loss: float, norm: float) -> None:
        place = self.run.place
        place.loss_sum, place.loss_count = place.loss_sum + loss, place.loss_count + 1
        if place.step % self.config.log_steps:
            return
        self._point("loss", place.loss_sum / place.loss_count)
        self._point("gradient", norm)
        self._point("rate", rate_at(place.step - 1, self.config))
        place.loss_sum, place.loss_count = 0.0, 0

    def _judge(self) -> None:
        """Validate with the averaged weights, if any, and remember them when they are the best so far."""
        if self.validate is None:
            return
        run, place = self.run, self.run.place
        own = weights_of(run.model)
        if run.average is not None:
            put_weights(run.model, run.average)
        run.model.eval()
        with torch.no_grad():
            value = float(self.validate(run.model))
        if place.best is None or value > place.best:
            place.best, place.best_step, place.stale = value, place.step, 0
            run.best = weights_of(run.model)
        else:
            place.stale += 1
        put_weights(run.model, own)
        run.model.train()
        self._point("validation", value)

    def _tick(self) -> None:
        """Read the clock, and say when the budget is used up."""
        place, config = self.run.place, self.config
        place.seconds = self.clock() - self.zero
        if config.seconds is not None and place.seconds >= config.seconds:
            place.ended = "seconds"
        elif config.steps is not None and place.step >= config.steps:
            place.ended = "steps"
        elif config.patience is not None and place.stale >= config.patience:
            place.ended = "patience"
        elif place.epoch >= config.epochs:
            place.ended = "epochs"

    def _point(self, name: str, value: float) -> None:
        place = self.run.place
        point = Point(place.step, place.epoch, self.clock() - self.zero, name, value)
        self.run.curve.append(point)
        if self.progress is not None:
            self.progress(point)

    def _save(self) -> None:
        if self.folder is None:
            return
        save_checkpoint(self.run, self.folder, self.device)
        write_parquet(self.run.curve, self.folder / CURVE)
