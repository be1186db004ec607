"""The loop: it learns, obeys its budget, and a run that was killed ends as if it had not been."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from likeness.errors import ConfigError, StoreError  # noqa: E402
from likeness.train.checkpoint import FILE  # noqa: E402
from likeness.train.config import LoopConfig  # noqa: E402
from likeness.train.curves import read_parquet  # noqa: E402
from likeness.train.loop import CURVE, LoopReport, fit_loop  # noqa: E402

BATCHES = 7
PLAIN = LoopConfig(epochs=3, warm_up=3, learning_rate=0.02, device="cpu", precision="float32", log_steps=1)


class Killed(Exception):
    """Stands for the end of the process."""


def net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 16), nn.LayerNorm(16), nn.GELU(), nn.Dropout(0.3), nn.Linear(16, 1))


def batches(epoch: int, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for _ in range(BATCHES):
        x = rng.normal(size=(32, 6)).astype(np.float32)
        yield torch.from_numpy(x), torch.from_numpy(x[:, :1] * 2 - x[:, 1:2])


def loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return ((model(batch[0]) - batch[1]) ** 2).mean()


def validate(model: nn.Module) -> float:
    assert not model.training and not torch.is_grad_enabled()
    return -float(loss(model, next(batches(0, np.random.default_rng(99)))))


def fitted(config: LoopConfig, folder: Path | None = None, supply=batches, seed: int = 5):  # type: ignore[no-untyped-def]
    model = net()
    return model, fit_loop(model, supply, loss, validate, config, folder, seed=seed)


def weights(model: nn.Module) -> list[bytes]:
    return [value.numpy().tobytes() for value in model.state_dict().values()]


def curve(report: LoopReport) -> list[tuple[int, str, float]]:
    return [(point.step, point.name, point.value) for point in report.curve]


def dying(at_epoch: int, at_batch: int):  # type: ignore[no-untyped-def]
    def supply(epoch: int, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for number, batch in enumerate(batches(epoch, rng)):
            if (epoch, number) == (at_epoch, at_batch):
                raise Killed
            yield batch

    return supply


def test_it_learns_and_reports() -> None:
    _, report = fitted(PLAIN.model_copy(update={"epochs": 30, "patience": None}))
    assert report.ended == "epochs" and report.steps == 30 * BATCHES and report.epochs == 30
    first = next(value for _, name, value in curve(report) if name == "loss")
    assert first > 2 and report.best is not None and report.best > -0.7


def test_same_seed_same_bits_other_seed_other_bits() -> None:
    assert weights(fitted(PLAIN)[0]) == weights(fitted(PLAIN)[0])
    assert weights(fitted(PLAIN)[0]) != weights(fitted(PLAIN, seed=6)[0])


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"average": 0.9, "accumulate": 2},
        {"schedule": "cosine", "steps": 18, "final_rate": 0.1},
        {"precision": "bfloat16"},
    ],
)
def test_killed_in_the_middle_of_an_epoch_it_resumes_to_the_bit(tmp_path: Path, change: dict[str, object]) -> None:
    config = LoopConfig(**{**PLAIN.model_dump(), "checkpoint_steps": 2, **change})
    whole, undisturbed = fitted(config, tmp_path / "whole")
    for epoch, batch in ((0, 5), (1, 0), (1, 6), (2, 3)):
        with pytest.raises(Killed):
            fitted(config, tmp_path / "cut", dying(epoch, batch))
    resumed, report = fitted(config, tmp_path / "cut")
    assert weights(resumed) == weights(whole)
    assert curve(report) == curve(undisturbed)
    assert (report.best, report.best_step, report.steps) == (undisturbed.best, undisturbed.best_step, undisturbed.steps)


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    """A process ends without notice; a later one goes on and ends as an undisturbed one does."""
    program = (
        "import os, sys, importlib.util; from pathlib import Path\n"
        f"spec = importlib.util.spec_from_file_location('t', {__file__!r}); t = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(t)\n"
        "def supply(epoch, rng):\n"
        "    for number, batch in enumerate(t.batches(epoch, rng)):\n"
        "        if (epoch, number) == (1, 4): os._exit(9)\n"
        "        yield batch\n"
        "t.fitted(t.PLAIN.model_copy(update={'checkpoint_steps': 3}), Path(sys.argv[1]), supply)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)
    assert ended.returncode == 9 and (tmp_path / FILE).exists()
    (tmp_path / f"{FILE}.part").write_bytes(b"half a checkpoint")
    config = PLAIN.model_copy(update={"checkpoint_steps": 3})
    assert weights(fitted(config, tmp_path)[0]) == weights(fitted(config)[0])


def test_an_ended_run_is_not_repeated_and_goes_on_with_a_larger_budget(tmp_path: Path) -> None:
    first, report = fitted(PLAIN, tmp_path)
    again, same = fitted(PLAIN, tmp_path, dying(0, 0))
    assert weights(first) == weights(again) and curve(same) == curve(report)
    longer = PLAIN.model_copy(update={"epochs": 5})
    assert weights(fitted(longer, tmp_path)[0]) == weights(fitted(longer)[0])


def test_early_stopping_gives_the_best_weights_back() -> None:
    said = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.1])
    seen: list[list[bytes]] = []

    def judge(model: nn.Module) -> float:
        seen.append(weights(model))
        return next(said)

    model = net()
    config = PLAIN.model_copy(update={"epochs": 9, "patience": 2})
    report = fit_loop(model, batches, loss, judge, config, seed=1)
    assert report.ended == "patience" and report.best == 0.5 and report.best_step == 2 * BATCHES and len(seen) == 4
    assert weights(model) == seen[1]


def test_averaged_weights_are_judged_and_kept() -> None:
    config = PLAIN.model_copy(update={"average": 0.9})
    plain, averaged = fitted(PLAIN)[0], fitted(config)[0]
    assert weights(plain) != weights(averaged)


def test_the_wall_clock_ends_it_and_what_was_reached_is_validated() -> None:
    ticks = iter(range(10_000))
    config = PLAIN.model_copy(update={"epochs": 100, "seconds": 25.0})
    report = fit_loop(net(), batches, loss, validate, config, seed=1, clock=lambda: float(next(ticks)))
    assert report.ended == "seconds" and 0 < report.steps < 20
    assert report.best_step == report.steps and 25 <= report.seconds < 40


def test_accumulated_batches_make_one_step() -> None:
    """Two halves of a batch give the step that the whole batch gives."""

    def halves(epoch: int, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, ...]]:
        for x, y in batches(epoch, rng):
            yield x[:16], y[:16]
            yield x[16:], y[16:]

    def made(supply, accumulate: int) -> list[float]:  # type: ignore[no-untyped-def]
        torch.manual_seed(0)
        model = nn.Linear(6, 1)
        config = PLAIN.model_copy(update={"accumulate": accumulate, "epochs": 1})
        report = fit_loop(model, supply, loss, None, config, seed=1)
        assert report.steps == BATCHES
        return [value for _, _, value in curve(report)]  # loss, gradient and rate of every step

    assert made(halves, 2) == pytest.approx(made(batches, 1), rel=1e-4)


def test_the_callers_random_state_is_left_alone() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    model = net()
    torch.manual_seed(3)
    fit_loop(model, batches, loss, None, PLAIN, seed=1)
    assert torch.equal(torch.rand(2), wanted)


def test_the_curve_is_kept(tmp_path: Path) -> None:
    _, report = fitted(PLAIN, tmp_path)
    assert read_parquet(tmp_path / CURVE) == report.curve
    assert {point.name for point in report.curve} == {"loss", "rate", "gradient", "validation"}


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    fitted(PLAIN, tmp_path)
    with pytest.raises(StoreError, match="other settings or another seed"):
        fitted(PLAIN, tmp_path, seed=6)
    with pytest.raises(StoreError, match="another model"):
        fit_loop(nn.Linear(2, 2), batches, loss, None, PLAIN, tmp_path, seed=5)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:100])
    with pytest.raises(StoreError, match="Remove"):
        fitted(PLAIN, tmp_path)
    with pytest.raises(ConfigError, match="no batch"):
        fitted(PLAIN, supply=lambda epoch, rng: iter(()))
    with pytest.raises(ConfigError, match="finite"):
        fit_loop(net(), batches, lambda model, batch: loss(model, batch) * torch.nan, None, PLAIN, seed=1)
    with pytest.raises(ConfigError, match="meteor"):
        fitted(PLAIN.model_copy(update={"device": "meteor"}))
    with pytest.raises(ValueError, match="cosine"):
        LoopConfig(schedule="cosine")
