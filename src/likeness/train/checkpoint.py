"""Checkpoints: all that a run needs to go on as if nothing had happened, in one file that appears whole or not at all.

The file is safetensors: tensors named `weights/…`, `optimiser/<weight>/…`, `average/…`, `best/…` and `random/…`, and
the numbers (`Place`) as JSON in its header. On the same device, with the same libraries and threads, a resumed run
gives the same bits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from likeness.errors import StoreError
from likeness.train.curves import Point
from likeness.train.optimise import put_weights, weights_of

FILE = "checkpoint.safetensors"
FORMAT = "likeness-training-1"


@dataclass(kw_only=True)
class Place:
    """Where a run stands; the one mutable value of the loop."""

    digest: str  # of config and seed
    epoch: int = 0
    batches: int = 0  # of this epoch, already used
    step: int = 0
    seconds: float = 0.0
    best: float | None = None  # best validation
    best_step: int = 0
    stale: int = 0  # validations since the best
    ended: str = ""  # why, when it has ended
    loss_sum: float = 0.0  # since the last point of the curve
    loss_count: int = 0


@dataclass(kw_only=True)
class Run:
    """What a checkpoint keeps."""

    place: Place
    model: nn.Module
    optimiser: torch.optim.Optimizer
    average: dict[str, Tensor] | None  # averaged weights, if the run has them
    best: dict[str, Tensor] | None  # weights of the best validation
    curve: list[Point]


def save_checkpoint(run: Run, folder: Path, device: torch.device) -> None:
    """Write the run into the folder: first beside the old checkpoint, flushed to disk, then in its place."""
    tensors = _named("weights", weights_of(run.model)) | _named("optimiser", _moments(run.optimiser))
    tensors |= _named("average", run.average or {}) | _named("best", run.best or {}) | _named("random", _random(device))
    kept = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    header = {"format": FORMAT, "place": json.dumps(asdict(run.place)), "curve": json.dumps(run.curve)}
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f"{FILE}.part"
    save_file(kept, scratch, metadata=header)
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(scratch, folder / FILE)


def load_checkpoint(run: Run, folder: Path, device: torch.device) -> bool:
    """Put the folder's checkpoint into the run and torch's random state; return False when there is none.

    Raises StoreError when the file is damaged, or is of another format, seed, configuration or model.
    """
    path = folder / FILE
    if not path.exists():
        return False
    header, tensors = _read(path)
    place = Place(**json.loads(header["place"]))
    remedy = f"Remove {path} to start anew, or take the settings and seed it was made with."
    if place.digest != run.place.digest:
        raise StoreError(f"{path} belongs to a run with other settings or another seed.", remedy=remedy)
    try:
        put_weights(run.model, _part(tensors, "weights"))
        _put_moments(run.optimiser, _part(tensors, "optimiser"))
    except (RuntimeError, KeyError, ValueError) as other:
        raise StoreError(f"{path} holds another model: {other}", remedy=remedy) from other
    run.place = place
    run.average = _on(device, _part(tensors, "average")) or None
    run.best = _part(tensors, "best") or None
    run.curve[:] = [Point(*point) for point in json.loads(header["curve"])]
    _put_random(_part(tensors, "random"), device)
    return True


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    remedy = f"Remove {path} to start anew."
    try:
        with safe_open(path, framework="pt") as file:
            header = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as damaged:
        raise StoreError(f"{path} cannot be read: {damaged}", remedy=remedy) from damaged
    if header.get("format") != FORMAT:
        raise StoreError(f"{path} is of format {header.get('format')!r}, not {FORMAT}.", remedy=remedy)
    return header, tensors


def _moments(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state: Mapping[int, Mapping[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{index}/{name}": value for index, kept in state.items() for name, value in kept.items()}


def _put_moments(optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in moments.items():
        index, name = key.split("/", 1)
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _random(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _put_random(state: Mapping[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": value for name, value in tensors.items()}


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}


def _on(device: torch.device, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.to(device) for name, value in tensors.items()}
