"""Batches of tensors and the loss on them: a softmax over all items, or over a corrected sample of very many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from likeness.nets.losses import sampled_softmax
from likeness.nets.sequence import Net
from likeness.nets.softmax import fused_softmax
from likeness.seeds import rng_of
from likeness.train.config import LoopConfig
from likeness.train.device import has_bfloat16
from likeness.train.examples import NOWHERE, Batch, Sequences, packs, shuffled_ties
from likeness.train.plans import Settings

FULL = 50_000  # items up to which all take part in the softmax
LEAST = 2  # epochs of any training
SAMPLED = 8_192  # items that stand for all of a larger catalogue, drawn anew for each step


class Lesson(NamedTuple):
    """A batch as tensors (R, P), and the items that take part in its softmax beside the targets."""

    batch: tuple[Tensor, ...]  # the columns of `Batch`, in its order
    sampled: Tensor  # (S,) items drawn to stand for all, empty where all take part
    log_q: Tensor  # (S,) logarithm of how often each of them is drawn


def loop_config(
    told: Sequences, settings: Settings, n_items: int, *, work: float, seconds: float | None, refresh: bool
) -> LoopConfig:
    """Return the loop's settings: a cosine over as many epochs as the work allows, by half of it in a refresh."""
    most = settings.refresh_epochs if refresh else settings.epochs
    scored = n_items if n_items <= FULL else SAMPLED
    epoch = max(len(told.tokens.row) - len(told), 1) * scored * settings.width
    epochs = int(min(max(work / (2 if refresh else 1) / epoch, LEAST), most))
    count = sum(1 for _ in _packs(told, settings, rng_of("count")))
    return LoopConfig(
        epochs=epochs,
        steps=epochs * count,
        seconds=seconds,
        learning_rate=settings.refresh_rate if refresh else settings.learning_rate,
        weight_decay=settings.weight_decay,
        betas=(0.9, 0.98),
        warm_up=min(settings.warm_up, count),
        schedule="cosine",
        precision="float32",  # the softmax takes bfloat16 by itself, the rest is small
        patience=settings.patience,
        log_steps=20,
    )


def batches_of(
    told: Sequences, settings: Settings, n_items: int
) -> Callable[[int, np.random.Generator], Iterator[Lesson]]:
    """Return the batches of an epoch as a function of its number and a generator."""
    drawn = _Drawn(told, n_items) if n_items > FULL else None

    def batches(epoch: int, rng: np.random.Generator) -> Iterator[Lesson]:
        for batch in _packs(shuffled_ties(told, rng), settings, rng):
            yield Lesson(tuple(map(torch.from_numpy, batch)), *_sample(drawn, rng))

    return batches


def loss_of() -> Callable[[nn.Module, Lesson], Tensor]:
    """Return the softmax loss of a batch: over all items, or over a corrected sample of a large catalogue."""

    def loss(net: nn.Module, lesson: Lesson) -> Tensor:
        assert isinstance(net, Net)
        *tokens, target, weight = lesson.batch
        items = net.items()
        asked = target != NOWHERE
        told, wanted, weight = net(items, *tokens)[asked], target[asked], weight[asked]
        if not len(lesson.sampled):
            return fused_softmax(told, items, net.bias, wanted, weight, half=has_bfloat16(told.device))
        positive = (told * items[wanted]).sum(dim=1) + net.bias[wanted]
        negative = told @ items[lesson.sampled].T + net.bias[lesson.sampled]
        hits = wanted[:, None] == lesson.sampled[None, :]
        return sampled_softmax(positive, negative, negative_log_q=lesson.log_q, hits=hits)

    return loss


def _packs(told: Sequences, settings: Settings, rng: np.random.Generator) -> Iterator[Batch]:
    places = max(settings.places, settings.longest)
    return packs(told, longest=settings.longest, places=places, rows=settings.rows, rng=rng)


class _Drawn:
    """How often each item is drawn to stand for all: half evenly, half as often as it was wanted."""

    def __init__(self, told: Sequences, n_items: int) -> None:
        count = np.bincount(told.tokens.row, minlength=n_items)
        self.share = 0.5 / n_items + 0.5 * count / max(count.sum(), 1)
        self.sums = np.cumsum(self.share)


def _sample(drawn: _Drawn | None, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    if drawn is None:
        return torch.empty(0, dtype=torch.int64), torch.empty(0)
    found = np.minimum(np.searchsorted(drawn.sums, rng.random(SAMPLED) * drawn.sums[-1]), len(drawn.sums) - 1)
    return torch.from_numpy(found), torch.from_numpy(np.log(SAMPLED * drawn.share[found]).astype(np.float32))
