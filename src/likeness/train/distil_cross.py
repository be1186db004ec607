"""Distilling a cross-encoder into two small matrices over static text vectors, served without torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from likeness.nets.losses import listwise
from likeness.train.config import LoopConfig
from likeness.train.cross import Lists
from likeness.train.loop import fit_loop
from likeness.types import Floats, Rows, Vectors

LOUDEST = 20.0  # the first product of unit vectors: a cosine is worth this much


class DistilConfig(BaseModel):
    """Settings of the pupil."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=64, ge=1, description="Length of the vectors that are multiplied when serving.")
    fading: float = Field(default=1.0, gt=0, description="Items back at which a part of the history counts half.")
    latest: int = Field(default=8, ge=1, description="Latest items of the history that are read.")
    temperature: float = Field(default=1.0, gt=0, description="What the teacher's scores are divided by.")
    hard: float = Field(default=0.5, ge=0, le=1, description="Share of the loss that is the item really taken.")
    lists: int = Field(default=64, ge=1, description="Lists of a batch.")
    loop: LoopConfig = Field(
        default=LoopConfig(
            epochs=10, learning_rate=1e-3, warm_up=20, weight_decay=0.1, precision="float32", device="cpu"
        ),
        description="The training loop.",
    )


class _Pupil(nn.Module):
    """Two matrices (d, r), both first the leading directions of the vectors, so that it starts as their cosine."""

    def __init__(self, vectors: Vectors, rank: int) -> None:
        super().__init__()
        _, directions = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
        leading = torch.from_numpy(directions[:, ::-1][:, :rank].astype(np.float32).copy())
        self.left = nn.Parameter(leading * LOUDEST)
        self.right = nn.Parameter(leading.clone())

    def forward(self, past: Tensor, items: Tensor) -> Tensor:
        """Return (B, K) of pasts (B, d) and items (B, K, d)."""
        scores: Tensor = ((past @ self.left)[:, None] * (items @ self.right)).sum(-1)
        return scores


def distil(
    vectors: Vectors, lists: Lists, teacher: Floats | None, config: DistilConfig, *, seed: int
) -> tuple[Vectors, Vectors]:
    """Return matrices (d, r) for histories and for items, fitted to the teacher's scores (N, K) of the candidates.

    `vectors` (n, d) are the catalogue's unit text vectors. The loss is the listwise cross-entropy to the teacher's
    softmax (Cao et al. 2007; Hinton et al. 2015), mixed with that to the wanted item where it was proposed; without a
    teacher only the latter.
    """
    pasts, shelf = torch.from_numpy(faded(vectors, lists.histories, config)), _shelf(vectors)
    candidates = torch.from_numpy(lists.candidates.astype(np.int64))
    targets = torch.from_numpy(_targets(lists, teacher, config))
    if teacher is None:
        inside = torch.from_numpy(np.flatnonzero((lists.candidates == lists.wanted[:, None]).any(axis=1)))
        pasts, candidates, targets = pasts[inside], candidates[inside], targets[inside]

    def batches(epoch: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        order = torch.from_numpy(rng.permutation(len(pasts)))
        for rows in torch.split(order, config.lists):
            yield pasts[rows], candidates[rows], targets[rows]

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        past, rows, target = batch
        scores = model(past, shelf[rows]).masked_fill(rows < 0, float("-inf"))
        return listwise(scores, torch.log(target))

    pupil = _Pupil(vectors, config.rank)
    fit_loop(pupil, batches, loss, None, config.loop, seed=seed)
    return pupil.left.detach().numpy(), pupil.right.detach().numpy()


def pupil_scores(vectors: Vectors, lists: Lists, left: Vectors, right: Vectors, config: DistilConfig) -> Floats:
    """Return (N, K) scores of every candidate, -inf where there is none."""
    asks = faded(vectors, lists.histories, config) @ left  # (N, r)
    answers = (vectors @ right)[lists.candidates]  # (N, K, r)
    scores = np.einsum("nr,nkr->nk", asks, answers).astype(np.float64)
    return np.where(lists.candidates >= 0, scores, -np.inf)


def faded(vectors: Vectors, histories: Rows, config: DistilConfig) -> Vectors:
    """Return (N, d): the mean of each history's vectors, latest first in (N, M), half as loud every `fading` items."""
    latest = histories[:, : config.latest]
    loud = np.where(latest >= 0, np.exp2(-np.arange(latest.shape[1]) / config.fading), 0.0)  # (N, M)
    loud /= np.maximum(loud.sum(axis=1, keepdims=True), 1e-9)
    mean: Vectors = np.einsum("nm,nmd->nd", loud.astype(np.float32), vectors[latest])
    return mean


def _shelf(vectors: Vectors) -> Tensor:
    return torch.from_numpy(np.vstack([vectors, np.zeros_like(vectors[:1])]))


def _targets(lists: Lists, teacher: Floats | None, config: DistilConfig) -> NDArray[np.float32]:
    """Return (N, K) shares that sum to 1: the teacher's softmax, mixed with the wanted item where it was proposed."""
    taken = (lists.candidates == lists.wanted[:, None]).astype(np.float64)
    if teacher is None:
        return np.asarray(taken, np.float32)
    raised = np.exp((teacher - teacher.max(axis=1, keepdims=True)) / config.temperature)
    soft = raised / raised.sum(axis=1, keepdims=True)
    hard = config.hard * taken.sum(axis=1, keepdims=True)  # nothing where it was not proposed
    return np.asarray((1 - hard) * soft + hard * taken, np.float32)
