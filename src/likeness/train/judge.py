"""What a net says after whole histories, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from likeness.nets.sequence import Net
from likeness.seeds import rng_of
from likeness.train.examples import NOWHERE, Sequences, without_last
from likeness.train.plans import Settings
from likeness.types import Vectors

AT = 10  # validation is NDCG at this many
HELD_OUT = 3_000  # shoppers at most whose latest token is kept for validation
HELD_SHARE, LARGEST_SHARE = 0.1, 0.2  # of all shoppers: usually, and where that would be fewer than ENOUGH
ENOUGH = 200


def held_out(told: Sequences, seed: int) -> tuple[Sequences, Sequences, NDArray[np.int64]]:
    """Return the histories without the latest token of a few shoppers, those few, and their latest rows."""
    some = np.flatnonzero(told.lengths() > 2)
    usual = max(HELD_SHARE * len(some), min(ENOUGH, LARGEST_SHARE * len(some)))
    count = min(HELD_OUT, int(usual))
    chosen = np.zeros(len(told), bool)
    chosen[rng_of(seed, "held out").permutation(some)[:count]] = True
    return without_last(told, chosen)


def validator(asked: Sequences, wanted: NDArray[np.int64], settings: Settings) -> Callable[[nn.Module], float]:
    """Return a function of a net: NDCG@10 of `wanted` (s,) after histories `asked`, among all items not in them."""

    def validate(net: nn.Module) -> float:
        assert isinstance(net, Net)
        gained = 0.0
        for begin, logits in all_logits(net, asked, settings):
            goal = wanted[begin : begin + len(logits)]
            mine = logits[np.arange(len(goal)), goal]
            better = (logits > mine[:, None]).sum(axis=1)
            gained += float(np.where(better < AT, 1 / np.log2(better + 2.0), 0.0).sum())
        return gained / max(len(wanted), 1)

    return validate


@torch.no_grad()
def all_logits(net: Net, told: Sequences, settings: Settings, block: int = 500) -> Iterator[tuple[int, Vectors]]:
    """Yield (first history, logits (b, n_items)) after each whole history, -inf for the items in it."""
    for begin in range(0, len(told), block):
        ends = told.start[begin + 1 : begin + block + 1]
        logits = logits_after(net, told, np.arange(begin, begin + len(ends)), settings)
        mine = slice(told.start[begin], ends[-1])
        logits[_line(told, begin, ends), told.tokens.row[mine]] = -np.inf
        yield begin, logits


@torch.no_grad()
def logits_after(net: Net, told: Sequences, chosen: NDArray[np.int64], settings: Settings) -> Vectors:
    """Return (b, n_items): what a net says of all items after some of the histories (b,)."""
    device = next(net.parameters()).device
    items, ends = net.items(), told.start[chosen + 1]
    length = np.minimum(ends - told.start[chosen], settings.longest)
    batch = _padded(told, ends - length, length)
    hidden = net(items, *(torch.from_numpy(part).to(device) for part in batch))
    last = hidden[torch.arange(len(ends)), torch.from_numpy(length - 1)]
    logits: Vectors = (last @ items.T + net.bias).cpu().numpy()
    return logits


def _line(told: Sequences, begin: int, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(ends)), ends - told.start[begin : begin + len(ends)])


def _padded(told: Sequences, begin: NDArray[np.int64], length: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return row, kind, gap, band and segment (b, T), one history a row, padding last."""
    step = np.arange(int(length.max(initial=1)))[None, :]
    real = step < length[:, None]
    entry = np.where(real, begin[:, None] + step, 0)
    tokens = told.tokens
    columns = [np.where(real, column[entry], 0) for column in (tokens.row, tokens.kind, tokens.gap, tokens.band)]
    return (*columns, np.where(real, 0, NOWHERE))
